"""The installed volcanoes, as a list and as points."""

from typing import Any

from flask import current_app, g

from web.api.events import collection, feature
from web.api.operations import GEOJSON, operation
from web.api.records import Unknown
from web.ash.volcanoes import Volcano, Volcanoes

NAME = "siaga-volcanoes"


@operation("/volcanoes", "Volcanic ash", "Volcanoes")
def volcanoes() -> Any:
    """The volcanoes of the installed catalogue"""
    found = _volcanoes()
    return {"volcanoes": found or None, "unknown": _missing(found)}


@operation("/volcanoes.geojson", "Volcanic ash", "VolcanoPoints", (), GEOJSON)
def volcanoes_geojson() -> Any:
    """The same as points"""
    found = _volcanoes()
    points = [{"type": "Point", "coordinates": [one["longitude"], one["latitude"]]} for one in found]
    features = [feature(one["name"], point, one) for one, point in zip(found, points, strict=True)]
    return collection(features, None, _missing(found))


def installed() -> tuple[Volcano, ...]:
    """The volcanoes that this app can read; none where no catalogue is installed."""
    catalogue: Volcanoes | None = current_app.extensions[NAME]
    return catalogue.listed() if catalogue else ()


def _volcanoes() -> list[dict[str, Any]]:
    return [
        {"name": one.name, "longitude": one.longitude, "latitude": one.latitude, "elevation_m": one.elevation_m}
        for one in installed()
    ]


def _missing(found: list[dict[str, Any]]) -> list[Unknown]:
    missing: list[Unknown] = []
    if not found:
        missing.append({"field": "volcanoes", "reason": g.language("No catalogue of volcanoes is installed")})
    if any(one["elevation_m"] is None for one in found):
        reason = g.language("The catalogue does not tell the height of this volcano")
        missing.append({"field": "elevation_m", "reason": reason})
    return missing
