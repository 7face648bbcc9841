"""Siaga's own forecast of deaths by shaking, calibrated on EXPO-CAT's Indonesian quakes.

Two steps, as the records have them: does anybody die at all, and if so, how many. The chance of any
death is logistic in a score of the people from MMI V up, the rates per class fitted anew, and in depth.
The number, given any, is log-normal, its scale the geometric mean of PAGER's and ITB's Bayesian
expectation. Models disagree most where few die, so no toll has less than a share of the chance that
ITB's Bayesian model, its deaths doubled, gives it. All three rise with every person and every class,
so all quantiles do.
All constants and figures here are printed by `python -m bench.calibration EXPOCAT.csv`, which also
writes docs/calibration.md: how the method was chosen and how far it can be trusted.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp, log

from siaga.errors import Reason, reason
from siaga.impact import fatality, loss
from siaga.impact.loss import NORMAL, Loss

NAME = "siaga"
# ln of the weight of one person, per MMI class, relative to VIII
SLOPE = 2.25
# the chance of any death: intercept, per unit of score, per unit of ln(depth)
ANY = (-2.6559, 1.2087, -0.5187)
# the number given any: intercept and slope of the mean of ln(deaths), and its standard deviation
NUMBER = (1.8313, 1.0211, 2.302)
# No toll is less likely than this share of its chance by ITB's Bayesian model with so many times its deaths.
# Below the chances of the levels, so that it widens what is forecast and never sets a level alone.
FLOOR, FLOOR_TIMES = 0.09, 2.0
# The level is the highest that deaths reach with at least its chance: one in six, one in eight.
ALERT_CHANCES = {"yellow": 1 / 6, "orange": 1 / 8, "red": 1 / 8}

_FROM, _TOP = 5, 9  # MMI classes that count; people at X are counted with IX, as in the catalogue
_TYPICAL_DEPTH_KM, _SHALLOWEST_KM, _DEEPEST_KM = 25.0, 5.0, 100.0
_SCORE_CENTRE, _SIZE_CENTRE = 9.0, 4.0
_LEAST_SCORE = -40.0  # far less than one person; keeps every quantile above nought
_NEARLY_NONE = 1e-3  # deaths; keeps the logarithm of an expectation of none finite
_LOWEST = min(loss.QUANTILES.values())
_LOG_STEP, _LOG_STEPS = 0.1, 400  # of ln(deaths), over which the mean is summed


def score(by_mmi: Mapping[int, float]) -> float:
    """ln of the people from MMI V up, weighted by SLOPE, less 9; −∞ when there is nobody.

    by_mmi: persons per MMI class.
    """
    return _score(by_mmi, SLOPE)


def size(by_mmi: Mapping[int, float]) -> float:
    """ln of the geometric mean of PAGER's and ITB's Bayesian expectation, less 4. by_mmi: persons per MMI class."""
    shaken = _shaken(by_mmi)
    models = (fatality.PAGER, fatality.ITB_BAYESIAN)
    return sum(log(fatality.expected(one, shaken) + _NEARLY_NONE) for one in models) / 2 - _SIZE_CENTRE


def depth_term(depth_km: float | None) -> float:
    """ln(depth / 25 km), the depth held within 5 and 100 km; 0 where it is not known."""
    if depth_km is None:
        return 0.0
    return log(min(max(depth_km, _SHALLOWEST_KM), _DEEPEST_KM) / _TYPICAL_DEPTH_KM)


def estimate(by_mmi: Mapping[int, float], depth_km: float | None = None) -> Loss:
    """Deaths by shaking, persons. `expected` is the mean of the distribution, less than one counted as none.

    by_mmi: persons per MMI class. depth_km: of the hypocentre, None if unknown. Quantiles below one mean
    that nobody dies; no two are equal. The lowest, where the printed range begins, is then 0, so that a toll
    of none lies within the range. Nobody from MMI V up gives zeros and green.
    """
    if not any(by_mmi.get(mmi, 0.0) > 0 for mmi in range(_FROM, _TOP + 2)):
        return loss.nothing()
    line = ANY[0] + ANY[1] * max(score(by_mmi), _LEAST_SCORE) + ANY[2] * depth_term(depth_km)
    calibrated = _Calibrated(line, NUMBER[0] + NUMBER[1] * size(by_mmi))
    other = fatality.expected(fatality.ITB_BAYESIAN, _shaken(by_mmi))
    if other == 0:
        above, quantile = calibrated.above, calibrated.quantile
    else:
        floor = _Floor(log(FLOOR_TIMES * other))

        def above(logarithm: float) -> float:
            return max(calibrated.above(logarithm), floor.above(logarithm))

        def quantile(share: float) -> float:
            return max(calibrated.quantile(share), floor.quantile(share))

    def below(deaths: float) -> float:
        return 1 - above(log(deaths))

    def printed(share: float) -> float:
        size = quantile(share)
        return 0.0 if size < 1 and share == _LOWEST else size

    return loss.describe(_mean(above), printed, below, alert=loss.likely_enough(below, ALERT_CHANCES))


@dataclass(frozen=True, slots=True)
class _Calibrated:
    """What the catalogue teaches. line: log odds of any death; mean: of ln(deaths) given any.

    Below one death the logistic goes on in ln(deaths), so that the distribution has no step at none.
    """

    line: float
    mean: float

    def above(self, logarithm: float) -> float:
        """Chance of at least exp(logarithm) deaths."""
        if logarithm < 0:
            return 1 / (1 + exp(logarithm - self.line))
        spread = NUMBER[2]
        number = NORMAL.cdf((self.mean - logarithm) / spread) / NORMAL.cdf(self.mean / spread)
        return number / (1 + exp(-self.line))

    def quantile(self, share: float) -> float:
        chance = 1 / (1 + exp(-self.line))
        if share <= 1 - chance:
            return min(1.0, exp(self.line) * share / (1 - share))
        spread = NUMBER[2]
        above = (1 - share) / chance * NORMAL.cdf(self.mean / spread)
        return max(1.0, exp(self.mean - spread * NORMAL.inv_cdf(above))) if above < 1 else 1.0


@dataclass(frozen=True, slots=True)
class _Floor:
    """The share of ITB's Bayesian model that no forecast goes below. mean: of ln(deaths) by FLOOR_TIMES that model."""

    mean: float

    def above(self, logarithm: float) -> float:
        """The least chance of at least exp(logarithm) deaths."""
        return FLOOR * NORMAL.cdf((self.mean - logarithm) / fatality.ITB_BAYESIAN.spread)

    def quantile(self, share: float) -> float:
        rest = (1 - share) / FLOOR
        return exp(self.mean - fatality.ITB_BAYESIAN.spread * NORMAL.inv_cdf(rest)) if rest < 1 else 0.0


