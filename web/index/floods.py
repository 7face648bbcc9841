"""The hours of flood sources, and which neighbourhoods (RW) stood under water in each: tables beside the catalogue's.

They are made from the listing of bucket floodmaps (what each hour counts as), the small objects that tell of
hours and outages, and the "areas" of the analyses. Hours are whole hours since 1970, UTC. An hour that has no
object at all has no row: nobody asked.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from siaga import keys
from siaga.errors import BadInput, NotFound
from siaga.impact.flood import AFFECTED_FROM
from siaga.impact.floodtrend import Episode, Frequency
from siaga.inputs import flood_hours
from siaga.store import Store
from web.index import episodes

OLD_STEP, OLD_FIRST = 6, 5  # hours from one to the next of the old list, and its first of a day, UTC
_OLD = f" and h.hour % {OLD_STEP} = {OLD_FIRST}"
TABLES = (
    """
create table flood_hour (region text, hour integer, kind text, key text, etag text, modified text, of text,
    highest integer, reason text, primary key (region, hour)) without rowid;
create index flood_hour_of on flood_hour (of);
create table flood_set (id integer primary key, snapshot text unique, impact text, wet integer,
    n1 integer, n2 integer, n3 integer, n4 integer);
create table flood_rw (id integer primary key, region text, geom_id text, name text, parent text, shape text,
    unique (region, geom_id));
create table flood_area (set_id integer, rw integer, state integer, primary key (set_id, rw)) without rowid;
create table flood_outage (key text primary key, etag text, region text, since text, until text, reason text);
"""
    + episodes.TABLES
)
_FETCHES, _AT_ONCE = 8, 512
_TOLD = ("same", "gap", "suspect")  # kinds whose object is read; for the others the listing says all
_log = logging.getLogger(__name__)
_HOURS = """select h.hour, h.kind, h.key, h.modified, h.of, h.highest, h.reason, s.id, s.wet, s.n1, s.n2, s.n3, s.n4,
    p.kind, ps.wet, e.hidden, case when e.hidden = 0 then e.body end from flood_hour h
    left join entry e on e.hazard = 'flood' and e.event_id = h.of and e.place = 1
    left join flood_set s on s.snapshot = h.of and coalesce(e.hidden, 0) = 0
    left join flood_hour p on p.region = h.region and p.hour = h.hour - ?
    left join flood_set ps on ps.snapshot = p.of"""


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
    the catalogue, None where it is hidden.
    """

    hour: int
    kind: str
    key: str
    modified: str
    of: str | None
    highest: int | None
    reason: dict[str, Any] | None
    set_id: int | None
    counts: tuple[int, int, int, int] | None
    before: int | None
    hidden: bool
    entry: dict[str, Any] | None

    @property
    def wet(self) -> int | None:
        """RWs of state 2 and above; None where that is not known."""
        return None if self.counts is None else sum(self.counts[AFFECTED_FROM - 1 :])


