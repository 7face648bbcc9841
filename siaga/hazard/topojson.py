"""Reading TopoJSON: shared arcs, joined again into rings.

Source of the format: "The TopoJSON Format Specification" of 2013. PetaBencana sends it with absolute
arcs, other servers with a transform (whole numbers, each the difference to the one before).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput
from siaga.hazard import geojson
from siaga.hazard.geojson import Rings

_MAX_ARCS = 1_000_000
_MAX_DEPTH = 8  # of collections within collections


def features(topology: Mapping[str, object]) -> Iterator[tuple[object, object]]:
    """Each geometry of each object: its properties and the geometry, for `polygons`.

    Raises BadInput when the topology has no objects.
    """
    objects = topology.get("objects")
    if not isinstance(objects, dict):
        raise BadInput("The TopoJSON has no objects")
    for one in objects.values():
        yield from _flat(one, 0)


def _flat(geometry: object, depth: int) -> Iterator[tuple[object, object]]:
    if depth > _MAX_DEPTH:
        raise BadInput("The TopoJSON has an object that is no geometry")
    if not isinstance(geometry, dict):
        yield None, None
    elif geometry.get("type") == "GeometryCollection":
        members = geometry.get("geometries")
        if not isinstance(members, list):
            raise BadInput("The TopoJSON has a collection without geometries")
        for member in members:
            yield from _flat(member, depth + 1)
    else:
        yield geometry.get("properties"), None if geometry.get("type") is None else geometry  # its form of null


class Shape(TypedDict):
    """A geometry as the format says it is: numbers of arcs for each ring, of each polygon where it has several."""

    type: str
    arcs: Sequence[Sequence[int]] | Sequence[Sequence[Sequence[int]]]


class Arcs:
    """The arcs of a topology, decoded to longitude and latitude."""

    def __init__(self, topology: Mapping[str, object]) -> None:
        """Raises BadInput when there are no arcs or the transform is not what the format says.

        An arc that cannot be read spoils the geometries that name it, and no others.
        """
        arcs = topology.get("arcs")
        if not isinstance(arcs, list) or len(arcs) > _MAX_ARCS:
            raise BadInput("The TopoJSON has no list of arcs")
        transform = topology.get("transform")
        try:
            self._arcs = [_points(arc) for arc in arcs]
            if transform is not None:
                given = cast(Mapping[str, Sequence[float]], transform)
                scale, origin = (np.array(given[name], dtype=np.float64) for name in ("scale", "translate"))
                moved = [None if arc is None else np.cumsum(arc, axis=0) * scale[:2] + origin[:2] for arc in self._arcs]
                self._arcs = moved
        except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
            raise BadInput("The TopoJSON has a transform that cannot be read") from error

    def polygons(self, geometry: Shape, most: int) -> list[Rings]:
        """The polygons of one geometry, each a list of rings (n, 2), the outer one first.

        most: points that may be made of it; a hostile file names one long arc many times.
        Raises ValueError when it is no polygon, names no arc that exists, or has too many points.
        """
        if geometry["type"] not in ("Polygon", "MultiPolygon"):
            raise ValueError
        arcs = geometry["arcs"]
        parts = cast(Sequence[Sequence[Sequence[int]]], [arcs] if geometry["type"] == "Polygon" else arcs)
        points = sum(len(self._arc(arc)) for rings in parts for ring in rings for arc in ring)
        if points > most:
            raise ValueError
        return [[self._ring(ring) for ring in rings] for rings in parts]

    def _arc(self, number: int) -> NDArray[np.float64]:
        arc = self._arcs[~number if number < 0 else number]
        if arc is None:
            raise ValueError
        return arc

    def _ring(self, numbers: Sequence[int]) -> NDArray[np.float64]:
        """Arcs end to end; a number below nought is the arc ~number backwards."""
        pieces = [self._arc(number)[::-1] if number < 0 else self._arc(number) for number in numbers]
        return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])


def _points(arc: geojson.Ring) -> NDArray[np.float64] | None:
    """An arc's positions, (n, 2); None when it cannot be read."""
    try:
        points = geojson.flat(arc)
    except (ValueError, TypeError, IndexError, KeyError, OverflowError):
        return None
    return points if len(points) else None
