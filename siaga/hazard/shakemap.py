"""A ShakeMap: how strongly the ground shook, on a regular grid of nodes."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from siaga.errors import Reason

_HALF = 0.5 + 1e-9  # of a cell: a point on the map's edge is on the map, however its floats were rounded


@dataclass(frozen=True, slots=True)
class Nodes:
    """Where the values stand: evenly spaced points, EPSG:4326, degrees.

    west, east, south, north: the outermost nodes. A node is the centre of a cell, so the map reaches
    half a cell beyond them. east may exceed 180 where the map crosses the antimeridian.
    """

    west: float
    east: float
    south: float
    north: float
    columns: int
    rows: int

    @property
    def lon_step(self) -> float:
        """Degrees between columns; from the first and last node, since listed coordinates are rounded."""
        return (self.east - self.west) / (self.columns - 1)

    @property
    def lat_step(self) -> float:
        """Degrees between rows."""
        return (self.north - self.south) / (self.rows - 1)

    @property
    def longitudes(self) -> NDArray[np.float64]:
        """Of the columns, west first."""
        return self.west + np.arange(self.columns) * self.lon_step

    @property
    def latitudes(self) -> NDArray[np.float64]:
        """Of the rows, north first."""
        return self.north - np.arange(self.rows) * self.lat_step

    @property
    def middle(self) -> float:
        """The longitude midway between the first and the last column, in the grid's own turn."""
        return (self.west + self.east) / 2

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Outer cell edges: west, south, east, north."""
        half_lon, half_lat = self.lon_step / 2, self.lat_step / 2
        return self.west - half_lon, self.south - half_lat, self.east + half_lon, self.north + half_lat


@dataclass(frozen=True, slots=True)
class ShakeMap:
    """One version of one event's shaking.

    mmi: (rows, columns) float64, Modified Mercalli 0 to 12, row 0 northernmost; NaN where the map is masked,
    nowhere or at some nodes. A node's MMI holds as far as its cell.
    time: UTC. utc_offset_hours: of the clock in which the file writes the time (WIB 7, none 0);
    time_zone: that zone as written. process_time: when the map was made, UTC, None if not said.
    number: the version that the file itself gives. warnings: stored reasons, to be seen by readers.
    """

    event_id: str
    number: int
    time: datetime
    utc_offset_hours: float
    time_zone: str
    magnitude: float
    depth_km: float
    longitude: float
    latitude: float
    description: str
    network: str
    originator: str
    process_time: datetime | None
    map_status: str
    event_type: str
    nodes: Nodes
    mmi: NDArray[np.float64]
    warnings: tuple[Reason, ...] = ()

    def __post_init__(self) -> None:
        if self.mmi.shape != (self.nodes.rows, self.nodes.columns):
            raise ValueError(f"mmi is {self.mmi.shape}, its nodes {(self.nodes.rows, self.nodes.columns)}")

    @property
    def drill_reason(self) -> str:
        """Why this is an exercise and no real event; "" for a real one."""
        if self.event_type.upper() not in ("", "ACTUAL"):
            return f"shakemap_event_type {self.event_type}"
        if self.map_status.upper() in ("TEST", "EXERCISE", "DRILL", "SCENARIO"):
            return f"map_status {self.map_status}"
        return "event_id ends in _se" if self.event_id.endswith("_se") else ""

    @property
    def unknown_share(self) -> float:
        """The share of the nodes that have no MMI, 0 to 1."""
        return float(np.isnan(self.mmi).mean())

    @property
    def max_mmi(self) -> float:
        """The highest MMI of the map."""
        return float(np.nanmax(self.mmi))

    @property
    def max_border_mmi(self) -> float:
        """The highest MMI on the outermost nodes: where it is high, the map cuts the shaking off.

        The lowest of the map where none of the outermost is known.
        """
        edge = np.concatenate((self.mmi[0], self.mmi[-1], self.mmi[:, 0], self.mmi[:, -1]))
        return float(np.nanmax(np.append(edge, np.nanmin(self.mmi))))

    def at(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.float64]:
        """MMI at points, bilinear between nodes, clamped in the half cell beyond the outer nodes.

        longitude, latitude: degrees, of one shape. NaN where the map does not reach, and in the cells of nodes
        without MMI; beside those the known nodes alone are weighed, as at the map's edge.
        """
        left, x, inside = _between(self._columns(longitude), self.nodes.columns)
        top, y, within = _between((self.nodes.north - latitude) / self.nodes.lat_step, self.nodes.rows)
        if np.isnan(self.mmi).any():
            return np.where(inside & within, _known(self.mmi, top, left, x, y), np.nan)
        upper = self.mmi[top, left] * (1 - x) + self.mmi[top, left + 1] * x
        lower = self.mmi[top + 1, left] * (1 - x) + self.mmi[top + 1, left + 1] * x
        return np.where(inside & within, upper * (1 - y) + lower * y, np.nan)

    def on_grid(self, longitudes: NDArray[np.float64], latitudes: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same numbers as `at` for every pair of them, faster: (latitudes, longitudes).

        longitudes: degrees, one per column. latitudes: degrees, one per row.
        """
        if np.isnan(self.mmi).any():
            return self.at(*np.meshgrid(longitudes, latitudes))
        left, x, inside = _between(self._columns(longitudes), self.nodes.columns)
        top, y, within = _between((self.nodes.north - latitudes) / self.nodes.lat_step, self.nodes.rows)
        rows, place = np.unique(np.concatenate((top, top + 1)), return_inverse=True)
        across = self.mmi[rows]
        across = across[:, left] * (1 - x) + across[:, left + 1] * x
        across[:, ~inside] = np.nan
        y = np.where(within, y, np.nan)[:, np.newaxis]
        mmi: NDArray[np.float64] = across[place[: top.size]]
        mmi *= 1 - y
        lower = across[place[top.size :]]
        lower *= y
        mmi += lower
        return mmi

    def _columns(self, longitude: NDArray[np.float64]) -> NDArray[np.float64]:
        """Columns from the westernmost node, whichever way round the globe the longitude is counted."""
        east = longitude - self.nodes.west
        turns = np.floor((east + self.nodes.lon_step * _HALF) / 360)
        columns: NDArray[np.float64] = (east - 360 * turns) / self.nodes.lon_step
        return columns


def _between(
    position: NDArray[np.float64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """The node before each position, how far it is to the next (0 to 1), and whether the map reaches there."""
    inside = (position >= -_HALF) & (position <= count - 1 + _HALF)
    clamped = np.clip(position, 0, count - 1)
    before = np.minimum(clamped.astype(np.int64), count - 2)
    return before, clamped - before, inside


def _known(
    mmi: NDArray[np.float64],
    top: NDArray[np.int64],
    left: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Between four nodes, of those that are known; NaN unless one of them has the point in its cell."""
    total, weights = np.zeros(x.shape), np.zeros(x.shape)
    reached = np.zeros(x.shape, dtype=bool)
    for row, down in ((top, 1 - y), (top + 1, y)):
        for column, across in ((left, 1 - x), (left + 1, x)):
            value = mmi[row, column]
            known = ~np.isnan(value)
            weight = np.where(known, down * across, 0.0)
            total += weight * np.where(known, value, 0.0)
            weights += weight
            reached |= known & (down >= 1 - _HALF) & (across >= 1 - _HALF)
    return np.where(reached, total / np.where(weights > 0, weights, 1.0), np.nan)
