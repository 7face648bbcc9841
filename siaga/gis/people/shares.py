"""Shares: which part of each population cell lies in which zone, by exact area; prepared once.

An inner cell belongs to one zone whole. A cell on a border is divided by area. An analysis afterwards
only looks up and sums: it reads the shares of some rows at a time, so that its memory stays small
however many cells and zones there are.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga import diskcache, filehash
from siaga.errors import Reason
from siaga.exposure.zones import ZoneFields
from siaga.foreign import Array, Kind
from siaga.gis.people import coverage, zones
from siaga.gis.people.coverage import Cover
from siaga.gis.people.population import PopulationGrid, Window

_RECIPE = "7"  # changes when shares prepared by older code must not be used
_CLASSES = 11  # MMI I to X after one for what is off the map
_SPAN = np.dtype([("start", "<i4"), ("stop", "<i4"), ("zone", "<i4")])
_SHARE = np.dtype([("column", "<i4"), ("zone", "<i4"), ("share", "<f8")])
_WEIGHT_AT_ONCE = 400_000  # vertices and border cells that are worked on together
_FEWEST_ROWS = 64


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone. people: of the whole zone as far as the grid goes, on the map or not; persons, float64.

    cells: of the grid that it has. area: of the whole zone, on the grid or not, in squares of the CRS's unit.
    """

    code: str
    name: str
    level: str | None
    parent: str | None
    people: float
    cells: float
    area: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Persons by class, column 0 being those off the map.

    zones: indices of those zones that have a part of the window. by_zone: (these, 11) persons. cells: (these, 11)
    cells. unknown: (these, 11) those of them that have no count; None where all have one. everybody: (11,)
    persons, in a zone or not; everywhere: (11,) cells.
    """

    zones: NDArray[np.int64]
    by_zone: NDArray[np.float64]
    cells: NDArray[np.float64]
    unknown: NDArray[np.float64] | None
    everybody: NDArray[np.float64]
    everywhere: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Level:
    """The zones of one administrative level and their shares of the cells of a grid.

    folder: holds spans.bin, runs of cells that one zone has whole, and shares.bin, the zones of each
    divided cell, both row by row. span_at, share_at: where each row begins in them, and at last their end.
    """

    name: str | None
    zones: tuple[Zone, ...]
    folder: Path
    span_at: NDArray[np.int64]
    share_at: NDArray[np.int64]

    def tally(
        self,
        window: Window,
        classes: NDArray[np.uint8],
        people: NDArray[np.float64],
        unknown: NDArray[np.bool_] | None = None,
    ) -> Tally:
        """People of one window, by zone and class.

        classes, people, unknown: (rows, columns) of the window; class 0 is off the map; people without holes;
        unknown: True where there is no count, None where all is known.
        """
        owners, stops = self.segments(window)
        # Neighbours in a row mostly share zone and class: summed run by run, only the runs are sorted out.
        flat = classes.ravel()
        changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        starts = np.unique(np.concatenate(([0], stops[stops < flat.size], changes)))
        run_owner, run_class = owners[np.searchsorted(stops, starts, side="right")], flat[starts]
        sums = np.add.reduceat(people.ravel(), starts)
        cell, part_owner, share = self.divided(window)
        part_class, parts = flat[cell], people.ravel()[cell] * share
        owner, of_class = np.concatenate((run_owner, part_owner)), np.concatenate((run_class, part_class))
        here = np.zeros(len(self.zones) + 1, dtype=bool)
        here[owner] = True
        here[-1] = False
        found = np.flatnonzero(here)
        place = np.full(len(here), len(found))  # what no zone has comes last
        place[found] = np.arange(len(found))
        index, size = place[owner] * _CLASSES + of_class, len(found) + 1

        def by_zone(of_runs: Array, of_parts: Array) -> NDArray[np.float64]:
            weights = np.concatenate((of_runs, of_parts))
            counts = np.asarray(np.bincount(index, weights, size * _CLASSES), dtype=np.float64)
            return counts.reshape(size, _CLASSES)[:-1]

        nothing = None
        if unknown is not None and unknown.any():
            hidden = unknown.ravel()
            nothing = by_zone(np.add.reduceat(hidden.view(np.uint8), starts, dtype=np.int64), hidden[cell] * share)
        lengths = np.diff(starts, append=flat.size)
        everybody, everywhere = (
            np.asarray(np.bincount(run_class, weights, _CLASSES), dtype=np.float64) for weights in (sums, lengths)
        )
        return Tally(found, by_zone(sums, parts), by_zone(lengths, share), nothing, everybody, everywhere)

    def segments(self, window: Window) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Owners of runs of cells that fill the window from first to last, and where each run stops.

        What no zone has whole belongs to one past the last zone.
        """
        rows, columns = window.shape
        span, row = self._rows("spans.bin", _SPAN, self.span_at, window)
        start = np.clip(span["start"] - window.columns.start, 0, columns)
        stop = np.clip(span["stop"] - window.columns.start, 0, columns)
        inside = start < stop
        begin, owner = row[inside] * columns, span["zone"][inside]
        owners = np.full(2 * len(owner) + 1, len(self.zones), dtype=np.int64)
        stops = np.full(2 * len(owner) + 1, rows * columns, dtype=np.int64)
        owners[1::2] = owner
        stops[:-1:2], stops[1::2] = begin + start[inside], begin + stop[inside]
        return owners, stops

    def divided(self, window: Window) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
        """Divided cells of the window (counted within it), their zones and shares."""
        found, row = self._rows("shares.bin", _SHARE, self.share_at, window)
        column = found["column"] - window.columns.start
        here = (column >= 0) & (column < window.shape[1])
        return row[here] * window.shape[1] + column[here], found["zone"][here], found["share"][here]

    def _rows(self, name: str, kind: Kind, at: NDArray[np.int64], window: Window) -> tuple[Array, NDArray[np.int64]]:
        """Entries of the window's rows, and of each its row within the window."""
        of_rows = at[window.rows.start : window.rows.stop + 1]
        begin, count = int(of_rows[0]), int(of_rows[-1] - of_rows[0])
        entries = np.fromfile(self.folder / name, kind, count, offset=begin * kind.itemsize)
        return entries, np.repeat(np.arange(window.shape[0]), np.diff(of_rows))


