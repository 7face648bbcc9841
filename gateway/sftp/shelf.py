"""What one user finds in their folders: objects of the store, files that wait in the spool, folders just made."""

import asyncio
import posixpath
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from asyncssh import SFTPAttrs, SFTPFailure, SFTPNoSuchFile

from gateway.sftp import viewpath
from gateway.sftp.accounts import User
from gateway.sftp.attributes import directory, file_of
from gateway.sftp.door import Door
from gateway.sftp.spool import Held, Upload
from gateway.sftp.times import MODIFIED
from gateway.sftp.viewpath import ViewPath
from siaga.errors import BadInput, NotFound, SiagaError
from siaga.store import Head

_MOST_ASKED = 1000  # objects of one listing whose time is asked of the store; the others have theirs the next time

_Answer = TypeVar("_Answer")


class Shelf:
    """All that lies under a user's names."""

    def __init__(self, door: Door, user: User) -> None:
        """`user` of the door's accounts."""
        self.user = user
        self.spool, self.times = door.spool(user), door.times(user)
        self.made = door.made_folders(user)
        self._store = door.store

    def path(self, raw: bytes, *, writing: bool = False) -> ViewPath:
        """What a client's path means; raises SFTPError with a sentence."""
        return viewpath.parse(raw, self.user.folders, writing=writing)

    async def find(self, where: ViewPath) -> Head | Held | None:
        """What lies under that name: what waits in the spool before what is stored."""
        held = self.spool.held(where.text)
        return held if held is not None else await self.stored(where)

    async def stored(self, where: ViewPath) -> Head | None:
        """The object of that name."""
        try:
            return await self.ask(partial(self._store.head, where.bucket, where.key))
        except SFTPNoSuchFile:
            return None

    async def is_folder(self, where: ViewPath) -> bool:
        """Whether something lies in it, or its maker still means to put something there."""
        inside = f"{where.text}/"
        if where.is_top or any(name == where.text or name.startswith(inside) for name in self.made):
            return True
        if any(held.name.startswith(inside) for held in self.spool.all_held()):
            return True
        return await self.ask(lambda: next(self._store.list(where.bucket, f"{where.key}/"), None)) is not None

    async def below(self, where: ViewPath, at_most: int) -> Sequence[ViewPath]:
        """The files of a folder and of the folders in it, up to so many objects."""
        inside = f"{where.text}/"
        names = {held.name for held in self.spool.all_held() if held.name.startswith(inside)}
        heads = await self.ask(lambda: list(islice(self._store.list(where.bucket, f"{where.key}/"), at_most)))
        names |= {inside + head.key[len(where.key) + 1 :] for head in heads}
        return [self.path(name.encode()) for name in sorted(names)]

    async def check_place(self, where: ViewPath) -> None:
        """No file where a folder is, and none below a file: MinIO's listings would hide what lies inside."""
        if where.is_top:
            return
        if await self.is_folder(where):
            raise SFTPFailure(f"{where.text} is a folder; choose another name")
        folder = posixpath.dirname(where.text)
        while "/" in folder[1:]:
            if await self.find(self.path(folder.encode())) is not None:
                raise SFTPFailure(f"{folder} is a file; choose another name")
            folder = posixpath.dirname(folder)

    async def listing(self, where: ViewPath) -> dict[str, SFTPAttrs]:
        """Names in a folder of a bucket; raises SFTPNoSuchFile when there is no such folder."""
        prefix = f"{where.key}/" if where.key else ""
        folders, heads = await self.ask(lambda: self._store.children(where.bucket, prefix))
        found = {folder: directory() for folder in folders}
        await self._learn_times([(f"{where.text}/{head.key[len(prefix) :]}", where.bucket, head) for head in heads])
        for head in heads:
            name = head.key[len(prefix) :]
            found[name] = self.attributes(f"{where.text}/{name}", head)
        for made in self.made:
            if posixpath.dirname(made) == where.text:
                found.setdefault(posixpath.basename(made), directory())
        for held in self.spool.all_held():
            if posixpath.dirname(held.name) == where.text:
                found[posixpath.basename(held.name)] = self.attributes(held.name, held)
        if not found and not await self.is_folder(where):
            raise SFTPNoSuchFile(f"{where.text}: no such folder")
        return found

    def attributes(self, name: str, head: Head | Held) -> SFTPAttrs:
        """Size and time; the time is the one that the client set, where it did."""
        told = self.changed(name, head)
        came = head.since if isinstance(head, Held) else head.modified.timestamp()
        return file_of(head.size, came if told is None else told)

    def changed(self, name: str, head: Head | Held) -> float | None:
        """When that content was changed, as its client says, seconds since the epoch; None when it did not say it."""
        if isinstance(head, Held):
            return self.times.changed(name, "")
        told = self.times.changed(name, head.etag)
        return _kept(head) if told is None else told

    async def fill(self, upload: Upload, where: ViewPath, head: Head | Held) -> None:
        """Begin an upload with what lies there already; raises SFTPFailure when that fails, and drops it."""

        def copied() -> None:
            try:
                if isinstance(head, Held):
                    upload.fill(head.pieces())
                else:
                    upload.fill(self._store.stream(where.bucket, where.key)[1])
            except BadInput as error:
                raise SFTPFailure(str(error)) from error

        try:
            await self.ask(copied)
        except BaseException:
            upload.drop()
            raise

    async def ask(self, question: Callable[[], _Answer]) -> _Answer:
        """Put a question to the store in a thread; its errors become sentences for the client."""
        try:
            return await asyncio.to_thread(question)
        except NotFound as error:
            raise SFTPNoSuchFile("no such file") from error
        except BadInput as error:
            raise SFTPFailure("The store can hold no such name; choose another") from error
        except SiagaError as error:
            raise SFTPFailure("The store does not answer; try again") from error

    async def _learn_times(self, listed: Sequence[tuple[str, str, Head]]) -> None:
        """Listings hold no metadata: where no time is kept here, each object is asked for its own, once."""
        unknown = [one for one in listed if self.times.changed(one[0], one[2].etag) is None][:_MOST_ASKED]

        def asked() -> Iterator[tuple[str, Head]]:
            for name, bucket, head in unknown:
                try:
                    yield name, self._store.head(bucket, head.key)
                except SiagaError:  # gone since, or the store is away: it has the time of the listing
                    continue

        for name, head in await asyncio.to_thread(lambda: list(asked())):
            told = _kept(head)
            self.times.keep(name, head.etag, head.modified.timestamp() if told is None else told)


def _kept(head: Head) -> float | None:
    """What the object itself knows of the time of its last change."""
    try:
        return float(head.metadata[MODIFIED])
    except (KeyError, ValueError):
        return None
