"""What `siaga demo --flood` and `--ash` send: real inputs where a folder of them is at hand, else made ones.

The folder is `shared` beside the checkout. What is made here is small and plausible, and says by its names
(CONTOH, sample) that it is invented.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from siaga import keys
from siaga.hazard.ash import AshFall
from siaga.settings import REPOSITORY

SHARED = REPOSITORY.parent / "shared" / "data"
_FLOOD, _ASH = Path("flood/petabencana-20170221.json"), Path("ash/merapi-ashfall.tif")
_MERAPI = {"longitude": 110.446, "latitude": -7.54, "elevation_m": 2910}  # Global Volcanism Program


@dataclass(frozen=True, slots=True)
class Sample:
    """One input. what: for people. objects: keys with their content, the one that wakes a function last."""

    what: str
    bucket: str
    objects: tuple[tuple[str, bytes], ...]


def flood(shared: Path = SHARED) -> Sample:
    """PetaBencana's answer in Jakarta's flood of 21 February 2017, or an invented one."""
    real = shared / _FLOOD
    if real.exists():
        snapshot, body, what = "2017022105-6-rw", real.read_bytes(), "Jakarta's flood of 21 February 2017"
    else:
        snapshot, body, what = "2026010100-6-rw", _made_flood(), "an invented flood in Jakarta"
    return Sample(what, keys.FLOODMAPS, ((keys.Snapshot.parse(snapshot).data, body),))


def ash(shared: Path = SHARED) -> Sample:
    """A model's ash fall from Merapi with a request for it, or an invented one."""
    from siaga.gis.people import ash_ground

    real = shared / _ASH
    if real.exists():
        name, raster, what = "Merapi", real.read_bytes(), "a model's ash fall from Merapi"
    else:
        name, raster, what = "Merapi contoh", ash_ground.write(_made_ash()), "an invented ash fall from Merapi"
    request: dict[str, Any] = _MERAPI | {
        "volcano": name,
        "alert_level": "awas",
        "eruption_height_m": 6000,
        "time": "2017-02-21T19:04:00+07:00",
        "time_zone": "WIB",
        "forecast_days": 1,
        "raster_sha256": sha256(raster).hexdigest(),
    }
    folder = keys.EruptionId.parse("201702211904+0700_" + name.replace(" ", "-"))
    told = json.dumps(request, sort_keys=True, indent=1).encode()
    return Sample(what, keys.ASHMAPS, ((folder.raster, raster), (folder.request, told)))


def _made_flood() -> bytes:
    """Neighbourhoods in a chequer of 500 m along an invented river, deeper towards it."""
    west, north, step, rows, columns = 106.83, -6.18, 0.0045, 12, 8
    features: list[dict[str, Any]] = []
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


def _made_ash() -> AshFall:
    """Ash that thins out from the summit, carried west by the wind."""
    west, north, cell, rows, columns = 109.6, -7.0, 0.01, 110, 130
    longitude, latitude = np.meshgrid(west + (np.arange(columns) + 0.5) * cell, north - (np.arange(rows) + 0.5) * cell)
    east = longitude - _MERAPI["longitude"]
    along = np.where(east > 0, 4.0 * east, -0.8 * east)  # thins out fast against the wind
    distance = np.hypot(along, 2.5 * (latitude - _MERAPI["latitude"]))
    return AshFall(west, north, cell, cell, 25.0 * np.exp(-distance * 14.0), None, ())
