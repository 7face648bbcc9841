"""Flood hours as lists show them: what is known of each, filtered, sorted and paged.

Hours are whole hours since 1970, UTC. An hour that has no object at all is not there: nobody asked.
"""

import json
import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from siaga.catalog import FloodEntry
from siaga.errors import BadInput, Reason
from siaga.foreign import SqlRow
from siaga.impact.flood import AFFECTED_FROM
from siaga.inputs import flood_hours
from siaga.moment import TIME_ZONES
from web.index.lists import FLOOD_ORDERS, Filter, Value

OLD_STEP, OLD_FIRST = 6, 5  # hours from one to the next of the old list, and its first of a day, UTC
_WIB = TIME_ZONES["WIB"]
# what is not known is null; an hour is compared with the one that lies a step of the list before it
_HOURS = """select h.hour, h.kind, h.key, h.modified, h.of, h.highest, h.reason, s.id as set_id,
    s.n1, s.n2, s.n3, s.n4, coalesce(e.hidden, 0) as hidden, case when e.hidden = 0 then e.body end as body,
    case when h.kind = 'empty' then 0 else s.wet end as areas,
    case when p.kind = 'empty' then 0 else ps.wet end as earlier,
    case when h.kind = 'empty' then 0 when s.id is not null and e.people >= 0 then e.people end as people,
    case when h.kind = 'empty' then 0 when s.n4 > 0 then 4 when s.n3 > 0 then 3 when s.n2 > 0 then 2
        when s.n1 > 0 then 1 when s.id is not null then 0 end as level
    from flood_hour h
    left join entry e on e.hazard = 'flood' and e.event_id = h.of and e.place = 1
    left join flood_set s on s.snapshot = h.of and coalesce(e.hidden, 0) = 0
    left join flood_hour p on p.region = h.region and p.hour = h.hour - ?
    left join flood_set ps on ps.snapshot = p.of where h.region = ?"""
_SORTS = {"change": "areas - earlier", "state": "kind", "time": "hour"}
_LEAST = -(10**9)  # counts as less than anything that is known


def number(moment: datetime) -> int:
    """The hour of a moment with its zone, as it is stored here.

    >>> moment_of(number(datetime(2017, 2, 21, 5, 59, tzinfo=UTC))).isoformat()
    '2017-02-21T05:00:00+00:00'
    """
    return int(moment.timestamp()) // 3600


