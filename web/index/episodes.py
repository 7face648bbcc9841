"""How often and how long each neighbourhood (RW) was under water: runs of wet hours and sums by month, kept as tables.

They are brought up to date from the earliest hour that has changed; which one that is stands in a table too, so
that a round which breaks off is made good by the next. Months are those of WIB.
"""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby

from siaga.impact.floodtrend import MOST_DRY_HOURS, Episode, Frequency, episodes
from siaga.moment import TIME_ZONES

TABLES = """
create table flood_disturbed (region text primary key, hour integer);
create table flood_episode (region text, least integer, rw integer, first integer, last integer, peak integer,
    wet integer, unknown integer, primary key (region, least, rw, first)) without rowid;
create index flood_episode_last on flood_episode (region, least, last);
create table flood_parent (region text, least integer, parent text, first integer, last integer,
    primary key (region, least, parent, first)) without rowid;
create table flood_month (region text, month integer, rw integer, h2 integer, h3 integer, h4 integer,
    primary key (region, month, rw)) without rowid;
"""
LEAST = (2, 3, 4)  # states from which on an RW may be counted as flooded
_WIB = timedelta(hours=TIME_ZONES["WIB"])
_WET = """select a.rw, h.hour, a.state from flood_hour h join flood_set s on s.snapshot = h.of
    join flood_area a on a.set_id = s.id where h.region = ? and h.hour >= ? and a.state >= 2 order by a.rw, h.hour"""
_MONTH = """insert into flood_month select h.region, ?, a.rw, sum(a.state = 2), sum(a.state = 3), sum(a.state = 4)
    from flood_hour h join flood_set s on s.snapshot = h.of join flood_area a on a.set_id = s.id
    where h.region = ? and h.hour >= ? and h.hour < ? and a.state >= 2 group by a.rw"""


def month_of(hour: int) -> int:
    """The month of an hour: year * 12 + month - 1.

    >>> month_of(0), divmod(month_of(743 - 7), 12), divmod(month_of(744 - 7), 12)
    (23640, (1970, 0), (1970, 1))
    """
    local = datetime.fromtimestamp(hour * 3600, UTC) + _WIB
    return local.year * 12 + local.month - 1


def first_hour(month: int) -> int:
    """The hour in which a month begins.

    >>> first_hour(month_of(0)), month_of(first_hour(24205)), month_of(first_hour(24205) - 1)
    (-7, 24205, 24204)
    """
    begin = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) - _WIB
    return int(begin.timestamp()) // 3600


def invalidate(connection: sqlite3.Connection, hours: Iterable[tuple[str, int]]) -> None:
    """Note that something about those hours has changed, in the same step as the change."""
    earliest: dict[str, int] = {}
    for region, hour in hours:
        earliest[region] = min(hour, earliest.get(region, hour))
    connection.executemany(
        """insert into flood_disturbed values (?, ?)
        on conflict (region) do update set hour = min(hour, excluded.hour)""",
        list(earliest.items()),
    )


def refresh(connection: sqlite3.Connection) -> None:
    """Bring runs and months up to date with the hours, from the earliest that has changed."""
    for region, hour in connection.execute("select region, hour from flood_disturbed").fetchall():
        _refresh_episodes(connection, region, hour)
        _refresh_parents(connection, region, hour)
        _refresh_months(connection, region, hour)
    connection.execute("delete from flood_disturbed")


def frequencies(connection: sqlite3.Connection, region: str, least: int, first: int, last: int) -> list[Frequency]:
    """How often each RW was flooded from month `first` to month `last`, the most often first; by geom_id.

    least: the state from which on it counts. A run of wet hours counts in each period that it touches.
    """
    begin, end = first_hour(first), first_hour(last + 1)
    runs = dict(
        connection.execute(
            """select rw, count(*) from flood_episode
            where region = ? and least = ? and last >= ? and first < ? group by rw""",
            [region, least, begin, end],
        ).fetchall()
    )
    found = []
    for rw, geom_id, *hours in connection.execute(
        """select rw, geom_id, sum(h2), sum(h3), sum(h4) from flood_month join flood_rw on flood_rw.id = rw
        where flood_month.region = ? and month >= ? and month <= ? group by rw""",
        [region, first, last],
    ):
        by_state = {state: count for state, count in zip((2, 3, 4), hours, strict=True) if count and state >= least}
        if by_state and rw in runs:
            found.append(Frequency(geom_id, runs[rw], sum(by_state.values()), max(by_state), by_state))
    return sorted(found, key=lambda one: (-one.episodes, -one.hours, one.geom_id))


def of_parents(
    connection: sqlite3.Connection, region: str, least: int, first: int, last: int
) -> list[tuple[str, int, int]]:
    """Kelurahan, in how many runs of hours any of its RWs was flooded, and of how many RWs; most often first."""
    begin, end = first_hour(first), first_hour(last + 1)
    areas = dict(
        connection.execute(
            """select parent, count(*) from (select distinct rw from flood_episode
            where region = ? and least = ? and last >= ? and first < ?) join flood_rw on flood_rw.id = rw
            group by parent""",
            [region, least, begin, end],
        ).fetchall()
    )
    rows = connection.execute(
        """select parent, count(*) from flood_parent where region = ? and least = ? and last >= ? and first < ?
        group by parent""",
        [region, least, begin, end],
    )
    return sorted(((name, count, areas[name]) for name, count in rows), key=lambda one: (-one[1], -one[2], one[0]))


