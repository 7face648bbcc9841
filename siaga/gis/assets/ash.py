"""What stands and lies under ash besides people: structures, roads, land cover, towns, airports.

Installed structures are points and have the class of the cell beneath; roads and land cover are cut along
the cells. All are read in batches, so that memory does not grow with the data.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.exposure import vocabulary
from siaga.exposure.places import Airports, Places
from siaga.exposure.vocabulary import OVERLAYS
from siaga.gis import ellipsoid, geodesy
from siaga.gis.assets import stream
from siaga.gis.people.by_class import ClassedPolygons
from siaga.hazard.ash import CLASSES, AshFall, classify
from siaga.impact import ash
from siaga.impact.stored.ash import AshAirport, AshLayers, AshSpot, AshTown

_POINTS_AT_ONCE = 65_536
_SHAPES_AT_ONCE = 4_096


def describe(fall: AshFall, classed: ClassedPolygons, paths: Mapping[str, Path | None]) -> AshLayers:
    """impact.json's structures, roads, land_cover and layers_missing.

    paths: by role, FlatGeobuf as `siaga data import` writes it; None where nothing is installed.
    """
    found: AshLayers = {
        "structures": None,
        "roads": None,
        "land_cover": None,
        "layers_missing": [ash.not_installed(role) for role in OVERLAYS if paths.get(role) is None],
    }
    if path := paths.get("structures"):
        counts = structures(fall, path)
        assets = ash.assets_record(vocabulary.STRUCTURE_TYPES, counts)
        found["structures"] = {**assets, "total": counts.sum().item()}
    if path := paths.get("roads"):
        km = roads(fall, path)
        found["roads"] = {**ash.assets_record(vocabulary.ROAD_CLASSES, km), "total_km": km.sum().item()}
    if path := paths.get("land_cover"):
        ha = land_cover(classed, path)
        found["land_cover"] = {**ash.assets_record(vocabulary.LAND_CLASSES, ha), "total_ha": ha.sum().item()}
    return found


def structures(fall: AshFall, path: Path) -> NDArray[np.int64]:
    """How many stand in which class: (STRUCTURE_TYPES, 5)."""
    width = len(CLASSES) + 1
    counts = np.zeros((len(vocabulary.STRUCTURE_TYPES), width), dtype=np.int64)
    for batch in stream.batches(path, fall.edges, ("type",), _POINTS_AT_ONCE):
        kind = stream.codes(batch.columns["type"], vocabulary.STRUCTURE_TYPES)
        index = kind * width + classify(fall.at(*batch.points()))
        counts += np.bincount(index, minlength=counts.size).reshape(counts.shape)
    return counts[:, 1:]


def roads(fall: AshFall, path: Path) -> NDArray[np.float64]:
    """Ellipsoidal kilometres: (ROAD_CLASSES, 5). Each segment is cut where it crosses from cell to cell."""
    width = len(CLASSES) + 1
    km = np.zeros((len(vocabulary.ROAD_CLASSES), width))
    for batch in stream.batches(path, fall.edges, ("type",), _SHAPES_AT_ONCE):
        kind = stream.codes(batch.columns["type"], vocabulary.ROAD_CLASSES)
        parts, of = shapely.get_parts(batch.geometries(), return_index=True)
        points, line = shapely.get_coordinates(parts, return_index=True)
        joined = line[1:] == line[:-1]
        first, last, segment = _cut(fall, points[:-1][joined], points[1:][joined])
        middle = (first + last) / 2
        index = kind[of[line[:-1][joined]]][segment] * width + classify(fall.at(middle[:, 0], middle[:, 1]))
        km += np.bincount(index, ellipsoid.lengths(first, last) / 1000, km.size).reshape(km.shape)
    return km[:, 1:]


def land_cover(classed: ClassedPolygons, path: Path) -> NDArray[np.float64]:
    """Ellipsoidal hectares: (LAND_CLASSES, 5). Each polygon is cut along the cells."""
    ha = np.zeros((len(vocabulary.LAND_CLASSES), classed.count))
    if not len(classed.polygons):
        return ha
    tree = shapely.STRtree(classed.polygons)
    for batch in stream.batches(path, classed.bounds, ("type",), _SHAPES_AT_ONCE):
        shapes = batch.geometries()
        one, of_ground = tree.query(shapes, predicate="intersects")
        pieces = shapely.intersection(shapes[one], classed.polygons[of_ground])
        kind = stream.codes(batch.columns["type"], vocabulary.LAND_CLASSES)
        index = kind[one] * classed.count + classed.classes[of_ground] - 1
        ha += np.bincount(index, ellipsoid.areas(pieces) / 10_000, ha.size).reshape(ha.shape)
    return ha


def towns(fall: AshFall, places: Places) -> list[AshTown]:
    """impact.json's places: the towns under ash, the worst class first, then the larger."""
    cm = fall.at(places.longitude, places.latitude)
    classes = classify(cm)
    people = np.nan_to_num(places.population, nan=0.0)
    (under,) = np.nonzero(classes)
    order = under[np.lexsort((places.name[under], -people[under], -classes[under].astype(int)))]
    return [
        {
            "name": str(places.name[index]),
            "zone": str(places.zone[index]),
            "population": None if np.isnan(places.population[index]) else float(places.population[index]),
            **_spot(fall, float(places.longitude[index]), float(places.latitude[index]), float(cm[index])),
        }
        for index in order
    ]


