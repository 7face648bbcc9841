"""An old server's folders, put into buckets: inputs where they wake a function, everything else as archive.

The folders are those of InaSAFE Realtime's volumes. What is put waits as backfill behind everything live, the newest
first. Safe to repeat: a file that is there with the same content is left.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import md5, sha256
from pathlib import Path
from threading import Lock

from siaga import archived, keys
from siaga.errors import Conflict, SiagaError, of_file
from siaga.keeping.lanes import Lanes
from siaga.store import Store

# By the old volume's name, with or without `-data` behind it: where its inputs go. None: nothing in it is an input.
VOLUMES: Mapping[str, str | None] = {
    "shakemaps": keys.SHAKEMAPS,
    "shakemaps-bmkg": keys.SHAKEMAPS,
    "shakemaps-corrected": keys.SHAKEMAPS_CORRECTED,
    "shakemaps-bnpb": keys.SHAKEMAPS_BNPB,
    "shakemaps-extracted": None,
    "shakemaps-corrected-extracted": None,
    "floodmaps": keys.FLOODMAPS,
    "ashmaps": keys.ASHMAPS,
}
MIGRATED = {"uploader": "migration"}
_OF_IDS = frozenset("-_0123456789")
_MEDIA = {".pdf": "application/pdf", ".png": "image/png", ".json": "application/json", ".xml": "application/xml"}
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class OldFile:
    """One file and its place. modified: seconds since 1970. order: inputs first, of them the newest."""

    path: str
    bucket: str
    key: str
    size: int
    modified: float
    order: tuple[int, float]


@dataclass
class Outcome:
    """What became of the files of a tree. put, same: by volume. differing, failed: by path, and why."""

    put: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    size: int = 0


def volumes(folder: Path, names: Mapping[str, str]) -> dict[str, Path]:
    """The volumes of a tree: by name in VOLUMES, each with its folder.

    names: of folders that are called otherwise, with the volume that each is. Raises SiagaError where there is none,
    and where two folders are one volume.
    """
    if unknown := next((volume for volume in names.values() if volume not in VOLUMES), None):
        raise SiagaError("There is no volume {name}, only {volumes}", name=unknown, volumes=", ".join(VOLUMES))
    try:
        inner = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise of_file(error, folder) from error
    found: dict[str, Path] = {}
    for path in inner:
        volume = names.get(path.name, path.name.removesuffix("-data"))
        if volume in VOLUMES and (other := found.setdefault(volume, path)) is not path:
            raise SiagaError("{a} and {b} are both {volume}; call it for each apart", a=other, b=path, volume=volume)
    own = names.get(folder.name, folder.name.removesuffix("-data"))
    if found:
        return found
    if own in VOLUMES:
        return {own: folder}
    raise SiagaError(
        "{folder} holds no volume of the old server: {volumes}; name folders that are called otherwise with --volume",
        folder=folder,
        volumes=", ".join(VOLUMES),
    )


def planned(
    folders: Mapping[str, Path], outcome: Outcome, say: Callable[[str, int], None]
) -> list[tuple[str, OldFile]]:
    """All files, each with its volume, in the order in which they are put. What cannot be read stands in `outcome`."""
    files: list[tuple[str, OldFile]] = []
    for volume, folder in folders.items():
        for path in _files(str(folder), outcome):
            try:
                files.append((volume, _placed(volume, folder, path)))
            except (OSError, SiagaError) as error:
                outcome.failed[path] = str(error)
            say(volume, len(files))
    return sorted(files, key=lambda one: (one[1].order, one[1].path))


class Putting:
    """Puts files into the store. Shared by several threads."""

    def __init__(self, store: Store, outcome: Outcome, say: Callable[[int], None]) -> None:
        """store: with the rights of root. say: how many files are settled."""
        self._store, self._outcome, self._say = store, outcome, say
        self._there: dict[str, dict[str, str]] = {}  # by bucket: keys, and their ETags
        self._lock = Lock()
        self._settled = 0

    def put(self, files: Sequence[tuple[str, OldFile]]) -> None:
        """All of them; what goes wrong with one stands in the outcome. Raises Unavailable when the store goes away."""
        for bucket in {file.bucket for _volume, file in files}:
            self._there[bucket] = {head.key: head.etag for head in self._store.list(bucket)}
        with Lanes() as lanes:
            for volume, file in files:
                lanes.hand_over(file.key, partial(self._one, volume, file))

    def _one(self, volume: str, file: OldFile) -> None:
        try:
            counts = self._settle(file)
        except OSError as error:
            counts = None
            with self._lock:
                self._outcome.failed[file.path] = error.strerror or str(error)
        with self._lock:
            if counts is not None:
                counts[volume] += 1
            self._settled += 1
            settled = self._settled
        self._say(settled)

    def _settle(self, file: OldFile) -> Counter[str] | None:
        """Put it, unless it is there; the store must hold what was read. Returns the count that it belongs to."""
        plain, strong = _hashes(file.path)
        there = self._there[file.bucket].get(file.key)
        if there is not None:
            return self._compared(file, plain, there)
        metadata = MIGRATED | {"mtime": f"{file.modified:.0f}", "sha256": strong}
        with open(file.path, "rb") as body:
            media = _MEDIA.get(os.path.splitext(file.path)[1].lower(), "application/octet-stream")
            try:
                etag = self._store.put(file.bucket, file.key, body, media, metadata=metadata, if_absent=True)
            except Conflict:  # came since it was listed, from BMKG or from another folder of the tree
                return self._compared(file, plain, self._store.head(file.bucket, file.key).etag)
        if etag != plain and "-" not in etag:
            raise OSError(0, "it was changed while it was read, or the store holds something else; call this again")
        with self._lock:
            self._outcome.size += file.size
        return self._outcome.put

    def _compared(self, file: OldFile, plain: str, there: str) -> Counter[str] | None:
        """What is there already stays; another content is named."""
        if there == plain:
            return self._outcome.same
        with self._lock:
            self._outcome.differing.append(f"{file.path} -> {file.bucket}/{file.key}")
        return None


def _files(folder: str, outcome: Outcome) -> Iterator[str]:
    """All files below; links and what is hidden are not followed, and said to be left."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        outcome.failed[folder] = error.strerror or str(error)
        return
    for entry in entries:
        if entry.name.startswith("."):
            outcome.failed[entry.path] = "hidden; everybody could read it where archives are served"
        elif entry.is_symlink():
            outcome.failed[entry.path] = "a link; what it leads to is not copied from here"
        elif entry.is_dir():
            yield from _files(entry.path, outcome)
        elif entry.is_file():
            yield entry.path


