"""Quakes as BMKG announced them: which of them have no map yet, and which events somebody felt.

An announcement and an event are of one quake within the limits that hold between an initial map and a corrected one
(siaga.impact.quakes.WIDE): the announcement has no id in common with either.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from siaga import keys
from siaga.catalog import EarthquakeEntry
from siaga.errors import NotFound
from siaga.impact.quakes import WIDE
from siaga.impact.versions import distance_km
from siaga.inputs.announcements import SOURCE, Announcement, SourceRecord
from siaga.moment import parse, stamp
from siaga.store import Store
from web.index import decided, lists

TABLES = """
create table announcement (key text primary key, etag text, time text, body text);
create index announcement_time on announcement (time);
"""
_log = logging.getLogger(__name__)
_SECONDS, _KM, _MAGNITUDE = WIDE
_NEAR = timedelta(seconds=_SECONDS)


class _Shown(NamedTuple):
    """Of a row of table entry what an announcement is compared with, and whether somebody felt the quake."""

    rowid: int
    event: str
    time: str
    longitude: float
    latitude: float
    magnitude: float
    felt: int


class AnnouncementIndex:
    """Reads and writes that table. connect: gives this thread's connection."""

    def __init__(self, store: Store, connect: Callable[[], sqlite3.Connection]) -> None:
        self._store, self._connect = store, connect
        self.source: SourceRecord | None = None  # None before it was asked for the first time

    def refresh(self, change: Callable[[], None]) -> None:
        """Copy what is another than before. change: is told when that changed what lists show."""
        with self._connect() as connection:
            known = dict(connection.execute("select key, etag from announcement").fetchall())
        heads = {head.key: head for head in self._store.list(keys.ANNOUNCEMENTS)}
        if told := heads.pop(SOURCE, None):
            self._tell(told.key)
        changed = [self._fetched(key) for key, head in heads.items() if known.get(key) != head.etag]
        gone = [[key] for key in known if key not in heads]
        if not changed and not gone:
            return
        with self._connect() as connection:
            connection.executemany("delete from announcement where key = ?", gone)
            rows = [row for row in changed if row]
            connection.executemany("insert or replace into announcement values (?, ?, ?, ?)", rows)
            if _mark(connection, [_read(row[3]) for row in rows]):
                decided.apply(connection)
                lists.refresh(connection)
                change()

    def unmapped(self, since: datetime, limit: int) -> list[Announcement]:
        """Those from that moment on of which no map was analysed, exercises aside; the newest first."""
        with self._connect() as connection:
            found = connection.execute(
                "select body from announcement where time >= ? order by time desc", [stamp(since)]
            ).fetchall()
            announced = (_read(body) for (body,) in found)
            return [one for one in announced if not any(_entries(connection, one))][:limit]

    def of(self, entry: EarthquakeEntry) -> Announcement | None:
        """What was announced of the quake of a catalogue entry: the nearest in time; None for an exercise."""
        if entry["drill"]:
            return None
        with self._connect() as connection:
            epicentre, magnitude = (entry["longitude"], entry["latitude"]), entry["magnitude"]
            near = [one for one in _announced(connection, entry["time"]) if _same(one, epicentre, magnitude)]
        return min(near, key=lambda one: abs(one.time - parse(entry["time"])), default=None)

    def _tell(self, key: str) -> None:
        try:
            asked: SourceRecord = json.loads(self._store.get(keys.ANNOUNCEMENTS, key)[0])
            self.source = asked if SourceRecord.__required_keys__ <= set(asked) else None
        except (NotFound, ValueError, TypeError):
            self.source = None

    def _fetched(self, key: str) -> tuple[str, str, str, str] | None:
        try:
            body, head = self._store.get(keys.ANNOUNCEMENTS, key)
            return key, head.etag, stamp(_read(body.decode()).time), body.decode()
        except NotFound:
            return None  # deleted since it was listed
        except (ValueError, KeyError, TypeError):
            _log.warning("%s/%s is not of a known form; it is not shown", keys.ANNOUNCEMENTS, key)
            return None


def mark_felt(connection: sqlite3.Connection) -> None:
    """Say of the entries that were touched that somebody felt their quake, where BMKG said so."""
    if not connection.execute("select 1 from announcement limit 1").fetchone():
        return
    times = connection.execute("select distinct time from touched where hazard = 'earthquake' and time is not null")
    for (time,) in times.fetchall():
        _mark(connection, _announced(connection, time))


def _mark(connection: sqlite3.Connection, announced: Iterable[Announcement]) -> int:
    """Set the flag of each event of theirs that somebody felt; how many had none."""
    rows = [row for one in announced if one.felt for row in _entries(connection, one) if not row.felt]
    connection.executemany("update entry set felt = 1 where rowid = ?", [[row.rowid] for row in rows])
    connection.executemany("insert into touched (event) values (?)", [[row.event] for row in rows])
    return len(rows)


def _announced(connection: sqlite3.Connection, time: str) -> list[Announcement]:
    """Those within the seconds of the limits."""
    span = [stamp(parse(time) - _NEAR), stamp(parse(time) + _NEAR)]
    rows = connection.execute("select body from announcement where time between ? and ?", span).fetchall()
    return [_read(body) for (body,) in rows]


def _entries(connection: sqlite3.Connection, one: Announcement) -> Iterator[_Shown]:
    """The entries of the same quake, exercises aside."""
    span = [stamp(one.time - _NEAR), stamp(one.time + _NEAR)]
    rows = connection.execute(
        f"""select {", ".join(_Shown._fields)} from entry
        where hazard = 'earthquake' and drill = 0 and time between ? and ?""",
        span,
    )
    for row in map(_Shown._make, rows.fetchall()):
        if _same(one, (row.longitude, row.latitude), row.magnitude):
            yield row


def _same(one: Announcement, epicentre: tuple[float, float], magnitude: float) -> bool:
    km = distance_km((one.longitude, one.latitude), epicentre)
    return km <= _KM and round(abs(one.magnitude - magnitude), 6) <= _MAGNITUDE


def _read(body: str) -> Announcement:
    return Announcement.of(json.loads(body))
