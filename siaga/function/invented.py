"""Invented inputs, small and plausible: for the demonstration where no real one is at hand."""

import json
from hashlib import sha256

import numpy as np

from siaga.gis.people import ash_ground
from siaga.hazard.ash import AshFall

SNAPSHOT = "2026010100-6-rw"  # the hour of the flood
ERUPTION = "201702211904+0700_"  # how the folder of the ash fall begins; the volcano's name follows
_MERAPI = {"longitude": 110.446, "latitude": -7.54, "elevation_m": 2910}  # Global Volcanism Program


def flood() -> bytes:
    """PetaBencana's answer: neighbourhoods in a chequer of 500 m along an invented river, deeper towards it."""
    west, north, step, rows, columns = 106.83, -6.18, 0.0045, 12, 8
    features: list[dict[str, object]] = []
    for row, column in np.ndindex(rows, columns):
        off = abs(column + 0.5 - columns / 2 - 2 * np.sin(row / 2.5))  # cells from the river
        if off > 3:
            continue
        left, top = west + column * step, north - row * step
        ring = [[left, top], [left, top - step], [left + step, top - step], [left + step, top], [left, top]]
        village = row // 4 + 1
        properties = {
            "area_id": str(len(features) + 1),
            "geom_id": f"3171010{village:03d}{len(features) + 1:03d}000",
            "area_name": f"RW {len(features) + 1:02d}",
            "parent_name": f"CONTOH {village}",
            "city_name": "Contoh",
            "state": 4 if off < 0.5 else 3 if off < 1.2 else 2 if off < 2.2 else 1,
            "last_updated": "2025-12-31T23:40:00.000Z",
        }
        geometry = {"type": "Polygon", "coordinates": [[[round(x, 6), round(y, 6)] for x, y in ring]]}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return json.dumps({"statusCode": 200, "result": {"type": "FeatureCollection", "features": features}}).encode()


def ash() -> bytes:
    """A GeoTIFF of ash that thins out from Merapi's summit, carried west by the wind."""
    west, north, cell, rows, columns = 109.6, -7.0, 0.01, 110, 130
    longitude, latitude = np.meshgrid(west + (np.arange(columns) + 0.5) * cell, north - (np.arange(rows) + 0.5) * cell)
    east = longitude - _MERAPI["longitude"]
    along = np.where(east > 0, 4.0 * east, -0.8 * east)  # thins out fast against the wind
    distance = np.hypot(along, 2.5 * (latitude - _MERAPI["latitude"]))
    fall = AshFall(west, north, cell, cell, 25.0 * np.exp(-distance * 14.0), None, ())
    return ash_ground.write(fall)


def ash_request(raster: bytes, volcano: str = "Merapi contoh") -> bytes:
    """The request.json for a raster of ash from Merapi, under that name."""
    request: dict[str, object] = _MERAPI | {
        "volcano": volcano,
        "alert_level": "awas",
        "eruption_height_m": 6000,
        "time": "2017-02-21T19:04:00+07:00",
        "time_zone": "WIB",
        "forecast_days": 1,
        "raster_sha256": sha256(raster).hexdigest(),
    }
    return json.dumps(request, sort_keys=True, indent=1).encode()
