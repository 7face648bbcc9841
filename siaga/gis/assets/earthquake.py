"""The shaking laid upon structures, roads and land cover, where the operator has installed them.

All three are read in batches, so that memory does not grow with the data.
"""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.exposure import vocabulary
from siaga.exposure.vocabulary import OVERLAYS
from siaga.exposure.zones import INSTALLED, ZoneFields
from siaga.foreign import Array
from siaga.gis import crs, ellipsoid, layers
from siaga.gis.assets import landcover, stream
from siaga.hazard.shakemap import ShakeMap
from siaga.impact import assets
from siaga.impact.mmi import classify
from siaga.impact.stored.earthquake import (
    EarthquakeLayers,
    NotableStructure,
    ShakenLand,
    ShakenRoads,
    ShakenStructures,
)

_POINTS_AT_ONCE = 65_536
_LINES_AT_ONCE = 4_096
_PIECES_AT_ONCE = 262_144
_STEPS_PER_NODE = 20  # a road is classified piece by piece, each at most this part of the nodes' spacing


def describe(
    shakemap: ShakeMap, paths: Mapping[str, Path | None], zones: Path | None, fields: ZoneFields = INSTALLED
) -> EarthquakeLayers:
    """impact.json's structures, roads, land_cover and layers_missing.

    paths: by role, FlatGeobuf as `siaga data import` writes it; None where nothing is installed.
    zones: polygons that name the places of single structures, and how their fields are named.
    """
    buildings, ways, land = (paths.get(role) for role in ("structures", "roads", "land_cover"))
    found: EarthquakeLayers = {
        "structures": structures(shakemap, buildings) if buildings else None,
        "roads": roads(shakemap, ways) if ways else None,
        "land_cover": land_cover(shakemap, land) if land else None,
        "layers_missing": [],
    }
    empty = {"structures": found["structures"] is None, "roads": found["roads"] is None}
    empty["land_cover"] = found["land_cover"] is None
    found["layers_missing"] = [
        assets.not_installed(role) if paths.get(role) is None else assets.off_the_map(role)
        for role in OVERLAYS
        if empty[role]
    ]
    if found["structures"] and zones:
        _name_places(found["structures"]["notable"], zones, fields.name or fields.code)
    return found


def structures(shakemap: ShakeMap, path: Path) -> ShakenStructures | None:
    """Structures by type and MMI class, each counted once, at its point; None when none is on the map."""
    counts = np.zeros((len(vocabulary.STRUCTURE_TYPES), 11))
    listed = _Notable()
    for batch in stream.batches(path, shakemap.nodes.edges, ("type", "name"), _POINTS_AT_ONCE):
        longitude, latitude = batch.points()
        mmi = shakemap.at(longitude, latitude)
        kind, classes = stream.codes(batch.columns["type"], vocabulary.STRUCTURE_TYPES), classify(mmi)
        counts += np.bincount(kind * 11 + classes, minlength=counts.size).reshape(counts.shape)
        listed.add(kind, classes, mmi, longitude, latitude, batch.columns["name"])
    counts = counts[:, 1:]
    return assets.structures_record(counts, listed.records(), listed.rest()) if counts.any() else None


def roads(shakemap: ShakeMap, path: Path) -> ShakenRoads | None:
    """Ellipsoidal kilometres by class and MMI class; None when no road is on the map.

    A line is cut into pieces of at most 1/20 of the nodes' spacing (about 140 m on BMKG's maps), and each
    piece has the class at its middle.
    """
    km = np.zeros((len(vocabulary.ROAD_CLASSES), 11))
    step = min(shakemap.nodes.lon_step, shakemap.nodes.lat_step) / _STEPS_PER_NODE
    for batch in stream.batches(path, shakemap.nodes.edges, ("type",), _LINES_AT_ONCE):
        kind = stream.codes(batch.columns["type"], vocabulary.ROAD_CLASSES)
        parts, of = shapely.get_parts(batch.geometries(), return_index=True)
        points, line = shapely.get_coordinates(parts, return_index=True)
        joined = line[1:] == line[:-1]
        start, end, segment_kind = points[:-1][joined], points[1:][joined], kind[of[line[:-1][joined]]]
        pieces = np.maximum(1, np.ceil(np.abs(end - start).max(axis=1) / step)).astype(np.int64)
        for some in _runs(pieces):
            first, last, owner = _cut(start[some], end[some], pieces[some])
            middle = (first + last) / 2
            classes = classify(shakemap.at(middle[:, 0], middle[:, 1]))
            index = segment_kind[some][owner] * 11 + classes
            km += np.bincount(index, ellipsoid.lengths(first, last) / 1000, km.size).reshape(km.shape)
    km = km[:, 1:]
    return assets.roads_record(km) if km.any() else None


def land_cover(shakemap: ShakeMap, path: Path) -> ShakenLand | None:
    """Ellipsoidal hectares by class and MMI class; None when the data have nothing on the map."""
    ha = np.zeros((len(vocabulary.LAND_CLASSES), 11))
    class_areas = landcover.ClassAreas(shakemap)
    for batch in stream.batches(path, shakemap.nodes.edges, ("type",), _LINES_AT_ONCE):
        kind = stream.codes(batch.columns["type"], vocabulary.LAND_CLASSES)
        owner, classes, square_metres = class_areas.divide(batch.geometries())
        ha += np.bincount(kind[owner] * 11 + classes, square_metres / 10_000, ha.size).reshape(ha.shape)
    ha = ha[:, 1:]
    return assets.land_cover_record(ha) if ha.any() else None


