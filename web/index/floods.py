"""The hours of flood sources, and which neighbourhoods (RW) stood under water in each: reads of the index's tables."""

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import TypedDict

from siaga.errors import Reason
from siaga.impact.floodtrend import Episode, Frequency
from siaga.store import Store
from web.index import episodes, hours
from web.index.flood_copy import TABLES, FloodCopy
from web.index.hours import OLD_FIRST, OLD_STEP, Hour, moment_of, number
from web.index.lists import Filter

__all__ = ["OLD_FIRST", "OLD_STEP", "TABLES", "FloodIndex", "Hour", "moment_of", "number"]


class Outage(TypedDict):
    """Times in which a region's source was not to be believed. until: None while it lasts; reason: None if not said."""

    region: str
    since: str
    until: str | None
    reason: Reason | None


class FloodIndex:
    """Reads those tables. connect: gives this thread's connection."""

    def __init__(self, store: Store, connect: Callable[[], sqlite3.Connection]) -> None:
        """store: with the rights of role web."""
        self._connect, self._copy = connect, FloodCopy(store, connect)

    def refresh(self) -> None:
        """As FloodCopy.refresh."""
        self._copy.refresh()

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

    def months(self, region: str) -> list[tuple[int, int]]:
        """As hours.months."""
        with self._connect() as connection:
            return hours.months(connection, region)

    def hours(self, region: str, wanted: Filter | None = None, limit: int = -1, offset: int = 0) -> list[Hour]:
        """As hours.listed; all, the newest first, where nothing is wanted."""
        with self._connect() as connection:
            return hours.listed(connection, region, wanted or Filter(), limit, offset)

    def count(self, region: str, wanted: Filter) -> int:
        """How many `hours` there are without a limit."""
        with self._connect() as connection:
            return hours.counted(connection, region, wanted)

    def between(self, region: str, first: int, end: int) -> list[Hour]:
        """The hours from `first` until before `end`, newest first."""
        return self.hours(region, Filter(since=moment_of(first), until=moment_of(end)))

    def hour(self, region: str, hour: int) -> Hour | None:
        """One hour, or None when it has no object."""
        return next(iter(self.between(region, hour, hour + 1)), None)

    def newest(self, region: str) -> Hour | None:
        """The newest hour that has an object, or None."""
        bounds = self.bounds(region)
        return self.hour(region, bounds[1]) if bounds else None

    def answered(self, region: str) -> datetime | None:
        """The beginning of the newest hour in which the source gave something; None when it never did."""
        with self._connect() as connection:
            row = connection.execute(
                "select max(hour) from flood_hour where region = ? and kind in ('data', 'same', 'empty')", [region]
            ).fetchone()
        return None if row[0] is None else moment_of(row[0])

    def latest_known(self, region: str) -> Hour | None:
        """As hours.latest_known."""
        with self._connect() as connection:
            return hours.latest_known(connection, region)

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

    def outages(self, limit: int = 20) -> list[Outage]:
        """Times in which a source was not to be believed, the newest first; until is None while one lasts."""
        with self._connect() as connection:
            rows = connection.execute(
                "select region, since, until, reason from flood_outage order by since desc limit ?", [limit]
            ).fetchall()
        return [
            {"region": region, "since": since, "until": until, "reason": json.loads(reason)}
            for region, since, until, reason in rows
        ]
