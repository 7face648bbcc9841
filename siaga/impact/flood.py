"""What a flood does to people: figures from persons per depth class and zone.

Classes are PetaBencana's states, "1" to "4"; rates are InaSAFE's (flood_petabencana_hazard_classes).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siaga.hazard.flood import STATES, FloodMap
from siaga.impact import needs

CLASSES = tuple(str(state) for state in STATES)
AFFECTED_FROM = 2  # state 1 means "use caution": the depth is not known, nobody is counted as affected
DISPLACED = {"1": 0.0, "2": 0.01, "3": 0.03, "4": 0.05}  # of the people in each class

# Centimetres, lowest and highest; None where PetaBencana sets no limit.
DEPTHS_CM: Mapping[str, tuple[int | None, int | None]] = {
    "1": (None, None),
    "2": (10, 70),
    "3": (71, 150),
    "4": (151, None),
}


@dataclass(frozen=True, slots=True)
class ZoneExposure:
    """People of one zone who live under water: persons per class "1" to "4", float64."""

    code: str
    name: str
    level: str | None
    parent: str | None
    by_class: NDArray[np.float64]


def figures(by_class: NDArray[np.float64] | None) -> dict[str, Any]:
    """The part of impact.json that speaks of the whole flood.

    by_class: persons per class; None when nothing is known under the flood: unknown is not 0.
    """
    if by_class is None:
        return {"affected": None, "displaced": None, "planning": None}
    count = displaced(by_class)
    return {
        "affected": affected(by_class),
        "displaced": count,
        "planning": {"people": count, "needs": needs.needs(count), "groups": needs.groups(count)},
    }


def affected(by_class: Sequence[float] | NDArray[np.float64]) -> float:
    """People in classes 2 to 4.

    >>> affected([10.0, 100.0, 20.0, 0.0])
    120.0
    """
    return float(sum(by_class[AFFECTED_FROM - 1 :]))


def displaced(by_class: Sequence[float] | NDArray[np.float64]) -> float:
    """People who are likely to leave their homes: 1, 3 and 5 % of classes 2, 3 and 4.

    >>> round(displaced([10.0, 100.0, 20.0, 10.0]), 9)
    2.1
    """
    return float(sum(count * rate for count, rate in zip(by_class, DISPLACED.values(), strict=True)))


def by_class_record(by_class: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    """Always four keys, "1" to "4"."""
    return {name: float(count) for name, count in zip(CLASSES, by_class, strict=True)}


def zone_record(zone: ZoneExposure) -> dict[str, Any]:
    """One entry of impact.json's zones."""
    return {
        "code": zone.code,
        "name": zone.name,
        "level": zone.level,
        "parent": zone.parent,
        "by_class": by_class_record(zone.by_class),
        "people": float(zone.by_class.sum()),
        "affected": affected(zone.by_class),
        "displaced": displaced(zone.by_class),
    }


def flooding(flood: FloodMap) -> dict[str, Any]:
    """impact.json's map: bounds in degrees (None when all is dry), RWs per state, the hash of their set."""
    west, south, east, north = flood.bounds or (None,) * 4
    return {
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "areas": len(flood.states),
        "areas_by_class": flood.count_by_state,
        "highest_class": str(flood.highest) if flood.highest else None,
        "depths_cm": {name: list(limits) for name, limits in DEPTHS_CM.items()},
        "states_sha256": flood.sha256,
    }
