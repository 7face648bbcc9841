"""What one session of one SFTP user sees and may do."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import asyncssh
from asyncssh import SFTPAttrs, SFTPFailure, SFTPName, SFTPNoSuchFile, SFTPOpUnsupported, SFTPPermissionDenied

from gateway.sftp.accounts import User
from gateway.sftp.attributes import directory, file_of
from gateway.sftp.delivery import Delivery, Sent, tell
from gateway.sftp.door import Door
from gateway.sftp.moves import Moves
from gateway.sftp.refusals import noting, telling
from gateway.sftp.shelf import Shelf
from gateway.sftp.spool import Held, Upload
from gateway.sftp.viewpath import ViewPath
from siaga import keys
from siaga.errors import BadInput
from siaga.store import Head

_NOTICE_BYTES = 1 << 20
_MOST_TOLD = 50  # sentences on the client's stderr


@dataclass(slots=True)
class OpenFile:
    """A file that a client has open.

    changed: when, as the client says; seconds since the epoch. appending: all that is written goes to the end.
    first: only if nothing has that name. reading: nothing is written.
    """

    path: ViewPath
    upload: Upload
    opened: float
    changed: float | None = None
    appending: bool = False
    first: bool = False
    reading: bool = False

    def set(self, attrs: SFTPAttrs) -> None:
        """Size and time, where they are said; raises SFTPFailure with a sentence."""
        if attrs.size is not None:
            try:
                self.upload.resize(attrs.size)
            except BadInput as error:
                raise SFTPFailure(str(error)) from error
        if attrs.mtime is not None:
            self.changed = attrs.mtime


def _opened(file: object) -> OpenFile:
    """The file as `open` gave it to asyncssh, which hands it back as object."""
    assert isinstance(file, OpenFile)
    return file


@telling("open", "write", "close", "rename", "remove", "rmdir", "symlink", "link", "setstat", "fsetstat")
@noting("open", "rename", "remove", "mkdir", "rmdir", "readlink", "symlink", "link", "setstat", "statvfs", "fstatvfs")
class View(asyncssh.SFTPServer):
    """What one session of one user sees and may do."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], door: Door) -> None:
        super().__init__(channel)
        self._door = door
        self._user: User = channel.get_connection().get_extra_info("siaga_user")
        self._shelf = Shelf(door, self._user)
        self._spool, self._times = self._shelf.spool, self._shelf.times
        self._say = self.say = tell(self._user.name, channel)
        self._delivery = Delivery(door, self._shelf, self._say)
        self._moves = Moves(door, self._shelf, self._delivery)
        self._open: list[OpenFile] = []
        self._emptied: set[str] = set()  # stored files that the client has cut to nothing, to write them anew
        self._told: set[str] = set()
        self.ending = False  # set when the session ends: files still open then were never finished

    # Files

    async def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> OpenFile:
        """Begin an upload, with what lies there unless the client begins anew; only notices are fetched."""
        where = self._path(path, writing=True)
        if not pflags & asyncssh.FXF_WRITE:
            return await self._open_notice(where)
        await self._shelf.check_place(where)
        found = await self._shelf.find(where)
        first = bool(pflags & asyncssh.FXF_EXCL)
        if first and found is not None and not (isinstance(found, Held) and not found.whole):
            raise SFTPFailure(f"{where.text} is there already")
        if found is None and not pflags & asyncssh.FXF_CREAT:
            raise SFTPNoSuchFile(f"{where.text}: no such file")
        upload = self._begin()
        fresh = first or pflags & asyncssh.FXF_TRUNC or where.text in self._emptied
        self._emptied.discard(where.text)
        if found is not None and not fresh:
            await self._shelf.fill(upload, where, found)
        appending = bool(pflags & asyncssh.FXF_APPEND)
        file = OpenFile(where, upload, time.monotonic(), attrs.mtime, appending, first)
        self._open.append(file)
        return file

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Spool some bytes. Not a coroutine: so no CLOSE overtakes a WRITE."""
        file = _opened(file_obj)
        if file.reading:
            raise SFTPPermissionDenied("The file is open for reading")
        try:
            return file.upload.write(file.upload.size if file.appending else offset, data)
        except BadInput as error:
            raise SFTPFailure(str(error)) from error

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """What this session wrote itself, or a notice."""
        return _opened(file_obj).upload.read(offset, size)

    async def close(self, file_obj: object) -> None:
        """The client is done: publish, or hold a temporary name until its rename."""
        file = _opened(file_obj)
        self._open.remove(file)
        where, upload = file.path, file.upload
        try:
            if file.reading:
                return
            if self.ending:
                self._spool.keep_begun(upload, where.text)
                self._say(where, "dropped: the connection ended before the file was finished; it can be resumed")
                return
            await asyncio.to_thread(upload.finish)
            sent = Sent(upload.path, file.opened, file.changed, file.first)
            await self._delivery.take(where, sent)
        except (BadInput, OSError) as error:  # OSError: the disk is full
            self._say(where, f"refused: {error}")
            raise SFTPFailure(str(error)) from error
        finally:
            upload.drop()

    def fsync(self, file_obj: object) -> None:
        """Everything is synced when it is finished."""

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Publish what waits under its final name, file or folder; what was taken up stays."""
        await self._moves.move(self._path(oldpath, writing=True), self._path(newpath, writing=True))

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """The same; an object of that name gets a new version."""
        await self.rename(oldpath, newpath)

    async def remove(self, path: bytes) -> None:
        """Only what still waits can be taken back."""
        where = self._path(path, writing=True)
        held = self._spool.held(where.text)
        if held is not None:
            self._spool.forget(held)
        elif await self._shelf.find(where) is None:
            raise SFTPNoSuchFile(f"{where.text}: no such file")
        else:
            raise SFTPPermissionDenied("What has arrived cannot be removed")

    # Folders and attributes

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        """Names in a folder: the user's folders, objects, and what waits in the spool."""
        where = self._path(path)
        if where.bucket:
            found = await self._shelf.listing(where)
        else:
            found = {folder: directory() for folder in self._user.folders}
        for name, attrs in ({".": directory(), "..": directory()} | found).items():
            yield SFTPName(name.encode(), attrs=attrs)

    async def stat(self, path: bytes) -> SFTPAttrs:
        """Attributes of a folder or file."""
        where = self._path(path)
        if where.is_top:
            return directory()
        for file in self._open:
            if file.path == where:
                return self.fstat(file)
        if where.text in self._emptied:
            return file_of(0, time.time())
        found = await self._shelf.find(where)
        if found is not None:
            return self._shelf.attributes(where.text, found)
        if await self._shelf.is_folder(where):
            return directory()
        raise SFTPNoSuchFile(f"{where.text}: no such file")

    async def lstat(self, path: bytes) -> SFTPAttrs:
        """There are no links."""
        return await self.stat(path)

    def fstat(self, file_obj: object) -> SFTPAttrs:
        """Attributes of an open file."""
        file = _opened(file_obj)
        return file_of(file.upload.size, time.time() if file.changed is None else file.changed)

    async def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """The time is told back, a size cuts; modes mean nothing to an object, but clients send them."""
        where = self._path(path)
        opened = [file for file in self._open if file.path == where]
        for file in opened:
            file.set(attrs)
        if opened or where.is_top or (attrs.size is None and attrs.mtime is None):
            return
        found = await self._shelf.find(where)
        if found is None:
            if await self._shelf.is_folder(where):
                return
            raise SFTPNoSuchFile(f"{where.text}: no such file")
        if attrs.size is not None:
            self._truncate(where, found, attrs.size)
        if attrs.mtime is not None:
            self._times.keep(where.text, "" if isinstance(found, Held) else found.etag, attrs.mtime)

    async def lsetstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Likewise."""
        await self.setstat(path, attrs)

    def fsetstat(self, file_obj: object, attrs: SFTPAttrs) -> None:
        """The size counts: scp writes in place and then says how long the file is. The time is told back."""
        _opened(file_obj).set(attrs)

    async def mkdir(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Buckets have no folders; the name is remembered until something lies in it."""
        where = self._path(path, writing=True)
        if await self._shelf.is_folder(where):
            raise SFTPFailure(f"{where.text} is there already")
        self._shelf.made.add(where.text)

    async def rmdir(self, path: bytes) -> None:
        """Forget an empty folder."""
        where = self._path(path, writing=True)
        if where.text not in self._shelf.made:
            raise SFTPPermissionDenied("What has arrived cannot be removed")
        self._shelf.made.discard(where.text)

    def realpath(self, path: bytes) -> bytes:
        """The path from the user's root."""
        return self._path(path).text.encode()

    def readlink(self, path: bytes) -> bytes:
        """There are no links."""
        raise SFTPFailure("There are no links here")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """There are no links."""
        raise SFTPPermissionDenied("There are no links here")

    link = symlink

    # What asyncssh would ask this machine's own disk

    def statvfs(self, path: bytes) -> NoReturn:
        """Nothing is told of disks."""
        raise SFTPOpUnsupported("Nothing is told of disks here")

    def fstatvfs(self, file_obj: object) -> NoReturn:
        """Likewise."""
        raise SFTPOpUnsupported("Nothing is told of disks here")

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: SFTPAttrs) -> NoReturn:
        """Version 3 alone is spoken."""
        raise SFTPOpUnsupported("This is SFTP 3")

    def lock(self, file_obj: object, offset: int, length: int, flags: int) -> None:
        """Likewise."""
        raise SFTPOpUnsupported("This is SFTP 3")

    def unlock(self, file_obj: object, offset: int, length: int) -> None:
        """Likewise."""
        raise SFTPOpUnsupported("This is SFTP 3")

    def map_path(self, path: bytes) -> bytes:
        """No path is one of this machine."""
        raise SFTPPermissionDenied("There is no such path")

    def exit(self) -> None:
        """The session ends well; without this scp reports a failure after success."""
        self.channel.exit(0)

    def tell(self, sentence: str) -> None:
        """Say something on the client's stderr, once."""
        if sentence not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(sentence)
            with suppress(OSError):  # the client is gone
                self.channel.write_stderr(f"siaga: {sentence}\n".encode())

    # What these stand on

    def _path(self, raw: bytes, *, writing: bool = False) -> ViewPath:
        return self._shelf.path(raw, writing=writing)

    async def _open_notice(self, where: ViewPath) -> OpenFile:
        """What became of a map lies beside it in a small file, for its sender; nothing else is fetched."""
        found = await self._shelf.find(where)
        if found is None:
            raise SFTPNoSuchFile(f"{where.text}: no such file")
        if not keys.noticed(where.key) or found.size > _NOTICE_BYTES:
            raise SFTPPermissionDenied("Files can be sent here, not fetched")
        upload = self._begin()
        await self._shelf.fill(upload, where, found)
        file = OpenFile(where, upload, time.monotonic(), reading=True)
        self._open.append(file)
        return file

    def _begin(self) -> Upload:
        try:
            return self._spool.begin(self._user.quota)
        except BadInput as error:
            raise SFTPFailure(str(error)) from error

    def _truncate(self, where: ViewPath, found: Head | Held, size: int) -> None:
        """Cut a file that nobody has open. What has arrived stays until new content is whole."""
        if size == found.size:
            return
        if size == 0 and not isinstance(found, Held):
            self._emptied.add(where.text)
            self._say(where, "cut to nothing by the client: stays as it is until new content comes")
        elif isinstance(found, Held) and size < found.size:
            found.cut(size)
        else:
            raise SFTPFailure(f"{where.text} cannot be made {size} bytes long; send the whole file again")
