"""What the API answers, as types: each is a component of the document. Unknown is null, and says why; never 0."""

from typing import Literal, TypedDict

OF_THE_STORE = ("schema", "arrival", "impact", "report")  # of a catalogue entry: told in other words by EventFacts


class Unknown(TypedDict):
    """A field that is null, and why, in the language that was asked for."""

    field: str
    reason: str


class EventLinks(TypedDict):
    """Paths of this server: of this version, and of the page for readers."""

    self: str
    page: str
    versions: str
    impact: str
    zones: str
    files: str


class EventFacts(TypedDict):
    """Times are UTC, degrees are of WGS84, people are unrounded.

    received: when its input came. impact_sha256: of impact.json. report_languages: none until it is published.
    unknown: why fields are null.
    """

    received: str
    impact_sha256: str
    report_languages: list[str]
    links: EventLinks
    unknown: list[Unknown]


class Page(TypedDict):
    """A page of a list. next: the path of the following page, null on the last."""

    next: str | None


class Versions(TypedDict):
    """All versions of one event, the one that counts first. Those of a quake may carry other ids."""


class Collection(TypedDict):
    """GeoJSON, longitude before latitude, WGS84. next: the path of the following page.

    unknown: why geometries are null.
    """

    next: str | None
    unknown: list[Unknown]


class Point(TypedDict):
    """GeoJSON: longitude, latitude."""

    type: Literal["Point"]
    coordinates: list[float]


class Polygon(TypedDict):
    """GeoJSON: rings of longitude and latitude, the outer one first."""

    type: Literal["Polygon"]
    coordinates: list[list[list[float]]]


class ZonesHead(TypedDict):
    """People by zone and class; unrounded, null is unknown. known: the share of a zone's ground with a count.

    levels: those that can be asked for. table: what is in no zone of the level that tables list.
    """

    hazard: str
    event_id: str
    version: str
    levels: list[str]
    unknown: list[Unknown]


class ZoneNumbers(TypedDict):
    """One zone. code: as it is installed. bps_code, p_code: where that code tells them, else null."""

    bps_code: str | None
    p_code: str | None


class File(TypedDict):
    """A file of a run. bytes: its size; sha256: of its content."""

    path: str
    media_type: str
    bytes: int
    sha256: str
    url: str


class Files(TypedDict):
    """The files that a reader may take along."""

    files: list[File]


class Hour(TypedDict):
    """One hour of a flood source. kind: data, same (as the hour in states_of), empty (nothing flooded), suspect, gap.

    areas_by_state: neighbourhoods (RW) by PetaBencana's state 1 to 4. areas_flooded: of state 2 and above.
    archive_highest_state: all that is known of a gap. event: the analysis that the states are of.
    """

    snapshot: str
    time: str
    region: str
    kind: Literal["data", "same", "empty", "suspect", "gap"]
    states_of: str | None
    areas_by_state: dict[str, int] | None
    areas_flooded: int | None
    archive_highest_state: int | None
    affected: float | None
    displaced: float | None
    areas: str
    event: str | None
    unknown: list[Unknown]


class Hours(TypedDict):
    """Hours of a region, the newest first; an hour that is not listed was asked for by nobody."""

    region: str | None
    regions: list[str]
    hours: list[Hour]
    next: str | None


class Area(TypedDict):
    """A neighbourhood (RW) that is not dry. people: unrounded. bps_code: of its desa or kelurahan."""

    geom_id: str
    name: str
    parent: str
    state: int
    people: float | None
    bps_code: str | None


class Areas(TypedDict):
    """The neighbourhoods of an hour; areas is null where nothing is known of them, [] where all is dry."""

    snapshot: str
    time: str
    areas: list[Area] | None
    unknown: list[Unknown]


class Volcano(TypedDict):
    """A volcano of the installed catalogue. elevation_m: above the sea. time_zone: of the clocks around it.

    district, province: in which it lies, by the zones that were installed before it.
    """

    name: str
    longitude: float
    latitude: float
    elevation_m: float | None
    district: str | None
    province: str | None
    time_zone: str


