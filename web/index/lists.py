"""What lists show: a narrow row for each event, which is filtered, searched by its words, sorted and paged.

The row is of the version that counts; its words are those of all versions. Times are whole seconds since 1970, and
what is not known counts as less than anything known. Rows are written anew for the events that a change touched.
"""

import json
import re
import sqlite3
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Literal, TypeAlias, overload

from siaga.catalog import AshEntry, EarthquakeEntry, Entry
from siaga.errors import BadInput
from siaga.moment import TIME_ZONES

Value: TypeAlias = str | float  # what SQL compares with

LARGE = 5  # magnitude from which on the list calls a quake large
Box = tuple[float, float, float, float]  # west, south, east, north in degrees
ORDERS = ("time", "level", "magnitude", "depth", "place", "mmi", "people", "state")
ASH_ORDERS = ("time", "level", "place", "height", "top", "people", "state")  # height and top: of the column, m
FLOOD_ORDERS = (
    "time",
    "level",
    "areas",
    "people",
    "change",
    "state",
)  # areas: RWs; change: of them, since a step before
_COLUMNS = {"level": "rank", "place": "title"}  # where the name of the order is not that of its column
_MOST_WORDS = 8
_CELLS, _CELL = 48, 1.0  # of the grid by which a map's events are summed: how many side by side; degrees of all
_VIEWS = 64  # what maps have shown is remembered until the next change
MOST_COUNTED = 10_000  # a total above it is told as more than that
_WIDE = 100.0  # square degrees: a larger rectangle holds so much that the R-tree finds it no sooner than an index
_COUNTED = 256  # filters whose totals are remembered until the next change
_WIB = TIME_ZONES["WIB"] * 3600
_INDEXES = "".join(
    f"create index event_{_COLUMNS.get(order, order)} on event (hazard, drill, {_COLUMNS.get(order, order)}, "
    f"{'' if order == 'time' else 'time, '}name);\n"
    for order in ORDERS
)
TABLES = f"""
create table event (id integer primary key, name text unique, entry text, hazard text, drill integer, time integer,
    magnitude real, depth real, alert text, rank integer, mmi integer, people real, felt integer, corrected integer,
    state integer, title text, longitude real, latitude real, height real, top real);
{_INDEXES}
create index event_map on event (hazard, drill, longitude, latitude, rank, magnitude);
create index event_filter on event (hazard, drill, alert, felt, corrected, magnitude, time, longitude, latitude, rank,
    name);
create virtual table event_box using rtree (id, west, east, south, north);
create virtual table event_words using fts5 (words, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4');
create table event_month (hazard text, drill integer, month integer, count integer);
create table touched (event text, hazard text, identity text, time text);
create trigger entry_came after insert on entry begin
    insert into touched values (new.event, new.hazard, new.identity, new.time);
end;
create trigger entry_went after delete on entry begin
    insert into touched values (old.event, old.hazard, old.identity, old.time);
end;
create trigger entry_moved after update of event, place on entry begin
    insert into touched values (old.event, old.hazard, null, null), (new.event, new.hazard, null, null);
end;
"""
_NAMED = "(select event from touched where event is not null)"
_GONE = f"(select id from event where name in {_NAMED})"
# of corrected and initial maps the corrected ones stand higher, of published ones and others the published
_ROWS = f"""insert or ignore into event (name, entry, hazard, drill, time, magnitude, depth, alert, rank, mmi, people,
    felt, corrected, state, title, longitude, latitude, height, top)
    select event, key, hazard, drill, cast(strftime('%s', time) as integer), coalesce(magnitude, -99),
    coalesce(depth, -1), alert, max(coalesce(rank, -1), coalesce((select beside.rank from beside
    where beside.event = entry.event), -1)), coalesce(mmi, -1), coalesce(people, -1), coalesce(felt, 0),
    source_type = 'corrected', published * 2000000 + (source_type = 'corrected') * 1000000 + min(number, 999999),
    title, longitude, latitude, coalesce(height, -1), coalesce(top, -1) from entry
    where place = 1 and hidden = 0 and event in {_NAMED}
    order by key desc"""
_BOXES = f"""insert into event_box select id, longitude, longitude, latitude, latitude from event
    where name in {_NAMED} and longitude is not null and latitude is not null"""
_WORDS = f"""insert into event_words (rowid, words) select id, (select group_concat(words, ' ') from (select words
    from entry where entry.event = event.name order by place)) from event where name in {_NAMED}"""
