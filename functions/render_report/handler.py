"""An analysis is finished: print it, in Indonesian and English, and add the report to the catalogue.

reads   results/earthquake/*/impact.json …/bands.geojson …/grid.xml results/catalog/* analysis-data/*
writes  results/earthquake/*/map-<language>.png …/report-<language>.html .pdf .png …/thumbnail-<language>.png
        results/earthquake/*/share-<language>.png …/zones.xlsx …/event.gpkg
        results/earthquake/*/report.json (last: with it the report is there), results/catalog/*

A report says what changed since the version that ranks just below its own when it is made. It is not made
again when a version in between comes late: the page of the event always compares what is there now.
"""

import json
from hashlib import sha256
from typing import Any

from siaga import catalog, faas, keys, language
from siaga.events import ObjectEvent
from siaga.exposure import analysis_data
from siaga.report import assembly, figures
from siaga.store import Store
from siaga.timing import Timing


def run(event: ObjectEvent, bench: faas.Workbench) -> faas.Outcome:
    """Make the report of one run."""
    timing = Timing()
    where = keys.Run.parse(event.key)
    body, _head = faas.content(bench, event)
    impact = json.loads(body)
    bands = json.loads(bench.store.get(keys.RESULTS, where.key("bands.geojson"))[0])
    grid = bench.store.get(keys.RESULTS, where.key("grid.xml"))[0]
    exposure = analysis_data.open(bench.store, bench.settings.cache)
    below = _below(bench.store, impact)
    timing.step("fetch")
    made, report = assembly.of_earthquake(
        impact,
        bands,
        grid,
        exposure,
        exposure.path("basemap"),
        bench.settings.public_url,
        below,
        keys.download_name(where.event_id, str(where.version), assembly.PACKAGE),
    )
    timing.step("render")
    faas.publish(bench.store, where, made)
    bench.store.put(keys.RESULTS, where.key(report.path), report.body, report.media_type)
    timing.step("upload")
    time = figures.parse_utc(impact["event"]["time"])
    entry = keys.CatalogEntry.of(where, time)
    catalog.add_report(
        bench.store,
        str(entry),
        where.run,
        {
            "key": where.key(keys.REPORT),
            "sha256": sha256(report.body).hexdigest(),
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
