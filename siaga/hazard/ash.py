"""An ash fall: how thick the ash of one eruption lies, and what was said of the eruption.

Classes: InaSAFE 5's `ash_hazard_classes`, centimetres. Alert levels: PVMBG's four.
"""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput, Reason
from siaga.hazard import ashunit
from siaga.hazard.ashunit import DENSITIES_KG_M3
from siaga.keys import EruptionId

CLASSES = ("very_low", "low", "medium", "high", "very_high")
LIMITS_CM = (0.01, 0.1, 2.0, 5.0, 10.0)  # a class begins above its limit and ends with the next one's
ALERT_LEVELS = ("normal", "waspada", "siaga", "awas")
FORECAST_DAYS = (1, 3)
MAX_REQUEST_BYTES = 64 << 10
MAX_BYTES = 64 << 20  # of a raster
MAX_CM = 2000.0  # twenty metres; whoever has more than that has another unit
MOST_DAYS_APART = 7  # between two falls of one eruption, which add up
MOST_DEGREES_AWAY = 3.0  # between the raster's rectangle and its volcano

_MOST_OFFSET, _MINUTE = timedelta(hours=14), timedelta(minutes=1)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Eruption:
    """What request.json says.

    longitude, latitude: of the volcano, degrees. elevation_m: of its summit above the sea, None if unknown.
    eruption_height_m: of the column above the vent. time: with the zone in which it was written;
    time_zone: that zone's name, "" if not said. submitted: when the request was made, UTC, None if not said.
    raster_sha256: of the raster that belongs to it, "" where any that lies beside it does.
    unit: in which the raster gives the ash, "" where the raster says so itself or has cm; density_kg_m3: of the
    ash as it lies, which makes a load a thickness, None if not said. district, province: in which the volcano lies,
    "" where nobody said.
    """

    volcano: str
    longitude: float
    latitude: float
    elevation_m: float | None
    alert_level: str
    eruption_height_m: float
    time: datetime
    time_zone: str
    forecast_days: int
    submitted: datetime | None = None
    raster_sha256: str = ""
    unit: str = ""
    density_kg_m3: float | None = None
    district: str = ""
    province: str = ""

    @property
    def event_id(self) -> EruptionId:
        """By its time and volcano."""
        return EruptionId.of(self.time, self.volcano)

    @property
    def utc_offset_hours(self) -> float:
        """Of the clock in which the time is written."""
        return (self.time.utcoffset() or timedelta()) / timedelta(hours=1)

    @property
    def column_height_m(self) -> float | None:
        """Of the column above the sea; None where the volcano's height is not known."""
        return None if self.elevation_m is None else self.elevation_m + self.eruption_height_m

    @property
    def expires(self) -> datetime:
        """Until when the forecast holds, UTC."""
        return (self.time + timedelta(days=self.forecast_days)).astimezone(UTC)


class Earlier(NamedTuple):
    """A fall of the same volcano some days before: its GeoTIFF, and what its request says."""

    raster: bytes
    eruption: Eruption


