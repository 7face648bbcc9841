"""Areas of one version as GeoJSON features: classes of shaking or ash, flooded RWs, districts with their figures."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import shapely
import shapely.geometry

from siaga.catalog import Entry
from siaga.errors import NotFound
from siaga.exposure.codes import bps_codes, p_code
from siaga.product import PACKAGE
from web import geopackage
from web.feeds.area import AREAS, Bounds
from web.runs import Damaged, Runs

_CACHED, _BOUNDS_CACHED = 16, 1024  # layers, each of which may have some megabytes; bounds, which are small


@dataclass(frozen=True, slots=True)
class Layer:
    """features: GeoJSON, each with an id. bounds: of each, degrees, None where it has no shape."""

    features: tuple[dict[str, object], ...]
    bounds: tuple[Bounds | None, ...]

    def within(self, box: Bounds | None) -> list[dict[str, object]]:
        """Those whose bounds meet the box; all without one."""
        if box is None:
            return list(self.features)
        return [one for one, bounds in zip(self.features, self.bounds, strict=True) if bounds and meet(bounds, box)]


def areas(runs: Runs, entry: Entry) -> Layer:
    """MMI classes, flooded RWs or ash classes of a version. Raises NotFound, Damaged."""
    return _areas(runs, *runs.located(entry, AREAS[entry["hazard"]]))


def zones(runs: Runs, entry: Entry) -> Layer:
    """Zones of all levels of a quake with their figures, of its GeoPackage; NotFound while it has no report."""
    return _zones(runs, *runs.located(entry, PACKAGE))


def zones_bounds(runs: Runs, entry: Entry) -> Bounds | None:
    """Those of all these zones together; None where none has a shape, or the file is damaged or gone."""
    try:
        return _zones_bounds(runs, *runs.located(entry, PACKAGE))
    except (Damaged, NotFound):
        return None


@lru_cache(_CACHED)
def _areas(runs: Runs, key: str, sha256: str) -> Layer:
    features = json.loads(runs.whole(key, sha256))["features"]
    return _layer(
        (shapely.geometry.shape(one["geometry"]), one["properties"], one["properties"].get("geom_id"))
        for one in features
    )


@lru_cache(_CACHED)
def _zones(runs: Runs, key: str, sha256: str) -> Layer:
    rows = list(geopackage.rows(runs.whole(key, sha256), "zones"))
    numbers = bps_codes(values["code"] for _shape, values in rows)
    return _layer(
        (shape, values | {"bps_code": numbers.get(values["code"]), "p_code": p_code(numbers.get(values["code"]))}, None)
        for shape, values in rows
    )


@lru_cache(_BOUNDS_CACHED)
def _zones_bounds(runs: Runs, key: str, sha256: str) -> Bounds | None:
    found = [one for one in _zones(runs, key, sha256).bounds if one]
    if not found:
        return None
    wests, souths, easts, norths = zip(*found, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


def _layer(rows: Iterator[tuple[shapely.Geometry | None, dict[str, object], str | None]]) -> Layer:
    features, bounds = [], []
    for number, (shape, properties, name) in enumerate(rows, 1):
        known = shape is not None and not shape.is_empty
        geometry = json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-6))) if known else None
        made = {"type": "Feature", "id": name or str(number), "geometry": geometry, "properties": properties}
        features.append(made)
        bounds.append(shapely.bounds(shape).tolist() if known else None)
    return Layer(tuple(features), tuple(tuple(one) if one else None for one in bounds))


def meet(first: Bounds, second: Bounds) -> bool:
    """Whether two boxes have a point in common; the second may cross the date line, its west greater than its east."""
    if second[0] > second[2]:
        west, east = (*second[:2], 180.0, second[3]), (-180.0, second[1], *second[2:])
        return meet(first, west) or meet(first, east)
    return first[0] <= second[2] and second[0] <= first[2] and first[1] <= second[3] and second[1] <= first[3]
