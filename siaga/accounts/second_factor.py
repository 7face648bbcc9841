"""The second factor: codes of an authenticator app (RFC 6238), and codes on paper for the day without it."""

import base64
import hashlib
import hmac
import secrets
import time

import pyotp

STEP_SECONDS = 30
CODES = 10  # for the day without the app
_AROUND = 1  # steps before and after the present one, since clocks differ
_CODE_BYTES = 10  # 80 bits, so that their sha256 tells nothing


def new_secret() -> str:
    """For one app: 160 random bits in base32."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """What the app reads as a QR picture (otpauth:)."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Siaga")


def step_of(secret: str, code: str, after: int, now: float | None = None) -> int | None:
    """The step whose code that is, None for a wrong one, and for one that is not later than step `after`."""
    given, app = _plain(code), pyotp.TOTP(secret)
    present = int((time.time() if now is None else now) // STEP_SECONDS)
    for step in range(max(present - _AROUND, after + 1), present + _AROUND + 1):
        if hmac.compare_digest(app.generate_otp(step).encode(), given.encode()):
            return step
    return None


def recovery_codes() -> list[str]:
    """New codes on paper; each serves once."""
    plain = (base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode() for _ in range(CODES))
    return ["-".join(one[place : place + 4] for place in range(0, len(one), 4)) for one in plain]


def digest(code: str) -> str:
    """What is kept of a code on paper, however it is typed."""
    return hashlib.sha256(_plain(code).encode()).hexdigest()


def _plain(code: str) -> str:
    return "".join(letter for letter in code[:40] if letter.isalnum()).upper()
