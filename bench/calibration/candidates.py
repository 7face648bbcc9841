"""Ways to forecast deaths that the calibration tries; each learns from some quakes and forecasts others.

The one that was chosen is `CHOSEN`; siaga/impact/forecast.py holds its constants, learnt from all quakes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_ndtr, ndtr, ndtri
from scipy.stats import nbinom

from bench.calibration.scoring import Forecast
from siaga.impact import fatality, forecast

_FEW = 10  # deaths from which on somebody would have written them down
SLOPES = tuple(np.arange(1.5, 3.01, 0.25))  # weights of the MMI classes that are tried


@dataclass(frozen=True)
class Quakes:
    """What the catalogue says, one entry per quake.

    by_mmi: persons per class. deaths: by shaking, blanks as 0. toll: the same with those by landslides, where
    the catalogue tells them apart from a tsunami's. unsure: blank although many stood at MMI VII and above.
    """

    by_mmi: list[dict[int, float]]
    depth_km: list[float | None]
    magnitude: np.ndarray
    deaths: np.ndarray
    toll: np.ndarray
    unsure: np.ndarray

    def take(self, rows: np.ndarray) -> "Quakes":
        """Those of a mask or of indices."""
        rows = np.arange(len(self.deaths))[rows]
        return Quakes(
            [self.by_mmi[row] for row in rows],
            [self.depth_km[row] for row in rows],
            self.magnitude[rows],
            self.deaths[rows],
            self.toll[rows],
            self.unsure[rows],
        )

    def score(self, slope: float) -> np.ndarray:
        """forecast.score with another weighting of the classes, held as there."""
        return np.maximum(forecast._LEAST_SCORE, [forecast._score(people, slope) for people in self.by_mmi])

    def size(self) -> np.ndarray:
        """forecast.size of each."""
        return np.array([forecast.size(people) for people in self.by_mmi])

    def depth(self) -> np.ndarray:
        """forecast.depth_term of each."""
        return np.array([forecast.depth_term(depth) for depth in self.depth_km])

    def expected(self, model: fatality.FatalityModel) -> np.ndarray:
        """A rate model's expectation for each; the catalogue counts people at X with IX."""
        return np.array([fatality.expected(model, people) for people in self.by_mmi])


def rate_model(model: fatality.FatalityModel, quakes: Quakes) -> Forecast:
    """A published model as it stands; nothing is learnt."""
    found = [fatality.estimate(model, people) for people in quakes.by_mmi]
    median = np.array([one.median for one in found])
    mean = np.log(np.maximum(median, 1e-300))
    spread = np.where((quakes.expected(model) < 1) & (model.small_spread > 0), model.small_spread or 1.0, model.spread)
    return Forecast(
        lambda sizes: np.where(median[:, None] > 0, ndtr((np.log(sizes) - mean[:, None]) / spread[:, None]), 1.0),
        lambda share: np.where(median > 0, np.exp(mean + spread * ndtri(share)), 0.0),
    )


@dataclass(frozen=True)
class Censored:
    """ln(deaths) is normal about a line, and what falls below one is seen as none: one step for both questions."""

    columns: Callable[[Quakes], Sequence[np.ndarray]]
    about: tuple[float, ...]  # what the coefficients are held towards
    within: tuple[float, ...]  # and how loosely: standard deviations

    def learn(self, quakes: Quakes) -> np.ndarray:
        """Coefficients and ln of the spread."""
        table, deaths = np.column_stack(self.columns(quakes)), quakes.deaths
        about, within = np.array([*self.about, np.log(2.0)]), np.array([*self.within, 0.5])

        def cost(given: np.ndarray) -> float:
            mean, spread = table @ given[:-1], np.exp(given[-1])
            none = log_ndtr(-mean / spread)
            some = _log_chance(deaths, mean, spread)
            return -np.where(deaths < 1, none, some).sum() + _penalty(given, about, within)

        return minimize(cost, about, method="L-BFGS-B").x

    def forecast(self, learnt: np.ndarray, quakes: Quakes) -> Forecast:
        """For other quakes."""
        mean, spread = np.column_stack(self.columns(quakes)) @ learnt[:-1], np.exp(learnt[-1])

        def quantile(share: float) -> np.ndarray:
            found = np.exp(mean + spread * ndtri(share))
            return np.where(found < 1, 0.0, found)

        return Forecast(lambda sizes: ndtr((np.log(sizes) - mean[:, None]) / spread), quantile)


