"""What an earthquake does to people: figures from persons per MMI class and zone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siaga.errors import reason
from siaga.impact import classed, economic, fatality, forecast, needs
from siaga.impact.breakdown import Breakdown, ZoneExposure
from siaga.impact.loss import Loss
from siaga.impact.mmi import CLASSES

DISPLACED_FROM = 6  # MMI class; InaSAFE's rule: everybody who survives at VI and above
AFFECTED_FROM = 2
PLANNING = {"base": 8, "middle": 7, "upper": DISPLACED_FROM}  # the rule from VI is known to be far too high


def estimate(
    by_mmi: NDArray[np.float64] | None, depth_km: float | None = None, year: int | None = None
) -> dict[str, Any]:
    """The national part of impact.json: what happens to people by the whole map.

    by_mmi: persons per class I to X, float64; None when they are not known, and
    then every figure is None: unknown is not 0. depth_km, year: of the quake, None if unknown.
    """
    if by_mmi is None:
        names = ("affected", "displaced", "fatalities", "economic", "planning")
        return dict.fromkeys(names) | {"alert": _no_alert()}
    people = _classes(by_mmi)
    deaths = {model.name: fatality.estimate(model, people) for model in fatality.MODELS}
    deaths[forecast.NAME] = forecast.estimate(people, depth_km)
    return {
        "affected": _from(people, AFFECTED_FROM),
        "displaced": displaced(people),
        "fatalities": {name: _record(one) for name, one in deaths.items()},
        "alert": _alert(deaths[forecast.NAME], deaths[fatality.PAGER.name]),
        "economic": economic.estimate(people, year),
        "planning": {name: _plan(people, mmi) for name, mmi in PLANNING.items()},
    }


def zone_record(zone: ZoneExposure) -> dict[str, Any]:
    """One entry of impact.json's zones; every figure None where nothing is known of the zone."""
    return classed.named(zone) | amounts(zone.by_class if zone.known else None)


def table_record(table: Breakdown | None) -> dict[str, Any] | None:
    """impact.json's table; None where no zone lies under the map."""
    return None if table is None else classed.table_record(table, amounts(table.outside))


def amounts(by_mmi: NDArray[np.float64] | None) -> dict[str, Any]:
    """What is said of the people of one place; None: they are not known."""
    if by_mmi is None:
        unknown = {model.name: {"expected": None} for model in fatality.MODELS}
        nothing = dict.fromkeys(("people", "affected", "displaced"))
        return {"by_mmi": {str(mmi): None for mmi in CLASSES}, "fatalities": unknown} | nothing
    people = _classes(by_mmi)
    return {
        "by_mmi": by_mmi_record(by_mmi),
        "people": float(by_mmi.sum()),
        "fatalities": {model.name: {"expected": fatality.expected(model, people)} for model in fatality.MODELS},
        "affected": _from(people, AFFECTED_FROM),
        "displaced": displaced(people),
    }


def by_mmi_record(by_mmi: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    """Always ten keys, "1" to "10"."""
    return {str(mmi): float(people) for mmi, people in zip(CLASSES, by_mmi, strict=True)}


def displaced(people: Mapping[int, float], lowest: int = DISPLACED_FROM) -> float:
    """Survivors at MMI class `lowest` and above, by InaSAFE's default fatality model."""
    rates = fatality.ITB_BAYESIAN.rates
    return sum(count * (1 - rates.get(mmi, 0.0)) for mmi, count in people.items() if mmi >= lowest)


def _classes(by_mmi: NDArray[np.float64]) -> dict[int, float]:
    return {mmi: float(people) for mmi, people in zip(CLASSES, by_mmi, strict=True)}


def _from(people: Mapping[int, float], lowest: int) -> float:
    return sum(count for mmi, count in people.items() if mmi >= lowest)


def _plan(people: Mapping[int, float], lowest: int) -> dict[str, Any]:
    count = displaced(people, lowest)
    return {"mmi": lowest, "people": count, "needs": needs.needs(count), "groups": needs.groups(count)}


def _record(one: Loss) -> dict[str, Any]:
    return {
        "expected": one.expected,
        "median": one.median,
        **one.quantiles,
        "alert": one.alert,
        "probability": dict(one.probability),
        "by_decade": dict(one.by_decade),
    }


def _alert(one: Loss, pager: Loss) -> dict[str, Any]:
    """Siaga's level, and beside it the one that PAGER's users expect: that of its median."""
    return {
        "level": one.alert,
        "pager_level": pager.alert,
        "model": forecast.NAME,
        "probability": dict(one.probability),
        "reason": forecast.level_rationale(),
    }


def _no_alert() -> dict[str, Any]:
    unknown = reason("Deaths cannot be estimated: how many people are under the map is not known.")
    return {"level": None, "pager_level": None, "model": forecast.NAME, "probability": None, "reason": unknown}