class FloodIndex:
    """Reads and writes those tables. connect: gives this thread's connection."""

    def __init__(self, store: Store, connect: Callable[[], sqlite3.Connection]) -> None:
        """store: with the rights of role web."""
        self._store, self._connect = store, connect
        self._seen: tuple[Any, ...] | None = None  # what was there when the last round was whole

    def refresh(self) -> None:
        """Follow inputs and catalogue as the index holds them; raises SiagaError when the store does not answer."""
        with self._connect() as connection:
            there = connection.execute(
                "select key, etag, modified from input where bucket = ? order by key", [keys.FLOODMAPS]
            ).fetchall()
            wanted = connection.execute(
                """select event_id, json_extract(body, '$.impact.key'), json_extract(body, '$.impact.sha256')
                from entry where hazard = 'flood' and place = 1 and hidden = 0"""
            ).fetchall()
        seen = (hash(tuple(there)), hash(tuple(wanted)))
        if seen == self._seen:
            return
        self._take_outages(there)
        self._take_hours(there)
        self._take_sets({event_id: f"{key} {sha256}" for event_id, key, sha256 in wanted})
        with self._connect() as connection:
            episodes.refresh(connection)
        self._seen = seen

    def regions(self) -> list[str]:
        """Those of which there are hours, the one with the most recent hour first."""
        with self._connect() as connection:
            rows = connection.execute("select region from flood_hour group by region order by max(hour) desc, region")
            return [region for (region,) in rows]

    def bounds(self, region: str) -> tuple[int, int] | None:
        """The first and the last hour with an object; None when there is none."""
        with self._connect() as connection:
            first, last = connection.execute(
                "select min(hour), max(hour) from flood_hour where region = ?", [region]
            ).fetchone()
        return None if first is None else (first, last)

    def months(self, region: str) -> list[int]:
        """Months (year * 12 + month - 1, WIB) in which anything is known of an hour, newest first."""
        with self._connect() as connection:
            rows = connection.execute("select distinct hour / 24 from flood_hour where region = ?", [region]).fetchall()
        days = {day * 24 + hour for (day,) in rows for hour in (0, 23)}
        return sorted({episodes.month_of(hour) for hour in days}, reverse=True)

    def hours(
        self, region: str, first: int, end: int, step: int = 1, least: int = 0, limit: int = -1, offset: int = 0
    ) -> list[Hour]:
        """Hours from `first` until before `end`, newest first.

        step: OLD_STEP for the old list's hours alone, each compared with the one before. least:
        RWs under water; hours of which that is not known are left out then.
        """
        values: list[Any] = [step, region, first, end]
        where = "h.region = ? and h.hour >= ? and h.hour < ?"
        if step == OLD_STEP:
            where += _OLD
        if least:
            where += " and s.wet >= ?"
            values.append(least)
        with self._connect() as connection:
            rows = connection.execute(
                f"{_HOURS} where {where} order by h.hour desc limit ? offset ?", [*values, limit, offset]
            ).fetchall()
        return [_hour(row) for row in rows]

    def count(self, region: str, first: int, end: int, step: int = 1, least: int = 0) -> int:
        """How many `hours` there are without a limit."""
        where = "h.region = ? and h.hour >= ? and h.hour < ?" + (_OLD if step == OLD_STEP else "")
        joined = "join flood_set s on s.snapshot = h.of" if least else ""
        where += " and s.wet >= ?" if least else ""
        with self._connect() as connection:
            found = connection.execute(
                f"select count(*) from flood_hour h {joined} where {where}",
                [region, first, end, *([least] if least else [])],
            )
            return int(found.fetchone()[0])

    def hour(self, region: str, hour: int) -> Hour | None:
        """One hour, or None when it has no object."""
        return next(iter(self.hours(region, hour, hour + 1)), None)

    def newest(self, region: str) -> Hour | None:
        """The newest hour that has an object, or None."""
        bounds = self.bounds(region)
        return self.hour(region, bounds[1]) if bounds else None

    def latest_known(self, region: str) -> Hour | None:
        """The newest hour whose states are known: analysed, the same as an analysed one, or dry."""
        with self._connect() as connection:
            row = connection.execute(
                f"{_HOURS} where h.region = ? and (h.kind = 'empty' or s.id is not null) order by h.hour desc limit 1",
                [1, region],
            ).fetchone()
        return _hour(row) if row else None

    def states(self, hour: Hour | None) -> dict[str, int] | None:
        """State by geom_id in an hour; {} when all was dry, None when that is not known."""
        if hour is None or hour.counts is None:
            return None
        with self._connect() as connection:
            rows = connection.execute(
                "select geom_id, state from flood_area join flood_rw on id = rw where set_id = ?", [hour.set_id]
            )
            return dict(rows.fetchall())

    def names(self, region: str) -> dict[str, tuple[str, str]]:
        """Name of the RW and of its kelurahan by geom_id."""
        with self._connect() as connection:
            rows = connection.execute("select geom_id, name, parent from flood_rw where region = ?", [region])
            return {geom_id: (name, parent) for geom_id, name, parent in rows}

    def shapes(self, region: str) -> dict[str, str]:
        """The border of each RW that was ever seen under water, by geom_id: a GeoJSON geometry as text."""
        with self._connect() as connection:
            told = "select geom_id, shape from flood_rw where region = ? and shape is not null"
            return dict(connection.execute(told, [region]).fetchall())

    def frequencies(self, region: str, least: int, first: int, last: int) -> list[Frequency]:
        """As floodepisodes.frequencies."""
        with self._connect() as connection:
            return episodes.frequencies(connection, region, least, first, last)

    def parents(self, region: str, least: int, first: int, last: int) -> list[tuple[str, int, int]]:
        """As floodepisodes.of_parents."""
        with self._connect() as connection:
            return episodes.of_parents(connection, region, least, first, last)

    def runs_at(self, region: str, hour: int) -> dict[str, Episode]:
        """As floodepisodes.of_rws."""
        with self._connect() as connection:
            return episodes.of_rws(connection, region, hour)

    def outages(self, limit: int = 20) -> list[dict[str, Any]]:
        """Times in which a source was not to be believed, the newest first; until is None while one lasts."""
        with self._connect() as connection:
            rows = connection.execute(
                "select region, since, until, reason from flood_outage order by since desc limit ?", [limit]
            ).fetchall()
        names = ("region", "since", "until", "reason")
        return [dict(zip(names, (*row[:3], json.loads(row[3])), strict=True)) for row in rows]

    def _take_outages(self, there: Iterable[tuple[str, str, str]]) -> None:
        listed = {key: etag for key, etag, _ in there if key.startswith(keys.OUTAGES)}
        with self._connect() as connection:
            known = dict(connection.execute("select key, etag from flood_outage").fetchall())
        changed = [key for key, etag in listed.items() if known.get(key) != etag]
        with ThreadPoolExecutor(_FETCHES) as pool:
            told = list(pool.map(self._told, changed))
        with self._connect() as connection:
            connection.executemany("delete from flood_outage where key = ?", [[key] for key in known.keys() - listed])
            connection.executemany(
                "insert or replace into flood_outage values (?, ?, ?, ?, ?, ?)",
                [
                    (key, listed[key], one["region"], one["since"], one.get("until"), json.dumps(one.get("reason")))
                    for key, one in zip(changed, told, strict=True)
                    if "region" in one and "since" in one
                ],
            )

    def _take_hours(self, there: Iterable[tuple[str, str, str]]) -> None:
        listed = {key: (etag, modified) for key, etag, modified in there}
        now = {(one.snapshot.region, number(one.snapshot.hour)): one for one in _accounted(listed)}
        with self._connect() as connection:
            known = {
                (region, hour): (key, etag)
                for region, hour, key, etag in connection.execute("select region, hour, key, etag from flood_hour")
            }
        gone = [one for one in known if one not in now]
        changed = [one for one, found in now.items() if known.get(one) != (found.key, listed[found.key][0])]
        for begin in range(0, len(changed), _AT_ONCE):
            part = changed[begin : begin + _AT_ONCE]
            with ThreadPoolExecutor(_FETCHES) as pool:
                told = list(pool.map(lambda one: self._told(now[one].key, now[one].kind), part))
            rows = [
                (*one, now[one].kind, now[one].key, *listed[now[one].key], *_facts(now[one], said))
                for one, said in zip(part, told, strict=True)
            ]
            with self._connect() as connection:
                connection.executemany("insert or replace into flood_hour values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
                episodes.invalidate(connection, part)
        with self._connect() as connection:
            connection.executemany("delete from flood_hour where region = ? and hour = ?", gone)
            episodes.invalidate(connection, gone)

    def _told(self, key: str, kind: str = "same") -> dict[str, Any]:
        """What an object says of its hour; {} when there is nothing to read in it."""
        if kind not in _TOLD:
            return {}
        try:
            return dict(json.loads(self._store.get(keys.FLOODMAPS, key)[0]))
        except NotFound:
            return {}  # deleted since it was listed
        except (ValueError, TypeError):
            _log.warning("%s/%s is not of a known form; it is not shown", keys.FLOODMAPS, key)
            return {}

    def _take_sets(self, wanted: Mapping[str, str]) -> None:
        """Read the states of analyses that are new. wanted: key and sha256 of impact.json by snapshot."""
        with self._connect() as connection:
            known = dict(connection.execute("select snapshot, impact from flood_set").fetchall())
            shaped = {key for (key,) in connection.execute("select geom_id from flood_rw where shape is not null")}
        changed = [(snapshot, said) for snapshot, said in wanted.items() if known.get(snapshot) != said]
        self._write_sets(dict.fromkeys(known.keys() - wanted.keys()), {})
        for begin in range(0, len(changed), _AT_ONCE):
            part = changed[begin : begin + _AT_ONCE]
            with ThreadPoolExecutor(_FETCHES) as pool:
                found = list(pool.map(lambda one: self._areas(one[1].partition(" ")[0]), part))
            sets = {snapshot: (said, areas) for (snapshot, said), areas in zip(part, found, strict=True)}
            shapes: dict[str, str] = {}
            for said, areas in sets.values():
                if {area["geom_id"] for area in areas or ()} - shaped:
                    shapes |= self._shapes(said.partition(" ")[0])
                    shaped |= {area["geom_id"] for area in areas or ()}
            self._write_sets(sets, shapes)

    def _areas(self, impact: str) -> list[dict[str, Any]] | None:
        try:
            return [dict(area) for area in json.loads(self._store.get(keys.RESULTS, impact)[0])["areas"]]
        except (NotFound, ValueError, KeyError, TypeError):
            _log.warning("%s has no areas; what was under water in its hours is not known", impact)
            return None

    def _shapes(self, impact: str) -> dict[str, str]:
        """Geometries by geom_id of the run that this impact.json belongs to."""
        key = f"{impact.rpartition('/')[0]}/flood.geojson"
        try:
            features = json.loads(self._store.get(keys.RESULTS, key)[0])["features"]
            return {one["properties"]["geom_id"]: json.dumps(one["geometry"]) for one in features}
        except (NotFound, ValueError, KeyError, TypeError):
            return {}

    def _write_sets(self, sets: Mapping[str, Any], shapes: Mapping[str, str]) -> None:
        """Put what is known of snapshots in place of what was; None: nothing is known any more."""
        with self._connect() as connection:
            touched: list[tuple[str, int]] = []
            for snapshot, given in sets.items():
                region = keys.Snapshot.parse(snapshot).region
                old = connection.execute("select id from flood_set where snapshot = ?", [snapshot]).fetchone()
                connection.execute("delete from flood_area where set_id = ?", old or [0])
                connection.execute("delete from flood_set where snapshot = ?", [snapshot])
                if given is not None and given[1] is not None:
                    _insert(connection, region, snapshot, *given)
                touched += connection.execute("select region, hour from flood_hour where of = ?", [snapshot]).fetchall()
            connection.executemany(
                "update flood_rw set shape = ? where geom_id = ?", [(shape, key) for key, shape in shapes.items()]
            )
            episodes.invalidate(connection, touched)


def _insert(connection: sqlite3.Connection, region: str, snapshot: str, impact: str, areas: Any) -> None:
    counts = [sum(area["state"] == state for area in areas) for state in (1, 2, 3, 4)]
    wet = sum(counts[AFFECTED_FROM - 1 :])
    set_id = connection.execute(
        "insert into flood_set (snapshot, impact, wet, n1, n2, n3, n4) values (?, ?, ?, ?, ?, ?, ?)",
        [snapshot, impact, wet, *counts],
    ).lastrowid
    connection.executemany(
        """insert into flood_rw (region, geom_id, name, parent) values (?, ?, ?, ?)
        on conflict (region, geom_id) do update set name = excluded.name, parent = excluded.parent
        where name != excluded.name or parent != excluded.parent""",
        [(region, str(area["geom_id"]), area["name"] or "", area["parent"] or "") for area in areas],
    )
    connection.executemany(
        "insert or replace into flood_area select ?, id, ? from flood_rw where region = ? and geom_id = ?",
        [(set_id, area["state"], region, str(area["geom_id"])) for area in areas],
    )


def _accounted(listed: Mapping[str, Any]) -> list[flood_hours.Hour]:
    """Every hour of every region that has an object."""
    snapshots: dict[str, list[datetime]] = {}
    for key in listed:
        try:
            one = keys.Snapshot.parse(key)
        except BadInput:
            continue  # put there by somebody else
        snapshots.setdefault(one.region, []).append(one.hour)
    found = []
    for region, hours in snapshots.items():
        end = max(hours) + timedelta(hours=1)
        found += [one for one in flood_hours.account(listed, region, min(hours), end) if one.key]
    return found


def _facts(hour: flood_hours.Hour, told: Mapping[str, Any]) -> tuple[Any, ...]:
    """of, highest, reason of a row."""
    of = str(hour.snapshot) if hour.kind == "data" else told.get("same_as")
    return (of, told.get("highest_state"), json.dumps(told["reason"]) if told.get("reason") else None)


def _hour(row: tuple[Any, ...]) -> Hour:
    hour, kind, key, modified, of, highest, reason, set_id, wet, *rest = row
    counts, (before_kind, before_wet, hidden, body) = tuple(rest[:4]), rest[4:]
    if kind == "empty":
        counts = (0, 0, 0, 0)
    known = kind == "empty" or wet is not None
    before = 0 if before_kind == "empty" else before_wet
    told, entry = (json.loads(text) if text else None for text in (reason, body))
    rest = [counts if known else None, before, bool(hidden), entry]
    return Hour(hour, kind, key, modified, of, highest, told, set_id, *rest)
