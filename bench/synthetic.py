"""Made-up people, zones and shaking of any size, the same at every call."""

import math
from pathlib import Path

import numpy as np
import shapely
from osgeo import gdal, osr
from scipy.spatial import Voronoi

from siaga.gis import layers

WEST, NORTH = 100.0, 2.0
_ROWS = 512


def people(path: Path, degrees: float, cell: float) -> None:
    """A tiled GeoTIFF of persons per cell: towns on a thinly settled land, a tenth of it without data."""
    count = round(degrees / cell)
    options = ["COMPRESS=ZSTD", "PREDICTOR=3", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "BIGTIFF=IF_SAFER"]
    target = gdal.GetDriverByName("GTiff").Create(str(path), count, count, 1, gdal.GDT_Float32, options)
    target.SetGeoTransform((WEST, cell, 0, NORTH, 0, -cell))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    target.SetProjection(reference.ExportToWkt())
    band = target.GetRasterBand(1)
    band.SetNoDataValue(-9999)
    random = np.random.default_rng(7)
    longitude = np.arange(count) * cell
    for top in range(0, count, _ROWS):
        rows = min(_ROWS, count - top)
        latitude = (top + np.arange(rows)) * cell
        towns = np.exp(2 * np.sin(longitude * 9) + 2 * np.sin(latitude * 7)[:, np.newaxis])
        values = (towns * random.lognormal(0, 0.5, (rows, count)) * (cell * 1200) ** 2).astype(np.float32)
        values[np.sin(longitude * 3)[np.newaxis, :] + np.sin(latitude * 2.3)[:, np.newaxis] > 1.3] = -9999
        band.WriteArray(values, 0, top)
    target.FlushCache()


def zones(path: Path, degrees: float, count: int) -> int:
    """Cells of a Voronoi diagram with bent borders, about `count` of them; returns how many."""
    side = degrees / math.sqrt(count)
    random = np.random.default_rng(11)
    margin = 3 * side
    points = random.uniform(-margin, degrees + margin, (round(((degrees + 2 * margin) / side) ** 2), 2))
    diagram = Voronoi(points)
    regions = [diagram.regions[number] for number in diagram.point_region]
    shapes = np.array([shapely.Polygon(diagram.vertices[one]) for one in regions if one and -1 not in one])
    shapes = shapes[shapely.intersects(shapes, shapely.box(0, 0, degrees, degrees))]
    shapes = shapely.segmentize(shapes, side / 12)

    def bent(xy: np.ndarray) -> np.ndarray:
        x, y = xy[:, 0] / side, xy[:, 1] / side
        away = np.column_stack((np.sin(4 * y) + np.sin(13 * y + 1), np.sin(4 * x) + np.cos(11 * x))) * side / 30
        # Rounded, so that a border is the same points for both its neighbours.
        return np.round((xy * (1, -1) + away * (1, -1) + (WEST, NORTH)) * 2**30) / 2**30

    shapes = shapely.transform(shapes, bent)
    rows = [{"code": f"{number:06d}", "name": f"Zone {number}"} for number in range(len(shapes))]
    layers.write(path, "zones", "Polygon", shapes, rows, {"code": str, "name": str})
    return len(shapes)


def grid_xml(path: Path, degrees: float, step: float = 0.025) -> None:
    """A ShakeMap in the middle of a square of that many degrees, as wide as the square."""
    count = round(degrees / step)
    longitudes = WEST + (np.arange(count) + 0.5) * step
    latitudes = NORTH - (np.arange(count) + 0.5) * step
    x, y = np.meshgrid(longitudes, latitudes)
    km = np.hypot(x - longitudes.mean(), y - latitudes.mean()) * 111.2
    mmi = 9.2 - 3.2 * np.log10(np.hypot(km, 15) / 15) + 0.15 * np.sin(x * 31) * np.cos(y * 29)
    rows = "\n".join(f"{a:.4f} {b:.4f} {c:.2f}" for a, b, c in zip(x.flat, y.flat, mmi.clip(1).flat, strict=True))
    path.write_text(
        f"""<shakemap_grid event_id="bench" shakemap_version="1" map_status="RELEASED" shakemap_event_type="ACTUAL">
<event magnitude="7.0" depth="15" lat="{latitudes.mean():.4f}" lon="{longitudes.mean():.4f}"
 event_timestamp="2018-01-01T00:00:00UTC" event_description="made up"/>
<grid_specification lon_min="{longitudes[0]:.6f}" lon_max="{longitudes[-1]:.6f}" lat_min="{latitudes[-1]:.6f}"
 lat_max="{latitudes[0]:.6f}" nlon="{count}" nlat="{count}"/>
<grid_field index="1" name="LON"/><grid_field index="2" name="LAT"/><grid_field index="3" name="MMI"/>
<grid_data>
{rows}
</grid_data></shakemap_grid>""",
        encoding="ascii",
    )
