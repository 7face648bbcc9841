"""Where the content of a file lies: how much there is in each cell of a coarse grid, for a small picture of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CELLS = 120  # along the longer side
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # degrees
_SHADES = 4
_MARKS = frozenset("01234")


@dataclass(frozen=True, slots=True)
class Frame:
    """A grid of degrees, its edges being whole steps, so that the cells of two files lie upon each other.

    west, north: its corner. step: of a cell, in degrees.
    """

    west: float
    north: float
    step: float
    columns: int
    rows: int

    @classmethod
    def around(cls, west: float, south: float, east: float, north: float) -> "Frame":
        """The grid around these edges, in degrees."""
        longer = max(east - west, north - south) / _CELLS
        step = next((one for one in _STEPS if one >= longer), _STEPS[-1])
        left, top = math.floor(west / step), math.ceil(north / step)
        columns, rows = math.ceil(east / step) - left, top - math.floor(south / step)
        return cls(round(left * step, 6), round(top * step, 6), step, max(columns, 1), max(rows, 1))

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """West, south, east and north."""
        south, east = self.north - self.rows * self.step, self.west + self.columns * self.step
        return self.west, round(south, 6), round(east, 6), self.north

    def cells(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.int64]:
        """In which cell each point lies, counted row by row; those beyond the edges count to the outermost."""
        column = np.clip(np.floor((longitude - self.west) / self.step), 0, self.columns - 1)
        row = np.clip(np.floor((self.north - latitude) / self.step), 0, self.rows - 1)
        cells: NDArray[np.int64] = (row * self.columns + column).astype(np.int64)
        return cells


@dataclass(frozen=True, slots=True)
class Extent:
    """A frame and a digit for each of its cells, row by row, north first: 0 for nothing, 1 to 4 the more there is."""

    frame: Frame
    rows: tuple[str, ...]

    @classmethod
    def of(cls, frame: Frame, amounts: NDArray[np.float64]) -> "Extent":
        """amounts: of each cell, in any unit. A quarter of the cells that have something gets each shade."""
        there = amounts > 0
        shades = np.zeros(amounts.shape, dtype=np.int64)
        if there.any():
            borders = np.quantile(amounts[there], np.arange(1, _SHADES) / _SHADES)
            shades[there] = 1 + np.searchsorted(borders, amounts[there], side="left")
        return cls(frame, tuple("".join(map(str, row)) for row in shades.reshape(frame.rows, frame.columns).tolist()))

    @classmethod
    def stored(cls, frame: Sequence[float], rows: Sequence[str]) -> "Extent":
        """As it was stored. Raises ValueError, TypeError."""
        west, north, step, columns, count = frame
        made = cls(Frame(float(west), float(north), float(step), int(columns), int(count)), tuple(rows))
        if len(rows) != count or not all(len(row) == columns and _MARKS.issuperset(row) for row in rows):
            raise ValueError("the picture is none")
        return made

    def runs(self) -> list[tuple[str, int, int, int]]:
        """Neighbours of one shade in a row: the shade, column, row and how many; those with nothing left out."""
        runs = []
        for number, row in enumerate(self.rows):
            begin = 0
            for column in range(1, len(row) + 1):
                if column == len(row) or row[column] != row[begin]:
                    if row[begin] != "0":
                        runs.append((row[begin], begin, number, column - begin))
                    begin = column
        return runs
