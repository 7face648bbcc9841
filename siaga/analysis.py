"""An analysis: one input's content and the exposure in, impact.json and its products out.

The function on-<hazard> and the command `siaga analyse` both call it, so that figures made with a store
and without one are the same. It knows no store, no clock and no place of arrival.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import siaga
from siaga import keys
from siaga.errors import BadInput
from siaga.exposure import history, places
from siaga.exposure.analysis_data import AnalysisData
from siaga.gis import coast, contour, overlay, raster, shaken, surroundings
from siaga.hazard.ash import AshFall
from siaga.hazard.flood import FloodMap
from siaga.hazard.gridxml import read_shakemap
from siaga.hazard.shakemap import ShakeMap
from siaga.impact import earthquake, record, similar
from siaga.product import Product
from siaga.report import edition
from siaga.timing import Timing

_NO_PLACES: dict[str, Any] = {"landmark": None, "nearest": [], "most_shaken": []}


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one analysis found.

    run: where it belongs. hazard: the map that was read. impact: the record, its products listed.
    products: the files themselves, impact.json not among them.
    """

    run: keys.Run
    hazard: ShakeMap | FloodMap | AshFall
    impact: dict[str, Any]
    products: tuple[Product, ...]

    def to_bytes(self) -> bytes:
        """impact.json as it is stored."""
        return record.to_bytes(self.impact)


def of_earthquake(body: bytes, source_type: str, exposure: AnalysisData, cache: Path, timing: Timing) -> Analysis:
    """Analyse one grid.xml.

    source_type: initial or corrected. cache: a folder for what is prepared once.
    Raises BadInput when it is not a whole, sane ShakeMap.
    """
    shakemap = read_shakemap(body)
    timing.step("read")
    run = run_of("earthquake", shakemap.event_id, source_type, shakemap.number, body, exposure)
    impact = {
        "schema": record.SCHEMA,
        "hazard": run.hazard,
        "event_id": run.event_id,
        "version": str(run.version),
        "run": run.run,
        "source_type": source_type,
        "version_number": shakemap.number,
        "drill": bool(shakemap.drill_reason),
        "drill_reason": shakemap.drill_reason,
        "event": record.event(shakemap),
        "map": record.shaking(shakemap),
        "provenance": provenance(body, exposure),
    }
    impact |= _figures(shakemap, exposure, cache)
    impact["similar"] = _similar(impact, exposure.path("history"))
    timing.step("count")
    products = _products(shakemap, impact["zones"], body)
    impact["products"] = [product.record() for product in products]
    timing.step("products")
    return Analysis(run, shakemap, impact, tuple(products))


def run_of(hazard: str, event_id: str, source_type: str, number: int, body: bytes, exposure: AnalysisData) -> keys.Run:
    """The run of an input's content with this exposure and this software. number: the version that the file gives."""
    content = sha256(body).hexdigest()
    version = keys.Version(source_type, number, content[:8])
    made_of = (content, source_type, exposure.manifest_sha256, siaga.__version__, edition.templates_sha256())
    return keys.Run(hazard, event_id, version, sha256("\0".join(made_of).encode()).hexdigest()[:8])


def provenance(body: bytes, exposure: AnalysisData) -> dict[str, Any]:
    """impact.json's provenance: input, analysis data, software, each with its hash."""
    return {
        "input": {"sha256": sha256(body).hexdigest(), "size": len(body)},
        "analysis_data": {"manifest_sha256": exposure.manifest_sha256, "files": list(exposure.files)},
        "software": {
            "name": "siaga",
            "version": siaga.__version__,
            "templates_sha256": edition.templates_sha256(),
        },
    }


def _figures(shakemap: ShakeMap, exposure: AnalysisData, cache: Path) -> dict[str, Any]:
    population, towns = exposure.path("population"), exposure.path("places")
    found = (
        shaken.people(
            shakemap, population, exposure.path("zones"), cache, exposure.zone_fields, whole=exposure.installed
        )
        if population
        else shaken.Shaken(None, note=BadInput("No population data are installed").reason())
    )
    ground = exposure.path("basemap")
    shore = coast.of(ground, shakemap.longitude, shakemap.latitude) if ground else None
    installed = {role: exposure.path(role) for role in overlay.ROLES}
    layers = overlay.describe(shakemap, installed, exposure.path("zones"), exposure.zone_fields)
    return (
        earthquake.figures(found.by_mmi, shakemap.depth_km, shakemap.time.year)
        | layers
        | {
            "people": record.people(
                found.by_mmi, found.unmapped, found.outside_zones, found.note, found.nodata_cells, found.beyond_data
            ),
            "zones": [earthquake.zone_record(zone) for zone in found.zones],
            "places": surroundings.describe(shakemap, places.read(towns)) if towns else _NO_PLACES,
            "caveats": record.caveats(shakemap, found.by_mmi, shore),
            "warnings": [*record.warnings(shakemap, exposure.files), *found.warnings],
        }
    )


def _similar(impact: Mapping[str, Any], catalogue: Path | None) -> dict[str, Any]:
    past = history.read(catalogue or history.DEADLIEST)
    return similar.find(impact["event"], impact["people"]["by_mmi"], past, deadliest_alone=catalogue is None)


def _products(shakemap: ShakeMap, zones: Sequence[dict[str, Any]], body: bytes) -> list[Product]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hazard.tif"
        raster.write_hazard(path, shakemap.nodes, shakemap.mmi)
        hazard = path.read_bytes()
    lines, bands = (json.dumps(made(shakemap)).encode() for made in (contour.lines, contour.bands))
    return [
        Product("hazard.tif", "hazard", "image/tiff", hazard),
        Product("contours.geojson", "contours", "application/geo+json", lines),
        Product("bands.geojson", "bands", "application/geo+json", bands),
        Product("zones.csv", "zones", "text/csv", record.zones_csv(zones)),
        Product("grid.xml", "input", "application/xml", body),
    ]
