"""What a machine keeps so as not to make or fetch it twice: entries, each a folder, leased while used, else evicted.

Who uses an entry leases it at each use; nobody removes it within a day from then, and no call takes that long.
What is not needed any more goes a month after its last use, or earlier, the one unused longest first, where such
entries have too many bytes together. Any number of processes may do all of this at once, and die at any moment.
"""

import fcntl
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FOLDERS = ANALYSIS_DATA, SHARES, TILES = ("analysis-data", "shares", "tiles")  # of the cache, those that hold entries
LEASE_SECONDS = 86_400
KEEP_SECONDS = 30 * 86_400
MOST_BYTES = 4 << 30  # of entries that are not needed
_EVICT_SECONDS = 86_400  # between two looks
_LOCK, _EVICTED = ".lock", ".evicted"
_log = logging.getLogger("siaga.diskcache")


def lease(entry: Path) -> bool:
    """Whether the entry is there; then it stays there for LEASE_SECONDS from now at the least."""
    try:
        with _locked(entry.parent, fcntl.LOCK_SH):
            os.utime(entry)
    except OSError:  # it is not there; or the folder may only be read, and then nobody can evict either
        return entry.is_dir()
    return True


def keep(entry: Path, make: Callable[[Path], None]) -> None:
    """Lease the entry; where it is not there, have it made first: whole or not at all.

    make: fills the empty folder that it is given; what it raises is raised. Of two processes at once the first counts.
    """
    if lease(entry):
        return
    entry.parent.mkdir(parents=True, exist_ok=True)
    with scratch(entry.parent) as made:
        made.mkdir()
        make(made)
        try:
            made.replace(entry)
        except OSError:
            if not entry.is_dir():  # else another process was first
                raise


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A path within the folder for one file or folder that is being made; gone afterwards unless it was moved.

    What a killed process leaves of it goes when entries are evicted.
    """
    path = folder / f".{os.getpid()}-{secrets.token_hex(4)}"
    try:
        yield path
    finally:
        _remove(path)


def evict(cache: Path, needed: Collection[str]) -> None:
    """Remove what is not needed any more from the FOLDERS of the cache, once a day at most.

    needed: names of entries that stay, however long nobody has used them. A failure is logged, nothing more: it must
    not undo the work of whoever calls.
    """
    try:
        if not _is_time(cache / _EVICTED):
            return
        there = [folder for name in FOLDERS if (folder := cache / name).is_dir()]
        for folder in there:
            _sweep(folder)
        _evict([entry for folder in there for entry in _entries(folder) if entry.name not in needed])
    except OSError as error:
        _log.warning("what is kept in %s cannot be thinned: %s", cache, error)


def _is_time(note: Path) -> bool:
    if note.exists() and _age(note) < _EVICT_SECONDS:
        return False
    note.touch()
    return True


def _evict(entries: Sequence[Path]) -> None:
    sizes = {entry: _size(entry) for entry in entries}
    total = sum(sizes.values())
    for entry in sorted(entries, key=_age, reverse=True):
        if (total > MOST_BYTES or _age(entry) > KEEP_SECONDS) and _evicted(entry):
            total -= sizes[entry]


def _evicted(entry: Path) -> bool:
    """Remove the entry unless its lease still runs; whether it is gone."""
    with scratch(entry.parent) as aside:
        with _locked(entry.parent, fcntl.LOCK_EX):
            if _age(entry) < LEASE_SECONDS:
                return False
            if entry.exists():  # else another process was first
                entry.rename(aside)  # at once for all who look; bytes are freed after the lock
        return True


def _sweep(folder: Path) -> None:
    """Remove what killed processes left half made."""
    for path in folder.iterdir():
        if path.name.startswith(".") and path.name != _LOCK and _age(path) > LEASE_SECONDS:
            _remove(path)


def _entries(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]


def _age(path: Path) -> float:
    """Seconds since its last use; infinite where it is gone meanwhile."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _size(entry: Path) -> int:
    return sum(path.stat().st_size for path in entry.rglob("*") if path.is_file())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Hold the folder's lock, shared or alone, for the moment in which an entry is leased or set aside."""
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, how)
        yield
    finally:
        os.close(lock)
