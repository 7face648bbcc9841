"""Where a version's hazard is: bounds of its map, a simple outline of what is hit, codes of the districts in it."""

import json
from functools import lru_cache
from typing import TypedDict, cast

import shapely
import shapely.geometry

from siaga.catalog import Entry
from siaga.errors import NotFound
from siaga.exposure.codes import bps_codes
from siaga.impact.flood import AFFECTED_FROM
from siaga.impact.stored import Impact
from siaga.impact.stored.classed import ClassedZone
from siaga.impact.stored.earthquake import EarthquakeZone
from web.runs import Damaged, Runs

Bounds = tuple[float, float, float, float]

AREAS = {"earthquake": "bands.geojson", "flood": "flood.geojson", "ash": "classes.geojson"}  # by hazard, of a run
HIT_FROM = 6  # MMI: slight damage
_SIMPLER_DEG = 0.01  # about a kilometre; of an outline that is for telling a region, not for measuring
_DECIMALS, _EXACT = 4, 6  # of an outline; of bounds
_POINT_DEG = 0.05  # about 5 km, around a point where nothing is hit
_CACHED = 1024
MOST_CODES = 200


class _Feature(TypedDict):
    """A feature of AREAS. properties: among them mmi or class."""

    geometry: dict[str, object]
    properties: dict[str, str | int]


def bounds(runs: Runs, entry: Entry) -> Bounds | None:
    """West, south, east, north of the map in degrees, WGS84; None where all is dry.

    None also of a record that is damaged or gone: one event must not take the others out of a list.
    """
    try:
        return _bounds(runs, entry["impact"]["key"], entry["impact"]["sha256"])
    except (Damaged, NotFound):
        return None


def outline(runs: Runs, entry: Entry) -> tuple[tuple[float, float], ...]:
    """The convex hull of what is hit, as a closed ring of (longitude, latitude), counter-clockwise; empty where dry.

    Hit is MMI VI and above, else the strongest class on the map; RWs with water, else those told to be careful; all
    that lies under ash. Raises NotFound, Damaged.
    """
    return _outline(runs, entry["hazard"], *runs.located(entry, AREAS[entry["hazard"]]))


@lru_cache(_CACHED)
def _bounds(runs: Runs, key: str, sha256: str) -> Bounds | None:
    shown = runs.impact(key, sha256)["map"]
    west, south, east, north = shown["west"], shown["south"], shown["east"], shown["north"]
    if west is None or south is None or east is None or north is None:
        return None
    return round(west, _EXACT), round(south, _EXACT), round(east, _EXACT), round(north, _EXACT)


@lru_cache(_CACHED)
def _outline(runs: Runs, hazard: str, key: str, sha256: str) -> tuple[tuple[float, float], ...]:
    features: list[_Feature] = json.loads(runs.whole(key, sha256))["features"]
    shapes = [shapely.geometry.shape(one["geometry"]) for one in _hit(hazard, features)]
    if not shapes:
        return ()
    hull = shapely.convex_hull(shapely.union_all(shapes))
    if not isinstance(hull, shapely.Polygon):  # one point or a line
        hull = shapely.box(*shapely.buffer(hull, _POINT_DEG).bounds)
    simple = shapely.simplify(hull, _SIMPLER_DEG)
    ring = shapely.geometry.polygon.orient(simple if simple.area else hull).exterior.coords
    return tuple((round(x, _DECIMALS), round(y, _DECIMALS)) for x, y in ring)


def _hit(hazard: str, features: list[_Feature]) -> list[_Feature]:
    """Of the areas those that are hit; all of the highest class where none is."""
    if hazard == "ash" or not features:
        return features
    name, least = ("mmi", HIT_FROM) if hazard == "earthquake" else ("class", AFFECTED_FROM)
    highest = max(int(one["properties"][name]) for one in features)
    return [one for one in features if int(one["properties"][name]) >= min(least, highest)]


def district_codes(impact: Impact) -> list[str]:
    """Numbers of BPS of zones in which at least one person is hit; none where the installed zones have none."""
    numbers = bps_codes(zone["code"] for zone in impact["zones"])
    hit = (numbers.get(zone["code"]) for zone in impact["zones"] if _people_hit(zone) >= 1)
    return [number for number in hit if number][:MOST_CODES]


def _people_hit(zone: EarthquakeZone | ClassedZone) -> float:
    if "by_mmi" in zone:
        by_mmi = cast(EarthquakeZone, zone)["by_mmi"]
        return sum(people or 0.0 for mmi, people in by_mmi.items() if int(mmi) >= HIT_FROM)
    return zone["affected"] or 0.0
