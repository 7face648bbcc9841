"""What the population data do not tell about a map: cells without a count, and ground beyond the grid.

A cell without a count is a gap on land and nothing at all on the sea, which many rasters leave without data.
Which it is, the base map says, or else the zones; where neither is installed every cell may be land.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from siaga.errors import Reason, reason
from siaga.foreign import Array
from siaga.gis import basemap
from siaga.gis.people.uncounted import Odd
from siaga.impact.breakdown import percent

_TOLD = 0.005  # of the cells, or of those where harm is likely: a larger gap is a warning
_TOLD_ASHORE = 0.02  # of the land: coasts of two sources are never the same, and lakes have no count
_SAMPLE = 50_000  # cells without a count are asked whether they are land, spread over all of them

Bounds = tuple[float, float, float, float]  # west, south, east, north in degrees


@dataclass(frozen=True, slots=True)
class Land:
    """Polygons of the base map, EPSG:4326."""

    polygons: Array

    @classmethod
    def within(cls, path: Path | None, bounds: Bounds) -> "Land | None":
        """What of the base map reaches into a map; None without a base map, or where it does not cover the map."""
        if path is None or not basemap.covers(path, bounds):
            return None
        return cls(basemap.land_around(path, bounds))

    def holds(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each point lies on land."""
        on = np.zeros(len(longitude), dtype=bool)
        if len(self.polygons) and len(longitude):
            on[shapely.STRtree(shapely.points(longitude, latitude)).query(self.polygons, predicate="intersects")[1]] = 1
        return on


@dataclass(slots=True)
class Gaps:
    """Cells of one map and those of them without a count, by class, as the strips add up.

    cells, unknown: (classes,) cells, parts of cells by their part. ashore: as unknown, of those within zones; None
    where no zone lies on the map. counted, nodata: cells touched, with a count and without. negative, odd:
    those of the strips. sample: longitude, latitude and class (from 0 on) of some cells without a count, for a
    base map to be asked.
    """

    path: Path
    cells: NDArray[np.float64]
    unknown: NDArray[np.float64]
    ashore: NDArray[np.float64] | None = None
    counted: int = 0
    nodata: int = 0
    negative: int = 0
    odd: Odd = field(default_factory=Odd)
    sample: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path, classes: int) -> "Gaps":
        """Nothing counted yet. path: of the raster."""
        return cls(path, np.zeros(classes), np.zeros(classes))

    @property
    def unknown_share(self) -> float | None:
        """Of the cells on the grid, 0 to 1, those without a count; None where no cell lies on the grid."""
        total = float(self.cells.sum())
        return min(1.0, float(self.unknown.sum()) / total) if total else None

    def warnings(self, beyond: float | None, land: Land | None, harmed_from: int) -> list[Reason]:
        """Stored reasons. beyond: the share of the map off the grid. harmed_from: the first class that does harm."""
        said = self.odd.warnings(self.path)
        if self.negative:
            said.append(reason("The population data have negative counts; they are taken as unknown"))
        if beyond is not None and beyond >= 0.005:
            said.append(
                reason(
                    "{percent} % of the map lies beyond the population data; how many people are there is not known",
                    percent=round(beyond * 100),
                )
            )
        return said + self._holes(land, harmed_from)

    def nothing(self, land: Land | None, zones: bool) -> tuple[bool, Reason]:
        """Of a map without any count: whether nobody lives there, and the reason why nobody is counted.

        It is open sea where neither land of the base map nor a zone lies on it. zones: whether one does.
        """
        if not self.nodata:
            return False, outside()
        if land is not None and not zones and not len(land.polygons):
            return True, _sea()
        return False, _uncounted()

    def _holes(self, land: Land | None, harmed_from: int) -> list[Reason]:
        if not self.counted or not self.nodata:
            return []  # of a map without any count the note speaks
        cells, unknown = self._of_land(land)
        share, worst = _part(unknown, cells), _part(unknown[harmed_from:], cells[harmed_from:])
        told = _TOLD if land is None and self.ashore is None else _TOLD_ASHORE
        if max(share, worst) <= told:
            return []
        numbers = {"percent": percent(share), "worst": percent(worst) if worst else 0}
        if land is None and self.ashore is None:
            return [
                reason(
                    "{percent} % of the map's cells have no count in the population data, of those where harm is "
                    "likely {worst} %; how many people live there is not known",
                    **numbers,
                )
            ]
        return [
            reason(
                "{percent} % of the land on the map has no count in the population data, where harm is likely "
                "{worst} %; how many people live there is not known",
                **numbers,
            )
        ]

    def _of_land(self, land: Land | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Cells and those without a count, by class, as far as they are land; what has a count is."""
        counted = self.cells - self.unknown
        if land is None:
            unknown = self.unknown if self.ashore is None else self.ashore
            return counted + unknown, unknown
        longitude, latitude, kind = (np.concatenate(column) for column in zip(*self.sample, strict=True))
        on = land.holds(longitude, latitude)
        asked = np.bincount(kind, minlength=len(self.cells))
        ashore = np.bincount(kind, weights=on, minlength=len(self.cells))
        unknown = self.unknown * np.divide(ashore, asked, out=np.full(len(asked), on.mean()), where=asked > 0)
        return counted + unknown, unknown

    def thinned(self, cells: int) -> int:
        """Of so many cells every how-manieth is asked."""
        return max(1, cells // _SAMPLE)


def outside() -> Reason:
    """Why nothing is known of a map off the grid."""
    return reason("The map lies wholly outside the population data; how many people are there is not known")


def _uncounted() -> Reason:
    """Why nothing is known of a map on the grid."""
    return reason("The population data have no count for any cell of this map; how many people are there is not known")


def _sea() -> Reason:
    """Why nobody is counted on a map at sea."""
    return reason("The map lies at sea, where the population data have no counts; nobody lives there")


def _part(some: NDArray[np.float64], of: NDArray[np.float64]) -> float:
    total = float(of.sum())
    return float(some.sum()) / total if total else 0.0
