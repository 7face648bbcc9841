"""What the address of a list asks for: filters, order, page; and the addresses of all that lies next to it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import TypeAlias
from urllib.parse import urlencode

from siaga.hazard.ash import ALERT_LEVELS
from siaga.impact.fatality import LEVELS
from siaga.impact.flood import CLASSES
from siaga.inputs.flood_hours import KINDS
from siaga.keys import SOURCE_RANK
from siaga.language import Language
from siaga.moment import TIME_ZONES
from siaga.report import figures
from web.index import Filter
from web.index.hours import OLD_STEP
from web.index.lists import ASH_ORDERS, FLOOD_ORDERS, MOST_COUNTED, ORDERS

SIZES = (30, 50, 100, 200)  # rows of a page
HOURS = (24, 48, 72, 168)  # of flood hours: whole days
CLOCKS = (*TIME_ZONES, "UTC")
RECENT_DAYS = 30  # of the filters for what was lately large, small or felt, as the old system had them
_PAGES = {"flood": HOURS[0]}  # rows of a page unless said, where they are not SIZES[1]
_MOST_PAGE = 100_000
_OUTSIDE = ("kind", "days", "q", "page", "size", "felt", "every", "region", "areas")  # set before `more filters`
_WIB = timezone(timedelta(hours=TIME_ZONES["WIB"]))
_KINDS = ("large", "small", "drill")
_WAYS = {"asc": False, "desc": True}
Means: TypeAlias = Callable[[str], object]  # whether an argument's text means something


@dataclass(frozen=True, slots=True)
class Asked:
    """arguments: those of the address that mean something, as they are written in it. clock: "" for that of the place.

    days: how many back from now, 0 for all. since, until: days by WIB, both included, "" for none.
    """

    arguments: Mapping[str, str]
    wanted: Filter
    size: int
    page: int
    clock: str
    days: int
    since: str
    until: str

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return self.wanted != Filter(order=self.wanted.order, descending=self.wanted.descending)

    @property
    def filtered(self) -> bool:
        """Whether anything is set that stands behind `more filters`."""
        return any(name not in _OUTSIDE for name in self.arguments)

    def pages(self, total: int, shown: int) -> int:
        """The number of the last page; where nobody counted how many there are, of the next one after a full one."""
        counted = max(1, -(-total // self.size))
        return counted if total != MOST_COUNTED + 1 else self.page + (shown == self.size)

    def given(self, name: str) -> str:
        """An argument as it stands in the address; "" where it is not there."""
        return self.arguments.get(name, "")

    def to(self, **changes: object) -> str:
        """The query of the same list with those arguments, None for without; on its first page unless that is one."""
        named = {**self.arguments, "page": None, **changes}
        kept = {name: value for name, value in named.items() if value not in (None, "")}
        return f"?{urlencode(kept)}" if kept else "?"

    def quick(self, **changes: object) -> str:
        """The query of one of the filters of one click: it takes the place of another one and of days."""
        return self.to(**dict.fromkeys(("kind", "felt", "days", "since", "until", "size")) | changes)

    def sorted_by(self, order: str) -> str:
        """The query of the list in that order, greatest first; the other way round where it is in it already."""
        same = self.wanted.order == order
        way = "asc" if (same and self.wanted.descending) or (order == "place" and not same) else None
        return self.to(order=None if order == ORDERS[0] else order, way=way)


def total_text(total: int, _: Language) -> str:
    """How many events a list has, as its pager says it."""
    counted = total != MOST_COUNTED + 1
    count = figures.whole(total if counted else MOST_COUNTED, _.code)
    return count if counted else _("more than {count}", count=count)


def read(given: Mapping[str, str], now: datetime, hazard: str = "earthquake") -> Asked:
    """From the arguments of an address of that hazard's list; what has no meaning in it is left out."""
    means = _MEANS[hazard]
    said = {name: given.get(name, "").strip()[:100] for name in means}
    said = {name: text for name, text in said.items() if text and means[name](text)}
    since, until = (date.fromisoformat(said[name]) if name in said else None for name in ("since", "until"))
    days = int(said.get("days", 0))
    begin = datetime.combine(since, time(), _WIB) if since else None
    if days:
        lately = (now - timedelta(days=days)).replace(second=0, microsecond=0)
        begin = max(begin, lately) if begin else lately
    wanted = Filter(
        kind=said.get("kind", ""),
        level=said.get("level", ""),
        text=said.get("q", ""),
        since=begin,
        until=datetime.combine(until, time(), _WIB) + timedelta(days=1) if until else None,
        least_magnitude=float(said["least"]) if "least" in said else None,
        most_magnitude=float(said["most"]) if "most" in said else None,
        box=_box(said["box"]) if "box" in said else None,
        felt=said["felt"] == "yes" if "felt" in said else None,
        source_type=said.get("source", ""),
        state=said.get("state", ""),
        least_areas=int(said["areas"]) if "areas" in said else None,
        least_people=float(said["people"]) if "people" in said else None,
        every=int(said.get("every", 1)),
        order=said.get("order", ORDERS[0]),
        descending=_WAYS[said.get("way", "desc")],
    )
    size, page = int(said.get("size", _PAGES.get(hazard, SIZES[1]))), int(said.get("page", 1))
    return Asked(said, wanted, size, page, said.get("clock", ""), days, said.get("since", ""), said.get("until", ""))


def _is_day(text: str) -> bool:
    try:
        return 1900 < date.fromisoformat(text).year < 2200
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _is_count(most: int) -> Means:
    return lambda text: text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most


def _box(text: str) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees; None for what is no rectangle on the globe."""
    parts = text.split(",")
    if len(parts) != 4 or not all(map(_is_number, parts)):
        return None
    west, south, east, north = map(float, parts)
    fits = abs(west) <= 180 and abs(east) <= 180 and -90 <= south <= north <= 90
    return (west, south, east, north) if fits else None


_SHARED: dict[str, Means] = {
    "q": bool,
    "days": _is_count(36_500),
    "since": _is_day,
    "until": _is_day,
    "box": lambda text: _box(text) is not None,
    "way": tuple(_WAYS).__contains__,
    "size": lambda text: text in map(str, SIZES),
    "page": _is_count(_MOST_PAGE),
    "clock": CLOCKS.__contains__,
}
_MEANS: dict[str, dict[str, Means]] = {
    "earthquake": {
        "kind": _KINDS.__contains__,
        "level": (*LEVELS, "none").__contains__,
        "least": _is_number,
        "most": _is_number,
        "felt": ("yes", "no").__contains__,
        "source": tuple(SOURCE_RANK).__contains__,
        "order": ORDERS.__contains__,
        **_SHARED,
    },
    "ash": {
        "kind": ("drill",).__contains__,
        "level": ALERT_LEVELS.__contains__,
        "order": ASH_ORDERS.__contains__,
        **_SHARED,
    },
    "flood": {
        "region": bool,
        "every": str(OLD_STEP).__eq__,
        "level": (*CLASSES, "0", "none").__contains__,
        "state": KINDS.__contains__,
        "areas": _is_count(100_000),
        "people": _is_count(99_999_999),
        "order": FLOOD_ORDERS.__contains__,
        **_SHARED,
        "size": lambda text: text in map(str, HOURS),
    },
}
