"""Which entries of the index show one quake, and what stands beside each quake, so that no row hides another.

Table beside has a row for each quake that needs one. body: `higher`, the newest maps of the quake's other ids and
kinds whose level is higher than that of the map that counts; `doubtful`, the quakes that may be the same one.
level: the highest of those maps that may be of another quake after all, null where there is none.
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from siaga import moment
from siaga.impact.fatality import LEVELS
from siaga.impact.quakes import Quake, identity, join, surely_one
from siaga.impact.versions import Revision

Name = tuple[str, str, int]  # event id, version, exercise
Alerts = Mapping[Name, str | None]

_REVISIONS = """select event_id, version, source_type, number, process_time, time, longitude, latitude, magnitude,
    drill, alert, event, place from entry where hazard = 'earthquake'"""


def refresh(connection: sqlite3.Connection) -> None:
    """Reckon quakes anew from all entries, and write what is another than before."""
    before: dict[Name, tuple[str, int]] = {}
    alerts: dict[Name, str | None] = {}
    revisions = []
    for row in connection.execute(_REVISIONS).fetchall():
        event_id, version, source_type, number, made, time, x, y, magnitude, drill = row[:10]
        when = moment.parse(time)
        one = Revision(event_id, version, source_type, number, made, when, x, y, magnitude, bool(drill))
        revisions.append(one)
        alerts[_name(one)], before[_name(one)] = row[10], row[11:]
    changed, told = [], []
    for quake in join(revisions):
        newest = quake.versions[0]
        event = f"{newest.event_id} {int(newest.drill)}"
        for place, one in enumerate(quake.versions, 1):
            if before[_name(one)] != (event, place):
                changed.append((event, place, *_name(one)))
        higher = _higher(quake, alerts)
        if higher or quake.doubtful:
            level = next((alerts[_name(one)] for one in higher if not surely_one(one, newest)), None)
            maps = {"higher": higher, "doubtful": quake.doubtful}
            body = {name: [_told(one, alerts) for one in found] for name, found in maps.items()}
            told.append((event, level, json.dumps(body)))
    connection.executemany(
        """update entry set event = ?, place = ?
        where hazard = 'earthquake' and event_id = ? and version = ? and drill = ?""",
        changed,
    )
    connection.execute("delete from beside")
    connection.executemany("insert into beside values (?, ?, ?)", told)


def beside(connection: sqlite3.Connection, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What stands beside the quake of a catalogue entry: level, higher and doubtful as the table has them."""
    row = connection.execute(
        """select beside.level, beside.body from entry join beside on beside.event = entry.event
        where hazard = 'earthquake' and event_id = ? and version = ? and drill = ?""",
        [entry["event_id"], entry["version"], int(entry["drill"])],
    ).fetchone()
    level, body = row or (None, '{"higher": [], "doubtful": []}')
    found: dict[str, Any] = json.loads(body) | {"level": level}
    return found


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


def _told(one: Revision, alerts: Alerts) -> dict[str, Any]:
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
