"""The constants of the forecast and of the spreads are what their scripts find; the scores know good from bad."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from bench.calibration import candidates, fit_spread, misses, scoring, study
from bench.calibration import page as calibration_page
from siaga.exposure import expocat
from siaga.impact import fatality, forecast, loss

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def catalogue(shared):
    return shared / "data" / "expocat-indonesia.csv"


def test_the_forecasts_constants_are_those_that_the_catalogue_teaches(catalogue):
    found = study.constants(study.learn(catalogue))
    assert found["SLOPE"] == forecast.SLOPE
    assert found["ANY"] == pytest.approx(forecast.ANY, abs=2e-4)
    assert found["NUMBER"] == pytest.approx(forecast.NUMBER, abs=2e-4)


BOTH = {study.BEFORE: candidates.BEFORE, study.CHOSEN: candidates.CHOSEN}


@pytest.fixture(scope="module")
def found(catalogue):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(candidates, "CANDIDATES", {study.CHOSEN: candidates.CHOSEN})
        return study.study(catalogue, lambda _line: None)


def test_the_comparison_with_pager_is_reproduced(found):
    assert study.scores(found) == forecast.scores()


def test_the_forecast_is_as_sure_as_it_may_be_on_quakes_that_it_had_not_seen(found):
    deaths = found.deaths
    strong = int((deaths >= 100).sum())
    chosen = found.tested[study.CHOSEN]
    for one, level in zip(chosen.forecasts, chosen.levels(), strict=True):
        covered, _meant = scoring.inside(one, deaths, 0.9)
        assert covered[deaths >= 1].mean() >= 0.88
        assert 0.75 <= scoring.pit(one, deaths, np.array([0.1, 0.9])).mean() <= 0.85
        assert scoring.kept(deaths, level) >= 0.93 * (deaths < 1).sum()
        assert scoring.strong_called(deaths, level) == strong
        assert (level == scoring.level(deaths)).sum() >= (found.pager_levels == scoring.level(deaths)).sum()


@pytest.mark.parametrize("cut", [1990, 1995, 2000])
def test_its_interval_holds_later_quakes_that_killed(catalogue, cut):
    rows, quakes = study.load(catalogue)
    later = np.array([row.time.year >= cut for row in rows])
    tested = quakes.take(later & (quakes.deaths >= 1))
    one = candidates.CHOSEN.forecast(candidates.CHOSEN.learn(quakes.take(~later)), tested)
    assert scoring.inside(one, tested.deaths, 0.9)[0].mean() >= 8 / 9


def test_the_spreads_of_itbs_models_are_those_of_the_catalogue(catalogue):
    quakes = expocat.read(catalogue)
    for model in (fatality.ITB, fatality.ITB_BAYESIAN):
        assert fit_spread.fit(model, quakes) == (pytest.approx(model.spread, abs=1e-6), 14)


def test_what_the_bench_learns_and_the_library_forecasts_agree():
    people = [{6: 1e5, 7: 2e4, 8: 1e3}, {5: 1e6}, {9: 1e6}]
    learnt = (forecast.SLOPE, np.array(forecast.ANY), np.array([*forecast.NUMBER[:2], np.log(forecast.NUMBER[2])]))
    nothing = np.zeros(3)
    quakes = candidates.Quakes(people, [10.0, None, 60.0], np.full(3, 6.0), nothing, nothing, nothing > 0)
    theirs = candidates.CHOSEN.forecast(learnt, quakes)
    for row, (shaken, depth_km) in enumerate(zip(people, quakes.depth_km, strict=True)):
        ours = forecast.estimate(shaken, depth_km)
        for share, name in ((0.05, "p05"), (0.75, "p75"), (0.95, "p95")):
            found = theirs.quantile(share)[row]
            none = name == "p05" and found < 1
            assert ours.quantiles[name] == (0 if none else pytest.approx(found, rel=1e-9))
        assert theirs.below(np.array([1.0]))[row, 0] == pytest.approx(ours.probability["green"], rel=1e-9)
        assert loss.LEVELS[scoring.by_chance(theirs, study.RULE)[row]] == ours.alert


def test_the_page_tells_the_constants_in_use():
    page = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    for name in ("SLOPE", "ANY", "NUMBER"):
        assert f"| `{name}` | {getattr(forecast, name)} |" in page
    assert "**yellow 1 in 6, orange and red 1 in 8**" in page
    assert "## What it missed" in page


def test_page_one_and_the_page_of_the_calibration_quote_the_same_pooled_figures():
    page = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8").replace("\n", " ")
    scores, said = forecast.scores(), forecast.level_rationale()
    pooled = scores["pooled"]
    assert pooled == study.pooled(scores["catalogue"], scores["apart"])
    assert {name: said["values"][name] for name in pooled} == pooled
    assert f"kept {pooled['kept']} % of {pooled['greens']} without known deaths green" in page
    assert f"PAGER alone {pooled['kept_pager']} %" in page
    assert f"called {pooled['found']} of the {pooled['strong']} with a hundred deaths or more" in page
    assert f"kept {pooled['kept']}% of {pooled['greens']} without known deaths green" in said["text"]
    assert "not by money" in said["text"]
    for part in (scores["catalogue"], scores["apart"]):
        assert f"{part['kept']} of {part['greens']} greens kept (PAGER {part['kept_pager']})" in page


def synthetic(path, count):
    """Quakes made by a known rule: PAGER's expectation times a log-normal factor, below one is none."""
    chance = np.random.default_rng(7)
    head = (
        "EventID,Time,Lat,Lon,Depth,Magnitude,CountryCode,MMI1,MMI2,MMI3,MMI4,MMI5,MMI6,MMI7,MMI8,MMI9+,ShakingDeaths\n"
    )
    lines = []
    for number in range(count):
        people = {mmi: float(round(10 ** chance.uniform(0, 9.5 - mmi / 2) * (mmi < 9))) for mmi in range(1, 10)}
        deaths = int(fatality.expected(fatality.PAGER, people) * np.exp(chance.normal(0, 1.5)))
        counts = ",".join(f"{one:g}" for one in people.values())
        where = f"{chance.uniform(-9, 5):.2f},{chance.uniform(96, 140):.2f},{chance.uniform(5, 60):.1f}"
        time = f"{1975 + number * 40 // count}-0{number % 6 + 1}-03"
        lines.append(f"{number},{time},{where},{chance.uniform(5, 8):.1f},ID,{counts},{deaths or ''}\n")
    path.write_text(head + "".join(lines), encoding="utf-8")
    return path


