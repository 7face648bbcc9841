"""OGC API Features, part 1: events, areas and districts as a GIS opens them by the address /ogc."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from siaga.errors import NotFound, SiagaError
from web.feeds import addresses, collections, openapi, query

_JSON, _GEOJSON = "application/json", "application/geo+json"
_CONFORMS = [f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson", "oas30")]

pages = Blueprint("ogc", __name__)


@pages.errorhandler(SiagaError)
def refused(error: SiagaError) -> tuple[Response, int]:
    """What failed, as JSON."""
    status = 400 if error.status == 422 else error.status
    name = "NotFound" if isinstance(error, NotFound) else "InvalidParameterValue" if status == 400 else "NoAnswer"
    body = json.dumps({"code": name, "description": g.language.reason(error.reason())}, ensure_ascii=False)
    return Response(body, content_type=_JSON), status


@pages.get("/ogc", strict_slashes=False)
def landing() -> Response:
    """Where everything is."""
    links = [
        _link("self", "", _JSON),
        _link("service-desc", "/api", openapi.MEDIA_TYPE),
        _link("service-doc", "/api", openapi.MEDIA_TYPE),
        _link("conformance", "/conformance", _JSON),
        _link("data", "/collections", _JSON),
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
    return answer({"links": [_link("self", "/collections", _JSON)], "collections": found})


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
    links = [_link("self", path, _GEOJSON, asked), _link("collection", f"/collections/{shown.name}", _JSON)]
    if after:
        links.append(_link("next", path, _GEOJSON, asked | {"cursor": after}))
    body = {"type": "FeatureCollection", "features": features, "links": links, "numberReturned": len(features)}
    return answer(body | ({} if matched is None else {"numberMatched": matched}), _GEOJSON)


@pages.get("/ogc/collections/<name>/items/<feature>")
def item(name: str, feature: str) -> Response:
    """One feature. Raises NotFound."""
    shown = collections.named(name, g.language)
    path = f"/collections/{shown.name}"
    links = [_link("self", f"{path}/items/{feature}", _GEOJSON), _link("collection", path, _JSON)]
    return answer(collections.item(shown, feature, g.language) | {"links": links}, _GEOJSON)


def answer(body: Mapping[str, Any], media_type: str = _JSON) -> Response:
    """That record, with its hash as ETag; short where the reader has it already."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    response = Response(text, content_type=media_type)
    response.set_etag(sha256(text).hexdigest()[:32])
    response.make_conditional(request)  # the same response, shortened where the reader has it already
    return response


def _link(rel: str, path: str, media_type: str, asked: Mapping[str, str] | None = None) -> dict[str, str]:
    words = f"?{urlencode(asked)}" if asked else ""
    return {"rel": rel, "type": media_type, "href": addresses.whole(f"/ogc{path}{words}")}
