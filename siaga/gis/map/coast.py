"""How far from the coast a point lies, and on which side of it."""

from pathlib import Path

import numpy as np
import shapely

from siaga.foreign import Array
from siaga.gis import basemap, geodesy
from siaga.impact.caveats import Shore

_REACHES = (0.7, 3.0, 12.0)  # degrees around the point that are searched, one after the other


def of(path: Path, longitude: float, latitude: float) -> Shore | None:
    """The shore nearest to a point (EPSG:4326, degrees); None when the base map has no coast around it."""
    point = shapely.Point(longitude, latitude)
    for reach in _REACHES:
        found = basemap.land_around(path, point.buffer(reach).bounds)
        if len(found) == 0:
            continue
        nearest = _nearest(found, longitude, latitude)
        km, _bearing = geodesy.distance_bearing(longitude, latitude, *nearest)
        # A coast beyond the search's edge could be nearer than one that was met in its corner.
        if km <= reach * 111.0 * np.cos(np.radians(latitude)) or reach == _REACHES[-1]:
            return Shore(not shapely.intersects(found, point).any(), km)
    return None


def _nearest(land: Array, longitude: float, latitude: float) -> tuple[float, float]:
    """The point of the coast nearest to a place; degrees are made square there first."""
    narrow = np.cos(np.radians(latitude))
    square = shapely.transform(shapely.boundary(land), lambda xy: (xy - (longitude, latitude)) * (narrow, 1.0))
    here = shapely.Point(0, 0)
    closest = square[np.argmin(shapely.distance(square, here))]
    x, y = shapely.get_coordinates(shapely.shortest_line(here, closest))[1]
    return float(longitude + x / narrow), float(latitude + y)
