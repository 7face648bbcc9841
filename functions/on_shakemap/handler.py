"""A ShakeMap has arrived: count who was shaken, and let the catalogue show it.

reads   shakemaps/*grid.xml shakemaps-corrected/*grid.xml shakemaps-bnpb/*grid.xml analysis-data/*
writes  results/earthquake/*/hazard.tif …/contours.geojson …/bands.geojson …/zones.csv …/grid.xml
        results/earthquake/*/impact.json (last: with it the analysis is there), results/catalog/*
"""

import json
import tempfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import siaga
from siaga import catalog, faas, keys
from siaga.errors import BadInput
from siaga.events import ObjectEvent
from siaga.exposure import analysis_data, places
from siaga.gis import contour, raster, shaken, surroundings
from siaga.hazard.gridxml import read_shakemap
from siaga.hazard.shakemap import ShakeMap
from siaga.impact import earthquake, record
from siaga.report import edition, printed
from siaga.store import Head
from siaga.timing import Timing

_NO_PLACES: dict[str, Any] = {"landmark": None, "nearest": [], "most_shaken": []}
_CLOCKS_DIFFER = timedelta(minutes=5)


def run(event: ObjectEvent, bench: faas.Workbench) -> faas.Outcome:
    """Analyse one ShakeMap."""
    timing = Timing()
    body, head = faas.content(bench, event)
    timing.step("fetch")
    shakemap = read_shakemap(body)
    timing.step("read")
    exposure = analysis_data.open(bench.store, bench.settings.cache)
    timing.step("exposure")
    source = keys.source_type(event.bucket)
    where = _run(body, shakemap, source, exposure)
    impact = {
        "schema": record.SCHEMA,
        "hazard": where.hazard,
        "event_id": where.event_id,
        "version": str(where.version),
        "run": where.run,
        "source_type": source,
        "version_number": shakemap.number,
        "drill": bool(shakemap.drill_reason),
        "drill_reason": shakemap.drill_reason,
        "event": record.event(shakemap),
        "map": record.shaking(shakemap),
        "provenance": _provenance(body, exposure),
    }
    impact |= _figures(shakemap, exposure, bench.settings.cache)
    timing.step("count")
    products = _products(shakemap, impact, body)
    timing.step("products")
    impact["products"] = faas.publish(bench.store, where, products)
    written = record.to_bytes(impact)
    bench.store.put(keys.RESULTS, where.key(keys.IMPACT), written, "application/json")
    timing.step("upload")
    arrival, said = _arrival(event, head, shakemap)
    entry = keys.CatalogEntry.of(where, shakemap.time)
    catalog.switch_to(bench.store, str(entry), _entry(impact, where, written, exposure, arrival, said))
    timing.step("catalogue")
    return faas.Outcome(str(where), where.event_id, [*impact["warnings"], *said], timing.seconds)


handle = faas.on_object(run)


def _run(body: bytes, shakemap: ShakeMap, source: str, exposure: analysis_data.AnalysisData) -> keys.Run:
    content = sha256(body).hexdigest()
    version = keys.Version(source, shakemap.number, content[:8])
    made_of = "\0".join((content, source, exposure.manifest_sha256, siaga.__version__, edition.templates_sha256()))
    return keys.Run("earthquake", shakemap.event_id, version, sha256(made_of.encode()).hexdigest()[:8])


def _provenance(body: bytes, exposure: analysis_data.AnalysisData) -> dict[str, Any]:
    return {
        "input": {"sha256": sha256(body).hexdigest(), "size": len(body)},
        "analysis_data": {"manifest_sha256": exposure.manifest_sha256, "files": list(exposure.files)},
        "software": {
            "name": "siaga",
            "version": siaga.__version__,
            "templates_sha256": edition.templates_sha256(),
        },
    }


def _figures(shakemap: ShakeMap, exposure: analysis_data.AnalysisData, cache: Path) -> dict[str, Any]:
    population, towns = exposure.path("population"), exposure.path("places")
    found = (
        shaken.people(shakemap, population, exposure.path("zones"), cache)
        if population
        else shaken.Shaken(None, None, None, (), ())
    )
    return earthquake.figures(found.by_mmi) | {
        "people": record.people(found.by_mmi, found.unmapped, found.outside_zones),
        "zones": [earthquake.zone_record(zone) for zone in found.zones],
        "places": surroundings.describe(shakemap, places.read(towns)) if towns else _NO_PLACES,
        "warnings": [*record.warnings(shakemap, exposure.files), *found.warnings],
    }


def _products(shakemap: ShakeMap, impact: dict[str, Any], body: bytes) -> list[faas.Product]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hazard.tif"
        raster.write_hazard(path, shakemap.nodes, shakemap.mmi)
        hazard = path.read_bytes()
    lines, bands = (json.dumps(made(shakemap)).encode() for made in (contour.lines, contour.bands))
    return [
        faas.Product("hazard.tif", "hazard", "image/tiff", hazard),
        faas.Product("contours.geojson", "contours", "application/geo+json", lines),
        faas.Product("bands.geojson", "bands", "application/geo+json", bands),
        faas.Product("zones.csv", "zones", "text/csv", record.zones_csv(impact["zones"])),
        faas.Product("grid.xml", "input", "application/xml", body),
    ]


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
    arrival = {
        "bucket": event.bucket,
        "key": event.key,
        "etag": head.etag,
        "version_id": head.version_id,
        "folder_id": folder,
        "received": record.utc(head.modified),
    }
    return arrival, said


def _entry(
    impact: dict[str, Any],
    where: keys.Run,
    written: bytes,
    exposure: analysis_data.AnalysisData,
    arrival: dict[str, Any],
    said: list[dict[str, Any]],
) -> dict[str, Any]:
    by_mmi, event = impact["people"]["by_mmi"], impact["event"]
    deaths = impact["fatalities"]["pager"] if impact["fatalities"] else None
    count = {"total": impact["people"]["total"]}
    for lowest in (6, 7, 8):
        count[f"mmi{lowest}_plus"] = sum(by_mmi[str(mmi)] for mmi in range(lowest, 11)) if by_mmi else None
    return {
        "schema": catalog.SCHEMA,
        **{name: impact[name] for name in ("hazard", "event_id", "version", "run", "source_type", "version_number")},
        **{name: event[name] for name in ("time", "utc_offset_hours", "time_zone", "process_time", "magnitude")},
        **{name: event[name] for name in ("depth_km", "longitude", "latitude", "description")},
        "place": impact["places"]["landmark"],
        "clock_zone": printed.time_zone(impact, printed.finest(impact["zones"])),
        "max_mmi": impact["map"]["max_mmi"],
        "people_max_mmi": max((int(mmi) for mmi, people in by_mmi.items() if people >= 1), default=None)
        if by_mmi
        else None,
        "people": count,
        "alert": impact["alert"]["level"],
        "alert_probability": impact["alert"]["probability"],
        "fatalities": {name: deaths[name] for name in ("median", "p05", "p25", "p75", "p95")} if deaths else None,
        "drill": impact["drill"],
        "demonstration": exposure.demonstration,
        "warnings": [*impact["warnings"], *said],
        "arrival": arrival,
        "impact": {"key": where.key(keys.IMPACT), "sha256": sha256(written).hexdigest()},
        "report": None,
    }
