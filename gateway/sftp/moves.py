"""Renames: what came under a temporary name, or in a temporary folder, gets its own.

Which names are temporary only their uploader knows; whatever was not taken up yet may have another one. What
wakes a function is taken up as soon as it lies there. A stored object keeps its first name, too.
"""

import time

from asyncssh import SFTPFailure, SFTPNoSuchFile, SFTPPermissionDenied

from gateway.sftp.delivery import Delivery, Sent
from gateway.sftp.door import Door
from gateway.sftp.shelf import Shelf
from gateway.sftp.spool import Held
from gateway.sftp.viewpath import ViewPath
from siaga.errors import BadInput
from siaga.store import Head

_MOST = 1000  # files of one folder that is renamed


class Moves:
    """The renames of one session."""

    def __init__(self, door: Door, shelf: Shelf, delivery: Delivery) -> None:
        """Of one user, all three."""
        self._shelf, self._delivery, self._wakes = shelf, delivery, door.wakes

    async def move(self, old: ViewPath, new: ViewPath) -> None:
        """Give a file or a folder another name; raises SFTPError with a sentence, and then nothing was moved."""
        if new.text == old.text or new.text.startswith(f"{old.text}/"):
            raise SFTPFailure(f"{old.text} cannot be renamed to {new.text}")
        found = await self._shelf.find(old)
        if found is not None:
            self._check(old, found)
            await self._move_file(old, found, new)
        elif await self._shelf.is_folder(old):
            await self._move_folder(old, new)
        else:
            raise SFTPNoSuchFile(f"{old.text}: no such file")

    async def _move_folder(self, old: ViewPath, new: ViewPath) -> None:
        files = await self._shelf.below(old, _MOST + 1)
        if len(files) > _MOST:
            raise SFTPFailure(f"{old.text} holds more than {_MOST} files; send them into a folder of the final name")
        moves: list[tuple[ViewPath, Head | Held, ViewPath]] = []
        for file in files:
            found = await self._shelf.find(file)
            if found is not None:
                self._check(file, found)
                target = self._shelf.path((new.text + file.text[len(old.text) :]).encode(), writing=True)
                moves.append((file, found, target))
        # what wakes a function goes last, so that it finds its neighbours
        for file, found, target in sorted(moves, key=lambda one: self._wakes(one[2].bucket, one[2].key)):
            await self._move_file(file, found, target)
        inside = f"{old.text}/"
        made = {name for name in self._shelf.made if name == old.text or name.startswith(inside)}
        self._shelf.made.difference_update(made)
        self._shelf.made.update(new.text + name[len(old.text) :] for name in made | {old.text})

    def _check(self, old: ViewPath, found: Head | Held) -> None:
        if isinstance(found, Held):
            if not found.whole:
                raise SFTPFailure(f"Only a part of {old.text} has come; resume it or send it again, then rename it")
        elif self._wakes(old.bucket, old.key):
            raise SFTPPermissionDenied(f"{old.text} was taken up already and stays; send it under the other name, too")

    async def _move_file(self, old: ViewPath, found: Head | Held, new: ViewPath) -> None:
        await self._shelf.check_place(new)
        changed = self._shelf.changed(old.text, found)
        if isinstance(found, Held) and new.is_temporary:
            self._shelf.spool.rename(found, new.text)
            self._shelf.times.keep(new.text, "", changed)
            self._delivery.say(new, "held until its next rename")
        elif isinstance(found, Held):
            await self._delivery.publish(new, Sent(found.path, time.monotonic(), changed))
            self._shelf.spool.forget(found)
        else:
            await self._copy(old, found, new, changed)

    async def _copy(self, old: ViewPath, found: Head, new: ViewPath, changed: float | None) -> None:
        started = time.monotonic()
        try:
            upload = self._shelf.spool.begin(self._shelf.user.quota)
        except BadInput as error:
            raise SFTPFailure(str(error)) from error
        try:
            await self._shelf.fill(upload, old, found)
            upload.finish()
            await self._delivery.publish(new, Sent(upload.path, started, changed))
        except (BadInput, OSError) as error:  # OSError: the disk is full
            raise SFTPFailure(str(error)) from error
        finally:
            upload.drop()
