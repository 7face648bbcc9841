"""An analysis of one flood snapshot: PetaBencana's answer and the exposure in, impact.json and its products out."""

import json
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import numpy as np

from siaga import analysis
from siaga.analysis import Analysis, zones
from siaga.data.analysis_data import AnalysisData
from siaga.errors import BadInput, Reason, reason
from siaga.exposure import vocabulary
from siaga.gis.assets import flood as flood_assets
from siaga.gis.people import by_class as people_by_class
from siaga.gis.people import flood_ground
from siaga.gis.people.by_class import Classed, ClassedPolygons
from siaga.hazard.flood import FloodMap, read_flood
from siaga.impact import flood
from siaga.impact.flood import AreaExposure
from siaga.impact.stored.flood import FloodedRoads, FloodedStructures, FloodEstimates, FloodImpact
from siaga.keys import Snapshot
from siaga.moment import stamp
from siaga.product import Product
from siaga.timing import Timing

ROLES = ("population", "zones", "basemap", "structures", "roads")  # of the analysis data, those used
_SOURCE_TYPE = "initial"


def of_flood(body: bytes, snapshot: Snapshot | None, exposure: AnalysisData, timing: Timing) -> Analysis[FloodImpact]:
    """Analyse one answer.

    snapshot: the hour of the answer; None: the hour of the newest state in it.
    Raises BadInput when it is not a whole, sane answer, or tells no hour.
    """
    found = read_flood(body)
    timing.step("read")
    snapshot = snapshot or _hour(found)
    run = analysis.run_of("flood", str(snapshot), _SOURCE_TYPE, 1, body, exposure)
    classed, geom_ids = flood_ground.polygons(found)
    seen = _people(classed, exposure)
    impact: FloodImpact = {
        **analysis.head(run, body, exposure),
        **_estimates(found, seen, geom_ids, exposure),
        "hazard": "flood",
        "event": {
            "time": stamp(snapshot.hour),
            "region": snapshot.region,
            "last_updated": stamp(found.last_updated) if found.last_updated else None,
        },
        "map": flood.flooding(found),
        "reported": flood.is_reported(found),
        "warnings": [*found.warnings, *seen.warnings, *_nobody(found, seen)],
        "products": [],
    }
    timing.step("count")
    products = _products(found, impact, body, exposure, classed)
    made = Analysis.of(run, found, impact, products)
    timing.step("products")
    return made


def _hour(found: FloodMap) -> Snapshot:
    if found.last_updated is None:
        raise BadInput("The answer tells no time; name its hour with --snapshot, such as 2017022105-6-rw")
    return Snapshot.of(found.last_updated.astimezone(UTC))


def _people(classed: ClassedPolygons, exposure: AnalysisData) -> Classed:
    """People in the water."""
    population = exposure.path("population")
    if population is None:
        return Classed(None, note=reason("No population data are installed"))
    return people_by_class.people(
        classed,
        population,
        exposure.path("zones"),
        exposure.zone_fields,
        harmed_from=flood.AFFECTED_FROM - 1,
        basemap=exposure.path("basemap"),
    )


def _estimates(found: FloodMap, seen: Classed, geom_ids: Sequence[str], exposure: AnalysisData) -> FloodEstimates:
    by_area = _by_area(seen, geom_ids)
    return {
        **flood.SCALE.estimate(seen.by_class),
        "areas": flood.areas(found, by_area),
        "villages": flood.villages(found, by_area),
        "people": flood.SCALE.people(seen.by_class, seen),
        "zones": [flood.SCALE.zone(zone) for zone in seen.zones],
        "table": flood.SCALE.table(seen.table),
        "structures": _structures(found, exposure.path("structures"), exposure.installed),
        "roads": _roads(found, exposure.path("roads"), exposure.installed),
    }


def _by_area(seen: Classed, geom_ids: Sequence[str]) -> dict[str, AreaExposure] | None:
    """People by geom_id; an RW that is listed twice has all its parts. None when nothing is known of any."""
    if seen.by_polygon is None or seen.area is None or seen.counted is None:
        return None
    found: dict[str, AreaExposure] = {}
    for geom_id, by_class, area, counted in zip(geom_ids, seen.by_polygon, seen.area, seen.counted, strict=True):
        part = AreaExposure(np.nan_to_num(by_class), float(area), float(counted))
        found[geom_id] = found[geom_id] + part if geom_id in found else part
    return found


def _nobody(found: FloodMap, seen: Classed) -> list[Reason]:
    """Water of ten centimetres or more, and nobody there: explained, not left to wonder at."""
    if (
        not flood.is_reported(found)
        or seen.by_polygon is None
        or np.nansum(seen.by_polygon[:, flood.AFFECTED_FROM - 1 :])
    ):
        return []
    return [reason("By the population data nobody lives where it is flooded; the data may be too coarse")]


def _structures(found: FloodMap, path: Path | None, installed: bool) -> FloodedStructures | None:
    if path is None:
        return None
    counts = flood_assets.structures(found, path, installed=installed)
    return flood.structures_record(vocabulary.STRUCTURE_TYPES, counts, whole=not installed)


def _roads(found: FloodMap, path: Path | None, installed: bool) -> FloodedRoads | None:
    if path is None:
        return None
    km = flood_assets.roads(found, path, installed=installed)
    return flood.roads_record(vocabulary.ROAD_CLASSES, km, whole=not installed)


def _products(
    found: FloodMap, impact: FloodImpact, body: bytes, exposure: AnalysisData, classed: ClassedPolygons
) -> list[Product]:
    areas = json.dumps(flood.geojson(found), ensure_ascii=False).encode()
    return [
        Product("flood.geojson", "hazard", "application/geo+json", areas),
        *zones.products(impact, flood.SCALE, exposure, classed),
        Product("flood_data.json", "input", "application/json", body),
    ]
