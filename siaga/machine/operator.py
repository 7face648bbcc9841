"""The one operator who may upload: a name and a hashed password in the secrets folder.

`siaga operator NAME` sets it. Until accounts exist, whoever knows it has the role operator.
"""

import argparse
import getpass
import os
import secrets
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from siaga.errors import SiagaError
from siaga.settings import Settings

FILE = "operator-account"
_SESSIONS = "operator-sessions"  # a random word; with another one, sessions of before are none
SHORTEST = 10  # characters of a password


@dataclass(frozen=True, slots=True)
class Account:
    """A name, the hash of a password as werkzeug writes it, and a word that changes when all sessions end."""

    name: str
    password_hash: str
    generation: str

    def fits(self, name: str, password: str) -> bool:
        """Whether these are the operator's name and password."""
        from werkzeug.security import check_password_hash

        known = secrets.compare_digest(name.encode(), self.name.encode())
        right = check_password_hash(self.password_hash if known else _of_nobody(), password)
        return known and right


@cache
def _of_nobody() -> str:
    """A hash to compare with, so that an unknown name takes as long as a wrong password."""
    return _hashed(secrets.token_urlsafe(16))


def _hashed(password: str) -> str:
    from werkzeug.security import generate_password_hash  # as late as this, since every command imports this module

    return generate_password_hash(password)


def read(folder: Path) -> Account | None:
    """The account in a folder of secrets; None when none was set. Read anew each time, so a change counts at once."""
    try:
        name, _, password_hash = (folder / FILE).read_text(encoding="utf-8").strip().partition(":")
    except FileNotFoundError:
        return None
    sessions = folder / _SESSIONS
    generation = sessions.read_text(encoding="utf-8").strip() if sessions.exists() else ""
    return Account(name, password_hash, generation) if name and password_hash else None


def end_sessions(folder: Path) -> None:
    """Let every session of before be none."""
    _replace(folder / _SESSIONS, secrets.token_urlsafe(16))


def write(folder: Path, name: str, password: str) -> None:
    """Set the account, readable by the owner alone; raises SiagaError when name or password cannot serve."""
    if not name.isascii() or not name.isprintable() or ":" in name or not 0 < len(name) <= 40:
        raise SiagaError("The name {name} cannot serve: 1 to 40 plain letters, no colon", name=repr(name))
    if len(password) < SHORTEST:
        raise SiagaError("The password is too short; take {count} characters or more", count=SHORTEST)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _replace(folder / FILE, f"{name}:{_hashed(password)}")


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
    part.replace(path)


def add_to(commands: Any) -> None:
    """Add `operator` to the command line's commands."""
    operator = commands.add_parser("operator", help="set the name and password of the one who may upload")
    operator.add_argument("name", metavar="NAME")
    operator.set_defaults(run=_set)


def _set(settings: Settings, chosen: argparse.Namespace) -> int:
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise SiagaError("The two passwords differ")
    else:
        password = sys.stdin.readline().rstrip("\n")
    write(settings.secrets, chosen.name, password)
    print(f"{chosen.name} may upload now, at {settings.public_url}/ash/upload")
    return 0
