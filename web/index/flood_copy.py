"""What is copied of floods: which hours there are, what became of each, and which neighbourhoods stood under water.

It is made from the listing of bucket floodmaps (what each hour counts as), the small objects that tell of hours and
outages, and the "areas" of the analyses.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import shapely

from siaga import keys
from siaga.errors import BadInput, NotFound
from siaga.impact.flood import AFFECTED_FROM
from siaga.impact.stored.flood import FloodedArea
from siaga.inputs import flood_hours
from siaga.store import Store
from web.index import episodes
from web.index.hours import number

TABLES = (
    """
create table flood_hour (region text, hour integer, kind text, key text, etag text, modified text, of text,
    highest integer, reason text, primary key (region, hour)) without rowid;
create index flood_hour_of on flood_hour (of);
create table flood_set (id integer primary key, snapshot text unique, impact text, wet integer,
    n1 integer, n2 integer, n3 integer, n4 integer);
create table flood_rw (id integer primary key, region text, geom_id text, name text, parent text, shape text,
    west real, south real, east real, north real,
    unique (region, geom_id));
create table flood_area (set_id integer, rw integer, state integer, primary key (set_id, rw)) without rowid;
create table flood_outage (key text primary key, etag text, region text, since text, until text, reason text);
"""
    + episodes.TABLES
)
_FETCHES, _AT_ONCE = 8, 512
_TOLD = ("same", "gap", "suspect")  # kinds whose object is read; for the others the listing says all
_Set = tuple[str, list[FloodedArea] | None]  # the impact.json it is of, and its areas
_log = logging.getLogger(__name__)


class FloodCopy:
    """Writes those tables. connect: gives this thread's connection."""

    def __init__(self, store: Store, connect: Callable[[], sqlite3.Connection]) -> None:
        """store: with the rights of role web."""
        self._store, self._connect = store, connect
        self._seen: tuple[int, int] | None = None  # what was there when the last round was whole

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

    def _told(self, key: str, kind: str = "same") -> dict[str, object]:
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

    def _areas(self, impact: str) -> list[FloodedArea] | None:
        try:
            areas: list[FloodedArea] = json.loads(self._store.get(keys.RESULTS, impact)[0])["areas"]
            return areas
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

    def _write_sets(self, sets: Mapping[str, _Set | None], shapes: Mapping[str, str]) -> None:
        """Put what is known of snapshots in place of what was; None: nothing is known any more."""
        with self._connect() as connection:
            touched: list[tuple[str, int]] = []
            for snapshot, given in sets.items():
                region = keys.Snapshot.parse(snapshot).region
                old = connection.execute("select id from flood_set where snapshot = ?", [snapshot]).fetchone()
                connection.execute("delete from flood_area where set_id = ?", old or [0])
                connection.execute("delete from flood_set where snapshot = ?", [snapshot])
                if given is not None and given[1] is not None:
                    _insert(connection, region, snapshot, given[0], given[1])
                touched += connection.execute("select region, hour from flood_hour where of = ?", [snapshot]).fetchall()
            connection.executemany(
                "update flood_rw set shape = ?, west = ?, south = ?, east = ?, north = ? where geom_id = ?",
                [(shape, *_bounds(shape), key) for key, shape in shapes.items()],
            )
            episodes.invalidate(connection, touched)


def _insert(connection: sqlite3.Connection, region: str, snapshot: str, impact: str, areas: list[FloodedArea]) -> None:
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


def _accounted(listed: Collection[str]) -> list[flood_hours.Hour]:
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


def _facts(hour: flood_hours.Hour, told: Mapping[str, object]) -> tuple[object, object, str | None]:
    """of, highest, reason of a row."""
    of = str(hour.snapshot) if hour.kind == "data" else told.get("same_as")
    return (of, told.get("highest_state"), json.dumps(told["reason"]) if told.get("reason") else None)


def _bounds(shape: str) -> tuple[float, float, float, float]:
    """West, south, east, north of a GeoJSON geometry."""
    found = shapely.bounds(shapely.from_geojson(shape))
    return (float(found[0]), float(found[1]), float(found[2]), float(found[3]))
