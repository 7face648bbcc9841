"""The catalogue: one small object per version of an event, saying which run of it is shown.

on-<hazard> switches an entry to its run, render-report adds the report if the entry still names that
run. Both write conditionally, so that neither undoes what the other did in the meantime, and look for the
other's work after their own, so that their order does not matter. What an entry
holds is written here alone: what all hazards say, and what a list shows of each.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Literal, NotRequired, TypedDict

from siaga import keys
from siaga.errors import Conflict, NotFound, Reason, Unavailable
from siaga.exposure.codes import number_of
from siaga.impact.stored import AshImpact, EarthquakeImpact, FloodImpact, Impact, eruption_of, event_time
from siaga.impact.stored.ash import Volcano, volcano_of
from siaga.impact.stored.earthquake import DeathsRecord, PlaceRecord
from siaga.impact.stored.head import of_demonstration
from siaga.language import LANGUAGES
from siaga.store import Store

SCHEMA = "siaga/catalog/1"
MOST_BYTES = 1 << 20  # of an entry
_TRIES = 20  # of a write


class Arrival(TypedDict):
    """How an input came. received: UTC as stored; folder_id: the id that its folder names, "" where none."""

    bucket: str
    key: str
    etag: str
    version_id: str
    folder_id: str
    received: str


class StoredObject(TypedDict):
    """An object in bucket results, and the hash of its bytes."""

    key: str
    sha256: str


class StoredReport(StoredObject):
    """report.json of the run, the languages it is in, and the picture that a list shows: a file of the run."""

    languages: list[str]
    thumbnail: str


class EntryHead(TypedDict):
    """What the entries of all hazards say besides their hazard; times in UTC, persons unrounded, None is unknown.

    run: eight hex digits. highest_class: the key of the highest class that at least one person or area is in,
    None if unknown or none. demonstration: whether any figure has to say so. warnings: stored reasons, of the
    impact and of the arrival. report: None until there is one.
    """

    schema: str
    event_id: str
    version: str
    run: str
    source_type: str
    version_number: int
    drill: bool
    time: str
    affected: float | None
    displaced: float | None
    highest_class: str | None
    demonstration: bool
    warnings: list[Reason]
    arrival: Arrival
    impact: StoredObject
    report: StoredReport | None


class ShakenPeople(TypedDict):
    """People on the map, and those at that MMI and above."""

    total: float | None
    mmi6_plus: float | None
    mmi7_plus: float | None
    mmi8_plus: float | None


class Deaths(TypedDict):
    """Quantiles of the fatalities by the model that sets the level."""

    median: float
    p05: float
    p25: float
    p75: float
    p95: float


class EarthquakeEntry(EntryHead):
    """What a list shows of a quake.

    place: the landmark as impact.json has it. place_bps: BPS's number of the zone it lies in, None where that is not
    known; entries of before do not have it. clock_zone: WIB, WITA or WIT at the epicentre. people_max_mmi: the
    highest MMI class that anybody is in.
    """

    hazard: Literal["earthquake"]
    utc_offset_hours: float
    time_zone: str
    process_time: str | None
    magnitude: float
    depth_km: float
    longitude: float
    latitude: float
    description: str
    place: PlaceRecord | None
    place_bps: NotRequired[str | None]
    clock_zone: str
    max_mmi: float
    people_max_mmi: int | None
    people: ShakenPeople
    alert: str | None
    alert_probability: Mapping[str, float] | None
    fatalities: Deaths | None


class ClassedPeople(TypedDict):
    """People in the hazard's polygons, and in those of each class."""

    total: float | None
    by_class: Mapping[str, float | None]


class FloodEntry(EntryHead):
    """What a list shows of a flooded hour. highest_state: 0 where no area has one."""

    hazard: Literal["flood"]
    region: str
    states_sha256: str
    areas_by_class: Mapping[str, int]
    highest_state: int
    people: ClassedPeople
    reported: bool


