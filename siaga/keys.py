"""Names of buckets and objects: one grammar, built and parsed here and nowhere else."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from fnmatch import fnmatchcase

from siaga import hazards
from siaga.errors import BadInput
from siaga.hazards import ASH, EARTHQUAKE, FLOOD, HAZARDS
from siaga.moment import TIME_ZONES

SHAKEMAP_BUCKETS = EARTHQUAKE.buckets
SHAKEMAPS, SHAKEMAPS_CORRECTED, SHAKEMAPS_BNPB = hazards.SHAKEMAPS, hazards.SHAKEMAPS_CORRECTED, hazards.SHAKEMAPS_BNPB
FLOODMAPS, ASHMAPS, CANARY = hazards.FLOODMAPS, hazards.ASHMAPS, hazards.CANARY
ANALYSIS_DATA, RESULTS, LEDGER = "analysis-data", "results", "ledger"
INPUTS = tuple(bucket for hazard in HAZARDS.values() for bucket in hazard.buckets)
ACCOUNTS, AUDIT = "accounts", "audit"  # who may come in, and who did what; keys by siaga.accounts.naming
ANNOUNCEMENTS, DECISIONS, TEXTS = "announcements", "decisions", "texts"  # keys by siaga.inputs
ALERTS = SUBSCRIPTIONS, NOTIFICATIONS = "subscriptions", "notifications"  # keys by siaga.alerts.naming
BUCKETS = (*INPUTS, ANALYSIS_DATA, RESULTS, LEDGER, ACCOUNTS, AUDIT, ANNOUNCEMENTS, DECISIONS, TEXTS, CANARY, *ALERTS)

MANIFEST, IMPACT, REPORT = "manifest.json", "impact.json", "report.json"
SHARES, TILES, DATA_VERSIONS = "shares/", "tiles/", "versions/"  # in analysis-data, and in no manifest
MAP_TILES = f"{TILES}current.json"  # names the archive that maps are drawn from
CATALOG, CANARIES = "catalog/", "canary/"  # entries of what is shown; of canaries, which nothing shows
ORDERS, ASKED = "_orders/", "asked/"  # in ledger: what is done again; in notifications: what operators are to hear
EVENT_TIME = "event-time"  # metadata of impact.json: when it happened, as siaga.moment stamps it
PEOPLE_HIT = "people-hit"  # likewise: how many live where a quake does damage, a number; missing when nobody knows

GRID, FLOOD_DATA, ASH_REQUEST = EARTHQUAKE.name, FLOOD.name, ASH.name  # end the keys that wake a hazard's function
NOTICES = REFUSED, FAILED, PUBLISHED = ".refused.txt", ".failed.txt", ".published.txt"  # end the keys of notices
HOURS = "hours/"  # in floodmaps: what became of each hour that has no flood data of its own
SUSPECT = "suspect/"  # in floodmaps: answers that are not trusted, as they came; they wake nothing
OUTAGES = "outages/"  # in floodmaps: one object per outage of the source
JAKARTA = "ID-JK"
ASH_RASTER = "ash_fall.tif"  # beside it; wakes nothing
CANDIDATES = "candidates/"  # in ashmaps: rasters that are being checked and previewed; they wake nothing

_LONGEST_ID = 64  # characters
EVENT_ID = re.compile(rf"[A-Za-z0-9._+-]{{1,{_LONGEST_ID}}}")
_VERSION = re.compile(rf"(initial|corrected|{CANARY})-v(\d{{3,}})-([0-9a-f]{{8}})")
_RUN = re.compile(r"[0-9a-f]{8}")
_FOLDER_TIME = re.compile(r"\d{14}")
_WIB = timezone(timedelta(hours=TIME_ZONES["WIB"]))  # the clock of BMKG's folders
_ERUPTION = re.compile(r"(\d{12}[+-]\d{4})_([A-Za-z0-9-]{1,46})")
_SNAPSHOT = re.compile(r"(\d{10})-6-rw(?:-([A-Z]{2}-[A-Z]{2}))?")

SOURCE_RANK = {"initial": 0, "corrected": 1}  # a corrected map outranks an initial one


def source_type(bucket: str) -> str:
    """How the maps of that bucket are made: initial or corrected; canary is no map of anything."""
    return {SHAKEMAPS_CORRECTED: "corrected", CANARY: CANARY}.get(bucket, "initial")


def folder_id(key: str) -> str:
    """The folder in which an uploader put a grid.xml: `<folder id>/[output/]grid.xml`; "" at the root."""
    folder = key.rpartition("/")[0].removesuffix("/output")
    return folder.rpartition("/")[2]


def grids_in(folder: str) -> tuple[str, str]:
    """Where an uploader's folder may hold its grid.xml."""
    return f"{folder}/grid.xml", f"{folder}/output/grid.xml"


