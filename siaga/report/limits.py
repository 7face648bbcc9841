"""Limits and chances as sentences say them: the constants of hazards and impact in the digits of one language."""

from collections.abc import Sequence
from dataclasses import dataclass

from siaga.hazard.ash import LIMITS_CM
from siaga.impact import ash, flood, loss, similar
from siaga.language import Language
from siaga.report import figures


@dataclass(frozen=True, slots=True)
class Limits:
    """Each as text, without its unit.

    likely, wide: the chance that deaths or a loss lie in the narrow and in the wide range that is printed, in per cent.
    reach_km: where similar quakes are looked for. many, most: deaths from which a level is orange, red.
    least_ash_cm, ash_cm: thicknesses above which people count as exposed, as displaced. ash_classes: how many.
    flood_cm: of water, from which on people count as affected. first_state, last_state, states: of a flood in which
    they do; percents: of them, state by state, who count as displaced. rounded: to what people in tables are.
    """

    likely: str
    wide: str
    reach_km: str
    many: str
    most: str
    least_ash_cm: str
    ash_cm: str
    ash_classes: str
    flood_cm: str
    first_state: str
    last_state: str
    states: str
    percents: str
    rounded: str


def of(_: Language) -> Limits:
    """All of them for readers of that language."""
    leaves = next(number for number, part in enumerate(ash.SCALE.displaced) if part)
    counted = [name for name, counts in zip(flood.SCALE.names, flood.SCALE.affected, strict=True) if counts]
    parts = [part for part, counts in zip(flood.SCALE.displaced, flood.SCALE.affected, strict=True) if counts]
    return Limits(
        likely=_chance("p25", "p75", _),
        wide=_chance("p05", "p95", _),
        reach_km=figures.whole(similar.REACH_KM, _.code),
        many=figures.whole(loss.BEGINS["orange"], _.code),
        most=figures.whole(loss.BEGINS["red"], _.code),
        least_ash_cm=figures.shortest(LIMITS_CM[0], _.code),
        ash_cm=figures.shortest(LIMITS_CM[leaves], _.code),
        ash_classes=figures.whole(len(ash.SCALE.names), _.code),
        flood_cm=figures.whole(flood.DEPTHS_CM[counted[0]][0] or 0, _.code),
        first_state=counted[0],
        last_state=counted[-1],
        states=_joined(counted, _),
        percents=_joined([figures.shortest(round(100 * part, 6), _.code) for part in parts], _),
        rounded=figures.whole(figures.ROUNDED, _.code),
    )


def _chance(lower: str, upper: str, _: Language) -> str:
    share = loss.QUANTILES[upper] - loss.QUANTILES[lower]
    return figures.percent(round(100 * share), share, _.code)


def _joined(parts: Sequence[str], _: Language) -> str:
    return _("{others} and {last}", others=", ".join(parts[:-1]), last=parts[-1])
