"""Values in a population raster that are no counts of people, although the file does not say so.

Many rasters mark their gaps with a number and do not declare it, or lose the declaration when they are
converted. Counted as people such numbers make millions out of the sea. Each rule asks for more than a
real count can give: the largest number of an integer type, more people than can be in a cell, a mark of
missing values that many cells share, one number far above all others in many cells.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput, Reason
from siaga.foreign import Array, Kind

# More than live on Earth: 8.2 billion in 2025, 8.6 in 2030 (UN, World Population Prospects 2024).
MOST_PEOPLE = 9e9
# Persons per km². The densest square kilometres (Dharavi, Mong Kok, Tondo) hold one to three hundred
# thousand; in a crowd nobody can move any more at six per square metre (Still, Crowd Safety).
_DENSEST, _CROWD = 5e5, 6e6
# Persons. Kowloon Walled City, the densest block there ever was, held 33,000 to 50,000 on 2.6 ha. A tower
# may stand in the one cell where its address is.
_BLOCK, _TOWER = 50_000, 5_000
# What software and data makers write for missing, where it was turned into another type; 9999 and more
# nines too. Extremes of 32 bits are rounded in float32.
_MARKS = (32767, 65535, 2147483647, 4294967295, 2147483648, 4294967296)
_FEWEST_CELLS, _FEWEST_SHARE = 10, 0.001  # that share a mark
_MANY, _CITY, _GAP = 0.01, 1e4, 10.0  # a share of the cells, persons per km², times the next lower number
_BYTE_GAP, _BYTE_NEIGHBOURS = 2.0, 2.0  # times the next lower number; times the cells from there on


@dataclass(slots=True)
class Odd:
    """Cells that were taken as unknown. marks: cells by the number that stands in them.

    crowded: cells with more people than can be there; highest: the largest number in one of them.
    """

    marks: dict[float, int] = field(default_factory=dict)
    crowded: int = 0
    highest: float = 0.0

    def add(self, other: "Odd") -> None:
        """Count the cells of another part too."""
        for mark, cells in other.marks.items():
            self.marks[mark] = self.marks.get(mark, 0) + cells
        self.crowded += other.crowded
        self.highest = max(self.highest, other.highest)

    def warnings(self, path: Path) -> list[Reason]:
        """What a reader should know (stored reasons). path: of the raster."""
        said = [
            BadInput(
                "{file}: {value} in {cells} cells is no count of people but a mark of missing data; taken as unknown",
                file=path.name,
                value=f"{mark:.0f}" if mark < 1e15 else f"{mark:.6g}",
                cells=cells,
            )
            for mark, cells in sorted(self.marks.items())
        ]
        if self.crowded:
            said.append(
                BadInput(
                    "{file}: {cells} cells hold more people than can be there (up to {value}); taken as unknown",
                    file=path.name,
                    cells=self.crowded,
                    value=f"{self.highest:.6g}",
                )
            )
        return [one.reason() for one in said]


def most(area: NDArray[np.float64]) -> NDArray[np.float64]:
    """Persons that cells of that area, km², can hold at the very most.

    >>> most(np.array([1e-4, 0.01, 1.0, 25.0])).tolist()
    [5000.0, 50000.0, 500000.0, 12500000.0]
    """
    limit: NDArray[np.float64] = np.maximum(_TOWER, np.minimum(_CROWD * area, np.maximum(_BLOCK, _DENSEST * area)))
    return limit


def _extreme(kind: Kind) -> float | None:
    """The number that stands for missing whenever it occurs in a type; None where each can be a count."""
    return float(np.iinfo(kind).max) if kind.kind in "iu" and kind.itemsize > 1 else None


def either(first: NDArray[np.bool_] | None, second: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Where one or the other holds; None where neither does."""
    if first is None or second is None:
        return second if first is None else first
    return first | second


def odd(
    people: NDArray[np.float64],
    raw: Array,
    declared: Sequence[float],
    limits: NDArray[np.float64],
    scale: float,
    offset: float,
) -> tuple[Odd, NDArray[np.bool_] | None]:
    """What is no count though nothing declares it, and where; None where all are counts.

    people: (rows, columns), 0 where nothing is known; raw: as stored. declared: the raster's marks. limits:
    the most persons in a cell of each row.
    """
    found, strange = Odd(), None
    top, extreme = float(people.max()), _extreme(raw.dtype)
    for mark in sorted({*declared, *([] if extreme is None else [extreme])}):
        if top >= mark * scale + offset > 0:
            here = (raw == mark) & (people > 0)
            if here.any():
                found.marks[mark] = int(np.count_nonzero(here))
                strange = either(strange, here)
    if top > limits.min():
        crowded = people > limits[:, np.newaxis]
        if strange is not None:
            crowded &= ~strange
        if crowded.any():
            found.crowded, found.highest = int(np.count_nonzero(crowded)), float(people[crowded].max())
            strange = either(strange, crowded)
    return found, strange


def marks(values: Array, scale: float, offset: float, area: float) -> tuple[float, ...]:
    """Numbers among a raster's values that mark missing data, ascending; most often none.

    values: as stored, of a fair part of the cells, without those that are declared missing. scale, offset:
    make persons of them. area: of a cell, km².
    """
    kind = values.dtype
    values = values[np.isfinite(values)] if kind.kind == "f" else values
    byte = kind.itemsize == 1
    lowest = float(np.iinfo(kind).max) if byte else min(9999.0, (_CITY * area - offset) / scale)
    high = values[values >= lowest]
    if not len(high):
        return ()
    found: list[float] = []
    numbers, cells = np.unique(high, return_counts=True)
    shares = cells / len(values)
    often = (cells >= _FEWEST_CELLS) & (shares >= _FEWEST_SHARE)
    for number, share in zip(numbers[often].tolist(), shares[often].tolist(), strict=True):
        if (not byte and _is_mark(number)) or (share >= _MANY and _stands_off(values, number, scale, offset, area)):
            found.append(float(number))
    return tuple(found)


def _is_mark(number: float) -> bool:
    nines = number >= 9999 and math.log10(number + 1).is_integer()
    return number in _MARKS or nines


def _stands_off(values: Array, number: float, scale: float, offset: float, area: float) -> bool:
    """Whether a number is a city's density at least and far above all that lies below it."""
    below = values[(values < number) & (values > 0)]
    if not len(below):
        return False
    if values.dtype.itemsize == 1:
        # Counts that were cut off at the top of the type have many neighbours a little below; a mark has few.
        upper = np.count_nonzero(below >= number / _BYTE_GAP)
        return bool(upper < np.count_nonzero(values == number) / _BYTE_NEIGHBOURS)
    people = number * scale + offset
    return people >= _CITY * area and people >= _GAP * (float(below.max()) * scale + offset)
