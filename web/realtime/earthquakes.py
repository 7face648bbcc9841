"""The old reads of earthquakes: maps by id and kind, reports, contours; fields and filters as they were."""

import json
from datetime import timedelta

from flask import Response, g, request

from siaga import moment
from siaga.errors import NotFound
from web.api.parameters import BadParameter
from web.index.maps import ORDERS, OldMap
from web.prefix import under
from web.realtime import paging
from web.realtime.paging import MOST, PAGE, absolute, answer, feature, features, old, paged, route
from web.services import services

_TIMES = {"min_time": ("min_time", "start_date", "time_start"), "max_time": ("max_time", "end_date", "time_end")}
_NUMBERS = {
    "min_magnitude": ("min_magnitude", "minimum_magnitude"),
    "max_magnitude": ("max_magnitude", "maximum_magnitude"),
    "min_depth": ("min_depth",),
    "max_depth": ("max_depth",),
}
_WORDS = ("shake_id", "source_type", "location_description", "search")
_SWITCHES = {"true": 1, "1": 1, "false": 0, "0": 0}
_NEWEST = [("time", True)]
_LONGEST_DAYS = 400_000


@route("")
def root() -> Response:
    """Where the lists are."""
    names = {
        "earthquakes": "earthquake",
        "earthquake-reports": "earthquake-report",
        "earthquake-feature-list": "earthquake-feature",
        "floods": "flood",
        "flood-reports": "flood-report",
        "volcanoes": "volcano-list",
        "ash": "ash",
        "ash-reports": "ash-report",
    }
    return answer({"model_list": {name: old(path) for name, path in names.items()}})


@route("/is_logged_in")
def is_logged_in() -> Response:
    """Nobody is: these addresses know no sessions."""
    return answer(False)


@route("/earthquake")
def listed() -> Response:
    """Maps, by id unless another order is asked for."""
    found, total = services().index.maps.maps(wanted(), _order(), PAGE, paging.offset())
    return paged([record(entry) for entry in found], total)


@route("/earthquake/<shake_id>")
def of_id(shake_id: str) -> Response:
    """Both kinds of maps of an id. Raises NotFound."""
    found, total = services().index.maps.maps(wanted() | {"shake_id": shake_id}, _order(), PAGE, paging.offset())
    if not total:
        raise NotFound("There is no event {event_id}", event_id=shake_id[:80])
    return paged([record(entry) for entry in found], total)


@route("/earthquake/<shake_id>/<source_type>")
def single(shake_id: str, source_type: str) -> Response:
    """One map."""
    return answer(record(entry_of(shake_id, source_type)))


@route("/earthquake-feature")
def points() -> Response:
    """Initial maps as points, the newest first; not paged."""
    found, total = services().index.maps.maps(wanted() | {"source_type": "initial"}, _NEWEST, MOST)
    return features([_point(entry) for entry in found], total)


@route("/earthquake-report", "/earthquake-report/<shake_id>", "/earthquake-report/<shake_id>/<source_type>")
def reports(shake_id: str = "", source_type: str = "") -> Response:
    """Reports, by id and language."""
    chosen = {"shake_id": shake_id or request.args.get("earthquake__shake_id", ""), "source_type": source_type}
    chosen = {name: value for name, value in chosen.items() if value}
    found, _total = services().index.maps.maps(chosen, [("shake_id", False)], MOST)
    language = request.args.get("language", "")
    listed_reports = [one for entry in found for one in _reports(entry) if language in ("", one["language"])]
    begin = paging.offset()
    return paged(listed_reports[begin : begin + PAGE], len(listed_reports))


@route("/earthquake-report/<shake_id>/<source_type>/<language>")
def report(shake_id: str, source_type: str, language: str) -> Response:
    """One report."""
    return answer(report_of(entry_of(shake_id, source_type), language))


@route("/earthquake-mmi-contours", "/earthquake-mmi-contours/<shake_id>/<source_type>")
def contours(shake_id: str = "", source_type: str = "") -> Response:
    """The MMI contours of one map as lines. Raises NotFound, BadParameter."""
    shake_id = shake_id or request.args.get("earthquake__shake_id", "")
    source_type = source_type or request.args.get("earthquake__source_type", "") or "initial"
    if not shake_id:
        raise BadParameter("{field} is missing; name the event whose contours you want", field="earthquake__shake_id")
    body = json.loads(services().runs.content(entry_of(shake_id, source_type), "contours.geojson"))
    mmi = paging.number("mmi")
    chosen = [one for one in body["features"] if mmi is None or one["properties"]["mmi"] == mmi]
    return features([{"id": str(number), **one} for number, one in enumerate(chosen, 1)])


