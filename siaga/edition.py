"""Which edition of the report is printed: a hash over all that shapes it, colours included."""

from functools import cache
from hashlib import sha256
from pathlib import Path

_KINDS = {".py", ".po", ".html", ".css", ".svg", ".jinja"}
_SHAPING = ("report", "gis/map", "gis/basemap.py", "palette.py", "conventions.py", "dates.py", "moment.py")


@cache
def templates_sha256() -> str:
    """Over templates, styles, catalogues, colours and code of the report and its maps; part of what names a run."""
    digest = sha256()
    siaga = Path(__file__).parent
    for path in sorted(part for name in _SHAPING for part in _files(siaga / name)):
        digest.update(path.relative_to(siaga).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [part for part in path.rglob("*") if part.suffix in _KINDS]
