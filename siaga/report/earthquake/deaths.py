"""How bad: the alert level, the models side by side, the loss in money, as they are printed."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from siaga.impact.loss import BEGINS, LEVELS
from siaga.impact.stored.earthquake import (
    AlertRecord,
    EarthquakeImpact,
)
from siaga.language import Language
from siaga.report import figures, words
from siaga.report.earthquake import axis, sentences

MODELS = {"siaga": "Siaga", "pager": "PAGER", "itb": "ITB", "itb-bayesian": "ITB Bayes"}


class Level(TypedDict):
    """A level as it is printed. rank: among four. chance: of it. likely, wide, median: deaths by the model behind it.

    bars: the chance of each level; none where nothing is known. beside: what sets it, and what PAGER would say.
    """

    code: str
    name: str
    rank: str
    chance: str
    likely: str
    help: str
    bars: list[dict[str, object]]
    model: str
    reason: str
    beside: str
    wide: NotRequired[str]
    median: NotRequired[str]


def level(impact: EarthquakeImpact, _: Language) -> Level:
    """The level, its place among four, the chance of each, and the deaths as ranges by the model that sets it."""
    found = sentences.setting(impact)
    if found is None:
        return {
            "code": "none",
            "name": _("NOT KNOWN"),
            "rank": "",
            "chance": "",
            "likely": "",
            "help": _("Ask for reports from the field."),
            "bars": [],
            "model": "",
            "reason": "",
            "beside": "",
        }
    name, exact, setting = found
    whole = figures.percentages(exact)
    return {
        "code": name,
        "name": _(words.LEVELS[name]),
        "rank": _("{rank} of {count}", rank=LEVELS.index(name) + 1, count=len(LEVELS)),
        "chance": _chance(name, exact, _),
        "help": _(sentences.HELP[name]),
        "model": MODELS[impact["alert"]["model"]],
        "reason": _.reason(impact["alert"].get("reason")),
        "beside": _beside(impact["alert"], _),
        "bars": [
            {
                "code": one,
                "name": _(words.LEVELS[one]),
                "bounds": bounds(one, _),
                "percent": whole[one],
                "text": figures.percent(whole[one], exact[one], _.code),
                "own": one == name,
            }
            for one in LEVELS
        ],
        "likely": figures.deaths_range(setting["p25"], setting["p75"], _.code),
        "wide": figures.deaths_range(setting["p05"], setting["p95"], _.code),
        "median": figures.deaths(setting["median"], _.code),
    }


def bounds(level: str, _: Language) -> str:
    """The deaths from which to which that level goes."""
    first = BEGINS[level]
    if level == LEVELS[-1]:
        return _("{count} or more", count=figures.whole(first, _.code))
    last = BEGINS[LEVELS[LEVELS.index(level) + 1]] - 1
    return "–".join(dict.fromkeys(figures.whole(size, _.code) for size in (first, last)))


def _beside(alert: AlertRecord, _: Language) -> str:
    """What sets the level, and the one that PAGER's users expect; older records do not say that."""
    model, expected = MODELS[alert["model"]], alert.get("pager_level")
    if expected is None:
        return _("{model}; the others compare", model=model)
    return _(
        "{model}; by PAGER's median it would be {level}. Loss in money is not in it.",
        model=model,
        level=_(words.LEVELS[expected]),
    )


def _chance(level: str, exact: Mapping[str, float], _: Language) -> str:
    """The chance that it is this bad or worse; of green, that it is green."""
    chance = figures.percent(*figures.reaching(level, exact), _.code)
    if level in ("green", "red"):
        return _("chance of this: {chance}", chance=chance)
    return _("chance of this or worse: {chance}", chance=chance)


def models(impact: EarthquakeImpact, _: Language) -> list[dict[str, object]]:
    """Every model of deaths, the one that sets the level first."""
    deaths, rows = impact["fatalities"] or {}, []
    for name in sorted(deaths, key=lambda name: (name != impact["alert"]["model"], list(MODELS).index(name))):
        one = deaths[name]
        whole = figures.percentages(one["probability"])
        rows.append(
            {
                "name": MODELS[name],
                "own": name == impact["alert"]["model"],
                "median": figures.deaths(one["median"], _.code),
                "wide": figures.deaths_range(one["p05"], one["p95"], _.code),
                "level": _(words.LEVELS[one["alert"]]),
                "code": one["alert"],
                "probability": [
                    {
                        "code": level,
                        "percent": whole[level],
                        "text": str(whole[level]),
                        "shown": whole[level] >= (6 if whole[level] < 10 else 11),  # else the bar is too short
                    }
                    for level in LEVELS
                ],
                "axis": axis.mark(one),
            }
        )
    return rows


def money(impact: EarthquakeImpact, _: Language) -> dict[str, str] | None:
    """The loss in US dollars and rupiah as two ranges; None where it is not known, older records have no rupiah."""
    loss = impact.get("economic")
    if loss is None:
        return None
    rate = loss.get("idr_per_usd")

    def both(low: float, high: float) -> str:
        dollars = figures.dollars_range(low, high, _.code)
        if rate is None:
            return dollars
        return _("{dollars} or {rupiah}", dollars=dollars, rupiah=figures.rupiah_range(low, high, rate, _.code))

    gdp = _(
        "GDP per head US$ {gdp} in {year}",
        gdp=figures.whole(loss["gdp_per_capita_usd"], _.code),
        year=loss["gdp_year"],
    )
    if rate is not None:
        gdp = _("{gdp}; {rupiah} per US$", gdp=gdp, rupiah=figures.rupiah(rate, _.code))
    return {
        "likely": both(loss["p25_usd"], loss["p75_usd"]),
        "wide": both(loss["p05_usd"], loss["p95_usd"]),
        "level": _(words.LEVELS[loss["alert"]]),
        "gdp": gdp,
    }
