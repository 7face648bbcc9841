"""Siaga's own forecast: what holds of it whatever the constants; the command that writes it for a table of quakes."""

import csv
import doctest
import itertools
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siaga import cli
from siaga.cli import forecast as forecast_command
from siaga.impact import economic, fatality, forecast, loss

people = st.one_of(st.just(0.0), st.floats(0, 1e9))
by_mmi = st.dictionaries(st.integers(1, 10), people, max_size=10)
depth = st.one_of(st.none(), st.floats(-20, 1000))
SHARES = ("p05", "p10", "p25", "median", "p75", "p90", "p95")


def quantiles(found):
    return [found.median if name == "median" else found.quantiles[name] for name in SHARES]


@pytest.mark.parametrize("module", [loss, economic, forecast])
def test_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@given(by_mmi, depth)
def test_a_forecast_is_a_distribution_and_its_input_stays(shaken, depth_km):
    before = dict(shaken)
    found = forecast.estimate(shaken, depth_km)
    assert quantiles(found) == sorted(quantiles(found))
    assert all(0 <= one < inf for one in (*quantiles(found), found.expected))
    for parts in (found.probability, found.by_decade):
        assert sum(parts.values()) == pytest.approx(1)
        assert min(parts.values()) >= 0
    assert found.by_decade["0"] == found.probability["green"]
    assert shaken == before


@given(by_mmi, depth, st.integers(1, 10), st.floats(0, 1e9))
def test_more_people_never_mean_fewer_deaths(shaken, depth_km, mmi, more):
    fewer = forecast.estimate(shaken, depth_km)
    many = forecast.estimate(shaken | {mmi: shaken.get(mmi, 0.0) + more}, depth_km)
    assert all(a <= b * (1 + 1e-9) for a, b in zip(quantiles(fewer), quantiles(many), strict=True))
    assert fewer.expected <= many.expected * (1 + 1e-9)
    for few, more_of_it in zip(_at_least(fewer), _at_least(many), strict=True):
        assert few <= more_of_it + 1e-12
    assert loss.LEVELS.index(fewer.alert) <= loss.LEVELS.index(many.alert)


@given(by_mmi, st.integers(6, 10), st.floats(1e-6, 1e8), depth)
def test_no_two_quantiles_are_equal_and_the_lowest_alone_is_nought_where_people_were_shaken(
    shaken, mmi, count, depth_km
):
    found = quantiles(forecast.estimate(shaken | {mmi: count}, depth_km))
    assert found[0] == 0 or found[0] >= 1
    assert all(a < b for a, b in itertools.pairwise(found))


def test_ten_thousand_people_at_vii_are_never_certain_to_live():
    for shaken in ({7: 1e4}, {6: 5e4, 7: 1e4}, {5: 2e5, 7: 1e4}):
        found = forecast.estimate(shaken, 100.0)
        assert found.quantiles["p95"] >= 5
        assert found.alert == "green"


def test_no_toll_is_less_likely_than_a_share_of_its_chance_by_twice_itbs_deaths():
    shaken = {6: 2e5, 7: 2e4, 8: 1e3}
    twice = {mmi: forecast.FLOOR_TIMES * people for mmi, people in shaken.items()}
    found, other = forecast.estimate(shaken, 40.0), fatality.estimate(fatality.ITB_BAYESIAN, twice)
    assert all(a >= forecast.FLOOR * b - 1e-12 for a, b in zip(_at_least(found), _at_least(other), strict=True))
    assert max(forecast.ALERT_CHANCES.values()) > min(forecast.ALERT_CHANCES.values()) > forecast.FLOOR


@given(st.integers(1, 9), st.floats(1, 1e7), depth)
def test_stronger_shaking_never_means_fewer_deaths(mmi, count, depth_km):
    weak, strong = (forecast.estimate({one: count}, depth_km) for one in (mmi, mmi + 1))
    assert all(a <= b * (1 + 1e-9) for a, b in zip(quantiles(weak), quantiles(strong), strict=True))


@given(by_mmi, st.floats(0, 700), st.floats(0, 700))
def test_a_deeper_quake_never_kills_more(shaken, one, other):
    deep, shallow = forecast.estimate(shaken, max(one, other)), forecast.estimate(shaken, min(one, other))
    assert all(a <= b * (1 + 1e-9) for a, b in zip(quantiles(deep), quantiles(shallow), strict=True))


