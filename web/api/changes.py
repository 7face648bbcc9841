"""What programs change: a ShakeMap or an ash fall comes in, an event is hidden or felt, an input is done again."""

from dataclasses import dataclass
from hashlib import sha256

from flask import Flask, current_app, g, request

from siaga import keys
from siaga.hazard import gridxml
from siaga.hazard.ash import MAX_BYTES, MAX_REQUEST_BYTES, read_request
from siaga.impact.schemas import Schema
from siaga.inputs import ash_uploads
from siaga.inputs.ash_uploads import Uploads
from siaga.inputs.decisions import FELT, HIDDEN, LONGEST, Kind
from siaga.store import Store
from web import audit, decisions
from web.api.body import form, read_body
from web.api.events import COLLECTIONS, EVENT_ID, HAZARD
from web.api.operations import JSON, change
from web.api.parameters import choice
from web.api.records import Decided, Ordered, ReceivedAsh, ReceivedMap
from web.reprocess import Gateway
from web.runs import find
from web.services import services

_NAME = "siaga-changes"
_FOLDER = "operators"  # in the buckets of ShakeMaps: a folder of each account, so that no map of BMKG is overwritten
_SIGNS = 12  # that tell accounts apart in keys
_GROUP = "Changes, by token"
_XML, _FORM = "application/xml", "multipart/form-data"
_BUCKETS = {"initial": keys.SHAKEMAPS, "corrected": keys.SHAKEMAPS_CORRECTED}
_SOURCE = choice("source_type", "How the map was made", tuple(_BUCKETS), "initial")
_LONGEST_NAME = 1100  # characters
_WHY: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_GIVEN_FELT = form(felt={"type": ["boolean", "null"]}, why=_WHY)
_GIVEN_HIDDEN = form(hidden={"type": "boolean"}, why=_WHY)
_GIVEN_AGAIN = form(input={"type": "string", "minLength": 1, "maxLength": _LONGEST_NAME}, report={"type": "boolean"})
_GIVEN_ASH = form(request={"type": "string"}, raster={"type": "string", "format": "binary"})


@dataclass(frozen=True, slots=True)
class Doors:
    """Where changes go. ash: rasters and requests. operators: a store with the rights of that role."""

    ash: Uploads
    operators: Store
    gateway: Gateway


def install(app: Flask, doors: Doors) -> None:
    """Let programs with a token change something."""
    app.extensions[_NAME] = doors


@change("POST", "/earthquakes", _GROUP, "ReceivedMap", "write:event", {_XML: {"type": "string"}}, (_SOURCE,))
def send_map(source_type: str) -> ReceivedMap:
    """Send a ShakeMap (grid.xml)

    It goes the way of every map that arrives; the status page and the event tell what becomes of it. The same bytes
    sent again change nothing.
    """
    body = request.get_data()
    event_id = gridxml.read_shakemap(body).event_id
    sender = sha256(g.account.name.encode()).hexdigest()[:_SIGNS]  # pages show keys to all; names are for log-in
    key = f"{_FOLDER}/{sender}/{event_id}/{keys.GRID}"
    _doors().operators.put(_BUCKETS[source_type], key, body, _XML)
    audit.about(f"{_BUCKETS[source_type]}/{key}")
    return {"event_id": event_id, "bucket": _BUCKETS[source_type], "key": key, "sha256": sha256(body).hexdigest()}


@change("POST", "/ash", _GROUP, "ReceivedAsh", "write:ash", {_FORM: _GIVEN_ASH})
def send_ash() -> ReceivedAsh:
    """Send an ash fall: its request.json as field request, its raster as file raster

    It is checked as the form for operators checks it. The same request and raster sent again change nothing.
    """
    one = read_request(request.form.get("request", "").encode()[: MAX_REQUEST_BYTES + 1])
    sent = request.files.get("raster")
    body = sent.stream.read(MAX_BYTES + 1) if sent else b""
    uploads = _doors().ash
    repeated = uploads.holds(one, body)
    if not repeated:
        ash_uploads.look(one, body)
        uploads.submit(one, body)
    audit.about(one.event_id)
    return {"event_id": str(one.event_id), "sha256": sha256(body).hexdigest(), "repeated": repeated}


@change("PUT", "/earthquakes/{event_id}/felt", _GROUP, "Decided", "write:felt", {JSON: _GIVEN_FELT}, (EVENT_ID,))
def set_felt(event_id: str) -> Decided:
    """Say whether somebody felt a quake; null: what its map and BMKG say holds again"""
    given = read_body(_GIVEN_FELT)
    return _decided("earthquakes", event_id, FELT, given["felt"], given["why"])


@change(
    "PUT", "/{hazard}/{event_id}/hidden", _GROUP, "Decided", "write:hide", {JSON: _GIVEN_HIDDEN}, (HAZARD, EVENT_ID)
)
def set_hidden(hazard: str, event_id: str) -> Decided:
    """Hide an event from readers, with all its versions, or show it again"""
    given = read_body(_GIVEN_HIDDEN)
    return _decided(hazard, event_id, HIDDEN, given["hidden"], given["why"])


@change("POST", "/reprocess", _GROUP, "Ordered", "write:reprocess", {JSON: _GIVEN_AGAIN})
def do_again() -> Ordered:
    """Do an event, a folder or a file again, by its name

    report: the report alone, from the figures that are there.
    """
    given = read_body(_GIVEN_AGAIN)
    audit.about(given["input"])
    report = {"report": True} if given["report"] else {}
    _doors().gateway.order("/siaga/reprocess", {"input": given["input"], "who": g.account.name} | report)
    return {"input": given["input"], "report": given["report"]}


def _decided(hazard: str, event_id: str, kind: Kind, value: bool | None, why: str) -> Decided:
    entry = find(services().index, COLLECTIONS[hazard], event_id, "", kept_back=True)[1]
    audit.about(f"{hazard} {event_id} {kind} {value}: {why}")
    decisions.decide(entry, kind, value, why, g.account.name)
    return {"event_id": entry["event_id"], "kind": kind, "value": value}


def _doors() -> Doors:
    doors: Doors = current_app.extensions[_NAME]
    return doors
