"""docs/calibration.md, from what bench/calibration.py found."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from bench import calibration, candidates, markdown, scoring
from bench import calibration_limits as limits
from bench.calibration import CHANCES, CHOSEN, FOLDS, REPEATS, Study
from siaga.impact import fatality, forecast


def write(found: Study) -> str:
    """The whole page."""
    parts = (
        *(_head, _ways, _rule, _confusion, _folds, _coverage),
        *(_reliability, _periods, limits.blanks, limits.outside, limits.rates, limits.constants),
    )
    return "\n".join(part(found) for part in parts).rstrip("\n") + "\n"


def _head(found: Study) -> str:
    checked = calibration.checked(found)
    better = checked["kept"] > checked["kept_pager"] and checked["found"] > checked["found_pager"]
    verdict = (
        f"**Verdict: {'yes' if better else 'no'}.** On quakes that it had not seen, Siaga's forecast kept "
        f"{checked['kept']} of {checked['greens']} quakes without known deaths green, PAGER alone "
        f"{checked['kept_pager']}; it called {checked['found']} of the {checked['strong']} quakes with a hundred "
        f"deaths or more orange or red, PAGER {checked['found_pager']}. "
    )
    verdict += (
        "It beats PAGER on both measures, so it sets the level; PAGER and ITB's two models stand beside it."
        if better
        else "It does not beat PAGER on both measures, so PAGER sets the level and Siaga's forecast stands beside it."
    )
    named = sum(row.shaking_deaths is not None for row in found.rows)
    years = sorted(row.time.year for row in found.rows)
    return f"""# How far Siaga's forecast of deaths can be trusted

Written by `python -m bench.calibration EXPOCAT.csv`; change the script, not this page. The catalogue is USGS's
EXPO-CAT, {len(found.rows)} quakes in and about Indonesia from {years[0]} to {years[-1]} with the people per MMI class;
it is no part of the project.

{verdict}

Three orange and red quakes are few: that all were found says little by itself. It says more that the calibrated
chances add up ("Reliability" below) and that the same rule would hold for any chance from 10 to 15 % ("The rule").

What is forecast are deaths by shaking (ShakingDeaths). {named} of the {len(found.rows)} rows name a figure; a blank
counts as no known deaths ("What the blanks imply" says what hangs on that). Quakes within 30 days and about 150 km of
each other are one sequence and never divided between learning and testing. {FOLDS} folds, {REPEATS} times over with
other folds; where one number stands for all five, it is the worst of them for levels and the mean for scores.
"""


def _ways(found: Study) -> str:
    deaths = found.deaths
    lines = [
        _row("PAGER alone", np.mean(scoring.crps(found.pager, deaths)), np.mean(scoring.log_score(found.pager, deaths)),
             [found.pager_levels], deaths)
    ]  # fmt: skip
    for model in (fatality.ITB, fatality.ITB_BAYESIAN):
        one = candidates.rate_model(model, found.quakes)
        levels = [scoring.level(one.quantile(0.5))]
        scores = np.mean(scoring.crps(one, deaths)), np.mean(scoring.log_score(one, deaths))
        lines.append(_row(f"{model.name} alone", *scores, levels, deaths))
    for name, tested in found.tested.items():
        shown = f"**{name}**" if name == CHOSEN else name
        lines.append(_row(shown, tested.crps, tested.log_score, tested.levels(), deaths))
    return f"""## Ways that were tried

CRPS is of ln(1 + deaths), the log score of the whole number; lower is better. Levels by the median for the published
models, by the 90th percentile for the others.

{markdown.table(("way", "CRPS", "log score", "greens kept", "orange and red found", "called orange or red"), lines)}

