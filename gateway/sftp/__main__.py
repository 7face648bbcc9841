"""The SFTP door as a process: `python -m gateway.sftp`.

A user sees folders, each of which is a bucket, and nothing else. A file is spooled, and put with one
request when the client closes it, so that the client hears if the store refused. A connection that
breaks leaves no object, but what came can be resumed for a day. Temporary names wait in the spool for their rename.
"""

import asyncio
import logging
import os
import signal
import sys
from typing import Any

import asyncssh

from gateway.sftp.commands import Session
from gateway.sftp.door import Door
from gateway.sftp.handler import adapt
from gateway.sftp.session import View
from siaga import modes
from siaga.errors import SiagaError
from siaga.settings import Settings

_log = logging.getLogger("sftp")
_CLEANING_SECONDS = 3600


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

    def session_requested(self) -> Any:
        """SFTP, or rsync's receiving side."""
        return self._connection.create_server_channel(None), Session(self._door)


async def serve(settings: Settings) -> None:
    """Keep the door open until SIGTERM; then finish what is being stored."""
    adapt(View)
    door = Door(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await asyncssh.listen(
        settings.sftp_host,
        settings.sftp_port,
        server_factory=lambda: Login(door),
        server_host_keys=[str(settings.secrets / "sftp-host-key")],
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
