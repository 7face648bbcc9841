"""What the old lists share: pages by number, absolute addresses, filters; the blueprint of /realtime/api/v1/."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request

from siaga.errors import NotFound
from web.api import access
from web.api.parameters import BadParameter
from web.services import services

BASE = "/realtime/api/v1"
PAGE = 100  # entries, as it was
MOST = 5000  # of the lists that have no pages
LANGUAGES = ("id", "en")  # those of the system before; another one is not known to its clients
_ENDINGS = ("/", "", ".json")
View = TypeVar("View", bound=Callable[..., Response])
pages = Blueprint("realtime", __name__, url_prefix=BASE)
pages.before_request(access.count)
pages.after_request(access.allow)


def route(*paths: str) -> Callable[[View], View]:
    """Answer GET at those paths, and with the endings that the old server knew: .json, and no slash at the end."""

    def add(view: View) -> View:
        for path in paths:
            for ending in _ENDINGS:
                pages.add_url_rule(path + ending, f"{paths[0].strip('/')}-{view.__name__}", view)
        return view

    return add


def answer(body: object, media_type: str = "application/json") -> Response:
    """That body as JSON, with its ETag; not sent again to who has it."""
    response = Response(json.dumps(body, ensure_ascii=False, allow_nan=False), content_type=media_type)
    response.add_etag()
    response.make_conditional(request)  # the same response, shortened where the reader has it already
    return response


def absolute(*parts: str) -> str:
    """The address of a path of this server, its parts escaped."""
    return f"{services().public_url}/{'/'.join(quote(part, safe='+-_.') for part in parts)}"


def old(*parts: str) -> str:
    """The address of an old path below BASE."""
    return absolute("realtime", "api", "v1", *parts) + "/"


def offset() -> int:
    """Where the page that is asked for begins. Raises NotFound, as the old server did."""
    page = request.args.get("page", "1")
    if not page.isdecimal() or not 1 <= int(page[:9]) <= 10**8:
        raise NotFound("Page {page} is none; begin with the first and follow `next`", page=repr(page[:20]))
    return (int(page) - 1) * PAGE


def paged(results: Sequence[Mapping[str, object]], total: int) -> Response:
    """A page of a list. Raises NotFound for one behind the last, but the first."""
    begin = offset()
    if begin and begin >= total:
        raise NotFound("Page {page} is none; begin with the first and follow `next`", page=begin // PAGE + 1)
    number = begin // PAGE + 1
    more = _page(number + 1) if begin + PAGE < total else None
    before = _page(number - 1) if begin else None
    return answer({"count": total, "next": more, "previous": before, "results": list(results)})


def features(shown: Sequence[Mapping[str, object]], total: int | None = None) -> Response:
    """Features that were never paged. total: how many there are where only MOST are told."""
    body: dict[str, object] = {"type": "FeatureCollection", "features": list(shown)}
    if total is not None and total > len(shown):
        body |= {"count": total, "truncated": True}
    return answer(body)


def feature(name: str, geometry: object, properties: Mapping[str, object]) -> dict[str, object]:
    """One of them."""
    return {"id": name, "type": "Feature", "geometry": geometry, "properties": dict(properties)}


def number(name: str) -> float | None:
    """A number that is asked for; None where it is not. Raises BadParameter."""
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if abs(value) < 1e9:
        return value
    raise BadParameter("{field} is {value}; write a number", field=name, value=repr(text[:80]))


def moment(name: str) -> datetime | None:
    """A moment that is asked for, UTC where it names no zone. Raises BadParameter."""
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.strip().replace(" ", "T", 1) if len(text) < 20 else text.replace(" ", "+"))
        return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "2018-08-05T11:46:35Z, 2018-08-05 11:46:35, 2018-08-05"
        raise BadParameter(
            "{field} is {value}; write a time such as {example}", field=name, value=repr(text[:80]), example=example
        ) from None


def _page(number: int) -> str:
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return f"{services().public_url}{request.path}?{urlencode([*arguments, ('page', number)])}"
