"""Outlines of zones for maps: by code, longitude and latitude, in one piece with what is drawn beside them."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import shapely

from siaga.exposure.zones import ZoneFields
from siaga.foreign import Array, Geometry
from siaga.gis import crs, turns
from siaga.gis.people import zones
from siaga.impact.stored.classed import ClassedZone

Box = tuple[float, float, float, float]  # west, south, east, north

_DECIMALS = 6  # of a degree: a tenth of a metre
_STEPS = 10_000  # of the longer side of the drawn ground: finer than any screen shows all of it


@lru_cache(maxsize=2)
def whole(path: Path, fields: ZoneFields) -> dict[str, Geometry]:
    """Those of all zones of a file."""
    return _by_code(zones.outlines(path, fields, crs.wgs84().ExportToWkt()))


def beside(outlines: Array, middle: float) -> list[Geometry]:
    """The same on that longitude's side of 180°."""
    return [multi(one) for one in turns.onto(outlines, middle - 180, middle + 180)]


def geojson(counted: Sequence[ClassedZone], path: Path, fields: ZoneFields, box: Box) -> bytes:
    """Zones with their figures as a FeatureCollection, outlines as fine as a map of that box can show.

    counted: the zones of a result; those of which the file has no outline are left out. box: around what lies on them.
    """
    outlines = _by_code(zones.outlines(path, fields, crs.wgs84().ExportToWkt(), box))
    drawn = [zone for zone in counted if zone["code"] in outlines]
    west, south, east, north = box
    shapes = np.array([outlines[zone["code"]] for zone in drawn], dtype=object)
    coarse = shapely.simplify(shapes, max(east - west, north - south) / _STEPS)
    features = [
        {"type": "Feature", "properties": zone, "geometry": json.loads(shapely.to_geojson(shape))}
        for zone, shape in zip(drawn, beside(coarse, (west + east) / 2), strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def multi(shape: Geometry) -> Geometry:
    """A multipolygon with coordinates to a tenth of a metre, as which it is stored in half the room."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.transform(shapely.MultiPolygon(parts), lambda points: np.round(points, _DECIMALS))


def _by_code(pairs: Iterable[tuple[str, Geometry]]) -> dict[str, Geometry]:
    by_code: dict[str, list[Geometry]] = {}
    for code, polygon in pairs:
        by_code.setdefault(code, []).append(polygon)
    return {code: shapely.union_all(parts) if len(parts) > 1 else parts[0] for code, parts in by_code.items()}
