"""docs/calibration.md, from what bench/calibration/study.py found."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from bench.calibration import candidates, limits, markdown, misses, scoring, study
from bench.calibration.study import CHANCES, CHOSEN, FOLDS, REPEATS, RULE, Study
from siaga.impact import fatality, forecast


def write(trial: Study) -> str:
    """The whole page."""
    parts = (
        *(_head, _ways, _rule, _confusion, _folds, _coverage),
        *(
            _reliability,
            misses.judgements,
            misses.periods,
            misses.missed,
            limits.blanks,
            limits.outside,
            limits.rates,
            limits.constants,
        ),
    )
    return "\n".join(part(trial) for part in parts).rstrip("\n") + "\n"


def _head(trial: Study) -> str:
    pooled, catalogue = (study.scores(trial)[name] for name in ("pooled", "catalogue"))
    better = pooled["kept"] > pooled["kept_pager"] and pooled["found"] > pooled["found_pager"]
    verdict = (
        f"**Verdict: {'yes' if better else 'no'}.** Of past quakes that it had not seen, all that are known pooled, "
        f"Siaga's forecast kept {pooled['kept']} % of {pooled['greens']} without known deaths green, PAGER alone "
        f"{pooled['kept_pager']} %; it called {pooled['found']} of the {pooled['strong']} with a hundred deaths or "
        f"more orange or red, PAGER {pooled['found_pager']}. "
    )
    verdict += (
        "It beats PAGER on both measures, so it sets the level; PAGER and ITB's two models stand beside it."
        if better
        else "It does not beat PAGER on both measures, so PAGER sets the level and Siaga's forecast stands beside it."
    )
    named = sum(row.shaking_deaths is not None for row in trial.rows)
    years = sorted(row.time.year for row in trial.rows)
    return f"""# How far Siaga's forecast of deaths can be trusted

Written by `python -m bench.calibration EXPOCAT.csv`; change the script, not this page. The catalogue is USGS's
EXPO-CAT, {len(trial.rows)} quakes in and about Indonesia from {years[0]} to {years[-1]} with the people per MMI class;
it is no part of the project.

{verdict}

That is what page 1 of every report quotes. Two parts are in it. By cross-validation on the catalogue, the worst of
{REPEATS} repeats: {_part(catalogue)}. And a part that others keep apart
and that nobody here has seen, judged with the forecast before this one (nobody has judged it again):
{_part(study.APART)}.
Nine orange and red quakes are few; "Reliability" says how far the chances add up, "What it missed" where it failed.

What is forecast are deaths by shaking (ShakingDeaths). {named} of the {len(trial.rows)} rows name a figure; a blank
is tested as no known deaths ("What the blanks imply" says what hangs on that). Quakes within 30 days and about 150 km
of each other are one sequence and never divided between learning and testing. {FOLDS} folds, {REPEATS} times over with
other folds; where one number stands for all five, it is the worst of them for levels and the mean for scores.
"""


def _part(part: Mapping[str, int]) -> str:
    return (
        f"{part['kept']} of {part['greens']} greens kept (PAGER {part['kept_pager']}), {part['found']} of "
        f"{part['strong']} orange and red found (PAGER {part['found_pager']})"
    )


def _ways(trial: Study) -> str:
    deaths = trial.deaths
    lines = [
        _row("PAGER alone", np.mean(scoring.crps(trial.pager, deaths)), np.mean(scoring.log_score(trial.pager, deaths)),
             [trial.pager_levels], deaths, trial.pager)
    ]  # fmt: skip
    for model in (fatality.ITB, fatality.ITB_BAYESIAN):
        one = candidates.rate_model(model, trial.quakes)
        levels = [scoring.level(one.quantile(0.5))]
        scores = np.mean(scoring.crps(one, deaths)), np.mean(scoring.log_score(one, deaths))
        lines.append(_row(f"{model.name} alone", *scores, levels, deaths, one))
    for name, tested in trial.tested.items():
        shown = f"**{name}**" if name == CHOSEN else name
        lines.append(_row(shown, tested.crps, tested.log_score, tested.levels(), deaths, tested.forecasts[0]))
    heads = ("way", "CRPS", "log score", "greens kept", "orange and red found", "called orange or red", "in 90 %")
    return f"""## Ways that were tried

CRPS is of ln(1 + deaths), the log score of the whole number; lower is better. Levels by the median for the published
models, by the rule below for the others. "In 90 %": deadly quakes whose toll lies in the 90 % interval, of
{int((deaths >= 1).sum())} and, of five deaths or more, of {int((deaths >= 5).sum())}.

{markdown.table(heads, lines)}

