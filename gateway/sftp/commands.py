"""What clients ask for beside SFTP: rsync's receiving side is given, everything else is told what to use instead."""

import asyncio
import math
import shlex
import time
from collections.abc import Mapping
from typing import cast

import asyncssh

from gateway.sftp import rsync
from gateway.sftp.delivery import Delivery, tell
from gateway.sftp.door import Door
from gateway.sftp.handler import LAST
from gateway.sftp.receiving import Receiving
from gateway.sftp.session import View
from gateway.sftp.shelf import Shelf
from siaga.errors import BadInput

_Channel = asyncssh.SSHServerChannel[bytes]
_RSYNC = ("rsync", rsync.PROGRAM)


class Session(asyncssh.SSHServerProcess[bytes]):
    """One session of a client: SFTP, or a command; never a shell, never a terminal."""

    def __init__(self, door: Door) -> None:
        """Of any user; who it is stands in the connection."""
        super().__init__(
            lambda _: self._answer(),
            lambda channel: View(cast(_Channel, channel), door),
            3,
            False,
        )
        self._door = door

    def shell_requested(self) -> bool:
        """There is none."""
        return False

    def subsystem_requested(self, subsystem: str) -> bool:
        """SFTP alone."""
        return subsystem == "sftp"

    async def _answer(self) -> None:
        """Do what the command asks, or say on stderr what to use instead; the log has a line of either."""
        command, connection = self.command or "", self.channel.get_connection()
        user = connection.get_extra_info("siaga_user")
        connection.set_extra_info(**{LAST: math.inf})  # rsync has a limit of its own
        say = tell(user.name, self.channel)
        shelf = Shelf(self._door, user)
        try:
            asked = _read(command, user.folders)
            receiving = Receiving(self._door, shelf, Delivery(self._door, shelf, say))
            say(asked.into, "rsync begins")
            work: asyncio.Future[None] = asyncio.ensure_future(receiving.run(asked, self))
            self._door.commits.add(work)  # what came whole is taken up even when the connection breaks
            work.add_done_callback(self._door.commits.discard)
            await asyncio.shield(work)
        except (BadInput, asyncssh.SFTPError) as error:
            reason = str(error) if isinstance(error, BadInput) else error.reason
            say("", f"refused: {reason}", command=command[:200])
            self.stderr.write(f"siaga: {reason}\n".encode(errors="replace"))
            self.exit(1)
        finally:
            connection.set_extra_info(**{LAST: time.monotonic()})


def _read(command: str, folders: Mapping[str, str]) -> rsync.Asked:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadInput("No commands are run here; send files by sftp, scp or rsync") from error
    if words[:1] == ["scp"]:
        raise BadInput("The old protocol of scp (-O) is not taken here; use scp without -O, sftp or rsync")
    if not words or words[0] not in _RSYNC:
        raise BadInput("No commands are run here; send files by sftp, scp or rsync")
    return rsync.read(words[1:], folders)
