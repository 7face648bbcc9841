"""Longitudes that differ by whole turns are one place: 181° is −179°. Shapes are brought to where a grid counts."""

from typing import TypeVar

import numpy as np
import shapely

from siaga.foreign import Array, Geometry

Shapes = Array
_Longitude = TypeVar("_Longitude", float, Array)

TURNS = (-360.0, 0.0, 360.0)


def onto(shapes: Shapes, west: float, east: float) -> Shapes:
    """Polygons of which no part lies beside a grid that is on it a turn away; None and empty ones stay.

    The same array comes back where nothing moves; a shape that moves may keep lines at its cut, to be mended.
    shapes: valid, longitude and latitude. west, east: edges of the grid in degrees. What no turn brings onto
    the grid stays where it is.
    """
    east = min(east, west + 360)
    for turn in (-360.0, 360.0):
        bounds = shapely.bounds(shapes)
        left, right = west + turn, east + turn
        met = np.flatnonzero((bounds[:, 0] < right) & (bounds[:, 2] > left) & (shapely.area(shapes) > 0))
        # What lies on the grid as it is stays: of a grid that goes round the world only what is beyond its edges.
        there = [index for index in met.tolist() if bounds[index, 0] < west or bounds[index, 2] > east]
        if there:
            shapes = shapes.copy()
            shapes[there] = [_turned(shape, turn, left, right) for shape in shapes[there]]
    return shapes


def near(longitude: _Longitude, middle: float) -> _Longitude:
    """A longitude, or an array of them, in the turn that puts it within half a turn of another.

    >>> near(-179.95, 180.0), near(181.0, -180.0), near(106.8, 110.0)
    (180.05, -179.0, 106.8)
    """
    turned: _Longitude = longitude + 360 * np.round((middle - longitude) / 360)
    return turned


def moved(shape: Geometry, turn: float) -> Geometry:
    """The shape as many degrees further east."""
    return shapely.transform(shape, lambda points: np.add(points, (turn, 0.0))) if turn else shape


def joined(shape: Geometry) -> Geometry:
    """A shape that is torn at 180°, in one piece with longitudes above 180; any other as it is."""
    longitude = shapely.get_coordinates(shape)[:, 0]
    if np.abs(np.diff(longitude)).max(initial=0) <= 180:
        return shape
    return shapely.transform(shape, lambda points: points + [360, 0] * (points[:, :1] < 0))


def is_torn(shape: Geometry) -> bool:
    """Whether a shape in degrees crosses 180° with longitudes of both signs, so that it seems to go round the world.

    Nothing of it lies in the half of the world round Greenwich, and an edge is longer than half a turn, but no
    whole one.
    """
    longitude = shapely.get_coordinates(shape)[:, 0]
    return bool(np.abs(longitude).min(initial=180) >= 90 and 180 < np.abs(np.diff(longitude)).max(initial=0) < 360)


def parts_near(shapes: Shapes, middle: float) -> Shapes:
    """Shapes of which the middle of each part lies so."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    box = shapely.bounds(parts)
    centre = (box[:, 0] + box[:, 2]) / 2
    turn = near(centre, middle) - centre
    if not turn.any():
        return shapes
    points, part = shapely.get_coordinates(parts, return_index=True)
    points[:, 0] += turn[part]
    moved = shapely.set_coordinates(parts.copy(), points)
    together = {4: shapely.multipoints, 5: shapely.multilinestrings, 6: shapely.multipolygons}
    found = shapes.copy()
    for index in np.unique(of[turn != 0]).tolist():
        own = moved[of == index]
        make = together.get(shapely.get_type_id(shapes[index]))
        found[index] = make(own) if make else own[0]
    return found


def _turned(shape: Geometry, turn: float, left: float, right: float) -> Geometry:
    """The shape with what lies between two meridians moved back by a turn."""
    _, south, _, north = shapely.bounds(shape)
    box = shapely.box(left, south - 1, right, north + 1)
    moved = shapely.transform(shapely.intersection(shape, box), lambda points: points - [turn, 0])
    return shapely.union_all([shapely.difference(shape, box), moved])