The chosen way has two steps, as the records have: does anybody die (logistic in a score of people from MMI V up, with
one fitted slope over the classes, and in ln of depth), and how many if so (log-normal cut off below one, about the
geometric mean of PAGER's and ITB's Bayesian expectation). The log score chose: it judges the whole distribution and
rewards chances that are right. Magnitude costs score once the people per class are known; a negative binomial gains
next to nothing and calls more quakes orange. CRPS hardly tells the ways apart. Every coefficient is held
towards a sober value (proportion to people, no effect of depth) by a normal prior. One slope per step keeps all
quantiles rising with every person and every class, far beyond the catalogue too.
"""


def _row(name: str, crps: float, score: float, levels: Sequence[np.ndarray], deaths: np.ndarray) -> tuple[str, ...]:
    return (
        name,
        f"{crps:.4f}",
        f"{score:.4f}",
        markdown.span(scoring.kept(deaths, one) for one in levels),
        markdown.span(scoring.found(deaths, one) for one in levels),
        markdown.span(int((one >= 2).sum()) for one in levels),
    )


def _rule(found: Study) -> str:
    deaths, tested = found.deaths, found.tested[CHOSEN]
    lines = []
    for chance in CHANCES:
        levels = tested.levels(1 - chance)
        shown = f"{100 * chance:g} %"
        lines.append(
            (
                f"**{shown}**" if chance == forecast.ALERT_CHANCE else shown,
                markdown.span(scoring.kept(deaths, one) for one in levels),
                markdown.span(int((one[deaths >= 1] >= 1).sum()) for one in levels),
                markdown.span(scoring.found(deaths, one) for one in levels),
                markdown.span(int((one >= 2).sum()) for one in levels),
                markdown.span(int((one[deaths < 1] >= 2).sum()) for one in levels),
            )
        )
    pager = found.pager_levels
    lines.append(
        ("PAGER (median)", *(str(number) for number in (
            scoring.kept(deaths, pager), (pager[deaths >= 1] >= 1).sum(), scoring.found(deaths, pager),
            (pager >= 2).sum(), (pager[deaths < 1] >= 2).sum())))
    )  # fmt: skip
    heads = (
        "chance",
        f"greens kept of {(deaths < 1).sum()}",
        f"deadly not green of {(deaths >= 1).sum()}",
        f"orange and red found of {(deaths >= 100).sum()}",
        "called orange or red",
        "of these without known deaths",
    )
    return f"""## The rule for the level

The level is the highest that deaths reach with at least this chance: one in ten. So a missed level is taken to weigh
nine times a false one. The chance is the same for all levels, so that three quakes do not set three thresholds.

{markdown.table(heads, lines)}

The price: more quakes are called orange or red than by PAGER. The first line of the report gives the chance, so that
nobody takes an orange of 15 % for a certainty.
"""


def _confusion(found: Study) -> str:
    deaths = found.deaths
    ours = scoring.confusion(deaths, found.tested[CHOSEN].levels()[0])
    pager = scoring.confusion(deaths, found.pager_levels)
    lines = [
        (f"{name} ({count.sum()})", *(str(one) for one in count), *(str(one) for one in other))
        for name, count, other in zip(scoring.LEVELS, ours, pager, strict=True)
    ]
    heads = ("recorded", *(f"Siaga {name}" for name in scoring.LEVELS), *(f"PAGER {name}" for name in scoring.LEVELS))
    return f"## Levels, recorded and forecast\n\nFirst of the {REPEATS} repeats.\n\n{markdown.table(heads, lines)}\n"


def _folds(found: Study) -> str:
    deaths, levels, fold = found.deaths, found.tested[CHOSEN].levels()[0], found.folds[0]
    lines = []
    for name in np.unique(fold):
        held = fold == name
        lines.append(
            (
                str(name + 1),
                str(held.sum()),
                f"{scoring.kept(deaths[held], levels[held])} / {(deaths[held] < 1).sum()}",
                f"{scoring.kept(deaths[held], found.pager_levels[held])}",
                f"{scoring.found(deaths[held], levels[held])} / {(deaths[held] >= 100).sum()}",
                f"{scoring.found(deaths[held], found.pager_levels[held])}",
                f"{scoring.crps(found.tested[CHOSEN].forecasts[0], deaths)[held].mean():.4f}",
                f"{scoring.crps(found.pager, deaths)[held].mean():.4f}",
            )
        )
    heads = ("fold", "quakes", "greens kept", "PAGER", "orange and red found", "PAGER", "CRPS", "PAGER")
    return f"## Fold by fold\n\nFirst repeat.\n\n{markdown.table(heads, lines)}\n"


def _coverage(found: Study) -> str:
    deaths, one = found.deaths, found.tested[CHOSEN].forecasts[0]
    chance = 1 - one.below(np.array([1.0]))[:, 0]
    groups: dict[str, tuple[scoring.Forecast, np.ndarray]] = {
        "all quakes": (one, np.ones(len(deaths), bool)),
        "chance of any death ≥ 10 %": (one, chance >= 0.1),
        "chance of any death ≥ 30 %": (one, chance >= 0.3),
        "with deaths": (one, deaths >= 1),
        "PAGER, all quakes": (found.pager, np.ones(len(deaths), bool)),
        "PAGER, chance of any death ≥ 10 % (Siaga's)": (found.pager, chance >= 0.1),
        "PAGER, with deaths": (found.pager, deaths >= 1),
    }
    lines = []
    for name, (of, which) in groups.items():
        cells = []
        for share in (0.5, 0.8, 0.9):
            covered, meant = scoring.inside(of, deaths, share)
            cells.append(f"{markdown.percent(covered[which].mean())} ({markdown.percent(meant[which].mean())})")
        lines.append((name, str(which.sum()), *cells))
    return f"""## Coverage of the intervals