The chosen way has two steps, as the records have: does anybody die (logistic in a score of people from MMI V up, with
one fitted slope over the classes, and in ln of depth), and how many if so (log-normal about the geometric mean of
PAGER's and ITB's Bayesian expectation). Among ways of that kind the log score chose. Magnitude costs score once the
people per class are known; a negative binomial gains next to nothing. Three things widen it since it was found too
sure, though they cost score where a blank is taken as a certain nought, as both scores do:

- **Blanks.** Where {study.MANY_AT_VII:,.0f} people or more stood at MMI VII and above, a blank is learnt from as
  nobody or few: one in three of the quakes with one to nine deaths is taken to have been left blank. From 10,000 people
  on the same was tried: it keeps fewer greens and widens nothing that ITB's share below does not widen more.
- **Landslides.** The number is learnt from the deaths by shaking and by landslides where the catalogue tells them from
  a tsunami's (1976 in Papua: 6,000, of which 422 by shaking), and its spread held towards 2 instead of 1.6 (PAGER's
  1.71 covers too little), which makes the upper tail thicker.
- **The models' disagreement.** No toll has less than {forecast.FLOOR:g} of the chance that ITB's Bayesian model gives
  it with {forecast.FLOOR_TIMES:g} times its deaths, as weak buildings have brought them: the share of a mixture, as the
  greater of the two chances instead of their sum, so that it widens what is forecast for small quakes and, being below
  the chances of the rule, sets no level alone; the sum, a plain mixture, lifts many harmless quakes over the rule's
  chance. Below one death the logistic goes on in ln(deaths): quantiles never
  stand still, and none is nought where people were shaken.

Every coefficient is held towards a sober value (proportion to people, no effect of depth) by a normal prior. One slope
per step keeps all quantiles rising with every person and every class, far beyond the catalogue too.
"""


def _row(
    name: str, crps: float, score: float, levels: Sequence[np.ndarray], deaths: np.ndarray, one: scoring.Forecast
) -> tuple[str, ...]:
    covered, _meant = scoring.inside(one, deaths, 0.9)
    return (
        name,
        f"{crps:.4f}",
        f"{score:.4f}",
        markdown.span(scoring.kept(deaths, one) for one in levels),
        markdown.span(scoring.strong_called(deaths, one) for one in levels),
        markdown.span(int((one >= 2).sum()) for one in levels),
        f"{covered[deaths >= 1].sum()} / {covered[deaths >= 5].sum()}",
    )


def _rule(trial: Study) -> str:
    deaths, tested = trial.deaths, trial.tested[CHOSEN]
    rules = {_chance(chance): (chance, chance, chance) for chance in CHANCES}
    rules[f"**yellow {_chance(RULE[0])}, orange and red {_chance(RULE[2])}**"] = RULE
    lines = []
    for name, rule in rules.items():
        levels = tested.levels(rule)
        counts = zip(*(_counts(deaths, level) for level in levels), strict=True)
        lines.append((name, *(markdown.span(one) for one in counts)))
    lines.append(("PAGER (median)", *(str(one) for one in _counts(deaths, trial.pager_levels))))
    heads = (
        "chance",
        f"greens kept of {(deaths < 1).sum()}",
        f"deadly not green of {(deaths >= 1).sum()}",
        f"orange and red found of {(deaths >= 100).sum()}",
        "called orange or red",
        "of these without known deaths",
        f"levels right of {len(deaths)}",
    )
    return f"""## The rule for the level

The level is the highest that deaths reach with at least its chance: {_chance(RULE[0])} for yellow, {_chance(RULE[2])}
for orange and for red. A missed orange or red is taken to weigh seven times a false one, a missed yellow five times.
On all that is known pooled one in eight lost no orange or red against one in ten with the forecast before this one, so
orange and red stay there; here too one in six begins to lose them. For yellow one in six keeps more greens, and what it
lets go killed a few at most: a report is made all the same. Levels come out right more often than at one in eight.

{markdown.table(heads, lines)}

