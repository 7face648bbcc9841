"""Ash falls as a table to take along: a line for each, figures unrounded, empty where not known."""

from typing import Any

from siaga.hazard.ash import CLASSES

_FIELDS = ("alert_level", "eruption_height_m", "column_height_m", "forecast_days", "expires", "max_thickness_cm")
COLUMNS = (
    "event_id",
    "version",
    "time_utc",
    "volcano",
    "longitude",
    "latitude",
    "elevation_m",
    *_FIELDS,
    "people_under_ash",
    "displaced_planning_figure",
    *(f"people_{name}" for name in CLASSES),
    "report_published",
    "drill",
    "demonstration",
)


def row(entry: dict[str, Any]) -> tuple[Any, ...]:
    """The line of a catalogue entry, by COLUMNS."""
    volcano, by_class = entry["volcano"], entry["people"]["by_class"] or {}
    return (
        *(entry["event_id"], entry["version"], entry["time"]),
        *(volcano[name] for name in ("name", "longitude", "latitude", "elevation_m")),
        *(entry[name] for name in _FIELDS),
        *(entry["affected"], entry["displaced"]),
        *(by_class.get(name) for name in CLASSES),
        *(str(one).lower() for one in (entry["report"] is not None, entry["drill"], entry["demonstration"])),
    )
