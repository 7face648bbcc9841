"""What an earthquake does to people: figures from persons per MMI class and zone."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from siaga.errors import reason
from siaga.impact import classed, economic, fatality, forecast, needs
from siaga.impact.breakdown import Breakdown, ZoneExposure
from siaga.impact.loss import Loss
from siaga.impact.mmi import CLASSES
from siaga.impact.stored.earthquake import (
    AlertRecord,
    DeathsRecord,
    EarthquakeAmounts,
    EarthquakeEstimate,
    EarthquakePlan,
    EarthquakeTable,
    EarthquakeZone,
    ExpectedOrUnknown,
)

DISPLACED_FROM = 6  # MMI class; InaSAFE's rule: everybody who survives at VI and above
AFFECTED_FROM = 2
PLANNING = {"base": 8, "middle": 7, "upper": DISPLACED_FROM}  # the rule from VI is known to be far too high


def estimate(
    by_mmi: NDArray[np.float64] | None, depth_km: float | None = None, year: int | None = None
) -> EarthquakeEstimate:
    """The national part of impact.json: what happens to people by the whole map.

    by_mmi: persons per class I to X, float64; None when they are not known, and
    then every figure is None: unknown is not 0. depth_km, year: of the quake, None if unknown.
    """
    if by_mmi is None:
        return {
            "affected": None,
            "displaced": None,
            "fatalities": None,
            "alert": _no_alert(),
            "economic": None,
            "planning": None,
        }
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


def zone_record(zone: ZoneExposure) -> EarthquakeZone:
    """One entry of impact.json's zones; every figure None where nothing is known of the zone."""
    if zone.known_share:
        found = amounts(zone.by_class)
        deaths: dict[str, ExpectedOrUnknown] = {
            model: {"expected": one["expected"]} for model, one in found["fatalities"].items()
        }
        return {**classed.named(zone), **found, "fatalities": deaths}
    return {
        **classed.named(zone),
        "by_mmi": {str(mmi): None for mmi in CLASSES},
        "people": None,
        "fatalities": {model.name: {"expected": None} for model in fatality.MODELS},
        "affected": None,
        "displaced": None,
    }


def table_record(table: Breakdown | None) -> EarthquakeTable | None:
    """impact.json's table; None where no zone lies under the map.

    outside: those who live in no zone of that level. Rows and outside are the whole map's people.
    """
    if table is None:
        return None
    return {"level": table.level, "covers": table.covers, "outside": amounts(table.outside)}


def amounts(by_mmi: NDArray[np.float64]) -> EarthquakeAmounts:
    """What is said of the people of one place."""
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


def _plan(people: Mapping[int, float], lowest: int) -> EarthquakePlan:
    count = displaced(people, lowest)
    return {"mmi": lowest, "people": count, "needs": needs.needs(count), "groups": needs.groups(count)}


def _record(one: Loss) -> DeathsRecord:
    return {
        "expected": one.expected,
        "median": one.median,
        "p05": one.quantiles["p05"],
        "p10": one.quantiles["p10"],
        "p25": one.quantiles["p25"],
        "p75": one.quantiles["p75"],
        "p90": one.quantiles["p90"],
        "p95": one.quantiles["p95"],
        "alert": one.alert,
        "probability": dict(one.probability),
        "by_decade": dict(one.by_decade),
    }


def _alert(one: Loss, pager: Loss) -> AlertRecord:
    """Siaga's level, and beside it the one that PAGER's users expect: that of its median."""
    return {
        "level": one.alert,
        "pager_level": pager.alert,
        "model": forecast.NAME,
        "probability": dict(one.probability),
        "reason": forecast.level_rationale(),
    }


def _no_alert() -> AlertRecord:
    unknown = reason("Deaths cannot be estimated: how many people are under the map is not known.")
    return {"level": None, "pager_level": None, "model": forecast.NAME, "probability": None, "reason": unknown}
