"""A backup put back: secrets into their folder, then every object into its bucket, the older contents first.

Safe to repeat: what is there already with the same content is left, so that one that was cut off goes on.
"""

import hashlib
import io
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import IO, BinaryIO, cast

from siaga import keys, moment
from siaga.errors import SiagaError
from siaga.keeping.archive import FILE, OBJECT, SECRET, Member, read
from siaga.keeping.lanes import Lanes
from siaga.settings import Settings
from siaga.store import Store

CAME = "mtime"  # metadata of what was put back: when it came first, in seconds since 1970, as rclone writes it
_WHOLE_BYTES = 8 << 20  # larger contents wait on disk
_PIECE = 1 << 20


@dataclass
class Restored:
    """What was put back.

    put, same: objects by bucket. differing: names of what is there with another content, which stayed.
    secrets: how many were written.
    """

    put: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)
    secrets: int = 0
    size: int = 0


class Restoring:
    """Puts one backup back."""

    def __init__(self, settings: Settings, over: bool, say: Callable[[str, int], None]) -> None:
        """over: what is there with another content is replaced. say: bucket, and how many objects so far."""
        self._settings, self._over, self._say = settings, over, say
        self._goes_on = False
        self.result = Restored()
        self._there: dict[str, dict[str, str]] = {}  # by bucket: keys that were there, and their ETags
        self._lock = Lock()

    def go_on(self) -> None:
        """What is there was put by a restore that was cut off: contents of before give way, secrets stay."""
        self._goes_on = True

    def secrets(self, stream: IO[bytes]) -> None:
        """Secrets and files alone; what follows them is not read. Raises BadInput, SiagaError."""
        for member, content in read(stream):
            if member.kind == OBJECT:
                return
            self._write(member, content.read())

    def everything(self, stream: IO[bytes], begin: Callable[[], Store]) -> None:
        """Everything. begin: makes the store ready once the secrets are there, and opens it with the rights of root.

        Raises BadInput where the backup is not whole, Unavailable where the store does not answer.
        """
        store: Store | None = None
        with Lanes() as lanes:
            for member, content in read(stream):
                if member.kind != OBJECT:
                    self._write(member, content.read())
                    continue
                if member.bucket not in keys.BUCKETS:
                    raise SiagaError("The backup holds a bucket that is none of ours: {name}", name=member.bucket)
                store = store or begin()
                body = _held(content, member.size, self._settings.home)
                name = f"{member.bucket}/{member.name}"
                lanes.hand_over(name, partial(self._put, store, member, body, self._found(store, member.bucket)))

    def _found(self, store: Store, bucket: str) -> dict[str, str]:
        if bucket not in self._there:
            self._there[bucket] = {head.key: head.etag for head in store.list(bucket)}
        return self._there[bucket]

    def _put(self, store: Store, member: Member, body: BinaryIO, there: dict[str, str]) -> None:
        with body:
            etag = there.get(member.name)
            is_same = etag is not None and etag == _md5(body)
            if is_same or (etag is not None and not member.last):
                if is_same and member.deleted:  # it was cut off before that
                    store.delete(member.bucket, member.name)
                elif is_same and self._goes_on and not member.last:  # what comes after it is not there yet
                    del there[member.name]
                self._count(self.result.same, member)
                return
            if etag is not None and not (self._over or self._goes_on):
                with self._lock:
                    self.result.differing.append(f"{member.bucket}/{member.name}")
                return
            came = {CAME: f"{moment.parse(member.modified).timestamp():.0f}"}
            store.put(member.bucket, member.name, body, member.media_type, metadata=came | member.metadata)
            if member.deleted:
                store.delete(member.bucket, member.name)
        self._count(self.result.put, member)

    def _count(self, counts: Counter[str], member: Member) -> None:
        with self._lock:
            counts[member.bucket] += 1
            self.result.size += member.size
            total = self.result.put[member.bucket] + self.result.same[member.bucket]
        self._say(member.bucket, total)

    def _write(self, member: Member, body: bytes) -> None:
        folder = self._settings.secrets if member.kind == SECRET else self._settings.home
        path = _inside(folder, member)
        if path.exists():
            if path.read_bytes() != body and not self._over and member.kind == SECRET:
                self.result.differing.append(f"secrets/{member.name}")
            if not self._over:
                return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            file.write(body)
        part.replace(path)
        self.result.secrets += member.kind == SECRET


def _inside(folder: Path, member: Member) -> Path:
    """Where a secret or file goes: never elsewhere, whatever its name says."""
    depth = 1 if member.kind == SECRET else 2
    parts = member.name.split("/")
    if member.kind not in (SECRET, FILE) or len(parts) > depth or any(part in ("", ".", "..") for part in parts):
        raise SiagaError("The backup holds a file under a name that is none of ours: {name}", name=repr(member.name))
    return folder.joinpath(*parts)


def _held(content: IO[bytes], size: int, folder: Path) -> BinaryIO:
    """The content apart from the stream, which goes on meanwhile: in memory, or on disk where it is large."""
    body = io.BytesIO() if size <= _WHOLE_BYTES else cast(BinaryIO, tempfile.TemporaryFile(dir=folder))  # noqa: SIM115
    left = size
    while left:
        piece = content.read(min(_PIECE, left))
        if not piece:
            raise SiagaError("The backup ended within an object")
        body.write(piece)
        left -= len(piece)
    body.seek(0)
    return body


def _md5(body: IO[bytes]) -> str:
    """What a store gives as ETag of a content that came in one piece."""
    digest = hashlib.md5(usedforsecurity=False)
    while piece := body.read(_PIECE):
        digest.update(piece)
    body.seek(0)
    return digest.hexdigest()
