"""The ground of each province: Natural Earth's 33 polygons carried out to GSHHG's finer coast."""

from dataclasses import dataclass

import numpy as np
import shapely

from siaga.exposure.demo.packages import WORLD_MAP
from siaga.exposure.demo.regencies import only_areas
from siaga.gis import layers

SHORE = 0.03  # degrees that a zone reaches into the sea, so that cells on the coast lie in it whole
STEP = 0.02  # degrees between the points of a border from which unclaimed ground is shared out
SIMPLE = 0.005  # degrees; the shore line of a zone may be this much simpler than the coast


@dataclass(frozen=True, slots=True)
class Territory:
    """names: of the 33 polygons. ground: what each province has, disjoint. outlines: as Natural Earth draws them.

    neighbours: the other countries' polygons within the region.
    """

    names: tuple[str, ...]
    ground: np.ndarray
    outlines: np.ndarray
    neighbours: np.ndarray


def read(land: np.ndarray, region: tuple[float, float, float, float]) -> Territory:
    """Share out `land` (polygons of the coast within `region`) among the 33 provinces.

    A polygon's own ground is its own; ground outside every polygon goes to the nearest one, foreign
    ones included, within SHORE of land. Everything else belongs to nobody.
    """
    polygons, rows = layers.read(WORLD_MAP, "states_provinces", "adm0_a3 = 'IDN'")
    names = [row["name"] for row in rows]
    polygons = polygons[np.argsort(names)]
    countries, _ = layers.read(WORLD_MAP, "countries", "ISO_A3 <> 'IDN'")
    neighbours = shapely.clip_by_rect(shapely.make_valid(countries), *region)
    neighbours = neighbours[~shapely.is_empty(neighbours)]
    nearest = _nearest_ground(polygons, neighbours, region)
    claimed = shapely.union_all(np.concatenate([polygons, neighbours]))
    shore = _shore(land, polygons)
    free = shapely.difference(shore, claimed)
    own = [
        only_areas(shapely.union(shapely.intersection(polygon, shore), shapely.intersection(ground, free)))
        for polygon, ground in zip(polygons, nearest, strict=True)
    ]
    return Territory(tuple(sorted(names)), np.array(own), polygons, neighbours)


def _shore(land: np.ndarray, polygons: np.ndarray) -> shapely.Geometry:
    """Land and the strip of sea along it, with a simple outline; land far from Indonesia is left out."""
    west, south, east, north = shapely.total_bounds(polygons)
    near = land[shapely.intersects(land, shapely.box(west - 0.5, south - 0.5, east + 0.5, north + 0.5))]
    near = shapely.clip_by_rect(near, west - 0.5, south - 0.5, east + 0.5, north + 0.5)
    outlined = shapely.buffer(shapely.simplify(near, SIMPLE), SHORE, quad_segs=2)
    return shapely.simplify(shapely.union_all(outlined), SIMPLE)


def _nearest_ground(
    polygons: np.ndarray, neighbours: np.ndarray, region: tuple[float, float, float, float]
) -> list[shapely.Geometry]:
    """For each polygon, everything that is nearer to its border than to any other's (Voronoi of border points)."""
    borders = shapely.segmentize(shapely.boundary(np.concatenate([polygons, neighbours])), STEP)
    points, owners = shapely.get_coordinates(borders, return_index=True)
    points, first = np.unique(points.round(7), axis=0, return_index=True)
    cells = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=shapely.box(*region), ordered=True)
    parts, owner = shapely.get_parts(cells), owners[first]
    return [shapely.coverage_union_all(parts[owner == number]) for number in range(len(polygons))]
