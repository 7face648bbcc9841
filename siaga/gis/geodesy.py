"""Distances and bearings on the ellipsoid (WGS 84), by QGIS."""

from functools import cache
from math import degrees

from siaga.foreign import QgisObject

WINDS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")


@cache
def _qgis() -> QgisObject:
    """Imported when first needed: it takes a third of a second, and a map without places needs none of it."""
    from qgis import core

    return core


@cache
def _measure() -> QgisObject:
    core = _qgis()
    measure = core.QgsDistanceArea()
    wgs84 = core.QgsCoordinateReferenceSystem("EPSG:4326")
    measure.setSourceCrs(wgs84, core.QgsProject.instance().transformContext())
    measure.setEllipsoid("EPSG:7030")
    return measure


def distance_bearing(longitude: float, latitude: float, to_longitude: float, to_latitude: float) -> tuple[float, float]:
    """Kilometres and the azimuth at the first point, degrees clockwise from north, 0 to 360."""
    point = _qgis().QgsPointXY
    start, end = point(longitude, latitude), point(to_longitude, to_latitude)
    measure = _measure()
    metres = measure.measureLine(start, end)
    return metres / 1000, degrees(measure.bearing(start, end)) % 360 if metres > 0 else 0.0


def wind(bearing_deg: float) -> str:
    """The nearest of 16 winds, rounded: 11.25° is the border between N and NNE."""
    return WINDS[int(bearing_deg / 22.5 + 0.5) % 16]
