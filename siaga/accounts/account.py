"""An account: its name, what its role may do, and what a password, a code and a session are compared with."""

import hashlib
import hmac
import json
import re
from dataclasses import asdict, dataclass, fields

from siaga.errors import BadInput
from siaga.roles import ROLES

VIEWER, ASH_EDITOR, OPERATOR, ADMIN = ROLES
STRONG = (OPERATOR, ADMIN)  # roles that need a second factor where one is asked for
_LONGEST = 40  # characters
_NAME = re.compile(rf"[A-Za-z0-9._@-]{{1,{_LONGEST}}}")


@dataclass(frozen=True, slots=True)
class Account:
    """One person, or one program.

    password_hash: as siaga.accounts.passwords writes it. generation: a word that changes when all sessions end.
    tokens: one that changes when all tokens of programs end. second_factor: the secret of the authenticator app in
    base32, "" without one. last_step: the half minute whose code was used last, so that none serves twice. recovery:
    sha256 of the codes that are left for the day without it.
    created: the moment, as stored. subject: issuer and subject by which an OpenID provider knows whose it is; "" for an
    account of Siaga's own.
    """

    name: str
    role: str
    password_hash: str
    generation: str
    created: str
    second_factor: str = ""
    last_step: int = 0
    recovery: tuple[str, ...] = ()
    disabled: bool = False
    tokens: str = ""
    subject: str = ""

    def may(self, role: str) -> bool:
        """Whether it may do what that role may."""
        return not self.disabled and ROLES.index(self.role) >= ROLES.index(role)

    def stamp(self) -> str:
        """Names the account, its present password and when sessions ended last, without giving any of it away."""
        now = f"session {self.generation}".encode()
        return f"{self.name}:{hmac.digest(self.password_hash.encode(), now, hashlib.sha256).hex()}"

    def encode(self) -> bytes:
        """As it is stored."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def decode(cls, body: bytes) -> "Account":
        """Read it back; a field that this version does not know is left out. Raises BadInput."""
        try:
            stored = json.loads(body)
            named = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
            account = cls(**named | {"recovery": tuple(stored["recovery"])})
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput("An account cannot be read: {detail}", detail=str(error)) from error
        check_role(account.role)
        return account


def check_name(name: str) -> str:
    """Return the name, or raise BadInput when a new account cannot bear it."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            "The name {name} cannot serve: at most {most} letters, digits, . _ @ -", name=repr(name[:80]), most=_LONGEST
        )
    return name


def check_role(role: str) -> str:
    """Return the role, or raise BadInput when there is none of that name."""
    if role not in ROLES:
        raise BadInput("There is no role {role}; there are {roles}", role=repr(role)[:80], roles=", ".join(ROLES))
    return role
