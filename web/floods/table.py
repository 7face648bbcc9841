"""Flood hours as a table to take along: a line for each, figures unrounded, empty where not known."""

from siaga import moment
from siaga.exposure.codes import PROVINCES, p_code
from siaga.impact.flood import CLASSES
from web.floods import listing
from web.index import floods
from web.index.floods import Hour

COLUMNS = (
    *("snapshot", "time", "region", "bps_code", "p_code", "kind", "states_of", "archive_highest_state"),
    *(f"state_{state}" for state in CLASSES),
    *("rw_flooded", "people_affected", "displaced"),
)


def row(region: str, hour: Hour) -> tuple[object, ...]:
    """The line of an hour, by COLUMNS."""
    displaced = 0 if hour.kind == "empty" else hour.entry["displaced"] if hour.entry else None
    bps = PROVINCES.get(region)
    return (
        *(listing.snapshot(region, hour.hour), moment.stamp(floods.moment_of(hour.hour)), region, bps, p_code(bps)),
        *(hour.kind, hour.of, hour.highest),
        *(hour.counts or (None,) * len(CLASSES)),
        *(hour.wet, hour.people, displaced),
    )
