"""The SFTP door: a partner's files become whole objects in buckets, or nothing.

    python -m gateway.sftp

A user sees folders, each of which is a bucket, and nothing else. A file is spooled, and put with one
request when the client closes it, so that the client hears if the store refused. A connection that
breaks leaves no object. Temporary names wait in the spool for their rename; of names that are none but wake
nothing a rename to one that does makes a second object.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from typing import Any

import asyncssh

from gateway.accounts import Accounts, User
from gateway.spool import Spool
from gateway.times import Times
from gateway.view import View, mark_ending
from siaga import modes, stack
from siaga.errors import SiagaError
from siaga.settings import Settings
from siaga.store import Store

_log = logging.getLogger("sftp")
_CLEANING_SECONDS = 3600


class Door:
    """Everything that sessions share."""

    def __init__(self, settings: Settings) -> None:
        self.store = Store.connect(settings, "door")
        self._functions = stack.load(settings.stack)
        self.accounts = Accounts(settings.secrets / "sftp-users.yml", _log.warning)
        self.commits: set[asyncio.Future[Any]] = set()
        self._folder = settings.home / "spool"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._spools: dict[str, Spool] = {}
        self._times: dict[str, Times] = {}
        self._made: dict[str, set[str]] = {}
        for path in self._folder.iterdir():
            self._spools[path.name] = Spool(path)
        self.clean(starting=True)

    def wakes(self, bucket: str, key: str) -> bool:
        """Whether an object of that name wakes a function."""
        return bool(stack.waking(self._functions, bucket, key))

    def spool(self, user: User) -> Spool:
        """The user's spool."""
        return self._spools.setdefault(user.name, Spool(self._folder / user.name))

    def times(self, user: User) -> Times:
        """When the user's files were changed, as the user says; after spool."""
        if user.name not in self._times:
            self._times[user.name] = Times(self._folder / user.name / "times.sqlite")
        return self._times[user.name]

    def made_folders(self, user: User) -> set[str]:
        """Paths of folders that the user made and that hold nothing yet."""
        return self._made.setdefault(user.name, set())

    def clean(self, *, starting: bool = False) -> None:
        """Drop what waited too long, and say so."""
        for user, spool in self._spools.items():
            for held in spool.clean(starting=starting):
                fact = {"user": user, "path": held.name, "what": "dropped: never renamed within a day"}
                _log.warning(json.dumps(fact, ensure_ascii=False))


class Login(asyncssh.SSHServer):
    """Keys alone, each valid for its own user name; no password, no shell, no forwarding."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._connection: Any = None

    def connection_made(self, conn: Any) -> None:
        """Remember the connection, to note who logged in on it."""
        self._connection = conn

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's contract
        """Nobody gets in without a key."""
        return True

    def public_key_auth_supported(self) -> bool:
        """The only way in."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether that key belongs to that user."""
        user = self._door.accounts.get(username)
        if user is None or key not in user.keys:
            return False
        self._connection.set_extra_info(siaga_user=user)
        return True


async def serve(settings: Settings) -> None:
    """Keep the door open until SIGTERM; then finish what is being stored."""
    mark_ending()
    door = Door(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await asyncssh.listen(
        settings.sftp_host,
        settings.sftp_port,
        server_factory=lambda: Login(door),
        sftp_factory=lambda channel: View(channel, door),
        server_host_keys=[str(settings.secrets / "sftp-host-key")],
        allow_scp=False,  # the old protocol; today's scp speaks SFTP
        allow_pty=False,
        agent_forwarding=False,
        password_auth=False,
        kbdint_auth=False,
        gss_host=None,
        login_timeout=30,
        keepalive_interval=30,
        keepalive_count_max=4,
    )
    _log.info("listening on %s:%s", settings.sftp_host, settings.sftp_port)
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), _CLEANING_SECONDS)
        except TimeoutError:
            door.clean()
    server.close()
    if door.commits:
        await asyncio.wait(door.commits, timeout=10)


def main() -> None:
    """Entry point."""
    os.umask(modes.PRIVATE)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    try:
        asyncio.run(serve(Settings.load()))
    except (SiagaError, OSError) as error:
        sys.exit(f"sftp: {error}")


if __name__ == "__main__":
    main()