def moment_of(hour: int) -> datetime:
    """The beginning of an hour, UTC."""
    return datetime.fromtimestamp(hour * 3600, UTC)


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour with an object of its own.

    kind: one of floodhours.KINDS. of: the snapshot whose states hold, None where there are none. highest: of the
    archive (a gap). reason: why the source was doubted. counts: RWs per state 1 to 4, None where nothing is known
    (yet). before: RWs under water in the hour it is compared with, None if unknown. hidden: by an operator. entry: of
    the catalogue, None where it is hidden. people: in RWs under water, None if unknown.
    """

    hour: int
    kind: flood_hours.Kind
    key: str
    modified: str
    of: str | None
    highest: int | None
    reason: Reason | None
    set_id: int | None
    counts: tuple[int, int, int, int] | None
    before: int | None
    hidden: bool
    entry: FloodEntry | None
    people: float | None

    @property
    def wet(self) -> int | None:
        """RWs of state 2 and above; None where that is not known."""
        return None if self.counts is None else sum(self.counts[AFFECTED_FROM - 1 :])


def listed(connection: sqlite3.Connection, region: str, wanted: Filter, limit: int = -1, offset: int = 0) -> list[Hour]:
    """Hours of a region, those with an object alone, in the order that is wanted."""
    where, values = _where(connection, region, wanted)
    way = "desc" if wanted.descending else "asc"
    if wanted.order not in FLOOD_ORDERS:
        raise BadInput("{value} is no order; there are {names}", value=wanted.order, names=", ".join(FLOOD_ORDERS))
    by = f"coalesce({_SORTS.get(wanted.order, wanted.order)}, {_LEAST}) {way}, hour {way}"
    rows = connection.execute(
        f"select * from ({_HOURS}) {where} order by {by} limit ? offset ?", [*values, limit, offset]
    )
    return [_hour(row) for row in rows]


def counted(connection: sqlite3.Connection, region: str, wanted: Filter) -> int:
    """How many there are."""
    where, values = _where(connection, region, wanted)
    return int(connection.execute(f"select count(*) from ({_HOURS}) {where}", values).fetchone()[0])


def latest_known(connection: sqlite3.Connection, region: str) -> Hour | None:
    """The newest hour whose states are known: analysed, the same as an analysed one, or dry."""
    row = connection.execute(
        f"select * from ({_HOURS}) where areas is not null order by hour desc limit 1", [1, region]
    ).fetchone()
    return _hour(row) if row else None


def months(connection: sqlite3.Connection, region: str) -> list[tuple[int, int]]:
    """Months (year * 12 + month - 1, WIB) in which there are hours, and how many, the newest first."""
    rows = connection.execute(
        "select (hour + ?) / 24, count(*) from flood_hour where region = ? group by 1 order by 1 desc", [_WIB, region]
    ).fetchall()
    found: dict[int, int] = {}
    for day, count in rows:
        date = datetime.fromtimestamp(day * 86400, UTC)
        month = date.year * 12 + date.month - 1
        found[month] = found.get(month, 0) + count
    return list(found.items())


def _where(connection: sqlite3.Connection, region: str, wanted: Filter) -> tuple[str, list[Value]]:
    """What SQL filters by, and its values, those of _HOURS first."""
    parts: list[str] = []
    values: list[Value] = [wanted.every, region]
    if wanted.every == OLD_STEP:
        parts.append(f"hour % {OLD_STEP} = {OLD_FIRST}")
    for condition, value in (
        ("hour >= ?", -(-int(wanted.since.timestamp()) // 3600) if wanted.since else None),
        ("hour < ?", -(-int(wanted.until.timestamp()) // 3600) if wanted.until else None),
        ("areas >= ?", wanted.least_areas),
        ("people >= ?", wanted.least_people),
        ("level = ?", int(wanted.level) if wanted.level.isdecimal() else None),
        ("kind = ?", wanted.state or None),
    ):
        if value is not None:
            parts.append(condition)
            values.append(value)
    if wanted.level == "none":
        parts.append("level is null")
    if wanted.text.strip() or wanted.box:
        condition, more = _within(connection, region, wanted)
        parts.append(condition)
        values += more
    return f"where {' and '.join(parts)}" if parts else "", values


def _within(connection: sqlite3.Connection, region: str, wanted: Filter) -> tuple[str, list[Value]]:
    """Hours in which a neighbourhood of that name, or in that rectangle, stood under water; or the hour of that id."""
    rows = connection.execute(
        "select id, name || ' ' || parent, geom_id, west, south, east, north from flood_rw where region = ?", [region]
    ).fetchall()
    words = re.findall(r"[^\W_]+", wanted.text.casefold())
    chosen = [row[0] for row in rows if _is_named(words, *row[1:3]) and _is_inside(wanted.box, *row[3:])]
    under = f"""set_id in (select set_id from flood_area where rw in (select value from json_each(?))
        and state >= {AFFECTED_FROM})"""
    if wanted.box or not re.fullmatch(r"\d{10}(-\S*)?", wanted.text.strip()):
        return under, [json.dumps(chosen)]
    stamp = wanted.text.strip()[:10]
    try:
        at = datetime.strptime(stamp, "%Y%m%d%H").replace(tzinfo=UTC)
    except ValueError:
        return "0", []
    return "hour = ?", [number(at)]


def _is_named(words: list[str], names: str, geom_id: str) -> bool:
    """Whether each word begins one of the names, or the one word is the id."""
    there = re.findall(r"[^\W_]+", names.casefold())
    return all(any(one.startswith(word) for one in there) for word in words) or words == [geom_id.casefold()]


def _is_inside(
    box: tuple[float, float, float, float] | None,
    west: float | None,
    south: float | None,
    east: float | None,
    north: float | None,
) -> bool:
    """Whether a neighbourhood meets a rectangle; no where its border is not known."""
    if box is None:
        return True
    if west is None or south is None or east is None or north is None:
        return False
    spans = [(box[0], box[2])] if box[0] <= box[2] else [(box[0], 180.0), (-180.0, box[2])]
    return any(west <= last and east >= first for first, last in spans) and south <= box[3] and north >= box[1]


def _hour(row: SqlRow) -> Hour:
    hour, kind, key, modified, of, highest, reason, set_id, n1, n2, n3, n4, hidden, body, areas, before, people, _ = row
    counts = (0, 0, 0, 0) if kind == "empty" else (n1, n2, n3, n4)
    told, entry = (json.loads(text) if text else None for text in (reason, body))
    known = counts if areas is not None else None
    return Hour(hour, kind, key, modified, of, highest, told, set_id, known, before, bool(hidden), entry, people)
