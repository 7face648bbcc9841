"""What a map in the browser asks for: MapLibre and its style, and the tiles' archive a piece at a time."""

import gzip
import json
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response, g, request

from siaga.errors import NotFound
from web.maps import style
from web.services import services

_PACKAGES = Path(__file__).parent.parent / "node_modules"
_LIBRARY = {
    "maplibre-gl.mjs": "maplibre-gl/dist/maplibre-gl.mjs",
    "maplibre-gl-worker.mjs": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "maplibre-gl-shared.mjs": "maplibre-gl/dist/maplibre-gl-shared.mjs",
    "maplibre-gl.css": "maplibre-gl/dist/maplibre-gl.css",
    "pmtiles.js": "pmtiles/dist/pmtiles.js",
}
_DAY, _YEAR = 86400, 365 * 86400
_ARCHIVE = "application/vnd.pmtiles"

pages = Blueprint("maps", __name__)


@pages.get("/map/lib/<name>")
def library(name: str) -> Response:
    """The code that draws maps, as npm brings it, packed."""
    if name not in _LIBRARY:
        raise NotFound("Nothing is here")
    body, etag = _packed(_LIBRARY[name])
    unpacked = not request.accept_encodings["gzip"]
    response = Response(gzip.decompress(body) if unpacked else body)
    response.mimetype = "text/css" if name.endswith(".css") else "text/javascript"
    if not unpacked:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.cache_control.public = True
    response.cache_control.max_age = _DAY
    response.set_etag(etag)
    response.make_conditional(request)
    return response


@pages.get("/map/style.json")
def looks() -> Response:
    """What a map shows below what a page draws on it, with names in the reader's language."""
    found = services().map_tiles.current()
    body = json.dumps(style.of(found, g.code, request.root_path, services().others), ensure_ascii=False)
    response = Response(body, mimetype="application/json")
    response.add_etag()
    response.make_conditional(request)
    return response


@pages.get("/map/<digest>.pmtiles")
def tiles(digest: str) -> Response:
    """The tiles' archive of that sha256, or the part of it that is asked for; it never changes."""
    size = services().map_tiles.size(digest)
    if size is None:
        raise NotFound("Nothing is here")
    part = request.range.range_for_length(size) if request.range else None
    if request.range and part is None:
        response = Response(status=416)
        response.headers["Content-Range"] = f"bytes */{size}"
        return response
    first, end = part or (0, size)
    response = Response(services().map_tiles.read(digest, first, end), 206 if part else 200, mimetype=_ARCHIVE)
    if part:
        response.headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    response.accept_ranges = "bytes"
    response.set_etag(digest)
    response.cache_control.public, response.cache_control.immutable = True, True
    response.cache_control.max_age = _YEAR
    return response


@cache
def _packed(path: str) -> tuple[bytes, str]:
    """A file of a package, packed once, and what names its content."""
    body = (_PACKAGES / path).read_bytes()
    return gzip.compress(body, mtime=0), sha256(body).hexdigest()[:32]
