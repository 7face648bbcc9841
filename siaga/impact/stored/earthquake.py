"""impact.json of an earthquake; by_mmi always has ten keys, "1" to "10"."""

from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict

from siaga.errors import Reason
from siaga.impact.stored.head import Head, PeopleFacts, Plan, Totals, ZoneName


class EarthquakeEvent(TypedDict):
    """The quake as the ShakeMap says it: times in UTC, degrees in WGS84; process_time: when the map was made."""

    time: str
    utc_offset_hours: float
    time_zone: str
    longitude: float
    latitude: float
    depth_km: float
    magnitude: float
    description: str
    network: str
    originator: str
    event_type: str
    map_status: str
    shakemap_version: int
    process_time: str | None


class Shaking(TypedDict):
    """The map: bounds (outer cell edges) and nodes in degrees; unknown_share: of nodes without MMI, 0 to 1."""

    west: float
    south: float
    east: float
    north: float
    rows: int
    columns: int
    spacing_lon_deg: float
    spacing_lat_deg: float
    unknown_share: NotRequired[float]
    max_mmi: float
    max_border_mmi: float
    epicentre_mmi: float | None
    nodes_by_mmi: Mapping[str, int]


class ShakenPeople(PeopleFacts):
    """Everybody on the map, persons. unmapped: of them, on ground without MMI."""

    by_mmi: Mapping[str, float | None]
    unmapped: float | None


QUANTILES: tuple[Literal["p05", "p25", "median", "p75", "p95"], ...] = ("p05", "p25", "median", "p75", "p95")


class DeathsRecord(TypedDict):
    """Deaths by shaking by one model: mean, quantiles, and the chance of each level and size."""

    expected: float
    median: float
    p05: float
    p10: float
    p25: float
    p75: float
    p90: float
    p95: float
    alert: str
    probability: Mapping[str, float]
    by_decade: Mapping[str, float]


class AlertRecord(TypedDict):
    """The level, the model that sets it and why; pager_level: the one that PAGER's users expect."""

    level: str | None
    pager_level: NotRequired[str | None]
    model: str
    probability: Mapping[str, float] | None
    reason: Reason


class EconomicRecord(TypedDict):
    """Direct loss in US dollars of gdp_year, and in rupiah at that year's average rate.

    A record of an older Siaga has no rupiah.
    """

    model: str
    gdp_per_capita_usd: float
    gdp_year: int
    exposed_usd: float
    expected_usd: float
    median_usd: float
    p05_usd: float
    p10_usd: float
    p25_usd: float
    p75_usd: float
    p90_usd: float
    p95_usd: float
    idr_per_usd: NotRequired[float]
    expected_idr: NotRequired[float]
    median_idr: NotRequired[float]
    p05_idr: NotRequired[float]
    p25_idr: NotRequired[float]
    p75_idr: NotRequired[float]
    p95_idr: NotRequired[float]
    alert: str
    probability: Mapping[str, float]
    source: str


class EarthquakePlan(Plan):
    """A plan for those displaced from that MMI class up."""

    mmi: int


class EarthquakeEstimate(Totals):
    """What happens to people by the whole map; None where they are not known. By model; by base, middle, upper."""

    fatalities: Mapping[str, DeathsRecord] | None
    alert: AlertRecord
    economic: EconomicRecord | None
    planning: Mapping[str, EarthquakePlan] | None


class Expected(TypedDict):
    """Deaths by one model in one place."""

    expected: float


class ExpectedOrUnknown(TypedDict):
    """Deaths by one model in a zone."""

    expected: float | None


class EarthquakeAmounts(TypedDict):
    """What is said of the people of one place, persons; fatalities by model."""

    by_mmi: Mapping[str, float]
    people: float
    fatalities: Mapping[str, Expected]
    affected: float
    displaced: float


