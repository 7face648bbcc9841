"""Fatality models: people per MMI class in, deaths with their spread out.

Each model is a rate per class; expected deaths are Σ people × rate. Around it stands a log-normal
distribution whose width is the model's own, from its authors or from a back-test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from statistics import NormalDist

_NORMAL = NormalDist()
_BANDS = {"green": (0.0, 1.0), "yellow": (1.0, 100.0), "orange": (100.0, 1000.0), "red": (1000.0, float("inf"))}
_QUANTILES = {"p05": 0.05, "p10": 0.10, "p25": 0.25, "p75": 0.75, "p90": 0.90, "p95": 0.95}

LEVELS = tuple(_BANDS)


@dataclass(frozen=True, slots=True)
class FatalityModel:
    """A model of deaths by shaking.

    rates: deaths per person in each MMI class; classes that are not named have none.
    spread: standard deviation of ln(deaths). small_spread: the same where fewer than one death is
    expected, and small_median the median there (PAGER's rule); 0 where the model has no such rule.
    """

    name: str
    rates: Mapping[int, float]
    spread: float
    source: str
    small_spread: float = 0.0
    small_median: float = 0.0


@dataclass(frozen=True, slots=True)
class Fatalities:
    """Deaths by one model: persons, unrounded; probability of each alert level, summing to 1."""

    expected: float
    median: float
    quantiles: Mapping[str, float]
    alert: str
    probability: Mapping[str, float]


def _pager_rate(mmi: int) -> float:
    """Φ(ln(MMI/θ)/β), Jaiswal & Wald (2010), θ and β of Indonesia as in USGS's own package."""
    return _NORMAL.cdf(log(mmi / 13.248768) / 0.150846)


PAGER = FatalityModel(
    name="pager",
    rates={mmi: _pager_rate(min(mmi, 9)) for mmi in range(5, 11)},  # people at X count with IX
    spread=1.714702,
    # Below one expected death PAGER takes 0.1 and, where G exceeds 1.7, 1.7613.
    small_spread=1.7613,
    small_median=0.1,
    source="USGS PAGER, Indonesia: Jaiswal and Wald (2010); θ 13.248768, β 0.150846, G 1.714702",
)
ITB = FatalityModel(
    name="itb",
    rates={mmi: 10 ** (0.62275231 * mmi - 8.03314466) for mmi in range(4, 11)},
    spread=2.15,
    source="Institut Teknologi Bandung, as in InaSAFE 4.4: 10^(0.62275231 MMI − 8.03314466), ζ 2.15",
)
ITB_BAYESIAN = FatalityModel(
    name="itb-bayesian",
    rates={6: 3.41733122522e-05, 7: 0.000387804494226, 8: 0.001851451786, 9: 0.00787294191661, 10: 0.0314512157378},
    spread=1.65,  # σ(ln) of its medians on EXPO-CAT's Indonesian quakes with ten deaths or more
    source="Institut Teknologi Bandung, Bayesian, InaSAFE's default; spread 1.65 from EXPO-CAT",
)
MODELS = (PAGER, ITB, ITB_BAYESIAN)


def expected(model: FatalityModel, by_mmi: Mapping[int, float]) -> float:
    """Expected deaths: Σ people × rate. by_mmi: persons per MMI class.

    >>> round(expected(ITB_BAYESIAN, {8: 1000.0}), 6)
    1.851452
    """
    return sum(people * model.rates.get(mmi, 0.0) for mmi, people in by_mmi.items())


def estimate(model: FatalityModel, by_mmi: Mapping[int, float]) -> Fatalities:
    """Deaths by one model, with quantiles, alert level and the probability of each level.

    by_mmi: persons per MMI class. The level is that of the median; nobody exposed gives zeros and green.
    """
    mean = expected(model, by_mmi)
    if mean == 0:
        return Fatalities(
            0.0, 0.0, dict.fromkeys(_QUANTILES, 0.0), "green", dict.fromkeys(LEVELS, 0.0) | {"green": 1.0}
        )
    small = mean < 1 and model.small_spread > 0
    median, spread = (model.small_median, model.small_spread) if small else (mean, model.spread)
    deaths = NormalDist(log(median), spread)
    below = {level: deaths.cdf(log(upper)) if upper < float("inf") else 1.0 for level, (_, upper) in _BANDS.items()}
    probability, previous = {}, 0.0
    for level, reached in below.items():
        probability[level], previous = reached - previous, reached
    return Fatalities(
        expected=mean,
        median=median,
        quantiles={name: exp(deaths.inv_cdf(share)) for name, share in _QUANTILES.items()},
        alert=next(level for level, (_, upper) in _BANDS.items() if median < upper),
        probability=probability,
    )