@dataclass(frozen=True, slots=True)
class Shares:
    """Every level of a zones file upon one population grid. warnings: stored reasons. people: on the whole grid."""

    levels: tuple[Level, ...]
    warnings: tuple[Reason, ...]
    people: float = 0.0

    @property
    def covers(self) -> dict[str | None, float]:
        """The share of the grid's people, 0 to 1, that the zones of each level hold; all of them where nobody lives."""
        return {
            level.name: min(1.0, sum(zone.people for zone in level.zones) / self.people) if self.people else 1.0
            for level in self.levels
        }


def prepare(grid: PopulationGrid, zones_file: Path, fields: ZoneFields, cache: Path) -> Shares:
    """The shares of these zones upon this grid, from `cache`/shares or made now.

    Raises BadInput with a sentence when the zones cannot be read or brought to the grid's CRS.
    """
    folder = folder_of(grid, zones_file, fields, cache)
    diskcache.keep(folder, lambda scratch: _make(grid, zones_file, fields, scratch))
    levels = tuple(_load(path) for path in sorted(folder.iterdir()) if path.is_dir())
    whole = json.loads((folder / "whole.json").read_text(encoding="utf-8"))
    return Shares(levels, tuple(whole["warnings"]), whole["people"])


def folder_of(grid: PopulationGrid, zones_file: Path, fields: ZoneFields, cache: Path) -> Path:
    """Where the shares of these zones upon this grid lie once they are there; the same name on every machine."""
    part = (grid.skipped_rows, grid.skipped_columns, grid.rows, grid.columns)
    hashes = [filehash.of_dataset(path, cache) for path in (grid.path, zones_file)]
    described = json.dumps([_RECIPE, hashes, zones_file.name, part, asdict(fields)])
    return cache / diskcache.SHARES / hashlib.sha256(described.encode()).hexdigest()[:32]


def _make(grid: PopulationGrid, zones_file: Path, fields: ZoneFields, folder: Path) -> None:
    read, warnings = zones.read(zones_file, fields, grid.crs, across=grid.across)
    levels = []
    for number, level in enumerate(read):
        where = folder / f"{number:02d}"
        where.mkdir()
        span_at, share_at = _divide(grid, level, where)
        named = zip(level.codes, level.names, level.parents, level.areas.tolist(), strict=True)
        empty = tuple(Zone(code, name, level.level, parent, 0.0, 0.0, area) for code, name, parent, area in named)
        levels.append(Level(level.level, empty, where, span_at, share_at))
    del read
    totals, everybody = _totals(grid, levels)
    for made, total in zip(levels, totals, strict=True):
        _save(made, *total)
    whole = json.dumps({"people": everybody, "warnings": warnings})
    (folder / "whole.json").write_text(whole, encoding="utf-8")


