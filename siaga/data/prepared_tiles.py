"""The installed base map as vector tiles: drawn at an import, kept in the bucket, read by the web a piece at a time.

One archive, `tiles/<sha256>.pmtiles`, and `tiles/current.json`, which names it. It follows from installed files
alone and no figure depends on it, so no manifest names it and no run's id knows of it.
"""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from siaga import diskcache, filehash, keys
from siaga.data import analysis_data
from siaga.data.analysis_data import AnalysisData
from siaga.data.map_tiles import MapTiles
from siaga.gis import tiles

if TYPE_CHECKING:
    from siaga.store import Store

ROLES = ("basemap", "places")
_ARCHIVE = "basemap.pmtiles"
_RECIPE = (Path(tiles.__file__), tiles.NAMES)
_STAY = timedelta(days=1)  # archives of before: pages that are open read on from them


def publish(store: "Store", exposure: AnalysisData, cache: Path) -> MapTiles | None:
    """Draw the tiles, unless this machine has drawn them before, and put them into the bucket.

    None where no base map is installed; then none is named in the bucket either. Archives of data that were
    replaced more than a day ago are removed from it.
    """
    base, towns = (exposure.path(role) for role in ROLES)
    sources = dict.fromkeys(file["source"] for file in exposure.files if file["role"] in ROLES)
    drawn = _drawn(base, towns, store, cache, "; ".join(one for one in sources if one)) if base else None
    made_of = tuple(file["sha256"] for file in exposure.files if file["role"] in ROLES)
    if drawn is None:
        store.delete(keys.ANALYSIS_DATA, keys.MAP_TILES)
    else:
        body = json.dumps(asdict(replace(drawn, made_of=made_of)), sort_keys=True).encode()
        store.put(keys.ANALYSIS_DATA, keys.MAP_TILES, body, "application/json")
    kept = {keys.MAP_TILES} | ({keys.tiles(drawn.sha256)} if drawn else set())
    for old in list(store.list(keys.ANALYSIS_DATA, keys.TILES)):
        if old.key not in kept and datetime.now(UTC) - old.modified > _STAY:
            store.delete(keys.ANALYSIS_DATA, old.key)
    return drawn


def _drawn(base: Path, towns: Path | None, store: "Store", cache: Path, credit: str) -> MapTiles:
    """The archive of these files, in the bucket too."""
    entry = cache / diskcache.TILES / _name(base, towns)
    diskcache.keep(entry, lambda folder: tiles.write(folder / _ARCHIVE, base, towns))
    archive = entry / _ARCHIVE
    sha256 = filehash.sha256(archive)
    analysis_data.upload(store, keys.tiles(sha256), archive, sha256)
    return MapTiles(sha256, archive.stat().st_size, tiles.bounds(archive), credit)


def _name(base: Path, towns: Path | None) -> str:
    """Of the entry in this machine's cache: what the tiles are made of, and how."""
    digest = hashlib.sha256()
    for path in (*_RECIPE, base, *([towns] if towns else [])):
        digest.update(filehash.sha256(path).encode())
    return digest.hexdigest()[:32]
