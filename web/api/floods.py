"""The hours of flood sources, whatever is known of each, and the neighbourhoods under water in one."""

import json
from datetime import datetime

from flask import g

from siaga import keys, moment
from siaga.errors import NotFound
from siaga.exposure.codes import bps_codes
from siaga.impact.flood import village_code
from siaga.impact.stored.head import Totals
from siaga.language import Language
from web.api.events import collection, feature, following
from web.api.operations import BASE, GEOJSON, operation
from web.api.parameters import moment as a_moment
from web.api.parameters import pattern, whole
from web.api.records import Area, Areas, Hours, Unknown
from web.api.records import Hour as HourRecord
from web.index import Filter, floods
from web.index.floods import Hour
from web.services import services

_SNAPSHOT = "[0-9]{10}-6-rw(-[A-Z]{2}-[A-Z]{2})?"
_EXAMPLE = "2017022105-6-rw"
SNAPSHOT = pattern("snapshot", "The id of an hour: year, month, day and hour, UTC", _SNAPSHOT, _EXAMPLE)
_REGION = "A region, as the answer lists them; the one with the newest hour unless said"
_LEAST = "Only hours with so many neighbourhoods under water; those not known are left out"
_LIST = (
    pattern("region", _REGION, "[A-Z]{2}-[A-Z]{2}", keys.JAKARTA, "query"),
    a_moment("since", "Hours from then on"),
    a_moment("until", "Hours before then"),
    whole("least_areas", _LEAST, 0, 100_000, 0),
    whole("every", "Every hour, or the old list's: every sixth, of Jakarta's clock", 1, floods.OLD_STEP, 1),
    whole("limit", "How many at most", 1, 1000, 100),
    pattern("cursor", "Where to go on: as `next` of the page before has it", _SNAPSHOT, _EXAMPLE, "query"),
)


@operation("/flood-hours", "Floods", "Hours", _LIST)
def flood_hours(
    region: str | None,
    since: datetime | None,
    until: datetime | None,
    least_areas: int,
    every: int,
    limit: int,
    cursor: str | None,
) -> Hours:
    """Hours of a flood source, the newest first, with what each counts as

    An hour that is missing between others was asked for by nobody: what stood under water is not known.
    """
    index = services().index.floods
    regions = index.regions()
    if region is not None and region not in regions:
        raise NotFound("No hours of {region} are known", region=region)
    chosen = region or (regions[0] if regions else None)
    if chosen is None:
        return {"region": None, "regions": [], "hours": [], "next": None}
    ends = [one for one in (until, keys.Snapshot.parse(cursor).hour if cursor else None) if one]
    wanted = Filter(
        since=since,
        until=min(ends, default=None),
        every=floods.OLD_STEP if every == floods.OLD_STEP else 1,
        least_areas=least_areas or None,
    )
    hours = index.hours(chosen, wanted, limit + 1)
    more = str(_snapshot(chosen, hours[limit - 1].hour)) if len(hours) > limit else ""
    return {
        "region": chosen,
        "regions": regions,
        "hours": [record(chosen, hour) for hour in hours[:limit]],
        "next": following(more),
    }


@operation("/flood-hours/{snapshot}", "Floods", "Hour", (SNAPSHOT,))
def flood_hour(snapshot: str) -> HourRecord:
    """One hour, whatever is known of it"""
    return record(*_hour(snapshot))


@operation("/flood-hours/{snapshot}/areas", "Floods", "Areas", (SNAPSHOT,))
def flood_areas(snapshot: str) -> Areas:
    """Neighbourhoods under water in an hour"""
    region, hour = _hour(snapshot)
    areas = _areas(region, hour)
    told = record(region, hour)
    return {
        "snapshot": told["snapshot"],
        "time": told["time"],
        "areas": areas,
        "unknown": _unknown_areas(areas, hour),
    }


@operation("/flood-hours/{snapshot}/areas.geojson", "Floods", "AreaShapes", (SNAPSHOT,), GEOJSON)
def flood_areas_geojson(snapshot: str) -> dict[str, object]:
    """The same with borders; refused where nothing is known of the hour"""
    region, hour = _hour(snapshot)
    areas = _areas(region, hour)
    if areas is None:
        raise NotFound("What was under water in {snapshot} is not known", snapshot=snapshot)
    shapes = services().index.floods.shapes(region)
    features = [
        feature(area["geom_id"], json.loads(shapes[area["geom_id"]]) if area["geom_id"] in shapes else None, area)
        for area in areas
    ]
    missing = _unknown_areas(areas, hour)
    if any(one["geometry"] is None for one in features):
        missing.append({"field": "geometry", "reason": g.language("The source gave no border")})
    return collection(features, None, missing)


