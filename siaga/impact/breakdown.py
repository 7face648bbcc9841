"""Which level of zones breaks a map's people down, and who lives in none of its zones.

Totals never come from zones: whoever is on the map and has a count is counted, and zones only say where.
One rule serves earthquake, flood and ash: a table lists the zones of the finest level that holds nearly
everybody, and a last row holds the others, so that it always adds up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siaga.errors import Reason, SiagaError, reason
from siaga.exposure.zones import LEVEL_NAMES

ENOUGH = 0.99  # of the map's people, and of those who come to harm: then a level serves for the tables
TOLD = 0.005  # of the people of any class in no zone: more than that is a warning
_ROUNDING_OF_AREAS = 1e-6  # of some ground; the shares of its border's cells are a little more or less than it
_ROUNDING = 1e-9  # of a class; below that only the rounding of shares at borders is left


@dataclass(frozen=True, slots=True)
class ZoneExposure:
    """People of one zone whom the hazard reaches: persons per class, float64.

    known_share: of the zone's ground under the hazard, 0 to 1, for which the population data give a
    count; by_class holds nothing where it is 0.
    """

    code: str
    name: str
    level: str | None
    parent: str | None
    by_class: NDArray[np.float64]
    known_share: float = 1.0


@dataclass(frozen=True, slots=True)
class LevelExposure:
    """The zones of one level that have ground under the hazard.

    mean_area: of these zones as wholes, in any unit that all levels share.
    """

    level: str | None
    zones: tuple[ZoneExposure, ...]
    mean_area: float


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The level whose zones the tables list.

    covers: the share of the map's people, 0 to 1, who live in them; None where nobody lives at all.
    outside: persons per class who live in none of them.
    """

    level: str | None
    covers: float | None
    outside: NDArray[np.float64]


def choose(everybody: NDArray[np.float64], levels: Sequence[LevelExposure], harmed_from: int) -> Breakdown | None:
    """The finest level that covers at least 99 % of the people, and of those who come to harm.

    everybody: persons per class on the map, in a zone or not. harmed_from: the first class, counted from 0,
    whose people come to harm. The finest is the one whose zones under the map are the smallest on average,
    for many zones do not make a level fine: a corner of a country may be divided a thousand times. Of two of
    the same size it is the one with more zones, then the first of the file. Where no level covers that much,
    the one that covers most. None where no zone lies under the map.
    """
    under = sorted((one for one in levels if one.zones), key=lambda one: (one.mean_area, -len(one.zones)))
    if not under:
        return None
    sums = [np.sum([zone.by_class for zone in one.zones], axis=0) for one in under]
    held = [min(_share(inside, everybody), _share(inside[harmed_from:], everybody[harmed_from:])) for inside in sums]
    number = next((index for index, share in enumerate(held) if share >= ENOUGH), int(np.argmax(held)))
    rest = everybody - sums[number]
    outside = np.where(rest > _ROUNDING * everybody, rest, 0.0)
    covers = _share(sums[number], everybody) if everybody.any() else None
    return Breakdown(under[number].level, covers, outside)


def warnings(everybody: NDArray[np.float64], levels: Sequence[LevelExposure], table: Breakdown | None) -> list[Reason]:
    """What a reader of the tables must know (stored reasons). levels: of the zones that are installed."""
    if table is None:
        return [reason("No zone lies under the map; its people are counted all the same")]
    said = []
    counted = everybody >= 1  # a class of less than one person has no shares
    most = float(np.max(table.outside[counted] / everybody[counted], initial=0.0))
    if most > TOLD:
        said.append(
            reason(
                "Up to {percent} % of the people of a class live in none of the zones listed; "
                "totals count them, and so does the last row of the tables",
                percent=percent(most),
            )
        )
    (chosen,) = (one for one in levels if one.zones and one.level == table.level)
    for one in levels:
        inside = np.sum([zone.by_class for zone in one.zones], axis=0) if one.zones else everybody
        if one.mean_area < chosen.mean_area and _share(inside, everybody) < ENOUGH:
            said.append(
                reason(
                    "Zones of the level {finer} hold only {percent} % of the people of this map; "
                    "the tables list those of the level {level}",
                    finer=_called(one.level),
                    percent=round(100 * _share(inside, everybody)),
                    level=_called(table.level),
                )
            )
    return said


def _called(level: str | None) -> tuple[SiagaError]:
    """A level of zones within a sentence, to be said in the reader's language."""
    return (SiagaError(LEVEL_NAMES.get(level or "", level or "–")),)


def known_share(counted: float, area: float) -> float:
    """The share of some ground that has a count, 0 to 1; 1 of no ground, and where only rounding at borders lacks.

    >>> known_share(0.0, 2.0), known_share(1.0, 2.0), known_share(2.0 - 1e-8, 2.0), known_share(0.0, 0.0)
    (0.0, 0.5, 1.0, 1.0)
    """
    share = min(1.0, counted / area) if area else 1.0
    return share if share < 1 - _ROUNDING_OF_AREAS else 1.0


def percent(share: float) -> int:
    """Of a share that is worth a word: whole per cent, never 0.

    >>> percent(0.006), percent(0.664)
    (1, 66)
    """
    return max(1, round(100 * share))


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> float:
    """0 to 1; of nobody every part is the whole."""
    total = float(whole.sum())
    return min(1.0, float(part.sum()) / total) if total else 1.0