class AshEntry(EntryHead):
    """What a list shows of an ash fall. cumulative_events: the falls below it, by their event ids."""

    hazard: Literal["ash"]
    utc_offset_hours: float
    time_zone: str
    process_time: str | None
    alert_level: str
    eruption_height_m: float
    column_height_m: float | None
    forecast_days: int
    expires: str
    volcano: Volcano
    max_thickness_cm: float
    people: ClassedPeople
    cumulative_events: list[str]


Entry = EarthquakeEntry | FloodEntry | AshEntry


def entry(
    impact: Impact,
    run: keys.Run,
    written: bytes,
    arrival: Arrival,
    arrival_warnings: Sequence[Reason],
    clock_zone: str = "",
) -> Entry:
    """The entry of a run, as its hazard has it; no report yet.

    impact: the record, written: its bytes as they are stored. arrival_warnings: stored reasons about the arrival,
    beside the impact's own warnings. clock_zone: of a quake.
    """
    common: EntryHead = {
        "schema": SCHEMA,
        "event_id": impact["event_id"],
        "version": impact["version"],
        "run": impact["run"],
        "source_type": impact["source_type"],
        "version_number": impact["version_number"],
        "drill": impact["drill"],
        "time": event_time(impact),
        "affected": impact["affected"],
        "displaced": impact["displaced"],
        "highest_class": None,
        "demonstration": of_demonstration(impact["provenance"]["analysis_data"]["files"]),
        "warnings": [*impact["warnings"], *arrival_warnings],
        "arrival": arrival,
        "impact": {"key": run.key(keys.IMPACT), "sha256": sha256(written).hexdigest()},
        "report": None,
    }
    if impact["hazard"] == "earthquake":
        return _earthquake(common, impact, clock_zone)
    return _flood(common, impact) if impact["hazard"] == "flood" else _ash(common, impact)


def _earthquake(common: EntryHead, impact: EarthquakeImpact, clock_zone: str) -> EarthquakeEntry:
    by_mmi, event, place = impact["people"]["by_mmi"], impact["event"], impact["places"]["landmark"]
    deaths = impact["fatalities"][impact["alert"]["model"]] if impact["fatalities"] else None
    known = impact["people"]["total"] is not None
    counts = {int(mmi): people or 0.0 for mmi, people in by_mmi.items()}
    highest = max((mmi for mmi, people in counts.items() if people >= 1), default=None) if known else None
    six, seven, eight = (sum(counts[mmi] for mmi in range(lowest, 11)) if known else None for lowest in (6, 7, 8))
    return {
        **common,
        "hazard": "earthquake",
        "utc_offset_hours": event["utc_offset_hours"],
        "time_zone": event["time_zone"],
        "process_time": event["process_time"],
        "magnitude": event["magnitude"],
        "depth_km": event["depth_km"],
        "longitude": event["longitude"],
        "latitude": event["latitude"],
        "description": event["description"],
        "place": impact["places"]["landmark"],
        "place_bps": number_of(place["zone"], [(z["code"], z["name"]) for z in impact["zones"]]) if place else None,
        "clock_zone": clock_zone,
        "max_mmi": impact["map"]["max_mmi"],
        "people_max_mmi": highest,
        "highest_class": None if highest is None else str(highest),
        "people": {"total": impact["people"]["total"], "mmi6_plus": six, "mmi7_plus": seven, "mmi8_plus": eight},
        "alert": impact["alert"]["level"],
        "alert_probability": impact["alert"]["probability"],
        "fatalities": _deaths(deaths) if deaths else None,
    }


def _deaths(of: DeathsRecord) -> Deaths:
    return {"median": of["median"], "p05": of["p05"], "p25": of["p25"], "p75": of["p75"], "p95": of["p95"]}


