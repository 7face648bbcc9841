"""The list of earthquakes as a table to take along: a line for each, figures unrounded, empty where not known."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from web.index import Filter, Index

_AT_ONCE = 500
_COLUMNS = (
    "event_id",
    "version",
    "source_type",
    "time_utc",
    "magnitude",
    "depth_km",
    "longitude",
    "latitude",
    "place",
    "place_zone",
    "place_distance_km",
    "description",
    "level",
    "highest_mmi_with_people",
    "people_mmi6_plus",
    "people_mmi7_plus",
    "people_mmi8_plus",
    "deaths_p05",
    "deaths_p25",
    "deaths_median",
    "deaths_p75",
    "deaths_p95",
    "report_published",
    "drill",
    "demonstration",
)


def lines(index: Index, wanted: Filter) -> Iterator[str]:
    """All that the filter lets through, in its order, in pieces."""
    yield _written([_COLUMNS])
    entries, cursor = index.page("earthquake", wanted, _AT_ONCE)
    while entries:
        yield _written([_row(entry) for entry in entries])
        entries, cursor = index.page("earthquake", wanted, _AT_ONCE, cursor) if cursor else ([], "")


def _row(entry: dict[str, Any]) -> tuple[Any, ...]:
    place, people, deaths = entry["place"] or {}, entry["people"], entry["fatalities"] or {}
    return (
        *(entry[name] for name in ("event_id", "version", "source_type", "time", "magnitude", "depth_km")),
        *(entry["longitude"], entry["latitude"], place.get("name"), place.get("zone"), place.get("distance_km")),
        *(entry["description"], entry["alert"], entry["people_max_mmi"]),
        *(people[f"mmi{mmi}_plus"] for mmi in (6, 7, 8)),
        *(deaths.get(name) for name in ("p05", "p25", "median", "p75", "p95")),
        *(str(one).lower() for one in (entry["report"] is not None, entry["drill"], entry["demonstration"])),
    )


def _written(rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_safe(one) for one in row] for row in rows)
    return text.getvalue()


def _safe(value: Any) -> Any:
    """A name that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
