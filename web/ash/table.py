"""Ash falls as a table to take along: a line for each, figures unrounded, empty where not known."""

from siaga.catalog import AshEntry
from siaga.hazard.ash import CLASSES

COLUMNS = (
    "event_id",
    "version",
    "time_utc",
    "volcano",
    "longitude",
    "latitude",
    "elevation_m",
    "alert_level",
    "eruption_height_m",
    "column_height_m",
    "forecast_days",
    "expires",
    "max_thickness_cm",
    "people_under_ash",
    "displaced_planning_figure",
    *(f"people_{name}" for name in CLASSES),
    "report_published",
    "drill",
    "demonstration",
)


def row(entry: AshEntry) -> tuple[object, ...]:
    """The line of a catalogue entry, by COLUMNS."""
    volcano, by_class = entry["volcano"], entry["people"]["by_class"]
    return (
        *(entry["event_id"], entry["version"], entry["time"]),
        *(volcano["name"], volcano["longitude"], volcano["latitude"], volcano["elevation_m"]),
        *(entry["alert_level"], entry["eruption_height_m"], entry["column_height_m"]),
        *(entry["forecast_days"], entry["expires"], entry["max_thickness_cm"]),
        *(entry["affected"], entry["displaced"]),
        *(by_class[name] for name in CLASSES),
        *(str(one).lower() for one in (entry["report"] is not None, entry["drill"], entry["demonstration"])),
    )