def check_event_id(event_id: str) -> str:
    """Return the id, or raise BadInput when it is outside the grammar."""
    if not EVENT_ID.fullmatch(event_id) or event_id in (".", ".."):
        raise BadInput(
            "event_id is {value}; write 1 to {most} letters, digits, dots, dashes, pluses or underscores",
            most=_LONGEST_ID,
            value=repr(event_id[:80]),
        )
    return event_id


def identity(hazard: str, event_id: str) -> str:
    """What two spellings of one event's id have in common.

    The case of letters tells no events apart; an ash fall is a volcano and an instant, in whatever zone it is written.

    >>> identity("ash", "202602211904+0700_Merapi") == identity("ash", "202602211204+0000_merapi")
    True
    """
    if hazard == "ash":
        try:
            one = EruptionId.parse(event_id)
            return f"{one.time.astimezone(UTC):%Y%m%d%H%M}_{one.volcano.casefold()}"
        except (BadInput, OverflowError):  # a fall of which no request is known; a time at the end of the calendar
            pass
    return event_id.casefold()


def download_name(event_id: str, version: str, path: str) -> str:
    """Under which name a product is saved, so that those of different events lie side by side.

    >>> download_name("20180805194635", "initial-v001-0badcafe", "event.gpkg")
    'siaga-20180805194635-initial-v001-0badcafe-event.gpkg'
    """
    return f"siaga-{event_id}-{version}-{path}"


@dataclass(frozen=True, slots=True)
class Version:
    """One revision of an event's map: `<source_type>-v<NNN>-<first 8 of sha256 of the input>`."""

    source_type: str
    number: int
    sha8: str

    def __str__(self) -> str:
        return f"{self.source_type}-v{self.number:03d}-{self.sha8}"

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read it back; raises BadInput."""
        match = _VERSION.fullmatch(text)
        if not match:
            raise BadInput("{value} is not a version such as initial-v001-3fa91c07", value=repr(text[:80]))
        return cls(match[1], int(match[2]), match[3])


@dataclass(frozen=True, slots=True)
class Run:
    """One analysis of one version: a folder in bucket results."""

    hazard: str
    event_id: str
    version: Version
    run: str

    def __str__(self) -> str:
        return f"{self.hazard}/{self.event_id}/{self.version}/{self.run}"

    def key(self, path: str) -> str:
        """The key of one product, e.g. impact.json."""
        return f"{self}/{path}"

    @property
    def page(self) -> str:
        """The path of its event's page on the web, showing this version."""
        hazard = HAZARDS.get(self.hazard)
        return f"{hazard.page if hazard else self.hazard}/{self.event_id}/{self.version}"

    @classmethod
    def parse(cls, text: str) -> "Run":
        """Read a run's folder, or the key of any object in it; raises BadInput."""
        parts = text.split("/")
        if len(parts) < 4 or not EVENT_ID.fullmatch(parts[1]) or not _RUN.fullmatch(parts[3]):
            raise BadInput(
                "{value} is not a run such as earthquake/20180220163351/initial-v001-3fa91c07/0a1b2c3d",
                value=repr(text[:200]),
            )
        return cls(parts[0], parts[1], Version.parse(parts[2]), parts[3])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """PetaBencana's answer at one hour: `YYYYMMDDHH-6-rw`, the old system's id.

    hour: UTC, a full hour. region: code of the province, ISO 3166-2; Jakarta's is not written, so that
    its ids are the old ones: `2017022105-6-rw`, but `2026112205-6-rw-ID-JB`.
    """

    hour: datetime
    region: str = JAKARTA

    @classmethod
    def of(cls, moment: datetime, region: str = JAKARTA) -> "Snapshot":
        """The snapshot of the hour in which that moment lies."""
        return cls(moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0), region)

    def __str__(self) -> str:
        return f"{self.hour.astimezone(UTC):%Y%m%d%H}-6-rw" + ("" if self.region == JAKARTA else f"-{self.region}")

    @property
    def data(self) -> str:
        """The key of the answer itself in bucket floodmaps; it wakes on-flood."""
        return f"{self}/{FLOOD_DATA}"

    def record(self, kind: str) -> str:
        """The key of the small record of an hour: kind is same, empty, gap or suspect; it wakes nothing."""
        return f"{HOURS}{self}/{kind}.json"

    def suspect(self, moment: datetime) -> str:
        """The key of an answer that is not trusted, asked for at that moment."""
        return f"{SUSPECT}{self}/{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"

    @property
    def outage(self) -> str:
        """The key of the outage that this hour began."""
        return f"{OUTAGES}{self}.json"

    @classmethod
    def parse(cls, text: str) -> "Snapshot":
        """Read an id, or the key of anything in its folder, with or without a prefix; raises BadInput."""
        name = text.removeprefix(HOURS).removeprefix(SUSPECT).removeprefix(OUTAGES).partition("/")[0]
        match = _SNAPSHOT.fullmatch(name.removesuffix(".json"))
        try:
            if match:
                return cls(datetime.strptime(match[1], "%Y%m%d%H").replace(tzinfo=UTC), match[2] or JAKARTA)
        except ValueError:  # no such day or hour
            pass
        raise BadInput("{value} is not a snapshot such as 2017022105-6-rw", value=repr(text[:80]))


