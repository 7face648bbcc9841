"""An analysis of one ash fall: a raster, its request and the exposure in, impact.json and its products out."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType

from siaga import analysis
from siaga.analysis import Analysis, zones
from siaga.data.analysis_data import AnalysisData
from siaga.errors import BadInput, Reason, reason
from siaga.exposure import places
from siaga.exposure.vocabulary import OVERLAYS
from siaga.gis.assets import ash as ash_assets
from siaga.gis.people import ash_ground, by_class
from siaga.gis.people.by_class import Classed, ClassedPolygons
from siaga.hazard.ash import AshFall, Earlier, Eruption, read_request
from siaga.impact import ash
from siaga.impact.record import OLD_YEARS
from siaga.impact.stored.ash import AshEstimates, AshImpact, Cumulative
from siaga.impact.stored.head import InputFile
from siaga.product import Product
from siaga.timing import Timing

ROLES = ("population", "zones", "basemap", "places", "airports", *OVERLAYS)  # of the analysis data, those used
_SOURCE_TYPE = "initial"


def of_ash(
    rasters: Sequence[bytes],
    request: bytes | None,
    exposure: AnalysisData,
    timing: Timing,
    earlier: Mapping[str, Earlier] = MappingProxyType({}),
) -> Analysis[AshImpact]:
    """Analyse one ash fall, or the sum of several.

    rasters: GeoTIFFs of the ash, in cm or in the unit that they or the request name. request: request.json, None
    where nothing is known of the eruption.
    earlier: by event id the falls of the same eruption that lie below; one that cannot be read is
    left out with a warning. Raises BadInput when a raster or the request is not whole and sane.
    """
    eruption = None if request is None else read_request(request)
    once, twice = _once(rasters, eruption)
    rasters = list(once)
    fall = ash_ground.added(list(once.values()))
    timing.step("read")
    given = _inputs(rasters, request, earlier)
    content = json.dumps(given, sort_keys=True).encode()
    event_id = str(eruption.event_id) if eruption else f"ash-{sha256(content).hexdigest()[:12]}"
    run = analysis.run_of("ash", event_id, _SOURCE_TYPE, 1, content, exposure)
    head = analysis.head(run, content, exposure)
    head["provenance"]["input"]["files"] = given
    below, unread = _below(earlier)
    total = ash_ground.added([fall, *below.values()]) if below else None
    classed = ash_ground.polygons(fall)
    seen = _people(classed, exposure)
    impact: AshImpact = {
        **head,
        **_estimates(fall, classed, seen, exposure),
        "hazard": "ash",
        "event": ash.event(fall),
        "map": ash.deposit(fall),
        "cumulative": None if total is None else _cumulative(total, tuple(below), exposure),
        "warnings": [
            *(*fall.warnings, *seen.warnings, *_old(fall, exposure)),
            *(*twice, *unread, *_same_again(rasters, earlier)),
        ],
        "products": [],
    }
    timing.step("count")
    products = [
        Product("hazard.tif", "hazard", "image/tiff", ash_ground.write(fall)),
        Product("classes.geojson", "classes", "application/geo+json", ash_ground.geojson(fall)),
        *zones.products(impact, ash.SCALE, exposure, classed),
    ]
    if total is not None:
        products.append(Product("cumulative.tif", "hazard", "image/tiff", ash_ground.write(total)))
    if request is not None:
        products.append(Product("request.json", "input", "application/json", request))
    made = Analysis.of(run, fall, impact, products)
    timing.step("products")
    return made


def _inputs(rasters: Sequence[bytes], request: bytes | None, earlier: Mapping[str, Earlier]) -> list[InputFile]:
    """What went in: the request if there is one, the rasters, those of earlier falls by their ids."""
    bodies = ([("request", request)] if request is not None else []) + [("raster", body) for body in rasters]
    bodies += [(f"earlier {event_id}", earlier[event_id].raster) for event_id in sorted(earlier)]
    return [{"role": role, "sha256": sha256(body).hexdigest(), "size": len(body)} for role, body in bodies]


def _once(rasters: Sequence[bytes], eruption: Eruption | None) -> tuple[dict[bytes, AshFall], list[Reason]]:
    """Each fall once by its raster, in an order of their own, and a stored reason where one was given twice.

    One that another program wrote anew is the same one: what counts is the ash in it, not the file's bytes.
    """
    once: dict[str, tuple[bytes, AshFall]] = {}
    for body in sorted(rasters, key=lambda body: sha256(body).digest()):
        fall = ash_ground.read(body, eruption)
        once.setdefault(fall.sha256, (body, fall))
    said = reason("The same raster is given twice; it is counted once")
    return dict(once.values()), [said] if len(once) < len(rasters) else []


def _same_again(rasters: Sequence[bytes], earlier: Mapping[str, Earlier]) -> list[Reason]:
    """A stored reason for each earlier fall whose raster is this one's to the byte: it may be this fall."""
    return [
        reason(
            "The earlier fall {event_id} has the very same raster; if it is this fall, correct the time of one of them",
            event_id=event_id,
        )
        for event_id in sorted(earlier)
        if earlier[event_id].raster in rasters
    ]