@dataclass(frozen=True)
class Hurdle:
    """Does anybody die (logistic), and how many if so (log-normal cut off below one, or negative binomial).

    unknown: of the blanks that are unsure, the share of those with one to nine deaths that nobody wrote down.
    landslides: learn the number from the toll with landslides. floor: as forecast.FLOOR.
    """

    any_columns: Callable[[Quakes, float], Sequence[np.ndarray]]
    any_about: tuple[float, ...]
    any_within: tuple[float, ...]
    number_columns: Callable[[Quakes], Sequence[np.ndarray]]
    number_about: tuple[float, ...]
    number_within: tuple[float, ...]
    slopes: Sequence[float] = SLOPES
    spread_about: float = 1.6
    binomial: bool = False
    unknown: float = 0.0
    landslides: bool = False
    floor: float = 0.0

    def learn(self, quakes: Quakes) -> tuple[float, np.ndarray, np.ndarray]:
        """Weighting of the classes, coefficients of the chance, coefficients of the number with ln(spread)."""
        of_number = self._number(quakes.take(quakes.deaths >= 1))
        left_blank = quakes.unsure * self.unknown * self._few(quakes, of_number)
        tried = [(*self._any(quakes, slope, left_blank), slope) for slope in self.slopes]
        _cost, of_any, slope = min(tried, key=lambda one: one[0])
        return slope, of_any, of_number

    def _few(self, quakes: Quakes, of_number: np.ndarray) -> np.ndarray:
        """The chance that no more than nine die, given that anybody does."""
        if self.binomial:
            return np.zeros(len(quakes.deaths))
        mean, spread = np.column_stack(self.number_columns(quakes)) @ of_number[:-1], np.exp(of_number[-1])
        return 1 - ndtr((mean - np.log(_FEW)) / spread) / ndtr(mean / spread)

    def _any(self, quakes: Quakes, slope: float, left_blank: np.ndarray) -> tuple[float, np.ndarray]:
        table, died = np.column_stack(self.any_columns(quakes, slope)), quakes.deaths >= 1
        about, within = np.array(self.any_about), np.array(self.any_within)

        def cost(given: np.ndarray) -> float:
            line = table @ given
            # ln of 1 − chance + left_blank × chance, where chance is the logistic of the line
            none = np.log1p(left_blank * np.exp(np.minimum(line, 500))) - np.logaddexp(0, line)
            return np.where(died, np.logaddexp(0, -line), -none).sum() + _penalty(given, about, within)

        found = minimize(cost, about, method="L-BFGS-B", options={"ftol": 1e-13, "gtol": 1e-8})
        return found.fun + ((slope - 2) / 0.5) ** 2 / 2, found.x

    def _number(self, quakes: Quakes) -> np.ndarray:
        table = np.column_stack(self.number_columns(quakes))
        deaths = quakes.toll if self.landslides else quakes.deaths
        about, within = np.array([*self.number_about, np.log(self.spread_about)]), np.array([*self.number_within, 0.3])

        def cost(given: np.ndarray) -> float:
            mean, spread = table @ given[:-1], np.exp(given[-1])
            if self.binomial:
                size, chance = _binomial(mean, spread)
                each = nbinom.logpmf(deaths, size, chance) - np.log(nbinom.sf(0, size, chance))
            else:
                each = _log_chance(deaths, mean, spread) - log_ndtr(mean / spread)
            return -each.sum() + _penalty(given, about, within)

        return minimize(cost, about, method="L-BFGS-B", options={"ftol": 1e-13, "gtol": 1e-8}).x

    def forecast(self, learnt: tuple[float, np.ndarray, np.ndarray], quakes: Quakes) -> Forecast:
        """For other quakes."""
        slope, of_any, of_number = learnt
        line = np.column_stack(self.any_columns(quakes, slope)) @ of_any
        chance = expit(line)
        mean, spread = np.column_stack(self.number_columns(quakes)) @ of_number[:-1], np.exp(of_number[-1])
        if self.binomial:
            return _binomial_forecast(chance, *_binomial(mean, spread))
        some = ndtr(mean / spread)

        def quantile(share: float) -> np.ndarray:
            above = np.clip((1 - share) / chance * some, 1e-300, 1 - 1e-16)
            number = np.maximum(1.0, np.exp(mean - spread * ndtri(above)))
            return np.where(share <= 1 - chance, np.minimum(1.0, np.exp(line) * share / (1 - share)), number)

        def below(sizes: np.ndarray) -> np.ndarray:
            return 1 - (chance / some)[:, None] * ndtr((mean[:, None] - np.log(sizes)) / spread)

        return _floored(Forecast(below, quantile), self.floor, quakes)


def _floored(one: Forecast, floor: float, quakes: Quakes) -> Forecast:
    """No toll less likely than this share of its chance by ITB's Bayesian model with FLOOR_TIMES its deaths."""
    if floor == 0:
        return one
    spread = fatality.ITB_BAYESIAN.spread
    with np.errstate(divide="ignore"):
        mean = np.log(forecast.FLOOR_TIMES * quakes.expected(fatality.ITB_BAYESIAN))

    def quantile(share: float) -> np.ndarray:
        rest = (1 - share) / floor
        return (
            one.quantile(share) if rest >= 1 else np.maximum(one.quantile(share), np.exp(mean - spread * ndtri(rest)))
        )

    return Forecast(
        lambda sizes: np.minimum(one.below(sizes), 1 - floor * ndtr((mean[:, None] - np.log(sizes)) / spread)), quantile
    )


