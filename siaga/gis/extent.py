"""How many features of a file lie in each cell of a coarse grid, and how many there are of each kind."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from osgeo import gdal, ogr

from siaga.exposure.extent import Extent, Frame
from siaga.foreign import FeatureLayer, Source
from siaga.gis import crs, sources

gdal.UseExceptions()
ogr.UseExceptions()

_ADD = ["ALL_TOUCHED=TRUE", "MERGE_ALG=ADD"]


def features(path: Path, kind_field: str = "", layers: Sequence[str] = ()) -> tuple[Extent | None, dict[str, int]]:
    """Where the features of an installed file lie, None where none has a place; and how many there are of each kind.

    kind_field: says the kind; without it kinds are layers. layers: whose features count; the first is drawn.
    """
    source = sources.vector(path)
    chosen = [source.GetLayerByName(name) for name in layers] or [source.GetLayer(0)]
    drawn = chosen[0]
    if kind_field:
        counts = _kinds(source, drawn.GetName(), kind_field)
    else:
        counts = {one.GetName() if layers else "": one.GetFeatureCount() for one in chosen}
    if drawn.GetGeomType() == ogr.wkbNone or not drawn.GetFeatureCount():
        return None, counts
    west, east, south, north = drawn.GetExtent()
    frame = Frame.around(west, south, east, north)
    return Extent.of(frame, _burnt(frame, drawn)), counts


def _burnt(frame: Frame, layer: FeatureLayer) -> NDArray[np.float64]:
    raster = gdal.GetDriverByName("MEM").Create("", frame.columns, frame.rows, 1, gdal.GDT_Float64)
    raster.SetGeoTransform((frame.west, frame.step, 0, frame.north, 0, -frame.step))
    raster.SetProjection(crs.wgs84().ExportToWkt())
    gdal.RasterizeLayer(raster, [1], layer, burn_values=[1], options=_ADD)
    amounts: NDArray[np.float64] = raster.ReadAsArray().ravel()
    return amounts


def _kinds(source: Source, layer: str, field: str) -> dict[str, int]:
    name = layer.replace('"', '""')
    answer = source.ExecuteSQL(f'SELECT "{field}", COUNT(*) FROM "{name}" GROUP BY 1', dialect="SQLITE")
    try:
        return {row.GetFieldAsString(0): row.GetFieldAsInteger64(1) for row in answer}
    finally:
        source.ReleaseResultSet(answer)