@dataclass(frozen=True, slots=True)
class AshFall:
    """Ash on a regular grid, EPSG:4326.

    west, north: the outer corner in degrees. width, height: of one cell in degrees, positive.
    thickness: (rows, columns) float64, centimetres, row 0 northernmost; NaN where nothing is known. It
    holds for all of its cell. eruption: None for a raster without a request.
    warnings: stored reasons, to be seen by readers.
    """

    west: float
    north: float
    width: float
    height: float
    thickness: NDArray[np.float64]
    eruption: Eruption | None = None
    warnings: tuple[Reason, ...] = ()

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Outer edges: west, south, east, north."""
        rows, columns = self.thickness.shape
        return self.west, self.north - rows * self.height, self.west + columns * self.width, self.north

    @property
    def sha256(self) -> str:
        """Of where it lies and how thick: two rasters that agree in it are one fall, however they were written."""
        return hashlib.sha256(repr(self.edges).encode() + self.thickness.tobytes()).hexdigest()

    @property
    def max_cm(self) -> float:
        """The thickest ash; 0 where nothing is known."""
        known = self.thickness[~np.isnan(self.thickness)]
        return float(known.max()) if known.size else 0.0

    def at(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.float64]:
        """Centimetres at points: of the cell in which each lies; NaN off the grid.

        longitude, latitude: degrees, of one shape.
        """
        rows, columns = self.thickness.shape
        column = np.floor(((longitude - self.west) % 360) / self.width)
        row = np.floor((self.north - latitude) / self.height)
        inside = (column < columns) & (row >= 0) & (row < rows)
        found = self.thickness[
            np.clip(row, 0, rows - 1).astype(np.int64), np.clip(column, 0, columns - 1).astype(np.int64)
        ]
        return np.where(inside, found, np.nan)


def classify(thickness: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Class of each thickness in cm, rounded to 1e-6 before: 0 up to 0.01 cm and where it is NaN, 1 to 5 else.

    >>> classify(np.array([0.01, 0.011, 0.1, 2.0, 2.1, 5.1, 11.0, np.nan])).tolist()
    [0, 1, 1, 2, 3, 4, 5, 0]
    """
    rounded = np.round(np.nan_to_num(thickness, nan=0.0), 6)
    return np.searchsorted(LIMITS_CM, rounded, side="left").astype(np.uint8)


def read_request(body: bytes) -> Eruption:
    """Read request.json. Raises BadInput naming the field that is wrong.

    {"volcano", "longitude", "latitude", "alert_level", "eruption_height_m", "time", "forecast_days"}, and
    where they are known "elevation_m", "time_zone", "submitted", "raster_sha256", "unit", "density_kg_m3", "district",
    "province".
    """
    if len(body) > MAX_REQUEST_BYTES:
        size, limit = len(body) >> 10, MAX_REQUEST_BYTES >> 10
        raise BadInput("request.json has {size} KiB; at most {limit} KiB are read", size=size, limit=limit)
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput("request.json is not JSON: {detail}", detail=str(error)[:200]) from error
    if not isinstance(fields, dict):
        raise BadInput("request.json is not a JSON object")
    return eruption(fields)


def eruption(fields: dict[str, object]) -> Eruption:
    """An eruption from the fields of request.json; raises BadInput naming the field that is wrong."""
    submitted = fields.get("submitted")
    return Eruption(
        volcano=_text(fields, "volcano", 50),
        longitude=_number(fields, "longitude", -180, 180),
        latitude=_number(fields, "latitude", -90, 90),
        elevation_m=None if fields.get("elevation_m") is None else _number(fields, "elevation_m", -5000, 10_000),
        alert_level=_alert_level(fields),
        eruption_height_m=_number(fields, "eruption_height_m", 0, 100_000),
        time=_time(fields, "time"),
        time_zone=_text(fields, "time_zone", 40) if fields.get("time_zone") else "",
        forecast_days=_forecast_days(fields),
        submitted=None if submitted is None else _time(fields, "submitted").astimezone(UTC),
        raster_sha256=_sha256(fields),
        unit=_unit(fields),
        density_kg_m3=None
        if fields.get("density_kg_m3") is None
        else _number(fields, "density_kg_m3", *DENSITIES_KG_M3),
        district=_text(fields, "district", 100) if fields.get("district") else "",
        province=_text(fields, "province", 100) if fields.get("province") else "",
    )