def test_a_page_is_written_for_any_catalogue_and_twice_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(candidates, "CANDIDATES", BOTH)
    monkeypatch.setattr(study, "REPEATS", 1)
    monkeypatch.setattr(study, "FOLDS", 2)
    monkeypatch.setattr(misses, "_CUTS", (1990,))
    path = synthetic(tmp_path / "quakes.csv", 120)
    pages = [calibration_page.write(study.study(path, lambda _line: None)) for _again in range(2)]
    assert pages[0] == pages[1]
    assert "120 quakes" in pages[0]


def test_what_is_learnt_is_calibrated_on_quakes_made_by_a_known_rule(tmp_path):
    rows, quakes = study.load(synthetic(tmp_path / "quakes.csv", 600))
    fold = scoring.folds(study.sequences(rows), quakes.deaths, 0, 5)
    found = study.split(candidates.BEFORE, quakes, fold)
    chance = 1 - found.below(np.array([1.0]))[:, 0]
    assert chance.sum() == pytest.approx((quakes.deaths >= 1).sum(), rel=0.1)
    covered, meant = scoring.inside(found, quakes.deaths, 0.8)
    assert covered.mean() == pytest.approx(meant.mean(), abs=0.05)


def normal(mean, spread, count=200):
    return scoring.Forecast(
        lambda sizes: np.tile(ndtr((np.log(sizes) - mean) / spread), (count, 1)),
        lambda share: np.full(count, np.exp(mean + spread * ndtri(share))),
    )


def test_the_true_distribution_scores_best_and_covers_as_it_says():
    deaths = np.floor(np.exp(np.random.default_rng(1).normal(4, 1, 200)))
    true, others = normal(4, 1), (normal(4, 3), normal(4, 0.3), normal(6, 1))
    for score in (scoring.crps, scoring.log_score):
        assert all(score(true, deaths).mean() < score(other, deaths).mean() for other in others)
    covered, meant = scoring.inside(true, deaths, 0.8)
    assert covered.mean() == pytest.approx(0.8, abs=0.08)
    assert meant.mean() == pytest.approx(0.8, abs=0.02)


def test_a_sequence_is_never_divided_between_folds():
    days, place = np.array([0.0, 20, 40, 400, 0]), np.array([0.0, 0, 0, 0, 9])
    group = scoring.sequences(days, place, place)
    assert len(set(group[:3])) == 1
    assert len(set(group)) == 3
    fold = scoring.folds(group, np.zeros(5), 0, 3)
    assert len(set(fold[:3])) == 1


def test_levels_are_counted_by_what_was_recorded():
    deaths, levels = np.array([0.0, 0, 5, 150, 2000]), np.array([0, 2, 1, 1, 3])
    assert (scoring.kept(deaths, levels), scoring.strong_called(deaths, levels)) == (1, 1)
    assert scoring.confusion(deaths, levels).tolist() == [[1, 0, 1, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
