"""One connection to the SFTP door: who comes, how they log in, how long they may stay."""

import time

import asyncssh

from gateway.sftp import algorithms, audit
from gateway.sftp.accounts import User
from gateway.sftp.commands import Session
from gateway.sftp.door import Door
from gateway.sftp.handler import LAST

LOGIN_SECONDS = 20  # from the first byte to the log-in
IDLE_SECONDS = 1800.0  # without a request
_TRIES = 10  # keys that one connection may offer
_CHANNELS = 10  # sessions in one connection


class Login(asyncssh.SSHServer):
    """Keys alone, each valid for its own user name; no password, no shell, no forwarding."""

    def __init__(self, door: Door, open_logins: set["Login"]) -> None:
        """open_logins: every connection of the door that has logged in, kept here."""
        self._door, self._open = door, open_logins
        self._connection: asyncssh.SSHServerConnection
        self._address, self._name = "", ""
        self._tries = self._channels = 0
        self._user: User | None = None
        self._ended = self._has_failed = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Let it try, unless too many of its address do, or it is banned."""
        self._connection, self._address = conn, str((conn.get_extra_info("peername") or ("",))[0])
        why = self._door.admission.refuses(self._address)
        if why:
            self.end(why)
        else:
            self._door.admission.came(self, self._address)

    def end(self, why: str) -> None:
        """Close it at once."""
        self._ended = True
        audit.note(self._name, self._address, f"connection refused: {why}")
        self._connection.abort()

    def begin_auth(self, username: str) -> bool:
        """Nobody gets in without a key."""
        self._name = username
        return True

    def public_key_auth_supported(self) -> bool:
        """The only way in."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether that key belongs to that user, from there, by algorithms that the user may use."""
        self._tries += 1
        user = self._door.accounts.get(username)
        why = self._refuses(user, key)
        if why:
            audit.note(username, self._address, f"log-in refused: {why}", key=key.get_fingerprint())
            if not self._has_failed:
                self._fail()
            if self._tries >= _TRIES:
                self._connection.abort()
            return False
        self._user = user
        self._connection.set_extra_info(siaga_user=user, siaga_key=key.get_fingerprint())
        return True

    def auth_completed(self) -> None:
        """Count the connection as one of the user's."""
        user, self._user = self._user, None
        self._door.admission.gone(self)
        if user is None or not self._door.admission.enter(user.name, user.sessions):
            self.end("the user has too many connections open")
            return
        self._user = user
        self._open.add(self)
        self._door.admission.succeeded(self._address)
        told = {"key": self._connection.get_extra_info("siaga_key")}
        audit.note(user.name, self._address, "logged in", **told, client=self._client())
        self._connection.set_extra_info(**{LAST: time.monotonic()})

    def session_requested(self) -> bool | tuple[asyncssh.SSHServerChannel[bytes], Session]:
        """SFTP, or rsync's receiving side."""
        self._channels += 1
        if self._channels > _CHANNELS:
            audit.note(self._name, self._address, "refused: too many sessions in one connection")
            return False
        return self._connection.create_server_channel(None), Session(self._door)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's contract
        """Whoever tried and did not get in is remembered."""
        self._door.admission.gone(self)
        if self in self._open:
            self._open.discard(self)
            assert self._user is not None
            self._door.admission.leave(self._user.name)
        elif self._name and not self._tries and not self._ended:
            audit.note(self._name, self._address, "log-in refused: no key was offered", client=self._client())
            self._fail()

    def end_if_idle(self) -> None:
        """Close it when its client has asked for nothing for long."""
        last = self._connection.get_extra_info(LAST)
        if last is not None and time.monotonic() - last > IDLE_SECONDS:
            audit.note(self._name, self._address, "closed: nothing was asked for half an hour")
            self._connection.close()

    def _fail(self) -> None:
        self._has_failed = True
        if self._door.admission.failed(self._address):
            audit.note(self._name, self._address, "banned: too many log-ins failed")

    def _refuses(self, user: User | None, key: asyncssh.SSHKey) -> str:
        if user is None:
            return "there is no such user"
        if old := algorithms.chosen(self._connection) & algorithms.OLD - user.old:
            return f"the client uses {', '.join(sorted(old))}, which the user's old_algorithms do not allow"
        return user.refuses(key, self._address)

    def _client(self) -> str:
        return str(self._connection.get_extra_info("client_version", ""))[:100]
