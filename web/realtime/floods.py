"""The old reads of floods: hours of Jakarta of which is known what stood under water, their areas and reports."""

import json

from flask import Response, request

from siaga import keys, moment
from siaga.catalog import FloodEntry
from siaga.errors import BadInput, NotFound
from siaga.report import figures
from web.index import floods
from web.index.floods import Hour
from web.prefix import under
from web.realtime import paging
from web.realtime.paging import MOST, PAGE, absolute, answer, feature, features, old, paged, route
from web.services import services

_INTERVAL = 6  # hours: what the old ids say; their hours were each hour's
_SERIOUS = 3  # PetaBencana's state from which the old impact map drew an area
_SOURCE = "PetaBencana"


@route("/flood")
def listed() -> Response:
    """Hours, the oldest first."""
    event_id = request.args.get("event_id") or request.args.get("search", "")
    if event_id:
        hours = [hour for hour in [_found(event_id)] if hour]
        return paged([record(hour) for hour in hours], len(hours))
    interval = paging.number("interval")
    numbers, total = services().index.maps.hours(keys.JAKARTA, PAGE, paging.offset())
    if interval not in (None, _INTERVAL):
        numbers, total = [], 0
    return paged([record(_of_number(number)) for number in numbers], total)


@route("/flood/<event_id>")
def single(event_id: str) -> Response:
    """One hour."""
    return answer(record(hour_of(event_id)))


@route("/flood-events")
def six_hourly() -> Response:
    """The old list's hours, every sixth; not paged."""
    numbers, _total = services().index.maps.hours(keys.JAKARTA, MOST, old=True)
    return answer([record(_of_number(number)) for number in numbers])


@route("/flood-event-features/<event_id>")
def areas(event_id: str) -> Response:
    """The neighbourhoods that are not dry, with their states."""
    return features(
        [
            feature(
                geom_id,
                shape,
                {"event_id": event_id, "name": name, "parent_name": parent, "hazard_data": state},
            )
            for geom_id, shape, name, parent, state in _areas(hour_of(event_id))
        ]
    )


@route("/flood-impact-event-features/<event_id>")
def impact_areas(event_id: str) -> Response:
    """Those of state 3 and above, with the people in them; null where they are not known."""
    hour = hour_of(event_id)
    counted = services().runs.analysis(hour.entry)["areas"] if hour.entry and hour.wet else ()
    people = {str(area["geom_id"]): area.get("people") for area in counted}
    return features(
        [
            feature(
                geom_id,
                shape,
                {
                    "event_id": event_id,
                    "parent_boundary_name": parent,
                    "hazard_class": state,
                    "people_affected": people.get(geom_id),
                },
            )
            for geom_id, shape, _name, parent, state in _areas(hour)
            if state >= _SERIOUS
        ]
    )


@route("/flood-report", "/flood-report/<event_id>")
def reports(event_id: str = "") -> Response:
    """Reports, the oldest hour first."""
    event_id = event_id or request.args.get("flood__event_id", "")
    if event_id:
        hours = [hour for hour in [_found(event_id)] if hour]
    else:
        hours = [_of_number(number) for number in services().index.maps.hours(keys.JAKARTA, MOST)[0]]
    language = request.args.get("language", "")
    found = [one for hour in hours for one in _reports(hour) if language in ("", one["language"])]
    begin = paging.offset()
    return paged(found[begin : begin + PAGE], len(found))


@route("/flood-report/<event_id>/<language>")
def report(event_id: str, language: str) -> Response:
    """One report. Raises NotFound."""
    for one in _reports(hour_of(event_id)):
        if one["language"] == language:
            return answer(one)
    raise NotFound("Event {event_id} has no report in that language", event_id=event_id)


def hour_of(event_id: str) -> Hour:
    """The hour of an old id. Raises NotFound, also where nobody knows what stood under water."""
    hour = _found(event_id)
    if hour is None:
        raise NotFound("There is no event {event_id}", event_id=event_id[:80])
    return hour


def record(hour: Hour) -> dict[str, object]:
    """An hour with its old fields; null is unknown."""
    snapshot = _snapshot(hour)
    local = moment.local(snapshot.hour, "WIB")
    day = f"{local.day:02d} {figures.month(local.year, local.month, 'en')}"
    entry = hour.entry
    return {
        "url": old("flood", str(snapshot)),
        "event_id": str(snapshot),
        "data_source": _SOURCE,
        "event_id_formatted": f"{local:%Y%m%d%H%M%S}",
        "time": moment.stamp(snapshot.hour),
        "time_description": f"{_INTERVAL} hour report for {day} at {local:%H:%M:%S}",
        "total_affected": 0 if hour.kind == "empty" else _whole(entry["affected"] if entry else None),
        "boundary_flooded": hour.wet,
        "interval": _INTERVAL,
        "source": _SOURCE,
        "region": "jakarta",
        "hazard_layer": _file(entry, "flood.geojson") if entry else None,
        "impact_layer": _file(entry, "zones.csv") if entry else None,
        "reports": _reports(hour),
        "hazard_path": None,
        "flood_data_download_url": under(f"/realtime/flood/flood-data/{snapshot}/"),
    }


def _found(event_id: str) -> Hour | None:
    """An hour of Jakarta of which is known what stood under water, or None."""
    try:
        one = keys.Snapshot.parse(event_id)
    except BadInput:
        return None
    hour = services().index.floods.hour(one.region, floods.number(one.hour))
    return hour if hour and hour.counts is not None and one.region == keys.JAKARTA else None


def _of_number(number: int) -> Hour:
    """The hour of a number that the index has just listed. Raises NotFound when it went meanwhile."""
    hour = services().index.floods.hour(keys.JAKARTA, number)
    if hour is None:
        raise NotFound("There is no event {event_id}", event_id=str(keys.Snapshot(floods.moment_of(number))))
    return hour


def _snapshot(hour: Hour) -> keys.Snapshot:
    return keys.Snapshot(floods.moment_of(hour.hour))


def _areas(hour: Hour) -> list[tuple[str, object, str, str, int]]:
    """(id, GeoJSON geometry or None, name, kelurahan, state) of what is not dry."""
    index = services().index.floods
    names, shapes = index.names(keys.JAKARTA), index.shapes(keys.JAKARTA)
    states = index.states(hour) or {}
    return [
        (geom_id, json.loads(shapes[geom_id]) if geom_id in shapes else None, *names[geom_id], state)
        for geom_id, state in sorted(states.items())
    ]


def _reports(hour: Hour) -> list[dict[str, object]]:
    snapshot, entry = str(_snapshot(hour)), hour.entry
    languages = entry["report"]["languages"] if entry and entry["report"] else ()
    return [
        {
            "url": old("flood-report", snapshot, code),
            "flood_url": old("flood", snapshot),
            "event_id": snapshot,
            "language": code,
            "impact_report": _file(entry, f"report-{code}.pdf"),
            "impact_map": _file(entry, f"report-{code}.pdf"),
            "impact_report_url": under(f"/realtime/flood/impact-report/{snapshot}/{code}/"),
            "impact_map_filename": f"{snapshot}_{code}.pdf",
            "impact_map_url": under(f"/realtime/flood/impact-map/{snapshot}/{code}/"),
        }
        for code in languages
    ]


def _file(entry: FloodEntry | None, path: str) -> str | None:
    return absolute("floods", entry["event_id"], entry["version"], "files", path) if entry else None


def _whole(people: float | None) -> int | None:
    return None if people is None else round(people)
