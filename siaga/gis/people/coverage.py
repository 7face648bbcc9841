"""Exact cover: which part of each cell of a grid lies inside which polygon.

The way of font renderers: every edge is cut at the lines of the grid; a piece within one cell says how
much of that cell lies to its right, and that all cells farther right in the row lie there with the
piece's whole height. Summed along the row, the pieces of a closed ring give each cell's covered area,
without approximation and without visiting the cells inside.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.foreign import Array

_WHOLE = 1e-9  # of a cell: nearer than this to all of it is all of it, nearer to nothing is nothing
_PIECES_AT_ONCE = 60_000

_NO_SPANS = (np.empty(0, np.int32),) * 4
_NO_SHARES = (np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0))


@dataclass(frozen=True, slots=True)
class Cover:
    """What polygons cover. Rows and columns of the grid, numbers of the polygons' owners.

    span_row, span_start, span_stop, span_owner: runs of cells that one owner has whole.
    cell, owner, share: cells that are divided (row * columns + column), and the part of each owner.
    Both ascend by row, then column, then owner.
    """

    span_row: NDArray[np.int32]
    span_start: NDArray[np.int32]
    span_stop: NDArray[np.int32]
    span_owner: NDArray[np.int32]
    cell: NDArray[np.int64]
    owner: NDArray[np.int32]
    share: NDArray[np.float64]


def of(polygons: Array, owners: Array, rows: int, columns: int) -> Cover:
    """The cover of valid polygons that do not overlap.

    polygons: shapely, in units of cells: x in columns from the western edge, y in rows from the northern.
    owners: one number per polygon; polygons with one owner count together. What lies beyond the grid is
    left out.
    """
    spans: list[list[Array]] = [[empty] for empty in _NO_SPANS]
    shares: list[list[Array]] = [[empty] for empty in _NO_SHARES]
    for edges in _chunks(polygons, owners):
        for columns_so_far, found in zip((spans, shares), _rows_of(*edges, rows, columns), strict=True):
            for column, values in zip(columns_so_far, found, strict=True):
                column.append(values)
    # Owners come in ascending order, and a stable sort leaves them so within a cell.
    row, start = _joined(spans[0]), _joined(spans[1])
    order = np.argsort(row * np.int64(columns) + start, kind="stable")
    row, start = row[order], start[order]
    stop, span_owner = _joined(spans[2])[order], _joined(spans[3])[order]
    cell = _joined(shares[0])
    order = np.argsort(cell, kind="stable")
    cell = cell[order]
    owner = _joined(shares[1])[order]
    return Cover(row, start, stop, span_owner, cell, owner, _joined(shares[2])[order])


def _joined(parts: list[Array]) -> Array:
    """One array; the parts are let go, for there may be many millions."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _chunks(polygons: Array, owners: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Edges of some owners at a time: (edges, 4) x0 y0 x1 y1 with y0 < y1, their sign, their owner.

    The sign is +1 where the polygon lies to the east of the edge, seen along growing x, and −1 where it
    lies to the west.
    """
    pieces, part = shapely.get_parts(polygons, return_index=True)
    order = np.argsort(owners[part], kind="stable")
    pieces, of_piece = pieces[order], owners[part][order]
    box = shapely.bounds(pieces)
    weight = shapely.get_num_coordinates(pieces) + 2 * (box[:, 2] - box[:, 0] + box[:, 3] - box[:, 1])
    chunk = (np.cumsum(weight) // _PIECES_AT_ONCE).astype(np.int64)
    # An owner's edges must meet in one chunk: it goes where its first piece goes.
    first = np.searchsorted(of_piece, of_piece, side="left")
    chunk = chunk[first] if len(chunk) else chunk
    for begin, end in _runs(chunk):
        yield _edges(pieces[begin:end], of_piece[begin:end])


def _runs(values: Array) -> Iterator[tuple[int, int]]:
    """Begin and end of each run of equal values."""
    if len(values):
        cuts = np.flatnonzero(np.diff(values)) + 1
        yield from zip([0, *cuts.tolist()], [*cuts.tolist(), len(values)], strict=True)


def _edges(polygons: Array, owners: Array) -> tuple[Array, Array, Array]:
    _, points, (ring_at, polygon_at) = shapely.to_ragged_array(polygons, include_z=False)
    last = np.zeros(len(points), dtype=bool)
    last[ring_at[1:] - 1] = True
    ring = np.repeat(np.arange(len(ring_at) - 1), np.diff(ring_at))
    begin = np.flatnonzero(~last)
    a, b, ring = points[begin], points[begin + 1], ring[begin]
    # Twice the signed area says which way a ring runs; the first of a polygon is its shell, others are holes.
    origin = points[ring_at[:-1]][ring]
    doubled = (a[:, 0] - origin[:, 0]) * (b[:, 1] - origin[:, 1]) - (b[:, 0] - origin[:, 0]) * (a[:, 1] - origin[:, 1])
    way = np.sign(np.bincount(ring, weights=doubled, minlength=len(ring_at) - 1))
    role = np.full(len(ring_at) - 1, -1.0)
    role[polygon_at[:-1]] = 1.0
    up = np.sign(b[:, 1] - a[:, 1])
    # With y southward a shell of positive area has the land to the west of its southward edges.
    sign = -up * (way * role)[ring]
    keep = sign != 0
    swap = (up < 0)[:, np.newaxis]
    edges = np.hstack((np.where(swap, b, a), np.where(swap, a, b)))[keep]
    return edges, sign[keep], np.repeat(owners, np.diff(polygon_at))[ring][keep]


def _rows_of(
    edges: Array, sign: Array, owner: Array, rows: int, columns: int
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Spans (row, start, stop, owner) and shares (cell, owner, share) of one chunk."""
    key, area, height = _cells(*_cut(edges, sign, owner, rows), columns)
    if not len(key):
        return _NO_SPANS, _NO_SHARES
    width = columns + 2
    line = key // width  # owner * rows + row
    column = key - line * width - 1
    reached = np.cumsum(height)
    first = np.searchsorted(line, line, side="left")
    before = reached - height - (reached[first] - height[first])
    covered, beyond = before + area, before + height
    # After an entry its row goes on with the same cover until the next one.
    follows = np.append(line[1:] == line[:-1], False)
    until = np.where(follows, np.append(column[1:], 0), column + 1)
    owners, row = np.divmod(line, rows)
    starts = np.concatenate((column, column + 1))
    stops = np.concatenate((column + 1, until))
    part = np.concatenate((covered, beyond))
    owners, row = np.tile(owners, 2), np.tile(row, 2)
    here = (part > _WHOLE) & (starts < stops) & (starts >= 0) & (starts < columns)
    starts, stops, part, owners, row = (values[here] for values in (starts, stops, part, owners, row))
    whole = part >= 1 - _WHOLE
    owners = owners.astype(np.int32)
    spans = (*(values[whole].astype(np.int32) for values in (row, starts, stops)), owners[whole])
    divided = ~whole
    length = (stops - starts)[divided]
    offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    cell = np.repeat(row[divided] * columns + starts[divided], length) + offset
    return spans, (cell, np.repeat(owners[divided], length), np.repeat(part[divided], length))


