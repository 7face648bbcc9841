"""Features of a large FlatGeobuf in batches of arrays, through OGR's Arrow stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from osgeo import gdal, ogr

from siaga.gis import sources
from siaga.gis.basemap import Rectangle

gdal.UseExceptions()
ogr.UseExceptions()

_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])
_GEOMETRY = "wkb_geometry"


@dataclass(frozen=True, slots=True)
class Batch:
    """Some features. wkb: their geometries; columns: texts as bytes (UTF-8), b"" where there is none."""

    wkb: NDArray[Any]
    columns: dict[str, NDArray[np.bytes_]]

    def points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitudes and latitudes of features that are points."""
        raw = np.ascontiguousarray(self.wkb).view(_POINT).ravel()
        return raw["x"].copy(), raw["y"].copy()

    def geometries(self) -> NDArray[Any]:
        """As shapely has them."""
        found: NDArray[Any] = shapely.from_wkb([bytes(one) for one in self.wkb])
        return found


def batches(path: Path, bounds: Rectangle, fields: Sequence[str], at_once: int) -> Iterator[Batch]:
    """The features that may lie within bounds (by their boxes), at most so many at once.

    path: FlatGeobuf, EPSG:4326, with the text fields named, as `siaga data import` writes it.
    """
    source = sources.vector(path)
    layer = source.GetLayer(0)
    layer.SetSpatialFilterRect(*bounds)
    definition = layer.GetLayerDefn()
    names = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
    layer.SetIgnoredFields([name for name in names if name not in fields])
    if layer.GetNextFeature() is None:  # GDAL 3.6 streams empty batches without end when the index finds nothing
        return
    options = ["USE_MASKED_ARRAYS=NO", "INCLUDE_FID=NO", f"MAX_FEATURES_IN_BATCH={at_once}"]
    for arrays in layer.GetArrowStreamAsNumPy(options=options):
        yield Batch(arrays[_GEOMETRY], {name: arrays[name] for name in fields})


def codes(values: NDArray[np.bytes_], names: tuple[str, ...]) -> NDArray[np.int64]:
    """Index of each value in `names`; of the last, which is `other`, where it is none of them."""
    known = np.array([name.encode() for name in names])
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known, values, sorter=order), len(names) - 1)
    code = order[place]
    return np.where(known[code] == values, code, len(names) - 1)
