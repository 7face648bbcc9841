"""A flood laid upon structures: how many stand in which depth class.

A structure that the water touches anywhere is wet, with the highest state that touches it, as InaSAFE
counts; installed structures are points and are wet where their point is.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.exposure import features
from siaga.gis import flooded, intake, stream
from siaga.hazard.flood import FloodMap
from siaga.impact import assets
from siaga.impact.flood import CLASSES

_AT_ONCE = 131_072


def structures(flood: FloodMap, path: Path, *, installed: bool) -> NDArray[np.int64]:
    """Structures per type and class: (STRUCTURE_TYPES, 5), column 0 being those that were read and stay dry.

    path: any file that OGR opens, which is read whole, or, installed, FlatGeobuf as `siaga data import`
    writes it, of which only what lies near the flood is read. Raises BadInput with a sentence when it cannot
    be used.
    """
    polygons, states = flooded.shapes(flood)
    width = len(CLASSES) + 1
    counts = np.zeros((len(assets.STRUCTURE_TYPES), width), dtype=np.int64)
    for geometries, kinds in _installed(flood, path) if installed else _whole(path):
        highest = np.zeros(len(geometries), dtype=np.int64)
        touching, which = shapely.STRtree(geometries).query(polygons, predicate="intersects")
        np.maximum.at(highest, which, states[touching])
        counts += np.bincount(kinds * width + highest, minlength=counts.size).reshape(counts.shape)
    return counts


def _whole(path: Path) -> Iterator[tuple[Any, NDArray[np.int64]]]:
    layer = intake.open_layer(path)
    for geometries, rows in layer.batches(features.type_fields("structures", layer)):
        wrong = ~shapely.is_valid(geometries)
        geometries[wrong] = shapely.make_valid(geometries[wrong])
        kinds = [assets.STRUCTURE_TYPES.index(assets.STRUCTURES.type_of(row)) for row in rows]
        yield geometries, np.array(kinds, dtype=np.int64)


def _installed(flood: FloodMap, path: Path) -> Iterator[tuple[Any, NDArray[np.int64]]]:
    if flood.bounds is None:
        return
    names = np.array([name.encode() for name in assets.STRUCTURE_TYPES])
    order = np.argsort(names)
    for batch in stream.batches(path, flood.bounds, ("type",), _AT_ONCE):
        at = np.searchsorted(names[order], batch.columns["type"])
        yield shapely.points(*batch.points()), order[np.minimum(at, len(names) - 1)]