@dataclass(frozen=True, slots=True)
class EruptionId:
    """One ash fall: `YYYYMMDDHHMM±zzzz_<volcano>`, the old system's id, e.g. 201702211904+0700_Merapi.

    time: with its zone, whole minutes. volcano: its name in letters, digits and dashes.
    """

    time: datetime
    volcano: str

    @classmethod
    def of(cls, time: datetime, volcano: str) -> "EruptionId":
        """The id of that volcano's eruption; letters lose their accents, all else becomes a dash.

        >>> from datetime import timedelta, timezone
        >>> wib = timezone(timedelta(hours=7))
        >>> str(EruptionId.of(datetime(2017, 2, 21, 19, 4, 59, tzinfo=wib), "Anak Krakatau"))
        '201702211904+0700_Anak-Krakatau'
        """
        plain = unicodedata.normalize("NFKD", volcano).encode("ascii", "ignore").decode()
        name = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:46].strip("-")
        return cls(time.replace(second=0, microsecond=0), name or "volcano")

    def __str__(self) -> str:
        return f"{self.time:%Y%m%d%H%M%z}_{self.volcano}"

    @property
    def identity(self) -> str:
        """Volcano and instant, the same in whatever zone the time is written."""
        return identity("ash", str(self))

    @property
    def request(self) -> str:
        """The key of request.json in bucket ashmaps; it wakes on-ash."""
        return f"{self}/{ASH_REQUEST}"

    @property
    def raster(self) -> str:
        """The key of the raster beside it."""
        return f"{self}/{ASH_RASTER}"

    @classmethod
    def parse(cls, text: str) -> "EruptionId":
        """Read an id, or the key of anything in its folder; raises BadInput."""
        match = _ERUPTION.fullmatch(text.partition("/")[0])
        try:
            if match:
                return cls(datetime.strptime(match[1], "%Y%m%d%H%M%z"), match[2])
        except ValueError:  # no such day, hour or zone
            pass
        raise BadInput("{value} is not an eruption such as 201702211904+0700_Merapi", value=repr(text[:80]))


def ash_candidate(sha256: str) -> str:
    """The key in bucket ashmaps under which a raster lies while it is checked and previewed."""
    return f"{CANDIDATES}{sha256}.tif"


def shares(name: str) -> str:
    """The key in bucket analysis-data of prepared shares. name: as siaga.gis.people.shares names their folder."""
    return f"{SHARES}{name}.zip"


