"""Who may upload by SFTP, with which keys, from where, into which buckets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncssh

from gateway.sftp import usersfile
from gateway.sftp.algorithms import OLD
from gateway.sftp.usersfile import Entry
from siaga.errors import SiagaError


@dataclass(frozen=True, slots=True)
class User:
    """One uploader.

    keys: lines of authorized_keys. folders: name of a folder in the user's view -> bucket, or bucket/prefix.
    sessions: connections at a time. quota: bytes that are being sent or wait. old: names of algorithms that are
    no longer thought safe, and that this user's client may use all the same.
    """

    name: str
    keys: tuple[asyncssh.SSHAuthorizedKeys, ...]
    folders: Mapping[str, str]
    sessions: int
    quota: int
    old: frozenset[str]

    @classmethod
    def of(cls, entry: Entry) -> "User":
        """As the users' file says."""
        keys = tuple(asyncssh.import_authorized_keys(line) for line in entry.keys)
        return cls(entry.name, keys, entry.prefixes, entry.sessions, entry.quota, frozenset(entry.old))

    def refuses(self, key: asyncssh.SSHKey, address: str) -> str:
        """Why that key opens nothing from that address; "" where it does."""
        for line in self.keys:
            options = line.validate(key, address, address)
            if options is None:
                continue
            until = options.get("expiry-time")
            if until and _is_over(str(until[0] if isinstance(until, list) else until)):
                return "the key's expiry-time is over"
            return ""
        return "no key of the user fits, or not from this address"


class Accounts:
    """The users of sftp-users.yml; read again whenever the file changes.

        users:
          bmkg:
            keys: ["ssh-ed25519 AAAA… comment", 'from="203.0.113.0/24" ssh-ed25519 AAAA…']
            prefixes: {shakemaps: shakemaps, corrected: shakemaps-corrected/from-jakarta}
            sessions: 10
            quota_mib: 4096
            old_algorithms: [hmac-sha1]

    A file that cannot be read leaves the users that were there before; the first must be right.
    """

    def __init__(self, path: Path, say: Callable[[str], object]) -> None:
        """`say` is told when a changed file is wrong, or right again."""
        self._path, self._say = path, say
        self._read_at = 0
        self._users: Mapping[str, User] = {}
        self._refresh(first=True)

    def get(self, name: str) -> User | None:
        """The user of that name, None when there is none."""
        self._refresh()
        return self._users.get(name)

    def old_algorithms(self) -> frozenset[str]:
        """Those that any user's client may use."""
        self._refresh()
        return frozenset().union(*(user.old for user in self._users.values()))

    def _refresh(self, first: bool = False) -> None:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed == self._read_at:
                return
            self._read_at = changed
            self._users = {entry.name: User.of(entry) for entry in usersfile.read(self._path, OLD)}
        except (OSError, SiagaError) as error:
            if first:
                raise SiagaError("{detail}", detail=str(error)) from error
            self._say(f"the users of before stay: {error}")
            return
        if not first:
            self._say(f"{self._path} was read anew: {len(self._users)} users")


def _is_over(until: str) -> bool:
    """Whether an expiry-time of OpenSSH, YYYYMMDD[HHMM[SS]][Z], is over; one that cannot be read is."""
    digits = until.removesuffix("Z")
    form = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}.get(len(digits), "")
    try:
        moment = datetime.strptime(digits, form)
    except ValueError:
        return True
    return datetime.now(UTC) > (moment.replace(tzinfo=UTC) if until.endswith("Z") else moment.astimezone())