class EarthquakeZone(ZoneName, Totals):
    """One zone; every figure None where nothing is known of it."""

    by_mmi: Mapping[str, float | None]
    people: float | None
    fatalities: Mapping[str, ExpectedOrUnknown]


class CountedEarthquakeZone(ZoneName, EarthquakeAmounts):
    """One zone of which something is known: the same record, without unknown figures."""


class EarthquakeTable(TypedDict):
    """The level of zones that tables list. covers: the share of people who live in them; outside: all others."""

    level: str | None
    covers: float | None
    outside: EarthquakeAmounts


class PlaceRecord(TypedDict):
    """A place, and how it lies from the epicentre (bearing_deg, direction) and the epicentre from it."""

    name: str
    zone: str
    population: float | None
    longitude: float
    latitude: float
    mmi: float | None
    distance_km: float
    bearing_deg: float
    direction: str
    from_place_deg: float
    from_place: str


class PlacesRecord(TypedDict):
    """The place by which people find the epicentre, the nearest ones, the most shaken ones."""

    landmark: PlaceRecord | None
    nearest: list[PlaceRecord]
    most_shaken: list[PlaceRecord]


class CaveatsRecord(TypedDict):
    """What else the quake may have set off; None: not known."""

    tsunami: bool | None
    landslide: bool | None
    liquefaction: bool | None
    coast_distance_km: float | None
    epicentre_offshore: bool | None


class Toll(TypedDict):
    """Known deaths of a past quake: by shaking, in all."""

    shaking: float | None
    total: float | None


class SimilarQuake(TypedDict):
    """A past quake. by_mmi: people per class, None where they are not known."""

    time: str
    name: str
    magnitude: float
    depth_km: float
    longitude: float
    latitude: float
    distance_km: float
    by_mmi: Mapping[str, float] | None
    deaths: Toll
    causes: list[str]
    source: str


class SimilarRecord(TypedDict):
    """The likest past quakes. compared_by: exposure or place."""

    events: list[SimilarQuake]
    compared_by: str
    note: Reason | None


class ShakenStructureType(TypedDict):
    """Structures of one type."""

    by_mmi: Mapping[str, int]
    total: int


class NotableStructure(TypedDict):
    """A structure that is listed by itself. zone: the name of the finest zone around it."""

    name: str | None
    type: str
    mmi: float
    longitude: float
    latitude: float
    zone: str | None


class ShakenStructures(TypedDict):
    """Structures by type. notable_rest: how many more there are of a type than are listed."""

    by_class: Mapping[str, ShakenStructureType]
    total: int
    notable: list[NotableStructure]
    notable_rest: Mapping[str, int]
    note: Reason | None


class ShakenRoadClass(TypedDict):
    """Kilometres of one class of road."""

    by_mmi: Mapping[str, float]
    total_km: float


class ShakenRoads(TypedDict):
    """Roads by class."""

    by_class: Mapping[str, ShakenRoadClass]
    total_km: float
    note: Reason | None


class ShakenLandClass(TypedDict):
    """Hectares of one class of land cover."""

    by_mmi: Mapping[str, float]
    total_ha: float


class ShakenLand(TypedDict):
    """Land cover by class."""

    by_class: Mapping[str, ShakenLandClass]
    total_ha: float
    note: Reason | None


class EarthquakeLayers(TypedDict):
    """What stands and lies on the map; None where a layer is not there, which layers_missing then says."""

    structures: ShakenStructures | None
    roads: ShakenRoads | None
    land_cover: ShakenLand | None
    layers_missing: list[Reason]


class EarthquakeImpact(Head, EarthquakeEstimate, EarthquakeLayers):
    """All of it."""

    hazard: Literal["earthquake"]
    event: EarthquakeEvent
    map: Shaking
    people: ShakenPeople
    zones: list[EarthquakeZone]
    table: EarthquakeTable | None
    places: PlacesRecord
    caveats: CaveatsRecord
    similar: SimilarRecord
