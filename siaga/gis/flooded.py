"""A flood laid upon the population grid: who lives in which depth class, zone by zone, by exact area.

Where neighbourhoods overlap, the higher state holds. A cell that the edge of a neighbourhood or of a zone
cuts is divided by exact area, its people being spread evenly over it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.errors import BadInput
from siaga.exposure.zones import INSTALLED, ZoneFields
from siaga.gis import coverage, crs, zonal, zones
from siaga.gis.coverage import Cover
from siaga.gis.population import PopulationGrid, Strip, Window
from siaga.hazard.flood import FloodMap
from siaga.impact.flood import AFFECTED_FROM, CLASSES, ZoneExposure

Polygons = NDArray[Any]

_COUNT = len(CLASSES)


@dataclass(frozen=True, slots=True)
class Flooded:
    """Persons by class "1" to "4", float64, unrounded.

    by_class: under water and inside a zone (of the finest level; without zones all under water); None when
    nothing is known there, and note says why.
    outside_zones: people under water in no zone; None without zones.
    nodata_cells: cells that the water touches for which the data give no count. beyond_data: the share of
    the flooded ground, 0 to 1, that lies off the population grid.
    zones: those with ground under water, every level.
    """

    by_class: NDArray[np.float64] | None
    outside_zones: float | None = None
    zones: tuple[ZoneExposure, ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()
    nodata_cells: int | None = None
    beyond_data: float | None = None
    note: dict[str, Any] | None = None


def shapes(flood: FloodMap) -> tuple[Polygons, NDArray[np.int64]]:
    """Valid polygons in longitude and latitude, highest state first, and the state of each; they may overlap."""
    areas = sorted(flood.areas, key=lambda area: -area.state)
    polygons = np.array(
        [shapely.MultiPolygon([(rings[0], rings[1:]) for rings in area.polygons]) for area in areas], dtype=object
    )
    polygons, states = zones.mended(polygons), np.array([area.state for area in areas], dtype=np.int64)
    ground = shapely.area(polygons) > 0  # three corners in a line enclose nothing
    return polygons[ground], states[ground]


def people(
    flood: FloodMap, population: Path, zones_file: Path | None = None, fields: ZoneFields = INSTALLED
) -> Flooded:
    """Count who lives under water.

    Raises BadInput with a sentence when the population or the zones cannot be used.
    """
    grid = PopulationGrid.open(population)
    warnings = list(grid.warnings)
    polygons, states = shapes(flood)
    if not len(polygons):
        return Flooded(np.zeros(_COUNT), None if zones_file is None else 0.0, warnings=tuple(warnings))
    polygons = zones.disjoint(_moved(polygons, grid, population))
    window = _window(grid, shapely.total_bounds(polygons))
    if window is None:
        return Flooded(None, warnings=tuple(warnings), note=_outside(), beyond_data=1.0)
    grid = grid.cropped(window)
    levels: list[zones.ZoneLevel] = []
    if zones_file is not None:
        levels, said = zones.read(zones_file, fields, grid.crs, near=flood.bounds)
        warnings += said
    in_cells = shapely.transform(
        polygons, lambda points: (points - (grid.west, grid.north)) / (grid.width, -grid.height)
    )
    parts = [_Parts.of(grid, in_cells, states - 1, np.zeros(len(states), dtype=np.int64))]
    parts += [_in_zones(grid, level, polygons, states - 1) for level in levels]
    count = _counted(grid, parts)
    beyond = max(0.0, 1 - count.cells / float(shapely.area(in_cells).sum()))
    warnings += _said(count, beyond, bool((states >= AFFECTED_FROM).any()))
    seen: dict[str, Any] = {"warnings": tuple(warnings), "nodata_cells": count.nodata, "beyond_data": beyond}
    if not count.known:
        return Flooded(None, note=_outside(), **seen)
    under_water = count.people[0][0]
    if zones_file is None:
        return Flooded(under_water, **seen)
    wet = [
        [
            ZoneExposure(level.codes[zone], level.names[zone], level.level, level.parents[zone], table[zone])
            for zone in np.unique(part.zone).tolist()
        ]
        for level, part, table in zip(levels, parts[1:], count.people[1:], strict=True)
    ]
    finest = wet[min(range(len(levels)), key=lambda number: _size(levels[number]))] if levels else []
    if not finest:
        note = BadInput("No zone lies under water; how many people of the zones are there is not known").reason()
        return Flooded(None, note=note, **seen)
    by_class = np.sum([zone.by_class for zone in finest], axis=0)
    rest = float(under_water.sum() - by_class.sum())
    return Flooded(
        by_class,
        outside_zones=rest if rest > 1e-9 * under_water.sum() else 0.0,  # below that only rounding is left
        zones=tuple(zone for level in wet for zone in level),
        **seen,
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """Ground under water, in parts of one zone and one class each.

    cover: of the grid's cells, parts as owners. zone, depth: of each part, an index into the zones (0 where
    there are none) and one into CLASSES.
    """

    cover: Cover
    zone: NDArray[np.int64]
    depth: NDArray[np.int64]

    @classmethod
    def of(
        cls, grid: PopulationGrid, in_cells: Polygons, depth: NDArray[np.int64], zone: NDArray[np.int64]
    ) -> "_Parts":
        """Polygons in units of cells that do not overlap, and the class and zone of each."""
        numbers, owner = np.unique(zone * _COUNT + depth, return_inverse=True)
        cover = zonal.within_one(coverage.of(in_cells, owner, grid.rows, grid.columns), grid.columns)
        return cls(cover, *np.divmod(numbers, _COUNT))

    def entries(self, strip: Strip) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
        """Each cell of a strip (counted within it) that has water, the part, and its share of the cell."""
        cover, rows, columns = self.cover, strip.window.rows, strip.window.shape[1]
        some = slice(*np.searchsorted(cover.span_row, (rows.start, rows.stop)))
        begin = (cover.span_row[some].astype(np.int64) - rows.start) * columns + cover.span_start[some]
        length = cover.span_stop[some] - cover.span_start[some]
        within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        whole, owner = np.repeat(begin, length) + within, np.repeat(cover.span_owner[some], length)
        cut = slice(*np.searchsorted(cover.cell, (rows.start * columns, rows.stop * columns)))
        return (
            np.concatenate((whole, cover.cell[cut] - rows.start * columns)),
            np.concatenate((owner, cover.owner[cut])),
            np.concatenate((np.ones(len(whole)), cover.share[cut])),
        )


@dataclass(slots=True)
class _Count:
    """people: (zones, classes) for each set of parts. cells: under water; known, nodata: touched by it."""

    people: list[NDArray[np.float64]]
    cells: float = 0.0
    known: int = 0
    nodata: int = 0
    negative: int = 0


def _counted(grid: PopulationGrid, parts: Sequence[_Parts]) -> _Count:
    """The first set of parts covers all ground under water."""
    count = _Count([np.zeros((int(part.zone.max(initial=0)) + 1, _COUNT)) for part in parts])
    for strip in grid.strips(grid.whole):
        for number, (part, table) in enumerate(zip(parts, count.people, strict=True)):
            cell, owner, share = part.entries(strip)
            found = np.bincount(owner, weights=strip.people.ravel()[cell] * share, minlength=len(part.zone))
            table[part.zone, part.depth] += found
            if number == 0:
                touched = np.unique(cell)
                unknown = 0 if strip.unknown is None else int(np.count_nonzero(strip.unknown.ravel()[touched]))
                count.cells += float(share.sum())
                count.nodata += unknown
                count.known += len(touched) - unknown
        count.negative += strip.negative
    return count


def _moved(polygons: Polygons, grid: PopulationGrid, population: Path) -> Polygons:
    """Longitude and latitude to the grid's CRS."""
    if grid.degrees:
        return polygons

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(crs.from_lonlat(points[:, 0], points[:, 1], grid.crs))

    try:
        return zones.mended(shapely.transform(polygons, move))
    except RuntimeError as error:
        raise BadInput(
            "{file}: the flood cannot be brought to the coordinate system of the population grid", file=population.name
        ) from error


def _window(grid: PopulationGrid, bounds: Sequence[float]) -> Window | None:
    west, south, east, north = bounds
    left = max(0, math.floor((west - grid.west) / grid.width))
    right = min(grid.columns, math.ceil((east - grid.west) / grid.width))
    top = max(0, math.floor((grid.north - north) / grid.height))
    bottom = min(grid.rows, math.ceil((grid.north - south) / grid.height))
    return Window(slice(top, bottom), slice(left, right)) if top < bottom and left < right else None


def _in_zones(grid: PopulationGrid, level: zones.ZoneLevel, polygons: Polygons, depth: NDArray[np.int64]) -> _Parts:
    of_flood, of_zone = shapely.STRtree(level.polygons).query(polygons, predicate="intersects")
    pieces = shapely.intersection(level.polygons[of_zone], polygons[of_flood])
    wet = shapely.area(pieces) > 0  # neighbours meet in a line
    in_cells = shapely.transform(
        zones.mended(pieces[wet]), lambda points: (points - (grid.west, grid.north)) / (grid.width, -grid.height)
    )
    return _Parts.of(grid, in_cells, depth[of_flood][wet], level.zone[of_zone][wet])


def _size(level: zones.ZoneLevel) -> float:
    """The mean area of its zones; the level with the smallest is the finest."""
    return float(shapely.area(level.polygons).sum()) / len(level.codes)


def _said(count: _Count, beyond: float, flooded: bool) -> list[dict[str, Any]]:
    said = []
    if count.negative:
        said.append(BadInput("The population data have negative counts; they are taken as unknown").reason())
    if beyond >= 0.005:
        said.append(
            BadInput(
                "{percent} % of the flooded ground lies beyond the population data; how many people are there is "
                "not known",
                percent=round(beyond * 100),
            ).reason()
        )
    if flooded and count.known and not count.people[0][0, AFFECTED_FROM - 1 :].any():
        said.append(
            BadInput("By the population data nobody lives where it is flooded; the data may be too coarse").reason()
        )
    return said


def _outside() -> dict[str, Any]:
    return BadInput(
        "The flood lies wholly outside the population data; how many people are there is not known"
    ).reason()
