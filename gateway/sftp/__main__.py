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
import time
from pathlib import Path

import asyncssh

from gateway.sftp import algorithms, audit, counters, health
from gateway.sftp.door import Door
from gateway.sftp.handler import adapt
from gateway.sftp.login import LOGIN_SECONDS, Login
from gateway.sftp.session import View
from siaga import modes
from siaga.errors import BadInput, SiagaError
from siaga.listener import raise_descriptors
from siaga.settings import Settings

_log = logging.getLogger("sftp")
_CLEANING_SECONDS = 3600.0
_LOOK_SECONDS = 10.0  # between looks at who is idle, and which algorithms are to be offered


async def serve(settings: Settings) -> None:
    """Keep the door open until SIGTERM; then finish what is being stored."""
    adapt(View)
    algorithms.remember_kex()
    raise_descriptors()
    audit.begin(settings.home)
    door, logins = Door(settings), set[Login]()
    counters.SESSIONS.set_function(lambda: len(logins))
    stop = asyncio.Event()
    watchers = health.serve(settings, door, asyncio.get_running_loop())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await asyncssh.listen(
        settings.sftp_host,
        settings.sftp_port,
        server_factory=lambda: Login(door, logins),
        server_host_keys=_host_keys(settings.secrets),
        allow_pty=False,
        agent_forwarding=False,
        password_auth=False,
        kbdint_auth=False,
        gss_host=None,
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=30,
        keepalive_count_max=4,
        **algorithms.offered(door.accounts.old_algorithms()),
    )
    _log.info("listening on %s:%s", settings.sftp_host, settings.sftp_port)
    cleaned = time.monotonic()
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)
        except TimeoutError:
            for login in list(logins):
                login.end_if_idle()
            server.update(**algorithms.offered(door.accounts.old_algorithms()))
            if time.monotonic() - cleaned > _CLEANING_SECONDS:
                cleaned = time.monotonic()
                door.clean()
    server.close()
    watchers.close()
    if door.commits:
        await asyncio.wait(door.commits, timeout=10)


def _host_keys(folder: Path) -> list[asyncssh.SSHKey]:
    """sftp-host-key, and others whose names begin so: of another kind, or the one that follows it.

    Raises BadInput that names the one that is none.
    """
    first = folder / "sftp-host-key"
    others = sorted(path for path in folder.glob("sftp-host-key-*") if path.suffix != ".pub")
    found = []
    for path in (first, *others):
        try:
            found.append(asyncssh.read_private_key(path))
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise BadInput(
                "The host key {path} cannot be read ({detail}): put the old file back, from a backup or by "
                "`siaga sftp import --host-key FILE`",
                path=path,
                detail=str(error),
            ) from error
    return found


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