def of_rws(connection: sqlite3.Connection, region: str, hour: int) -> dict[str, Episode]:
    """The run of wet hours (state 2 and above) that each RW was in at that hour, by geom_id."""
    rows = connection.execute(
        """select geom_id, first, last, peak, wet, unknown from flood_episode e join flood_rw on flood_rw.id = rw
        where e.region = ? and least = 2 and last >= ? and first <= ?""",
        [region, hour, hour],
    )
    return {geom_id: Episode(_moment(first), _moment(last), *rest) for geom_id, first, last, *rest in rows}


def _refresh_episodes(connection: sqlite3.Connection, region: str, hour: int) -> None:
    """Runs that ended long before `hour` stay; the others are found anew from where they begin."""
    reach = hour - MOST_DRY_HOURS - 1
    begins = dict(
        connection.execute(
            "select rw, min(first) from flood_episode where region = ? and last >= ? group by rw", [region, reach]
        ).fetchall()
    )
    connection.execute("delete from flood_episode where region = ? and last >= ?", [region, reach])
    start = min(begins.values(), default=reach)
    start = min(start, reach)
    known = {
        number
        for (number,) in connection.execute(
            """select hour from flood_hour h left join flood_set s on s.snapshot = h.of
            where h.region = ? and h.hour >= ? and (h.kind = 'empty' or s.id is not null)""",
            [region, start],
        )
    }
    rows = connection.execute(_WET, [region, start])
    made: list[tuple[object, ...]] = []
    for rw, wet in groupby(rows, lambda row: row[0]):
        begin = min(begins.get(rw, reach), reach)
        states = {number: state for _rw, number, state in wet if number >= begin}
        for least in LEAST:
            made += [(region, least, rw, *run) for run in _runs(states, known, least)]
    connection.executemany("insert or replace into flood_episode values (?, ?, ?, ?, ?, ?, ?, ?)", made)


def _runs(states: dict[int, int], known: set[int], least: int) -> list[tuple[int, ...]]:
    """Runs of one RW. states: of its wet hours, ascending; known: hours of which all is known."""
    wet = [number for number, state in states.items() if state >= least]
    series: list[tuple[datetime, int | None]] = []
    for place, number in enumerate(wet):
        series.append((_moment(number), states[number]))
        after = wet[place + 1] if place + 1 < len(wet) else number
        if 1 < after - number <= MOST_DRY_HOURS + 1:  # only such hours can lie within a run
            series += [(_moment(dry), 0) for dry in range(number + 1, after) if dry in known]
    return [
        (_number(run.first), _number(run.last), run.peak, run.wet_hours, run.unknown_hours) for run in episodes(series)
    ]


def _refresh_parents(connection: sqlite3.Connection, region: str, hour: int) -> None:
    """Runs of hours in which any RW of a kelurahan is flooded, from those of its RWs."""
    reach = hour - MOST_DRY_HOURS - 1
    begins = {
        (least, parent): begin
        for least, parent, begin in connection.execute(
            "select least, parent, min(first) from flood_parent where region = ? and last >= ? group by least, parent",
            [region, reach],
        )
    }
    connection.execute("delete from flood_parent where region = ? and last >= ?", [region, reach])
    start = min([reach, *begins.values()])
    rows = connection.execute(
        """select least, parent, first, last from flood_episode e join flood_rw on flood_rw.id = rw
        where e.region = ? and last >= ? order by least, parent, first""",
        [region, start],
    )
    made: list[tuple[object, ...]] = []
    for (least, parent), runs in groupby(rows, lambda row: row[:2]):
        joined: list[list[int]] = []
        for _least, _parent, first, last in runs:
            if last < min(reach, begins.get((least, parent), reach)):
                continue
            if joined and first - joined[-1][1] - 1 <= MOST_DRY_HOURS:
                joined[-1][1] = max(joined[-1][1], last)
            else:
                joined.append([first, last])
        made += [(region, least, parent, *run) for run in joined]
    connection.executemany("insert or replace into flood_parent values (?, ?, ?, ?, ?)", made)


def _refresh_months(connection: sqlite3.Connection, region: str, hour: int) -> None:
    (last,) = connection.execute("select max(hour) from flood_hour where region = ?", [region]).fetchone()
    connection.execute("delete from flood_month where region = ? and month >= ?", [region, month_of(hour)])
    if last is None:
        return
    for month in range(month_of(hour), month_of(last) + 1):
        connection.execute(_MONTH, [month, region, first_hour(month), first_hour(month + 1)])


def _moment(number: int) -> datetime:
    return datetime.fromtimestamp(number * 3600, UTC)


def _number(moment: datetime) -> int:
    return int(moment.timestamp()) // 3600
