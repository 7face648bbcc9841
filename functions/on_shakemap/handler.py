"""A ShakeMap has arrived: count who was shaken, and let the catalogue show it.

reads   shakemaps/*grid.xml shakemaps-corrected/*grid.xml shakemaps-bnpb/*grid.xml analysis-data/*
writes  results/earthquake/*/hazard.tif …/contours.geojson …/bands.geojson …/zones.csv …/grid.xml
        results/earthquake/*/impact.json (last: with it the analysis is there), results/catalog/*
"""

from datetime import timedelta
from typing import Any

from siaga import analysis, catalog, faas, keys
from siaga.errors import BadInput
from siaga.events import ObjectEvent
from siaga.exposure import analysis_data
from siaga.hazard.shakemap import ShakeMap
from siaga.impact import record
from siaga.report import printed
from siaga.store import Head
from siaga.timing import Timing

_CLOCKS_DIFFER = timedelta(minutes=5)


def run(event: ObjectEvent, bench: faas.Workbench) -> faas.Outcome:
    """Analyse one ShakeMap."""
    timing = Timing()
    body, head = faas.content(bench, event)
    timing.step("fetch")
    exposure = analysis_data.open(bench.store, bench.settings.cache)
    timing.step("exposure")
    found = analysis.of_earthquake(body, keys.source_type(event.bucket), exposure, bench.settings.cache, timing)
    faas.publish(bench.store, found.run, found.products)
    written = found.to_bytes()
    bench.store.put(keys.RESULTS, found.run.key(keys.IMPACT), written, "application/json")
    timing.step("upload")
    arrival, said = _arrival(event, head, found.hazard)
    entry = keys.CatalogEntry.of(found.run, found.hazard.time)
    described = _entry(found.impact, found.run, written, exposure, arrival, said)
    catalog.switch_to(bench.store, str(entry), described)
    timing.step("catalogue")
    return faas.Outcome(str(found.run), found.run.event_id, [*found.impact["warnings"], *said], timing.seconds)


handle = faas.on_object(run)


def _arrival(event: ObjectEvent, head: Head, shakemap: ShakeMap) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """How the content came, and what was odd about that; kept out of impact.json, which knows no arrival."""
    said = []
    folder = keys.folder_id(event.key)
    if folder and folder != shakemap.event_id:
        said.append(
            BadInput(
                "The folder is named {folder}, the event inside {event_id}; the id inside counts",
                folder=folder,
                event_id=shakemap.event_id,
            ).reason()
        )
    if shakemap.time > head.modified + _CLOCKS_DIFFER:
        said.append(
            BadInput(
                "The quake's time, {time}, lies after the arrival of its map, {received}; check the time and its zone",
                time=record.utc(shakemap.time),
                received=record.utc(head.modified),
            ).reason()
        )
    return faas.arrival(event, head), said


def _entry(
    impact: dict[str, Any],
    where: keys.Run,
    written: bytes,
    exposure: analysis_data.AnalysisData,
    arrival: dict[str, Any],
    said: list[dict[str, Any]],
) -> dict[str, Any]:
    by_mmi, event = impact["people"]["by_mmi"], impact["event"]
    deaths = impact["fatalities"][impact["alert"]["model"]] if impact["fatalities"] else None
    known = impact["people"]["total"] is not None
    count = {"total": impact["people"]["total"]}
    for lowest in (6, 7, 8):
        count[f"mmi{lowest}_plus"] = sum(by_mmi[str(mmi)] for mmi in range(lowest, 11)) if known else None
    return catalog.entry(impact, where, written, exposure.demonstration, arrival, said) | {
        **{name: event[name] for name in ("time", "utc_offset_hours", "time_zone", "process_time", "magnitude")},
        **{name: event[name] for name in ("depth_km", "longitude", "latitude", "description")},
        "place": impact["places"]["landmark"],
        "clock_zone": printed.time_zone(impact, printed.finest(impact["zones"])),
        "max_mmi": impact["map"]["max_mmi"],
        "people_max_mmi": max((int(mmi) for mmi, people in by_mmi.items() if people >= 1), default=None)
        if known
        else None,
        "people": count,
        "alert": impact["alert"]["level"],
        "alert_probability": impact["alert"]["probability"],
        "fatalities": {name: deaths[name] for name in ("median", "p05", "p25", "p75", "p95")} if deaths else None,
    }
