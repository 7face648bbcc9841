"""The OpenAPI document, made from the operations and the schemas of their answers."""

from collections.abc import Iterable

from flask import g

import siaga
from siaga.impact.schemas import Schema
from siaga.language import Language
from web import problem
from web.api import schemas
from web.api.operations import BASE, LANGUAGE, OPERATIONS, Operation, operation
from web.api.records import Root
from web.prefix import under

_FAILURES = {
    "400": "A parameter is wrong or unknown; the sentence names it",
    "404": "It is not there",
    "429": "Too many questions; Retry-After says when to go on",
    "503": "The store does not answer; try again",
}
_REFUSALS = {  # of changes, besides
    "401": "No token was sent, or one that is not good",
    "403": "The token may not do that",
    "409": "Another changes it at this moment, or what is there stands otherwise; look, and try again",
    "413": "It is too large",
    "422": "What was sent cannot serve; the sentence says why",
}
_CONDITIONAL = {  # of changes that name what they were made from
    "412": "Another has changed it since; read it again, and change that",
    "428": "If-Match is missing: the ETag of what you have read, so that nothing of another's is lost",
}
_SCHEME = "token"
_TOKEN = "A token of an account, made on the account's page: Authorization: Bearer siaga_…"
_ABOUT = """What Siaga knows of earthquakes, floods and volcanic ash: events, versions, people by zone, files.

Times are UTC ({times}), degrees those of {degrees}, people unrounded. Null is unknown, and `unknown` says why; it is
never a nought. Whoever sends the ETag of an answer back in If-None-Match is told with {same} that it still holds.
Fields may be added within {base}; none is removed or changes its meaning."""
_STANDARDS = {"times": "RFC 3339", "degrees": "WGS84", "same": 304, "base": BASE}


@operation("/", "Begin here", "Root")
def root() -> Root:
    """What there is"""
    collections = ("earthquakes", "floods", "ash", "flood-hours", "volcanoes", "status")
    return {
        "openapi": under(f"{BASE}/openapi.json"),
        "page": under("/api"),
        "collections": {name: under(f"{BASE}/{name}") for name in collections},
    }


@operation("/openapi.json", "Begin here", "")
def openapi() -> Schema:
    """The document that describes all of this"""
    return document(g.language, under(BASE))


def document(_: Language, base: str = BASE) -> Schema:
    """All of it, its sentences in that language; names, types and what records say of themselves are English.

    base: where it all begins.
    """
    names = schemas.used(one.schema for one in OPERATIONS if one.schema) | {"Problem"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Siaga",
            "version": siaga.__version__,
            "description": _(_ABOUT, **_STANDARDS),
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "servers": [{"url": base}],
        "tags": [{"name": _(group)} for group in dict.fromkeys(one.group for one in OPERATIONS)],
        "paths": _paths(_),
        "components": {
            "schemas": {name: schemas.components()[name] for name in sorted(names)},
            "securitySchemes": {_SCHEME: {"type": "http", "scheme": "bearer", "description": _(_TOKEN)}},
        },
    }


def _paths(_: Language) -> Schema:
    paths: Schema = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _described(one, _)
    return paths


def _described(one: Operation, _: Language) -> Schema:
    first, _blank, rest = one.about.partition("\n\n")
    described: Schema = {
        "operationId": one.name,
        "summary": _(first),
        "tags": [_(one.group)],
        "parameters": [given.describe(_(given.about)) for given in (*one.parameters, LANGUAGE)],
        "responses": _answers(one, _),
    }
    if one.scope:
        content = {media_type: {"schema": form} for media_type, form in one.bodies.items()}
        described |= {"security": [{_SCHEME: [one.scope]}]}
        described |= {"requestBody": {"required": True, "content": content}} if content else {}
    return described | ({"description": _(" ".join(rest.split()))} if rest else {})


def _answers(one: Operation, _: Language) -> Schema:
    schema = (
        schemas.reference(one.schema) if one.schema else {"type": "object" if "json" in one.media_type else "string"}
    )
    failure = {problem.MEDIA_TYPE: {"schema": schemas.reference("Problem")}}
    etag = {"ETag": {"description": _("For If-None-Match"), "schema": {"type": "string"}}}
    if one.scope:
        content = {one.media_type: {"schema": schema}}
        conditional = any(given.place == "header" for given in one.parameters)
        failures = _FAILURES | _REFUSALS | (_CONDITIONAL if conditional else {})
        return {"200": {"description": _("The answer"), "content": content}} | {
            status: {"description": _(words), "content": failure} for status, words in sorted(failures.items())
        }
    answers: Schema = {
        "200": {"description": _("The answer"), "headers": etag, "content": {one.media_type: {"schema": schema}}},
        "304": {"description": _("What If-None-Match names still holds")},
    }
    return answers | {status: {"description": _(words), "content": failure} for status, words in _FAILURES.items()}


def sentences() -> Iterable[str]:
    """What the document says and gettext translates."""
    yield from (*_FAILURES.values(), *_REFUSALS.values(), *_CONDITIONAL.values(), _TOKEN, _ABOUT)
    for one in OPERATIONS:
        first, _blank, rest = one.about.partition("\n\n")
        yield from (one.group, first, *([" ".join(rest.split())] if rest else []))
        yield from (given.about for given in (*one.parameters, LANGUAGE))
