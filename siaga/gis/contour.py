"""Contours of the shaking: lines for download, class bands as polygons for maps.

Drawn from a cubic refinement of the grid, so that they are smooth; figures never come from them.
"""

import itertools
from collections.abc import Mapping
from typing import TypedDict, cast

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, zoom

from siaga.foreign import Geometry
from siaga.hazard.shakemap import ShakeMap
from siaga.impact.mmi import CLASSES, ROMAN

_REFINE = 4  # times finer than the grid, up to _MAX_NODES
_MAX_NODES = 400_000
_NUDGE = 1e-4  # MMI comes rounded to 0.01; a level that hits a plateau exactly gives invalid polygons
_DECIMALS = 5  # of a degree: about a metre


class Feature(TypedDict):
    """One of a GeoJSON."""

    type: str
    properties: Mapping[str, object]
    geometry: Mapping[str, object]


class FeatureCollection(TypedDict):
    """A GeoJSON."""

    type: str
    features: list[Feature]


def lines(shakemap: ShakeMap) -> FeatureCollection:
    """Contour lines every half MMI as GeoJSON; properties mmi, roman ("" for halves)."""
    x, y, field = _fine(shakemap)
    generator = contourpy.contour_generator(x, y, field, line_type="Separate")
    features = []
    for doubled in range(3, int(np.floor(np.nanmax(field) * 2)) + 1):
        mmi = doubled / 2
        parts = [np.round(line, _DECIMALS).tolist() for line in _lines(generator, mmi + _NUDGE)]
        if parts:
            roman = ROMAN[int(mmi)] if mmi.is_integer() else ""
            features.append(_feature({"type": "MultiLineString", "coordinates": parts}, mmi=mmi, roman=roman))
    return {"type": "FeatureCollection", "features": features}


def bands(shakemap: ShakeMap) -> FeatureCollection:
    """One polygon per MMI class, (k − 0.5, k + 0.5], as GeoJSON; property mmi. Covers all of the map that has MMI."""
    x, y, field = _fine(shakemap)
    generator = contourpy.contour_generator(x, y, field, fill_type="OuterOffset")
    features = []
    for mmi in CLASSES:
        low = -np.inf if mmi == 1 else mmi - 0.5 + _NUDGE
        high = np.inf if mmi == CLASSES[-1] else mmi + 0.5 + _NUDGE
        if high <= np.nanmin(field) or low >= np.nanmax(field):
            continue
        polygons = []
        for points, offsets in zip(*generator.filled(max(low, -1e3), min(high, 1e3)), strict=True):
            rings = [points[a:b] for a, b in itertools.pairwise(offsets)]
            polygons.append(shapely.Polygon(rings[0], rings[1:]))
        shape = shapely.set_precision(shapely.make_valid(shapely.MultiPolygon(polygons)), 10**-_DECIMALS)
        if not shape.is_empty:
            features.append(_feature(shapely.geometry.mapping(_polygons(shape)), mmi=mmi))
    return {"type": "FeatureCollection", "features": features}


def _fine(shakemap: ShakeMap) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The field on finer nodes and half a cell beyond the outer ones: x, y ascending with the rows' order.

    NaN where the map has no MMI.
    """
    nodes, mmi = shakemap.nodes, _filled(shakemap.mmi)
    x = nodes.west + np.arange(nodes.columns) * nodes.lon_step
    y = nodes.north - np.arange(nodes.rows) * nodes.lat_step
    if mmi.size * _REFINE**2 <= _MAX_NODES * 2 and min(mmi.shape) >= 4:
        mmi = np.clip(zoom(mmi, _REFINE, order=3, mode="nearest", grid_mode=False), mmi.min(), mmi.max())
        x, y = np.linspace(x[0], x[-1], mmi.shape[1]), np.linspace(y[0], y[-1], mmi.shape[0])
    if shakemap.unknown_share:
        mmi = np.where(np.isnan(shakemap.on_grid(x, y)), np.nan, mmi)
    west, south, east, north = nodes.edges
    x, y = np.concatenate(([west], x, [east])), np.concatenate(([north], y, [south]))
    return x, y, np.pad(mmi, 1, mode="edge")


def _lines(generator: contourpy.ContourGenerator, mmi: float) -> list[NDArray[np.float64]]:
    """Separate lines: (points, 2) each."""
    return cast(list[NDArray[np.float64]], generator.lines(mmi))


def _filled(mmi: NDArray[np.float64]) -> NDArray[np.float64]:
    """With the nearest known value where there is none, so that a cubic refinement has something to bend to."""
    unknown = np.isnan(mmi)
    if not unknown.any():
        return mmi
    row, column = distance_transform_edt(unknown, return_distances=False, return_indices=True)
    filled: NDArray[np.float64] = mmi[row, column]
    return filled


def _polygons(shape: Geometry) -> Geometry:
    """Without the points and lines that rounding may leave."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.unary_union(parts) if len(parts) != 1 else parts[0]


def _feature(geometry: Mapping[str, object], **properties: object) -> Feature:
    return {"type": "Feature", "properties": properties, "geometry": geometry}
