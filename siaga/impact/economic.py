"""Direct economic loss by PAGER's model: people per MMI class and the country's income per head in, dollars out.

Loss = Σ rate(MMI) × people × GDP per head × α. The exposed value is people × GDP per head × α. Rupiah are these
dollars at the average official rate of the same year.
"""

from collections.abc import Mapping
from math import log

from siaga.impact import loss
from siaga.impact.stored.earthquake import EconomicRecord

NAME = "pager"
SOURCE = (
    "USGS PAGER, Indonesia: θ 10.211, β 0.102747, α 17.2525, G 1.61729; GDP per head, rupiah per dollar: World Bank"
)
ALPHA = 17.2525  # exposed value per unit of yearly income
SPREAD = 1.617290  # standard deviation of ln(loss)
RATES = {mmi: loss.NORMAL.cdf(log(min(mmi, 9) / 10.211) / 0.102747) for mmi in range(5, 11)}  # X counts with IX
# GDP per head of Indonesia, current US dollars, by year: World Bank, NY.GDP.PCAP.CD, in whole dollars, by the release
# of 2024; 2021 as that of 2022 has it, 2024 as that of 2025. Releases differ by one or two per cent. No year between
# is made up; an earlier quake takes the first year, a later one the newest.
GDP_PER_CAPITA_USD = {
    **{1990: 583.0, 1991: 629.0, 1992: 679.0, 1993: 824.0, 1994: 907.0},
    **{1995: 1020.0, 1996: 1129.0, 1997: 1054.0, 1998: 459.0, 1999: 664.0},
    **{2000: 771.0, 2001: 739.0, 2002: 889.0, 2003: 1052.0, 2004: 1137.0},
    **{2005: 1249.0, 2006: 1573.0, 2007: 1840.0, 2008: 2144.0, 2009: 2239.0},
    **{2010: 3094.0, 2011: 3614.0, 2012: 3668.0, 2013: 3603.0, 2014: 3477.0},
    **{2015: 3323.0, 2016: 3559.0, 2017: 3840.0, 2018: 3903.0, 2019: 4151.0},
    **{2020: 3896.0, 2021: 4333.0, 2022: 4788.0, 2023: 4941.0, 2024: 4925.0},
}
# Rupiah per US dollar, average of the year: World Bank, PA.NUS.FCRF, Indonesia; of the same years. 1990 to 2022 stand
# so in two copies of the bank's table, of 2023 and 2025; 2023 and 2024 in the later one and in figures that cite it.
RUPIAH_PER_USD = {
    **{1990: 1842.8, 1991: 1950.3, 1992: 2029.9, 1993: 2087.1, 1994: 2160.8},
    **{1995: 2248.6, 1996: 2342.3, 1997: 2909.4, 1998: 10013.6, 1999: 7855.1},
    **{2000: 8421.8, 2001: 10260.9, 2002: 9311.2, 2003: 8577.1, 2004: 8938.9},
    **{2005: 9704.7, 2006: 9159.3, 2007: 9141.0, 2008: 9699.0, 2009: 10389.9},
    **{2010: 9090.4, 2011: 8770.4, 2012: 9386.6, 2013: 10461.2, 2014: 11865.2},
    **{2015: 13389.4, 2016: 13308.3, 2017: 13380.8, 2018: 14236.9, 2019: 14147.7},
    **{2020: 14582.2, 2021: 14308.1, 2022: 14849.9, 2023: 15236.9, 2024: 15855.4},
}
_MILLION = 1e6
_SMALL_MEDIAN = 0.1  # million dollars; PAGER's rule where less than one million is expected


def income(year: int | None) -> tuple[int, float]:
    """Year and GDP per head that stand for a year: its own, else the first or the newest known; unknown, the newest.

    >>> income(2019), income(2026), income(None), income(1976)
    ((2019, 4151.0), (2024, 4925.0), (2024, 4925.0), (1990, 583.0))
    """
    first, newest = min(GDP_PER_CAPITA_USD), max(GDP_PER_CAPITA_USD)
    stands = newest if year is None else min(max(year, first), newest)
    return stands, GDP_PER_CAPITA_USD[stands]


def estimate(by_mmi: Mapping[int, float], year: int | None) -> EconomicRecord:
    """impact.json's `economic`, US dollars of the named year, and rupiah.

    by_mmi: persons per MMI class; year: of the quake.
    """
    gdp_year, gdp = income(year)
    value = {mmi: by_mmi.get(mmi, 0.0) * gdp * ALPHA for mmi in RATES}
    found = _loss(sum(value[mmi] * rate for mmi, rate in RATES.items()) / _MILLION)
    rupiah = RUPIAH_PER_USD[gdp_year]
    return {
        "model": NAME,
        "gdp_per_capita_usd": gdp,
        "gdp_year": gdp_year,
        "idr_per_usd": rupiah,
        "exposed_usd": sum(value.values()),
        "expected_usd": found.expected * _MILLION,
        "median_usd": found.median * _MILLION,
        "p05_usd": found.quantiles["p05"] * _MILLION,
        "p10_usd": found.quantiles["p10"] * _MILLION,
        "p25_usd": found.quantiles["p25"] * _MILLION,
        "p75_usd": found.quantiles["p75"] * _MILLION,
        "p90_usd": found.quantiles["p90"] * _MILLION,
        "p95_usd": found.quantiles["p95"] * _MILLION,
        "expected_idr": found.expected * _MILLION * rupiah,
        "median_idr": found.median * _MILLION * rupiah,
        "p05_idr": found.quantiles["p05"] * _MILLION * rupiah,
        "p25_idr": found.quantiles["p25"] * _MILLION * rupiah,
        "p75_idr": found.quantiles["p75"] * _MILLION * rupiah,
        "p95_idr": found.quantiles["p95"] * _MILLION * rupiah,
        "alert": found.alert,
        "probability": dict(found.probability),
        "source": SOURCE,
    }


def _loss(millions: float) -> loss.Loss:
    if millions == 0:
        return loss.nothing()
    return loss.log_normal(millions, _SMALL_MEDIAN if millions < 1 else millions, SPREAD)
