"""The files of a version as assets of STAC items: what each is, its bytes and its hash."""

from collections.abc import Callable

from siaga import keys
from siaga.catalog import Entry
from siaga.language import Language
from web import downloads
from web.feeds import addresses
from web.services import services

_SHA256 = "1220"  # before a hash of 32 bytes: a multihash, as the file extension wants it
_HAZARD = (  # what tells of the hazard alone; the rest tells what it does
    *("grid.xml", "hazard.tif", "contours.geojson", "bands.geojson"),
    *("flood_data.json", "flood.geojson", "request.json", "classes.geojson", "cumulative.tif"),
)
_ROLES = {"pdf": "overview", "html": "overview", "png": "visual", "tif": "data", "gpkg": "data"}


def of(entry: Entry, kind: str, _: Language) -> dict[str, object]:
    """Those of an item. kind: events (the page, the report, the message), hazards or impacts."""
    if kind == "events":
        return _pages(entry) | _files(entry, lambda path: path.startswith(("report-", "share-")), _)
    if kind == "hazards":
        return _files(entry, lambda path: path in _HAZARD, _)
    return _files(entry, lambda path: path.startswith(("zones.", "event.")) or path == keys.IMPACT, _)


def _pages(entry: Entry) -> dict[str, object]:
    return {
        "page": {"href": addresses.event(entry), "type": "text/html", "roles": ["overview"]},
        "cap": {"href": addresses.alert(entry), "type": "application/cap+xml", "roles": ["metadata"]},
    }


def _files(entry: Entry, wanted: Callable[[str], bool], _: Language) -> dict[str, object]:
    runs = services().runs
    sizes, hashes = runs.sizes(entry), runs.hashes(entry)
    names = {one["path"]: one["name"] for one in downloads.listed(entry["hazard"], sizes, hashes, _)}
    return {
        path: {
            "href": addresses.file(entry, path),
            "title": title,
            "type": downloads.MEDIA_TYPES[path.rpartition(".")[2]],
            "roles": [_ROLES.get(path.rpartition(".")[2], "data")],
            "file:size": sizes[path],
            "file:checksum": f"{_SHA256}{hashes[path]}",
        }
        for path, title in names.items()
        if wanted(path) and path in hashes
    }
