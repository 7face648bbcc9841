"""An old server's SSH identity: `python -m gateway.sftp.takeover` takes its host keys and authorized_keys.

What is refused is named by file, line and key; of a file of authorized_keys the other lines are taken.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncssh
import yaml

from gateway.sftp import usersfile
from gateway.sftp.algorithms import OLD, SIGNATURES
from siaga import keys, modes
from siaga.errors import SiagaError, of_file
from siaga.settings import Settings

_FIRST = "sftp-host-key"  # of the secrets; others follow it with a kind behind their name
_LEAST_RSA = 2048  # bits
_KINDS = {"ssh-rsa", *(signature for signature in SIGNATURES if not signature.startswith("rsa-"))}
_FOLDERS = {bucket: bucket for bucket in (keys.SHAKEMAPS, keys.SHAKEMAPS_CORRECTED)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Take what is sound; status 1 where something was refused."""
    os.umask(modes.PRIVATE)
    parser = argparse.ArgumentParser(prog="siaga sftp import")
    parser.add_argument("--host-key", type=Path, action="append", default=[])
    parser.add_argument("--authorized-keys", type=Path)
    parser.add_argument("--user", default="bmkg")
    parser.add_argument("--dry-run", action="store_true")
    chosen = parser.parse_args(arguments)
    settings = Settings.load(os.environ)
    try:
        hosts, users = _HostKeys(settings), _Users(settings, chosen.user)
        for path in chosen.host_key:
            hosts.read(path)
        if chosen.authorized_keys:
            users.read(chosen.authorized_keys)
        if not chosen.dry_run:
            hosts.write()
            users.write()
    except SiagaError as error:
        print(f"siaga: {error}", file=sys.stderr)
        return 1
    if not chosen.dry_run and (hosts.taken or users.lines):
        print("the door reads new users at once, host keys when it is started again")
    return 1 if hosts.refused or users.refused else 0


class _HostKeys:
    """Private host keys, each of another kind."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.taken: dict[str, asyncssh.SSHKey] = {}
        self.refused = 0

    def read(self, path: Path) -> None:
        why = ""
        try:
            key = asyncssh.read_private_key(path)
            why = _weak(key)
        except OSError as error:
            raise of_file(error, path) from error
        except asyncssh.KeyEncryptionError:
            why = "it is locked by a passphrase; ssh-keygen -p takes it away"
        except (asyncssh.KeyImportError, ValueError) as error:
            why = f"it is no private key: {error}"
        if why:
            self.refused += 1
            print(f"refused  {path}: {why}")
            return
        self.taken[key.get_algorithm()] = key
        print(f"host key {key.get_algorithm()} {key.get_fingerprint()}")

    def write(self) -> None:
        """The first one stands where the door's own stood, so that old clients see what they know and nothing else."""
        if not self.taken:
            return
        for old in self._settings.secrets.glob(f"{_FIRST}*"):
            old.rename(old.with_name(f"before-import-{old.name}"))
        for place, (kind, key) in enumerate(self.taken.items()):
            name = f"{_FIRST}-{kind}" if place else _FIRST
            self._settings.replace_secret(name, key.export_private_key().decode().strip())
            self._settings.replace_secret(f"{name}.pub", key.export_public_key().decode().strip())


class _Users:
    """The lines of authorized_keys that become keys of one user."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._path, self._settings, self._name = settings.secrets / "sftp-users.yml", settings, name
        self.lines: list[str] = []
        self.refused = 0

    def read(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise of_file(error, path) from error
        for number, line in _lines(text):
            if why := usersfile.refused(line) or _weak_line(line):
                self.refused += 1
                print(f"refused  {path}, line {number}, {_named(line)}: {why}")
            elif line not in self.lines:
                self.lines.append(line)
                print(f"key      {_named(line)} of {self._name}")

    def write(self) -> None:
        """Beside the keys that the user has; the file must be right before it takes the old one's place."""
        if not self.lines:
            return
        users = yaml.safe_load(self._path.read_text(encoding="utf-8")) if self._path.exists() else {"users": {}}
        user = users["users"].setdefault(self._name, {"keys": [], "prefixes": dict(_FOLDERS)})
        there = user["keys"].splitlines() if isinstance(user["keys"], str) else user["keys"]
        user["keys"] = [*there, *(line for line in self.lines if line not in there)]
        draft = self._path.with_name(".sftp-users.draft")
        draft.write_text(yaml.safe_dump(users, sort_keys=False), encoding="utf-8")
        usersfile.read(draft, OLD)
        draft.replace(self._path)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.strip().startswith("#"):
            yield number, line.strip()


def _weak(key: asyncssh.SSHKey) -> str:
    """Why no client of today trusts that key; "" where they do."""
    kind = key.get_algorithm()
    if kind not in _KINDS:
        return f"{kind} is no longer thought safe, and no client of today takes it"
    numbers = getattr(key, "pyca_key", None)
    bits = int(getattr(numbers, "key_size", _LEAST_RSA)) if kind == "ssh-rsa" else _LEAST_RSA
    return f"RSA with {bits} bits is too short; {_LEAST_RSA} at least" if bits < _LEAST_RSA else ""


def _weak_line(line: str) -> str:
    public = line[line.index(" AAAA") + 1 :].split()[0] if " AAAA" in line else ""
    kind = line.partition(" AAAA")[0].split()[-1]
    return _weak(asyncssh.import_public_key(f"{kind} {public}")) if public else ""


def _named(line: str) -> str:
    """A key without its secret-looking middle: its kind and comment."""
    before, _, after = line.partition(" AAAA")
    comment = " ".join(after.split()[1:])
    return f"{before.split()[-1] if before else '?'} {comment or 'without comment'}"


if __name__ == "__main__":
    sys.exit(main())