@pytest.mark.parametrize("shaken", [{}, {9: 0.0}, {1: 1e7, 2: 1e7, 3: 1e7, 4: 1e7}])
def test_nobody_at_v_or_more_is_nought_and_green(shaken):
    found = forecast.estimate(shaken, 5.0)
    assert (set(quantiles(found)), found.expected, found.alert) == ({0.0}, 0.0, "green")
    assert found.by_decade["0"] == 1.0


def test_an_unknown_depth_counts_as_the_typical_one_and_x_as_ix():
    assert forecast.estimate({8: 1e5}) == forecast.estimate({8: 1e5}, 25.0)
    assert forecast.estimate({9: 1e5}) == forecast.estimate({10: 1e5})
    assert forecast.estimate({8: 1e5}, 2.0) == forecast.estimate({8: 1e5}, 5.0)


def test_the_mean_is_that_of_the_distribution():
    found = forecast.estimate({8: 1e6, 9: 5e5}, 20.0)
    # the mean of what is at least 1: 1 + ∫ P(deaths ≥ size) d size beyond 1, times the chance, by decades finely cut;
    # of so many the catalogue's part says more than ITB's share at every size
    sizes = [10 ** (step / 400) for step in range(400 * 12)]
    spread, mean = forecast.NUMBER[2], forecast.NUMBER[0] + forecast.NUMBER[1] * forecast.size({8: 1e6, 9: 5e5})
    above = [loss.NORMAL.cdf(mean / spread - step / 400 * 2.302585093 / spread) for step in range(400 * 12)]
    area = sum((b - a) * (p + q) / 2 for a, b, p, q in zip(sizes[:-1], sizes[1:], above[:-1], above[1:], strict=True))
    chance = 1 - found.probability["green"]
    assert found.expected == pytest.approx(chance * (1 + area / above[0]), rel=2e-3)


CHANCES = {"green": 0.0, "yellow": 1 / 6, "orange": 1 / 8, "red": 1 / 8}


def test_the_level_is_the_highest_that_is_reached_with_its_chance():
    levels = []
    for shaken in ({7: 1e4}, {7: 3e5}, {7: 1e6}, {8: 5e5}, {8: 2e6, 9: 1e6}):
        found = forecast.estimate(shaken, 10.0)
        reached = dict(zip(loss.LEVELS, _at_least(found), strict=True))
        assert reached[found.alert] >= CHANCES[found.alert]
        assert all(reached[one] < CHANCES[one] for one in loss.LEVELS[loss.LEVELS.index(found.alert) + 1 :])
        levels.append(found.alert)
    assert levels == ["green", "yellow", "yellow", "orange", "red"]


def _at_least(found):
    parts = [found.probability[name] for name in loss.LEVELS]
    return [sum(parts[n:]) for n in range(len(parts))]


def test_a_quantile_and_the_chance_of_less_agree():
    found = forecast.estimate({8: 2e6, 9: 1e6}, 10.0)
    assert found.quantiles["p25"] < 1000 < found.quantiles["p75"]
    below = sum(found.by_decade[name] for name in ("0", "1-9", "10-99", "100-999"))
    assert 0.25 < below < 0.75


def test_economic_loss_of_a_worked_example():
    """A million people at VIII: Φ(ln(8 / 10.211) / 0.102747) = Φ(−2.3750) = 0.008775, of 17.2525 × 4,333 dollars."""
    found = economic.estimate({8: 1e6}, 2021)
    assert (found["gdp_year"], found["gdp_per_capita_usd"]) == (2021, 4333.0)
    assert found["exposed_usd"] == pytest.approx(1e6 * 4333 * 17.2525)
    assert found["expected_usd"] == pytest.approx(0.008775 * 7.47551e10, rel=1e-3)
    assert found["idr_per_usd"] == 14308.1
    for name in ("expected", "median", "p05", "p25", "p75", "p95"):
        assert found[f"{name}_idr"] == pytest.approx(14308.1 * found[f"{name}_usd"])
    assert found["alert"] == "orange"
    assert found["median_usd"] == found["expected_usd"]
    assert sum(found["probability"].values()) == pytest.approx(1)
    for year, stands in {1976: 1990, 2006: 2006, 2009: 2009, 2026: 2024}.items():
        assert economic.estimate({8: 1e6}, year)["gdp_year"] == stands
    assert sorted(economic.GDP_PER_CAPITA_USD) == sorted(economic.RUPIAH_PER_USD) == list(range(1990, 2025))
    assert (
        economic.estimate({9: 5e4, 10: 5e4}, None)["expected_usd"] == economic.estimate({9: 1e5}, 2026)["expected_usd"]
    )
    small = economic.estimate({5: 1e4}, 2021)
    assert 0 < small["expected_usd"] < 1e6
    assert (small["median_usd"], small["alert"]) == (1e5, "green")


