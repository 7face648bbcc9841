"""A ShakeMap has arrived: count who was shaken, and let the catalogue show it.

reads   shakemaps/*grid.xml shakemaps-corrected/*grid.xml shakemaps-bnpb/*grid.xml analysis-data/*
writes  results/earthquake/*/hazard.tif …/contours.geojson …/bands.geojson …/zones.csv …/grid.xml
        results/earthquake/*/impact.json (last: with it the analysis is there), results/catalog/*
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from siaga import keys
from siaga.analysis import Analysis
from siaga.analysis.earthquake import of_earthquake
from siaga.errors import reason
from siaga.events import Notification
from siaga.function import analyse, frame
from siaga.hazard import gridxml
from siaga.moment import parse, stamp
from siaga.report import listed
from siaga.report.earthquake import printed

_CLOCKS_DIFFER = timedelta(minutes=5)


def run(event: Notification, context: frame.Context) -> frame.Outcome:
    """Analyse one ShakeMap."""
    return analyse.run_analysis(event, context, _analyse, _catalog_facts, gridxml.MAX_BYTES, _arrival_warnings)


handle = frame.on_object(run)


def _analyse(given: analyse.Input) -> Analysis:
    source = keys.source_type(given.event.bucket)
    return of_earthquake(given.body, source, given.exposure, given.context.settings.cache, given.timing)


def _arrival_warnings(given: analyse.Input, found: Analysis) -> list[dict[str, Any]]:
    """A quake after its own map."""
    time = parse(found.impact["event"]["time"])
    if time <= given.head.modified + _CLOCKS_DIFFER:
        return []
    return [
        reason(
            "The quake's time, {time}, lies after the arrival of its map, {received}; check the time and its zone",
            time=stamp(time),
            received=stamp(given.head.modified),
        )
    ]


def _catalog_facts(impact: Mapping[str, Any]) -> dict[str, Any]:
    """What a list shows of a quake."""
    by_mmi, event = impact["people"]["by_mmi"], impact["event"]
    deaths = impact["fatalities"][impact["alert"]["model"]] if impact["fatalities"] else None
    known = impact["people"]["total"] is not None
    highest = max((int(mmi) for mmi, people in by_mmi.items() if people >= 1), default=None) if known else None
    count = {"total": impact["people"]["total"]}
    for lowest in (6, 7, 8):
        count[f"mmi{lowest}_plus"] = sum(by_mmi[str(mmi)] for mmi in range(lowest, 11)) if known else None
    names = ("utc_offset_hours", "time_zone", "process_time", "magnitude", "depth_km", "longitude", "latitude")
    return {name: event[name] for name in (*names, "description")} | {
        "place": impact["places"]["landmark"],
        "clock_zone": printed.time_zone(impact, listed.counted(impact)),
        "max_mmi": impact["map"]["max_mmi"],
        "people_max_mmi": highest,
        "highest_class": None if highest is None else str(highest),
        "people": count,
        "alert": impact["alert"]["level"],
        "alert_probability": impact["alert"]["probability"],
        "fatalities": {name: deaths[name] for name in ("median", "p05", "p25", "p75", "p95")} if deaths else None,
    }
