"""What one session of one SFTP user sees and may do."""

import asyncio
import hashlib
import json
import logging
import os
import posixpath
import time
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncssh
from asyncssh import SFTPAttrs, SFTPFailure, SFTPName, SFTPNoSuchFile, SFTPPermissionDenied
from asyncssh.sftp import SFTPServerHandler

from gateway.sftp.accounts import User
from gateway.sftp.attributes import directory, file_of
from gateway.sftp.door import Door
from gateway.sftp.spool import Held, Upload, is_temporary
from siaga.errors import BadInput, NotFound, SiagaError
from siaga.store import MOST_BYTES, Head

_log = logging.getLogger("sftp")
_MAX_KEY_BYTES = 1024  # S3's limit
_MEDIA_TYPES = {".xml": "application/xml", ".json": "application/json", ".tif": "image/tiff"}


@dataclass(frozen=True, slots=True)
class Path:
    """A path in a user's view. bucket and key are "" at the root; key ends in no slash."""

    text: str
    bucket: str
    key: str

    @property
    def name(self) -> str:
        """Its last part."""
        return posixpath.basename(self.text)


@dataclass(slots=True)
class OpenFile:
    """A file that a client has open for writing. changed: when, as the client says; seconds since the epoch."""

    path: Path
    upload: Upload
    opened: float
    changed: float | None = None


