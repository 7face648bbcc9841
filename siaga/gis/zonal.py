"""Shares: which part of each population cell lies in which zone, by exact area; prepared once.

An inner cell belongs to one zone whole. A cell on a border is divided by area. An analysis afterwards
only looks up and sums.
"""

import hashlib
import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga import filehash
from siaga.exposure.zones import ZoneFields
from siaga.gis import coverage, zones
from siaga.gis.coverage import Cover
from siaga.gis.population import PopulationGrid, Window

_RECIPE = "4"  # changes when shares prepared by older code must not be used
_CLASSES = 11  # MMI I to X after one for what is off the map
_ARRAYS = ("span_row", "span_start", "span_stop", "span_owner", "cell", "owner", "share")


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone. people: of the whole zone as far as the grid goes, on the map or not; persons, float64."""

    code: str
    name: str
    level: str | None
    parent: str | None
    people: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Persons by class, column 0 being those off the map.

    by_zone: (zones, 11). everybody: (11,), in a zone or not. ground: whether each zone has a part of a
    cell on the map.
    """

    by_zone: NDArray[np.float64]
    everybody: NDArray[np.float64]
    ground: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Level:
    """The zones of one administrative level and their shares of the cells of a grid `columns` wide.

    cover: of each cell, with indices into `zones` as owners. It is mapped from disk: an analysis touches
    the rows of its window alone.
    """

    name: str | None
    zones: tuple[Zone, ...]
    columns: int
    cover: Cover

    def tally(self, window: Window, classes: NDArray[np.uint8], people: NDArray[np.float64]) -> Tally:
        """People of one window, by zone and class.

        classes, people: (rows, columns) of the window; class 0 is off the map; people without holes.
        """
        count = len(self.zones)
        owners, stops = self._segments(window)
        # Neighbours in a row mostly share zone and class: summed run by run, only the runs are sorted out.
        flat = classes.ravel()
        changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        starts = np.unique(np.concatenate(([0], stops[stops < flat.size], changes)))
        owner, of_run = owners[np.searchsorted(stops, starts, side="right")], flat[starts]
        sums = np.add.reduceat(people.ravel(), starts)
        whole = np.bincount(owner * _CLASSES + of_run, weights=sums, minlength=(count + 1) * _CLASSES)
        ground = np.zeros(count + 1, dtype=bool)
        ground[owner[of_run > 0]] = True
        cell, owner, share = self._divided(window)
        of_cell = flat[cell]
        weights = people.ravel()[cell] * share
        parts = np.bincount(owner * _CLASSES + of_cell, weights=weights, minlength=count * _CLASSES)
        ground[owner[of_cell > 0]] = True
        return Tally(
            (whole[: count * _CLASSES] + parts).reshape(count, _CLASSES),
            np.bincount(of_run, weights=sums, minlength=_CLASSES),
            ground[:count],
        )

    def _segments(self, window: Window) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Owners of runs of cells that fill the window from first to last, and where each run stops.

        What no zone has whole belongs to one past the last zone.
        """
        rows, columns = window.shape
        begin, end = np.searchsorted(self.cover.span_row, (window.rows.start, window.rows.stop))
        row = self.cover.span_row[begin:end].astype(np.int64) - window.rows.start
        start = np.clip(self.cover.span_start[begin:end] - window.columns.start, 0, columns)
        stop = np.clip(self.cover.span_stop[begin:end] - window.columns.start, 0, columns)
        inside = start < stop
        row, owner = row[inside] * columns, self.cover.span_owner[begin:end][inside]
        owners = np.full(2 * len(owner) + 1, len(self.zones), dtype=np.int64)
        stops = np.full(2 * len(owner) + 1, rows * columns, dtype=np.int64)
        owners[1::2] = owner
        stops[:-1:2], stops[1::2] = row + start[inside], row + stop[inside]
        return owners, stops

    def _divided(self, window: Window) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Divided cells of the window (counted within it), their zones and shares."""
        cover, columns = self.cover, self.columns
        begin, end = np.searchsorted(cover.cell, (window.rows.start * columns, window.rows.stop * columns))
        cell = cover.cell[begin:end] - window.rows.start * columns
        owner, share = cover.owner[begin:end].astype(np.int64), cover.share[begin:end]
        if window.shape[1] != columns:
            row, column = np.divmod(cell, columns)
            column -= window.columns.start
            here = (column >= 0) & (column < window.shape[1])
            cell, owner, share = (row * window.shape[1] + column)[here], owner[here], share[here]
        return cell, owner, share


@dataclass(frozen=True, slots=True)
class Shares:
    """Every level of a zones file upon one population grid. warnings: stored reasons."""

    levels: tuple[Level, ...]
    warnings: tuple[dict[str, Any], ...]


