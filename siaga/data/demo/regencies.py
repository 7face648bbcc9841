"""Approximate kabupaten and kota: the ground of a province shared out among their towns."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from siaga.data.demo.gazetteer import Town
from siaga.data.demo.islands import Islands
from siaga.data.demo.provinces import POLYGON_OF


@dataclass(frozen=True, slots=True)
class Regencies:
    """ground: code -> multipolygon. borders: (code, code) -> the line between the two, in the same polygon."""

    land: dict[str, shapely.Geometry]
    borders: dict[tuple[str, str], shapely.Geometry]


def share_out(territory: Mapping[str, shapely.Geometry], towns: Sequence[Town], islands: Islands) -> Regencies:
    """All ground of a province's polygon goes to the regency of the nearest town or island that names one.

    territory: polygon name -> ground. Together the regencies are the territory; no two overlap.
    """
    seeds: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for town in towns:
        if town.regency:
            seeds[POLYGON_OF[town.regency[:2]]].append((town.longitude, town.latitude, town.regency))
    for (longitude, latitude), regency, polygon in zip(
        islands.points, islands.regencies, islands.polygons, strict=True
    ):
        seeds[polygon].append((longitude, latitude, regency))
    land, borders = {}, {}
    for polygon, zone in sorted(territory.items()):
        cells = _cells(zone, seeds[polygon])
        for code, cell in cells.items():
            areas = only_areas(shapely.intersection(cell, zone))
            if not shapely.is_empty(areas):
                land[code] = areas
        for pair, line in _lines(cells).items():
            borders[pair] = shapely.intersection(line, zone)
    return Regencies(land, borders)


def only_areas(geometry: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a geometry as one multipolygon, without the stray lines and points of an intersection."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.multipolygons(parts[shapely.get_dimensions(parts) == 2])


def _cells(zone: shapely.Geometry, seeds: Sequence[tuple[float, float, str]]) -> dict[str, shapely.Geometry]:
    """Regency -> all that is nearer to one of its seeds than to any other's (Voronoi), not yet cut to the zone."""
    points = np.array([seed[:2] for seed in seeds]).round(5)
    points, first = np.unique(points, axis=0, return_index=True)
    codes = np.array([seed[2] for seed in seeds])[first]
    extent = shapely.box(*shapely.bounds(zone)).buffer(1)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=extent, ordered=True))
    return {str(code): shapely.coverage_union_all(cells[codes == code]) for code in sorted(set(codes))}


def _lines(cells: Mapping[str, shapely.Geometry]) -> dict[tuple[str, str], shapely.Geometry]:
    codes, shapes = list(cells), np.array(list(cells.values()))
    one, other = shapely.STRtree(shapes).query(shapes, predicate="touches")
    lines = {}
    for a, b in sorted(zip(one.tolist(), other.tolist(), strict=True)):
        if a < b:
            line = shapely.intersection(shapely.boundary(shapes[a]), shapely.boundary(shapes[b]))
            if shapely.length(line) > 0:
                lines[codes[a], codes[b]] = line
    return lines