class Volcanoes(TypedDict):
    """All of them by name; volcanoes is null where no catalogue is installed."""

    volcanoes: list[Volcano] | None
    unknown: list[Unknown]


class IndexState(TypedDict):
    """How old the lists are. state: live, late (over a minute), broken (over three, or never read)."""

    state: Literal["live", "late", "broken"]
    age_seconds: int | None


class FloodSource(TypedDict):
    """A region. newest_hour: the newest with an object. areas_flooded: in newest_known_hour.

    outage_since: while one lasts.
    """

    region: str
    newest_hour: str | None
    newest_known_hour: str | None
    areas_flooded: int | None
    outage_since: str | None


class Status(TypedDict):
    """How Siaga stands. failed_inputs: refused or given up, and still what stands under their keys.

    earthquakes_last_day: by alert level. ash_falls_active: whose forecast runs.
    """

    time: str
    index: IndexState
    failed_inputs: int
    done_inputs: int
    earthquakes_last_day: dict[str, int]
    ash_falls_active: int
    floods: list[FloodSource]


class Root(TypedDict):
    """Where to begin: the document, the page that shows it, and the collections."""

    openapi: str
    page: str
    collections: dict[str, str]


class Schemas(TypedDict):
    """Documents that lie in buckets, each with the $id of its schema, which it bears itself."""

    schemas: dict[str, str]


class Problem(TypedDict, total=False):
    """RFC 9457. detail: what is wrong and what to do, in the language that was asked for.

    field: the one that is wrong.
    """

    type: str
    title: str
    status: int
    detail: str
    field: str


class ReceivedMap(TypedDict):
    """A ShakeMap that came in, and where it lies. event_id: its own."""

    event_id: str
    bucket: str
    key: str
    sha256: str


class ReceivedAsh(TypedDict):
    """An ash fall that came in. sha256: of its raster. repeated: whether it was there already."""

    event_id: str
    sha256: str
    repeated: bool


class Decided(TypedDict):
    """What holds for an event from now on; null: what its map and BMKG say."""

    event_id: str
    kind: Literal["hidden", "felt"]
    value: bool | None


class Ordered(TypedDict):
    """What is done again. report: the report alone."""

    input: str
    report: bool


class Subscriptions(TypedDict):
    """A page of subscriptions, by their ids. next: the path of the following page."""

    next: str | None


class SubscriptionFacts(TypedDict):
    """A subscription, as it was written. etag: for If-Match. returned: its address took the last message not.

    secret: of a webhook, by which its receiver checks what comes; null to who may only read.
    """

    etag: str
    returned: bool
    secret: str | None


class Trial(TypedDict):
    """A trial message. state: waiting until the function notify takes it up. answer: of the other side, once sent."""

    subscription: str
    trial: str
    asked: str
    state: Literal["waiting", "sending", "sent", "failed", "unsure"]
    answer: str | None
    reason: str | None


class Delivery(TypedDict):
    """What became of the message to one subscription about one version of an event. received: when its input came.

    kind: first, update, below (a correction), cancelled; null where nothing was to be told, and reason says why.
    """

    received: str
    hazard: str
    event_id: str
    version: str
    title: str
    drill: bool
    subscription: str
    name: str
    channel: str
    kind: str | None
    state: Literal["sending", "sent", "held", "retry", "failed", "unsure", "skipped"]
    reason: str | None


class Deliveries(TypedDict):
    """A page of the log, the newest first. It may hold fewer than were asked for while `next` is not null."""

    deliveries: list[Delivery]
    next: str | None


ANSWERS = (
    Unknown,
    EventLinks,
    File,
    Files,
    Hour,
    Hours,
    Area,
    Areas,
    Volcano,
    Volcanoes,
    IndexState,
    FloodSource,
    Status,
    Root,
    Schemas,
    Problem,
    ReceivedMap,
    ReceivedAsh,
    Decided,
    Ordered,
    Trial,
    Delivery,
    Deliveries,
)
