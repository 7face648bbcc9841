"""The ground of each province: Natural Earth's 33 polygons carried out to GSHHG's finer coast."""

from dataclasses import dataclass

import numpy as np
import shapely

from siaga.data.demo.islands import Islands
from siaga.data.demo.packages import WORLD_MAP
from siaga.data.demo.regencies import only_areas
from siaga.foreign import Array
from siaga.gis import layers

SHORE = 0.03  # degrees that a zone reaches into the sea, so that cells on the coast lie in it whole
REACH = 0.25  # degrees; land farther than this from every outline and listed island is not Indonesia's
STEP = 0.02  # degrees between the points of a border from which unclaimed ground is shared out
SIMPLE = 0.005  # degrees; the shore line of a zone may be this much simpler than the coast


@dataclass(frozen=True, slots=True)
class Territory:
    """names: of the 33 polygons. ground: what each province has, disjoint. outlines: as Natural Earth draws them.

    neighbours: the other countries' polygons within the region.
    """

    names: tuple[str, ...]
    land: Array
    outlines: Array
    neighbours: Array


def outlines() -> tuple[tuple[str, ...], Array]:
    """Names and polygons of the 33 provinces as Natural Earth draws them."""
    polygons, rows = layers.read(WORLD_MAP, "states_provinces", "adm0_a3 = 'IDN'")
    order = sorted(range(len(rows)), key=lambda number: rows[number]["name"])
    return tuple(rows[number]["name"] for number in order), polygons[order]


def read(land: Array, islands: Islands, region: tuple[float, float, float, float]) -> Territory:
    """Share out `land` (polygons of the coast within `region`) among the 33 provinces.

    A polygon's own ground is its own; ground outside every polygon goes to the nearest polygon, foreign
    ones included, or listed island, within SHORE of land. Everything else belongs to nobody.
    """
    names, polygons = outlines()
    countries, _ = layers.read(WORLD_MAP, "countries", "ISO_A3 <> 'IDN'")
    neighbours = shapely.clip_by_rect(shapely.make_valid(countries), *region)
    neighbours = neighbours[~shapely.is_empty(neighbours)]
    owners = np.array([names.index(polygon) for polygon in islands.polygons])
    nearest = _nearest_cells(polygons, neighbours, islands.points, owners, region)
    claimed = shapely.union_all(np.concatenate([polygons, neighbours]))
    shore = _shore(land, np.concatenate([polygons, shapely.points(islands.points)]))
    free = shapely.difference(shore, claimed)
    own = [
        only_areas(shapely.union(shapely.intersection(polygon, shore), shapely.intersection(cell, free)))
        for polygon, cell in zip(polygons, nearest, strict=True)
    ]
    return Territory(names, np.array(own), polygons, neighbours)


def _shore(land: Array, home: Array) -> shapely.Geometry:
    """Land within REACH of home and the strip of sea along it, with a simple outline."""
    near = land[np.unique(shapely.STRtree(land).query(home, predicate="dwithin", distance=REACH)[1])]
    near = shapely.clip_by_rect(near, *shapely.bounds(shapely.box(*shapely.total_bounds(home)).buffer(REACH)))
    outlined = shapely.buffer(shapely.simplify(near, SIMPLE), SHORE, quad_segs=2)
    return shapely.simplify(shapely.union_all(outlined), SIMPLE)


def _nearest_cells(
    polygons: Array,
    neighbours: Array,
    points: Array,
    owners: Array,
    region: tuple[float, float, float, float],
) -> list[shapely.Geometry]:
    """For each polygon, all that is nearer to its border or its own points than to any other's (Voronoi)."""
    borders = shapely.segmentize(shapely.boundary(np.concatenate([polygons, neighbours])), STEP)
    on_borders, border_owners = shapely.get_coordinates(borders, return_index=True)
    points, first = np.unique(np.concatenate([on_borders, points]).round(7), axis=0, return_index=True)
    cells = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=shapely.box(*region), ordered=True)
    parts, owner = shapely.get_parts(cells), np.concatenate([border_owners, owners])[first]
    return [shapely.coverage_union_all(parts[owner == number]) for number in range(len(polygons))]
