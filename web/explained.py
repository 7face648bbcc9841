"""What the levels, states and classes of all hazards mean and how each is decided, on one page."""

from flask import Blueprint, g, render_template

from siaga import palette
from siaga.hazard.ash import ALERT_LEVELS, CLASSES, LIMITS_CM
from siaga.impact import ash, flood
from siaga.impact.forecast import ALERT_CHANCES, level_rationale
from siaga.impact.loss import LEVELS
from siaga.language import Language
from siaga.report import figures, words
from siaga.report.classed import ash as ash_words
from siaga.report.classed import flood as flood_words
from siaga.report.earthquake import deaths, sentences

pages = Blueprint("explained", __name__)


@pages.get("/levels")
def levels() -> str:
    """Every number on it is the one that decides."""
    _ = g.language
    return render_template(
        "levels.html",
        tab="",
        levels=[_level(name, _) for name in reversed(LEVELS)],
        rationale=_.reason(level_rationale()),
        states=[_state(number, _) for number in reversed(range(len(flood.CLASSES)))],
        volcano_levels=[ash_words.level(name, _) | {"stored": name} for name in reversed(ALERT_LEVELS)],
        classes=[_class(number, _) for number in reversed(range(len(CLASSES)))],
    )


def _level(name: str, _: Language) -> dict[str, object]:
    chance = ALERT_CHANCES.get(name)
    return {
        "code": name,
        "name": _(words.LEVELS[name]),
        "deaths": deaths.bounds(name, _),
        "chance": _("one in {count}", count=figures.whole(1 / chance, _.code)) if chance else "",
        "help": _(sentences.HELP[name]),
    }


def _state(number: int, _: Language) -> dict[str, object]:
    name, counts = flood.SCALE.names[number], flood.SCALE.affected[number]
    return {
        "state": name,
        "name": _(flood_words.NAMES[name]),
        "depth": flood_words.depth(name, _),
        "displaced": _share(flood.SCALE.displaced[number], _) if counts else "",
    }


def _class(number: int, _: Language) -> dict[str, object]:
    name, limits = ash.SCALE.names[number], (*LIMITS_CM, None)
    return {
        "name": _(words.ASH_CLASSES[name]),
        "colour": palette.ASH[name],
        "dark": name in ash_words.THICK,
        "thickness": ash_words.between(limits[number], limits[number + 1], _),
        "displaced": _share(ash.SCALE.displaced[number], _),
        "effects": [_(words.ASH_EFFECTS[name][topic]) for topic in ("health", "roofs")],
    }


def _share(part: float, _: Language) -> str:
    return figures.percent(round(100 * part), part, _.code)
