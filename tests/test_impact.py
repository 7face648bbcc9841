"""People in, deaths, displaced and needs out: against the constants' sources and against themselves."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siaga.impact import earthquake, fatality, needs

# deaths per person as InaSAFE 5 prints them (itb-bayesian, itb) and as USGS's own package computes (pager)
RATES = {
    "itb-bayesian": {5: 0.0, 6: 3.41733122522e-05, 7: 0.000387804494226, 8: 0.001851451786, 9: 0.00787294191661},
    "itb": {4: 2.8698855660437583e-06, 6: 5.05090499817616e-05, 8: 0.000888942806725555, 10: 0.01564510347976153},
}
by_mmi = st.dictionaries(st.integers(1, 10), st.floats(0, 1e7), max_size=10)


def model(name):
    return next(one for one in fatality.MODELS if one.name == name)


@pytest.mark.parametrize(("name", "mmi"), [(name, mmi) for name, rates in RATES.items() for mmi in rates])
def test_rates_are_those_of_the_sources(name, mmi):
    assert model(name).rates.get(mmi, 0.0) == pytest.approx(RATES[name][mmi], rel=1e-8)


def test_pager_counts_people_at_x_with_ix_and_starts_at_v():
    rates = fatality.PAGER.rates
    assert rates[10] == rates[9]
    assert min(rates) == 5
    # Φ(ln(9 / 13.248768) / 0.150846), by a table of the normal distribution: z = −2.5636
    assert rates[9] == pytest.approx(0.005180, rel=2e-3)


# what InaSAFE makes of PAGER: both constants rounded, IX not bound to hold for X, too
INASAFE_PAGER = {
    5: 5.463446361986257e-11,
    7: 1.1934072064345713e-05,
    8: 0.00041749033279070424,
    10: 0.031219958553321103,
}
USGS_PAGER = {5: 5.2e-11, 6: 7.5e-8, 7: 1.17e-5, 8: 4.13e-4, 9: 5.18e-3, 10: 5.18e-3}


def test_pager_is_usgs_own_and_not_inasafes():
    rates = fatality.PAGER.rates
    assert rates == {mmi: pytest.approx(rate, rel=1e-2) for mmi, rate in USGS_PAGER.items()}
    for mmi, rate in INASAFE_PAGER.items():
        assert NormalDist().cdf(np.log(mmi / 13.249) / 0.151) == pytest.approx(rate, rel=1e-2)
    assert INASAFE_PAGER[10] / rates[10] == pytest.approx(6.0, rel=0.01)
    assert INASAFE_PAGER[8] / rates[8] == pytest.approx(1.012, rel=0.01)


@given(by_mmi)
def test_expected_deaths_are_the_sum_over_classes(people):
    for one in fatality.MODELS:
        parts = sum(fatality.expected(one, {mmi: count}) for mmi, count in people.items())
        assert fatality.expected(one, people) == pytest.approx(parts)


@given(by_mmi)
def test_quantiles_rise_chances_sum_to_one_and_the_input_stays(people):
    before = dict(people)
    for one in fatality.MODELS:
        found = fatality.estimate(one, people)
        quantiles = [found.quantiles[name] for name in ("p05", "p10", "p25")]
        quantiles += [found.median, *(found.quantiles[name] for name in ("p75", "p90", "p95"))]
        assert quantiles == sorted(quantiles)
        assert sum(found.probability.values()) == pytest.approx(1)
        assert all(chance >= 0 for chance in found.probability.values())
        assert sum(found.by_decade.values()) == pytest.approx(1)
        assert found.by_decade["0"] == found.probability["green"]
    assert people == before


def test_half_of_the_distribution_lies_between_the_quartiles():
    found = fatality.estimate(fatality.PAGER, {8: 2e6})
    spread = np.log(found.quantiles["p75"] / found.quantiles["p25"])
    assert spread == pytest.approx(2 * 0.6744898 * 1.714702)


def test_the_chance_of_each_size_is_the_log_normals():
    median = 4e6 * fatality.PAGER.rates[8]
    logarithm = NormalDist(np.log(median), 1.714702)
    found = fatality.estimate(fatality.PAGER, {8: 4e6})
    assert found.by_decade["100-999"] == pytest.approx(logarithm.cdf(np.log(1000)) - logarithm.cdf(np.log(100)))
    assert found.by_decade["100000+"] == pytest.approx(1 - logarithm.cdf(np.log(1e5)))
    red = found.by_decade["1000-9999"] + found.by_decade["10000-99999"] + found.by_decade["100000+"]
    assert found.probability["red"] == pytest.approx(red)


def test_the_level_is_that_of_the_median():
    rate = fatality.PAGER.rates[9]
    for deaths, level in ((0.5, "green"), (1.0001, "yellow"), (99.9, "yellow"), (100.001, "orange"), (1000.001, "red")):
        assert fatality.estimate(fatality.PAGER, {9: deaths / rate}).alert == level


def test_fewer_than_one_expected_death_follows_pagers_rule():
    rate = fatality.PAGER.rates[9]
    found = fatality.estimate(fatality.PAGER, {9: 0.3 / rate})
    assert (found.expected, found.median, found.alert) == (pytest.approx(0.3), 0.1, "green")
    assert found.probability["green"] < 1


def test_nobody_exposed_is_zero_and_green_but_unknown_is_none():
    nobody = earthquake.estimate(np.zeros(10), 10.0, 2018)
    assert (nobody["alert"]["level"], nobody["alert"]["model"]) == ("green", "siaga")
    assert nobody["alert"]["pager_level"] == "green"
    strong = earthquake.estimate(np.array([0, 0, 0, 0, 1e6, 1e6, 1e6, 2e5, 0, 0]))
    assert strong["alert"]["pager_level"] == strong["fatalities"]["pager"]["alert"] == "yellow"
    assert nobody["alert"]["probability"] == {"green": 1.0, "yellow": 0.0, "orange": 0.0, "red": 0.0}
    for one in nobody["fatalities"].values():
        assert {one[name] for name in ("expected", "median", "p05", "p10", "p25", "p75", "p90", "p95")} == {0.0}
        assert (one["alert"], one["by_decade"]["0"], sum(one["by_decade"].values())) == ("green", 1.0, 1.0)
    assert {nobody["economic"][name] for name in ("exposed_usd", "expected_usd", "p05_usd", "p95_usd")} == {0.0}
    assert (nobody["affected"], nobody["displaced"]) == (0.0, 0.0)
    unknown = earthquake.estimate(None)
    assert {unknown[name] for name in ("affected", "displaced", "fatalities", "economic", "planning")} == {None}
    assert {unknown["alert"][name] for name in ("level", "pager_level", "probability")} == {None}


def test_affected_from_ii_displaced_the_survivors_from_vi():
    people = np.array([10.0, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    found = earthquake.estimate(people)
    assert found["affected"] == 540.0
    dead = sum(people[mmi - 1] * fatality.ITB_BAYESIAN.rates[mmi] for mmi in range(6, 11))
    assert found["displaced"] == pytest.approx(400 - dead)
    assert found["planning"]["base"]["people"] < found["planning"]["upper"]["people"] == found["displaced"]


def test_needs_are_bnpbs_amounts_per_displaced_person():
    amounts = needs.needs(1000)
    assert {name: round(amount, 6) for name, amount in amounts.items() if name in needs.NEEDS} == {
        "rice_kg_week": 2800,
        "drinking_water_l_week": 17500,
        "clean_water_l_week": 67000,
        "family_kits_week": 200,
        "toilets": 50,
    }
    assert amounts["hygiene_packs_week"] == pytest.approx(1000 * 0.496 * 0.7937)
    groups = needs.groups(1000)
    assert groups["female"] + groups["male"] == pytest.approx(1000)
    assert groups["infant"] + groups["child"] + groups["adult"] + groups["elderly"] == pytest.approx(1000)
