"""How a report fills its pages of A4: what is guessed before it is set, what is mended after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

TRIES = 4
MAP_URL = "siaga:map"  # what a page calls its map while it is set
MAP_MM = 122.0  # its width
LOWEST_MM, HIGHEST_MM = 38.0, 92.0  # heights of the map, mm
_SLACK = 14.0  # mm that page 1 may end too early before it is set again
_OVERRUN = 1.0  # mm that it may end too late, of the 2 mm of air above the foot
ROW_MM = 4.9  # of a table
LEAST_ROWS, LEAST_TOWNS = 5, 6
MOST_ROWS = 12  # of the table of districts; those beyond them are summed
MOST_TOWNS = 9


@dataclass(frozen=True, slots=True)
class Fit:
    """What gives way. pages: how many; map_mm: the map's height; rows: of the table of districts; towns: listed.

    least_mm: a lower map saves no room. tight_mm: where all is tight there is so much more room, and a lower map saves
    some; 0 where neither is known. dressed: the agency's paragraphs and logo
    are printed, which give way last of all, but before any figure.
    """

    pages: int
    map_mm: float
    rows: int
    towns: int = MOST_TOWNS
    tight: bool = False
    least_mm: float = LOWEST_MM
    tight_mm: float = 0.0
    dressed: bool = False


@dataclass(frozen=True, slots=True)
class TypesetPages:
    """Pages that hold. pdf: all of them; picture, thumbnail: the first as PNG."""

    pdf: bytes
    picture: bytes
    thumbnail: bytes


def mended(fit: Fit, room: Mapping[str, float]) -> Fit | None:
    """The next try; None when this one holds.

    room: per mark of the template how many mm were left over (negative: too much).
    """
    if room["end-1"] < -_OVERRUN and fit.tight_mm and not fit.tight and fit.map_mm <= fit.least_mm:
        height = min(HIGHEST_MM, max(LOWEST_MM, fit.least_mm + room["end-1"] + fit.tight_mm - 0.5))
        mended_ = replace(fit, map_mm=height, least_mm=LOWEST_MM, tight=True)
    elif room["end-1"] < -_OVERRUN or (room["end-1"] > _SLACK and fit.map_mm < HIGHEST_MM):
        height = min(HIGHEST_MM, max(fit.least_mm, fit.map_mm + room["end-1"] - 0.5))
        mended_ = replace(fit, map_mm=height, tight=fit.tight or fit.map_mm <= fit.least_mm)
    else:
        mended_ = fit
    if (below := room.get("end-2", 0.0)) < 0:
        smallest = fit.rows <= LEAST_ROWS and fit.towns <= LEAST_TOWNS
        below += 7.0 * (fit.towns - LEAST_TOWNS)  # what fewer towns save, if their names take two lines
        rows = fit.rows - (int(-below / ROW_MM) + 1 if below < 0 else 0)
        rows = max(min(LEAST_ROWS, fit.rows), rows)
        mended_ = replace(mended_, rows=rows, towns=LEAST_TOWNS, tight=mended_.tight or smallest)
    if room.get("edge", 0.0) < 0 or room.get("end-3", 0.0) < 0:
        mended_ = replace(mended_, tight=True)
    if mended_ == fit and fit.dressed and _is_overrun(room):
        return replace(fit, dressed=False)
    return None if mended_ == fit else mended_


def _is_overrun(room: Mapping[str, float]) -> bool:
    later = (room.get(mark, 0.0) for mark in ("end-2", "end-3", "edge"))
    return room["end-1"] < -_OVERRUN or min(later) < 0
