"""Fatality models: people per MMI class in, deaths with their spread out.

Each model is a rate per class; expected deaths are Σ people × rate. Around it stands a log-normal
distribution whose width is the model's own, from its authors or fitted by bench/calibration/fit_spread.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

from siaga.impact import loss
from siaga.impact.loss import LEVELS, Loss

__all__ = ["ITB", "ITB_BAYESIAN", "LEVELS", "MODELS", "PAGER", "FatalityModel", "estimate", "expected"]


@dataclass(frozen=True, slots=True)
class FatalityModel:
    """A model of deaths by shaking.

    rates: deaths per person in each MMI class; classes that are not named have none.
    spread: standard deviation of ln(deaths). small_spread: the same where fewer than one death is
    expected, and small_median the median there (PAGER's rule); 0 where the model has no such rule.
    source, validity: one line each, of where the constants come from and what they hold for.
    """

    name: str
    rates: Mapping[int, float]
    spread: float
    source: str
    validity: str
    small_spread: float = 0.0
    small_median: float = 0.0


def _pager_rate(mmi: int) -> float:
    """Φ(ln(MMI/θ)/β), Jaiswal & Wald (2010), θ and β of Indonesia as in USGS's own package."""
    return loss.NORMAL.cdf(log(mmi / 13.248768) / 0.150846)


PAGER = FatalityModel(
    name="pager",
    rates={mmi: _pager_rate(min(mmi, 9)) for mmi in range(5, 11)},  # people at X count with IX
    spread=1.714702,
    # Below one expected death PAGER takes 0.1 and, where G exceeds 1.7, 1.7613.
    small_spread=1.7613,
    small_median=0.1,
    source="USGS PAGER, Indonesia: Jaiswal and Wald (2010); θ 13.248768, β 0.150846, G 1.714702",
    validity="Fitted on 78 Indonesian quakes; deaths by shaking alone, at most 5,749 of them",
)
ITB = FatalityModel(
    name="itb",
    rates={mmi: 10 ** (0.62275231 * mmi - 8.03314466) for mmi in range(4, 11)},
    spread=1.505149,
    source="Institut Teknologi Bandung, as in InaSAFE: 10^(0.62275231 MMI − 8.03314466); "
    "spread by bench/calibration/fit_spread.py on EXPO-CAT",
    validity="Fitted on four Indonesian quakes; too high above MMI VIII and where few die",
)
ITB_BAYESIAN = FatalityModel(
    name="itb-bayesian",
    rates={6: 3.41733122522e-05, 7: 0.000387804494226, 8: 0.001851451786, 9: 0.00787294191661, 10: 0.0314512157378},
    spread=1.672947,
    source="Institut Teknologi Bandung, Bayesian, InaSAFE's default; "
    "spread by bench/calibration/fit_spread.py on EXPO-CAT",
    validity="InaSAFE's default for Indonesia; too high where few die",
)
MODELS = (PAGER, ITB, ITB_BAYESIAN)


def expected(model: FatalityModel, by_mmi: Mapping[int, float]) -> float:
    """Expected deaths: Σ people × rate. by_mmi: persons per MMI class.

    >>> round(expected(ITB_BAYESIAN, {8: 1000.0}), 6)
    1.851452
    """
    return sum(people * model.rates.get(mmi, 0.0) for mmi, people in by_mmi.items())


def estimate(model: FatalityModel, by_mmi: Mapping[int, float]) -> Loss:
    """Deaths by one model, in persons; the level is that of the median.

    by_mmi: persons per MMI class. Nobody exposed gives zeros and green.
    """
    mean = expected(model, by_mmi)
    if mean == 0:
        return loss.nothing()
    if mean < 1 and model.small_spread > 0:
        return loss.log_normal(mean, model.small_median, model.small_spread)
    return loss.log_normal(mean, mean, model.spread)