def request_bytes(eruption: Eruption) -> bytes:
    """request.json of an eruption; `read_request` reads the same back."""
    fields: dict[str, object] = {
        name: getattr(eruption, name)
        for name in ("volcano", "longitude", "latitude", "elevation_m", "alert_level", "eruption_height_m")
    }
    fields |= {"time": eruption.time.isoformat(), "time_zone": eruption.time_zone}
    fields |= {"forecast_days": eruption.forecast_days}
    if eruption.submitted:
        fields["submitted"] = eruption.submitted.isoformat()
    if eruption.raster_sha256:
        fields["raster_sha256"] = eruption.raster_sha256
    fields |= {name: said for name in ("unit", "district", "province") if (said := getattr(eruption, name))}
    if eruption.density_kg_m3 is not None:
        fields["density_kg_m3"] = eruption.density_kg_m3
    return json.dumps(fields, ensure_ascii=False, indent=1).encode()


def _given(fields: dict[str, object], field: str) -> object:
    if fields.get(field) is None:
        raise BadInput("The request lacks {field}", field=field)
    return fields[field]


def _text(fields: dict[str, object], field: str, longest: int) -> str:
    value = _given(fields, field)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= longest or not value.isprintable():
        raise BadInput(
            "{field} is {value}; write a line of at most {longest} characters",
            field=field,
            value=repr(value)[:60],
            longest=longest,
        )
    return value.strip()


def _number(fields: dict[str, object], field: str, lowest: float, highest: float) -> float:
    value = _given(fields, field)
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
    if not lowest <= number <= highest:  # NaN too
        raise BadInput(
            "{attribute} is {value}; it must be a number from {lowest} to {highest}",
            attribute=field,
            value=repr(value)[:40],
            lowest=lowest,
            highest=highest,
        )
    return float(number)


def _alert_level(fields: dict[str, object]) -> str:
    value = _given(fields, "alert_level")
    if not isinstance(value, str) or value not in ALERT_LEVELS:
        levels = ", ".join(ALERT_LEVELS)
        raise BadInput("alert_level is {value}; it must be one of {levels}", value=repr(value)[:40], levels=levels)
    return value


def _forecast_days(fields: dict[str, object]) -> int:
    value = _given(fields, "forecast_days")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value not in FORECAST_DAYS:
        days = ", ".join(map(str, FORECAST_DAYS))
        raise BadInput("forecast_days is {value}; it must be one of {days}", value=repr(value)[:40], days=days)
    return int(value)


def _time(fields: dict[str, object], field: str) -> datetime:
    value = _given(fields, field)
    try:
        time = datetime.fromisoformat(cast(str, value))
        offset = time.utcoffset()
        if offset is not None and abs(offset) <= _MOST_OFFSET and not offset % _MINUTE and 1900 <= time.year <= 2200:
            return time
    except (TypeError, ValueError):
        pass
    raise BadInput(
        "{field} is {value}; write it with its zone, as 2017-02-21T19:04+07:00", field=field, value=repr(value)[:60]
    )


def _sha256(fields: dict[str, object]) -> str:
    value = fields.get("raster_sha256")
    if value is None:
        return ""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise BadInput("raster_sha256 is {value}; it must be 64 hexadecimal digits", value=repr(value)[:80])
    return value


def _unit(fields: dict[str, object]) -> str:
    value = fields.get("unit")
    if value is None or value == "":
        return ""
    unit = ashunit.named(value) if isinstance(value, str) else ""
    if not unit:
        raise BadInput("unit is {value}; write cm, mm, m or kg/m2", value=ascii(value)[:40])
    return unit


def away_degrees(edges: tuple[float, float, float, float], longitude: float, latitude: float) -> float:
    """How far a point lies outside a rectangle (west, south, east, north), in degrees; 0 inside.

    >>> away_degrees((109.5, -8.5, 111.4, -6.6), 110.4, -9.5), away_degrees((109.5, -8.5, 111.4, -6.6), 110.4, -7.5)
    (1.0, 0.0)
    """
    west, south, east, north = edges
    x = max(0.0, abs((longitude - (west + east) / 2 + 180) % 360 - 180) - (east - west) / 2)
    return math.hypot(x, max(south - latitude, 0.0, latitude - north))
