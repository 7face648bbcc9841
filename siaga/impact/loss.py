"""A loss whose size is not known for certain: quantiles, alert level and the chance of each size.

The unit is the caller's: deaths, or millions of US dollars. PAGER's bands serve both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, inf, log
from statistics import NormalDist

NORMAL = NormalDist()
QUANTILES = {"p05": 0.05, "p10": 0.10, "p25": 0.25, "p75": 0.75, "p90": 0.90, "p95": 0.95}
BEGINS = {"green": 0.0, "yellow": 1.0, "orange": 100.0, "red": 1000.0}  # the least size of each level
LEVELS = tuple(BEGINS)
_DECADES = {"0": 1.0, "1-9": 1e1, "10-99": 1e2, "100-999": 1e3, "1000-9999": 1e4, "10000-99999": 1e5, "100000+": inf}


@dataclass(frozen=True, slots=True)
class Loss:
    """One distribution, unrounded.

    quantiles: by the names of QUANTILES. probability: of each level; by_decade: of each size, "0"
    meaning below one. Both sum to 1.
    """

    expected: float
    median: float
    quantiles: Mapping[str, float]
    alert: str
    probability: Mapping[str, float]
    by_decade: Mapping[str, float]


def level(size: float) -> str:
    """The band that a size falls in.

    >>> level(0.99), level(1), level(100), level(1000)
    ('green', 'yellow', 'orange', 'red')
    """
    return next(name for name, begins in reversed(BEGINS.items()) if size >= begins)


def likely_enough(below: Callable[[float], float], chances: Mapping[str, float]) -> str:
    """The highest level that is reached with its chance. chances: of every level but green; below: as for describe."""
    found = [name for name, begins in BEGINS.items() if name in chances and 1 - below(begins) >= chances[name]]
    return found[-1] if found else LEVELS[0]


def nothing() -> Loss:
    """No loss, for certain."""
    return describe(0.0, lambda _share: 0.0, lambda _size: 1.0, alert=LEVELS[0])


def log_normal(expected: float, median: float, spread: float) -> Loss:
    """ln(loss) is normal about ln(median), `spread` its standard deviation; the level is the median's."""
    logarithm = NormalDist(log(median), spread)

    def quantile(share: float) -> float:
        return median if share == 0.5 else exp(logarithm.inv_cdf(share))

    return describe(expected, quantile, lambda size: logarithm.cdf(log(size)), alert=level(median))


def describe(expected: float, quantile: Callable[[float], float], below: Callable[[float], float], alert: str) -> Loss:
    """Put a distribution down in figures.

    quantile: share → size. below: size (1 or more, finite) → probability of less than that.
    alert: the level, by the caller's rule.
    """
    return Loss(
        expected=expected,
        median=quantile(0.5),
        quantiles={name: quantile(share) for name, share in QUANTILES.items()},
        alert=alert,
        probability=_parts(dict(zip(LEVELS, (*list(BEGINS.values())[1:], inf), strict=True)), below),
        by_decade=_parts(_DECADES, below),
    )


def _parts(upper: Mapping[str, float], below: Callable[[float], float]) -> dict[str, float]:
    """The probability of each part, the parts given by their upper ends."""
    parts, reached = {}, 0.0
    for name, end in upper.items():
        up_to = max(reached, below(end)) if end < inf else 1.0
        parts[name], reached = up_to - reached, up_to
    return parts
