"""A ShakeMap laid upon the population grid: who stands in which class, zone by zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput
from siaga.exposure.zones import INSTALLED, ZoneFields
from siaga.gis import zonal
from siaga.gis.population import PopulationGrid, Window
from siaga.hazard.shakemap import ShakeMap
from siaga.impact.classed import ZoneExposure
from siaga.impact.mmi import classify

MAX_CELLS = 250_000_000  # of a raster used once; a larger one has its zones shared out under the map alone


@dataclass(frozen=True, slots=True)
class Shaken:
    """Persons by MMI class I to X, float64, unrounded.

    by_mmi: on the map and inside a zone (of the finest level; without zones all on the map); None when
    nothing is known under the map, and note says why.
    unmapped: people of the zones who live off the map; outside_zones: people on the map in no zone;
    None when unknown.
    nodata_cells: cells on the map for which the data give no count. beyond_data: the share of the map,
    0 to 1, that lies off the population grid.
    zones: those with ground on the map, every level.
    """

    by_mmi: NDArray[np.float64] | None
    unmapped: float | None = None
    outside_zones: float | None = None
    zones: tuple[ZoneExposure, ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()
    nodata_cells: int | None = None
    beyond_data: float | None = None
    note: dict[str, Any] | None = None


@dataclass(slots=True)
class _Count:
    """What the strips of one map add up to."""

    on_map: NDArray[np.float64]
    tables: list[NDArray[np.float64]]
    ground: list[NDArray[np.bool_]]
    known: int = 0
    nodata: int = 0
    negative: int = 0


def people(
    shakemap: ShakeMap,
    population: Path,
    zones: Path | None,
    cache: Path,
    fields: ZoneFields = INSTALLED,
    whole: bool = True,
) -> Shaken:
    """Count who was shaken how strongly.

    MMI is taken at each cell's centre, bilinear between nodes; the population grid stays as it is.
    whole: share out all of the grid among the zones, however large it is, since it will serve again.
    Raises BadInput with a sentence when the population or the zones cannot be used.
    """
    grid = PopulationGrid.open(population)
    windows = grid.windows(shakemap.nodes)
    warnings = list(grid.warnings)
    if not windows:
        return Shaken(None, warnings=tuple(warnings), note=_outside(), beyond_data=1.0)
    beyond = grid.beyond(shakemap.nodes)
    part = not whole and zones is not None and grid.rows * grid.columns > MAX_CELLS and len(windows) == 1
    if part:
        grid, warnings = grid.cropped(windows[0]), [*warnings, _part(population)]
        windows = [grid.whole]
    shares = zonal.prepare(grid, zones, fields, cache) if zones else zonal.Shares((), ())
    count = _counted(shakemap, grid, windows, shares.levels)
    warnings += [*shares.warnings, *_said(count, beyond)]
    seen = {"warnings": tuple(warnings), "nodata_cells": count.nodata, "beyond_data": beyond}
    if not count.known:
        return Shaken(None, note=_outside(), **seen)
    if zones is None:
        return Shaken(count.on_map, **seen)
    finest = max(range(len(shares.levels)), key=lambda number: len(shares.levels[number].zones))
    if not count.ground[finest].any():
        note = BadInput("No zone lies under the map; how many people of the zones are there is not known").reason()
        return Shaken(None, note=note, **seen)
    by_mmi = count.tables[finest][:, 1:].sum(axis=0)
    inside = float(by_mmi.sum())
    everybody = float(sum(zone.people for zone in shares.levels[finest].zones))
    return Shaken(
        by_mmi,
        unmapped=None if part else _rest(everybody, inside),
        outside_zones=_rest(float(count.on_map.sum()), inside),
        zones=tuple(
            ZoneExposure(zone.code, zone.name, zone.level, zone.parent, row[1:])
            for level, rows, ground in zip(shares.levels, count.tables, count.ground, strict=True)
            for zone, row, shaken in zip(level.zones, rows, ground, strict=True)
            if shaken
        ),
        **seen,
    )


def _counted(
    shakemap: ShakeMap, grid: PopulationGrid, windows: Sequence[Window], levels: Sequence[zonal.Level]
) -> _Count:
    tables = [np.zeros((len(level.zones), 11)) for level in levels]
    count = _Count(np.zeros(10), tables, [np.zeros(len(level.zones), dtype=bool) for level in levels])
    for window in windows:
        for strip in grid.strips(window):
            if grid.degrees:
                mmi = shakemap.on_grid(grid.x(strip.window), grid.y(strip.window))
            else:
                mmi = shakemap.at(*grid.lonlat(strip.window))
            classes = classify(mmi)
            on_map = int(np.count_nonzero(classes))
            unknown = 0 if strip.unknown is None else int(np.count_nonzero(strip.unknown & (classes > 0)))
            count.nodata += unknown
            count.known += on_map - unknown
            count.negative += strip.negative
            everybody = None
            for level, table, ground in zip(levels, count.tables, count.ground, strict=True):
                found = level.tally(strip.window, classes, strip.people)
                table[found.zones] += found.by_zone
                ground[found.zones] |= found.ground
                everybody = found.everybody
            if everybody is None:
                everybody = np.bincount(classes.ravel(), weights=strip.people.ravel(), minlength=11)
            count.on_map += everybody[1:]
    return count


def _rest(whole: float, part: float) -> float:
    """What is left; nothing where only rounding is."""
    return whole - part if whole - part > 1e-9 * whole else 0.0


def _said(count: _Count, beyond: float | None) -> list[dict[str, Any]]:
    said = []
    if count.negative:
        said.append(BadInput("The population data have negative counts; they are taken as unknown").reason())
    if beyond is not None and beyond >= 0.005:
        said.append(
            BadInput(
                "{percent} % of the map lies beyond the population data; how many people are there is not known",
                percent=round(beyond * 100),
            ).reason()
        )
    return said


def _outside() -> dict[str, Any]:
    return BadInput("The map lies wholly outside the population data; how many people are there is not known").reason()


def _part(population: Path) -> dict[str, Any]:
    return BadInput(
        "{file} has more than 250 million cells; people of the zones who live off the map were not counted",
        file=population.name,
    ).reason()
