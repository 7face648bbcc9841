"""A flood as ground in classes: where neighbourhoods overlap, the higher state holds."""

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.gis.people import zones
from siaga.gis.people.by_class import ClassedPolygons, Polygons
from siaga.hazard.flood import STATES, FloodMap


def shapes(flood: FloodMap) -> tuple[Polygons, NDArray[np.int64], list[str]]:
    """Valid polygons in longitude and latitude, highest state first, the state and geom_id of each.

    They may overlap.
    """
    areas = sorted(flood.areas, key=lambda area: -area.state)
    polygons = np.array(
        [shapely.MultiPolygon([(rings[0], rings[1:]) for rings in area.polygons]) for area in areas], dtype=object
    )
    polygons, states = zones.mended(polygons), np.array([area.state for area in areas], dtype=np.int64)
    some = shapely.area(polygons) > 0  # three corners in a line enclose nothing
    return polygons[some], states[some], [area.geom_id for area, has in zip(areas, some, strict=True) if has]


def polygons(flood: FloodMap) -> tuple[ClassedPolygons, list[str]]:
    """What stands under water, and the geom_id of each of its polygons."""
    polygons, states, geom_ids = shapes(flood)
    if len(polygons):
        polygons = zones.disjoint(polygons)
    return ClassedPolygons(polygons, states, len(STATES)), geom_ids