_MONTHS = f"""insert into event_month select hazard, drill,
    cast(strftime('%Y', time + {_WIB}, 'unixepoch') as integer) * 12
    + cast(strftime('%m', time + {_WIB}, 'unixepoch') as integer) - 1 as month, count(*)
    from event group by hazard, drill, month"""
# quakes of which another map than the one that counts says that level
_HIGHER = "select beside.event from beside, json_each(beside.body, '$.higher') where json_extract(value, '$.alert') = ?"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list shows, and in which order.

    kind: "", large (LARGE and above), small or drill. level: as entries have it, of any newest map of the event, or
    none. text: words, each the beginning of one of a name or an id. since, until: moments with their zones, the
    second not included. least_magnitude, most_magnitude: both included. box: west, south, east, north in degrees,
    borders included; west is greater than east across the date line. felt: people live where MMI IV or more was
    computed (rows.FELT_FROM), or not. source_type: initial or corrected, of the version that counts. order: one of
    ORDERS, of ash falls ASH_ORDERS; level is the highest that a map says.

    Of flood hours: level is the deepest state as a digit, "0" for none, or none where that is not known; text and box
    name neighbourhoods of which one stood under water. state: one of flood_hours.KINDS. least_areas, least_people:
    under water. every: 1, or hours.OLD_STEP for the old list's hours alone. order: one of FLOOD_ORDERS.
    """

    kind: str = ""
    level: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    least_magnitude: float | None = None
    most_magnitude: float | None = None
    box: tuple[float, float, float, float] | None = None
    felt: bool | None = None
    source_type: str = ""
    order: str = "time"
    descending: bool = True
    state: str = ""
    least_areas: int | None = None
    least_people: float | None = None
    every: int = 1


@dataclass(frozen=True, slots=True)
class Point:
    """An event, or `count` of them around a place: longitude and latitude in degrees, the highest level and magnitude.

    rank: of siaga.impact.fatality.LEVELS, -1 where none is known. event_id, version: "" where there are several.
    """

    longitude: float
    latitude: float
    rank: int
    count: int
    magnitude: float
    event_id: str
    version: str


def refresh(connection: sqlite3.Connection) -> None:
    """Write anew what lists show of the events that were touched since the last time."""
    connection.execute(f"delete from event_box where id in {_GONE}")
    connection.execute(f"delete from event_words where rowid in {_GONE}")
    connection.execute(f"delete from event where name in {_NAMED}")
    for insert in (_ROWS, _BOXES, _WORDS, "delete from event_month", _MONTHS, "delete from touched"):
        connection.execute(insert)
    connection.execute("analyze event")


class EventLists:
    """Reads those tables. connect: gives this thread's connection."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self.changes = 0  # grows with each change that a list may show
        self._changed = threading.Condition()
        self._total = lru_cache(_COUNTED)(self._count)
        self._placed = lru_cache(_VIEWS)(self._points)

    def change(self) -> None:
        """Tell who waits, and count totals anew: a refresh wrote something."""
        with self._changed:
            self.changes += 1
            self._changed.notify_all()

    def wait(self, seen: int, seconds: float) -> None:
        """Until there are other changes than those, or so long."""
        with self._changed:
            self._changed.wait_for(lambda: self.changes != seen, seconds)

    @overload
    def events(
        self, hazard: Literal["earthquake"], wanted: Filter, limit: int, offset: int
    ) -> tuple[list[EarthquakeEntry], int]: ...

    @overload
    def events(self, hazard: Literal["ash"], wanted: Filter, limit: int, offset: int) -> tuple[list[AshEntry], int]: ...

    @overload
    def events(self, hazard: str, wanted: Filter, limit: int, offset: int) -> tuple[list[Entry], int]: ...

    def events(self, hazard: str, wanted: Filter, limit: int, offset: int) -> tuple[Sequence[Entry], int]:
        """Each event by the version that counts, in the order that is wanted, and how many there are in all.

        MOST_COUNTED + 1 where there are more.
        """
        total = self.total(hazard, wanted)
        where, values = _where(hazard, wanted)
        rows = self._rows(wanted, where, values, limit, offset, total <= MOST_COUNTED)
        return [json.loads(row[0]) for row in rows], total

    def total(self, hazard: str, wanted: Filter) -> int:
        """How many events there are, whatever their order."""
        return self._total(self.changes, hazard, replace(wanted, order=ORDERS[0], descending=True))

    @overload
    def page(
        self, hazard: Literal["earthquake"], wanted: Filter, limit: int, cursor: str = ""
    ) -> tuple[list[EarthquakeEntry], str]: ...

    @overload
    def page(
        self, hazard: Literal["ash"], wanted: Filter, limit: int, cursor: str = ""
    ) -> tuple[list[AshEntry], str]: ...

    @overload
    def page(self, hazard: str, wanted: Filter, limit: int, cursor: str = "") -> tuple[list[Entry], str]: ...

    def page(self, hazard: str, wanted: Filter, limit: int, cursor: str = "") -> tuple[Sequence[Entry], str]:
        """The same from a cursor on, and the cursor of what follows, "" at the end. Raises BadInput.

        What comes or goes meanwhile moves nothing: a cursor stands behind an event, not behind a number of them.
        """
        where, values = _where(hazard, wanted)
        if cursor:
            where += f" and ({_column(wanted)}, time, name) {'<' if wanted.descending else '>'} (?, ?, ?)"
            values += _read(cursor, wanted)
        rows = self._rows(wanted, where, values, limit + 1, 0, self.total(hazard, wanted) <= MOST_COUNTED)
        after = _write(wanted, *rows[limit - 1][1:]) if len(rows) > limit > 0 else ""
        return [json.loads(row[0]) for row in rows[:limit]], after

    def months(self, hazard: str, drill: bool = False) -> list[tuple[int, int]]:
        """Months (year * 12 + month - 1, WIB) in which there are events, and how many, the newest first."""
        with self._connect() as connection:
            return connection.execute(
                "select month, count from event_month where hazard = ? and drill = ? order by month desc",
                [hazard, int(drill)],
            ).fetchall()

    def places(self, most: int) -> list[tuple[str, int]]:
        """Volcanoes of which there are ash falls, and how many; those with the most first."""
        with self._connect() as connection:
            return connection.execute(
                """select max(json_extract(body, '$.volcano.name')), count(*) as falls
                from event join entry on entry.key = event.entry where event.hazard = 'ash' and event.drill = 0
                group by event.title order by falls desc, event.title limit ?""",
                [most],
            ).fetchall()

    def points(self, hazard: str, wanted: Filter, view: Box | None, most: int) -> tuple[list[Point], bool]:
        """Where a map shows events, and whether it shows each by itself: not where there are more than `most`.

        Those are summed up by the cells of a grid. view: the rectangle that is looked at, None for all the world.
        """
        return self._placed(self.changes, hazard, wanted, view, most)

    def _points(
        self, _changes: int, hazard: str, wanted: Filter, view: Box | None, most: int
    ) -> tuple[list[Point], bool]:
        where, values = _where(hazard, wanted)
        inside, sides = _within(*view) if view else ("longitude is not null", [])
        where, values = f"{where} and {inside}", [*values, *sides]
        narrow = wanted.text.strip() or any(box and not _is_wide(*box) for box in (wanted.box, view))
        of = "event" if narrow else "event indexed by event_filter"
        with self._connect() as connection:
            rows = connection.execute(f"select id from {of} where {where} limit ?", [*values, most + 1]).fetchall()
            if len(rows) > most:
                cell = ((view[2] - view[0]) % 360 or 360.0) / _CELLS if view else _CELL
                rows = connection.execute(
                    f"""select avg(longitude), avg(latitude), max(rank), count(*), max(magnitude), '', '' from {of}
                    where {where} group by cast(longitude / ? as integer) * 1000000 + cast(latitude / ? as integer)""",
                    [*values, cell, cell],
                ).fetchall()
                return [Point(*row) for row in rows], False
            rows = connection.execute(
                f"""select event.longitude, event.latitude, event.rank, 1, event.magnitude, event_id, version
                from event join entry on entry.key = event.entry where id in ({", ".join("?" * len(rows))})""",
                [number for (number,) in rows],
            ).fetchall()
        return [Point(*row) for row in rows], True

    def _rows(
        self, wanted: Filter, where: str, values: list[Value], limit: int, offset: int, few: bool
    ) -> list[tuple[str, Value, int, str]]:
        """Bodies of entries, and of each event by what it is sorted: the order's value, its time and its name.

        few: they are picked out and sorted; else the order is walked along until enough are met.
        """
        way = "desc" if wanted.descending else "asc"
        order = f"order by sort {way}, shown.time {way}, shown.name {way}"
        walked = f"event as shown indexed by event_{_column(wanted)} where {where}"
        picked = f"(select id as found from event {_by(wanted)} where {where}) cross join event as shown on id = found"
        walks = not few and wanted.order in ORDERS
        chosen = f"select entry, {_column(wanted)} as sort, time, name from {walked if walks else picked} {order}"
        with self._connect() as connection:
            return connection.execute(
                f"""select entry.body, shown.sort, shown.time, shown.name from ({chosen} limit ? offset ?) as shown
                join entry on entry.key = shown.entry {order}""",
                [*values, limit, offset],
            ).fetchall()

    def _count(self, _changes: int, hazard: str, wanted: Filter) -> int:
        if wanted == Filter(wanted.kind and "drill"):
            return sum(count for _month, count in self.months(hazard, bool(wanted.kind)))
        where, values = _where(hazard, wanted)
        counted = f"select count(*) from (select 1 from event {_by(wanted)} where {where} limit ?)"
        with self._connect() as connection:
            return int(connection.execute(counted, [*values, MOST_COUNTED + 1]).fetchone()[0])


