"""Ground of zones that a map covers but the population grid does not: there nothing is known of their people."""

from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.exposure.zones import ZoneFields
from siaga.gis import crs, turns
from siaga.gis.people import shares, zones
from siaga.gis.people.population import PopulationGrid
from siaga.hazard.shakemap import Nodes

_LONGEST_EDGE = 0.05  # degrees; an edge that is straight in degrees bends by centimetres in a projection
_LEAST = 1e-6  # of a zone's area: less lies beyond the grid by rounding alone


def cells(
    nodes: Nodes, grid: PopulationGrid, zones_file: Path, fields: ZoneFields, levels: tuple[shares.Level, ...]
) -> list[NDArray[np.float64]]:
    """Of each level the ground of each zone that lies under the map and beyond the grid, in cells of the grid.

    Zones are read again only where one of them reaches beyond the grid. Nothing where the grid's CRS does not
    reach the map's ends.
    """
    found = [np.zeros(len(level.zones)) for level in levels]
    size = grid.width * grid.height
    if not any(zone.area - zone.cells * size > _LEAST * zone.area for level in levels for zone in level.zones):
        return found
    land = _beyond(nodes, grid)
    if land is None or land.is_empty:
        return found
    read, _ = zones.read(zones_file, fields, grid.crs, near=nodes.edges, across=grid.across)
    for level, beyond in zip(levels, found, strict=True):
        index = {zone.code: number for number, zone in enumerate(level.zones)}
        for near in (one for one in read if one.level == level.name):
            area = shapely.area(shapely.intersection(near.polygons, land))
            for number, part in enumerate(np.bincount(near.zone, area, len(near.codes)).tolist()):
                beyond[index[near.codes[number]]] += part / size
    return found


def _beyond(nodes: Nodes, grid: PopulationGrid) -> shapely.Geometry | None:
    """The map in the grid's CRS, without the grid."""
    west, south, east, north = nodes.edges
    if grid.degrees:
        land = shapely.union_all([shapely.box(west + turn, south, east + turn, north) for turn in turns.TURNS])
    else:
        outline = shapely.segmentize(shapely.box(west, south, east, north), _LONGEST_EDGE)

        def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(crs.from_lonlat(points[:, 0], points[:, 1], grid.crs))

        try:
            land = shapely.make_valid(shapely.transform(outline, move))
        except RuntimeError:
            return None
    right, bottom = grid.west + grid.columns * grid.width, grid.north - grid.rows * grid.height
    return shapely.difference(land, shapely.box(grid.west, bottom, right, grid.north))
