"""OGC API Features described in OpenAPI 3.0, as the standard wants it."""

from collections.abc import Sequence

import siaga
from siaga.impact.schemas import Schema
from web.feeds import query

MEDIA_TYPE = "application/vnd.oai.openapi+json;version=3.0"


def document(server: str) -> Schema:
    """The description. server: the address of the landing page."""
    name = {"name": "collectionId", "in": "path", "required": True, "schema": {"type": "string"}}
    one = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}}
    box = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    limit = {"type": "integer", "minimum": 1, "maximum": query.MOST, "default": query.USUAL}
    asked: list[Schema] = [
        {"name": "bbox", "in": "query", "schema": box, "style": "form", "explode": False},
        {"name": "datetime", "in": "query", "schema": {"type": "string"}},
        {"name": "limit", "in": "query", "schema": limit, "style": "form", "explode": False},
        {"name": "cursor", "in": "query", "schema": {"type": "string"}},
        {"name": "lang", "in": "query", "schema": {"type": "string"}},
    ]
    return {
        "openapi": "3.0.3",
        "info": {"title": "Siaga, OGC API Features", "version": siaga.__version__},
        "servers": [{"url": server}],
        "paths": {
            "/": _get("The landing page", "getLandingPage"),
            "/api": _get("This description", "getApi"),
            "/conformance": _get("Conformance classes", "getConformance"),
            "/collections": _get("Collections", "getCollections"),
            "/collections/{collectionId}": _get("A collection", "getCollection", [name]),
            "/collections/{collectionId}/items": _get("Features", "getFeatures", [name, *asked], "geo+json"),
            "/collections/{collectionId}/items/{featureId}": _get("A feature", "getFeature", [name, one], "geo+json"),
        },
    }


def _get(summary: str, operation: str, parameters: Sequence[Schema] = (), kind: str = "json") -> Schema:
    content = {f"application/{kind}": {"schema": {"type": "object"}}}
    responses = {"200": {"description": summary, "content": content}, "default": {"description": "Why not"}}
    told = {"summary": summary, "operationId": operation, "parameters": list(parameters), "responses": responses}
    return {"get": told}