HEAD = ["EventID", "Lat", "Lon", "Depth", "Magnitude", *(f"MMI{mmi}" for mmi in range(1, 9)), "MMI9+"]


def written(tmp_path, *rows):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", newline="") as file:
        csv.writer(file).writerows([HEAD, *rows])
    status = cli.main(["forecast", str(source), "--out", str(out)])
    with out.open(newline="") as file:
        return status, list(csv.DictReader(file))


def test_forecast_writes_every_row_in_its_order_unrounded(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SIAGA_HOME", str(tmp_path / "home"))
    strong = ["b", -7.9, 110.3, 10, 6.4, 0, 0, 0, 0, 0, 8830632, 2241029, 2024945, 955623]
    rows = [strong, ["a", "", "", "", "", *[0] * 9], ["b", -7, 110, "", 6, 0, 0, 0, 0, 0, 5e5, 1e5, 1e4, 0]]
    status, found = written(tmp_path, *rows)
    assert status == 0
    assert [row["EventID"] for row in found] == ["b", "a", "b"]
    assert len(found[0]) == 1 + 4 * 8
    shaken = {6: 8830632.0, 7: 2241029.0, 8: 2024945.0, 9: 955623.0}
    for model in fatality.MODELS:
        expected = fatality.estimate(model, shaken)
        assert float(found[0][f"{model.name}_median"]) == expected.median
        assert float(found[0][f"{model.name}_p95"]) == expected.quantiles["p95"]
        assert found[0][f"{model.name}_alert"] == expected.alert == "red"
    assert float(found[0]["pager_median"]) == pytest.approx(5815, rel=1e-3)
    assert float(found[0]["siaga_p10"]) == forecast.estimate(shaken, 10.0).quantiles["p10"]
    for name in forecast_command.MODELS:
        assert (float(found[1][f"{name}_p95"]), found[1][f"{name}_alert"]) == (0.0, "green")
    assert capsys.readouterr().err == ""


def test_a_row_that_cannot_be_read_stays_blank_and_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SIAGA_HOME", str(tmp_path / "home"))
    good = ["a", -7, 110, 10, 6, 0, 0, 0, 0, 1e6, 5e5, 1e5, 1e4, 0]
    blank, wrong = ["b", *good[1:10], "", *good[11:]], ["c", *good[1:12], "x7", 0]
    light = ["d", *good[1:4], 6, "", "", "", *good[8:]]  # no model counts anybody below IV
    deep = ["e", -7, 110, "deep", 6, *good[5:]]
    status, found = written(tmp_path, good, blank, wrong, light, deep)
    assert status == 0
    assert [bool(row["siaga_alert"]) for row in found] == [True, False, False, True, True]
    assert set(found[1].values()) == {"b", ""}
    assert found[3]["itb_median"] == found[0]["itb_median"]
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in said] == [
        "Line 3, column MMI6",
        "Line 4, column MMI8",
        "Line 6, column Depth",
    ]


def test_nothing_to_read_is_a_sentence_and_status_one(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SIAGA_HOME", str(tmp_path / "home"))
    source = tmp_path / "in.csv"
    for text in ("id\n1\n", "EventID,MMI8\na,5\n", "EventID\n", ""):
        source.write_text(text)
        assert cli.main(["forecast", str(source), "--out", str(tmp_path / "out.csv")]) == 1
        assert "Traceback" not in capsys.readouterr().err
    assert cli.main(["forecast", str(tmp_path / "none.csv"), "--out", str(tmp_path / "out.csv")]) == 1
    assert not (tmp_path / "out.csv").exists()
