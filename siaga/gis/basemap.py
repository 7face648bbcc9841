"""The base map: land, lakes and borders within a rectangle, simplified to what can be seen."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import shapely

from siaga.errors import BadInput
from siaga.foreign import Array, Geometry
from siaga.gis import layers, sources, turns

LAYERS = ("land", "lakes", "country_lines", "province_lines", "regency_lines", "land_overview")
Rectangle = tuple[float, float, float, float]  # west, south, east, north in degrees


@dataclass(frozen=True, slots=True)
class BaseMap:
    """Geometries within a rectangle, EPSG:4326. land and lakes are one (multi)polygon each."""

    land: Geometry
    lakes: Geometry
    country_lines: Geometry
    province_lines: Geometry
    regency_lines: Geometry

    @property
    def coast(self) -> Geometry:
        """The edge of the land; empty on the open sea."""
        return shapely.LineString() if self.land.is_empty else shapely.boundary(self.land)


def check(path: Path) -> dict[str, int]:
    """How many features each layer of a base map has.

    Raises BadInput when it is no GeoPackage (installed as it is, another kind might point elsewhere) or when a
    layer is missing.
    """
    if sources.kind(path) != "GPKG" or not set(LAYERS) <= set(layers.names(path)):
        raise BadInput(
            "{file} is no base map: it must be a GeoPackage with the layers {layers}",
            file=path.name,
            layers=", ".join(LAYERS),
        )
    return {name: len(layers.read(path, name)[0]) for name in LAYERS}


def unknown(rectangle: Rectangle) -> BaseMap:
    """Without a base map, or beyond it, all is taken for land, so that no shaking is left undrawn."""
    nothing = shapely.MultiLineString()
    return BaseMap(shapely.box(*rectangle), shapely.MultiPolygon(), nothing, nothing, nothing)


@lru_cache(maxsize=8)
def within(path: Path, rectangle: Rectangle, pixel: float) -> BaseMap:
    """What the base map has there. pixel: degrees; finer detail is dropped. Kept for the next language's map.

    Beyond what it covers nothing is known of land and sea.
    """
    middle = (rectangle[0] + rectangle[2]) / 2, (rectangle[1] + rectangle[3]) / 2
    if not covers(path, (*middle, *middle)):
        return unknown(rectangle)
    land = shapely.union_all(_cut(path, "land", rectangle, pixel))
    names = ("country_lines", "province_lines", "regency_lines")
    lines = (shapely.union_all(_cut(path, name, rectangle, pixel)) for name in names)
    return BaseMap(land, shapely.union_all(_cut(path, "lakes", rectangle, pixel)), *lines)


def land_around(path: Path, rectangle: Rectangle) -> Array:
    """Every island that reaches into the rectangle, whole, as polygons, on the rectangle's side of 180°."""
    geometries, tree = _layer(path, "land")
    west, south, east, north = rectangle
    found = []
    for turn in turns.TURNS:
        box = shapely.box(west - turn, south, east - turn, north)
        found += [turns.moved(geometries[one], turn) for one in np.sort(tree.query(box, predicate="intersects"))]
    return np.array(found, dtype=object)


def covers(path: Path, rectangle: Rectangle) -> bool:
    """Whether the base map has land on all sides of a rectangle; beyond that it knows neither land nor sea."""
    geometries, _tree = _layer(path, "land")
    west, south, east, north = shapely.total_bounds(geometries)
    middle = (rectangle[0] + rectangle[2]) / 2
    turn = turns.near(middle, (west + east) / 2) - middle
    inside = west <= rectangle[0] + turn and rectangle[2] + turn <= east
    around = east - west > 180  # land on both sides of 180°
    return bool((around or inside) and south <= rectangle[1] and rectangle[3] <= north)


def overview(path: Path) -> Geometry:
    """All land of the region, coarse, for the inset."""
    return shapely.union_all(_layer(path, "land_overview")[0])


@lru_cache(maxsize=16)
def _layer(path: Path, name: str) -> tuple[Array, shapely.STRtree]:
    """Kept in the process: the base map is the same for every event until other data are installed."""
    geometries, _ = layers.read(path, name)
    return geometries, shapely.STRtree(geometries)


def _cut(path: Path, name: str, rectangle: Rectangle, pixel: float) -> list[Geometry]:
    """Pieces of a layer within a rectangle, which may reach beyond 180°: what lies there is a turn away."""
    geometries, tree = _layer(path, name)
    west, south, east, north = rectangle
    cut = []
    for turn in turns.TURNS:
        there = west - turn, south, east - turn, north
        for index in sorted(tree.query(shapely.box(*there))):
            part = shapely.clip_by_rect(geometries[index], *there)
            part = shapely.make_valid(shapely.simplify(part, pixel / 2))
            cut += [turns.moved(piece, turn) for piece in shapely.get_parts(part) if not piece.is_empty]
    return cut
