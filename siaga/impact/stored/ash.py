"""impact.json of an ash fall; classes are very_low to very_high, thicknesses in centimetres."""

from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict, cast

from siaga.errors import Reason
from siaga.impact.stored.classed import ClassedEstimate, ClassedPeople, ClassedTable, ClassedZone
from siaga.impact.stored.head import Head

_SAID = (
    *("volcano", "longitude", "latitude", "alert_level", "eruption_height_m", "forecast_days"),
    *("utc_offset_hours", "time_zone", "time", "expires"),
)


class AshEvent(TypedDict):
    """The eruption as its request says it; all None for a raster without one. Times in UTC, heights in metres."""

    volcano: str | None
    district: NotRequired[str | None]
    province: NotRequired[str | None]
    longitude: float | None
    latitude: float | None
    elevation_m: float | None
    alert_level: str | None
    eruption_height_m: float | None
    column_height_m: float | None
    forecast_days: int | None
    utc_offset_hours: float | None
    time_zone: str | None
    time: str | None
    expires: str | None
    process_time: str | None


class Eruption(TypedDict):
    """The same where there is a request. elevation_m, process_time: None where it does not say them."""

    volcano: str
    district: NotRequired[str | None]
    province: NotRequired[str | None]
    longitude: float
    latitude: float
    elevation_m: float | None
    alert_level: str
    eruption_height_m: float
    column_height_m: float | None
    forecast_days: int
    utc_offset_hours: float
    time_zone: str
    time: str
    expires: str
    process_time: str | None


def eruption_of(event: AshEvent) -> Eruption:
    """The eruption of a fall; ValueError for a raster without a request, which has neither entry nor report."""
    missing = [name for name in _SAID if event.get(name) is None]
    if missing:
        raise ValueError(f"an ash fall without a request: no {', '.join(missing)}")
    return cast(Eruption, event)


class Volcano(TypedDict):
    """Where the ash comes from: degrees in WGS84, metres above the sea.

    district, province: None where they are not known; an entry of an older Siaga does not tell them.
    """

    name: str
    longitude: float
    latitude: float
    elevation_m: float | None
    district: NotRequired[str | None]
    province: NotRequired[str | None]


def volcano_of(eruption: Eruption) -> Volcano:
    """The volcano of a fall, as lists show it."""
    return {
        "name": eruption["volcano"],
        "longitude": eruption["longitude"],
        "latitude": eruption["latitude"],
        "elevation_m": eruption["elevation_m"],
        "district": eruption.get("district"),
        "province": eruption.get("province"),
    }


class AshDeposit(TypedDict):
    """The map: bounds (outer edges) and cells in degrees; limits_cm: lowest and highest of each class."""

    west: float
    south: float
    east: float
    north: float
    rows: int
    columns: int
    cell_lon_deg: float
    cell_lat_deg: float
    max_cm: float
    unknown_cells: int
    cells_by_class: Mapping[str, int]
    limits_cm: Mapping[str, list[float | None]]


class Cumulative(TypedDict):
    """The fall and the earlier ones below it together. events: the ids of those."""

    events: list[str]
    max_cm: float
    people: ClassedPeople
    affected: float | None
    displaced: float | None


class AshAssets(TypedDict):
    """What lies under ash of one layer: their number, km or ha by class, and by type and class."""

    by_class: Mapping[str, float]
    by_type: Mapping[str, Mapping[str, float]]
    note: Reason


class AshStructures(AshAssets):
    """Structures under ash."""

    total: float


class AshRoads(AshAssets):
    """Roads under ash."""

    total_km: float


class AshLand(AshAssets):
    """Land cover under ash."""

    total_ha: float


# Where a point lies from the volcano, and the ash there. Not written as a class, since "class" is no name of Python's.
AshSpot = TypedDict(
    "AshSpot",
    {
        "longitude": float,
        "latitude": float,
        "thickness_cm": float,
        "class": str,
        "distance_km": float | None,
        "bearing_deg": float | None,
        "direction": str | None,
    },
)


class AshTown(AshSpot):
    """A town under ash."""

    name: str
    zone: str
    population: float | None


class AshAirport(AshSpot):
    """An airport under ash."""

    name: str
    code: str


class AshLayers(TypedDict):
    """What stands and lies under ash; None where a layer is not installed, which layers_missing then says."""

    structures: AshStructures | None
    roads: AshRoads | None
    land_cover: AshLand | None
    layers_missing: list[Reason]


class AshEstimates(ClassedEstimate, AshLayers):
    """What the fall does. places, airports: None where they are not installed."""

    people: ClassedPeople
    zones: list[ClassedZone]
    table: ClassedTable | None
    places: list[AshTown] | None
    airports: list[AshAirport] | None


class AshImpact(Head, AshEstimates):
    """All of it. cumulative: None where no earlier fall lies below."""

    hazard: Literal["ash"]
    event: AshEvent
    map: AshDeposit
    cumulative: Cumulative | None