def _flood(common: EntryHead, impact: FloodImpact) -> FloodEntry:
    highest = impact["map"]["highest_class"]
    return {
        **common,
        "hazard": "flood",
        "region": impact["event"]["region"],
        "states_sha256": impact["map"]["states_sha256"],
        "areas_by_class": impact["map"]["areas_by_class"],
        "highest_class": highest,
        "highest_state": int(highest) if highest else 0,
        "people": {"total": impact["people"]["total"], "by_class": impact["people"]["by_class"]},
        "reported": impact["reported"],
    }


def _ash(common: EntryHead, impact: AshImpact) -> AshEntry:
    event, by_class = eruption_of(impact["event"]), impact["people"]["by_class"]
    reached = [name for name, people in by_class.items() if people is not None and people >= 1]
    return {
        **common,
        "hazard": "ash",
        "utc_offset_hours": event["utc_offset_hours"],
        "time_zone": event["time_zone"],
        "process_time": event["process_time"],
        "alert_level": event["alert_level"],
        "eruption_height_m": event["eruption_height_m"],
        "column_height_m": event["column_height_m"],
        "forecast_days": event["forecast_days"],
        "expires": event["expires"],
        "volcano": volcano_of(event),
        "max_thickness_cm": impact["map"]["max_cm"],
        "people": {"total": impact["people"]["total"], "by_class": by_class},
        "highest_class": reached[-1] if reached else None,
        "cumulative_events": impact["cumulative"]["events"] if impact["cumulative"] else [],
    }


def switch_to(store: Store, key: str, entry: Entry) -> None:
    """Let the version be shown by this entry's run; an entry that names the run already stays as it is.

    With the report of that run where there is one: render-report may have made it before this, or long ago.
    """

    def change(now: Entry | None) -> Entry | None:
        return None if now is not None and now["run"] == entry["run"] else entry

    _change(store, key, change)
    add_written_report(store, key, keys.Run.parse(entry["impact"]["key"]))


def add_written_report(store: Store, key: str, run: keys.Run) -> None:
    """Add the report of that run if it is there.

    Who writes the entry looks for the report afterwards, who writes the report looks at the entry afterwards: so
    one of the two sees the other, whichever comes last, and however long after.
    """
    with suppress(NotFound):
        add_report(store, key, run.run, report_of(run, store.get(keys.RESULTS, run.key(keys.REPORT))[0]))


def report_of(run: keys.Run, record: bytes) -> StoredReport:
    """What the entry of a run tells of its report. record: report.json as it is stored."""
    return {
        "key": run.key(keys.REPORT),
        "sha256": sha256(record).hexdigest(),
        "languages": list(LANGUAGES),
        "thumbnail": f"thumbnail-{LANGUAGES[0]}.png",
    }


def add_report(store: Store, key: str, run: str, report: StoredReport) -> bool:
    """Add what the report holds if the entry names that run; whether it does.

    run: its eight hex digits. The entry's other facts stay.
    """
    named = False

    def change(now: Entry | None) -> Entry | None:
        nonlocal named
        named = now is not None and now["run"] == run
        if now is None or not named or now.get("report") == report:
            return None
        added = now.copy()
        added["report"] = report
        return added

    _change(store, key, change)
    return named


def _change(store: Store, key: str, change: Callable[[Entry | None], Entry | None]) -> None:
    for _ in range(_TRIES):
        try:
            body, head = store.get(keys.RESULTS, key, at_most=MOST_BYTES)
            now: Entry | None = json.loads(body)
            etag = head.etag
        except NotFound:
            now, etag = None, ""
        after = change(now)
        if after is None:
            return
        written = json.dumps(after, sort_keys=True, ensure_ascii=False, indent=1).encode()
        with suppress(Conflict):  # somebody else was faster; look again
            store.put(keys.RESULTS, key, written, "application/json", if_absent=not etag, if_match=etag)
            return
    raise Unavailable("{key}: too many write this catalogue entry at once", key=key)
