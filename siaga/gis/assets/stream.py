"""Features of a large FlatGeobuf in batches of arrays, through OGR's Arrow stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from osgeo import gdal, ogr

from siaga.foreign import Array
from siaga.gis import sources, turns
from siaga.gis.basemap import Rectangle

gdal.UseExceptions()
ogr.UseExceptions()

_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])
_GEOMETRY, _NUMBER = "wkb_geometry", "OGC_FID"  # as OGR names them


@dataclass(frozen=True, slots=True)
class Batch:
    """Some features. wkb: their geometries; columns: texts as bytes (UTF-8), b"" where there is none.

    middle: a longitude from which each part lies less than half a turn away once it is read; None where all do.
    """

    wkb: Array
    columns: dict[str, NDArray[np.bytes_]]
    middle: float | None = None

    def points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitudes and latitudes of features that are points."""
        raw = np.ascontiguousarray(self.wkb).view(_POINT).ravel()
        x = raw["x"].copy()
        return x if self.middle is None else turns.near(x, self.middle), raw["y"].copy()

    def geometries(self) -> Array:
        """As shapely has them."""
        found: Array = shapely.from_wkb([bytes(one) for one in self.wkb])
        return found if self.middle is None else turns.parts_near(found, self.middle)


def batches(path: Path, bounds: Rectangle, fields: Sequence[str], at_once: int) -> Iterator[Batch]:
    """The features that may lie within bounds (by their boxes), at most so many at once, each once.

    path: FlatGeobuf, EPSG:4326, with the text fields named, as `siaga data import` writes it. Longitudes of
    what lies on the other side of 180° are counted on from the bounds.
    """
    source = sources.vector(path)
    layer = source.GetLayer(0)
    definition = layer.GetLayerDefn()
    names = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
    layer.SetIgnoredFields([name for name in names if name not in fields])
    west, south, east, north = bounds
    left, right, *_ = layer.GetExtent()
    reached = [turn for turn in turns.TURNS if west + turn <= right and east + turn >= left]
    middle = None if reached == [0.0] else (west + east) / 2
    several = len(reached) > 1  # then what has parts on both sides is met twice
    options = ["USE_MASKED_ARRAYS=NO", f"MAX_FEATURES_IN_BATCH={at_once}"] + ([] if several else ["INCLUDE_FID=NO"])
    seen = np.empty(0, np.int64)
    for turn in reached:
        layer.SetSpatialFilterRect(west + turn, south, east + turn, north)
        if layer.GetNextFeature() is None:  # GDAL 3.6 streams empty batches without end when the index finds nothing
            continue
        for arrays in layer.GetArrowStreamAsNumPy(options=options):
            some: slice | NDArray[np.bool_] = slice(None)
            if several:
                some = np.isin(arrays[_NUMBER], seen, invert=True)
                seen = np.concatenate((seen, arrays[_NUMBER]))
            if isinstance(some, slice) or some.any():
                yield Batch(arrays[_GEOMETRY][some], {name: arrays[name][some] for name in fields}, middle)


def codes(values: NDArray[np.bytes_], names: tuple[str, ...]) -> NDArray[np.int64]:
    """Index of each value in `names`; of the last, which is `other`, where it is none of them."""
    known = np.array([name.encode() for name in names])
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known, values, sorter=order), len(names) - 1)
    code = order[place]
    return np.where(known[code] == values, code, len(names) - 1)
