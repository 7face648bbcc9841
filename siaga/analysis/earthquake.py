"""An analysis of one earthquake: a grid.xml and the exposure in, impact.json and its products out."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from siaga import analysis
from siaga.analysis import Analysis
from siaga.data.analysis_data import AnalysisData
from siaga.errors import reason
from siaga.exposure import history, places
from siaga.exposure.vocabulary import OVERLAYS
from siaga.gis import contour, raster
from siaga.gis.assets import earthquake as earthquake_assets
from siaga.gis.assets import surroundings
from siaga.gis.map import coast
from siaga.gis.people import by_mmi
from siaga.hazard.gridxml import read_shakemap
from siaga.hazard.shakemap import ShakeMap
from siaga.impact import earthquake, record, similar
from siaga.impact.stored.earthquake import EarthquakeEvent, EarthquakeImpact, PlacesRecord, SimilarRecord
from siaga.impact.stored.head import RunRecord
from siaga.product import Product
from siaga.timing import Timing

ROLES = ("population", "zones", "places", "basemap", "history", *OVERLAYS)  # of the analysis data, those used
_NO_PLACES: PlacesRecord = {"landmark": None, "nearest": [], "most_shaken": []}


def of_earthquake(
    body: bytes, source_type: str, exposure: AnalysisData, cache: Path, timing: Timing
) -> Analysis[EarthquakeImpact]:
    """Analyse one grid.xml.

    source_type: initial or corrected. cache: a folder for what is prepared once.
    Raises BadInput when it is not a whole, sane ShakeMap.
    """
    shakemap = read_shakemap(body)
    timing.step("read")
    run = analysis.run_of("earthquake", shakemap.event_id, source_type, shakemap.number, body, exposure)
    impact = _impact(shakemap, analysis.head(run, body, exposure, shakemap.drill_reason), exposure, cache)
    timing.step("count")
    products = _products(shakemap, impact, body)
    found = Analysis.of(run, shakemap, impact, products)
    timing.step("products")
    return found


def _impact(shakemap: ShakeMap, head: RunRecord, exposure: AnalysisData, cache: Path) -> EarthquakeImpact:
    """All but the list of its products."""
    population, towns, basemap = (exposure.path(role) for role in ("population", "places", "basemap"))
    found = (
        by_mmi.people(
            shakemap,
            population,
            exposure.path("zones"),
            cache,
            exposure.zone_fields,
            whole=exposure.installed,
            basemap=basemap,
        )
        if population
        else by_mmi.Shaken(None, note=reason("No population data are installed"))
    )
    shore = coast.of(basemap, shakemap.longitude, shakemap.latitude) if basemap else None
    installed = {role: exposure.path(role) for role in OVERLAYS}
    layers = earthquake_assets.describe(shakemap, installed, exposure.path("zones"), exposure.zone_fields)
    event, people = record.event(shakemap), record.people(found.by_mmi, found.unmapped, found)
    return {
        **head,
        **earthquake.estimate(found.by_mmi, shakemap.depth_km, shakemap.time.year),
        **layers,
        "hazard": "earthquake",
        "event": event,
        "map": record.shaking(shakemap),
        "people": people,
        "zones": [earthquake.zone_record(zone) for zone in found.zones],
        "table": earthquake.table_record(found.table),
        "places": surroundings.describe(shakemap, places.read(towns)) if towns else _NO_PLACES,
        "caveats": record.caveats(shakemap, found.by_mmi, shore),
        "similar": _similar(event, people["by_mmi"], exposure.path("history")),
        "warnings": [*record.warnings(shakemap, exposure.files), *found.warnings],
        "products": [],
    }


def _similar(event: EarthquakeEvent, by_mmi: Mapping[str, float | None], catalogue: Path | None) -> SimilarRecord:
    past = history.read(catalogue or history.DEADLIEST)
    return similar.find(event, by_mmi, past, deadliest_alone=catalogue is None)


def _products(shakemap: ShakeMap, impact: EarthquakeImpact, body: bytes) -> list[Product]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hazard.tif"
        raster.write_hazard(path, shakemap.nodes, shakemap.mmi)
        hazard = path.read_bytes()
    lines, bands = (json.dumps(made(shakemap)).encode() for made in (contour.lines, contour.bands))
    return [
        Product("hazard.tif", "hazard", "image/tiff", hazard),
        Product("contours.geojson", "contours", "application/geo+json", lines),
        Product("bands.geojson", "bands", "application/geo+json", bands),
        Product("zones.csv", "zones", "text/csv", record.zones_csv(impact["zones"], impact["table"])),
        Product("grid.xml", "input", "application/xml", body),
    ]
