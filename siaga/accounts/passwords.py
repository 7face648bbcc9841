"""Passwords of accounts: argon2id with the parameters of RFC 9106 for little memory (64 MiB, 3 rounds)."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from siaga.errors import BadInput

SHORTEST = 10  # characters
LONGEST = 200  # characters that are looked at
_HASHER = PasswordHasher()
_OURS = "$argon2"  # begins our hashes; others are those that werkzeug wrote before there were accounts


def hashed(password: str) -> str:
    """The hash of a new password; raises BadInput when it is too short."""
    if len(password) < SHORTEST:
        raise BadInput("The password is too short; take {count} characters or more", count=SHORTEST)
    return _HASHER.hash(password[:LONGEST])


def fits(password_hash: str | None, password: str) -> bool:
    """Whether that is the password; without a hash it is not, and that takes as long."""
    given = password[:LONGEST]
    if password_hash is not None and not password_hash.startswith(_OURS):
        from werkzeug.security import check_password_hash  # as late as this: few accounts are as old

        return check_password_hash(password_hash, given)
    try:
        return _HASHER.verify(_of_nobody() if password_hash is None else password_hash, given)
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether it would be written otherwise today."""
    return not password_hash.startswith(_OURS) or _HASHER.check_needs_rehash(password_hash)


def new_password() -> str:
    """One that somebody is given, to be changed: 96 random bits."""
    return secrets.token_urlsafe(12)


@cache
def _of_nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))
