"""The figures of an event for machines, by one name each in CAP, OGC features and STAC: unrounded, None for unknown."""

from siaga.catalog import Entry
from siaga.impact.stored.earthquake import QUANTILES

Facts = dict[str, float | int | str | None]


def of(entry: Entry) -> Facts:
    """Those of a catalogue entry: persons, km, cm, MMI; deaths as quantiles by the model that sets the level."""
    affected: Facts = {"people_affected": entry["affected"], "people_displaced_planning": entry["displaced"]}
    if entry["hazard"] == "earthquake":
        deaths = entry["fatalities"]
        return {
            "magnitude": entry["magnitude"],
            "depth_km": entry["depth_km"],
            "max_mmi": entry["max_mmi"],
            "alert_level": entry["alert"],
            "people_mmi6_plus": entry["people"]["mmi6_plus"],
            **{f"deaths_{name}": deaths[name] if deaths else None for name in QUANTILES},
            **affected,
        }
    if entry["hazard"] == "flood":
        return {f"rw_state_{state}": count for state, count in entry["areas_by_class"].items()} | affected
    return {"pvmbg_level": entry["alert_level"], "max_thickness_cm": entry["max_thickness_cm"], **affected}
