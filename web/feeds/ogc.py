"""OGC API Features, part 1: events, areas and districts as a GIS opens them by the address /ogc."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from siaga.errors import SiagaError
from web.api import access
from web.feeds import addresses, collections, openapi, query
from web.feeds.replies import GEOJSON, JSON, answer, refused

_CONFORMS = [f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson", "oas30")]

pages = Blueprint("ogc", __name__)
pages.before_request(access.count)
pages.after_request(access.allow)
pages.register_error_handler(SiagaError, refused)


@pages.get("/ogc", strict_slashes=False)
def landing() -> Response:
    """Where everything is."""
    links = [
        _link("self", "", JSON),
        _link("service-desc", "/api", openapi.MEDIA_TYPE),
        _link("service-doc", "/api", openapi.MEDIA_TYPE),
        _link("conformance", "/conformance", JSON),
        _link("data", "/collections", JSON),
    ]
    _ = g.language
    nature = _("Automatic estimates; neither an official warning nor a count of victims. Check before deciding.")
    return answer({"title": "Siaga", "description": nature, "links": links})


@pages.get("/ogc/api")
def description() -> Response:
    """The interface in OpenAPI's words."""
    return answer(openapi.document(addresses.whole("/ogc")), openapi.MEDIA_TYPE)


@pages.get("/ogc/conformance")
def conformance() -> Response:
    """What of the standard is kept."""
    return answer({"conformsTo": _CONFORMS})


@pages.get("/ogc/collections")
def listed() -> Response:
    """All collections of events, and those of the newest events."""
    found = [one.described() for one in collections.listed(g.language)]
    return answer({"links": [_link("self", "/collections", JSON)], "collections": found})


@pages.get("/ogc/collections/<name>")
def collection(name: str) -> Response:
    """One collection. Raises NotFound."""
    return answer(collections.named(name, g.language).described())


@pages.get("/ogc/collections/<name>/items")
def items(name: str) -> Response:
    """Its features, as many as are asked for, and where the next ones are. Raises NotFound, BadInput."""
    asked = request.args.to_dict()
    shown, wanted = collections.named(name, g.language), query.parse(asked)
    features, after, matched = collections.items(shown, wanted, g.language)
    path = f"/collections/{shown.name}/items"
    links = [_link("self", path, GEOJSON, asked), _link("collection", f"/collections/{shown.name}", JSON)]
    if after:
        links.append(_link("next", path, GEOJSON, asked | {"cursor": after}))
    body = {"type": "FeatureCollection", "features": features, "links": links, "numberReturned": len(features)}
    return answer(body | ({} if matched is None else {"numberMatched": matched}), GEOJSON)


@pages.get("/ogc/collections/<name>/items/<feature>")
def item(name: str, feature: str) -> Response:
    """One feature. Raises NotFound."""
    shown = collections.named(name, g.language)
    path = f"/collections/{shown.name}"
    links = [_link("self", f"{path}/items/{feature}", GEOJSON), _link("collection", path, JSON)]
    return answer(collections.item(shown, feature, g.language) | {"links": links}, GEOJSON)


def _link(rel: str, path: str, media_type: str, asked: Mapping[str, str] | None = None) -> dict[str, str]:
    words = f"?{urlencode(asked)}" if asked else ""
    return {"rel": rel, "type": media_type, "href": addresses.whole(f"/ogc{path}{words}")}
