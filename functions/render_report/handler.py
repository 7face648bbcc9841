"""An analysis is finished: print it, in Indonesian and English, and add the report to the catalogue.

reads   results/earthquake/*/impact.json results/earthquake/*/bands.geojson results/catalog/* analysis-data/*
writes  results/earthquake/*/map-<language>.png …/report-<language>.html .pdf .png …/thumbnail-<language>.png
        results/earthquake/*/report.json (last: with it the report is there), results/catalog/*

A report says what changed since the version that ranks just below its own when it is made. It is not made
again when a version in between comes late: the page of the event always compares what is there now.
"""

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from siaga import catalog, faas, keys, language
from siaga.events import ObjectEvent
from siaga.exposure import analysis_data, places
from siaga.gis import layers
from siaga.report import figures, printed, products
from siaga.store import Store
from siaga.timing import Timing

SCHEMA = "siaga/report/1"


def run(event: ObjectEvent, bench: faas.Workbench) -> faas.Outcome:
    """Make the report of one run."""
    timing = Timing()
    where = keys.Run.parse(event.key)
    body, _head = faas.content(bench, event)
    impact = json.loads(body)
    bands = json.loads(bench.store.get(keys.RESULTS, where.key("bands.geojson"))[0])
    exposure = analysis_data.open(bench.store, bench.settings.cache)
    below = _below(bench.store, impact)
    timing.step("fetch")
    towns, zones = exposure.path("places"), exposure.path("zones")
    made = products.render(
        impact,
        bands,
        exposure.path("basemap"),
        places.read(towns) if towns else None,
        _named(zones, impact) if zones else [],
        bench.settings.public_url,
        [language.load(code) for code in language.LANGUAGES],
        below,
    )
    timing.step("render")
    report = {
        "schema": SCHEMA,
        "run": str(where),
        "languages": list(language.LANGUAGES),
        "compared_with": {name: below[name] for name in ("event_id", "version", "run")} if below else None,
        "products": faas.publish(bench.store, where, made),
    }
    written = json.dumps(report, sort_keys=True, indent=1).encode()
    bench.store.put(keys.RESULTS, where.key(keys.REPORT), written, "application/json")
    timing.step("upload")
    time = figures.parse_utc(impact["event"]["time"])
    entry = keys.CatalogEntry.of(where, time)
    catalog.add_report(
        bench.store,
        str(entry),
        where.run,
        {
            "key": where.key(keys.REPORT),
            "sha256": sha256(written).hexdigest(),
            "languages": list(language.LANGUAGES),
            "thumbnail": f"thumbnail-{language.LANGUAGES[0]}.png",
        },
    )
    timing.step("catalogue")
    return faas.Outcome(str(where), where.event_id, [], timing.seconds)


handle = faas.on_object(run)


def _below(store: Store, impact: dict[str, Any]) -> dict[str, Any] | None:
    """impact.json of the version that ranks just below, whatever its event id; None for the lowest."""
    entry = catalog.version_below(store, impact)
    if entry is None:
        return None
    below: dict[str, Any] = json.loads(store.get(keys.RESULTS, entry["impact"]["key"])[0])
    return below


def _named(zones: Path, impact: dict[str, Any]) -> list[tuple[str, Any]]:
    """Names and outlines of the districts that the analysis found on the map."""
    outlines = _outlines(zones)
    found = ((zone["name"], outlines.get(zone["code"])) for zone in printed.finest(impact["zones"]))
    return [(name, outline) for name, outline in found if outline is not None]


@lru_cache(maxsize=2)
def _outlines(path: Path) -> dict[str, Any]:
    geometries, rows = layers.read(path)
    return {str(row["code"]): geometry for geometry, row in zip(geometries, rows, strict=True)}
