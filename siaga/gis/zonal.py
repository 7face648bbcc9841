"""Shares: which part of each population cell lies in which zone, by exact area; prepared once.

An inner cell belongs to one zone whole. A cell on a border is divided by area. The preparation walks
down each polygon like a quadtree, cutting it with rectangles, and stops where a rectangle is covered
or is one cell; an analysis afterwards only looks up and sums.
"""

import hashlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.errors import SiagaError
from siaga.gis import layers
from siaga.gis.raster import PopulationGrid, Window

_RECIPE = "3"  # changes when shares prepared by older code must not be used
_COVERED = 1e-9  # of a rectangle's area: nearer than this to all of it is all of it
_CELLS_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone. people: of the whole zone, on the map or not; persons, float64."""

    code: str
    name: str
    level: str | None
    parent: str | None
    people: float


@dataclass(frozen=True, slots=True)
class Level:
    """The zones of one administrative level and their shares of the cells.

    inner: (rows, columns) int16, index of the zone that has the whole cell, -1 where none has.
    cell, zone, share: one entry per border cell and zone; cells ascending.
    """

    name: str | None
    zones: tuple[Zone, ...]
    inner: NDArray[np.int16]
    cell: NDArray[np.int64]
    zone: NDArray[np.int16]
    share: NDArray[np.float64]

    def people(self, window: Window, classes: NDArray[np.uint8], people: NDArray[np.float64]) -> NDArray[np.float64]:
        """Persons per zone and class: (zones, 11), column 0 being those outside the map.

        classes, people: (rows, columns) of the window; people without holes.
        """
        count = len(self.zones)
        inner = self.inner[window.rows, window.columns]
        index = np.where(inner < 0, count, inner).astype(np.int64) * 11 + classes
        total = np.bincount(index.ravel(), weights=people.ravel(), minlength=(count + 1) * 11)
        table = total.reshape(count + 1, 11)[:count]
        columns = self.inner.shape[1]
        begin, end = np.searchsorted(self.cell, (window.rows.start * columns, window.rows.stop * columns))
        row, column = np.divmod(self.cell[begin:end], columns)
        here = (column >= window.columns.start) & (column < window.columns.stop)
        row, column = row[here] - window.rows.start, column[here] - window.columns.start
        index = self.zone[begin:end][here].astype(np.int64) * 11 + classes[row, column]
        weights = people[row, column] * self.share[begin:end][here]
        return table + np.bincount(index, weights=weights, minlength=count * 11).reshape(count, 11)


@dataclass(frozen=True, slots=True)
class Shares:
    """Every level of a zones file upon one population grid."""

    levels: tuple[Level, ...]


def prepare(population: Path, zones: Path, cache: Path) -> Shares:
    """The shares of these zones upon this grid, from `cache`/shares or made now.

    population: one band, persons per cell, EPSG:4326. zones: polygons, EPSG:4326, with fields code,
    name and, if there are levels, level and parent. Zones of one level that overlap: the first in the
    file has the area.
    """
    folder = cache / "shares" / _fingerprint(population, zones)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = folder.parent / f".{os.getpid()}-{secrets.token_hex(4)}"
        scratch.mkdir()
        try:
            _make(PopulationGrid.open(population), zones, scratch)
            scratch.replace(folder)
        except OSError:
            if not folder.exists():  # else another process was first
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return Shares(tuple(_load(folder / name) for name in sorted(os.listdir(folder))))


def _fingerprint(*paths: Path) -> str:
    digest = hashlib.sha256(_RECIPE.encode())
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def _make(grid: PopulationGrid, zones: Path, folder: Path) -> None:
    geometries, rows = layers.read(zones)
    levels: dict[str | None, list[int]] = {}
    for index, row in enumerate(rows):
        for field in ("code", "name"):
            if row.get(field) is None:
                raise SiagaError("{file}: zone {number} has no {field}", file=zones.name, number=index + 1, field=field)
        levels.setdefault(row.get("level"), []).append(index)
    people = grid.read_all()
    for number, (name, members) in enumerate(levels.items()):
        records = [rows[index] for index in members]
        inner, cell, zone, share = _divide(grid, geometries[members])
        sums = _sums(people, inner, cell, zone, share, len(members))
        _save(folder / f"{number:02d}", name, records, sums, (inner, cell, zone, share))


def _sums(people: Any, inner: Any, cell: Any, zone: Any, share: Any, count: int) -> NDArray[np.float64]:
    inside = inner >= 0
    total = np.bincount(inner[inside], weights=people[inside], minlength=count)
    return total + np.bincount(zone, weights=people.ravel()[cell] * share, minlength=count)


def _divide(grid: PopulationGrid, geometries: Any) -> tuple[Any, Any, Any, Any]:
    inner = np.full((grid.rows, grid.columns), -1, dtype=np.int16)
    cut = np.zeros((grid.rows, grid.columns), dtype=bool)  # cells of which an earlier zone has a part
    taken: dict[int, list[tuple[int, float]]] = {}
    for number, geometry in enumerate(geometries):
        whole, parts = _cover(grid, shapely.make_valid(geometry))
        for rows, columns in whole:
            block, shared = inner[rows, columns], cut[rows, columns]
            for row, column in np.argwhere(shared & (block < 0)):
                cell = int((rows.start + row) * grid.columns + columns.start + column)
                taken[cell].append((number, 1.0))
            block[(block < 0) & ~shared] = number
        for cell, share in parts:
            if inner[divmod(cell, grid.columns)] < 0:
                taken.setdefault(cell, []).append((number, share))
                cut[divmod(cell, grid.columns)] = True
    entries = []
    for cell in sorted(taken):
        left = 1.0
        for number, share in taken[cell]:
            given = min(share, left)
            if given > 0:
                entries.append((cell, number, given))
            left -= given
    cells, zones, shares = zip(*entries, strict=True) if entries else ((), (), ())
    return inner, np.array(cells, np.int64), np.array(zones, np.int16), np.array(shares, np.float64)


def _cover(grid: PopulationGrid, geometry: Any) -> tuple[list[tuple[slice, slice]], list[tuple[int, float]]]:
    """Blocks of cells that the polygon covers whole, and (cell, share) of those that it cuts."""
    whole: list[tuple[slice, slice]] = []
    parts: list[tuple[int, float]] = []
    window = grid.window(shapely.bounds(geometry))
    if window is None:
        return whole, parts
    stack = [(geometry, window.rows.start, window.rows.stop, window.columns.start, window.columns.stop)]
    while stack:
        shape, top, bottom, left, right = stack.pop()
        rectangle = grid.bounds(top, bottom, left, right)
        shape = _clipped(shape, rectangle)
        area = shapely.area(shape)
        if area == 0:
            continue
        full = (rectangle[2] - rectangle[0]) * (rectangle[3] - rectangle[1])
        if area >= full * (1 - _COVERED):
            whole.append((slice(top, bottom), slice(left, right)))
        elif (bottom - top) * (right - left) == 1:
            parts.append((top * grid.columns + left, float(area / full)))
        elif (bottom - top) * (right - left) <= _CELLS_AT_ONCE:
            stack += [(shape, r, r + 1, c, c + 1) for r in range(top, bottom) for c in range(left, right)]
        elif bottom - top >= right - left:
            middle = (top + bottom) // 2
            stack += [(shape, top, middle, left, right), (shape, middle, bottom, left, right)]
        else:
            middle = (left + right) // 2
            stack += [(shape, top, bottom, left, middle), (shape, top, bottom, middle, right)]
    return whole, parts


def _clipped(shape: Any, rectangle: tuple[float, float, float, float]) -> Any:
    try:
        return shapely.clip_by_rect(shape, *rectangle)
    except shapely.errors.GEOSException:  # a sliver collapsed to a line; the slower way knows how to drop it
        return shapely.intersection(shape, shapely.box(*rectangle))


def _save(folder: Path, name: str | None, rows: list[dict[str, Any]], people: Any, arrays: tuple[Any, ...]) -> None:
    folder.mkdir()
    for file, array in zip(("inner", "cell", "zone", "share"), arrays, strict=True):
        np.save(folder / f"{file}.npy", array)
    zones = [
        {"code": str(row["code"]), "name": row["name"], "level": name, "parent": row.get("parent"), "people": total}
        for row, total in zip(rows, people.tolist(), strict=True)
    ]
    (folder / "zones.json").write_text(json.dumps({"name": name, "zones": zones}), encoding="utf-8")


def _load(folder: Path) -> Level:
    described = json.loads((folder / "zones.json").read_text(encoding="utf-8"))
    # Memory-mapped: an analysis touches the rows of its window alone.
    inner, cell, zone, share = (
        np.load(folder / f"{file}.npy", mmap_mode="r") for file in ("inner", "cell", "zone", "share")
    )
    return Level(described["name"], tuple(Zone(**zone) for zone in described["zones"]), inner, cell, zone, share)