def record(region: str, hour: Hour) -> HourRecord:
    """An hour as the API tells it."""
    snapshot = _snapshot(region, hour.hour)
    people: Totals = {"affected": None, "displaced": None}
    if hour.kind == "empty":
        people = {"affected": 0.0, "displaced": 0.0}
    elif hour.entry and hour.counts is not None:
        people = {"affected": hour.entry["affected"], "displaced": hour.entry["displaced"]}
    return {
        "snapshot": str(snapshot),
        "time": moment.stamp(snapshot.hour),
        "region": region,
        "kind": hour.kind,
        "states_of": hour.of,
        "areas_by_state": None if hour.counts is None else {str(n): count for n, count in enumerate(hour.counts, 1)},
        "areas_flooded": hour.wet,
        "archive_highest_state": hour.highest,
        **people,
        "unknown": _unknown(people, hour),
        "areas": f"{BASE}/flood-hours/{snapshot}/areas",
        "event": f"{BASE}/floods/{hour.of}" if hour.entry else None,
    }


def _unknown(people: Totals, hour: Hour) -> list[Unknown]:
    """Why fields of an hour are null; that those which do not apply are null needs no reason."""
    missing: list[Unknown] = []
    if hour.counts is None:
        missing += [{"field": name, "reason": _why(hour)} for name in ("areas_by_state", "areas_flooded")]
    for name, count in people.items():
        if count is None:
            reason = g.language("No count of people reaches under this map; its warnings say why")
            missing.append({"field": name, "reason": _why(hour) if hour.counts is None else reason})
    return missing


def _why(hour: Hour) -> str:
    """Why nothing is known of what stood under water."""
    _: Language = g.language
    if hour.kind == "suspect":
        said = _("The source could not be believed")
        return f"{said}: {_.reason(hour.reason)}" if hour.reason else said
    if hour.kind == "gap":
        return _("Nobody asked in that hour; the archive has its highest state at most")
    if hour.hidden:
        return _("An operator keeps the figures of this hour from readers")
    return _("Data came; figures are not ready")


def _unknown_areas(areas: list[Area] | None, hour: Hour) -> list[Unknown]:
    if areas is None:
        return [{"field": "areas", "reason": _why(hour)}]
    missing: list[Unknown] = []
    if any(area["people"] is None for area in areas):
        reason = g.language("No count of people is installed there, or its figures are not ready")
        missing.append({"field": "people", "reason": reason})
    if any(area["bps_code"] is None for area in areas):
        reason = g.language("The source names this neighbourhood by an id of another kind")
        missing.append({"field": "bps_code", "reason": reason})
    return missing


def _hour(snapshot: str) -> tuple[str, Hour]:
    """Region and hour of a snapshot; raises NotFound."""
    one = keys.Snapshot.parse(snapshot)
    hour = services().index.floods.hour(one.region, floods.number(one.hour))
    if hour is None:
        raise NotFound("Nobody asked for hour {snapshot}; what was under water then is not known", snapshot=snapshot)
    return one.region, hour


def _areas(region: str, hour: Hour) -> list[Area] | None:
    """What is not dry in an hour, by id; None where that is not known."""
    index = services().index.floods
    states = index.states(hour)
    if states is None:
        return None
    names = index.names(region)
    counted = services().runs.analysis(hour.entry)["areas"] if hour.entry and states else ()
    people = {area["geom_id"]: area["people"] for area in counted}
    numbers = bps_codes(filter(None, map(village_code, states)))
    return [
        {
            "geom_id": geom_id,
            "name": names[geom_id][0],
            "parent": names[geom_id][1],
            "state": state,
            "people": people.get(geom_id),
            "bps_code": numbers.get(village_code(geom_id)),
        }
        for geom_id, state in sorted(states.items())
    ]


def _snapshot(region: str, hour: int) -> keys.Snapshot:
    return keys.Snapshot(floods.moment_of(hour), region)