class View(asyncssh.SFTPServer):
    """What one session of one user sees and may do."""

    def __init__(self, channel: Any, door: Door) -> None:
        super().__init__(channel)
        self._door = door
        self._user: User = channel.get_connection().get_extra_info("siaga_user")
        self._spool, self._times = door.spool(self._user), door.times(self._user)
        self._open: list[OpenFile] = []
        self.ending = False  # set when the session ends: files still open then were never finished

    # Files

    async def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> OpenFile:
        """Begin an upload; nothing but writing a whole file is allowed."""
        where = self._path(path, writing=True)
        if not pflags & asyncssh.FXF_WRITE:
            raise SFTPPermissionDenied("Files can be sent here, not fetched")
        if pflags & asyncssh.FXF_APPEND:
            raise SFTPFailure("Appending and resuming are not supported; send the whole file again")
        await self._check_place(where)
        fresh = bool(pflags & asyncssh.FXF_TRUNC) or not await self._exists(where)
        file = OpenFile(where, self._begin(fresh=fresh), time.monotonic(), attrs.mtime)
        self._open.append(file)
        return file

    def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        """Spool some bytes. Not a coroutine: so no CLOSE overtakes a WRITE."""
        try:
            spooled: int = file_obj.upload.write(offset, data)
            return spooled
        except BadInput as error:
            raise SFTPFailure(str(error)) from error

    def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        """What this session wrote itself."""
        there: bytes = file_obj.upload.read(offset, size)
        return there

    async def close(self, file_obj: Any) -> None:
        """The client is done: publish, or hold a temporary name until its rename."""
        self._open.remove(file_obj)
        upload = file_obj.upload
        try:
            if self.ending:
                self._say(file_obj.path, "dropped: the connection ended before the file was finished")
                return
            await asyncio.to_thread(upload.finish)
            if is_temporary(file_obj.path.name):
                self._spool.hold(upload, file_obj.path.text)
                self._times.keep(file_obj.path.text, "", file_obj.changed)
                self._say(file_obj.path, "held until its rename", bytes=upload.size)
            else:
                await self._publish(file_obj.path, upload.path, file_obj.opened, file_obj.changed)
        except (BadInput, OSError) as error:  # OSError: the disk is full
            self._say(file_obj.path, f"refused: {error}")
            raise SFTPFailure(str(error)) from error
        finally:
            upload.drop()

    def fsync(self, file_obj: Any) -> None:
        """Everything is synced when it is finished."""

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Publish a held file under its final name, or hold it under another temporary one.

        What has arrived stays; under a name that wakes nothing it may have another that does.
        """
        old, new = self._path(oldpath, writing=True), self._path(newpath, writing=True)
        held = self._spool.held(old.text)
        if held is None:
            await self._publish_again(old, new)
            return
        changed = self._times.told(old.text, "")
        if is_temporary(new.name):
            self._spool.rename(held, new.text)
            self._times.keep(new.text, "", changed)
            return
        await self._check_place(new)
        await self._publish(new, held.path, time.monotonic(), changed)
        self._spool.forget(held)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """The same; an object of that name gets a new version."""
        await self.rename(oldpath, newpath)

    async def remove(self, path: bytes) -> None:
        """Only what still waits for its rename can be taken back."""
        where = self._path(path, writing=True)
        held = self._spool.held(where.text)
        if held is None:
            raise SFTPPermissionDenied("What has arrived cannot be removed")
        self._spool.forget(held)

    # Folders and attributes

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        """Names in a folder: the user's folders, objects, and what waits in the spool."""
        where = self._path(path)
        found: dict[str, SFTPAttrs] = {".": directory(), "..": directory()}
        if not where.bucket:
            found |= {folder: directory() for folder in self._user.folders}
        else:
            prefix = f"{where.key}/" if where.key else ""
            folders, heads = await self._ask(lambda: self._door.store.children(where.bucket, prefix))
            found |= {folder: directory() for folder in folders}
            found |= {
                head.key[len(prefix) :]: self._attributes(f"{where.text}/{head.key[len(prefix) :]}", head)
                for head in heads
            }
            for made in self._door.made_folders(self._user):
                if posixpath.dirname(made) == where.text:
                    found.setdefault(posixpath.basename(made), directory())
            for held in self._spool.all_held():
                if posixpath.dirname(held.name) == where.text:
                    found[posixpath.basename(held.name)] = self._attributes(held.name, held)
            if len(found) == 2 and not await self._is_folder(where):
                raise SFTPNoSuchFile(f"{where.text}: no such folder")
        for name, attrs in found.items():
            yield SFTPName(name.encode(), attrs=attrs)

    async def stat(self, path: bytes) -> SFTPAttrs:
        """Attributes of a folder or file."""
        where = self._path(path)
        if not where.key:
            return directory()
        for file in self._open:
            if file.path == where:
                return self.fstat(file)
        found = await self._find(where)
        if found is not None:
            return self._attributes(where.text, found)
        if await self._is_folder(where):
            return directory()
        raise SFTPNoSuchFile(f"{where.text}: no such file")

    async def lstat(self, path: bytes) -> SFTPAttrs:
        """There are no links."""
        return await self.stat(path)

    def fstat(self, file_obj: Any) -> SFTPAttrs:
        """Attributes of an open file."""
        return file_of(file_obj.upload.size, time.time() if file_obj.changed is None else file_obj.changed)

    async def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """The time of the last change is told back; modes mean nothing to an object, but `put -p` sends them."""
        if attrs.mtime is None:
            return
        where = self._path(path)
        for file in (one for one in self._open if one.path == where):
            file.changed = attrs.mtime
        if where.key and (found := await self._find(where)):
            self._times.keep(where.text, _etag(found), attrs.mtime)

    async def lsetstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Likewise."""
        await self.setstat(path, attrs)

    def fsetstat(self, file_obj: Any, attrs: SFTPAttrs) -> None:
        """The size counts: scp writes in place and then says how long the file is. The time is told back."""
        if attrs.size is not None:
            file_obj.upload.resize(attrs.size)
        if attrs.mtime is not None:
            file_obj.changed = attrs.mtime

    async def mkdir(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Buckets have no folders; the name is remembered until something lies in it."""
        where = self._path(path, writing=True)
        if await self._is_folder(where):
            raise SFTPFailure(f"{where.text} is there already")
        self._door.made_folders(self._user).add(where.text)

    async def rmdir(self, path: bytes) -> None:
        """Forget an empty folder."""
        where = self._path(path, writing=True)
        made = self._door.made_folders(self._user)
        if where.text not in made:
            raise SFTPPermissionDenied("What has arrived cannot be removed")
        made.discard(where.text)

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

    def exit(self) -> None:
        """The session ends well; without this scp reports a failure after success."""
        self.channel.exit(0)

    # What these stand on

    def _path(self, raw: bytes, *, writing: bool = False) -> Path:
        try:
            text = posixpath.normpath("/" + raw.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise SFTPFailure("The name is not UTF-8") from error
        text = "/" + text.lstrip("/")
        if any(unicodedata.category(mark) == "Cc" for mark in text):
            raise SFTPFailure("The name holds control characters")
        folder, _, key = text[1:].partition("/")
        bucket = self._user.folders.get(folder, "")
        if len(key.encode()) > _MAX_KEY_BYTES:
            raise SFTPFailure(f"The name is longer than {_MAX_KEY_BYTES} bytes")
        if writing and not (bucket and key):
            raise SFTPPermissionDenied(f"Put files below one of these folders: {', '.join(self._user.folders)}")
        if folder and not bucket:
            raise SFTPNoSuchFile(f"{text}: no such file")
        return Path(text, bucket, key)

    async def _find(self, where: Path) -> Head | Held | None:
        held = self._spool.held(where.text)
        if held is not None:
            return held
        try:
            head: Head = await self._ask(lambda: self._door.store.head(where.bucket, where.key))
            return head
        except SFTPNoSuchFile:
            return None

    async def _exists(self, where: Path) -> bool:
        return await self._find(where) is not None

    async def _is_folder(self, where: Path) -> bool:
        made = self._door.made_folders(self._user)
        inside = f"{where.text}/"
        if not where.key or any(name == where.text or name.startswith(inside) for name in made):
            return True
        if any(held.name.startswith(inside) for held in self._spool.all_held()):
            return True
        return await self._ask(lambda: next(self._door.store.list(where.bucket, f"{where.key}/"), None)) is not None

    async def _check_place(self, where: Path) -> None:
        """No file where a folder is, and none below a file: MinIO's listings would hide what lies inside."""
        if not where.key:
            return
        if await self._is_folder(where):
            raise SFTPFailure(f"{where.text} is a folder; choose another name")
        folder = posixpath.dirname(where.text)
        while "/" in folder[1:]:
            if await self._exists(self._path(folder.encode())):
                raise SFTPFailure(f"{folder} is a file; choose another name")
            folder = posixpath.dirname(folder)

    async def _ask(self, question: Any) -> Any:
        try:
            return await asyncio.to_thread(question)
        except NotFound as error:
            raise SFTPNoSuchFile("no such file") from error
        except BadInput as error:
            raise SFTPFailure("The store can hold no such name; choose another") from error
        except SiagaError as error:
            raise SFTPFailure("The store does not answer; try again") from error

    async def _publish(self, where: Path, path: Any, started: float, changed: float | None) -> None:
        media_type = _MEDIA_TYPES.get(posixpath.splitext(where.name)[1].lower(), "application/octet-stream")

        def put() -> tuple[int, str, str]:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
                metadata = {"uploader": self._user.name, "sha256": sha256}
                etag = self._door.store.put(where.bucket, where.key, file, media_type, metadata=metadata)
                return os.fstat(file.fileno()).st_size, sha256, etag

        commit = asyncio.ensure_future(asyncio.to_thread(put))
        self._door.commits.add(commit)
        commit.add_done_callback(self._door.commits.discard)
        try:
            size, sha256, etag = await asyncio.shield(commit)
        except SiagaError as error:
            self._say(where, f"not stored: {error}")
            hint = "choose another name" if isinstance(error, BadInput) else "send it again"
            raise SFTPFailure(f"The store did not take the file; {hint}") from error
        self._times.keep(where.text, etag, changed)
        self._say(where, "stored", bytes=size, sha256=sha256, seconds=round(time.monotonic() - started, 3))

    async def _publish_again(self, old: Path, new: Path) -> None:
        """Publish what has arrived under its final name: the name that it came under was a temporary one of some kind.

        Which names are temporary only their uploader knows; one that wakes nothing may be.
        """
        found = await self._find(old)
        if found is None:
            raise SFTPNoSuchFile(f"{old.text}: no such file")
        wakes = self._door.wakes
        if found.size > MOST_BYTES or wakes(old.bucket, old.key) or not wakes(new.bucket, new.key):
            raise SFTPPermissionDenied("What has arrived stays as it is; send it again under the other name")
        await self._check_place(new)
        started = time.monotonic()
        body, _head = await self._ask(lambda: self._door.store.get(old.bucket, old.key))
        upload = self._begin(fresh=True)
        try:
            upload.write(0, body)
            await asyncio.to_thread(upload.finish)
            await self._publish(new, upload.path, started, self._times.told(old.text, _etag(found)))
        except OSError as error:  # the disk is full
            raise SFTPFailure(str(error)) from error
        finally:
            upload.drop()

    def _begin(self, *, fresh: bool) -> Upload:
        try:
            return self._spool.begin(fresh=fresh)
        except BadInput as error:
            raise SFTPFailure(str(error)) from error

    def _attributes(self, name: str, found: Head | Held) -> SFTPAttrs:
        told = self._times.told(name, _etag(found))
        came = found.since if isinstance(found, Held) else found.modified.timestamp()
        return file_of(found.size, came if told is None else told)

    def _say(self, where: Path, what: str, **more: Any) -> None:
        peer = self.channel.get_extra_info("peername") or ("",)
        fact = {"user": self._user.name, "from": peer[0], "path": where.text, "what": what}
        _log.info(json.dumps(fact | more, ensure_ascii=False))


def _etag(found: Head | Held) -> str:
    return "" if isinstance(found, Held) else found.etag


def mark_ending() -> None:
    """Tell a View that its session ends before asyncssh closes the files still open in it.

    asyncssh calls close() for those as well, and a broken upload would look finished. There is no
    public hook; tests kill clients in the middle, so a new asyncssh that changes this is noticed.
    """
    cleanup = SFTPServerHandler._cleanup

    async def marked(handler: Any, error: Exception | None) -> None:
        if isinstance(handler._server, View):
            handler._server.ending = True
        await cleanup(handler, error)

    SFTPServerHandler._cleanup = marked  # type: ignore[method-assign, assignment]  # there is no public hook