class StrongStructure(TypedDict):
    """A structure at MMI VII and above."""

    name: str | None
    type: str
    mmi: float
    longitude: float
    latitude: float


def strongly_shaken(shakemap: ShakeMap, path: Path, most: int) -> list[StrongStructure]:
    """Structures at MMI VII and above, the hardest shaken first: name, type, mmi, longitude, latitude.

    most: how many at the most.
    """
    nodes = shakemap.nodes
    row, column = np.nonzero(classify(shakemap.mmi) >= assets.NOTABLE_FROM)
    if not len(row):
        return []
    west, east = nodes.west + (column.min() - 1) * nodes.lon_step, nodes.west + (column.max() + 1) * nodes.lon_step
    north, south = nodes.north - (row.min() - 1) * nodes.lat_step, nodes.north - (row.max() + 1) * nodes.lat_step
    best: list[tuple[float, float, float, bytes, int]] = []
    for batch in stream.batches(path, (west, south, east, north), ("type", "name"), _POINTS_AT_ONCE):
        longitude, latitude = batch.points()
        mmi = shakemap.at(longitude, latitude)
        (at,) = np.nonzero(classify(mmi) >= assets.NOTABLE_FROM)
        at = at[np.lexsort((latitude[at], longitude[at], -mmi[at]))][:most]
        kind, name = stream.codes(batch.columns["type"][at], vocabulary.STRUCTURE_TYPES), batch.columns["name"][at]
        some = zip(
            (-mmi[at]).tolist(),
            longitude[at].tolist(),
            latitude[at].tolist(),
            name.tolist(),
            kind.tolist(),
            strict=True,
        )
        best = sorted([*best, *some])[:most]
    return [
        {
            "name": name.decode("utf-8", "replace") or None,
            "type": vocabulary.STRUCTURE_TYPES[kind],
            "mmi": -mmi,
            "longitude": longitude,
            "latitude": latitude,
        }
        for mmi, longitude, latitude, name, kind in best
    ]


class _Notable:
    """Hospitals, schools, bridges where it shook hard: the hardest shaken of each type, and how many there are."""

    def __init__(self) -> None:
        self._kinds = [vocabulary.STRUCTURE_TYPES.index(name) for name in assets.NOTABLE]
        self._best: dict[int, list[tuple[int, bool, float, bytes, float, float]]] = {kind: [] for kind in self._kinds}
        self._count = dict.fromkeys(self._kinds, 0)

    def add(self, kind: Array, classes: Array, mmi: Array, longitude: Array, latitude: Array, name: Array) -> None:
        """Some more structures; arrays of one length."""
        for one in self._kinds:
            (at,) = np.nonzero((kind == one) & (classes >= assets.NOTABLE_FROM))
            self._count[one] += len(at)
            # Those with a name go first within their class: a list of nameless dots helps nobody.
            order = np.lexsort(
                (latitude[at], longitude[at], name[at], -mmi[at], name[at] == b"", -classes[at].astype(int))
            )
            some = [
                (
                    -int(classes[i]),
                    name[i] == b"",
                    -float(mmi[i]),
                    bytes(name[i]),
                    float(longitude[i]),
                    float(latitude[i]),
                )
                for i in at[order[: assets.NOTABLE_MOST]]
            ]
            self._best[one] = sorted([*self._best[one], *some])[: assets.NOTABLE_MOST]

    def records(self) -> list[NotableStructure]:
        """impact.json's list, type by type, the hardest shaken first."""
        return [
            {
                "name": name.decode("utf-8", "replace") or None,
                "type": vocabulary.STRUCTURE_TYPES[kind],
                "mmi": -mmi,
                "longitude": longitude,
                "latitude": latitude,
                "zone": None,
            }
            for kind in self._kinds
            for _class, _nameless, mmi, name, longitude, latitude in self._best[kind]
        ]

    def rest(self) -> dict[str, int]:
        """Per type, how many more there are than listed."""
        return {vocabulary.STRUCTURE_TYPES[kind]: self._count[kind] - len(self._best[kind]) for kind in self._kinds}


def _name_places(notable: list[NotableStructure], zones: Path, field: str) -> None:
    """Write the name of the finest zone around each structure."""
    if not notable:
        return
    x = np.array([one["longitude"] for one in notable], dtype=np.float64)
    y = np.array([one["latitude"] for one in notable], dtype=np.float64)
    wkt = layers.wkt(zones)
    points = shapely.points(*(crs.from_lonlat(x, y, wkt) if wkt else (x, y)))
    geometries, rows = layers.read(zones, bounds=tuple(shapely.total_bounds(points)))
    point, zone = shapely.STRtree(geometries).query(points, predicate="intersects")
    # Levels lie upon each other; the smallest zone is the finest, and written last it stays.
    for index in np.argsort(-shapely.area(geometries[zone]), kind="stable"):
        name = rows[zone[index]].get(field)
        notable[point[index]]["zone"] = None if name is None else str(name)


def _runs(pieces: NDArray[np.int64]) -> list[slice]:
    """Runs of segments that together have not too many pieces."""
    number = np.cumsum(pieces) // _PIECES_AT_ONCE
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(pieces)]
    return [slice(a, b) for a, b in itertools.pairwise(edges) if b > a]


def _cut(
    start: NDArray[np.float64], end: NDArray[np.float64], pieces: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Starts and ends of equal pieces, and the segment each belongs to."""
    owner = np.repeat(np.arange(len(pieces)), pieces)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    length = (end - start)[owner] / pieces[owner, None]
    first = start[owner] + length * number[:, None]
    return first, first + length, owner
