"""How good a forecast of deaths is: proper scores, coverage, levels, and the folds of cross-validation.

A forecast is a pair of functions of arrays: `below(sizes)` gives P(deaths < size), one row per quake and
one column per size ≥ 1; `quantile(share)` gives one number per quake.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

LEVELS = ("green", "yellow", "orange", "red")
BEGINS = (1.0, 100.0, 1000.0)
SIZES = np.unique(np.round(np.concatenate([np.arange(1, 21), np.geomspace(20, 1e6, 160)])))


@dataclass(frozen=True)
class Forecast:
    """Predictive distributions of deaths for n quakes."""

    below: Callable[[np.ndarray], np.ndarray]
    quantile: Callable[[float], np.ndarray]


def crps(forecast: Forecast, deaths: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of ln(1 + deaths), per quake; 0 is perfect."""
    width = np.diff(np.log1p(np.concatenate([[0.0], SIZES])))
    return ((forecast.below(SIZES) - (deaths[:, None] < SIZES)) ** 2 * width).sum(axis=1)


def log_score(forecast: Forecast, deaths: np.ndarray) -> np.ndarray:
    """−ln of the probability of the whole number that was recorded, per quake."""
    sizes, column = np.unique(np.concatenate([deaths, deaths + 1]), return_inverse=True)
    reached = np.where(sizes >= 1, forecast.below(np.maximum(sizes, 1)), 0.0)
    rows, n = np.arange(len(deaths)), len(deaths)
    chance = reached[rows, column[n:]] - reached[rows, column[:n]]
    return -np.log(np.maximum(chance, 1e-9))


def inside(forecast: Forecast, deaths: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Whether each record lies in the central interval, and with what chance the forecast itself expects that.

    Deaths are whole: the interval holds every whole number that it touches, so it covers more than its name.
    """
    low, high = np.floor(forecast.quantile(0.5 - share / 2)), np.floor(forecast.quantile(0.5 + share / 2))
    ends = np.array(
        [
            [forecast.below(np.array([end]))[row, 0] if end >= 1 else 0.0 for end in pair]
            for row, pair in enumerate(zip(low, high + 1, strict=True))
        ]
    )
    return (low <= deaths) & (deaths <= high), ends[:, 1] - ends[:, 0]


def level(sizes: np.ndarray) -> np.ndarray:
    """0 green, 1 yellow, 2 orange, 3 red."""
    return np.digitize(sizes, BEGINS)


def by_chance(forecast: Forecast, chances: Sequence[float]) -> np.ndarray:
    """The highest level of each quake that is reached with its chance: of yellow, orange and red."""
    reached = 1 - forecast.below(np.array(BEGINS)) >= np.array(chances)
    return np.where(reached.any(axis=1), 3 - np.argmax(reached[:, ::-1], axis=1), 0)


def pit(forecast: Forecast, deaths: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The share of each record, drawn evenly within its whole number, that falls between two edges of its forecast.

    One row per quake, one column per part between the edges (of 0 to 1); alike in every column if calibrated.
    """
    sizes, column = np.unique(np.concatenate([deaths, deaths + 1]), return_inverse=True)
    reached = np.where(sizes >= 1, forecast.below(np.maximum(sizes, 1)), 0.0)
    rows, n = np.arange(len(deaths)), len(deaths)
    low, high = reached[rows, column[:n]], reached[rows, column[n:]]
    share = (np.clip(edges[None, :], low[:, None], high[:, None]) - low[:, None]) / (high - low)[:, None]
    return np.diff(share)


def confusion(deaths: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quakes by recorded level (row) and forecast level (column)."""
    table = np.zeros((4, 4), int)
    np.add.at(table, (level(deaths), levels), 1)
    return table


def kept(deaths: np.ndarray, levels: np.ndarray) -> int:
    """Quakes without known deaths that stay green."""
    return int((levels[deaths < 1] == 0).sum())


def strong_called(deaths: np.ndarray, levels: np.ndarray) -> int:
    """Quakes with a hundred deaths or more that are called orange or red."""
    return int((levels[deaths >= 100] >= 2).sum())


def sequences(days: np.ndarray, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """One number per sequence: quakes within 30 days and about 150 km of each other belong together."""
    group = np.arange(len(days))
    for later in range(len(days)):
        near = (np.abs(days - days[later]) < 30) & (
            np.hypot(latitude - latitude[later], longitude - longitude[later]) < 1.35
        )
        for earlier in np.flatnonzero(near[:later]):
            group[group == group[later]] = group[earlier]
    return group


def folds(group: np.ndarray, deaths: np.ndarray, seed: int, count: int) -> np.ndarray:
    """A fold for each quake; sequences stay whole, the deadly ones are spread over the folds."""
    names = np.unique(group)
    worst = np.array([deaths[group == name].max() for name in names])
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-np.digitize(worst[order], (1, 10, 100)), kind="stable")]
    fold_of = dict(zip(names[order], np.arange(len(names)) % count, strict=True))
    return np.array([fold_of[name] for name in group])
