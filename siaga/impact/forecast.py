"""Siaga's own forecast of deaths by shaking, calibrated on EXPO-CAT's Indonesian quakes.

Two steps, as the records have them: does anybody die at all, and if so, how many. The chance of any
death is logistic in a score of the people from MMI V up, the rates per class fitted anew, and in depth.
The number, given any, is log-normal cut off below one, its scale the geometric mean of PAGER's and
ITB's Bayesian expectation. Both steps rise with every person and every class, so all quantiles do.
All constants and figures here are printed by `python -m bench.calibration EXPOCAT.csv`, which also
writes docs/calibration.md: how the method was chosen and how far it can be trusted.
"""

from collections.abc import Mapping
from math import exp, log
from typing import Any

from siaga.errors import BadInput
from siaga.impact import fatality, loss
from siaga.impact.loss import NORMAL, Loss

NAME = "siaga"
SOURCE = "Siaga, calibrated on 556 quakes in and about Indonesia, 1973 to 2007 (EXPO-CAT, USGS)"
# ln of the weight of one person, per MMI class, relative to VIII
SLOPE = 2.25
# the chance of any death: intercept, per unit of score, per unit of ln(depth)
ANY = (-2.7299, 1.1374, -0.579)
# the number given any: intercept and slope of the mean of ln(deaths), and its standard deviation
NUMBER = (2.0892, 0.9672, 1.9378)
# The level is the highest that deaths reach with at least this chance.
ALERT_CHANCE = 0.10
# In cross-validation: quakes without known deaths, and how many stayed green; orange and red ones, and how many found
CHECKED = {"greens": 526, "kept": 483, "kept_pager": 472, "strong": 3, "found": 3, "found_pager": 2}

_FROM, _TOP = 5, 9  # MMI classes that count; people at X are counted with IX, as in the catalogue
_TYPICAL_DEPTH_KM, _SHALLOWEST_KM, _DEEPEST_KM = 25.0, 5.0, 100.0
_SCORE_CENTRE, _SIZE_CENTRE = 9.0, 4.0
_NEARLY_NONE = 1e-3  # deaths; keeps the logarithm of an expectation of none finite


def score(by_mmi: Mapping[int, float]) -> float:
    """ln of the people from MMI V up, weighted by SLOPE, less 9; −∞ when there is nobody.

    by_mmi: persons per MMI class.
    """
    return _score(by_mmi, SLOPE)


def size(by_mmi: Mapping[int, float]) -> float:
    """ln of the geometric mean of PAGER's and ITB's Bayesian expectation, less 4. by_mmi: persons per MMI class."""
    shaken = {mmi: by_mmi.get(mmi, 0.0) for mmi in range(_FROM, _TOP)} | {_TOP: _top(by_mmi)}
    models = (fatality.PAGER, fatality.ITB_BAYESIAN)
    return sum(log(fatality.expected(one, shaken) + _NEARLY_NONE) for one in models) / 2 - _SIZE_CENTRE


def depth_term(depth_km: float | None) -> float:
    """ln(depth / 25 km), the depth held within 5 and 100 km; 0 where it is not known."""
    if depth_km is None:
        return 0.0
    return log(min(max(depth_km, _SHALLOWEST_KM), _DEEPEST_KM) / _TYPICAL_DEPTH_KM)


def estimate(by_mmi: Mapping[int, float], depth_km: float | None = None) -> Loss:
    """Deaths by shaking, persons. `expected` is the mean of the distribution.

    by_mmi: persons per MMI class. depth_km: of the hypocentre, None if unknown. Quantiles are 0 up to
    the chance that nobody dies. Nobody from MMI V up gives zeros and green.
    """
    if not any(by_mmi.get(mmi, 0.0) > 0 for mmi in range(_FROM, _TOP + 2)):
        return loss.nothing()
    odds = exp(ANY[0] + ANY[1] * score(by_mmi) + ANY[2] * depth_term(depth_km))
    chance = odds / (1 + odds)
    mean, spread = NUMBER[0] + NUMBER[1] * size(by_mmi), NUMBER[2]
    at_least_one = NORMAL.cdf(mean / spread)  # of the log-normal before it is cut off

    def below(deaths: float) -> float:
        return 1 - chance * NORMAL.cdf((mean - log(deaths)) / spread) / at_least_one

    def quantile(share: float) -> float:
        if share <= 1 - chance:
            return 0.0
        above = (1 - share) / chance * at_least_one
        return max(1.0, exp(mean - spread * NORMAL.inv_cdf(above))) if above < 1 else 1.0

    upper_mean = exp(mean + spread**2 / 2) * NORMAL.cdf(mean / spread + spread) / at_least_one
    return loss.describe(chance * upper_mean, quantile, below, alert_share=1 - ALERT_CHANCE)


def reason() -> dict[str, Any]:
    """Why this forecast sets the level, as it is stored: {"text", "template", "values"}."""
    return BadInput(
        "Siaga's forecast sets the level, the highest with a chance of one in ten: tested on past quakes that it had "
        "not seen, it kept {kept} of {greens} without known deaths green (PAGER {kept_pager}) and found {found} of "
        "{strong} with a hundred deaths or more (PAGER {found_pager})",
        **CHECKED,
    ).reason()


def _score(by_mmi: Mapping[int, float], slope: float) -> float:
    weighted = sum(by_mmi.get(mmi, 0.0) * exp(slope * (mmi - 8)) for mmi in range(_FROM, _TOP))
    weighted += _top(by_mmi) * exp(slope * (_TOP - 8))
    return log(weighted) - _SCORE_CENTRE if weighted > 0 else float("-inf")


def _top(by_mmi: Mapping[int, float]) -> float:
    return by_mmi.get(_TOP, 0.0) + by_mmi.get(_TOP + 1, 0.0)