def _placed(volume: str, folder: Path, path: str) -> OldFile:
    within = os.path.relpath(path, folder).replace(os.sep, "/")
    if not within.isprintable():
        raise SiagaError("its name is no text that can be shown; give it another")
    told = os.stat(path)
    bucket = VOLUMES[volume]
    if bucket and (keys.woken(bucket, within) or (within.endswith(f"/{keys.ASH_RASTER}") and _has_request(path))):
        clock = keys.clock(bucket, within)
        happened = clock.timestamp() if clock else told.st_mtime
        return OldFile(path, bucket, within, told.st_size, told.st_mtime, (0, -happened))
    name = within.rpartition("/")[2]
    corrected = volume.startswith("shakemaps-corrected")
    key = archived.report(name, corrected) if _is_report(name) else archived.file(volume, within)
    return OldFile(path, keys.RESULTS, key, told.st_size, told.st_mtime, (1, -told.st_mtime))


def _is_report(name: str) -> bool:
    """Whether a file is called like a public report: `<id>-<lang>.pdf`, `.png`, `<id>-thumb-<lang>.png`."""
    stem, _, kind = name.rpartition(".")
    event_id = stem[:-3].removesuffix("-thumb")
    return kind in ("pdf", "png") and stem.endswith(("-id", "-en")) and bool(event_id) and set(event_id) <= _OF_IDS


def _has_request(path: str) -> bool:
    return os.path.exists(os.path.join(os.path.dirname(path), keys.ASH_REQUEST))


def _hashes(path: str) -> tuple[str, str]:
    plain, strong = md5(usedforsecurity=False), sha256()
    with open(path, "rb") as body:
        while piece := body.read(_PIECE):
            plain.update(piece)
            strong.update(piece)
    return plain.hexdigest(), strong.hexdigest()
