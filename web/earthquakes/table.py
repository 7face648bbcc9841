"""The list of earthquakes as a table to take along: a line for each, figures unrounded, empty where not known."""

from typing import Any

from siaga.exposure.codes import p_code

COLUMNS = (
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
    "place_bps_code",
    "place_p_code",
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


def row(entry: dict[str, Any]) -> tuple[Any, ...]:
    """The line of a catalogue entry, by COLUMNS."""
    place, people, deaths = entry["place"] or {}, entry["people"], entry["fatalities"] or {}
    bps = entry.get("place_bps")
    return (
        *(entry[name] for name in ("event_id", "version", "source_type", "time", "magnitude", "depth_km")),
        *(entry["longitude"], entry["latitude"], place.get("name"), place.get("zone")),
        *(bps, p_code(bps), place.get("distance_km")),
        *(entry["description"], entry["alert"], entry["people_max_mmi"]),
        *(people[f"mmi{mmi}_plus"] for mmi in (6, 7, 8)),
        *(deaths.get(name) for name in ("p05", "p25", "median", "p75", "p95")),
        *(str(one).lower() for one in (entry["report"] is not None, entry["drill"], entry["demonstration"])),
    )
