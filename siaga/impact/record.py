"""impact.json: everything that an analysis of an earthquake found, in one record.

The record is a function of the map, the exposure and the software alone: no clock, no place of
arrival, so that the same input gives the same bytes.
"""

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from siaga.errors import Reason, reason
from siaga.hazard.shakemap import ShakeMap
from siaga.impact import caveats as rules
from siaga.impact import classed, earthquake, plausible
from siaga.impact.caveats import Shore
from siaga.impact.classed import Counted
from siaga.impact.mmi import CLASSES, classify
from siaga.impact.stored import Impact
from siaga.impact.stored.earthquake import (
    CaveatsRecord,
    EarthquakeEvent,
    EarthquakeTable,
    EarthquakeZone,
    ShakenPeople,
    Shaking,
)
from siaga.impact.stored.head import SourceFile
from siaga.moment import stamp

SCHEMA = "siaga/impact/1"
_NAMES = tuple(map(str, CLASSES))
OLD_YEARS = 10  # population data that are older say so
_CUT_OFF = 4.5  # MMI V at the border: damaging shaking may lie beyond it


def event(shakemap: ShakeMap) -> EarthquakeEvent:
    """What happened, as the file says it."""
    return {
        "time": stamp(shakemap.time),
        "utc_offset_hours": shakemap.utc_offset_hours,
        "time_zone": shakemap.time_zone,
        "magnitude": shakemap.magnitude,
        "depth_km": shakemap.depth_km,
        "longitude": shakemap.longitude,
        "latitude": shakemap.latitude,
        "description": shakemap.description,
        "network": shakemap.network,
        "originator": shakemap.originator,
        "process_time": stamp(shakemap.process_time) if shakemap.process_time else None,
        "map_status": shakemap.map_status,
        "event_type": shakemap.event_type,
        "shakemap_version": shakemap.number,
    }


def shaking(shakemap: ShakeMap) -> Shaking:
    """The map itself: bounds (outer cell edges), spacing, nodes per MMI class, the share of nodes without MMI."""
    nodes = shakemap.nodes
    west, south, east, north = nodes.edges
    count = np.bincount(classify(shakemap.mmi).ravel(), minlength=11)
    point = np.array([shakemap.longitude]), np.array([shakemap.latitude])
    epicentre = float(shakemap.at(*point)[0])
    return {
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "rows": nodes.rows,
        "columns": nodes.columns,
        "spacing_lon_deg": nodes.lon_step,
        "spacing_lat_deg": nodes.lat_step,
        "unknown_share": shakemap.unknown_share,
        "max_mmi": shakemap.max_mmi,
        "max_border_mmi": shakemap.max_border_mmi,
        "epicentre_mmi": None if np.isnan(epicentre) else epicentre,
        "nodes_by_mmi": {str(mmi): int(count[mmi]) for mmi in CLASSES},
    }


def people(by_mmi: NDArray[np.float64] | None, unmapped: float | None, counted: Counted) -> ShakenPeople:
    """Who stands on the map; every figure None, and a note that says why, where nothing is known."""
    facts = classed.people_facts(by_mmi, counted)
    return {**facts, "by_mmi": classed.by_name(_NAMES, by_mmi), "unmapped": unmapped}


def caveats(shakemap: ShakeMap, by_mmi: NDArray[np.float64] | None, shore: Shore | None) -> CaveatsRecord:
    """What else the quake may have set off, and where its epicentre lies; shore: None without a base map."""
    people: Mapping[str, float] = {} if by_mmi is None else earthquake.by_mmi_record(by_mmi)
    return rules.caveats(shakemap.magnitude, shakemap.depth_km, people, shakemap.max_mmi, shore)


def warnings(shakemap: ShakeMap, sources: Sequence[SourceFile]) -> list[Reason]:
    """What a reader must know before trusting the figures; all of it follows from the content."""
    said = [*shakemap.warnings, *_masked(shakemap), *plausible.doubts(shakemap)]
    if shakemap.max_border_mmi > _CUT_OFF:
        said.append(
            reason(
                "The map ends where the shaking is still MMI {mmi}; people beyond it are not counted",
                mmi=round(shakemap.max_border_mmi, 1),
            )
        )
    for source in sources:
        if source["role"] == "population" and source["year"] and shakemap.time.year - source["year"] > OLD_YEARS:
            said.append(
                reason(
                    "The population data are of {year}, more than {years} years before the quake",
                    year=source["year"],
                    years=OLD_YEARS,
                )
            )
    return said


def _masked(shakemap: ShakeMap) -> list[Reason]:
    """That a part of the map says nothing: unknown, which is not class I."""
    if not shakemap.unknown_share:
        return []
    return [
        reason(
            "The map gives no MMI for {percent} % of its ground; people there are not counted",
            percent=max(1, round(100 * shakemap.unknown_share)),
        )
    ]


def zones_csv(zones: Sequence[EarthquakeZone], table: EarthquakeTable | None) -> bytes:
    """The zones as a table, figures unrounded."""
    deaths = {
        f"fatalities_{model.replace('-', '_')}": lambda zone, model=model: zone["fatalities"][model]["expected"]
        for model in ("pager", "itb", "itb-bayesian")
    }
    return classed.zones_csv(zones, table, "by_mmi", [f"mmi_{mmi}" for mmi in CLASSES], deaths)


def to_bytes(record: Impact) -> bytes:
    """The record as it is stored: sorted keys, numbers in full, never NaN."""
    return json.dumps(record, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False).encode()
