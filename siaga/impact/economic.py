"""Direct economic loss by PAGER's model: people per MMI class and the country's income per head in, dollars out.

Loss = Σ rate(MMI) × people × GDP per head × α. The exposed value is people × GDP per head × α.
"""

from collections.abc import Mapping
from math import log
from typing import Any

from siaga.impact import loss

NAME = "pager"
SOURCE = "USGS PAGER, Indonesia: θ 10.211, β 0.102747, α 17.2525, G 1.61729; GDP per head: World Bank"
ALPHA = 17.2525  # exposed value per unit of yearly income
SPREAD = 1.617290  # standard deviation of ln(loss)
RATES = {mmi: loss.NORMAL.cdf(log(min(mmi, 9) / 10.211) / 0.102747) for mmi in range(5, 11)}  # X counts with IX
# GDP per head of Indonesia, current US dollars, by year: World Bank, NY.GDP.PCAP.CD
GDP_PER_CAPITA_USD = {2018: 3903.0, 2021: 4333.0}
_MILLION = 1e6
_SMALL_MEDIAN = 0.1  # million dollars; PAGER's rule where less than one million is expected


def income(year: int | None) -> tuple[int, float]:
    """Year and GDP per head that stand for a year: its own, else the nearest; the newest where the year is unknown.

    >>> income(2019), income(2026), income(None)
    ((2018, 3903.0), (2021, 4333.0), (2021, 4333.0))
    """
    nearest = max(GDP_PER_CAPITA_USD) if year is None else min(GDP_PER_CAPITA_USD, key=lambda known: abs(known - year))
    return nearest, GDP_PER_CAPITA_USD[nearest]


def estimate(by_mmi: Mapping[int, float], year: int | None) -> dict[str, Any]:
    """impact.json's `economic`, US dollars of the named year. by_mmi: persons per MMI class; year: of the quake."""
    gdp_year, gdp = income(year)
    value = {mmi: by_mmi.get(mmi, 0.0) * gdp * ALPHA for mmi in RATES}
    found = _loss(sum(value[mmi] * rate for mmi, rate in RATES.items()) / _MILLION)
    return {
        "model": NAME,
        "gdp_per_capita_usd": gdp,
        "gdp_year": gdp_year,
        "exposed_usd": sum(value.values()),
        "expected_usd": found.expected * _MILLION,
        "median_usd": found.median * _MILLION,
        **{f"{name}_usd": size * _MILLION for name, size in found.quantiles.items()},
        "alert": found.alert,
        "probability": dict(found.probability),
        "source": SOURCE,
    }


def _loss(millions: float) -> loss.Loss:
    if millions == 0:
        return loss.nothing()
    return loss.log_normal(millions, _SMALL_MEDIAN if millions < 1 else millions, SPREAD)
