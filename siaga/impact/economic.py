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
# GDP per head of Indonesia, current US dollars, by year: World Bank, NY.GDP.PCAP.CD, in whole dollars. To 2017
# by the release of 2021, then by those of 2024 and 2025: releases differ by one or two per cent. No year between
# is made up; an earlier quake takes the first year, a later one the newest.
GDP_PER_CAPITA_USD = {
    **{1990: 585.0, 1991: 632.0, 1992: 682.0, 1993: 828.0, 1994: 912.0, 1995: 1026.0, 1996: 1137.0, 1997: 1064.0},
    **{1998: 464.0, 1999: 671.0, 2000: 780.0, 2001: 748.0, 2002: 900.0, 2003: 1066.0, 2004: 1150.0, 2005: 1263.0},
    **{2006: 1590.0, 2007: 1860.0, 2008: 2167.0, 2009: 2261.0, 2010: 3122.0, 2011: 3643.0, 2012: 3694.0, 2013: 3624.0},
    **{2014: 3492.0, 2015: 3332.0, 2016: 3563.0, 2017: 3838.0, 2018: 3903.0, 2019: 4151.0, 2020: 3894.0, 2021: 4333.0},
    **{2022: 4788.0, 2023: 4941.0, 2024: 4925.0},
}
_MILLION = 1e6
_SMALL_MEDIAN = 0.1  # million dollars; PAGER's rule where less than one million is expected


def income(year: int | None) -> tuple[int, float]:
    """Year and GDP per head that stand for a year: its own, else the first or the newest known; unknown, the newest.

    >>> income(2019), income(2026), income(None), income(1976)
    ((2019, 4151.0), (2024, 4925.0), (2024, 4925.0), (1990, 585.0))
    """
    first, newest = min(GDP_PER_CAPITA_USD), max(GDP_PER_CAPITA_USD)
    stands = newest if year is None else min(max(year, first), newest)
    return stands, GDP_PER_CAPITA_USD[stands]


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
