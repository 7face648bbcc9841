"""Which entries of the index show one quake, and what stands beside each quake, so that no row hides another.

Table beside has a row for each quake that needs one. body: `higher`, the newest maps of the quake's other ids and
kinds whose level is higher than that of the map that counts; `doubtful`, the quakes that may be the same one.
level: the highest of those maps that may be of another quake after all, null where there is none.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypedDict

from siaga import keys, moment
from siaga.catalog import EarthquakeEntry
from siaga.foreign import SqlRow
from siaga.impact.fatality import LEVELS
from siaga.impact.quakes import WIDE, Quake, identity, join, surely_one
from siaga.impact.versions import Revision

Name = tuple[str, str, int]  # event id, version, exercise
Alerts = Mapping[Name, str | None]


class OtherMap(TypedDict):
    """A map beside the one that counts. number: the NNN that it gives itself; time: UTC as stored."""

    event_id: str
    version: str
    source_type: str
    number: int
    time: str
    magnitude: float
    alert: str | None
    drill: bool


class Beside(TypedDict):
    """What stands beside a quake, as table beside has it."""

    higher: list[OtherMap]
    doubtful: list[OtherMap]
    level: str | None


_REVISIONS = """select event_id, version, source_type, number, process_time, time, longitude, latitude, magnitude,
    drill, alert, event, place, rowid from entry where hazard = 'earthquake'"""
_MOST_TOUCHED = 1000  # maps; beyond them all quakes are reckoned anew, which is quicker then
_REACH = timedelta(seconds=WIDE[0] + 1)  # between maps that may show one quake; stored times may have fractions


def refresh(connection: sqlite3.Connection) -> None:
    """Reckon anew the quakes that the touched maps may be of, and write what is another than before.

    Whether two maps show one quake depends on no map that is neither near in time to one of theirs nor of their ids:
    so what comes of it is what all maps together would give.
    """
    before: dict[Name, tuple[str, int]] = {}
    numbers: dict[Name, list[int]] = {}  # rows; one version has several when its entry lies under two keys
    alerts: dict[Name, str | None] = {}
    revisions = []
    for row in _rows(connection):
        event_id, version, source_type, count, made, time, x, y, magnitude, drill = row[:10]
        when = moment.parse(time)
        one = Revision(event_id, version, source_type, count, made, when, x, y, magnitude, bool(drill))
        revisions.append(one)
        alerts[_name(one)], before[_name(one)] = row[10], row[11:13]
        numbers.setdefault(_name(one), []).append(row[13])
    changed, told, names = [], [], {event for event, _place in before.values() if event}
    for quake in join(revisions):
        newest = quake.versions[0]
        event = f"{newest.event_id} {int(newest.drill)}"
        names.add(event)
        for place, one in enumerate(quake.versions, 1):
            if before[_name(one)] != (event, place):
                changed += [(event, place, number) for number in numbers[_name(one)]]
        higher = _higher(quake, alerts)
        if higher or quake.doubtful:
            level = next((alerts[_name(one)] for one in higher if not surely_one(one, newest)), None)
            maps = {"higher": higher, "doubtful": quake.doubtful}
            body = {name: [_told(one, alerts) for one in found] for name, found in maps.items()}
            told.append((event, level, LEVELS.index(level) if level else None, json.dumps(body)))
    connection.executemany("update entry set event = ?, place = ? where rowid = ?", changed)
    connection.executemany("insert into touched (event) values (?)", [[name] for name in names])
    connection.execute("delete from beside where event in (select event from touched where event is not null)")
    connection.executemany("insert into beside values (?, ?, ?, ?)", told)


def _rows(connection: sqlite3.Connection) -> Iterable[SqlRow]:
    """Maps of the touched ids and near them in time, of their ids and near those, and so on."""
    touched = connection.execute(
        "select distinct identity, time from touched where hazard = 'earthquake' and identity is not null limit ?",
        [_MOST_TOUCHED + 1],
    ).fetchall()
    if len(touched) > _MOST_TOUCHED:
        return connection.execute(_REVISIONS).fetchall()
    found: dict[int, SqlRow] = {}
    seen: set[tuple[str, str]] = set()
    ways = {(column, value) for pair in touched for column, value in zip(("identity", "time"), pair, strict=True)}
    while ways:
        seen |= ways
        new = {row[13]: row for way in ways for row in _along(connection, *way)}
        found |= new
        ways = {("identity", keys.identity("earthquake", row[0])) for row in new.values()}
        ways = (ways | {("time", row[5]) for row in new.values()}) - seen
    return found.values()


def _along(connection: sqlite3.Connection, column: str, value: str) -> list[SqlRow]:
    """Maps of that identity, or near that time."""
    if column == "identity":
        return connection.execute(f"{_REVISIONS} and identity = ?", [value]).fetchall()
    when = moment.parse(value)
    reach = [moment.stamp(when - _REACH), moment.stamp(when + _REACH)]
    return connection.execute(f"{_REVISIONS} and time between ? and ?", reach).fetchall()


def beside(connection: sqlite3.Connection, entry: EarthquakeEntry) -> Beside:
    """What stands beside the quake of a catalogue entry: level, higher and doubtful as the table has them."""
    row = connection.execute(
        """select beside.level, beside.body from entry join beside on beside.event = entry.event
        where hazard = 'earthquake' and identity = ? and event_id = ? and version = ? and drill = ?""",
        [keys.identity("earthquake", entry["event_id"]), entry["event_id"], entry["version"], int(entry["drill"])],
    ).fetchone()
    level, body = row or (None, '{"higher": [], "doubtful": []}')
    found: Beside = json.loads(body) | {"level": level}
    found["doubtful"] = [one for one in found["doubtful"] if not _is_hidden(connection, one)]
    return found


def _is_hidden(connection: sqlite3.Connection, one: OtherMap) -> bool:
    """Whether an operator hid the quake of that map."""
    row = connection.execute(
        "select hidden from entry where hazard = 'earthquake' and identity = ? and version = ? and drill = ?",
        [keys.identity("earthquake", one["event_id"]), one["version"], int(one["drill"])],
    ).fetchone()
    return bool(row and row[0])


def _name(one: Revision) -> Name:
    return one.event_id, one.version, int(one.drill)


def _higher(quake: Quake, alerts: Alerts) -> list[Revision]:
    """The newest map of each id and kind whose level is higher than the shown one's, the highest first."""

    def rank(one: Revision) -> int:
        alert = alerts[_name(one)]
        return LEVELS.index(alert) if alert else -1

    newest: dict[tuple[str, str], Revision] = {}
    for one in quake.versions:
        newest.setdefault((identity(one), one.source_type), one)
    found = [one for one in newest.values() if rank(one) > rank(quake.versions[0])]
    return sorted(found, key=rank, reverse=True)


def _told(one: Revision, alerts: Alerts) -> OtherMap:
    return {
        "event_id": one.event_id,
        "version": one.version,
        "source_type": one.source_type,
        "number": one.number,
        "time": moment.stamp(one.time),
        "magnitude": one.magnitude,
        "alert": alerts[_name(one)],
        "drill": one.drill,
    }