How often the record lies in the interval, and in brackets how often the forecast itself expects that: deaths are whole
numbers and mostly none, so an interval that touches a number holds all of its chance and covers more than its name.
Among quakes "with deaths" only, the intervals must fall short: the forecast did not know that there would be deaths.

{markdown.table(("quakes", "count", "50 %", "80 %", "90 %"), lines)}

{_pit(one, deaths)}
"""


def _pit(one: scoring.Forecast, deaths: np.ndarray) -> str:
    """Where the record falls in its distribution, drawn evenly within its whole number; flat if calibrated."""
    sizes, column = np.unique(np.concatenate([deaths, deaths + 1]), return_inverse=True)
    reached = np.where(sizes >= 1, one.below(np.maximum(sizes, 1)), 0.0)
    rows, n = np.arange(len(deaths)), len(deaths)
    low, high = reached[rows, column[:n]], reached[rows, column[n:]]
    edges = np.linspace(0, 1, 11)
    share = (np.clip(edges[None, :], low[:, None], high[:, None]) - low[:, None]) / (high - low)[:, None]
    parts = np.diff(share.mean(axis=0)) * 100
    return (
        "Of all records, the share that falls in each tenth of its forecast distribution (10 % each if calibrated): "
        + ", ".join(f"{part:.1f}" for part in parts)
        + " %."
    )


def _reliability(found: Study) -> str:
    deaths, tested = found.deaths, found.tested[CHOSEN]
    chances = np.mean([1 - one.below(np.array([1.0, 10.0, 100.0])) for one in tested.forecasts], axis=0)
    lines = []
    for column, (size, edges) in enumerate(
        {1: (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.7, 1), 10: (0, 0.01, 0.05, 0.15, 1), 100: (0, 0.01, 0.05, 0.15, 1)}.items()
    ):
        for low, high in pairwise(edges):
            which = (chances[:, column] >= low) & (chances[:, column] < high)
            if which.any():
                lines.append(
                    (
                        f"≥ {size}",
                        f"{100 * low:g} to {100 * high:g} %",
                        str(which.sum()),
                        f"{chances[which, column].sum():.1f}",
                        str((deaths[which] >= size).sum()),
                    )
                )
    return f"""## Reliability

{markdown.table(("deaths", "forecast chance", "quakes", "expected to", "did"), lines)}

An expected number is the sum of the forecast chances; blanks count as none.
"""


def _periods(found: Study) -> str:
    years = np.array([row.time.year for row in found.rows])
    lines = []
    for name, held in {"from 1995, learnt before": years >= 1995, "before 1995, learnt after": years < 1995}.items():
        one = candidates.HURDLE.forecast(candidates.HURDLE.learn(found.quakes.take(~held)), found.quakes.take(held))
        deaths, levels = found.deaths[held], scoring.level(one.quantile(1 - forecast.ALERT_CHANCE))
        pager = found.pager_levels[held]
        chance = 1 - one.below(np.array([1.0]))[:, 0]
        lines.append(
            (
                name,
                str(held.sum()),
                f"{scoring.kept(deaths, levels)} ({scoring.kept(deaths, pager)}) of {(deaths < 1).sum()}",
                f"{scoring.found(deaths, levels)} ({scoring.found(deaths, pager)}) of {(deaths >= 100).sum()}",
                f"{chance.sum():.1f} / {(deaths >= 1).sum()}",
                f"{scoring.crps(one, deaths).mean():.4f}",
            )
        )
    heads = ("tested", "quakes", "greens kept (PAGER)", "found (PAGER)", "deadly: expected / recorded", "CRPS")
    text = "A stricter test: learnt in one time, tested in another."
    return f"## Earlier and later quakes\n\n{text}\n\n{markdown.table(heads, lines)}\n"
