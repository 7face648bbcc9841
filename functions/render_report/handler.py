"""An analysis is finished: print it, in Indonesian and English, and add the report to the catalogue.

reads   results/<hazard>/*/impact.json analysis-data/* results/catalog/*
        earthquake: …/bands.geojson …/grid.xml; flood: …/flood.geojson floodmaps/*; ash: …/classes.geojson
writes  results/<hazard>/*/map-<language>.png …/report-<language>.html .pdf .png …/thumbnail-<language>.png
        results/<hazard>/*/share-<language>.png …/zones.xlsx, of an earthquake …/event.gpkg
        results/<hazard>/*/report.json (last: with it the report is there), results/catalog/*

A report says what changed since the version that ranks just below its own, a flood's since earlier hours, as
they are when it is made. It is not made again when one of them comes late: the page of the event always
compares what is there now. A flooded hour in which no state is 2 or more has no report.

Called at /preview it makes the report of a stored run with a layout that is not in force, answers with it and
writes nothing.
"""

import json
from dataclasses import dataclass, replace

from siaga import catalog, keys, moment, neighbours
from siaga.analysis.earthquake import ROLES, of_earthquake
from siaga.data import analysis_data
from siaga.data.analysis_data import AnalysisData
from siaga.events import Notification
from siaga.function import content, frame, preview_paper, rehearsal
from siaga.function.rehearsal import Rehearsal
from siaga.impact.stored import AshImpact, EarthquakeImpact, FloodImpact, Impact, event_time
from siaga.inputs import flood_changes, texts
from siaga.inputs.layout_previews import Wanted
from siaga.product import Product
from siaga.report import assembly, typesetters
from siaga.report.paper import HandOver
from siaga.store import Store
from siaga.timing import Timing


@dataclass(frozen=True, slots=True)
class Finished:
    """One analysis, and what its report is made with."""

    where: keys.Run
    context: frame.Context
    exposure: AnalysisData

    def beside(self, path: str) -> bytes:
        """Another product of the run."""
        return self.context.store.get(keys.RESULTS, self.where.key(path))[0]


def run(notification: Notification, context: frame.Context) -> frame.Outcome:
    """Make the report of one run."""
    timing = Timing()
    where = keys.Run.parse(notification.key)
    body, _head = content.read(context.store, notification)
    impact: Impact = json.loads(body)
    if not impact.get("reported", True):
        return frame.Outcome(str(where), where.event_id, [], timing.seconds)
    exposure = analysis_data.awaited(context.store, context.settings.cache, assembly.ROLES[impact["hazard"]])
    finished = Finished(where, context, exposure)
    timing.step("fetch")
    published = context.store.exists(keys.RESULTS, where.key(keys.REPORT))
    with content.publishing(context.store, where, at_once=not published) as hand_over:
        report = _made(finished, impact, hand_over)
        timing.step("render")
    context.store.put(keys.RESULTS, where.key(report.path), report.body, report.media_type)
    timing.step("upload")
    entry = keys.CatalogEntry.of(where, moment.parse(event_time(impact)))
    catalog.add_report(context.store, str(entry), where.run, catalog.report_of(where, report.body))
    timing.step("catalogue")
    analysis_data.thin(context.settings.cache, exposure)
    return frame.Outcome(str(where), where.event_id, [], timing.seconds)


def preview(body: bytes, context: frame.Context) -> dict[str, bytes]:
    """Page 1 and the paper of a run as a layout would have them, with the mark that says so."""
    wanted = Wanted.decode(body)
    impact: Impact = json.loads(context.store.get(keys.RESULTS, wanted.run.key(keys.IMPACT))[0])
    exposure = analysis_data.awaited(context.store, context.settings.cache, assembly.ROLES[impact["hazard"]])
    made = list[Product]()
    _made(Finished(wanted.run, context, exposure), texts.tried(impact, wanted.text), made.extend)
    analysis_data.thin(context.settings.cache, exposure)
    path = f"report-{wanted.text.place.language}.pdf"
    paper = preview_paper.marked(next(one.body for one in made if one.path == path), wanted.mark)
    return {"pdf": paper, "png": preview_paper.first_page(paper)}


def _made(one: Finished, impact: Impact, hand_over: HandOver) -> Product:
    """Hand over the products of the report; its record, which goes last."""
    if impact["hazard"] == "earthquake":
        return _earthquake(one, impact, hand_over)[1]
    return (_flood(one, impact, hand_over) if impact["hazard"] == "flood" else _ash(one, impact, hand_over))[1]


def _earthquake(one: Finished, impact: EarthquakeImpact, hand_over: HandOver) -> tuple[list[Product], Product]:
    return assembly.of_earthquake(
        impact,
        json.loads(one.beside("bands.geojson")),
        one.beside("grid.xml"),
        one.exposure,
        one.exposure.path("basemap"),
        one.context.settings.public_url,
        _below(one.context.store, impact),
        hand_over,
    )


def _flood(one: Finished, impact: FloodImpact, hand_over: HandOver) -> tuple[list[Product], Product]:
    return assembly.of_flood(
        impact,
        json.loads(one.beside("flood.geojson")),
        flood_changes.trends(one.context.store, impact),
        one.exposure,
        one.exposure.path("basemap"),
        one.context.settings.public_url,
        hand_over,
    )


def _ash(one: Finished, impact: AshImpact, hand_over: HandOver) -> tuple[list[Product], Product]:
    return assembly.of_ash(
        impact,
        json.loads(one.beside("classes.geojson")),
        one.exposure,
        one.exposure.path("basemap"),
        one.context.settings.public_url,
        hand_over,
    )


def _below(store: Store, impact: EarthquakeImpact) -> EarthquakeImpact | None:
    """impact.json of the version that ranks just below, whatever its event id; None for the lowest."""
    entry = neighbours.version_below(store, impact)
    if entry is None:
        return None
    below: EarthquakeImpact = json.loads(store.get(keys.RESULTS, entry["impact"]["key"])[0])
    return below


def _rehearse(context: frame.Context, exposure: AnalysisData, timing: Timing) -> None:
    """The report of an invented map whose people nobody has counted: reports use no population data."""
    uncounted = replace(exposure, roles=ROLES)
    found = of_earthquake(rehearsal.shakemap(exposure), "initial", uncounted, context.settings.cache, timing)
    made = {product.path: product.body for product in found.products}
    assembly.rehearse(found.impact, json.loads(made["bands.geojson"]), made["grid.xml"], exposure, timing)


typesetters.start()
handle = frame.with_preview(frame.on_object(run), preview)
warm = Rehearsal(assembly.ROLES["earthquake"], _rehearse)
