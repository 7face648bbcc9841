"""Which edition of the report is printed: a hash over all that shapes it."""

from functools import cache
from hashlib import sha256
from pathlib import Path

_KINDS = {".py", ".po", ".html", ".css", ".svg", ".jinja"}
_ALSO = tuple(
    Path(__file__).parent.parent / "gis" / f"{name}.py" for name in ("basemap", "furniture", "map", "scale", "symbols")
)


@cache
def templates_sha256() -> str:
    """Over templates, styles, catalogues and code of the report; part of what names a run."""
    digest = sha256()
    folder = Path(__file__).parent
    found = sorted(path for path in folder.rglob("*") if path.suffix in _KINDS)
    for path in (*found, *_ALSO):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