def _by(wanted: Filter) -> str:
    """The index that holds all that such a filter asks for, where no other one leads straight to it."""
    led = wanted.text.strip() or (wanted.box and not _is_wide(*wanted.box))
    held = wanted.level or wanted.felt is not None or wanted.source_type
    return "indexed by event_filter" if held and not led else ""


def _column(wanted: Filter) -> str:
    if wanted.order not in ORDERS + ASH_ORDERS:
        raise BadInput("{value} is no order; there are {names}", value=wanted.order, names=", ".join(ORDERS))
    return _COLUMNS.get(wanted.order, wanted.order)


def _where(hazard: str, wanted: Filter) -> tuple[str, list[Value]]:
    """What SQL filters by, and its values."""
    parts: list[tuple[str, list[Value]]] = [("hazard = ? and drill = ?", [hazard, int(wanted.kind == "drill")])]
    for sign, floor in ((">=", wanted.kind == "large"), ("<", wanted.kind == "small")):
        if floor:
            parts.append((f"magnitude {sign} ?", [LARGE]))
    for condition, value in (
        ("time >= ?", int(wanted.since.timestamp()) if wanted.since else None),
        ("time < ?", int(wanted.until.timestamp()) if wanted.until else None),
        ("magnitude >= ?", wanted.least_magnitude),
        ("magnitude <= ?", wanted.most_magnitude),
        ("felt = ?", wanted.felt),
        ("corrected = ?", wanted.source_type == "corrected" if wanted.source_type else None),
    ):
        if value is not None:
            parts.append((condition, [value]))
    if wanted.level == "none":
        parts.append(("alert is null", []))
    elif wanted.level:
        parts.append((f"(alert = ? or name in ({_HIGHER}))", [wanted.level] * 2))
    if wanted.text.strip():
        parts.append(("id in (select rowid from event_words where event_words match ?)", [_match(wanted.text)]))
    if wanted.box:
        parts.append(_within(*wanted.box))
    return " and ".join(part for part, _ in parts), [value for _, values in parts for value in values]


