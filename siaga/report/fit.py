"""How a report fills its sheets of A4: what is guessed before it is set, what is mended after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from siaga.report.earthquake.districts import MOST_ROWS
from siaga.report.earthquake.printed import MOST_TOWNS
from siaga.report.earthquake.sentences import known

TRIES = 4
MAP_MM = 122.0  # its width
_LOW, _HIGH = 38.0, 92.0  # heights of the map, mm
_SLACK = 14.0  # mm that page 1 may end too early before it is set again
_ROW_MM = 4.9  # of a table
_LEAST_ROWS, _LEAST_TOWNS = 5, 6


@dataclass(frozen=True, slots=True)
class Fit:
    """What gives way. pages: how many; map_mm: the map's height; rows: of the table of districts; towns: listed.

    least_mm: a lower map saves no room.
    """

    pages: int
    map_mm: float
    rows: int
    towns: int = MOST_TOWNS
    tight: bool = False
    least_mm: float = _LOW


def first(impact: Mapping[str, Any], change: bool) -> Fit:
    """A guess from what is known beforehand; it holds for most quakes."""
    pages = _pages(impact)
    demonstration = any(file["demonstration"] for file in impact["provenance"]["analysis_data"]["files"])
    bands = 6.8 * demonstration + 13.2 * impact["drill"]
    caveats = impact["caveats"]
    boxed = 4.0 * len(impact["warnings"]) + 4.0 * (bool(caveats["tsunami"]) + bool(caveats["landslide"]))
    height = 87.5 - bands - boxed - (27.0 + 13.0 * change if pages == 1 else 0.0)
    rows = 12 - round(bands / _ROW_MM) - (3 + 5 * change if pages == 2 else 0)
    towns = _LEAST_TOWNS if pages == 2 and (change or bands > 10) else MOST_TOWNS
    return Fit(pages, min(_HIGH, max(_LOW, height)), min(MOST_ROWS, max(_LEAST_ROWS, rows)), towns)


def mended(fit: Fit, room: Mapping[str, float]) -> Fit | None:
    """The next try; None when this one holds.

    room: per mark of the template how many mm were left over (negative: too much).
    """
    if room["end-1"] < 0 or (room["end-1"] > _SLACK and fit.map_mm < _HIGH):
        height = min(_HIGH, max(fit.least_mm, fit.map_mm + room["end-1"] - 0.5))
        mended_ = replace(fit, map_mm=height, tight=fit.tight or fit.map_mm <= fit.least_mm)
    else:
        mended_ = fit
    if (below := room.get("end-2", 0.0)) < 0:
        smallest = fit.rows <= _LEAST_ROWS and fit.towns <= _LEAST_TOWNS
        below += 7.0 * (fit.towns - _LEAST_TOWNS)  # what fewer towns save, if their names take two lines
        rows = fit.rows - (int(-below / _ROW_MM) + 1 if below < 0 else 0)
        mended_ = replace(mended_, rows=max(_LEAST_ROWS, rows), towns=_LEAST_TOWNS, tight=mended_.tight or smallest)
    if room.get("edge", 0.0) < 0 or room.get("end-3", 0.0) < 0:
        mended_ = replace(mended_, tight=True)
    return None if mended_ == fit else mended_


def _pages(impact: Mapping[str, Any]) -> int:
    """A green quake has one page, others two, and a third where structures were met."""
    lived_in = known(impact) and impact["people"]["total"] > 0
    if impact["alert"]["level"] in (None, "green") or not lived_in:
        return 1
    layers = (impact.get(name) for name in ("structures", "roads", "land_cover"))
    return 3 if any(layer is not None for layer in layers) else 2