def _divide(grid: PopulationGrid, level: zones.ZoneLevel, folder: Path) -> tuple[Array, Array]:
    """Write spans.bin and shares.bin, some rows of the grid at a time; where each row begins in them."""
    ends = ([0], [0])
    with (folder / "spans.bin").open("wb") as spans, (folder / "shares.bin").open("wb") as shares:
        for rows, cover in _bands(grid, level):
            entries = np.empty(len(cover.span_row), _SPAN)
            entries["start"], entries["stop"], entries["zone"] = cover.span_start, cover.span_stop, cover.span_owner
            entries.tofile(spans)
            row, column = np.divmod(cover.cell, grid.columns)
            entries = np.empty(len(row), _SHARE)
            entries["column"], entries["zone"], entries["share"] = column, cover.owner, cover.share
            entries.tofile(shares)
            for end, of in zip(ends, (cover.span_row, row), strict=True):
                end += (np.searchsorted(of, np.arange(1, rows + 1)) + end[-1]).tolist()
    return np.array(ends[0], np.int64), np.array(ends[1], np.int64)


def _bands(grid: PopulationGrid, level: zones.ZoneLevel) -> Iterator[tuple[int, Cover]]:
    """The cover of bands of rows from north to south, each with its number of rows."""
    box = shapely.bounds(level.polygons)
    box = (box - (grid.west, grid.north, grid.west, grid.north)) / (grid.width, -grid.height, grid.width, -grid.height)
    # y runs southward; a polygon that lost all its area to others has bounds that are no numbers.
    border = 2 * np.nansum(box[:, 2] - box[:, 0] + box[:, 1] - box[:, 3])
    weight = shapely.get_num_coordinates(level.polygons).sum() + border
    high = max(_FEWEST_ROWS, int(grid.rows / (weight / _WEIGHT_AT_ONCE + 1)))
    for top in range(0, grid.rows, high):
        rows = min(high, grid.rows - top)
        here = (box[:, 3] < top + rows) & (box[:, 1] > top)
        north = grid.north - top * grid.height
        in_cells = shapely.transform(
            level.polygons[here], lambda points, north=north: (points - (grid.west, north)) / (grid.width, -grid.height)
        )
        yield rows, within_one(coverage.of(in_cells, level.zone[here], rows, grid.columns), grid.columns)


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


def _kept(keep: NDArray[np.bool_], *columns: Array) -> tuple[Array, ...]:
    """Some entries of each column; the columns themselves where all are kept, as is the rule."""
    return columns if keep.all() else tuple(column[keep] for column in columns)


def _totals(grid: PopulationGrid, levels: list[Level]) -> tuple[list[NDArray[np.float64]], float]:
    """(2, zones) people and cells, over the whole grid, of each level; people of the grid."""
    totals, everybody = [np.zeros((2, len(level.zones))) for level in levels], 0.0
    for strip in grid.strips(grid.whole):
        nowhere = np.zeros(strip.people.shape, dtype=np.uint8)
        everybody += float(strip.people.sum())
        for total, level in zip(totals, levels, strict=True):
            tally = level.tally(strip.window, nowhere, strip.people)
            total[:, tally.zones] += tally.by_zone[:, 0], tally.cells[:, 0]
    return totals, everybody


def _save(level: Level, people: NDArray[np.float64], cells: NDArray[np.float64]) -> None:
    np.savez(level.folder / "rows.npz", span=level.span_at, share=level.share_at)
    counts = zip(level.zones, people.tolist(), cells.tolist(), strict=True)
    described = [asdict(zone) | {"people": persons, "cells": size} for zone, persons, size in counts]
    text = json.dumps({"name": level.name, "zones": described})
    (level.folder / "zones.json").write_text(text, encoding="utf-8")


def _load(folder: Path) -> Level:
    described = json.loads((folder / "zones.json").read_text(encoding="utf-8"))
    with np.load(folder / "rows.npz") as rows:
        zones_of = tuple(Zone(**zone) for zone in described["zones"])
        return Level(described["name"], zones_of, folder, rows["span"], rows["share"])
