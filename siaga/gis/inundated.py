"""A flood laid upon structures: how many stand in which depth class.

A structure that the water touches anywhere is wet, with the highest state that touches it, as InaSAFE
counts; installed structures are points and are wet where their point is.
"""

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.exposure import features
from siaga.gis import flooded, intake
from siaga.hazard.flood import FloodMap
from siaga.impact import assets
from siaga.impact.flood import CLASSES


def structures(flood: FloodMap, path: Path) -> NDArray[np.int64]:
    """Structures per type and class: (STRUCTURE_TYPES, 5), column 0 being those that stay dry.

    path: any file that OGR opens, or FlatGeobuf as `siaga data import` writes it. Read in batches.
    Raises BadInput with a sentence when it cannot be used.
    """
    polygons, states = flooded.shapes(flood)
    tree = shapely.STRtree(polygons)
    width = len(CLASSES) + 1
    counts = np.zeros((len(assets.STRUCTURE_TYPES), width), dtype=np.int64)
    layer = intake.open_layer(path)
    for geometries, rows in layer.batches(features.type_fields("structures", layer)):
        highest = np.zeros(len(geometries), dtype=np.int64)
        which, touching = tree.query(_sound(geometries), predicate="intersects")
        np.maximum.at(highest, which, states[touching])
        kinds = [assets.STRUCTURE_TYPES.index(assets.STRUCTURES.type_of(row)) for row in rows]
        counts += np.bincount(np.array(kinds) * width + highest, minlength=counts.size).reshape(counts.shape)
    return counts


def _sound(geometries: Any) -> Any:
    wrong = ~shapely.is_valid(geometries)
    geometries[wrong] = shapely.make_valid(geometries[wrong])
    return geometries
