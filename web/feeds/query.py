"""What a request for features may ask: a box, a time, how many, from where on. What else it asks is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from siaga.errors import BadInput
from web.feeds.area import Bounds

MOST, USUAL = 1000, 100  # features in an answer
NAMES = ("bbox", "bbox-crs", "datetime", "limit", "cursor", "lang", "f")
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EXAMPLE = "2018-08-05T11:46:35Z, 2018-08-05, 2018-08-05/.."
_TIME = re.compile(r"\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))?")


@dataclass(frozen=True, slots=True)
class Query:
    """since, until: UTC, both included, None where open. cursor: "" for the beginning."""

    box: Bounds | None
    since: datetime | None
    until: datetime | None
    limit: int
    cursor: str


def parse(asked: Mapping[str, str]) -> Query:
    """What the parameters of a request say. Raises BadInput."""
    for name in asked:
        if name not in NAMES:
            raise BadInput("{name} is no parameter; there are {names}", name=repr(name[:40]), names=", ".join(NAMES))
    if asked.get("bbox-crs", CRS84) != CRS84:
        raise BadInput("bbox-crs is {value}; only {crs} is known", value=repr(asked["bbox-crs"][:80]), crs=CRS84)
    if asked.get("f", "json") != "json":
        raise BadInput("f is {value}; only json is known", value=repr(asked["f"][:40]))
    limit = asked.get("limit", str(USUAL))
    if not limit.isascii() or not limit.isdecimal() or not int(limit[:9]) >= 1:
        raise BadInput("limit is {value}; write a number from 1 to {most}", value=repr(limit[:40]), most=MOST)
    since, until = _interval(asked.get("datetime", ""))
    return Query(_box(asked.get("bbox", "")), since, until, min(int(limit[:9]), MOST), asked.get("cursor", "")[:500])


def _box(text: str) -> Bounds | None:
    """Four numbers, or six with heights, which are not looked at."""
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
        west, south, east, north = (*numbers[:2], *numbers[3:5]) if len(numbers) == 6 else numbers
    except ValueError:
        west = south = east = north = float("nan")
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise BadInput("bbox is {value}; write west,south,east,north in degrees", value=repr(text[:80]))
    return west, south, east, north


def _interval(text: str) -> tuple[datetime | None, datetime | None]:
    """An instant, or two with a slash between them, each of which may be open."""
    if not text:
        return None, None
    first, slash, last = text.partition("/")
    if not slash:
        return _moment(first, 0, text), _moment(first, 1, text)
    since, until = (None if one in ("", "..") else one for one in (first, last))
    found = _moment(since, 0, text), _moment(until, 1, text)
    if found[0] and found[1] and found[0] > found[1]:
        raise BadInput("datetime is {value}; it ends before it begins", value=repr(text[:80]))
    return found


def _moment(text: str | None, end: int, told: str) -> datetime | None:
    """A moment, UTC; of a day its first second, or its last for an end."""
    if text is None:
        return None
    try:
        if _TIME.fullmatch(text):
            moment = datetime.fromisoformat(text.upper())
            if len(text) == len("2018-08-05"):
                moment = moment.replace(tzinfo=UTC) + end * (timedelta(days=1) - timedelta(seconds=1))
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day
        pass
    raise BadInput("datetime is {value}; write it as {example}", value=repr(told[:80]), example=_EXAMPLE)