def _below(earlier: Mapping[str, Earlier]) -> tuple[dict[str, AshFall], list[Reason]]:
    """Earlier falls that can be read, by event id, and a stored reason for each that cannot."""
    found, said = {}, []
    for event_id in sorted(earlier):
        try:
            found[event_id] = ash_ground.read(*earlier[event_id])
        except BadInput as error:
            said.append(
                reason(
                    "The earlier fall {event_id} is left out of the sum: {detail}", event_id=event_id, detail=str(error)
                )
            )
    return found, said


def _cumulative(total: AshFall, events: Sequence[str], exposure: AnalysisData) -> Cumulative:
    """People under the ash of this fall and the earlier ones together."""
    seen = _people(ash_ground.polygons(total), exposure)
    estimate = ash.SCALE.estimate(seen.by_class)
    return {
        "events": list(events),
        "max_cm": total.max_cm,
        "people": ash.SCALE.people(seen.by_class, seen),
        "affected": estimate["affected"],
        "displaced": estimate["displaced"],
    }


def _people(classed: ClassedPolygons, exposure: AnalysisData) -> Classed:
    population = exposure.path("population")
    if population is None:
        return Classed(None, note=reason("No population data are installed"))
    basemap = exposure.path("basemap")
    return by_class.people(classed, population, exposure.path("zones"), exposure.zone_fields, basemap=basemap)


def _estimates(fall: AshFall, classed: ClassedPolygons, seen: Classed, exposure: AnalysisData) -> AshEstimates:
    towns, airports = exposure.path("places"), exposure.path("airports")
    found = ash_assets.describe(fall, classed, {role: exposure.path(role) for role in OVERLAYS})
    for role, path in (("places", towns), ("airports", airports)):
        if path is None:
            found["layers_missing"].append(ash.not_installed(role))
    return {
        **found,
        **ash.SCALE.estimate(seen.by_class),
        "people": ash.SCALE.people(seen.by_class, seen),
        "zones": [ash.SCALE.zone(zone) for zone in seen.zones],
        "table": ash.SCALE.table(seen.table),
        "places": ash_assets.towns(fall, places.read(towns)) if towns else None,
        "airports": ash_assets.airports(fall, places.read_airports(airports)) if airports else None,
    }


def _old(fall: AshFall, exposure: AnalysisData) -> list[Reason]:
    """Population data that were old when the volcano erupted."""
    return [
        reason(
            "The population data are of {year}, more than {years} years before the eruption",
            year=source["year"],
            years=OLD_YEARS,
        )
        for source in exposure.files
        if source["role"] == "population"
        and source["year"]
        and fall.eruption
        and fall.eruption.time.year - source["year"] > OLD_YEARS
    ]
