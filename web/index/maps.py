"""What the old system listed: the newest version of each id and kind of a quake's maps, flood hours, ash falls.

For the old addresses alone: its clients ask for a quake's maps by id and kind (initial, corrected), page by number.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence

from siaga.catalog import AshEntry, EarthquakeEntry

# exercises were never in it; of an id's maps of one kind the version that counts
_MAPS = """from entry where hazard = 'earthquake' and drill = 0 and hidden = 0 and not exists (select 1 from entry newer
    where newer.event = entry.event and newer.event_id = entry.event_id and newer.source_type = entry.source_type
    and newer.place < entry.place)"""
_DESCRIPTION = "json_extract(body, '$.description')"
_CONDITIONS = {
    "shake_id": "event_id = ?",
    "source_type": "source_type = ?",
    "min_magnitude": "magnitude >= ?",
    "max_magnitude": "magnitude <= ?",
    "min_time": "time >= ?",
    "max_time": "time <= ?",
    "min_depth": "depth >= ?",
    "max_depth": "depth <= ?",
    "west": "longitude >= ?",
    "south": "latitude >= ?",
    "east": "longitude <= ?",
    "north": "latitude <= ?",
    "felt": "felt = ?",
    "location_description": f"lower({_DESCRIPTION}) = lower(?)",
    "search": f"instr(lower({_DESCRIPTION}), lower(?)) > 0",
}
ORDERS = {
    "shake_id": "event_id",
    "magnitude": "magnitude",
    "time": "time",
    "depth": "depth",
    "location_description": _DESCRIPTION,
    "felt": "felt",
    "source_type": "source_type",
}
_HOURS = """from flood_hour h left join flood_set s on s.snapshot = h.of
    where h.region = ? and (h.kind = 'empty' or s.id is not null)"""


class OldMap(EarthquakeEntry):
    """A map as the old lists have it. felt: whether anybody did; has_corrected: whether its quake has such a map."""

    felt: bool
    has_corrected: bool


class MapIndex:
    """Reads them. connect: gives this thread's connection."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect

    def maps(
        self, wanted: Mapping[str, object], order: Sequence[tuple[str, bool]], limit: int, offset: int = 0
    ) -> tuple[list[OldMap], int]:
        """Catalogue entries, each with `felt` and whether its quake `has_corrected` maps; and how many in all.

        wanted: values by the names of _CONDITIONS. order: names of ORDERS, and whether descending.
        """
        where = "".join(f" and {_CONDITIONS[name]}" for name in wanted)
        by = ", ".join(f"{ORDERS[name]} {'desc' if down else 'asc'}" for name, down in order)
        corrected = """exists (select 1 from entry other where other.event = entry.event
            and other.source_type = 'corrected')"""
        values = list(wanted.values())
        with self._connect() as connection:
            total = connection.execute(f"select count(*) {_MAPS}{where}", values).fetchone()[0]
            rows = connection.execute(
                f"select body, felt, {corrected} {_MAPS}{where} order by {by}, event_id, source_type limit ? offset ?",
                [*values, limit, offset],
            ).fetchall()
        found = [json.loads(body) | {"felt": bool(felt), "has_corrected": bool(has)} for body, felt, has in rows]
        return found, total

    def hours(self, region: str, limit: int, offset: int = 0, old: bool = False) -> tuple[list[int], int]:
        """Hours of which is known what stood under water, the oldest first, and how many there are in all.

        old: those of the old list alone, every sixth.
        """
        where = _HOURS + (" and h.hour % 6 = 5" if old else "")
        with self._connect() as connection:
            total = connection.execute(f"select count(*) {where}", [region]).fetchone()[0]
            rows = connection.execute(
                f"select h.hour {where} order by h.hour limit ? offset ?", [region, limit, offset]
            ).fetchall()
        return [hour for (hour,) in rows], total

    def falls(self, volcano: str = "", limit: int = -1, offset: int = 0) -> tuple[list[AshEntry], int]:
        """Ash falls by the version that counts, by volcano and time. volcano: of that one alone, in any letters."""
        where = "from entry where hazard = 'ash' and drill = 0 and hidden = 0 and place = 1"
        where += " and lower(json_extract(body, '$.volcano.name')) = lower(?)" if volcano else ""
        values = [volcano] if volcano else []
        with self._connect() as connection:
            total = connection.execute(f"select count(*) {where}", values).fetchone()[0]
            rows = connection.execute(
                f"select body {where} order by json_extract(body, '$.volcano.name'), time limit ? offset ?",
                [*values, limit, offset],
            ).fetchall()
        return [json.loads(body) for (body,) in rows], total

    def newest_report(self, language: str) -> EarthquakeEntry | None:
        """The entry of the newest quake with a report in that language; None when there is none."""
        with self._connect() as connection:
            row = connection.execute(
                """select body from entry where hazard = 'earthquake' and drill = 0 and hidden = 0 and exists
                (select 1 from json_each(body, '$.report.languages') where value = ?)
                order by time desc, place limit 1""",
                [language],
            ).fetchone()
        newest: EarthquakeEntry | None = json.loads(row[0]) if row else None
        return newest
