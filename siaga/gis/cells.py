"""Grids of equal cells in degrees: polygons burnt onto them, and the cloud-optimised GeoTIFF."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path

import numpy as np
import shapely
from osgeo import gdal, ogr, osr

from siaga.foreign import Array, Geometry, Reference

gdal.UseExceptions()


@dataclass(frozen=True, slots=True)
class Grid:
    """A north-up grid in EPSG:4326. west, north: outer corner in degrees. cell: degrees, both ways."""

    west: float
    north: float
    cell: float
    columns: int
    rows: int

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """GDAL's geotransform."""
        return (self.west, self.cell, 0.0, self.north, 0.0, -self.cell)

    def cell_of(self, longitude: float, latitude: float) -> tuple[int, int]:
        """Row and column of the cell around a point; outside the grid they are too."""
        return floor((self.north - latitude) / self.cell), floor((longitude - self.west) / self.cell)

    def holds(self, row: int, column: int) -> bool:
        """Whether there is such a cell."""
        return 0 <= row < self.rows and 0 <= column < self.columns


def burn(
    grid: Grid,
    geometries: Sequence[Geometry] | Array,
    values: Sequence[int],
    dtype: type = np.uint8,
    touched: bool = False,
) -> Array:
    """rows x columns: the value of the polygon in which each cell's centre lies, 0 elsewhere.

    Later polygons win. touched: every cell that the polygon touches instead.
    """
    target = gdal.GetDriverByName("MEM").Create(
        "", grid.columns, grid.rows, 1, gdal.GDT_Byte if dtype is np.uint8 else gdal.GDT_UInt16
    )
    target.SetGeoTransform(grid.transform)
    target.SetProjection(_wgs84().ExportToWkt())
    source = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = source.CreateLayer("", _wgs84(), ogr.wkbUnknown)
    layer.CreateField(ogr.FieldDefn("value", ogr.OFTInteger))
    for body, value in zip(shapely.to_wkb(geometries), values, strict=True):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometryDirectly(ogr.CreateGeometryFromWkb(body))
        feature["value"] = int(value)
        layer.CreateFeature(feature)
    options = ["ATTRIBUTE=value"] + (["ALL_TOUCHED=TRUE"] if touched else [])
    gdal.RasterizeLayer(target, [1], layer, options=options)
    burnt: Array = target.GetRasterBand(1).ReadAsArray().astype(dtype, copy=False)
    return burnt


def write_cog(path: Path, grid: Grid, values: Array, nodata: float) -> None:
    """Float32 cloud-optimised GeoTIFF: ZSTD, 256 x 256 blocks, overviews by averaging."""
    memory = gdal.GetDriverByName("MEM").Create("", grid.columns, grid.rows, 1, gdal.GDT_Float32)
    memory.SetGeoTransform(grid.transform)
    memory.SetProjection(_wgs84().ExportToWkt())
    band = memory.GetRasterBand(1)
    band.SetNoDataValue(nodata)
    band.WriteArray(values.astype(np.float32))
    options = ["COMPRESS=ZSTD", "LEVEL=9", "PREDICTOR=YES", "BLOCKSIZE=256", "RESAMPLING=AVERAGE", "NUM_THREADS=1"]
    gdal.GetDriverByName("COG").CreateCopy(str(path), memory, options=options)


def _wgs84() -> Reference:
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference
