"""Ground in classes laid upon the population grid: who lives in which class, zone by zone, by exact area.

For hazards that come as areas of a class each (depth of water, thickness of ash). A cell that the border
of a class or of a zone cuts is divided by exact area, its people being spread evenly over it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.errors import BadInput
from siaga.exposure.zones import INSTALLED, ZoneFields
from siaga.gis import coverage, crs, turns, zonal, zones
from siaga.gis.coverage import Cover
from siaga.gis.population import PopulationGrid, Strip
from siaga.impact.classed import ZoneExposure

Polygons = NDArray[Any]

_LONGEST_EDGE = 0.05  # degrees; an edge that is straight in degrees bends by centimetres in a projection


@dataclass(frozen=True, slots=True)
class Ground:
    """What of the ground has which class: valid polygons, EPSG:4326, that do not overlap.

    classes: of each polygon, from 1 on. count: how many classes there are.
    """

    polygons: Polygons
    classes: NDArray[np.int64]
    count: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees; NaN where there is no polygon."""
        west, south, east, north = shapely.total_bounds(self.polygons).tolist()
        return west, south, east, north


@dataclass(frozen=True, slots=True)
class Classed:
    """Persons by class, float64, unrounded.

    by_class: on the ground and inside a zone (of the finest level; without zones all on the ground); None
    when nothing is known there, and note says why.
    outside_zones: people on the ground in no zone; None without zones.
    nodata_cells: cells that the ground touches for which the data give no count. beyond_data: the share of
    the ground, 0 to 1, that lies off the population grid.
    zones: those with ground of a class, every level. by_polygon: (polygons, classes) whoever is on each of the
    ground's polygons, zones or none; NaN where the data know nothing of one.
    """

    by_class: NDArray[np.float64] | None
    outside_zones: float | None = None
    zones: tuple[ZoneExposure, ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()
    nodata_cells: int | None = None
    beyond_data: float | None = None
    note: dict[str, Any] | None = None
    by_polygon: NDArray[np.float64] | None = None


def people(ground: Ground, population: Path, zones_file: Path | None, fields: ZoneFields = INSTALLED) -> Classed:
    """Count who lives there.

    Raises BadInput with a sentence when the population or the zones cannot be used.
    """
    grid = PopulationGrid.open(population)
    warnings = list(grid.warnings)
    if not len(ground.polygons):
        nobody, none = np.zeros(ground.count), np.zeros((0, ground.count))
        return Classed(nobody, None if zones_file is None else 0.0, warnings=tuple(warnings), by_polygon=none)
    polygons = _moved(ground.polygons, grid, population)
    window = grid.window(*shapely.total_bounds(polygons).tolist())
    if window is None:
        return Classed(None, warnings=tuple(warnings), note=_outside(), beyond_data=1.0)
    grid = grid.cropped(window)
    levels: list[zones.ZoneLevel] = []
    if zones_file is not None:
        levels, said = zones.read(zones_file, fields, grid.crs, near=ground.bounds, across=grid.across)
        warnings += said
    kinds = ground.classes - 1
    parts = [_Parts.of(grid, polygons, kinds, np.arange(len(kinds)), ground.count)]
    parts += [_in_zones(grid, level, polygons, kinds, ground.count) for level in levels]
    counted = _counted(grid, parts, ground.count)
    beyond = max(0.0, 1 - counted.cells * grid.width * grid.height / float(shapely.area(polygons).sum()))
    warnings += _said(counted, beyond)
    seen: dict[str, Any] = {"warnings": tuple(warnings), "nodata_cells": counted.nodata, "beyond_data": beyond}
    if not counted.known:
        return Classed(None, note=_outside(), **seen)
    unknown = (counted.seen == 0) & (shapely.area(polygons) > 0)  # one that others cover has nobody left
    seen["by_polygon"] = np.where(unknown[:, np.newaxis], np.nan, counted.people[0])
    everybody = counted.people[0].sum(axis=0)
    if zones_file is None:
        return Classed(everybody, **seen)
    return _by_zone(levels, parts[1:], counted.people[1:], everybody, seen)


def geojson(ground: Ground, names: Sequence[str]) -> bytes:
    """The ground as a FeatureCollection, one feature per class that there is. names: of the classes."""
    features = [
        {
            "type": "Feature",
            "properties": {"class": names[number - 1]},
            "geometry": json.loads(shapely.to_geojson(shapely.union_all(ground.polygons[ground.classes == number]))),
        }
        for number in np.unique(ground.classes).tolist()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _by_zone(
    levels: Sequence[zones.ZoneLevel],
    parts: Sequence["_Parts"],
    tables: Sequence[NDArray[np.float64]],
    everybody: NDArray[np.float64],
    seen: dict[str, Any],
) -> Classed:
    reached = [
        [
            ZoneExposure(level.codes[zone], level.names[zone], level.level, level.parents[zone], table[zone])
            for zone in np.unique(part.zone).tolist()
        ]
        for level, part, table in zip(levels, parts, tables, strict=True)
    ]
    finest = reached[min(range(len(levels)), key=lambda number: _size(levels[number]))] if levels else []
    if not finest:
        note = BadInput("No zone lies under the map; how many people of the zones are there is not known").reason()
        return Classed(None, note=note, **seen)
    by_class = np.sum([zone.by_class for zone in finest], axis=0)
    rest = float(everybody.sum() - by_class.sum())
    return Classed(
        by_class,
        outside_zones=rest if rest > 1e-9 * everybody.sum() else 0.0,  # below that only rounding is left
        zones=tuple(zone for level in reached for zone in level),
        **seen,
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """Ground in parts of one zone and one class each.

    cover: of the grid's cells, parts as owners. zone, kind: of each part, an index into the zones (0 where
    there are none) and its class, from 0 on.
    """

    cover: Cover
    zone: NDArray[np.int64]
    kind: NDArray[np.int64]

    @classmethod
    def of(
        cls, grid: PopulationGrid, polygons: Polygons, kind: NDArray[np.int64], zone: NDArray[np.int64], count: int
    ) -> "_Parts":
        """Polygons in the grid's CRS that do not overlap, and the class and zone of each."""
        in_cells = shapely.transform(
            polygons, lambda points: (points - (grid.west, grid.north)) / (grid.width, -grid.height)
        )
        numbers, owner = np.unique(zone * count + kind, return_inverse=True)
        cover = zonal.within_one(coverage.of(in_cells, owner, grid.rows, grid.columns), grid.columns)
        return cls(cover, *np.divmod(numbers, count))

    def entries(self, strip: Strip) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
        """Each cell of a strip (counted within it) that has ground, the part, and its share of the cell."""
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
    """people: (zones, classes) for each set of parts. seen: cells of each polygon for which there is a count.

    cells: of ground; known, nodata: touched by it.
    """

    people: list[NDArray[np.float64]]
    seen: NDArray[np.float64]
    cells: float = 0.0
    known: int = 0
    nodata: int = 0
    negative: int = 0


def _counted(grid: PopulationGrid, parts: Sequence[_Parts], classes: int) -> _Count:
    """The first set of parts covers all of the ground, polygon by polygon."""
    count = _Count(
        [np.zeros((int(part.zone.max(initial=0)) + 1, classes)) for part in parts], np.zeros(len(parts[0].zone))
    )
    for strip in grid.strips(grid.whole):
        for number, (part, table) in enumerate(zip(parts, count.people, strict=True)):
            cell, owner, share = part.entries(strip)
            found = np.bincount(owner, weights=strip.people.ravel()[cell] * share, minlength=len(part.zone))
            table[part.zone, part.kind] += found
            if number == 0:
                there = share if strip.unknown is None else share * ~strip.unknown.ravel()[cell]
                count.seen[part.zone] += np.bincount(owner, weights=there, minlength=len(part.zone))
                touched = np.unique(cell)
                unknown = 0 if strip.unknown is None else int(np.count_nonzero(strip.unknown.ravel()[touched]))
                count.cells += float(share.sum())
                count.nodata += unknown
                count.known += len(touched) - unknown
        count.negative += strip.negative
    return count


def _moved(polygons: Polygons, grid: PopulationGrid, population: Path) -> Polygons:
    """Longitude and latitude to the grid's CRS."""
    if grid.across:
        turned = turns.onto(polygons, *grid.across)
        return polygons if turned is polygons else zones.mended(turned)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(crs.from_lonlat(points[:, 0], points[:, 1], grid.crs))

    try:
        return zones.mended(shapely.transform(shapely.segmentize(polygons, _LONGEST_EDGE), move))
    except RuntimeError as error:
        raise BadInput(
            "{file}: the map cannot be brought to the coordinate system of the population grid", file=population.name
        ) from error


def _in_zones(
    grid: PopulationGrid, level: zones.ZoneLevel, polygons: Polygons, kinds: NDArray[np.int64], count: int
) -> _Parts:
    of_ground, of_zone = shapely.STRtree(level.polygons).query(polygons, predicate="intersects")
    pieces = zones.mended(shapely.intersection(level.polygons[of_zone], polygons[of_ground]))
    some = shapely.area(pieces) > 0
    return _Parts.of(grid, pieces[some], kinds[of_ground][some], level.zone[of_zone][some], count)


def _size(level: zones.ZoneLevel) -> float:
    """The mean area of its zones; the level with the smallest is the finest."""
    return float(shapely.area(level.polygons).sum()) / max(1, len(level.codes))


def _said(count: _Count, beyond: float) -> list[dict[str, Any]]:
    said = []
    if count.negative:
        said.append(BadInput("The population data have negative counts; they are taken as unknown").reason())
    if beyond >= 0.005:
        said.append(
            BadInput(
                "{percent} % of the map lies beyond the population data; how many people are there is not known",
                percent=round(beyond * 100),
            ).reason()
        )
    return said


def _outside() -> dict[str, Any]:
    return BadInput("The map lies wholly outside the population data; how many people are there is not known").reason()
