"""Reading GeoJSON: features, rings of polygons, and the coordinate system that an old file names.

Source of the format: RFC 7946 and its forerunner of 2008, which had the member "crs". Positions stand as
longitude and latitude, whatever the order of axes that EPSG gives a system.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput

Rings = list[NDArray[np.float64]]

_PARTS = re.compile(r"[:/#]+")
_LONGITUDE_FIRST = ("CRS84", "CRS84H", "WGS84", "WGS 84", "GCS_WGS_1984")
_LATITUDE_FIRST = ("4326", "4979")  # EPSG's codes of the same
_WITHOUT_GROUND = ("Point", "MultiPoint", "LineString", "MultiLineString")  # a repair leaves them beside a polygon
Ring = Sequence[Sequence[float]]  # positions, with or without heights
_DEEPEST = 8  # of collections within collections


class Shape(TypedDict):
    """A geometry as the format says it is; who reads one must expect any other."""

    type: str
    coordinates: Sequence[Ring] | Sequence[Sequence[Ring]]
    geometries: Sequence["Shape"]


def features(collection: Mapping[str, object]) -> Iterator[tuple[object, object]]:
    """Each feature's properties and geometry; None for both where it is no feature. Raises BadInput without a list."""
    listed = collection.get("features")
    if not isinstance(listed, list):
        raise BadInput("The FeatureCollection has no list of features")
    for feature in listed:
        yield (feature.get("properties"), feature.get("geometry")) if isinstance(feature, dict) else (None, None)


def latitude_first(collection: Mapping[str, object]) -> bool:
    """Whether the file names its system by a code that has latitude first, so that a writer may have done so.

    Raises BadInput naming the system when it is not longitude and latitude.
    """
    crs = collection.get("crs")
    if crs is None:
        return False
    name = _crs_name(crs)
    parts = [part for part in _PARTS.split(name.strip().upper()[:200]) if part]
    if parts and parts[-1] in _LONGITUDE_FIRST:
        return False
    if parts and parts[-1] in _LATITUDE_FIRST and {"EPSG", "EPSG.XML"} & set(parts[:-1]):
        return True
    raise BadInput(
        "The coordinates are in the system {name}; send longitude and latitude (EPSG:4326)", name=ascii(name)[1:-1][:80]
    )


def _crs_name(crs: object) -> str:
    if isinstance(crs, str):
        return crs
    kind, given = (crs.get("type"), crs.get("properties")) if isinstance(crs, dict) else (None, None)
    if not isinstance(given, dict):
        return str(crs)
    if isinstance(kind, str) and kind.upper() == "EPSG":
        return f"EPSG:{given.get('code')}"
    return str(given.get("name") or crs)


def polygons(geometry: Shape, most: int) -> list[Rings]:
    """The polygons of one geometry, each a list of rings (n, 2), the outer one first; heights are left out.

    most: points that it may have. Raises ValueError, TypeError, KeyError or IndexError when it is no polygon, or
    a collection in which there is none.
    """
    parts = list(_parts(geometry, 0))
    if not parts and geometry["type"] == "GeometryCollection":
        raise ValueError
    if sum(len(ring) for rings in parts for ring in rings) > most:
        raise ValueError
    return [[flat(ring) for ring in rings] for rings in parts]


def _parts(geometry: Shape, depth: int) -> Iterator[Sequence[Ring]]:
    if geometry["type"] == "GeometryCollection":
        if depth > _DEEPEST:
            raise ValueError
        for member in geometry["geometries"]:
            if member["type"] not in _WITHOUT_GROUND:
                yield from _parts(member, depth + 1)
    else:
        inside = geometry["coordinates"]
        by_type = {"Polygon": [inside], "MultiPolygon": inside}
        yield from cast(Sequence[Sequence[Ring]], by_type[geometry["type"]])


def flat(positions: Ring) -> NDArray[np.float64]:
    """Positions as (n, 2), with or without heights. Raises ValueError or TypeError."""
    try:
        points = np.array(positions, dtype=np.float64)
    except ValueError:  # some have a height
        points = np.array([position[:2] for position in positions], dtype=np.float64)
    if not points.size:
        return np.empty((0, 2))
    if points.ndim != 2 or points.shape[1] < 2:
        raise ValueError
    return points[:, :2]
