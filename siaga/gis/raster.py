"""Rasters that go out: the hazard as a cloud-optimised GeoTIFF."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from osgeo import gdal, osr

from siaga.hazard.shakemap import Nodes

gdal.UseExceptions()


def write_hazard(path: Path, nodes: Nodes, mmi: NDArray[np.float64]) -> None:
    """MMI as a cloud-optimised GeoTIFF, float32, EPSG:4326; a node is the centre of its pixel, NaN unknown."""
    west, _, _, north = nodes.edges
    memory = gdal.GetDriverByName("MEM").Create("", nodes.columns, nodes.rows, 1, gdal.GDT_Float32)
    memory.SetGeoTransform((west, nodes.lon_step, 0.0, north, 0.0, -nodes.lat_step))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    memory.SetProjection(reference.ExportToWkt())
    band = memory.GetRasterBand(1)
    band.SetDescription("MMI")
    band.SetUnitType("MMI")
    band.SetNoDataValue(math.nan)
    band.WriteArray(mmi.astype(np.float32))
    options = ["COMPRESS=DEFLATE", "PREDICTOR=YES", "BLOCKSIZE=256", "OVERVIEWS=NONE", "NUM_THREADS=1"]
    gdal.GetDriverByName("COG").CreateCopy(str(path), memory, options=options)
