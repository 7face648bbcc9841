"""A whole file becomes an object, unless its content lies there already."""

import asyncio
import hashlib
import os
import posixpath
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncssh
from asyncssh import SFTPFailure

from gateway.sftp import audit
from gateway.sftp.door import Door
from gateway.sftp.shelf import Shelf
from gateway.sftp.times import MODIFIED
from gateway.sftp.viewpath import ViewPath
from siaga.errors import BadInput, Conflict, NotFound, SiagaError

_MEDIA_TYPES = {".xml": "application/xml", ".json": "application/json", ".tif": "image/tiff"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A file on its way. started: time.monotonic(); changed: when, as the client says, seconds since the epoch.

    first: only if nothing has that name.
    """

    path: Path
    started: float
    changed: float | None = None
    first: bool = False


class Delivery:
    """Puts the files of one user into buckets; say(path, what, **facts) tells the log."""

    def __init__(self, door: Door, shelf: Shelf, say: Callable[..., None]) -> None:
        """`shelf` of the same user."""
        self._door, self._shelf, self.say = door, shelf, say

    async def take(self, where: ViewPath, sent: Sent) -> None:
        """A whole file came: publish it, or hold a temporary name until its rename."""
        if not where.is_temporary:
            await self.publish(where, sent)
            return
        size = sent.path.stat().st_size
        self._shelf.spool.hold(sent.path, where.text)
        self._shelf.times.keep(where.text, "", sent.changed)
        self.say(where, "held until its rename", bytes=size)

    async def publish(self, where: ViewPath, sent: Sent) -> None:
        """Put the file under that name; raises SFTPFailure with a sentence. What lies there already stays as it is."""
        commit = asyncio.ensure_future(asyncio.to_thread(self._put, where, sent))
        self._door.commits.add(commit)
        commit.add_done_callback(self._door.commits.discard)
        try:
            etag, what, facts = await asyncio.shield(commit)
        except Conflict as error:
            self.say(where, "not stored: the name is taken, and the client wanted it free")
            raise SFTPFailure(f"{where.text} is there already") from error
        except SiagaError as error:
            self.say(where, f"not stored: {error}")
            hint = "choose another name" if isinstance(error, BadInput) else "send it again"
            raise SFTPFailure(f"The store did not take the file; {hint}") from error
        self._shelf.spool.forget_begun(where.text)
        self._shelf.times.keep(where.text, etag, sent.changed)
        seconds = round(time.monotonic() - sent.started, 3)
        self.say(where, what, **facts, seconds=seconds)

    def _put(self, where: ViewPath, sent: Sent) -> tuple[str, str, dict[str, object]]:
        """The ETag, and what the log shall say: the result, and facts beside it."""
        store = self._door.store
        with sent.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
            file.seek(0)
            facts: dict[str, object] = {"bytes": os.fstat(file.fileno()).st_size, "sha256": sha256}
            try:
                if not sent.first and store.head(where.bucket, where.key).etag == md5:
                    return md5, "the same content as before: no new version", facts
            except NotFound:
                pass
            metadata = {"uploader": self._shelf.user.name, "sha256": sha256}
            if sent.changed is not None:
                metadata[MODIFIED] = str(sent.changed)
            media_type = _MEDIA_TYPES.get(posixpath.splitext(where.name)[1].lower(), "application/octet-stream")
            etag = store.put(where.bucket, where.key, file, media_type, metadata=metadata, if_absent=sent.first)
            return etag, "stored", facts


def tell(user: str, channel: asyncssh.SSHServerChannel[bytes]) -> Callable[..., None]:
    """How the record is told what becomes of the files of a session."""
    peer = channel.get_extra_info("peername") or ("",)

    def say(where: ViewPath | str, what: str, **more: object) -> None:
        audit.note(user, peer[0], what, path=where if isinstance(where, str) else where.text, **more)

    return say
