"""The limits of the calibration: parts of docs/calibration.md on blanks, other quakes, rates and constants."""

from collections.abc import Callable
from math import exp, log

import numpy as np

from bench.calibration import candidates, markdown, scoring, study
from bench.calibration.study import CHOSEN, Study
from siaga.impact import fatality, forecast, loss

# Deadly quakes that are not in the catalogue's extract: people at MMI VI to IX and deaths by shaking as
# EXPO-CAT gives them; depths unknown here. Looked at after the method was chosen.
_OUTSIDE = {
    "2006-05-26 Yogyakarta, M 6.4": ({6: 8830632, 7: 2241029, 8: 2024945, 9: 955623}, 5749),
    "2000-06-04 Bengkulu, M 7.9": ({6: 1025265, 7: 386145, 8: 1923}, 103),
}


def blanks(trial: Study) -> str:
    """How much hangs on counting a blank as none."""
    named = np.array([row.shaking_deaths is not None for row in trial.rows])
    other = np.array([row.shaking_deaths is None and bool(row.causes or row.total_deaths) for row in trial.rows])
    deaths, levels, pager = trial.deaths, trial.tested[CHOSEN].levels()[0], trial.pager_levels
    lines = []
    for name, which in {
        "blank is none (as above)": np.ones(len(deaths), bool),
        "blanks with a toll of another cause, or another cause, left out": ~other,
        "only rows that name a figure": named,
    }.items():
        again = candidates.CHOSEN.learn(trial.quakes.take(which))
        middle = _middling(again)
        lines.append(
            (
                name,
                str(which.sum()),
                f"{scoring.kept(deaths[which], levels[which])} of {(deaths[which] < 1).sum()}",
                str(scoring.kept(deaths[which], pager[which])),
                "{} ({})".format(*(scoring.strong_called(deaths[which], called[which]) for called in (levels, pager))),
                middle,
            )
        )
    blank = ~named
    ours, theirs = int((levels[blank] > 0).sum()), int((pager[blank] > 0).sum())
    greens = int((deaths < 1).sum())
    heads = ("rows", "count", "greens kept", "PAGER", "found (PAGER)", "chance of any death, learnt from these alone")
    return f"""## What the blanks imply

{markdown.table(heads, lines)}

The chance is that of a middling quake: {_MIDDLING_TEXT}.
It hangs on the blanks: among rows that name a figure deaths are the rule, since somebody wrote the row for a reason.
"Greens kept" hangs on them almost wholly: {int(blank.sum())} of {greens} greens are blanks.
Siaga calls {ours} of the blanks yellow or worse, PAGER {theirs}. Were all of those in truth deadly, neither would
have raised a false alarm there, and PAGER would have missed fewer. "Orange and red found", and the size of a toll
given deaths, do not hang on the blanks: a quake that kills a hundred is not left blank, one that kills three in a
remote place may be.
"""


_MIDDLING: dict[int, float] = {5: 1e6, 6: 2e5, 7: 5e4, 8: 5e3}
_MIDDLING_TEXT = "a million people at V, 200,000 at VI, 50,000 at VII, 5,000 at VIII, 25 km deep"


def _middling(learnt: tuple[float, np.ndarray, np.ndarray]) -> str:
    nothing = np.zeros(1)
    quakes = candidates.Quakes([_MIDDLING], [25.0], np.array([6.5]), nothing, nothing, nothing > 0)
    return markdown.percent(1 - candidates.CHOSEN.forecast(learnt, quakes).below(np.array([1.0]))[0, 0])


def outside(_: Study) -> str:
    """The forecast of quakes that nothing was learnt from."""
    lines = []
    for name, (people, deaths) in _OUTSIDE.items():
        ours, pager = forecast.estimate(people), fatality.estimate(fatality.PAGER, people)
        for model, one in (("Siaga", ours), ("PAGER", pager)):
            q = one.quantiles
            lines.append(
                (
                    name,
                    str(deaths),
                    model,
                    markdown.number(one.median),
                    f"{markdown.number(q['p05'])} to {markdown.number(q['p95'])}",
                    one.alert,
                )
            )
    return f"""## Two deadly quakes outside the catalogue's extract

Not used for learning or choosing. PAGER's constants were fitted on them by its authors. Depths are left unknown.

{markdown.table(("quake", "deaths", "model", "median", "90 %", "level"), lines)}
"""


def rates(_: Study) -> str:
    """Rates and spreads of the published models, InaSAFE's variant beside them."""

    def inasafe(mmi: int) -> float:
        return loss.NORMAL.cdf(log(mmi / 13.249) / 0.151)

    columns: list[Callable[[int], float]] = [
        *(lambda mmi, model=model: model.rates.get(mmi, 0.0) for model in fatality.MODELS),  # type: ignore[misc]
        inasafe,
    ]
    lines = [
        (roman, *(f"{rate(mmi):.4g}" if mmi > 3 else "0" for rate in columns))
        for mmi, roman in ((4, "IV"), (5, "V"), (6, "VI"), (7, "VII"), (8, "VIII"), (9, "IX"), (10, "X"))
    ]
    heads = ("MMI", *(model.name for model in fatality.MODELS), "PAGER as InaSAFE rounds it")
    spreads = ", ".join(f"{model.name} {model.spread:.4g}" for model in fatality.MODELS)
    return f"""## Rates of the published models

Deaths per person. InaSAFE's variant of PAGER (θ 13.249, β 0.151, no bound at IX) is shown for comparison alone.

{markdown.table(heads, lines)}

Spread of ln(deaths): {spreads}. PAGER's is its authors'; those of ITB's models are fitted by
`python -m bench.calibration.fit_spread EXPOCAT.csv` on the quakes with ten deaths or more.
"""


def constants(trial: Study) -> str:
    """What siaga/impact/forecast.py holds."""
    lines = [(f"`{name}`", str(value)) for name, value in study.constants(trial.learnt).items()]
    slope = trial.learnt[0]
    weights = ", ".join(
        f"{roman} {exp(slope * (mmi - 8)):.2g}"
        for mmi, roman in ((5, "V"), (6, "VI"), (7, "VII"), (8, "VIII"), (9, "IX"))
    )
    return f"""## Constants

{markdown.table(("siaga/impact/forecast.py", "value"), lines)}

Weights of one person in the score: {weights}.
"""
