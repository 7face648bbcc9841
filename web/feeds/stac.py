"""A STAC catalogue of events, hazards and impacts by IFRC's Monty extension, for who joins sources of disasters."""

from collections.abc import Sequence

from flask import Blueprint, Response, g

from siaga.catalog import Entry
from siaga.errors import BadInput, NotFound, SiagaError
from siaga.hazards import HAZARDS
from siaga.language import Language
from web.api import access
from web.feeds import addresses, assets, monty
from web.feeds.replies import GEOJSON, JSON, answer, refused
from web.index import Filter
from web.runs import find
from web.services import services

_NEWEST = 100  # events of each hazard that a collection links; older ones answer by their names
_TITLES = {"events": "Events", "hazards": "Hazards", "impacts": "Impacts"}
_TEXTS = {
    "events": "Earthquakes, flooded hours and ash falls in Indonesia as Siaga received them",
    "hazards": "Maps of shaking, flooded neighbourhoods and ash, a version each",
    "impacts": "Deaths by shaking, people affected and people displaced by models; a figure each",
}
_FIRST = "2000-01-01T00:00:00Z"  # before any map that Siaga could be sent
_INDONESIA = [90.0, -15.0, 145.0, 10.0]  # and what lies around it

pages = Blueprint("stac", __name__)
pages.before_request(access.count)
pages.after_request(access.allow)
pages.register_error_handler(SiagaError, refused)


@pages.get("/stac", strict_slashes=False)
@pages.get("/stac/catalog.json")
def catalog() -> Response:
    """The root."""
    children = [_link("child", monty.address(kind), title) for kind, title in _TITLES.items()]
    root = addresses.whole("/stac/catalog.json")
    body = {
        "type": "Catalog",
        "stac_version": monty.STAC_VERSION,
        "id": "siaga",
        "title": "Siaga",
        "description": "Impact of earthquakes, floods and volcanic ash in Indonesia: automatic estimates.",
        "links": [_link("self", root), _link("root", root), *children],
    }
    return answer(body)


@pages.get("/stac/siaga-<kind>/collection.json")
def collection(kind: str) -> Response:
    """One of the three, with links to the items of the newest events. Raises NotFound."""
    if kind not in _TITLES:
        raise NotFound("There is no collection {name}", name=f"siaga-{kind[:40]}")
    where, root = monty.address(kind), addresses.whole("/stac/catalog.json")
    newest = [one for hazard in HAZARDS for one in services().index.events(hazard, Filter(), _NEWEST, 0)[0]]
    names = [name for entry in newest for name in _names(kind, entry, addresses.lasting_id(_history(entry)))]
    links = [_link("item", monty.address(kind, name), media_type=GEOJSON) for name in names]
    body = {
        "type": "Collection",
        "stac_version": monty.STAC_VERSION,
        "stac_extensions": [monty.MONTY],
        "id": f"siaga-{kind}",
        "title": f"Siaga: {_TITLES[kind]}",
        "description": _TEXTS[kind],
        "license": "other",
        "roles": monty.ROLES[kind],
        "providers": [{"name": "Siaga", "roles": ["producer", "host"], "url": addresses.whole("/")}],
        "extent": {"spatial": {"bbox": [_INDONESIA]}, "temporal": {"interval": [[_FIRST, None]]}},
        "summaries": {
            "roles": monty.ROLES[kind],
            "monty:country_codes": [monty.COUNTRY],
            "monty:hazard_codes": sorted({code for codes in monty.CODES.values() for code in codes}),
        },
        "links": [_link("self", where), _link("root", root), _link("parent", root), *links],
    }
    return answer(body)


@pages.get("/stac/siaga-<kind>/<name>.json")
def item(kind: str, name: str) -> Response:
    """An item of one of them; exercises have none. Raises NotFound, Damaged."""
    missing = NotFound("There is no feature {name} in {collection}", name=name[:80], collection=f"siaga-{kind[:40]}")
    hazard, _dot, rest = name.partition(".")
    if kind not in _TITLES or hazard not in HAZARDS:
        raise missing
    estimate, version = "", ""
    if kind == "impacts":
        rest, _dot, estimate = rest.rpartition(".")
    if kind != "events":
        rest, _dot, version = rest.rpartition(".")
        if not version:
            raise missing
    try:
        versions, entry = find(services().index, hazard, rest, version)
    except BadInput as error:
        raise missing from error
    subject = monty.Subject(entry, services().runs.analysis(entry), addresses.lasting_id(versions))
    made = None if entry["drill"] else _made(kind, subject, estimate, g.language)
    if made is None or made["id"] != name:
        raise missing
    made["assets"] = assets.of(entry, kind, g.language)
    made["links"] = _links(kind, subject, versions, estimate)
    return answer(made, GEOJSON)


def _history(entry: Entry) -> list[Entry]:
    """All versions of its event, the newest first."""
    return services().index.versions(entry["event_id"], entry["version"], entry["hazard"]) or [entry]


def _names(kind: str, entry: Entry, event_id: str) -> list[str]:
    """The items of a version in a collection."""
    if kind == "impacts":
        return [monty.name(entry, kind, event_id, one.name) for one in monty.estimates(entry)]
    return [monty.name(entry, kind, event_id)]


def _made(kind: str, subject: monty.Subject, estimate: str, _: Language) -> dict[str, object] | None:
    """The item, without assets and links; None for a figure that is not known."""
    if kind == "impacts":
        found = next((one for one in monty.estimates(subject.entry) if one.name == estimate), None)
        return monty.impact(subject, found, _) if found else None
    return monty.event(subject, _) if kind == "events" else monty.hazard(subject, _)


def _links(kind: str, subject: monty.Subject, versions: Sequence[Entry], estimate: str) -> list[dict[str, object]]:
    """Up, to what other items tell of the same version, and from a map to those of the versions beside it."""
    entry, event_id = subject.entry, subject.event_id
    own = monty.address(kind)
    links = [
        _link("self", monty.address(kind, monty.name(entry, kind, event_id, estimate)), media_type=GEOJSON),
        _link("root", addresses.whole("/stac/catalog.json")),
        _link("parent", own),
        _link("collection", own),
        _link("via", addresses.version(entry), media_type="text/html"),
    ]
    for other in (one for one in _TITLES if one != kind):
        for name in _names(other, entry, event_id):
            related = _link("related", monty.address(other, name), media_type=GEOJSON)
            links.append(related | {"roles": [other.removesuffix("s")]})
    if kind == "hazards":
        place = versions.index(entry)
        beside = {"successor-version": versions[:place][-1:], "predecessor-version": versions[place + 1 :][:1]}
        for rel, found in beside.items():
            links += [_link(rel, monty.address(kind, monty.name(one, kind, event_id))) for one in found]
    return links


def _link(rel: str, href: str, title: str = "", media_type: str = JSON) -> dict[str, object]:
    return {"rel": rel, "href": href, "type": media_type, **({"title": title} if title else {})}
