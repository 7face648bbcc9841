"""The old reads of volcanoes and ash falls."""

from datetime import datetime

from flask import Response, request

from siaga import keys, moment
from siaga.catalog import AshEntry
from siaga.errors import BadInput, NotFound
from siaga.moment import TIME_ZONES
from web.api.parameters import BadParameter
from web.api.places import installed
from web.ash.volcanoes import Volcano
from web.prefix import under
from web.realtime import paging
from web.realtime.paging import MOST, PAGE, absolute, answer, feature, features, old, paged, route
from web.runs import find
from web.services import services

_ANALYSED = "SUCCESS"  # as the old task's state was: what has no figures is not listed
_EXAMPLE = "20170221190400+0700"


@route("/volcano-list")
def volcanoes() -> Response:
    """The volcanoes by name; what the installed catalogue does not tell is null."""
    words = request.args.get("search", "").casefold()
    found = [_volcano(one) for one in installed() if words in one.name.casefold()]
    begin = paging.offset()
    return paged(found[begin : begin + PAGE], len(found))


@route("/volcano-feature")
def volcano_points() -> Response:
    """The same as points."""
    return features(
        [
            feature(
                one.name,
                _location(one.longitude, one.latitude),
                {name: value for name, value in _volcano(one).items() if name != "location"},
            )
            for one in installed()
        ]
    )


@route("/ash")
def listed() -> Response:
    """Ash falls, by volcano and time."""
    found, total = services().index.maps.falls(limit=PAGE, offset=paging.offset())
    return paged([record(entry) for entry in found], total)


@route("/ash/<volcano>/<event_time>")
def single(volcano: str, event_time: str) -> Response:
    """One ash fall."""
    return answer(record(entry_of(volcano, event_time)))


@route("/ash-feature")
def points() -> Response:
    """Ash falls as points at their volcanoes; not paged."""
    found, total = services().index.maps.falls(limit=MOST)
    return features([_point(entry) for entry in found], total)


@route("/ash-report", "/ash-report/<volcano>", "/ash-report/<volcano>/<event_time>")
def reports(volcano: str = "", event_time: str = "") -> Response:
    """Reports, of a volcano or of one fall where they are named."""
    entries = [entry_of(volcano, event_time)] if event_time else services().index.maps.falls(volcano, MOST)[0]
    language, name = request.args.get("language", ""), request.args.get("ash__id", "")
    found = [
        one
        for entry in entries
        for one in _reports(entry)
        if language in ("", one["language"]) and name in ("", one["ash"])
    ]
    begin = paging.offset()
    return paged(found[begin : begin + PAGE], len(found))


@route("/ash-report/<volcano>/<event_time>/<language>")
def report(volcano: str, event_time: str, language: str) -> Response:
    """One report. Raises NotFound."""
    entry = entry_of(volcano, event_time)
    for one in _reports(entry):
        if one["language"] == language:
            return answer(one)
    raise NotFound("Event {event_id} has no report in that language", event_id=entry["event_id"])


def entry_of(volcano: str, event_time: str) -> AshEntry:
    """The entry of one fall. Raises NotFound, BadParameter."""
    try:
        time = datetime.strptime(event_time.replace(" ", "+"), "%Y%m%d%H%M%S%z")
        event_id = keys.check_event_id(str(keys.EruptionId.of(time, volcano)))
    except (ValueError, BadInput):
        raise BadParameter(
            "{field} is {value}; write one such as {example}",
            field="event_time",
            value=repr(event_time[:80]),
            example=_EXAMPLE,
        ) from None
    return find(services().index, "ash", event_id, "")[1]


def record(entry: AshEntry) -> dict[str, object]:
    """A fall with its old fields."""
    return {"url": old("ash", *_place(entry)), **_facts(entry), "reports": _reports(entry), "hazard_path": None}


def _facts(entry: AshEntry) -> dict[str, object]:
    """What lists and points tell alike."""
    hours = entry["utc_offset_hours"]
    return {
        "id": entry["event_id"],
        "event_id_formatted": _name(entry),
        "volcano": _volcano(Volcano(**entry["volcano"])),
        "hazard_file": absolute("ash", entry["event_id"], entry["version"], "files", "hazard.tif"),
        "impact_files": absolute("ash", entry["event_id"], entry["version"], "files", "zones.csv"),
        "event_time": entry["time"],
        "event_time_zone_offset": round(hours * 60),
        "event_time_zone_string": _zone_name(entry["time_zone"]),
        "alert_level": entry["alert_level"],
        "task_status": _ANALYSED,
        "eruption_height": round(entry["eruption_height_m"]),
        "forecast_duration": entry["forecast_days"],
    }


def _point(entry: AshEntry) -> dict[str, object]:
    return feature(
        entry["event_id"], _location(entry["volcano"]["longitude"], entry["volcano"]["latitude"]), _facts(entry)
    )


def _location(longitude: float, latitude: float) -> dict[str, object]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def _name(entry: AshEntry) -> str:
    time = moment.at_offset(moment.parse(entry["time"]), entry["utc_offset_hours"])
    return f"{time:%Y-%m-%d_%H%M_%z}_{entry['volcano']['name']}"


def _reports(entry: AshEntry) -> list[dict[str, object]]:
    languages = entry["report"]["languages"] if entry["report"] else ()
    return [
        {
            "url": old("ash-report", *_place(entry), code),
            "ash_url": old("ash", *_place(entry)),
            "id": f"{entry['event_id']}-{code}",
            "ash": entry["event_id"],
            "language": code,
            "report_map": absolute("ash", entry["event_id"], entry["version"], "files", f"report-{code}.pdf"),
            "report_map_filename": f"{_name(entry)}_{code}.pdf",
            "report_map_url": under(f"/realtime/ash/report-map/{'/'.join(_place(entry))}/{code}/"),
        }
        for code in languages
    ]


def _place(entry: AshEntry) -> tuple[str, str]:
    """Volcano and time as the old paths have them."""
    time = moment.at_offset(moment.parse(entry["time"]), entry["utc_offset_hours"])
    return entry["volcano"]["name"], f"{time:%Y%m%d%H%M%S%z}"


def _volcano(one: Volcano) -> dict[str, object]:
    """A volcano with its old fields."""
    return {
        "volcano_name": one.name,
        "elevation": one.elevation_m,
        "morphology": None,
        "region": None,
        "location": _location(one.longitude, one.latitude),
        "subregion": None,
        "province": one.province,
        "district": one.district,
    }


def _zone_name(time_zone: str | None) -> str | None:
    """The zone as the old system named it."""
    names = dict(zip(TIME_ZONES, ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"), strict=True))
    return names.get(time_zone or "", time_zone)