def _match(text: str) -> str:
    """The words of a search as FTS5 reads them; what has no letter and no digit is in no name.

    >>> _match("Lombok ut"), _match("%")
    ('"lombok"* AND "ut"*', '"%"')
    """
    words = [" ".join(re.findall(r"[^\W_]+", word)) for word in text.casefold().split()[:_MOST_WORDS]]
    return " AND ".join(f'"{word}"*' for word in words if word) or '"%"'


def _is_wide(west: float, south: float, east: float, north: float) -> bool:
    return ((east - west) % 360 or 360.0) * (north - south) > _WIDE


def _within(west: float, south: float, east: float, north: float) -> tuple[str, list[Value]]:
    """Within a rectangle: the R-tree finds what may be, in its coarse numbers, and the row says what is."""
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    exact = f"({' or '.join('longitude between ? and ?' for _ in spans)}) and latitude between ? and ?"
    flat: list[Value] = [*(value for span in spans for value in span), south, north]
    if _is_wide(west, south, east, north):
        return exact, flat
    near = " or ".join("(west <= ? and east >= ?)" for _ in spans)
    turned: list[Value] = [value for first, last in spans for value in (last, first)]
    found = f"id in (select id from event_box where ({near}) and south <= ? and north >= ?)"
    return f"{found} and {exact}", [*turned, north, south, *flat]


def _write(wanted: Filter, *last: Value) -> str:
    return urlsafe_b64encode(json.dumps([wanted.order, *last]).encode()).decode().rstrip("=")


def _read(cursor: str, wanted: Filter) -> list[Value]:
    """The order's value, time and name of the last event before the cursor. Raises BadInput."""
    try:
        order, *last = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if order == wanted.order and len(last) == 3 and all(isinstance(one, str | int | float) for one in last):
            return list(last)
    except (ValueError, TypeError):
        pass
    raise BadInput("The cursor is none that this list gave")
