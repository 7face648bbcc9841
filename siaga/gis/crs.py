"""Coordinate systems: many points at once from one to another."""

import math
import struct
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from osgeo import ogr, osr

from siaga.foreign import Reference

ogr.UseExceptions()
osr.UseExceptions()

_WGS84 = (6378137.0, 298.257223563)

LINE = 2  # WKB's number of a line string


def wgs84() -> Reference:
    """Longitude and latitude in degrees, in this order."""
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def of_wkt(wkt: str) -> Reference:
    """A coordinate system in which x comes before y, whatever its authority says."""
    reference = osr.SpatialReference()
    reference.ImportFromWkt(wkt)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def to_lonlat(
    x: NDArray[np.float64], y: NDArray[np.float64], wkt: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude, WGS 84, of points in that CRS. Raises RuntimeError where it does not reach."""
    return _transformed(x, y, _transformation(wkt, False))


def from_lonlat(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64], wkt: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The other way round."""
    return _transformed(longitude, latitude, _transformation(wkt, True))


def in_degrees(reference: Reference) -> bool:
    """Whether coordinates are WGS 84's to within metres (DGN95, ITRF, GRS 80 datums are)."""
    if not reference.IsGeographic() or abs(reference.GetAngularUnits() - math.pi / 180) > 1e-12:
        return False
    major, flattening = reference.GetSemiMajor(), reference.GetInvFlattening()
    greenwich = reference.GetAttrValue("PRIMEM", 1)
    same = abs(major - _WGS84[0]) < 1e-3 and abs(flattening - _WGS84[1]) < 1e-3
    return same and float(greenwich or 0) == 0


@lru_cache(maxsize=8)
def _transformation(wkt: str, back: bool) -> Reference:
    references = (of_wkt(wkt), wgs84())
    return osr.CoordinateTransformation(*(references[::-1] if back else references))


def _transformed(
    x: NDArray[np.float64], y: NDArray[np.float64], transformation: Reference
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As one line string: OGR then transforms all points in one call, without a Python object for each."""
    points = np.column_stack((x.ravel(), y.ravel())).astype("<f8")
    line = ogr.CreateGeometryFromWkb(struct.pack("<BII", 1, LINE, len(points)) + points.tobytes())
    line.Transform(transformation)
    done = np.frombuffer(bytes(line.ExportToWkb(ogr.wkbNDR)), dtype="<f8", offset=9).reshape(-1, 2)
    if not np.isfinite(done).all():
        raise RuntimeError("a point cannot be transformed")
    return done[:, 0].reshape(x.shape), done[:, 1].reshape(x.shape)
