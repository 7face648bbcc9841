"""A flood laid upon structures and roads: how many stand, how many kilometres lie in which depth class.

A structure that the water touches anywhere is wet, with the highest state that touches it, as InaSAFE
counts; installed structures are points and are wet where their point is.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.exposure import vocabulary
from siaga.foreign import Array
from siaga.gis import ellipsoid, intake
from siaga.gis.assets import stream
from siaga.gis.people import flood_ground
from siaga.hazard.flood import FloodMap
from siaga.impact.flood import CLASSES

_AT_ONCE = 131_072
_LINES_AT_ONCE = 4_096


def structures(flood: FloodMap, path: Path, *, installed: bool) -> NDArray[np.int64]:
    """Structures per type and class: (STRUCTURE_TYPES, 5), column 0 being those that were read and stay dry.

    path: any file that OGR opens, which is read whole, or, installed, FlatGeobuf as `siaga data import`
    writes it, of which only what lies near the flood is read. Raises BadInput with a sentence when it cannot
    be used.
    """
    polygons, states, _ = flood_ground.shapes(flood)
    width = len(CLASSES) + 1
    counts = np.zeros((len(vocabulary.STRUCTURE_TYPES), width), dtype=np.int64)
    for geometries, kinds in _installed(flood, path) if installed else _whole(path):
        highest = np.zeros(len(geometries), dtype=np.int64)
        touching, which = shapely.STRtree(geometries).query(polygons, predicate="intersects")
        np.maximum.at(highest, which, states[touching])
        counts += np.bincount(kinds * width + highest, minlength=counts.size).reshape(counts.shape)
    return counts


def roads(flood: FloodMap, path: Path, *, installed: bool) -> NDArray[np.float64]:
    """Ellipsoidal kilometres per class of road and of depth: (ROAD_CLASSES, 5), column 0 as for structures.

    A road is cut where it enters the water; where RWs overlap or meet, each piece counts once, at the higher
    state. path: lines, otherwise as for structures.
    """
    polygons, states, _ = flood_ground.shapes(flood)
    tree = shapely.STRtree(polygons)
    km = np.zeros((len(vocabulary.ROAD_CLASSES), len(CLASSES) + 1))
    for geometries, kinds in _lines(flood, path, installed):
        np.add.at(km[:, 0], kinds, _kilometres(geometries))
        which, touching = tree.query(geometries, predicate="intersects")
        for one in np.unique(which).tolist():
            near, dry = touching[which == one], geometries[one]
            for state in np.unique(states[near])[::-1].tolist():
                water = shapely.union_all(polygons[near[states[near] == state]])
                length = float(_kilometres(np.array([shapely.intersection(dry, water)]))[0])
                km[kinds[one], [0, state]] += -length, length
                dry = shapely.difference(dry, water)
    return km


def _kilometres(lines: Array) -> NDArray[np.float64]:
    """Length of each line; parts of another kind, as where a road touches the water in a point, have none."""
    parts, of = shapely.get_parts(lines, return_index=True)
    straight = shapely.get_type_id(parts) == 1
    points, line = shapely.get_coordinates(parts[straight], return_index=True)
    joined = line[1:] == line[:-1]
    metres = ellipsoid.lengths(points[:-1][joined], points[1:][joined])
    return np.bincount(of[straight][line[1:][joined]], weights=metres, minlength=len(lines)) / 1000


def _lines(flood: FloodMap, path: Path, installed: bool) -> Iterator[tuple[Array, NDArray[np.int64]]]:
    if not installed:
        layer = intake.open_layer(path)
        for geometries, rows in layer.batches(intake.type_fields("roads", layer)):
            kinds = [vocabulary.ROAD_CLASSES.index(vocabulary.ROADS.type_of(row)) for row in rows]
            yield geometries, np.array(kinds, dtype=np.int64)
    elif flood.bounds is not None:
        for batch in stream.batches(path, flood.bounds, ("type",), _LINES_AT_ONCE):
            yield batch.geometries(), stream.codes(batch.columns["type"], vocabulary.ROAD_CLASSES)


def _whole(path: Path) -> Iterator[tuple[Array, NDArray[np.int64]]]:
    layer = intake.open_layer(path)
    for geometries, rows in layer.batches(intake.type_fields("structures", layer)):
        wrong = ~shapely.is_valid(geometries)
        geometries[wrong] = shapely.make_valid(geometries[wrong])
        kinds = [vocabulary.STRUCTURE_TYPES.index(vocabulary.STRUCTURES.type_of(row)) for row in rows]
        yield geometries, np.array(kinds, dtype=np.int64)


def _installed(flood: FloodMap, path: Path) -> Iterator[tuple[Array, NDArray[np.int64]]]:
    if flood.bounds is None:
        return
    for batch in stream.batches(path, flood.bounds, ("type",), _AT_ONCE):
        yield shapely.points(*batch.points()), stream.codes(batch.columns["type"], vocabulary.STRUCTURE_TYPES)
