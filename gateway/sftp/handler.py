"""asyncssh's SFTP server, where it offers no hook: how a session ends, and packets with surplus bytes.

Tests with real clients notice an asyncssh that changes either.
"""

import time
from typing import Any

from asyncssh.packet import SSHPacket
from asyncssh.sftp import SFTPServerHandler

LAST = "siaga_last"  # of a connection: when its client last asked for something, time.monotonic()


def adapt(view: type[Any]) -> None:
    """Change what asyncssh does for sessions of that class, which has an attribute `ending`; once per process.

    asyncssh calls close() for the files that are still open when a session ends, and a broken upload would look
    finished: `ending` is set before. And it refuses packets that go on behind what the protocol says; OpenSSH
    reads what it knows and ignores the rest, so clients that send more (rclone 1.60) are in use.
    """
    cleanup, process = SFTPServerHandler._cleanup, SFTPServerHandler._process_packet

    async def marked(handler: SFTPServerHandler, error: Exception | None) -> None:
        if isinstance(handler._server, view):
            handler._server.ending = True
        await cleanup(handler, error)

    async def lenient(handler: SFTPServerHandler, kind: int, number: int, packet: SSHPacket) -> None:
        packet.check_end = _ignore_the_rest  # type: ignore[method-assign]
        if isinstance(handler._server, view):
            handler._server.channel.get_connection().set_extra_info(**{LAST: time.monotonic()})
        await process(handler, kind, number, packet)

    SFTPServerHandler._cleanup = marked  # type: ignore[method-assign, assignment]  # there is no public hook
    SFTPServerHandler._process_packet = lenient  # type: ignore[method-assign, assignment]


def _ignore_the_rest() -> None:
    """As OpenSSH does."""
