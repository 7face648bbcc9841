"""A ShakeMap: how strongly the ground shook, on a regular grid of nodes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-9  # of a cell: a point on the map's edge is on the map, however its floats were rounded


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
    def edges(self) -> tuple[float, float, float, float]:
        """Outer cell edges: west, south, east, north."""
        half_lon, half_lat = self.lon_step / 2, self.lat_step / 2
        return self.west - half_lon, self.south - half_lat, self.east + half_lon, self.north + half_lat


@dataclass(frozen=True, slots=True)
class ShakeMap:
    """One version of one event's shaking.

    mmi: (rows, columns) float64, Modified Mercalli 0 to 12, row 0 northernmost; no holes.
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
    warnings: tuple[dict[str, Any], ...] = ()

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
    def max_border_mmi(self) -> float:
        """The highest MMI on the outermost nodes: where it is high, the map cuts the shaking off."""
        edge = (self.mmi[0], self.mmi[-1], self.mmi[:, 0], self.mmi[:, -1])
        return float(max(side.max() for side in edge))

    def at(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.float64]:
        """MMI at points, bilinear between nodes, clamped in the half cell beyond the outer nodes.

        longitude, latitude: degrees, of one shape. NaN where the map does not reach.
        """
        nodes = self.nodes
        column = ((longitude - nodes.west + 180) % 360 - 180) / nodes.lon_step
        row = (nodes.north - latitude) / nodes.lat_step
        half = 0.5 + _ROUNDING
        inside = (column >= -half) & (column <= nodes.columns - 1 + half)
        inside &= (row >= -half) & (row <= nodes.rows - 1 + half)
        column = np.clip(column, 0, nodes.columns - 1)
        row = np.clip(row, 0, nodes.rows - 1)
        left = np.minimum(column.astype(np.int64), nodes.columns - 2)
        top = np.minimum(row.astype(np.int64), nodes.rows - 2)
        x, y = column - left, row - top
        upper = self.mmi[top, left] * (1 - x) + self.mmi[top, left + 1] * x
        lower = self.mmi[top + 1, left] * (1 - x) + self.mmi[top + 1, left + 1] * x
        return np.where(inside, upper * (1 - y) + lower * y, np.nan)
