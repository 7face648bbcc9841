"""Polygons divided among the MMI classes that lie upon them, by area on the ellipsoid."""

import itertools

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.foreign import Array, Geometry
from siaga.gis import ellipsoid
from siaga.hazard.shakemap import ShakeMap
from siaga.impact.mmi import CLASSES, classify

_TILE = 8  # cells of the grid between nodes, each way
_REFINE = 4  # a cell is drawn as so many by so many, each with straight class borders
_HALF_ROUND = 5e-7  # MMI is rounded to 1e-6 before it is classified, so a border lies half of that higher


class ClassAreas:
    """The map of one shaking, tile by tile, as polygons of one class each.

    The field is bilinear between nodes, as everywhere; the borders between classes are its isolines,
    straight within a sixteenth part of a cell. Tiles keep an overlay small, however large the polygon.
    """

    def __init__(self, shakemap: ShakeMap) -> None:
        self._shakemap = shakemap
        shapes: list[Geometry] = []
        classes: list[int] = []
        nodes = shakemap.nodes
        kinds = classify(shakemap.mmi)
        for top in range(0, nodes.rows - 1, _TILE):
            for left in range(0, nodes.columns - 1, _TILE):
                bottom, right = min(top + _TILE, nodes.rows - 1), min(left + _TILE, nodes.columns - 1)
                block = kinds[top : bottom + 1, left : right + 1]
                x, y = self._axis(left, right, nodes.west, nodes.lon_step, nodes.columns)
                v, w = self._axis(top, bottom, nodes.north, -nodes.lat_step, nodes.rows)
                if not block.any():
                    continue  # without MMI
                if block.min() == block.max():
                    shapes.append(shapely.box(x[0], v[-1], x[-1], v[0]))
                    classes.append(int(block[0, 0]))
                    continue
                field = shakemap.at(*np.meshgrid(y, w))
                for mmi, shape in _isobands(x, v, field):
                    shapes.append(shape)
                    classes.append(mmi)
        self._shapes, self._classes = np.array(shapes), np.array(classes)
        self._tree = shapely.STRtree(self._shapes)

    def divide(self, polygons: Array) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Parts of the polygons on the map: the polygon's index, the MMI class, square metres.

        polygons: valid, EPSG:4326.
        """
        alone = self._class_of_box(shapely.bounds(polygons))
        (whole,) = np.nonzero(alone)
        (rest,) = np.nonzero(alone == 0)
        one, tile = self._tree.query(polygons[rest], predicate="intersects")
        cut = shapely.intersection(polygons[rest][one], self._shapes[tile])
        return (
            np.concatenate((whole, rest[one])),
            np.concatenate((alone[whole], self._classes[tile])),
            np.concatenate((ellipsoid.areas(polygons[whole]), ellipsoid.areas(cut))),
        )

    def _class_of_box(self, bounds: NDArray[np.float64]) -> NDArray[np.int64]:
        """The class that a box has everywhere; 0 where it has several, leaves the map or spans nodes."""
        nodes = self._shakemap.nodes
        west, south, east, north = bounds.T
        same_cell = np.floor((west - nodes.west) / nodes.lon_step) == np.floor((east - nodes.west) / nodes.lon_step)
        same_cell &= np.floor((nodes.north - south) / nodes.lat_step) == np.floor(
            (nodes.north - north) / nodes.lat_step
        )
        # Within one cell a bilinear field has its extremes at the corners of any box.
        corners = np.stack(
            [classify(self._shakemap.at(x, y)) for x, y in ((west, south), (west, north), (east, south), (east, north))]
        )
        pure = same_cell & (corners.min(axis=0) == corners.max(axis=0))
        return np.where(pure, corners[0], 0).astype(np.int64)

    def _axis(self, first: int, last: int, origin: float, step: float, count: int) -> tuple[Array, Array]:
        """Fine coordinates from one node to another; (where they are drawn, where the field is read).

        At the rim of the map the tile reaches half a cell further; the field there is the outer node's.
        """
        fine = np.linspace(first, last, (last - first) * _REFINE + 1)
        before, after = [first - 0.5] * (first == 0), [last + 0.5] * (last == count - 1)
        drawn = np.concatenate((before, fine, after)) * step + origin
        read = np.concatenate(([first] * (first == 0), fine, [last] * (last == count - 1))) * step + origin
        return drawn, read


def _isobands(x: NDArray[np.float64], y: NDArray[np.float64], field: NDArray[np.float64]) -> list[tuple[int, Geometry]]:
    generator = contourpy.contour_generator(x, y, field, fill_type="OuterOffset")
    found = []
    for mmi in CLASSES:
        low = -1e3 if mmi == CLASSES[0] else mmi - 0.5 + _HALF_ROUND
        high = 1e3 if mmi == CLASSES[-1] else mmi + 0.5 + _HALF_ROUND
        if high <= np.nanmin(field) or low >= np.nanmax(field):
            continue
        for points, offsets in zip(*generator.filled(low, high), strict=True):
            rings = [points[a:b] for a, b in itertools.pairwise(offsets)]
            shape = shapely.make_valid(shapely.Polygon(rings[0], rings[1:]))
            found += [(mmi, part) for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return found
