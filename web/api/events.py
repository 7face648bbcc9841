"""Events of all hazards: lists with filters, one event, its versions, impact.json, files."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypedDict, Unpack
from urllib.parse import urlencode

from flask import Response, g, request

from siaga import keys
from siaga.catalog import Entry
from siaga.errors import BadInput, NotFound
from siaga.impact.fatality import LEVELS
from web.api.operations import BASE, GEOJSON, operation
from web.api.parameters import BadParameter, box, choice, moment, number, pattern, switch, text, whole
from web.api.records import OF_THE_STORE, Files, Point, Unknown
from web.index import Filter
from web.index.lists import ORDERS, Box
from web.prefix import under
from web.runs import find
from web.services import services

COLLECTIONS = {"earthquakes": "earthquake", "floods": "flood", "ash": "ash"}
_YEAR = 365 * 86400
_LIMIT = whole("limit", "How many at most", 1, 500, 50)
_CURSOR = text("cursor", "Where to go on: as `next` of the page before has it", 200)
_SINCE = moment("since", "Events from then on")
_UNTIL = moment("until", "Events before then")
_WORDS = text("q", "Words, each the beginning of one of the event's id or names")
_DRILLS = switch("drill", "Exercises alone; without it none is shown", False)
_LIST = (_LIMIT, _CURSOR, _SINCE, _UNTIL, _WORDS, _DRILLS)
_PLACED = (box("box", "Epicentres or volcanoes in a rectangle: west,south,east,north in degrees"),)
_QUAKES = (
    *_LIST,
    *_PLACED,
    number("least_magnitude", "From this magnitude on", -5, 12),
    number("most_magnitude", "Up to this magnitude", -5, 12),
    choice("level", "Of this alert level, by any map of the event; none: of no level", (*LEVELS, "none")),
    choice("source_type", "Whose map that counts is of this kind", tuple(keys.SOURCE_RANK)),
    switch("felt", "Whether people live where MMI IV or more was computed, or not"),
    choice("order", "By what the list is sorted", ORDERS, "time"),
    switch("descending", "The newest or largest first", True),
)
HAZARD = choice("hazard", "The kind of event", tuple(COLLECTIONS), place="path")
EVENT_ID = pattern("event_id", "The id of the event", keys.EVENT_ID.pattern, "20180805194635")
VERSION = pattern(
    "version", "One revision of its map", "(initial|corrected)-v[0-9]{3,9}-[0-9a-f]{8}", "initial-v001-3fa91c07"
)
_SHA256 = pattern(
    "sha256", "Only this content, which the reader may then keep for ever", "[0-9a-f]{64}", "0" * 64, "query"
)
_UNKNOWN = {
    "": "The input does not say it",
    "affected": "No count of people reaches under this map; its warnings say why",
    "displaced": "No count of people reaches under this map; its warnings say why",
    "highest_class": "Nobody is known to be in any class",
    "people_max_mmi": "Nobody is known to be in any class",
    "process_time": "The input does not say when it was made",
    "place": "No place is installed, or none is near",
    "alert": "Without a count of people there is no level",
    "alert_probability": "Without a count of people there is no level",
    "fatalities": "Without a count of people there is no estimate of deaths",
    "column_height_m": "The height of the volcano above the sea is not known",
}


class _Asked(TypedDict):
    """The values of _LIST."""

    limit: int
    cursor: str | None
    since: datetime | None
    until: datetime | None
    q: str | None
    drill: bool


class _PlacedAsked(_Asked):
    """Those of _PLACED besides."""

    box: Box | None


class _QuakesAsked(_PlacedAsked):
    """Those of _QUAKES."""

    least_magnitude: float | None
    most_magnitude: float | None
    level: str | None
    source_type: str | None
    felt: bool | None
    order: str
    descending: bool


@operation("/earthquakes", "Earthquakes", "EarthquakeEvents", _QUAKES)
def earthquakes(**asked: Unpack[_QuakesAsked]) -> object:
    """Earthquakes, the newest first

    Each by the map that counts: a corrected one before an initial one, then the highest version.
    """
    return _listed("earthquake", asked, _of_quakes(asked))


@operation("/earthquakes.geojson", "Earthquakes", "Earthquakes", _QUAKES, GEOJSON)
def earthquakes_geojson(**asked: Unpack[_QuakesAsked]) -> object:
    """The same earthquakes as points"""
    return _points("earthquake", asked, _of_quakes(asked))


@operation("/floods", "Floods", "FloodEvents", _LIST)
def floods(**asked: Unpack[_Asked]) -> object:
    """Flooded hours that were analysed, the newest first

    Hours of which there is no analysis of their own stand among the flood hours.
    """
    return _listed("flood", asked, _common(asked))


@operation("/ash", "Volcanic ash", "AshEvents", (*_LIST, *_PLACED))
def ash(**asked: Unpack[_PlacedAsked]) -> object:
    """Ash falls, the newest first"""
    return _listed("ash", asked, _placed(asked))


@operation("/ash.geojson", "Volcanic ash", "AshFalls", (*_LIST, *_PLACED), GEOJSON)
def ash_geojson(**asked: Unpack[_PlacedAsked]) -> object:
    """The same ash falls, as points at their volcanoes"""
    return _points("ash", asked, _placed(asked))


@operation("/{hazard}/{event_id}", "One event", "Event", (HAZARD, EVENT_ID))
def event(hazard: str, event_id: str) -> dict[str, object]:
    """The version of an event that counts"""
    return record(entry_of(hazard, event_id)[1])


@operation("/{hazard}/{event_id}/versions", "One event", "Events", (HAZARD, EVENT_ID))
def versions(hazard: str, event_id: str) -> object:
    """All versions of an event, the one that counts first

    Versions of a quake may carry another id: that of its corrected map.
    """
    return {"versions": [record(one) for one in entry_of(hazard, event_id)[0]]}


@operation("/{hazard}/{event_id}/versions/{version}", "One event", "Event", (HAZARD, EVENT_ID, VERSION))
def version(hazard: str, event_id: str, version: str) -> object:
    """One version of an event"""
    return record(entry_of(hazard, event_id, version)[1])


@operation(
    "/{hazard}/{event_id}/versions/{version}/impact", "One event", "Impact", (HAZARD, EVENT_ID, VERSION, _SHA256)
)
def impact(hazard: str, event_id: str, version: str, sha256: str | None) -> Response:
    """All figures of a version: impact.json, byte for byte as it is stored

    Its ETag is its sha256, as the event names it. A version that is analysed anew has another one.
    """
    entry = entry_of(hazard, event_id, version)[1]
    digest = entry["impact"]["sha256"]
    if sha256 and sha256 != digest:
        raise NotFound("This version has another impact.json now; its sha256 is {sha256}", sha256=digest)
    response = Response(services().runs.content(entry, keys.IMPACT), content_type="application/json")
    response.set_etag(digest)
    response.headers["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(digest)).decode()}:"
    if sha256:  # what is hidden tomorrow no cache that others share may go on serving
        response.headers["Cache-Control"] = f"private, max-age={_YEAR}, immutable"
    response.make_conditional(request)  # the same response, shortened where the reader has it already
    return response


@operation("/{hazard}/{event_id}/versions/{version}/files", "One event", "Files", (HAZARD, EVENT_ID, VERSION))
def files(hazard: str, event_id: str, version: str) -> Files:
    """The files of a version, with sizes and hashes"""
    entry = entry_of(hazard, event_id, version)[1]
    base = under(f"/{_collection(entry)}/{entry['event_id']}/{entry['version']}/files")
    return {"files": [{**one, "url": f"{base}/{one['path']}"} for one in services().runs.products(entry)]}


def entry_of(hazard: str, event_id: str, version: str = "") -> tuple[list[Entry], Entry]:
    """All versions of an event of a collection and the one that was asked for; raises NotFound."""
    return find(services().index, COLLECTIONS[hazard], event_id, version)


def record(entry: Entry) -> dict[str, object]:
    """An event as the API tells it. entry: of the catalogue."""
    facts = {name: value for name, value in entry.items() if name not in OF_THE_STORE}
    at = under(f"{BASE}/{_collection(entry)}/{entry['event_id']}")
    this = f"{at}/versions/{entry['version']}"
    return facts | {
        "received": entry["arrival"]["received"],
        "impact_sha256": entry["impact"]["sha256"],
        "report_languages": entry["report"]["languages"] if entry["report"] else [],
        "links": {
            "self": this,
            "page": under(f"/{_collection(entry)}/{entry['event_id']}/{entry['version']}"),
            "versions": f"{at}/versions",
            "impact": f"{this}/impact",
            "zones": f"{this}/zones",
            "files": f"{this}/files",
        },
        "unknown": unknown(name for name, value in facts.items() if value is None),
    }


def unknown(fields: Iterable[str]) -> list[Unknown]:
    """Why those fields of an event are null."""
    return [{"field": name, "reason": g.language(_UNKNOWN.get(name, _UNKNOWN[""]))} for name in fields]


def following(cursor: str) -> str | None:
    """The path of the next page of what is asked now; None on the last page."""
    if not cursor:
        return None
    arguments = [(name, value) for name, value in request.args.items() if name != "cursor"]
    return f"{under(request.path)}?{urlencode([*arguments, ('cursor', cursor)])}"


def _collection(entry: Entry) -> str:
    return next(name for name, hazard in COLLECTIONS.items() if hazard == entry["hazard"])


def _common(asked: _Asked) -> Filter:
    """What every list can be filtered by."""
    kind = "drill" if asked["drill"] else ""
    return Filter(kind, text=asked["q"] or "", since=asked["since"], until=asked["until"])


def _placed(asked: _PlacedAsked) -> Filter:
    return replace(_common(asked), box=asked["box"])


def _of_quakes(asked: _QuakesAsked) -> Filter:
    return replace(
        _placed(asked),
        level=asked["level"] or "",
        least_magnitude=asked["least_magnitude"],
        most_magnitude=asked["most_magnitude"],
        felt=asked["felt"],
        source_type=asked["source_type"] or "",
        order=asked["order"],
        descending=asked["descending"],
    )


def _page(hazard: str, asked: _Asked, wanted: Filter) -> tuple[list[Entry], str | None]:
    """Events of a page, and the path of the following one."""
    try:
        entries, cursor = services().index.page(hazard, wanted, asked["limit"], asked["cursor"] or "")
    except BadInput as error:
        raise BadParameter(error.template, **error.values, field="cursor") from error
    return entries, following(cursor)


def _listed(hazard: str, asked: _Asked, wanted: Filter) -> dict[str, object]:
    entries, more = _page(hazard, asked, wanted)
    return {"events": [record(entry) for entry in entries], "next": more}


def _points(hazard: str, asked: _Asked, wanted: Filter) -> dict[str, object]:
    entries, more = _page(hazard, asked, wanted)
    features = [feature(f"{one['event_id']}/{one['version']}", point(one), record(one)) for one in entries]
    return collection(features, more)


def point(entry: Entry) -> Point | None:
    """Epicentre or volcano as GeoJSON; None for a flood, and where it is not known."""
    if entry["hazard"] == "flood":
        return None
    spot = entry if entry["hazard"] == "earthquake" else entry["volcano"]
    if spot["longitude"] is None or spot["latitude"] is None:
        return None
    return {"type": "Point", "coordinates": [spot["longitude"], spot["latitude"]]}


def feature(name: str, geometry: object, properties: object) -> dict[str, object]:
    """One feature of GeoJSON."""
    return {"type": "Feature", "id": name, "geometry": geometry, "properties": properties}


def collection(
    features: list[dict[str, object]], following: str | None = None, missing: list[Unknown] | None = None
) -> dict[str, object]:
    """A collection of GeoJSON. missing: why geometries are null."""
    return {"type": "FeatureCollection", "features": features, "next": following, "unknown": missing or []}
