"""The constants of the forecast and of the spreads are what their scripts find; the scores know good from bad."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from bench import calibration, calibration_page, candidates, fit_spread, scoring
from siaga.exposure import expocat
from siaga.impact import fatality, forecast

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def catalogue(shared):
    return shared / "data" / "expocat-indonesia.csv"


def test_the_forecasts_constants_are_those_that_the_catalogue_teaches(catalogue):
    found = calibration.constants(calibration.learn(catalogue))
    assert found["SLOPE"] == forecast.SLOPE
    assert found["ANY"] == pytest.approx(forecast.ANY, abs=2e-4)
    assert found["NUMBER"] == pytest.approx(forecast.NUMBER, abs=2e-4)


def test_the_comparison_with_pager_is_reproduced(catalogue, monkeypatch):
    monkeypatch.setattr(candidates, "CANDIDATES", {calibration.CHOSEN: candidates.HURDLE})
    assert calibration.checked(calibration.study(catalogue, lambda _line: None)) == forecast.CHECKED


def test_the_spreads_of_itbs_models_are_those_of_the_catalogue(catalogue):
    quakes = expocat.read(catalogue)
    for model in (fatality.ITB, fatality.ITB_BAYESIAN):
        assert fit_spread.fit(model, quakes) == (pytest.approx(model.spread, abs=1e-6), 14)


def test_what_the_bench_learns_and_the_library_forecasts_agree():
    people = [{6: 1e5, 7: 2e4, 8: 1e3}, {5: 1e6}, {9: 1e6}]
    learnt = (forecast.SLOPE, np.array(forecast.ANY), np.array([*forecast.NUMBER[:2], np.log(forecast.NUMBER[2])]))
    quakes = candidates.Quakes(people, [10.0, None, 60.0], np.full(3, 6.0), np.zeros(3))
    theirs = candidates.HURDLE.forecast(learnt, quakes)
    for row, (shaken, depth_km) in enumerate(zip(people, quakes.depth_km, strict=True)):
        ours = forecast.estimate(shaken, depth_km)
        assert theirs.quantile(0.95)[row] == pytest.approx(ours.quantiles["p95"], rel=1e-9)
        assert theirs.below(np.array([1.0]))[row, 0] == pytest.approx(ours.probability["green"], rel=1e-9)


def test_the_page_tells_the_constants_in_use():
    page = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    for name in ("SLOPE", "ANY", "NUMBER"):
        assert f"| `{name}` | {getattr(forecast, name)} |" in page
    assert f"kept {forecast.CHECKED['kept']} of {forecast.CHECKED['greens']}" in page.replace("\n", " ")
    assert "**Verdict: yes.**" in page


def synthetic(path, count=240):
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
        time = f"{1975 + number // 6}-0{number % 6 + 1}-03"
        lines.append(f"{number},{time},{where},{chance.uniform(5, 8):.1f},ID,{counts},{deaths or ''}\n")
    path.write_text(head + "".join(lines), encoding="utf-8")
    return path


def test_a_page_is_written_for_any_catalogue_and_twice_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(candidates, "CANDIDATES", {calibration.CHOSEN: candidates.HURDLE})
    monkeypatch.setattr(calibration, "REPEATS", 2)
    path = synthetic(tmp_path / "quakes.csv")
    pages = [calibration_page.write(calibration.study(path, lambda _line: None)) for _again in range(2)]
    assert pages[0] == pages[1]
    assert "240 quakes" in pages[0]


def test_what_is_learnt_is_calibrated_on_quakes_made_by_a_known_rule(tmp_path):
    rows, quakes = calibration.load(synthetic(tmp_path / "quakes.csv", 600))
    fold = scoring.folds(calibration.sequences(rows), quakes.deaths, 0, 5)
    found = calibration.split(candidates.HURDLE, quakes, fold)
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
    assert (scoring.kept(deaths, levels), scoring.found(deaths, levels)) == (1, 1)
    assert scoring.confusion(deaths, levels).tolist() == [[1, 0, 1, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