def _cut(edges: Array, sign: Array, owner: Array, rows: int) -> tuple[Array, Array, Array, Array]:
    """Edges cut at the lines between rows: owner * rows + row, signed height, x at both ends."""
    x0, y0, x1, y1 = edges.T
    top, bottom = np.clip(y0, 0, rows), np.clip(y1, 0, rows)
    first = np.floor(top).astype(np.int64)
    count = np.maximum(np.ceil(bottom).astype(np.int64) - first, 0)
    count[top >= bottom] = 0
    which = np.repeat(np.arange(len(edges)), count)
    row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[which]
    slope = (x1 - x0) / (y1 - y0)
    upper, lower = np.maximum(top[which], row), np.minimum(bottom[which], row + 1)
    start = np.where(upper == y0[which], x0[which], x0[which] + (upper - y0[which]) * slope[which])
    end = np.where(lower == y1[which], x1[which], x0[which] + (lower - y0[which]) * slope[which])
    return owner[which] * rows + row, sign[which] * (lower - upper), start, end


def _cells(line: Array, height: Array, start: Array, end: Array, columns: int) -> tuple[Array, Array, Array]:
    """Those pieces cut at the lines between columns and summed per cell: key, area to their right, height.

    The key is line * (columns + 2) + column + 1, ascending: column −1 takes all that lies west of the
    grid, and the one after its last all that lies east.
    """
    west, east = np.minimum(start, end), np.maximum(start, end)
    first = np.clip(np.floor(west), -1, columns).astype(np.int64)
    last = np.clip(np.ceil(east) - 1, first, columns).astype(np.int64)
    count = last - first + 1
    which = np.repeat(np.arange(len(line)), count)
    column = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[which]
    left = np.where(column == first[which], west[which], column)
    right = np.where(column == last[which], east[which], column + 1)
    extent = (east - west)[which]
    height = height[which] * np.divide(right - left, extent, out=np.ones_like(extent), where=extent > 0)
    area = height * (column + 1 - (left + right) / 2)
    key = line[which] * (columns + 2) + column + 1
    order = np.argsort(key, kind="stable")
    key = key[order]
    if not len(key):
        return key, area, height
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    return key[starts], np.add.reduceat(area[order], starts), np.add.reduceat(height[order], starts)
