"""Rasters: windows of the population grid, and the hazard as a cloud-optimised GeoTIFF."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from osgeo import gdal, osr

from siaga.errors import SiagaError
from siaga.hazard.shakemap import Nodes

gdal.UseExceptions()


@dataclass(frozen=True, slots=True)
class Window:
    """Rows and columns of a grid."""

    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


@dataclass(frozen=True, slots=True)
class PopulationGrid:
    """Persons per cell, EPSG:4326, north up. Never resampled: the hazard comes to this grid.

    west, north: outer corner in degrees; width, height: of one cell in degrees. nodata: NaN if none.
    """

    path: Path
    west: float
    north: float
    width: float
    height: float
    columns: int
    rows: int
    nodata: float

    @classmethod
    def open(cls, path: Path) -> "PopulationGrid":
        """Read where the grid lies. Raises SiagaError when it is not north up in EPSG:4326."""
        source = gdal.Open(str(path))
        west, width, skew_x, north, skew_y, height = source.GetGeoTransform()
        reference = source.GetSpatialRef()
        if skew_x or skew_y or width <= 0 or height >= 0 or reference is None or not reference.IsGeographic():
            raise SiagaError("{file}: the population grid must be north up in EPSG:4326", file=path.name)
        nodata = source.GetRasterBand(1).GetNoDataValue()
        missing = math.nan if nodata is None else nodata
        return cls(path, west, north, width, -height, source.RasterXSize, source.RasterYSize, missing)

    def window(self, bounds: Any) -> Window | None:
        """The cells that west, south, east, north touch; None when there are none."""
        west, south, east, north = bounds
        left = max(0, math.floor((west - self.west) / self.width))
        right = min(self.columns, math.ceil((east - self.west) / self.width))
        top = max(0, math.floor((self.north - north) / self.height))
        bottom = min(self.rows, math.ceil((self.north - south) / self.height))
        return Window(slice(top, bottom), slice(left, right)) if top < bottom and left < right else None

    def bounds(self, top: int, bottom: int, left: int, right: int) -> tuple[float, float, float, float]:
        """West, south, east, north of a block of cells."""
        return (
            self.west + left * self.width,
            self.north - bottom * self.height,
            self.west + right * self.width,
            self.north - top * self.height,
        )

    def longitudes(self, window: Window) -> NDArray[np.float64]:
        """Of the cells' centres, one per column."""
        return self.west + (np.arange(window.columns.start, window.columns.stop) + 0.5) * self.width

    def latitudes(self, window: Window) -> NDArray[np.float64]:
        """Of the cells' centres, one per row, north first."""
        return self.north - (np.arange(window.rows.start, window.rows.stop) + 0.5) * self.height

    def read(self, window: Window) -> NDArray[np.float64]:
        """Persons in the window's cells, float64; NaN where the data say nothing; negative as written."""
        source = gdal.Open(str(self.path))
        rows, columns = window.shape
        raw = source.GetRasterBand(1).ReadAsArray(window.columns.start, window.rows.start, columns, rows)
        people: NDArray[np.float64] = raw.astype(np.float64)
        if not math.isnan(self.nodata):
            # Compared in the band's own type: a nodata of -3.4e38 is another number in float64.
            people[raw == raw.dtype.type(self.nodata)] = np.nan
        return people

    def read_all(self) -> NDArray[np.float64]:
        """The whole grid; what is unknown or negative counts as nobody."""
        people = self.read(Window(slice(0, self.rows), slice(0, self.columns)))
        return np.where(people > 0, people, 0.0)


def write_hazard(path: Path, nodes: Nodes, mmi: NDArray[np.float64]) -> None:
    """MMI as a cloud-optimised GeoTIFF, float32, EPSG:4326; a node is the centre of its pixel."""
    west, _, _, north = nodes.edges
    memory = gdal.GetDriverByName("MEM").Create("", nodes.columns, nodes.rows, 1, gdal.GDT_Float32)
    memory.SetGeoTransform((west, nodes.lon_step, 0.0, north, 0.0, -nodes.lat_step))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    memory.SetProjection(reference.ExportToWkt())
    band = memory.GetRasterBand(1)
    band.SetDescription("MMI")
    band.WriteArray(mmi.astype(np.float32))
    options = ["COMPRESS=DEFLATE", "PREDICTOR=YES", "BLOCKSIZE=256", "OVERVIEWS=NONE", "NUM_THREADS=1"]
    gdal.GetDriverByName("COG").CreateCopy(str(path), memory, options=options)
