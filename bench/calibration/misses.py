"""What the forecast missed, and what it was like before: parts of docs/calibration.md."""

import numpy as np

from bench.calibration import candidates, markdown, scoring
from bench.calibration.scoring import Forecast
from bench.calibration.study import BEFORE, CHOSEN, RULE, RULE_BEFORE, Study
from siaga.impact import fatality

_CUTS = (1990, 1995, 2000)  # learnt before, tested from there on


def judgements(trial: Study) -> str:
    """The forecast before this one and this one, on quakes held back and on later ones."""
    deaths, years = trial.deaths, _years(trial)
    lines = []
    for name, rule in {BEFORE: RULE_BEFORE, CHOSEN: RULE}.items():
        one = trial.tested[name].forecasts[0]
        lines.append(("held back (folds)", _who(name), *_judged(one, deaths, scoring.by_chance(one, rule))))
    lines.append(("held back (folds)", "PAGER", *_judged(trial.pager, deaths, trial.pager_levels)))
    for cut in _CUTS:
        held = years >= cut
        if not (held.any() and (deaths[~held] >= 1).any()):
            continue
        quakes, part = trial.quakes.take(held), f"from {cut}, learnt before"
        for name, way, rule in ((BEFORE, candidates.BEFORE, RULE_BEFORE), (CHOSEN, candidates.CHOSEN, RULE)):
            one = way.forecast(way.learn(trial.quakes.take(~held)), quakes)
            lines.append((part, _who(name), *_judged(one, deaths[held], scoring.by_chance(one, rule))))
        for model, who in ((fatality.PAGER, "PAGER"), (fatality.ITB_BAYESIAN, "ITB Bayes")):
            one = candidates.rate_model(model, quakes)
            lines.append((part, who, *_judged(one, deaths[held], scoring.level(one.quantile(0.5)))))
    heads = ("tested on", "forecast", "90 % interval, deadly", "five deaths or more", "PIT in 80 %", "greens kept",
             "orange and red found", "levels right")  # fmt: skip
    return f"""## Before and after

The forecast before this one took blanks as certain noughts and its level from one in ten for all. Others tried it on
nine deadly quakes after the catalogue's end, which nobody here has: its 90 % interval held 6 of 9, PAGER's 7, ITB
Bayes's 8; twice it was certain of nobody's death with ten thousand people at MMI VII. They found too few deaths
expected in its upper tail (a thousand or more: 1.1 expected, 3 seen). What can be tried here of the same kind:

{markdown.table(heads, lines)}

Of the folds the first repeat. Two things flatter: PAGER's constants were fitted on these quakes by its authors; and
what is learnt here was learnt without the quakes that are tested, but the share of ITB's model, the share of blanks
and the spread's prior were set once, looking at the whole catalogue: only quakes that nobody here has can judge those.
"PIT in 80 %": how many records
fall into the middle 80 % of their forecasts, drawn evenly within their whole numbers; 80 % if calibrated.
"""


def _who(name: str) -> str:
    return "Siaga before" if name == BEFORE else "**Siaga**"


def _judged(one: Forecast, deaths: np.ndarray, levels: np.ndarray) -> tuple[str, ...]:
    covered, _meant = scoring.inside(one, deaths, 0.9)
    middle = scoring.pit(one, deaths, np.array([0.0, 0.1, 0.9, 1.0]))[:, 1].mean()
    deadly, more, strong = deaths >= 1, deaths >= 5, deaths >= 100
    return (
        f"{covered[deadly].sum()} of {deadly.sum()}",
        f"{covered[more].sum()} of {more.sum()}",
        f"{100 * middle:.1f} %",
        f"{scoring.kept(deaths, levels)} of {(deaths < 1).sum()}",
        f"{scoring.strong_called(deaths, levels)} of {strong.sum()}",
        f"{(levels == scoring.level(deaths)).sum()} of {len(deaths)}",
    )


def periods(trial: Study) -> str:
    """Learnt in one time, tested in another: do the chances add up."""
    years = _years(trial)
    lines = []
    for name, held in {"from 1995, learnt before": years >= 1995, "before 1995, learnt after": years < 1995}.items():
        way, deaths = candidates.CHOSEN, trial.deaths[held]
        one = way.forecast(way.learn(trial.quakes.take(~held)), trial.quakes.take(held))
        chances = (1 - one.below(np.array([1.0, 10.0, 100.0]))).sum(axis=0)
        cells = [
            f"{expected:.1f} / {(deaths >= size).sum()}" for expected, size in zip(chances, (1, 10, 100), strict=True)
        ]
        lines.append((name, str(held.sum()), *cells, f"{scoring.crps(one, deaths).mean():.4f}"))
    heads = ("tested", "quakes", "deadly: expected / recorded", "ten or more", "a hundred or more", "CRPS")
    return f"## Earlier and later quakes\n\n{markdown.table(heads, lines)}\n"


def missed(trial: Study) -> str:
    """Every quake of the catalogue that was badly forecast, by name."""
    deaths, one = trial.deaths, trial.tested[CHOSEN].forecasts[0]
    levels = trial.tested[CHOSEN].levels()[0]
    covered, _meant = scoring.inside(one, deaths, 0.9)
    low, high = one.quantile(0.05), one.quantile(0.95)
    reached = scoring.level(deaths)
    chances = 1 - one.below(np.array([1.0, 100.0]))
    bad = ~covered | ((deaths >= 1) & (levels < reached)) | ((levels >= 2) & (deaths < 100))
    lines = []
    for row in sorted(np.flatnonzero(bad), key=lambda row: trial.rows[row].time):
        why = [] if covered[row] else ["outside the interval"]
        if levels[row] < reached[row]:
            why.append("level too low")
        if levels[row] >= 2 and deaths[row] < 100:
            why.append("false orange or red")
        lines.append(
            (
                _named(trial, row),
                "blank" if trial.rows[row].shaking_deaths is None else f"{deaths[row]:,.0f}",
                f"{markdown.number(np.floor(low[row]))} to {markdown.number(np.floor(high[row]))}",
                f"{markdown.percent(chances[row, 0])} / {markdown.percent(chances[row, 1])}",
                f"{scoring.LEVELS[levels[row]]} ({scoring.LEVELS[reached[row]]})",
                scoring.LEVELS[trial.pager_levels[row]],
                ", ".join(why),
            )
        )
    heads = ("quake", "deaths", "90 %", "chance of any / of a hundred", "level (recorded)", "PAGER", "what was wrong")
    blank = np.array([row.shaking_deaths is None for row in trial.rows])
    return f"""## What it missed

Every quake of the catalogue whose toll lies outside the 90 % interval, whose level is too low, or that was called
orange or red for less than a hundred deaths; first repeat. {int(((levels == 1) & blank).sum())} more, blanks, were
called yellow. Of the quakes kept apart it is known that the forecast before this one missed 3 of 6 orange and red
ones, and 2 of the 9 later ones for certain of nobody's death; which, is not known here. Bengkulu, 2000 (below), which
killed 103, is called yellow still.

{markdown.table(heads, lines)}
"""


def _years(trial: Study) -> np.ndarray:
    return np.array([row.time.year for row in trial.rows])


def _named(trial: Study, row: int) -> str:
    quake = trial.rows[row]
    where = quake.name or f"{quake.latitude:.1f}, {quake.longitude:.1f}"
    return f"{quake.time:%Y-%m-%d} {where}, M {quake.magnitude:.1f}"