def tiles(sha256: str) -> str:
    """The key in bucket analysis-data of an archive of vector tiles. sha256: its own."""
    return f"{TILES}{sha256[:16]}.pmtiles"


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """The key of the one small object per version that says which run is shown.

    time: when the event happened, UTC.
    """

    hazard: str
    time: datetime
    event_id: str
    version: Version

    @classmethod
    def of(cls, run: Run, time: datetime) -> "CatalogEntry":
        """The entry of a run's version; `time` in UTC, with or without saying so."""
        return cls(run.hazard, time.replace(tzinfo=UTC), run.event_id, run.version)

    def __str__(self) -> str:
        utc = self.time.astimezone(UTC)
        root = CANARIES if self.version.source_type == CANARY else CATALOG
        return f"{root}{self.hazard}/{utc:%Y/%m}/{utc:%Y%m%dT%H%M%SZ}_{self.event_id}_{self.version}.json"

    @classmethod
    def parse(cls, key: str) -> "CatalogEntry":
        """Read it back; raises BadInput."""
        match = re.fullmatch(r"catalog/(\w+)/\d{4}/\d{2}/(\d{8}T\d{6}Z)_(.+)_([^_]+)\.json", key)
        if not match or not EVENT_ID.fullmatch(match[3]):
            raise BadInput("{value} is not the key of a catalogue entry", value=repr(key[:200]))
        try:
            time = datetime.strptime(match[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError as error:  # 30 February
            raise BadInput("{value} is not the key of a catalogue entry", value=repr(key[:200])) from error
        return cls(match[1], time, match[3], Version.parse(match[4]))


def canary_runs(event_id: str) -> str:
    """The prefix in bucket results of all that was made of one canary."""
    return f"earthquake/{event_id}/{CANARY}-"


def catalog_prefix(hazard: str, year: int | None = None, month: int | None = None) -> str:
    """The prefix of a hazard's catalogue, whole or of one month."""
    if year is None or month is None:
        return f"{CATALOG}{hazard}/"
    return f"{CATALOG}{hazard}/{year:04d}/{month:02d}/"


def receipt(function: str, receipt_id: str) -> str:
    """The key of a receipt in bucket ledger; `receipt_id` is Notification.receipt_id."""
    return f"{function}/{receipt_id}.json"


def start_after(prefix: str, since: datetime) -> str:
    """Where a LIST of recent inputs may begin: keys carry their WIB or UTC clock right after the prefix.

    A prefix may hold the clock's first digits. Ids that begin with a letter sort after all digits, so they
    are always listed.

    >>> [start_after(prefix, datetime(2026, 11, 22, tzinfo=UTC)) for prefix in ("earthquake/", "2", "")]
    ['earthquake/20261122000000', '20261122000000', '20261122000000']
    """
    clock = f"{since.astimezone(UTC):%Y%m%d%H%M%S}"
    return clock if clock.startswith(prefix) else prefix + clock


def hours_after(since: datetime) -> str:
    """Where a LIST of flood hours may begin, so that the hour of `since` is the first."""
    return f"{since.astimezone(UTC):%Y%m%d%H}"


def woken(bucket: str, key: str) -> str:
    """The function that an input wakes, "" for what lies beside inputs.

    >>> woken("shakemaps-bnpb", "20180220163351/output/Grid.xml.gz"), woken("ashmaps", "candidates/0a.tif")
    ('on-shakemap', '')
    """
    here = (one for one in HAZARDS.values() if bucket in one.buckets)
    name = key.lower()
    return next((one.function for one in here if any(fnmatchcase(name, pattern) for pattern in one.patterns)), "")


def noticed(key: str) -> str:
    """The key of the ShakeMap of which a notice tells its sender what became; "" for what is no notice.

    >>> [noticed(f"1/{name}") for name in ("grid.xml.refused.txt", "GRID.XML.published.txt", "a.txt", "a.failed.txt")]
    ['1/grid.xml', '1/GRID.XML', '', '']
    """
    told = next((key.removesuffix(kind) for kind in NOTICES if key.endswith(kind)), "")
    return told if woken(SHAKEMAPS, told) else ""


def is_timed(name: str) -> bool:
    """Whether a folder's name begins with fourteen digits of a clock."""
    return _FOLDER_TIME.match(name) is not None


def clock(bucket: str, key: str) -> datetime | None:
    """When the event of an input or a result happened, as far as its key tells, UTC; None when it has no clock.

    An uploader's folder begins with fourteen digits, read as WIB; flood hours and ash falls are named after theirs.

    >>> clock("shakemaps", "20180220163351/output/grid.xml")
    datetime.datetime(2018, 2, 20, 9, 33, 51, tzinfo=datetime.timezone.utc)
    >>> clock("results", "flood/2017022105-6-rw/initial-v001-3fa91c07/0a1b2c3d/impact.json")
    datetime.datetime(2017, 2, 21, 5, 0, tzinfo=datetime.timezone.utc)
    >>> clock("shakemaps", "us7000n05d/grid.xml")
    """
    try:
        if bucket == RESULTS:
            run = Run.parse(key)
            bucket = HAZARDS.get(run.hazard, EARTHQUAKE).buckets[0]
            key = f"{run.event_id}/"
        if bucket == FLOODMAPS:
            return Snapshot.parse(key).hour
        if bucket == ASHMAPS:
            return EruptionId.parse(key).time.astimezone(UTC)
    except (BadInput, OverflowError):
        return None
    match = re.match(r"(\d{14})(?!\d)", folder_id(key))
    try:
        return datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=_WIB).astimezone(UTC) if match else None
    except (ValueError, OverflowError):  # no such day or hour
        return None
