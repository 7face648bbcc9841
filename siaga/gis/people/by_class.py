"""Classed polygons laid upon the population grid: who lives in which class, zone by zone, by exact area.

For hazards that come as areas of a class each (depth of water, thickness of ash). A cell that the border
of a class or of a zone cuts is divided by exact area, its people being spread evenly over it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.errors import BadInput, Reason
from siaga.exposure.zones import INSTALLED, ZoneFields
from siaga.foreign import Array
from siaga.gis import crs, turns
from siaga.gis.people import coverage, gaps, shares, zones
from siaga.gis.people.coverage import Cover
from siaga.gis.people.gaps import Gaps, Land
from siaga.gis.people.population import PopulationGrid, Strip
from siaga.impact import breakdown
from siaga.impact.breakdown import Breakdown, LevelExposure, ZoneExposure, known_share

Polygons = Array

_LONGEST_EDGE = 0.05  # degrees; an edge that is straight in degrees bends by centimetres in a projection


@dataclass(frozen=True, slots=True)
class ClassedPolygons:
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

    by_class: everybody on the ground who has a count, in a zone or not; None when nothing is known there. note
    says why it is None, or why it is nobody.
    table: the level of zones that breaks them down; None where no zone lies under the ground.
    nodata_cells: cells that the ground touches for which the data give no count, unknown_share: their part of
    the ground on the grid, 0 to 1. beyond_data: the share of the ground, 0 to 1, that lies off the grid.
    zones: those with ground of a class, every level. by_polygon: (polygons, classes) whoever is on each of the
    ground's polygons, zones or none; NaN where the data know nothing of one. area, counted: of each polygon in
    cells, and the part of that for which there is a count.
    """

    by_class: NDArray[np.float64] | None
    table: Breakdown | None = None
    zones: tuple[ZoneExposure, ...] = ()
    warnings: tuple[Reason, ...] = ()
    nodata_cells: int | None = None
    unknown_share: float | None = None
    beyond_data: float | None = None
    note: Reason | None = None
    by_polygon: NDArray[np.float64] | None = None
    area: NDArray[np.float64] | None = None
    counted: NDArray[np.float64] | None = None


def people(
    classed: ClassedPolygons,
    population: Path,
    zones_file: Path | None,
    fields: ZoneFields = INSTALLED,
    harmed_from: int = 0,
    basemap: Path | None = None,
) -> Classed:
    """Count who lives there.

    harmed_from: the first class, counted from 0, whose people come to harm. basemap: tells land from sea where
    the data have no count.
    Raises BadInput with a sentence when the population or the zones cannot be used.
    """
    grid = PopulationGrid.open(population)
    warnings = list(grid.warnings)
    if not len(classed.polygons):
        nobody, none = np.zeros(classed.count), np.zeros((0, classed.count))
        return Classed(nobody, warnings=tuple(warnings), by_polygon=none, area=none[:, 0], counted=none[:, 0])
    polygons = _moved(classed.polygons, grid, population)
    window = grid.window(*shapely.total_bounds(polygons).tolist())
    if window is None:
        return Classed(None, warnings=tuple(warnings), note=gaps.outside(), beyond_data=1.0)
    grid = grid.cropped(window)
    levels: list[zones.ZoneLevel] = []
    if zones_file is not None:
        levels, said = zones.read(zones_file, fields, grid.crs, near=classed.bounds, across=grid.across)
        warnings += said
    kinds = classed.classes - 1
    parts = [_Parts.of(grid, polygons, kinds, np.arange(len(kinds)), classed.count)]
    parts += [_in_zones(grid, level, polygons, kinds, classed.count) for level in levels]
    counted = _counted(grid, parts, classed.count)
    exposed = [
        _exposure(*of_level) for of_level in zip(levels, parts[1:], counted.people[1:], counted.seen[1:], strict=True)
    ]
    land = Land.within(basemap, classed.bounds) if counted.holes.nodata else None
    found = _found(counted, parts[0], exposed, land, harmed_from)
    warnings += found.warnings
    if found.by_class is not None and zones_file is not None and not found.note:
        table = breakdown.choose(found.by_class, exposed, harmed_from)
        warnings += breakdown.warnings(found.by_class, exposed, table)
        found = replace(found, table=table)
    return replace(found, warnings=tuple(warnings))


def _found(
    counted: "_Count", whole: "_Parts", exposed: Sequence[LevelExposure], land: Land | None, harmed_from: int
) -> Classed:
    """All but the table. whole: the ground, polygon by polygon."""
    holes, by_polygon = counted.holes, counted.people[0]
    beyond = max(0.0, 1 - float(holes.cells.sum()) / float(whole.area.sum()))
    if any(level.zones for level in exposed):
        holes.ashore = max(counted.ashore, key=np.sum)
    area = np.bincount(whole.zone, weights=whole.area, minlength=len(by_polygon)).astype(np.float64, copy=False)
    found = Classed(
        None,
        zones=tuple(zone for level in exposed for zone in level.zones),
        warnings=tuple(holes.warnings(beyond, land, harmed_from)),
        nodata_cells=holes.nodata,
        unknown_share=holes.unknown_share,
        beyond_data=beyond,
        area=area,
        counted=counted.seen[0],
    )
    everybody = by_polygon.sum(axis=0)
    if not holes.counted:
        nobody, note = holes.nothing(land, bool(found.zones))
        return replace(found, by_class=everybody if nobody else None, note=note)
    # A polygon that others cover has no area left: nobody is there, and that is known.
    unknown = (counted.seen[0] == 0) & (area > 0)
    return replace(found, by_class=everybody, by_polygon=np.where(unknown[:, np.newaxis], np.nan, by_polygon))


