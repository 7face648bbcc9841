"""The sha256 of large files, reckoned once as long as the file stays as it is."""

import hashlib
import json
import os
import secrets
import time
from pathlib import Path

_SETTLED_NS = 2_000_000_000  # a file younger than this may change again without a sign in its times
_BESIDE = {".dbf", ".prj", ".shx", ".cpg", ".hdr", ".tfw"}
_known: dict[tuple[str, tuple[int, ...]], str] = {}


def sha256(path: Path, cache: Path | None = None) -> str:
    """Hexadecimal sha256 of a file's content.

    cache: a folder; hashes are kept below it, in `hashes`, and hold while the file has the same size,
    times and inode. Raises OSError when the file cannot be read.
    """
    where = str(path.resolve())
    seen = _seen(path)
    note = cache / "hashes" / f"{hashlib.sha256(where.encode()).hexdigest()[:32]}.json" if cache else None
    found = _known.get((where, seen)) or (_noted(note, seen) if note else None)
    if found is None:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if time.time_ns() - max(seen[1:3]) < _SETTLED_NS or seen != _seen(path):
            return found
        if note:
            _write(note, json.dumps({"seen": seen, "sha256": found}))
    _known[where, seen] = found
    return found


def of_dataset(path: Path, cache: Path | None = None) -> str:
    """A hash that also changes with the files that belong to it: a shapefile's table, an ASCII grid's CRS.

    The file's own sha256 where it stands alone.
    """
    beside = sorted(one for one in path.parent.glob(f"{path.stem}.*") if one.suffix.lower() in _BESIDE and one != path)
    hashes = [sha256(one, cache) for one in (path, *beside)]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _seen(path: Path) -> tuple[int, ...]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _noted(note: Path, seen: tuple[int, ...]) -> str | None:
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
        return str(kept["sha256"]) if tuple(kept["seen"]) == seen else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
