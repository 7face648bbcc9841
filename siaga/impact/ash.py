"""What an ash fall does: figures from persons per thickness class. Rates: InaSAFE 5's ash classes."""

from collections.abc import Sequence

import numpy as np

from siaga.errors import BadInput, Reason, reason
from siaga.foreign import Array
from siaga.hazard.ash import CLASSES, LIMITS_CM, AshFall, classify
from siaga.impact.classed import Scale
from siaga.impact.stored.ash import AshAssets, AshDeposit, AshEvent
from siaga.moment import stamp

SCALE = Scale(CLASSES, affected=(True,) * 5, displaced=(0.0, 0.0, 0.0, 1.0, 1.0))
_UNKNOWN: AshEvent = {
    "volcano": None,
    "district": None,
    "province": None,
    "longitude": None,
    "latitude": None,
    "elevation_m": None,
    "alert_level": None,
    "eruption_height_m": None,
    "column_height_m": None,
    "forecast_days": None,
    "utc_offset_hours": None,
    "time_zone": None,
    "time": None,
    "expires": None,
    "process_time": None,
}


def event(fall: AshFall) -> AshEvent:
    """What happened, as the request says it; every fact None for a raster without a request."""
    one = fall.eruption
    if one is None:
        return _UNKNOWN
    return {
        "volcano": one.volcano,
        "district": one.district or None,
        "province": one.province or None,
        "longitude": one.longitude,
        "latitude": one.latitude,
        "elevation_m": one.elevation_m,
        "alert_level": one.alert_level,
        "eruption_height_m": one.eruption_height_m,
        "column_height_m": one.column_height_m,
        "forecast_days": one.forecast_days,
        "utc_offset_hours": one.utc_offset_hours,
        "time_zone": one.time_zone,
        "time": stamp(one.time),
        "expires": stamp(one.expires),
        "process_time": stamp(one.submitted) if one.submitted else None,
    }


def deposit(fall: AshFall) -> AshDeposit:
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


def assets_record(kinds: Sequence[str], table: Array) -> AshAssets:
    """What impact.json's structures, roads and land cover have in common.

    kinds: types of them. table: (kinds, 5) their number, km or ha per class.
    """

    def by_class(sizes: Array) -> dict[str, float]:
        return dict(zip(CLASSES, sizes.tolist(), strict=True))

    return {
        "by_class": by_class(table.sum(axis=0)),
        "by_type": {kind: by_class(row) for kind, row in zip(kinds, table, strict=True) if row.any()},
        "note": reason("Counted as the data have it; what is not mapped there is missing"),
    }


def not_installed(role: str) -> Reason:
    """The sentence of an impact that goes without a layer."""
    return {
        "structures": BadInput("No structures are installed; how many buildings lie under ash is not known"),
        "roads": BadInput("No roads are installed; how many kilometres lie under ash is not known"),
        "land_cover": BadInput("No land cover is installed; how many hectares lie under ash is not known"),
        "airports": BadInput("No airports are installed; which of them lie under ash is not known"),
        "places": BadInput("No towns are installed; which of them lie under ash is not known"),
    }[role].reason()
