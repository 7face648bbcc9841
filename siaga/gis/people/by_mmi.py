"""A ShakeMap laid upon the population grid: who stands in which class, zone by zone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from siaga.errors import Reason, reason
from siaga.exposure.zones import INSTALLED, ZoneFields
from siaga.gis.people import gaps, rim
from siaga.gis.people import shares as zone_shares
from siaga.gis.people.gaps import Gaps, Land
from siaga.gis.people.population import PopulationGrid, Strip, Window
from siaga.hazard.shakemap import ShakeMap
from siaga.impact import breakdown
from siaga.impact.breakdown import Breakdown, LevelExposure, ZoneExposure, known_share
from siaga.impact.earthquake import DISPLACED_FROM
from siaga.impact.mmi import classify

MAX_CELLS = 250_000_000  # of a raster used once; a larger one has its zones shared out under the map alone


_HARMED_FROM = DISPLACED_FROM - 1  # the column of MMI VI


@dataclass(frozen=True, slots=True)
class Shaken:
    """Persons by MMI class I to X, float64, unrounded.

    by_mmi: everybody on the map who has a count, in a zone or not; None when nothing is known under the map.
    note says why it is None, or why it is nobody.
    table: the level of zones that breaks them down; None where no zone lies under the map. unmapped: people
    of its zones who live off the map; None when unknown.
    nodata_cells: cells on the map for which the data give no count, unknown_share: their share of the map's
    cells on the grid, 0 to 1. beyond_data: the share of the map, 0 to 1, that lies off the population grid.
    zones: those with ground on the map, every level; known is the share of that ground with a count.
    """

    by_mmi: NDArray[np.float64] | None
    unmapped: float | None = None
    table: Breakdown | None = None
    zones: tuple[ZoneExposure, ...] = ()
    warnings: tuple[Reason, ...] = ()
    nodata_cells: int | None = None
    unknown_share: float | None = None
    beyond_data: float | None = None
    note: Reason | None = None


@dataclass(slots=True)
class _OfLevel:
    """What the strips of one map add up to in the zones of one level.

    by_zone: (zones, 11) persons. cells, unknown: (zones,) cells on the map, and those without a count. beyond:
    (zones,) what of them lies on the map and beyond the grid, in cells.
    by_class: (10,) cells without a count in any of the zones.
    """

    by_zone: NDArray[np.float64]
    cells: NDArray[np.float64]
    unknown: NDArray[np.float64]
    beyond: NDArray[np.float64]
    by_class: NDArray[np.float64]

    @classmethod
    def of(cls, level: zone_shares.Level) -> "_OfLevel":
        count = len(level.zones)
        return cls(np.zeros((count, 11)), np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(10))

    def add(self, tally: zone_shares.Tally) -> None:
        self.by_zone[tally.zones] += tally.by_zone
        self.cells[tally.zones] += tally.cells[:, 1:].sum(axis=1)
        if tally.unknown is not None:
            self.unknown[tally.zones] += tally.unknown[:, 1:].sum(axis=1)
            self.by_class += tally.unknown[:, 1:].sum(axis=0)

    def exposure(self, level: zone_shares.Level) -> LevelExposure:
        """The zones that have ground on the map, on the grid or beyond it."""
        under_map = self.cells + self.beyond
        known = self.cells - self.unknown
        under = np.flatnonzero(under_map > 0).tolist()
        found = []
        for index in under:
            zone, share = level.zones[index], known_share(float(known[index]), float(under_map[index]))
            people = self.by_zone[index, 1:]
            found.append(ZoneExposure(zone.code, zone.name, zone.level, zone.parent, people, share))
        area = sum(level.zones[index].area for index in under) / max(1, len(under))
        return LevelExposure(level.name, tuple(found), area)


def people(
    shakemap: ShakeMap,
    population: Path,
    zones: Path | None,
    cache: Path,
    fields: ZoneFields = INSTALLED,
    whole: bool = True,
    basemap: Path | None = None,
) -> Shaken:
    """Count who was shaken how strongly.

    MMI is taken at each cell's centre, bilinear between nodes; the population grid stays as it is.
    whole: share out all of the grid among the zones, however large it is, since it will serve again.
    basemap: tells land from sea where the data have no count.
    Raises BadInput with a sentence when the population or the zones cannot be used.
    """
    grid = whole_grid = PopulationGrid.open(population)
    windows = grid.windows(shakemap.nodes)
    warnings = list(grid.warnings)
    if not windows:
        return Shaken(None, warnings=tuple(warnings), note=gaps.outside(), beyond_data=1.0)
    beyond = grid.beyond(shakemap.nodes)
    part = not whole and zones is not None and grid.rows * grid.columns > MAX_CELLS and len(windows) == 1
    if part:
        grid, warnings = grid.cropped(windows[0]), [*warnings, _part(population)]
        windows = [grid.whole]
    shares = zone_shares.prepare(grid, zones, fields, cache) if zones else zone_shares.Shares((), ())
    by_mmi, of_levels, holes = _counted(shakemap, grid, windows, shares.levels)
    if beyond and zones:
        beyond_grid = rim.cells(shakemap.nodes, whole_grid, zones, fields, shares.levels)
        for of_level, cells in zip(of_levels, beyond_grid, strict=True):
            of_level.beyond += cells
    land = Land.within(basemap, shakemap.nodes.edges) if holes.nodata else None
    levels = [of_level.exposure(level) for level, of_level in zip(shares.levels, of_levels, strict=True)]
    warnings += [*shares.warnings, *holes.warnings(beyond, land, _HARMED_FROM)]
    zones_of_all = tuple(zone for level in levels for zone in level.zones)
    seen = Shaken(
        by_mmi,
        zones=zones_of_all,
        nodata_cells=holes.nodata,
        unknown_share=holes.unknown_share,
        beyond_data=beyond,
        warnings=tuple(warnings),
    )
    if not holes.counted:
        nobody, note = holes.nothing(land, bool(zones_of_all))
        return replace(seen, by_mmi=by_mmi if nobody else None, note=note)
    if zones is None:
        return seen
    table = breakdown.choose(by_mmi, levels, _HARMED_FROM)
    warnings += breakdown.warnings(by_mmi, levels, table)
    unmapped = None if part or table is None else _unmapped(shares.levels, of_levels, table)
    return replace(seen, unmapped=unmapped, table=table, warnings=tuple(warnings))


def _unmapped(levels: Sequence[zone_shares.Level], of_levels: Sequence[_OfLevel], table: Breakdown) -> float:
    """People of the table's zones, those without ground on the map among them, who live off it."""
    (number,) = (index for index, level in enumerate(levels) if level.name == table.level)
    everybody = float(sum(zone.people for zone in levels[number].zones))
    rest = everybody - float(of_levels[number].by_zone[:, 1:].sum())
    return rest if rest > 1e-9 * everybody else 0.0  # below that only rounding is left