def airports(fall: AshFall, installed: Airports) -> list[AshAirport]:
    """impact.json's airports: those under ash, the thickest ash first."""
    cm = fall.at(installed.longitude, installed.latitude)
    (under,) = np.nonzero(classify(cm))
    order = under[np.lexsort((installed.name[under], -cm[under]))]
    return [
        {
            "name": str(installed.name[index]),
            "code": str(installed.code[index]),
            **_spot(fall, float(installed.longitude[index]), float(installed.latitude[index]), float(cm[index])),
        }
        for index in order
    ]


def _spot(fall: AshFall, longitude: float, latitude: float, cm: float) -> AshSpot:
    """Where a point under ash lies from the volcano, and how thick the ash is there."""
    one = fall.eruption
    km, bearing = (
        (None, None) if one is None else geodesy.distance_bearing(one.longitude, one.latitude, longitude, latitude)
    )
    return {
        "longitude": longitude,
        "latitude": latitude,
        "thickness_cm": cm,
        "class": CLASSES[int(classify(np.array([cm]))[0]) - 1],
        "distance_km": km,
        "bearing_deg": bearing,
        "direction": None if bearing is None else geodesy.wind(bearing),
    }


def _cut(
    fall: AshFall, start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Segments (n, 2) as pieces that lie in one cell each: their starts, their ends, the segment of each."""
    corner, size = np.array([fall.west, fall.north]), np.array([fall.width, -fall.height])
    many = np.arange(len(start))
    along, owner = [np.zeros(len(start)), np.ones(len(start))], [many, many]
    for axis in (0, 1):
        a, b = (start[:, axis] - corner[axis]) / size[axis], (end[:, axis] - corner[axis]) / size[axis]
        low, high = np.floor(np.minimum(a, b)).astype(np.int64) + 1, np.ceil(np.maximum(a, b)).astype(np.int64)
        count = np.maximum(0, high - low)  # of lines between cells that the segment crosses
        which = np.repeat(many, count)
        crossed = low[which] + np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        along.append((crossed - a[which]) / (b[which] - a[which]))
        owner.append(which)
    where, of = np.clip(np.concatenate(along), 0, 1), np.concatenate(owner)
    order = np.lexsort((where, of))
    where, of = where[order], of[order]
    point = start[of] + (end - start)[of] * where[:, np.newaxis]
    same = of[1:] == of[:-1]
    return point[:-1][same], point[1:][same], of[:-1][same]