def wanted() -> dict[str, object]:
    """The filters that are asked for, as MapIndex.maps has them: those that were implemented and those documented."""
    found: dict[str, object] = {}
    for name, spellings in _NUMBERS.items():
        for spelling in spellings:
            if (value := paging.number(spelling)) is not None:
                found[name] = value
    for name, spellings in _TIMES.items():
        for spelling in spellings:
            if (time := paging.moment(spelling)) is not None:
                found[name] = moment.stamp(time)
    for name, hours in (("since_last_days", 24), ("since_last_hours", 1)):
        if (count := paging.number(name)) is not None:
            found["min_time"] = moment.stamp(g.now - timedelta(hours=hours * max(0, min(_LONGEST_DAYS, count))))
    found |= {name: request.args[name][:100] for name in _WORDS if request.args.get(name)}
    if (felt := request.args.get("felt", "").lower()) in _SWITCHES:
        found["felt"] = _SWITCHES[felt]
    return found | _box(request.args.get("in_bbox", ""))


def entry_of(shake_id: str, source_type: str) -> OldMap:
    """The entry of one map. Raises NotFound."""
    named = {"shake_id": shake_id, "source_type": source_type}
    for entry in services().index.maps.maps(named, _NEWEST, 1)[0]:
        return entry
    raise NotFound("There is no event {event_id}", event_id=f"{shake_id[:80]} ({source_type[:20]})")


def record(entry: OldMap) -> dict[str, object]:
    """A map with its old fields."""
    return {
        "url": old("earthquake", entry["event_id"], entry["source_type"]),
        **_facts(entry),
        "mmi_output": _file(entry, "hazard.tif"),
        "location": _location(entry),
        "reports": _reports(entry),
        "hazard_path": None,
        "shake_grid_download_url": under(f"/realtime/shake/grid/{entry['event_id']}/{entry['source_type']}/"),
        "mmi_layer_download_url": f"{paging.BASE}/earthquake-mmi-contours/{entry['event_id']}/{entry['source_type']}/",
        "mmi_layer_filename": f"{_name(entry)}-mmi.geojson",
    }


def report_of(entry: OldMap, language: str) -> dict[str, object]:
    """The report on a map in that language. Raises NotFound."""
    for one in _reports(entry):
        if one["language"] == language:
            return one
    raise NotFound("Event {event_id} has no report in that language", event_id=entry["event_id"])


def grid_name(entry: OldMap) -> str:
    """Under which name its grid.xml was saved."""
    return f"{_name(entry)}-grid.xml"


def _facts(entry: OldMap) -> dict[str, object]:
    """What lists and points tell alike."""
    return {
        "shake_id": entry["event_id"],
        "shake_grid": _file(entry, "grid.xml"),
        "magnitude": entry["magnitude"],
        "time": entry["time"],
        "depth": entry["depth_km"],
        "location_description": entry["description"],
        "felt": entry["felt"],
        "source_type": entry["source_type"],
        "event_id_formatted": _name(entry),
        "grid_xml_filename": grid_name(entry),
        "mmi_layer_saved": True,
    }


def _point(entry: OldMap) -> dict[str, object]:
    return feature(_name(entry), _location(entry), _facts(entry) | {"has_corrected": entry["has_corrected"]})


def _location(entry: OldMap) -> dict[str, object]:
    return {"type": "Point", "coordinates": [entry["longitude"], entry["latitude"]]}


def _reports(entry: OldMap) -> list[dict[str, object]]:
    languages = entry["report"]["languages"] if entry["report"] else ()
    return [
        {
            "url": old("earthquake-report", entry["event_id"], entry["source_type"], code),
            "shake_id": entry["event_id"],
            "source_type": entry["source_type"],
            "shake_url": old("earthquake", entry["event_id"], entry["source_type"]),
            "language": code,
            "report_pdf": _file(entry, f"report-{code}.pdf"),
            "report_image": _file(entry, f"report-{code}.png"),
            "report_thumbnail": _file(entry, f"thumbnail-{code}.png"),
            "report_map_filename": f"{_name(entry)}-{code}.pdf",
        }
        for code in languages
    ]


def _name(entry: OldMap) -> str:
    return f"{entry['event_id']}-{entry['source_type']}"


def _file(entry: OldMap, path: str) -> str:
    return absolute("earthquakes", entry["event_id"], entry["version"], "files", path)


def _order() -> list[tuple[str, bool]]:
    """What the list is sorted by: names parted by commas, a dash before each that descends; others are left out."""
    asked = [name.strip() for name in request.args.get("ordering", "").split(",")]
    chosen = [(name.lstrip("-"), name.startswith("-")) for name in asked if name.lstrip("-") in ORDERS]
    return chosen[: len(ORDERS)] or [("shake_id", False)]


def _box(text: str) -> dict[str, float]:
    """A rectangle: west, south, east, north in degrees. Raises BadParameter."""
    if not text:
        return {}
    try:
        sides = [float(part) for part in text.split(",")]
        if len(sides) == 4 and all(abs(side) <= 360 for side in sides):
            return dict(zip(("west", "south", "east", "north"), sides, strict=True))
    except ValueError:
        pass
    raise BadParameter(
        "{field} is {value}; write west,south,east,north in degrees: {example}",
        field="in_bbox",
        value=repr(text[:80]),
        example="95,-11,141,6",
    )
