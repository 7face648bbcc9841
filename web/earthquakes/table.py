"""The list of earthquakes as a table to take along: a line for each, figures unrounded, empty where not known."""

from siaga.catalog import EarthquakeEntry
from siaga.exposure.codes import p_code
from siaga.impact.stored.earthquake import QUANTILES

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


def row(entry: EarthquakeEntry) -> tuple[object, ...]:
    """The line of a catalogue entry, by COLUMNS."""
    place, people, deaths = entry["place"], entry["people"], entry["fatalities"]
    bps = entry.get("place_bps")
    return (
        *(entry["event_id"], entry["version"], entry["source_type"], entry["time"]),
        *(entry["magnitude"], entry["depth_km"], entry["longitude"], entry["latitude"]),
        *((place["name"], place["zone"]) if place else (None, None)),
        *(bps, p_code(bps), place["distance_km"] if place else None),
        *(entry["description"], entry["alert"], entry["people_max_mmi"]),
        *(people["mmi6_plus"], people["mmi7_plus"], people["mmi8_plus"]),
        *(deaths[name] if deaths else None for name in QUANTILES),
        *(str(one).lower() for one in (entry["report"] is not None, entry["drill"], entry["demonstration"])),
    )