def _exposure(
    level: zones.ZoneLevel, part: "_Parts", table: NDArray[np.float64], seen: NDArray[np.float64]
) -> LevelExposure:
    """The zones of one level that have ground. table: (zones, classes) persons; seen: (zones,) cells with a count."""
    area = np.bincount(part.zone, weights=part.area, minlength=len(seen))
    under = np.unique(part.zone).tolist()
    found = tuple(
        ZoneExposure(
            level.codes[zone],
            level.names[zone],
            level.level,
            level.parents[zone],
            table[zone],
            known_share(float(seen[zone]), float(area[zone])),
        )
        for zone in under
    )
    return LevelExposure(level.level, found, float(level.areas[under].mean()) if under else 0.0)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Ground in parts of one zone and one class each.

    cover: of the grid's cells, parts as owners. zone, kind: of each part, an index into the zones and its
    class, from 0 on. area: of each part in cells, on the grid or not.
    """

    cover: Cover
    zone: NDArray[np.int64]
    kind: NDArray[np.int64]
    area: NDArray[np.float64]

    @classmethod
    def of(
        cls, grid: PopulationGrid, polygons: Polygons, kind: NDArray[np.int64], zone: NDArray[np.int64], count: int
    ) -> "_Parts":
        """Polygons in the grid's CRS that do not overlap, and the class and zone of each."""
        in_cells = shapely.transform(
            polygons, lambda points: (points - (grid.west, grid.north)) / (grid.width, -grid.height)
        )
        numbers, owner = np.unique(zone * count + kind, return_inverse=True)
        cover = shares.within_one(coverage.of(in_cells, owner, grid.rows, grid.columns), grid.columns)
        return cls(
            cover,
            *np.divmod(numbers, count),
            np.asarray(np.bincount(owner, shapely.area(in_cells), len(numbers)), np.float64),
        )

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
    """For each set of parts: people (zones, classes), seen (zones,) cells for which there is a count.

    ashore: for each set but the first, (classes,) cells without a count. holes: of the
    first set, which is all of the ground.
    """

    people: list[NDArray[np.float64]]
    seen: list[NDArray[np.float64]]
    ashore: list[NDArray[np.float64]]
    holes: Gaps


def _counted(grid: PopulationGrid, parts: Sequence[_Parts], classes: int) -> _Count:
    """The first set of parts covers all of the ground, polygon by polygon."""
    zones_of = [int(part.zone.max(initial=-1)) + 1 for part in parts]
    count = _Count(
        [np.zeros((number, classes)) for number in zones_of],
        [np.zeros(number) for number in zones_of],
        [np.zeros(classes) for _ in parts[1:]],
        Gaps.of(grid.path, classes),
    )
    holes = count.holes
    step = holes.thinned(grid.rows * grid.columns)
    for strip in grid.strips(grid.whole):
        holes.negative += strip.negative
        holes.odd.add(strip.odd)
        for number, part in enumerate(parts):
            cell, owner, share = part.entries(strip)
            size = len(part.zone)
            found = np.bincount(owner, weights=strip.people.ravel()[cell] * share, minlength=size)
            count.people[number][part.zone, part.kind] += found
            hidden = None if strip.unknown is None else strip.unknown.ravel()[cell]
            on_grid = np.bincount(owner, weights=share, minlength=size)
            lacking = np.zeros(size) if hidden is None else np.bincount(owner, weights=share * hidden, minlength=size)
            there = on_grid if hidden is None else np.bincount(owner, weights=share * ~hidden, minlength=size)
            count.seen[number] += np.bincount(part.zone, weights=there, minlength=zones_of[number])
            unknown = holes.unknown if number == 0 else count.ashore[number - 1]
            unknown += np.bincount(part.kind, weights=lacking, minlength=classes)
            if number == 0:
                holes.cells += np.bincount(part.kind, weights=on_grid, minlength=classes)
                _note_holes(holes, grid, strip, cell, part.kind[owner], step)
    return count


def _note_holes(
    holes: Gaps, grid: PopulationGrid, strip: Strip, cell: NDArray[np.int64], kind: NDArray[np.int64], step: int
) -> None:
    """The cells of one strip that the ground touches; some of those without a count are kept for the base map."""
    touched, first = np.unique(cell, return_index=True)
    if strip.unknown is None:
        holes.counted += len(touched)
        return
    lacking = strip.unknown.ravel()[touched]
    hidden = int(np.count_nonzero(lacking))
    holes.nodata += hidden
    holes.counted += len(touched) - hidden
    if hidden:
        kept = touched[lacking][::step]
        row, column = np.divmod(kept, strip.window.shape[1])
        longitude, latitude = grid.lonlat_of(strip.window, row, column)
        holes.sample.append((longitude, latitude, kind[first[lacking]][::step]))


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