def _counted(
    shakemap: ShakeMap, grid: PopulationGrid, windows: Sequence[Window], levels: Sequence[zone_shares.Level]
) -> tuple[NDArray[np.float64], list[_OfLevel], Gaps]:
    """Everybody on the map by class, the zones' part of them by level, and what has no count."""
    by_mmi, of_levels, holes = np.zeros(11), [_OfLevel.of(level) for level in levels], Gaps.of(grid.path, 10)
    step = holes.thinned(sum(window.shape[0] * window.shape[1] for window in windows))
    for window in windows:
        for strip in grid.strips(window):
            if grid.degrees:
                mmi = shakemap.on_grid(grid.x(strip.window), grid.y(strip.window))
            else:
                mmi = shakemap.at(*grid.lonlat(strip.window))
            classes = classify(mmi)
            tally = None
            for level, of_level in zip(levels, of_levels, strict=True):
                tally = level.tally(strip.window, classes, strip.people, strip.unknown)
                of_level.add(tally)
            if tally is None:
                everybody = np.bincount(classes.ravel(), strip.people.ravel(), minlength=11).astype(
                    np.float64, copy=False
                )
                everywhere = np.bincount(classes.ravel(), minlength=11).astype(np.float64)
            else:
                everybody, everywhere = tally.everybody, tally.everywhere
            by_mmi += everybody
            _note_holes(holes, grid, strip, classes, everywhere[1:], step)
    if any(of_level.cells.any() for of_level in of_levels):
        holes.ashore = max((of_level.by_class for of_level in of_levels), key=np.sum)
    return by_mmi[1:], of_levels, holes


def _note_holes(
    holes: Gaps, grid: PopulationGrid, strip: Strip, classes: NDArray[np.uint8], cells: NDArray[np.float64], step: int
) -> None:
    """What of one strip has no count. cells: by class I to X."""
    holes.cells += cells
    holes.negative += strip.negative
    holes.odd.add(strip.odd)
    on_map = int(cells.sum())
    hidden = () if strip.unknown is None else np.flatnonzero(strip.unknown & (classes > 0))
    holes.nodata += len(hidden)
    holes.counted += on_map - len(hidden)
    if not len(hidden):
        return
    kind = classes.ravel()[hidden].astype(np.int64) - 1
    holes.unknown += np.bincount(kind, minlength=10)
    row, column = np.divmod(hidden[::step], strip.window.shape[1])
    longitude, latitude = grid.lonlat_of(strip.window, row, column)
    holes.sample.append((longitude, latitude, kind[::step]))


def _part(population: Path) -> Reason:
    return reason(
        "{file} has more than {most} cells; people of the zones who live off the map were not counted",
        file=population.name,
        most=MAX_CELLS,
    )