def prepare(grid: PopulationGrid, zones_file: Path, fields: ZoneFields, cache: Path) -> Shares:
    """The shares of these zones upon this grid, from `cache`/shares or made now.

    Raises BadInput with a sentence when the zones cannot be read or brought to the grid's CRS.
    """
    folder = cache / "shares" / _fingerprint(grid, zones_file, fields, cache)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = folder.parent / f".{os.getpid()}-{secrets.token_hex(4)}"
        scratch.mkdir()
        try:
            _make(grid, zones_file, fields, scratch)
            scratch.replace(folder)
        except OSError:
            if not folder.exists():  # else another process was first
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    levels = tuple(_load(path, grid.columns) for path in sorted(folder.iterdir()) if path.is_dir())
    return Shares(levels, tuple(json.loads((folder / "warnings.json").read_text(encoding="utf-8"))))


def _fingerprint(grid: PopulationGrid, zones_file: Path, fields: ZoneFields, cache: Path) -> str:
    part = (grid.skipped_rows, grid.skipped_columns, grid.rows, grid.columns)
    hashes = [filehash.sha256(path, cache) for path in (grid.path, zones_file)]
    described = json.dumps([_RECIPE, hashes, zones_file.name, part, asdict(fields)])
    return hashlib.sha256(described.encode()).hexdigest()[:32]


def _make(grid: PopulationGrid, zones_file: Path, fields: ZoneFields, folder: Path) -> None:
    read, warnings = zones.read(zones_file, fields, grid.crs)
    levels = []
    for level in read:
        in_cells = shapely.transform(
            level.polygons, lambda points: (points - (grid.west, grid.north)) / (grid.width, -grid.height)
        )
        cover = within_one(coverage.of(in_cells, level.zone, grid.rows, grid.columns), grid.columns)
        del in_cells
        named = zip(level.codes, level.names, level.parents, strict=True)
        empty = tuple(Zone(code, name, level.level, parent, 0.0) for code, name, parent in named)
        levels.append(Level(level.level, empty, grid.columns, cover))
    for number, (level, people) in enumerate(zip(levels, _totals(grid, levels), strict=True)):
        _save(folder / f"{number:02d}", level, people)
    (folder / "warnings.json").write_text(json.dumps(warnings), encoding="utf-8")


def within_one(cover: Cover, columns: int) -> Cover:
    """The same cover, but no cell is given away more than once, whatever rounding did at the borders."""
    start = cover.span_row * np.int64(columns) + cover.span_start
    stop = cover.span_row * np.int64(columns) + cover.span_stop
    start[1:] = np.maximum(start[1:], np.maximum.accumulate(stop)[:-1])
    whole = start < stop
    start, stop = start[whole], stop[whole]
    at = np.searchsorted(start, cover.cell, side="right") - 1
    free = (at < 0) | (cover.cell >= stop[at]) if len(start) else np.ones(len(cover.cell), dtype=bool)
    del at
    cell, owner, share = _kept(free, cover.cell, cover.owner, cover.share)
    before = np.cumsum(share) - share
    before -= before[np.searchsorted(cell, cell, side="left")]
    share = np.minimum(share, np.maximum(1 - before, 0))
    del before
    cell, owner, share = _kept(share > 0, cell, owner, share)
    row, column = np.divmod(start, columns)
    return Cover(
        row.astype(np.int32),
        column.astype(np.int32),
        (stop - row * columns).astype(np.int32),
        cover.span_owner[whole],
        cell,
        owner,
        share,
    )


def _kept(keep: NDArray[np.bool_], *columns: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Some entries of each column; the columns themselves where all are kept, as is the rule."""
    return columns if keep.all() else tuple(column[keep] for column in columns)


def _totals(grid: PopulationGrid, levels: list[Level]) -> list[NDArray[np.float64]]:
    """People per zone, over the whole grid, of each level."""
    totals = [np.zeros(len(level.zones)) for level in levels]
    for strip in grid.strips(grid.whole):
        nowhere = np.zeros(strip.people.shape, dtype=np.uint8)
        for total, level in zip(totals, levels, strict=True):
            total += level.tally(strip.window, nowhere, strip.people).by_zone[:, 0]
    return totals


def _save(folder: Path, level: Level, people: NDArray[np.float64]) -> None:
    folder.mkdir()
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", getattr(level.cover, name))
    described = [asdict(zone) | {"people": total} for zone, total in zip(level.zones, people.tolist(), strict=True)]
    text = json.dumps({"name": level.name, "zones": described})
    (folder / "zones.json").write_text(text, encoding="utf-8")


def _load(folder: Path, columns: int) -> Level:
    described = json.loads((folder / "zones.json").read_text(encoding="utf-8"))
    cover = Cover(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS))
    return Level(described["name"], tuple(Zone(**zone) for zone in described["zones"]), columns, cover)
