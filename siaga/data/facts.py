"""What the installed files hold: where, how many of each kind, how many people, and whom their zones leave out."""

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siaga import keys, moment
from siaga.data import analysis_data, versions
from siaga.data.manifest import ManifestFile
from siaga.data.versions import Coverage, Facts, LevelCoverage
from siaga.errors import NotFound
from siaga.exposure.extent import Extent, Frame
from siaga.exposure.zones import INSTALLED
from siaga.gis import basemap, extent
from siaga.gis.people import shares
from siaga.gis.people.population import PopulationGrid
from siaga.gis.people.shares import Level

if TYPE_CHECKING:
    from siaga.store import Store

_KINDS = {"zones": "level", "places": "kind", "structures": "type", "roads": "type", "land_cover": "type"}
_MOST_ZONES = 600  # of a level, for a table of each; Indonesia has 514 districts and cities
_NAMED = 60  # zones that are named, of those in which nobody is counted
_EDGE = 64  # points along an edge of a grid in metres


def of(role: str, path: Path) -> Facts:
    """What a file holds, as it is installed. Raises BadInput where it cannot be read."""
    if role == "population":
        return _people(PopulationGrid.open(path))
    if role == "history":
        with path.open("rb") as lines:
            return Facts({"quakes": sum(1 for _ in lines) - 1})
    if path.suffix == ".csv":
        return _points(path, _KINDS.get(role, ""))
    placed, counts = extent.features(path, _KINDS.get(role, ""), basemap.LAYERS if role == "basemap" else ())
    return Facts(counts, edges=placed.frame.edges if placed else None, extent=placed)


def complete(store: "Store", cache: Path) -> int:
    """Reckon what is not yet known of the installed files and of their coverage; returns how much that was.

    store: with the rights of root.
    """
    try:
        entries = analysis_data.manifest_of(store)["files"]
    except NotFound:
        return 0
    fresh = [entry for entry in entries if versions.stored(store, entry["role"], entry["sha256"]) is None]
    for entry in fresh:
        path = analysis_data.fetched(store, cache, entry)
        modified = store.head(keys.ANALYSIS_DATA, entry["path"]).modified
        versions.record(store, entry, of(entry["role"], path), moment.stamp(modified))
    counting = {entry["role"]: entry for entry in entries}
    return len(fresh) + _cover(store, cache, counting, versions.listed(store))


def _cover(
    store: "Store",
    cache: Path,
    counting: dict[str, ManifestFile],
    listed: dict[str, list[versions.Version]],
) -> int:
    """What zones hold of people: every version of the one with what counts of the other."""
    pairs = [
        (people.file, zones.file)
        for people in listed.get("population", ())
        for zones in listed.get("zones", ())
        if counting.get("population") == people.file or counting.get("zones") == zones.file
    ]
    fresh = [pair for pair in pairs if versions.coverage(store, *(one["sha256"] for one in pair)) is None]
    for people, zones in fresh:
        paths = [analysis_data.fetched(store, cache, one) for one in (people, zones)]
        prepared = shares.prepare(PopulationGrid.open(paths[0]), paths[1], INSTALLED, cache)
        levels = tuple(_level(level) for level in prepared.levels)
        reckoned = Coverage(prepared.people, levels, prepared.warnings)
        versions.keep_coverage(store, people["sha256"], zones["sha256"], reckoned)
    return len(fresh)


def _level(level: Level) -> LevelCoverage:
    nobody = [f"{zone.code} {zone.name}" for zone in level.zones if zone.cells and not zone.people]
    beyond = [f"{zone.code} {zone.name}" for zone in level.zones if not zone.cells]
    shown = level.zones if len(level.zones) <= _MOST_ZONES else []
    rows = [(zone.code, zone.name, zone.people if zone.cells else None) for zone in shown]
    return LevelCoverage(
        level.name or "",
        len(level.zones),
        sum(zone.people for zone in level.zones),
        len(nobody),
        len(beyond),
        tuple(nobody[:_NAMED]),
        tuple(beyond[:_NAMED]),
        tuple(sorted(rows, key=lambda row: (row[2] is None, -(row[2] or 0.0), row[0]))),
    )


def _points(path: Path, kind: str) -> Facts:
    """Of a table as imports write it."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    longitude, latitude = (np.array([float(row[name]) for row in rows]) for name in ("longitude", "latitude"))
    counts = Counter(row[kind] if kind else "" for row in rows)
    if not rows:
        return Facts(counts)
    edges = _bounds(longitude, latitude)
    frame = Frame.around(*edges)
    amounts = np.bincount(frame.cells(longitude, latitude), minlength=frame.rows * frame.columns).astype(np.float64)
    return Facts(dict(counts), edges=edges, extent=Extent.of(frame, amounts))


def _people(grid: PopulationGrid) -> Facts:
    """Of a grid of any CRS, in strips."""
    edges = _edges(grid)
    frame = Frame.around(*edges)
    amounts, people, unknown = np.zeros(frame.rows * frame.columns), 0.0, 0
    for strip in grid.strips(grid.whole):
        longitude, latitude = grid.lonlat(strip.window)
        cells = frame.cells(longitude.ravel(), latitude.ravel())
        amounts += np.bincount(cells, strip.people.ravel(), len(amounts))
        people += float(strip.people.sum())
        unknown += 0 if strip.unknown is None else int(strip.unknown.sum())
    return Facts({}, people, grid.rows * grid.columns, unknown, edges, Extent.of(frame, amounts))


def _edges(grid: PopulationGrid) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees, from cells along the outline."""
    rows, columns = (np.linspace(0, count - 1, _EDGE).astype(np.int64) for count in (grid.rows, grid.columns))
    down, across = np.repeat([0, grid.rows - 1], _EDGE), np.repeat([0, grid.columns - 1], _EDGE)
    row, column = np.concatenate((down, rows, rows)), np.concatenate((columns, columns, across))
    longitude, latitude = grid.lonlat_of(grid.whole, row, column)
    return _bounds(longitude, latitude)


def _bounds(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> tuple[float, float, float, float]:
    return (float(longitude.min()), float(latitude.min()), float(longitude.max()), float(latitude.max()))