The price: more quakes are called orange or red than by PAGER. The first line of the report gives the chance, so that
nobody takes an orange of 15 % for a certainty. Beside it stands the level that PAGER's users expect, its median's.
"""


def _chance(chance: float) -> str:
    return f"1 in {1 / chance:.3g}"


def _counts(deaths: np.ndarray, levels: np.ndarray) -> tuple[int, ...]:
    return (
        scoring.kept(deaths, levels),
        int((levels[deaths >= 1] >= 1).sum()),
        scoring.strong_called(deaths, levels),
        int((levels >= 2).sum()),
        int((levels[deaths < 1] >= 2).sum()),
        int((levels == scoring.level(deaths)).sum()),
    )


def _confusion(trial: Study) -> str:
    deaths = trial.deaths
    ours = scoring.confusion(deaths, trial.tested[CHOSEN].levels()[0])
    pager = scoring.confusion(deaths, trial.pager_levels)
    lines = [
        (f"{name} ({count.sum()})", *(str(one) for one in count), *(str(one) for one in other))
        for name, count, other in zip(scoring.LEVELS, ours, pager, strict=True)
    ]
    heads = ("recorded", *(f"Siaga {name}" for name in scoring.LEVELS), *(f"PAGER {name}" for name in scoring.LEVELS))
    return f"## Levels, recorded and forecast\n\nFirst of the {REPEATS} repeats.\n\n{markdown.table(heads, lines)}\n"


def _folds(trial: Study) -> str:
    deaths, levels, fold = trial.deaths, trial.tested[CHOSEN].levels()[0], trial.folds[0]
    lines = []
    for name in np.unique(fold):
        held = fold == name
        lines.append(
            (
                str(name + 1),
                str(held.sum()),
                f"{scoring.kept(deaths[held], levels[held])} / {(deaths[held] < 1).sum()}",
                f"{scoring.kept(deaths[held], trial.pager_levels[held])}",
                f"{scoring.strong_called(deaths[held], levels[held])} / {(deaths[held] >= 100).sum()}",
                f"{scoring.strong_called(deaths[held], trial.pager_levels[held])}",
                f"{scoring.crps(trial.tested[CHOSEN].forecasts[0], deaths)[held].mean():.4f}",
                f"{scoring.crps(trial.pager, deaths)[held].mean():.4f}",
            )
        )
    heads = ("fold", "quakes", "greens kept", "PAGER", "orange and red found", "PAGER", "CRPS", "PAGER")
    return f"## Fold by fold\n\nFirst repeat.\n\n{markdown.table(heads, lines)}\n"


def _coverage(trial: Study) -> str:
    deaths, one = trial.deaths, trial.tested[CHOSEN].forecasts[0]
    chance = 1 - one.below(np.array([1.0]))[:, 0]
    groups: dict[str, tuple[scoring.Forecast, np.ndarray]] = {
        "all quakes": (one, np.ones(len(deaths), bool)),
        "chance of any death ≥ 10 %": (one, chance >= 0.1),
        "chance of any death ≥ 30 %": (one, chance >= 0.3),
        "with deaths": (one, deaths >= 1),
        "with five deaths or more": (one, deaths >= 5),
        "PAGER, all quakes": (trial.pager, np.ones(len(deaths), bool)),
        "PAGER, chance of any death ≥ 10 % (Siaga's)": (trial.pager, chance >= 0.1),
        "PAGER, with deaths": (trial.pager, deaths >= 1),
        "PAGER, with five deaths or more": (trial.pager, deaths >= 5),
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
Among quakes "with deaths" only, an interval that is just right falls short: the forecast did not know that there would
be deaths. It is made wide enough to hold about nine of ten of these too.

{markdown.table(("quakes", "count", "50 %", "80 %", "90 %"), lines)}

{_pit(one, deaths)}
"""


def _pit(one: scoring.Forecast, deaths: np.ndarray) -> str:
    parts = scoring.pit(one, deaths, np.linspace(0, 1, 11)).mean(axis=0) * 100
    return (
        "Of all records, drawn evenly within their whole numbers, the share that falls in each tenth of its forecast "
        "distribution (10 % each if calibrated): "
        + ", ".join(f"{part:.1f}" for part in parts)
        + f" %. In the middle 80 %: {parts[1:9].sum():.1f} %."
    )


def _reliability(trial: Study) -> str:
    deaths, tested = trial.deaths, trial.tested[CHOSEN]
    chances = np.mean([1 - one.below(np.array([1.0, 10.0, 100.0, 1000.0])) for one in tested.forecasts], axis=0)
    lines = []
    coarse = (0, 0.01, 0.05, 0.15, 1)
    for column, (size, edges) in enumerate(
        {1: (0, 0.01, 0.05, 0.09, 0.2, 0.4, 0.7, 1), 10: coarse, 100: coarse, 1000: coarse}.items()
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
    percent = markdown.percent(forecast.FLOOR)
    return f"""## Reliability

{markdown.table(("deaths", "forecast chance", "quakes", "expected to", "did"), lines)}

An expected number is the sum of the forecast chances; blanks count as none. Chances of up to {percent} are too high on
purpose where ITB's share makes them: they are the price of an interval that holds.
"""
