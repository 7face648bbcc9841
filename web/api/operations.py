"""What the API can be asked: each operation once, as it is answered and as it is described.

An operation's docstring is what the document says of it; its parameters are read before it is called, and one that
nobody knows is refused: a filter with a slip of the pen must not look like one that finds all.
"""

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import TypeVar

from flask import Blueprint, Response, g, request

from siaga.errors import BadInput
from siaga.impact.schemas import Schema
from siaga.language import LANGUAGES
from web import bearer, login, problem
from web.api import access
from web.api.parameters import BadParameter, Parameter, choice

BASE = "/api/v1"
JSON, GEOJSON, CSV = "application/json", "application/geo+json", "text/csv"
LANGUAGE = choice("lang", "The language of sentences; Indonesian unless said", LANGUAGES)
Route = TypeVar("Route", bound=Callable[..., object])
pages = Blueprint("api", __name__, url_prefix=BASE)
pages.before_request(access.count)
pages.after_request(access.allow)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. path: as OpenAPI has it. schema: the component of its answer, "" for any text.

    about: its docstring, whose first line stands for it in lists. group: the heading under which it stands.
    scope: what the token must allow, of a change or of what not everybody may read; "" for what needs none.
    bodies: schemas of what is sent, by their media types.
    """

    name: str
    path: str
    group: str
    about: str
    media_type: str
    schema: str
    parameters: tuple[Parameter, ...]
    method: str = "GET"
    scope: str = ""
    bodies: Mapping[str, Schema] = field(default_factory=dict)


OPERATIONS: list[Operation] = []


def operation(
    path: str, group: str, schema: str, parameters: Sequence[Parameter] = (), media_type: str = JSON
) -> Callable[[Route], Route]:
    """Answer GET there by a function that is given its parameters by name and returns a body or a Response.

    A body that is no text becomes JSON. Every answer has an ETag, and none is sent to who has it already.
    """

    def add(route: Route) -> Route:
        named = tuple(parameters)
        about = inspect.cleandoc(route.__doc__ or "")
        OPERATIONS.append(Operation(route.__name__, path, group, about, media_type, schema, named))

        answered = wraps(route)(partial(_answered, route, named, media_type))
        pages.add_url_rule(_rule(path), route.__name__, answered)
        return route

    return add


def change(
    method: str,
    path: str,
    group: str,
    schema: str,
    scope: str,
    bodies: Mapping[str, Schema],
    parameters: Sequence[Parameter] = (),
) -> Callable[[Route], Route]:
    """Change something there by a function that is given its parameters by name and returns a body of JSON.

    Only a program with a token of that scope is let in; no cookie speaks for it, so that it needs no token of a form.
    """

    def add(route: Route) -> Route:
        named, about = tuple(parameters), inspect.cleandoc(route.__doc__ or "")
        OPERATIONS.append(Operation(route.__name__, path, group, about, JSON, schema, named, method, scope, bodies))
        changed = login.without_cookie(wraps(route)(partial(_admitted, route, named, scope)))
        pages.add_url_rule(_rule(path), route.__name__, changed, methods=[method])
        return route

    return add


def private(
    path: str, group: str, schema: str, scope: str, parameters: Sequence[Parameter] = ()
) -> Callable[[Route], Route]:
    """Answer GET there to a program with a token of that scope alone; else as `change`."""
    return change("GET", path, group, schema, scope, {}, parameters)


def _rule(path: str) -> str:
    return re.sub(r"{(\w+)}", r"<\1>", path)


def _admitted(route: Callable[..., object], named: Sequence[Parameter], scope: str, **places: str) -> Response:
    """What is said to who has the token. What was sent and cannot serve is told with its field."""
    bearer.check(scope)
    try:
        found = route(**read(named, places))
        response = found if isinstance(found, Response) else Response(_text(found), content_type=JSON)
    except BadInput as error:
        if error.status != BadInput.status:
            raise  # a parameter's
        wrong = {"field": error.values["field"]} if "field" in error.values else {}
        response = problem.answer(error.status, g.language.reason(error.reason()), **wrong)
    response.headers["Cache-Control"] = "no-store"
    return response


def _answered(route: Callable[..., object], named: Sequence[Parameter], media_type: str, **places: str) -> Response:
    """What a route says as an answer with an ETag. places: of the path."""
    found = route(**read(named, places))
    response = found if isinstance(found, Response) else Response(_text(found), content_type=media_type)
    if not response.is_streamed:
        response.add_etag()
        response.make_conditional(request)
    return response


def read(parameters: Sequence[Parameter], places: Mapping[str, str]) -> dict[str, object]:
    """The values of an operation's parameters, by name. places: those of the path. Raises BadParameter."""
    known = {one.name for one in parameters if one.place == "query"} | {LANGUAGE.name}
    for name in request.args:
        if name not in known:
            raise BadParameter(
                "There is no parameter {field} here; there are {names}",
                field=name[:80],
                names=", ".join(sorted(known)),
            )
        if len(request.args.getlist(name)) > 1:
            raise BadParameter("{field} stands there twice; write it once", field=name)
    LANGUAGE.read(request.args.get(LANGUAGE.name, LANGUAGE.schema["enum"][0]))
    values = {}
    for one in (one for one in parameters if one.place != "header"):
        written = places.get(one.name) if one.place == "path" else request.args.get(one.name)
        values[one.name] = one.default if written is None else one.read(written)
    return values


def _text(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, allow_nan=False)
