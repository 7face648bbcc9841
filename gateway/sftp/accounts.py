"""Who may upload by SFTP, with which keys, into which buckets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import yaml

from siaga import keys
from siaga.errors import SiagaError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class User:
    """One uploader. folders: name of a folder in the user's view -> bucket."""

    name: str
    keys: tuple[asyncssh.SSHKey, ...]
    folders: Mapping[str, str]


class Accounts:
    """The users of sftp-users.yml; read again whenever the file changes.

        users:
          bmkg:
            keys: ["ssh-ed25519 AAAA… comment"]
            prefixes: {shakemaps: shakemaps, shakemaps-corrected: shakemaps-corrected}

    A file that cannot be read leaves the users that were there before; the first must be right.
    """

    def __init__(self, path: Path, say: Any) -> None:
        """`say` is told when a changed file is wrong."""
        self._path, self._say = path, say
        self._read_at = 0
        self._users: Mapping[str, User] = {}
        self._refresh(first=True)

    def get(self, name: str) -> User | None:
        """The user of that name, None when there is none."""
        self._refresh()
        return self._users.get(name)

    def _refresh(self, first: bool = False) -> None:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed == self._read_at:
                return
            self._read_at = changed
            self._users = _parse(self._path)
        except (OSError, SiagaError) as error:
            if first:
                raise SiagaError("{path}: {detail}", path=self._path, detail=error) from error
            self._say(f"{self._path} is wrong, the users of before stay: {error}")


def _parse(path: Path) -> dict[str, User]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))["users"]
        return {name: _user(name, entry) for name, entry in entries.items()}
    except (ValueError, yaml.YAMLError, TypeError, KeyError, AttributeError, asyncssh.KeyImportError) as error:
        raise SiagaError("not users with keys and prefixes: {detail}", detail=repr(error)) from error


def _user(name: str, entry: Mapping[str, Any]) -> User:
    if not _NAME.fullmatch(name):  # it names a folder of the spool and stands in the objects' metadata
        raise ValueError(f"user {name!r}: write letters, digits, dots, dashes or underscores")
    folders = dict(entry["prefixes"])
    if wrong := [bucket for bucket in folders.values() if bucket not in keys.INPUTS]:
        raise ValueError(f"user {name}: {wrong[0]!r} is not one of the buckets {', '.join(keys.INPUTS)}")
    if wrong := [folder for folder in folders if not _NAME.fullmatch(folder)]:
        raise ValueError(f"user {name}: folder {wrong[0]!r}: write letters, digits, dots, dashes or underscores")
    return User(name, tuple(asyncssh.import_public_key(key) for key in entry["keys"]), folders)
