"""What an ash fall does: figures from persons per thickness class. Rates: InaSAFE 5's ash classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput, reason
from siaga.hazard.ash import CLASSES, LIMITS_CM, AshFall, classify
from siaga.impact.classed import Scale
from siaga.moment import stamp

SCALE = Scale(CLASSES, affected=(True,) * 5, displaced=(0.0, 0.0, 0.0, 1.0, 1.0))


def event(fall: AshFall) -> dict[str, Any]:
    """What happened, as the request says it; every fact None for a raster without a request."""
    one = fall.eruption
    names: tuple[str, ...] = (
        "volcano",
        "longitude",
        "latitude",
        "elevation_m",
        "alert_level",
        "eruption_height_m",
        "forecast_days",
    )
    names += ("column_height_m", "utc_offset_hours", "time_zone")
    return {name: None if one is None else getattr(one, name) for name in names} | {
        "time": None if one is None else stamp(one.time),
        "expires": None if one is None else stamp(one.expires),
        "process_time": stamp(one.submitted) if one and one.submitted else None,
    }


def deposit(fall: AshFall) -> dict[str, Any]:
    """impact.json's map: bounds (outer edges), cells, the thickest ash, cells per class and their limits."""
    west, south, east, north = fall.edges
    rows, columns = fall.thickness.shape
    count = np.bincount(classify(fall.thickness).ravel(), minlength=len(CLASSES) + 1)
    limits = (*LIMITS_CM, None)
    return {
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "rows": rows,
        "columns": columns,
        "cell_lon_deg": fall.width,
        "cell_lat_deg": fall.height,
        "max_cm": fall.max_cm,
        "unknown_cells": int(np.isnan(fall.thickness).sum()),
        "cells_by_class": {name: int(count[number]) for number, name in enumerate(CLASSES, 1)},
        "limits_cm": {name: [limits[number], limits[number + 1]] for number, name in enumerate(CLASSES)},
    }


def assets_record(kinds: Sequence[str], table: NDArray[Any] | None, total: str) -> dict[str, Any] | None:
    """impact.json's structures, roads or land cover; None where the layer is not installed.

    kinds: types of them. table: (kinds, 5) their number, km or ha per class. total: the name of the sum.
    """
    if table is None:
        return None

    def by_class(sizes: NDArray[Any]) -> dict[str, Any]:
        return dict(zip(CLASSES, sizes.tolist(), strict=True))

    return {
        "by_class": by_class(table.sum(axis=0)),
        "by_type": {kind: by_class(row) for kind, row in zip(kinds, table, strict=True) if row.any()},
        total: table.sum().item(),
        "note": reason("Counted as the data have it; what is not mapped there is missing"),
    }


def not_installed(role: str) -> dict[str, object]:
    """The sentence of an impact that goes without a layer."""
    return {
        "structures": BadInput("No structures are installed; how many buildings lie under ash is not known"),
        "roads": BadInput("No roads are installed; how many kilometres lie under ash is not known"),
        "land_cover": BadInput("No land cover is installed; how many hectares lie under ash is not known"),
        "airports": BadInput("No airports are installed; which of them lie under ash is not known"),
        "places": BadInput("No towns are installed; which of them lie under ash is not known"),
    }[role].reason()


def thickness_class(cm: float) -> str | None:
    """The name of the class of one thickness; None up to 0.01 cm and where it is not known.

    >>> thickness_class(0.3), thickness_class(0.01), thickness_class(float("nan"))
    ('low', None, None)
    """
    number = int(classify(np.array([cm]))[0])
    return CLASSES[number - 1] if number else None
