"""Vector files in and out: shapely geometries and plain rows on our side, GDAL's drivers on the other."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from osgeo import gdal, ogr, osr

from siaga.foreign import Array, Geometry, Source
from siaga.gis import sources

gdal.UseExceptions()
ogr.UseExceptions()

_OGR_TYPE = {str: ogr.OFTString, int: ogr.OFTInteger64, float: ogr.OFTReal}
_DRIVER = {".fgb": "FlatGeobuf", ".gpkg": "GPKG", ".geojson": "GeoJSON"}
_NO_CLOCK = "2000-01-01T00:00:00.000Z"  # a GeoPackage writes down when; the same input must give the same bytes


def read(
    path: Path, layer: str = "", where: str = "", bounds: tuple[float, float, float, float] | None = None
) -> tuple[Array, list[dict[str, Any]]]:
    """Geometries (shapely, as stored) and attributes of one layer.

    Optionally those that match `where`, or that may meet bounds (west, south, east, north) alone.
    """
    source = sources.vector(path)
    features = source.GetLayerByName(layer) if layer else source.GetLayer(0)
    if where:
        features.SetAttributeFilter(where)
    if bounds:
        features.SetSpatialFilterRect(*bounds)
    geometries, rows = [], []
    for feature in features:
        geometries.append(bytes(feature.GetGeometryRef().ExportToWkb(ogr.wkbNDR)))
        rows.append(feature.items())
    return shapely.from_wkb(np.array(geometries, dtype=object)), rows


def names(path: Path) -> tuple[str, ...]:
    """Of the layers in a file. Raises BadInput when it is none that OGR reads."""
    source = sources.vector(path)
    return tuple(source.GetLayer(index).GetName() for index in range(source.GetLayerCount()))


def wkt(path: Path) -> str:
    """The first layer's CRS; "" where the file names none."""
    source = sources.vector(path)
    reference = source.GetLayer(0).GetSpatialRef()
    return reference.ExportToWkt() if reference else ""


def write(
    path: Path,
    layer: str,
    geometry: str,
    geometries: Sequence[Geometry] | Array,
    rows: Iterable[Mapping[str, object]] = (),
    fields: Mapping[str, type] | None = None,
) -> None:
    """Add one layer, EPSG:4326, to a file whose suffix names the driver (.fgb, .gpkg, .geojson).

    geometry: Polygon, MultiPolygon, LineString … as OGR calls it. fields: name -> str, int or float.
    """
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    with _told("OGR_CURRENT_DATE", _NO_CLOCK):
        target = _open(path)
        written = target.CreateLayer(layer, reference, getattr(ogr, f"wkb{geometry}"))
        for name, kind in (fields or {}).items():
            written.CreateField(ogr.FieldDefn(name, _OGR_TYPE[kind]))
        definition = written.GetLayerDefn()
        written.StartTransaction()
        attributes = list(rows) if fields else [{}] * len(geometries)
        for body, row in zip(shapely.to_wkb(geometries), attributes, strict=True):
            feature = ogr.Feature(definition)
            feature.SetGeometryDirectly(ogr.CreateGeometryFromWkb(body))
            for number, name in enumerate(fields or {}):
                if row[name] is not None:
                    feature[number] = row[name]
            written.CreateFeature(feature)
        written.CommitTransaction()
        del written, definition
        target.FlushCache()
        del target


def _open(path: Path) -> Source:
    if path.exists():
        return gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_UPDATE, allowed_drivers=list(_DRIVER.values()))
    return ogr.GetDriverByName(_DRIVER[path.suffix]).CreateDataSource(str(path))


@contextmanager
def passing() -> Iterator[None]:
    """For files that are read back at once and removed: SQLite then waits for no disk."""
    with _told("OGR_SQLITE_SYNCHRONOUS", "OFF"):
        yield


@contextmanager
def _told(option: str, value: str) -> Iterator[None]:
    gdal.SetConfigOption(option, value)
    try:
        yield
    finally:
        gdal.SetConfigOption(option, None)
