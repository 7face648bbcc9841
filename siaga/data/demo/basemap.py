"""What maps are drawn on: coast, lakes and borders, as fine as a map of 1:500,000 needs."""

from pathlib import Path

import numpy as np
import shapely

from siaga.data.demo.coast import Coast
from siaga.data.demo.provinces import CENSUS_OF
from siaga.data.demo.regencies import Regencies
from siaga.data.demo.territory import Territory
from siaga.foreign import Array
from siaga.gis import layers

FINE, COARSE, OVERVIEW = 0.0005, 0.003, 0.02  # degrees of simplification: at home, abroad, in the inset
LEAST, LEAST_ABROAD, LEAST_OVERVIEW = 2e-6, 2e-4, 8e-3  # square degrees; smaller islands are left out
ASHORE = 0.003  # degrees; the coast at which border lines end


def write(path: Path, coast: Coast, territory: Territory, regencies: Regencies) -> None:
    """One GeoPackage: land, lakes, country_lines, province_lines, regency_lines, land_overview."""
    at_home = np.zeros(len(coast.land), bool)
    at_home[shapely.STRtree(coast.land).query(territory.land, predicate="intersects")[1]] = True
    size = shapely.area(coast.land)
    land = np.concatenate(
        [
            shapely.simplify(coast.land[at_home & (size > LEAST)], FINE),
            shapely.simplify(coast.land[~at_home & (size > LEAST_ABROAD)], COARSE),
        ]
    )
    lakes = shapely.difference(coast.lakes, shapely.union_all(coast.lake_islands))
    layers.write(path, "land", "Polygon", _sound(land))
    layers.write(path, "lakes", "Polygon", _sound(shapely.simplify(lakes, FINE)))
    provinces, kabupaten = _borders(territory, regencies)
    ashore = shapely.union_all(shapely.simplify(coast.land[at_home & (size > LEAST_ABROAD)], ASHORE))
    layers.write(path, "country_lines", "LineString", _lines(_abroad(territory), ashore))
    layers.write(path, "province_lines", "LineString", _lines(provinces, ashore))
    layers.write(path, "regency_lines", "LineString", _lines(kabupaten, ashore))
    overview = shapely.simplify(coast.land[size > LEAST_OVERVIEW], OVERVIEW)
    layers.write(path, "land_overview", "Polygon", _sound(overview))


def _borders(territory: Territory, regencies: Regencies) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Lines between provinces of the census, lines between regencies of one province."""
    edges = shapely.boundary(territory.outlines)
    one, other = shapely.STRtree(edges).query(edges, predicate="intersects")
    first = one < other
    provinces = list(shapely.intersection(edges[one[first]], edges[other[first]]))
    kabupaten: list[shapely.Geometry] = []
    for (a, b), line in regencies.borders.items():
        (kabupaten if CENSUS_OF[a[:2]] == CENSUS_OF[b[:2]] else provinces).append(line)
    return shapely.union_all(provinces), shapely.union_all(kabupaten)


def _abroad(territory: Territory) -> shapely.Geometry:
    home = shapely.union_all(shapely.boundary(territory.outlines))
    return shapely.intersection(home, shapely.union_all(shapely.boundary(territory.neighbours)))


def _lines(lines: shapely.Geometry, ashore: shapely.Geometry) -> Array:
    """The parts of the lines on land, joined where two ends meet."""
    parts = shapely.get_parts(shapely.intersection(lines, ashore))
    parts = parts[shapely.get_dimensions(parts) == 1]
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapely.get_parts(parts))))
    long: Array = merged[shapely.length(merged) > 0]
    return long


def _sound(polygons: Array) -> Array:
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(polygons)))
    areas: Array = parts[shapely.get_dimensions(parts) == 2]
    return areas