def _mean(above: Callable[[float], float]) -> float:
    """The mean of a distribution whose part below one counts as none: above at 1 + ∫ above beyond it."""
    steps = [above(step * _LOG_STEP) * exp(step * _LOG_STEP) for step in range(_LOG_STEPS)]
    return above(0.0) + _LOG_STEP * (sum(steps) - (steps[0] + steps[-1]) / 2)


@cache
def scores() -> dict[str, dict[str, int]]:
    """How it did on quakes that it had not seen: forecast_scores.json, which bench/calibration/study.py writes.

    pooled: greens, those without known deaths, and the per cent of them kept green; strong, with a hundred
    deaths or more, and how many were found orange or red; each by Siaga and by PAGER. parts: where from.
    """
    text = resources.files("siaga.impact").joinpath("forecast_scores.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, int]] = json.loads(text)
    return found


def level_rationale() -> Reason:
    """Why this forecast sets the level, as it is stored."""
    return reason(
        "Siaga's forecast sets the level, by deaths and not by money: the highest with a chance of 1 in {strong_in}, "
        "yellow with 1 in {yellow_in}. Of past quakes that it had not seen it kept {kept}% of {greens} without known "
        "deaths green (PAGER {kept_pager}%) and found {found} of {strong} with {many} deaths or more "
        "(PAGER {found_pager})",
        strong_in=round(1 / ALERT_CHANCES["red"]),
        yellow_in=round(1 / ALERT_CHANCES["yellow"]),
        many=round(loss.BEGINS["orange"]),
        **scores()["pooled"],
    )


def _score(by_mmi: Mapping[int, float], slope: float) -> float:
    weighted = sum(by_mmi.get(mmi, 0.0) * exp(slope * (mmi - 8)) for mmi in range(_FROM, _TOP))
    weighted += _top(by_mmi) * exp(slope * (_TOP - 8))
    return log(weighted) - _SCORE_CENTRE if weighted > 0 else float("-inf")


def _top(by_mmi: Mapping[int, float]) -> float:
    return by_mmi.get(_TOP, 0.0) + by_mmi.get(_TOP + 1, 0.0)


def _shaken(by_mmi: Mapping[int, float]) -> dict[int, float]:
    """Persons per class from V to IX, those at X with IX."""
    return {mmi: by_mmi.get(mmi, 0.0) for mmi in range(_FROM, _TOP)} | {_TOP: _top(by_mmi)}