def _binomial(mean: np.ndarray, spread: float) -> tuple[float, np.ndarray]:
    """size and chance of scipy's nbinom: mean exp(mean), variance mean + mean² (exp(spread²) − 1)."""
    size = 1 / np.expm1(spread**2)
    return size, size / (size + np.exp(mean))


def _binomial_forecast(chance: np.ndarray, size: float, each: np.ndarray) -> Forecast:
    some = nbinom.sf(0, size, each)

    def quantile(share: float) -> np.ndarray:
        rest = np.clip(1 - (1 - share) / chance * some, 0, 1)
        return np.where(share <= 1 - chance, 0.0, np.maximum(1.0, nbinom.ppf(rest, size, each)))

    return Forecast(
        lambda sizes: 1 - (chance / some)[:, None] * nbinom.sf(np.ceil(sizes) - 1, size, each[:, None]), quantile
    )


def _log_chance(deaths: np.ndarray, mean: np.ndarray, spread: float) -> np.ndarray:
    """ln P(deaths ≤ L < deaths + 1) of a log-normal L; anything where deaths are 0."""
    at_least, more = (log_ndtr((mean - np.log(np.maximum(deaths, 1) + step)) / spread) for step in (0, 1))
    return at_least + np.log(-np.expm1(np.minimum(more - at_least, -1e-12)))


def _penalty(given: np.ndarray, about: np.ndarray, within: np.ndarray) -> float:
    return float((((given - about) / within) ** 2).sum() / 2)


def _ones(quakes: Quakes) -> np.ndarray:
    return np.ones(len(quakes.deaths))


def _strength(quakes: Quakes) -> np.ndarray:
    return quakes.magnitude - 6.5


def _pager(quakes: Quakes) -> np.ndarray:
    return np.log(quakes.expected(fatality.PAGER) + 1e-3) - 2


_NUMBER = {
    "number_columns": lambda quakes: (_ones(quakes), quakes.size()),
    "number_about": (1.0, 1.0),
    "number_within": (2.0, 0.2),
}
_ANY = {
    "any_columns": lambda quakes, slope: (_ones(quakes), quakes.score(slope), quakes.depth()),
    "any_about": (-2.0, 1.0, 0.0),
    "any_within": (3.0, 0.3, 0.5),
}
_UNKNOWN = 1 / 3
BEFORE = Hurdle(**_ANY, **_NUMBER)
_WIDE = {**_NUMBER, "unknown": _UNKNOWN, "landslides": True, "spread_about": 2.0}
CHOSEN = Hurdle(**_ANY, **_WIDE, floor=forecast.FLOOR)
CANDIDATES: dict[str, Censored | Hurdle] = {
    "PAGER re-centred, one step": Censored(lambda quakes: (_ones(quakes), _pager(quakes)), (-2.0, 1.0), (3.0, 0.3)),
    "models' mean and depth, one step": Censored(
        lambda quakes: (_ones(quakes), quakes.size(), quakes.depth()), (-1.0, 1.0, 0.0), (3.0, 0.3, 0.5)
    ),
    "two steps, PAGER in both": Hurdle(
        lambda quakes, _slope: (_ones(quakes), _pager(quakes)),
        (-1.0, 1.0),
        (3.0, 0.3),
        lambda quakes: (_ones(quakes), _pager(quakes)),
        (1.0, 1.0),
        (2.0, 0.2),
        slopes=(2.0,),
    ),
    "two steps, models' mean in both": Hurdle(
        lambda quakes, _slope: (_ones(quakes), quakes.size()), (-1.0, 1.0), (3.0, 0.3), **_NUMBER, slopes=(2.0,)
    ),
    "two steps, rates fitted anew": Hurdle(
        lambda quakes, slope: (_ones(quakes), quakes.score(slope)), (-2.0, 1.0), (3.0, 0.3), **_NUMBER
    ),
    "two steps, rates fitted anew, depth": BEFORE,
    "… and magnitude": Hurdle(
        lambda quakes, slope: (_ones(quakes), quakes.score(slope), quakes.depth(), _strength(quakes)),
        (-2.0, 1.0, 0.0, 0.0),
        (3.0, 0.3, 0.5, 0.5),
        lambda quakes: (_ones(quakes), quakes.size(), _strength(quakes)),
        (1.0, 1.0, 0.0),
        (2.0, 0.2, 0.3),
    ),
    "… number negative binomial": Hurdle(**_ANY, **_NUMBER, binomial=True),
    "… blanks unsure where many stood at VII": Hurdle(**_ANY, **_NUMBER, unknown=_UNKNOWN),
    "… and the number with landslides": Hurdle(**_ANY, **_WIDE),
    "… and no less than ITB's share": CHOSEN,
}
