"""The ground of a map: land, lakes and borders within a rectangle, simplified to what can be seen."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from siaga.errors import BadInput
from siaga.gis import layers, sources

LAYERS = ("land", "lakes", "country_lines", "province_lines", "regency_lines", "land_overview")
Rectangle = tuple[float, float, float, float]  # west, south, east, north in degrees


@dataclass(frozen=True, slots=True)
class Ground:
    """Geometries within a rectangle, EPSG:4326. land and lakes are one (multi)polygon each."""

    land: Any
    lakes: Any
    country_lines: Any
    province_lines: Any
    regency_lines: Any

    @property
    def coast(self) -> Any:
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


def unknown(rectangle: Rectangle) -> Ground:
    """Without a base map all is taken for land, so that no shaking is left undrawn."""
    nothing = shapely.MultiLineString()
    return Ground(shapely.box(*rectangle), shapely.MultiPolygon(), nothing, nothing, nothing)


@lru_cache(maxsize=8)
def within(path: Path, rectangle: Rectangle, pixel: float) -> Ground:
    """What the base map has there. pixel: degrees; finer detail is dropped. Kept for the next language's map."""
    land = shapely.union_all(_cut(path, "land", rectangle, pixel))
    names = ("country_lines", "province_lines", "regency_lines")
    lines = (shapely.union_all(_cut(path, name, rectangle, pixel)) for name in names)
    return Ground(land, shapely.union_all(_cut(path, "lakes", rectangle, pixel)), *lines)


def land_around(path: Path, rectangle: Rectangle) -> np.ndarray:
    """Every island that reaches into the rectangle, whole, as polygons."""
    geometries, tree = _layer(path, "land")
    return geometries[np.sort(tree.query(shapely.box(*rectangle), predicate="intersects"))]


def overview(path: Path) -> Any:
    """All land of the region, coarse, for the inset."""
    return shapely.union_all(_layer(path, "land_overview")[0])


@lru_cache(maxsize=16)
def _layer(path: Path, name: str) -> tuple[np.ndarray, shapely.STRtree]:
    """Kept in the process: the base map is the same for every event until other data are installed."""
    geometries, _ = layers.read(path, name)
    return geometries, shapely.STRtree(geometries)


def _cut(path: Path, name: str, rectangle: Rectangle, pixel: float) -> list[Any]:
    geometries, tree = _layer(path, name)
    cut = []
    for index in sorted(tree.query(shapely.box(*rectangle))):
        part = shapely.clip_by_rect(geometries[index], *rectangle)
        part = shapely.make_valid(shapely.simplify(part, pixel / 2))
        cut += [piece for piece in shapely.get_parts(part) if not piece.is_empty]
    return cut
