"""Bytes that a partner is sending: on disk until they are whole, then one object or nothing."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from siaga.errors import BadInput

MAX_BYTES = 256 << 20
MAX_UPLOADS = 64  # that one user may have open at once
MAX_SPOOLED = 4 << 30  # bytes of one user that are being sent or wait for their rename or their rest
KEPT_SECONDS = 24 * 3600.0  # a file that waits for its rename or its rest
_CHUNK = 1 << 20


class Upload:
    """One file being written. Writes may come in any order; holes are found out at the end."""

    def __init__(self, path: Path) -> None:
        """Begins empty."""
        self.path, self._failed = path, False
        self._filled, self._in_place = 0, False
        self._file = path.open("w+b")
        self._written: list[tuple[int, int]] = []

    @property
    def size(self) -> int:
        """Bytes so far."""
        self._file.flush()  # else what Python still buffers would not count
        return os.fstat(self._file.fileno()).st_size

    def fill(self, pieces: Iterable[bytes]) -> None:
        """Begin with what lies under the name already: a client resumes, appends or writes in place."""
        at = 0
        for piece in pieces:
            at += self.write(at, piece)
        self._filled = at

    def write(self, offset: int, data: bytes) -> int:
        """Keep these bytes; raises BadInput beyond the largest size, OSError when the disk is full."""
        failed, self._failed = self._failed, True  # a client that closes after an error has not sent a whole file
        _check_size(offset + len(data))
        self._in_place |= offset < self._filled
        self._file.seek(offset)
        self._file.write(data)
        self._failed = failed
        if self._written and self._written[-1][1] == offset:
            self._written[-1] = (self._written[-1][0], offset + len(data))
        else:
            self._written.append((offset, offset + len(data)))
        return len(data)

    def read(self, offset: int, size: int) -> bytes:
        """What was written there."""
        self._file.seek(offset)
        return self._file.read(size)

    def resize(self, size: int) -> None:
        """Cut the file, or make it longer by a hole that is still to be written; raises BadInput when too large."""
        _check_size(size)
        self._file.truncate(size)
        self._written = [(start, min(stop, size)) for start, stop in self._written if start < size]

    def finish(self) -> None:
        """Everything is there: onto the disk with it. The file stays until `drop`.

        Raises BadInput when parts of the file were never sent or not kept, OSError when the disk is full.
        """
        if self._failed:
            raise BadInput("Not all of the file was kept; send the whole file again")
        if self._begun() < self.size:
            raise BadInput("Only a part of the file was sent; send the whole file again")
        self._file.flush()
        os.fsync(self._file.fileno())

    def cut(self) -> bool:
        """The connection broke: keep what came without a gap; whether that is anything.

        What was written over older content is no beginning of anything.
        """
        kept = not (self._failed or self._in_place) and self._begun() > 0
        if kept:
            self.resize(self._begun())
            self._file.flush()
        return kept

    def drop(self) -> None:
        """Forget the file, unless it was moved away."""
        with suppress(OSError):  # a full disk, once more
            self._file.close()
        self.path.unlink(missing_ok=True)

    def _begun(self) -> int:
        """How many bytes from the first on are there without a gap."""
        end = 0
        for start, stop in sorted(self._written):
            if start > end:
                break
            end = max(end, stop)
        return end


@dataclass(frozen=True, slots=True)
class Held:
    """A file that waits: whole, for its rename, or begun, for its rest. name: its path in the user's view."""

    name: str
    path: Path
    whole: bool

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    @property
    def since(self) -> float:
        """Seconds since the epoch."""
        return self.path.stat().st_mtime

    def waited(self, more: float) -> float:
        """Seconds that it has waited in all, so many of them now."""
        kept = self.path.with_name("waited")
        try:
            seconds = float(kept.read_text()) + more
        except (OSError, ValueError):  # nobody has looked yet, or only half of it was written
            seconds = more
        with suppress(OSError):  # a full disk: they are counted at the next look
            kept.write_text(f"{seconds:.0f}")
        return seconds

    def cut(self, size: int) -> None:
        """Keep so many bytes of it."""
        os.truncate(self.path, size)

    def pieces(self) -> Iterator[bytes]:
        """Its bytes."""
        with self.path.open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece


