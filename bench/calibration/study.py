"""The study: every way to forecast tried on every quake of EXPO-CAT, out of sample, and what comes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.calibration import candidates, scoring
from bench.calibration.candidates import Quakes
from bench.calibration.scoring import Forecast
from siaga.exposure import expocat
from siaga.impact import fatality, forecast, loss

BEFORE = "two steps, rates fitted anew, depth"
CHOSEN = "… and no less than ITB's share"
FOLDS, REPEATS = 10, 5
RULE = tuple(forecast.ALERT_CHANCES[name] for name in scoring.LEVELS[1:])
RULE_BEFORE = (0.10, 0.10, 0.10)
MANY_AT_VII = 1e5  # people at MMI VII and above whose blank is no certain nought
# Judged by others on quakes that are no part of the project and that nobody here has seen, with the forecast
# before this one: kept green are 87 % (PAGER 84 %) of what has no known deaths.
APART = {"greens": 257, "kept": 224, "kept_pager": 216, "strong": 6, "found": 3, "found_pager": 2}
CHANCES = (1 / 20, 1 / 10, 1 / 8, 1 / 7, 1 / 6, 1 / 5, 1 / 4, 1 / 2)


@dataclass(frozen=True)
class Tested:
    """One way, tested by cross-validation; an entry per repeat."""

    forecasts: Sequence[Forecast]
    crps: float
    log_score: float

    def levels(self, chances: Sequence[float] = RULE) -> list[np.ndarray]:
        """The level of every quake: the highest that is reached with its chance."""
        return [scoring.by_chance(one, chances) for one in self.forecasts]


@dataclass(frozen=True)
class Study:
    """All that the page tells."""

    rows: Sequence[expocat.Quake]
    quakes: Quakes
    folds: Sequence[np.ndarray]
    tested: dict[str, Tested]
    pager: Forecast
    learnt: tuple[float, np.ndarray, np.ndarray]

    @property
    def deaths(self) -> np.ndarray:
        """Deaths by shaking, a blank as none."""
        return self.quakes.deaths

    @property
    def pager_levels(self) -> np.ndarray:
        """As PAGER sets them: by its median."""
        return scoring.level(self.pager.quantile(0.5))


def load(path: Path) -> tuple[list[expocat.Quake], Quakes]:
    """The catalogue; a blank number of deaths counts as no known deaths."""
    rows = [row for row in expocat.read(path) if len(row.by_mmi) == len(expocat.MMI_COLUMNS)]
    return rows, Quakes(
        [dict(row.by_mmi) for row in rows],
        [row.depth_km for row in rows],
        np.array([6.5 if row.magnitude is None else row.magnitude for row in rows]),
        np.array([row.shaking_deaths or 0.0 for row in rows]),
        np.array([_toll(row) for row in rows]),
        np.array([row.shaking_deaths is None and _at_vii(row) >= MANY_AT_VII for row in rows]),
    )


def _toll(row: expocat.Quake) -> float:
    """Deaths by shaking and by landslides; by shaking alone where a tsunami came too or no figure stands."""
    if not row.shaking_deaths or "tsunami" in row.causes:
        return row.shaking_deaths or 0.0
    return max(row.shaking_deaths, row.total_deaths or 0.0)


def _at_vii(row: expocat.Quake) -> float:
    return sum(people for mmi, people in row.by_mmi.items() if mmi >= 7)


def learn(path: Path) -> tuple[float, np.ndarray, np.ndarray]:
    """What siaga/impact/forecast.py holds: slope, coefficients of the chance, and of the number with ln(spread)."""
    return candidates.CHOSEN.learn(load(path)[1])


def sequences(rows: Sequence[expocat.Quake]) -> np.ndarray:
    """Which quakes belong together; one of unknown time or place stands alone."""
    days = [row.time.timestamp() / 86400 if row.time else -1e9 * (n + 1) for n, row in enumerate(rows)]
    place = [(row.latitude, row.longitude) if row.latitude is not None else (np.nan, np.nan) for row in rows]
    latitude, longitude = np.array(place, float).T
    return scoring.sequences(np.array(days), latitude, longitude)


def split(way: candidates.Censored | candidates.Hurdle, quakes: Quakes, fold: np.ndarray) -> Forecast:
    """Every quake forecast by what was learnt without its fold."""
    parts = []
    for name in np.unique(fold):
        held = np.flatnonzero(fold == name)
        parts.append((held, way.forecast(way.learn(quakes.take(fold != name)), quakes.take(held))))

    def below(sizes: np.ndarray) -> np.ndarray:
        whole = np.empty((len(fold), len(sizes)))
        for held, one in parts:
            whole[held] = one.below(sizes)
        return whole

    def quantile(share: float) -> np.ndarray:
        whole = np.empty(len(fold))
        for held, one in parts:
            whole[held] = one.quantile(share)
        return whole

    return Forecast(below, quantile)


def study(path: Path, say: Callable[[str], None]) -> Study:
    """Test every candidate on the same folds."""
    rows, quakes = load(path)
    group = sequences(rows)
    folds = [scoring.folds(group, quakes.deaths, seed, FOLDS) for seed in range(REPEATS)]
    tested = {}
    for name, way in candidates.CANDIDATES.items():
        forecasts = [split(way, quakes, fold) for fold in folds]
        tested[name] = Tested(
            forecasts,
            float(np.mean([scoring.crps(one, quakes.deaths) for one in forecasts])),
            float(np.mean([scoring.log_score(one, quakes.deaths) for one in forecasts])),
        )
        say(f"{name:40} CRPS {tested[name].crps:.4f}  log score {tested[name].log_score:.4f}")
    pager = candidates.rate_model(fatality.PAGER, quakes)
    return Study(rows, quakes, folds, tested, pager, candidates.CHOSEN.learn(quakes))


def scores(trial: Study) -> dict[str, dict[str, int]]:
    """forecast_scores.json: what is known of quakes that were not seen, by part, and all of it pooled.

    Of the repeats the worst, so that chance does not flatter. kept: numbers in the parts, per cent in the pool.
    """
    levels, deaths = trial.tested[CHOSEN].levels(), trial.deaths
    catalogue = {
        "greens": int((deaths < 1).sum()),
        "kept": min(scoring.kept(deaths, one) for one in levels),
        "kept_pager": scoring.kept(deaths, trial.pager_levels),
        "strong": int((deaths >= loss.BEGINS["orange"]).sum()),
        "found": min(scoring.strong_called(deaths, one) for one in levels),
        "found_pager": scoring.strong_called(deaths, trial.pager_levels),
    }
    return {"catalogue": catalogue, "apart": APART, "pooled": pooled(catalogue, APART)}


def pooled(*parts: Mapping[str, int]) -> dict[str, int]:
    """All parts as one; kept in whole per cent."""
    whole = {name: sum(part[name] for part in parts) for name in parts[0]}
    return whole | {name: round(100 * whole[name] / whole["greens"]) for name in ("kept", "kept_pager")}


def constants(learnt: tuple[float, np.ndarray, np.ndarray]) -> dict[str, object]:
    """As forecast.py writes them: four decimals."""
    slope, of_any, of_number = learnt
    return {
        "SLOPE": round(float(slope), 4),
        "ANY": tuple(round(float(one), 4) for one in of_any),
        "NUMBER": (*(round(float(one), 4) for one in of_number[:-1]), round(float(np.exp(of_number[-1])), 4)),
    }
