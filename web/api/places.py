"""The installed volcanoes, as a list and as points."""

from flask import current_app, g

from web.api.events import collection, feature
from web.api.operations import GEOJSON, operation
from web.api.records import Unknown, Volcanoes
from web.api.records import Volcano as VolcanoRecord
from web.ash import volcanoes as catalogues

NAME = "siaga-volcanoes"


@operation("/volcanoes", "Volcanic ash", "Volcanoes")
def volcanoes() -> Volcanoes:
    """The volcanoes of the installed catalogue"""
    found = _volcanoes()
    return {"volcanoes": found or None, "unknown": _missing(found)}


@operation("/volcanoes.geojson", "Volcanic ash", "VolcanoPoints", (), GEOJSON)
def volcanoes_geojson() -> dict[str, object]:
    """The same as points"""
    found = _volcanoes()
    points = [{"type": "Point", "coordinates": [one["longitude"], one["latitude"]]} for one in found]
    features = [feature(one["name"], point, one) for one, point in zip(found, points, strict=True)]
    return collection(features, None, _missing(found))


def installed() -> tuple[catalogues.Volcano, ...]:
    """The volcanoes that this app can read; none where no catalogue is installed."""
    catalogue: catalogues.Volcanoes | None = current_app.extensions[NAME]
    return catalogue.listed() if catalogue else ()


def _volcanoes() -> list[VolcanoRecord]:
    return [
        {
            "name": one.name,
            "longitude": one.longitude,
            "latitude": one.latitude,
            "elevation_m": one.elevation_m,
            "district": one.district,
            "province": one.province,
            "time_zone": one.time_zone,
        }
        for one in installed()
    ]


def _missing(found: list[VolcanoRecord]) -> list[Unknown]:
    missing: list[Unknown] = []
    if not found:
        missing.append({"field": "volcanoes", "reason": g.language("No catalogue of volcanoes is installed")})
    if any(one["elevation_m"] is None for one in found):
        reason = g.language("The catalogue does not tell the height of this volcano")
        missing.append({"field": "elevation_m", "reason": reason})
    reason = g.language("The catalogue does not tell in which district or province this volcano lies")
    if any(one["district"] is None for one in found):
        missing.append({"field": "district", "reason": reason})
    if any(one["province"] is None for one in found):
        missing.append({"field": "province", "reason": reason})
    return missing