class Spool:
    """One user's files on disk: those being written, and those that wait for their rename or their rest.

    What waits survives broken connections and a restart of the door.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._looked = folder, time.monotonic()
        for kind in ("held", "begun"):
            (folder / kind).mkdir(parents=True, exist_ok=True, mode=0o700)

    def begin(self, most: int = MAX_SPOOLED) -> Upload:
        """A new file of no name yet; raises BadInput when the user has too much under way: `most` bytes."""
        under_way = list(self._folder.glob("*.upload"))
        spooled = [*under_way, *self._folder.glob("held/*/file"), *self._folder.glob("begun/*/file")]
        if len(under_way) >= MAX_UPLOADS or sum(_size(path) for path in spooled) >= most:
            raise BadInput("Too much is being sent, or waits for its rename; try again later")
        return Upload(self._folder / f"{token_hex(8)}.upload")

    def staging(self, at_most: int) -> Path:
        """A folder for files that come as a tree; raises BadInput when the user has that many already."""
        folder = self._folder / "trees"
        folder.mkdir(exist_ok=True, mode=0o700)
        if len(list(folder.iterdir())) >= at_most:
            raise BadInput("Too much is being sent; try again later")
        made = folder / token_hex(8)
        for name in ("tree", "new"):
            (made / name).mkdir(parents=True, mode=0o700)
        return made

    def hold(self, path: Path, name: str) -> None:
        """Keep a finished upload until it is renamed."""
        self._keep(path, name, whole=True)
        self.forget_begun(name)

    def keep_begun(self, upload: Upload, name: str) -> None:
        """Keep what came of an upload that broke off, so that the client can resume it."""
        if upload.cut():
            self._keep(upload.path, name, whole=False)

    def held(self, name: str) -> Held | None:
        """The file that waits under that name; what was begun last goes first."""
        for whole in (False, True):
            path = self._place(name, whole=whole) / "file"
            if path.exists():
                return Held(name, path, whole)
        return None

    def all_held(self) -> Iterator[Held]:
        """Everything that waits; a name that waits twice comes begun last."""
        for whole in (True, False):
            for folder in sorted(self._kind(whole=whole).iterdir()):
                if (folder / "file").exists():
                    yield Held((folder / "name").read_text(encoding="utf-8"), folder / "file", whole)

    def rename(self, held: Held, name: str) -> None:
        """It waits under another name now."""
        self._keep(held.path, name, whole=held.whole)
        self.forget(held)

    def forget(self, held: Held) -> None:
        """It is published, or the client removed it."""
        shutil.rmtree(held.path.parent, ignore_errors=True)

    def forget_begun(self, name: str) -> None:
        """A whole file of that name has come."""
        shutil.rmtree(self._place(name, whole=False), ignore_errors=True)

    def clean(self, *, starting: bool = False) -> list[Held]:
        """Drop what has waited for more than a day; when starting, also what a killed door left half written.

        The day is one that the door has been there, added up from call to call: no clock that jumps ends it.
        """
        if starting:
            for path in self._folder.glob("*.upload"):
                path.unlink()
            shutil.rmtree(self._folder / "trees", ignore_errors=True)
        now = time.monotonic()
        passed, self._looked = now - self._looked, now
        old = [held for held in self.all_held() if held.waited(passed) > KEPT_SECONDS]
        for held in old:
            self.forget(held)
        return old

    def _keep(self, path: Path, name: str, *, whole: bool) -> None:
        place = self._place(name, whole=whole)
        place.mkdir(exist_ok=True)
        (place / "name").write_text(name, encoding="utf-8")
        path.replace(place / "file")
        _sync(place)
        _sync(place.parent)

    def _place(self, name: str, *, whole: bool) -> Path:
        return self._kind(whole=whole) / hashlib.sha256(name.encode()).hexdigest()[:32]

    def _kind(self, *, whole: bool) -> Path:
        return self._folder / ("held" if whole else "begun")


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise BadInput("The file is larger than {limit} MiB", limit=MAX_BYTES >> 20)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # finished since it was listed
        return 0


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
