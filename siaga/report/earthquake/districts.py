"""Who was shaken: people by MMI class and by district.

Each figure is rounded by itself, sums too, so that one number is printed alike wherever it stands.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from siaga import palette
from siaga.impact.mmi import ROMAN
from siaga.impact.stored.earthquake import (
    CountedEarthquakeZone,
    EarthquakeAmounts,
    EarthquakeImpact,
)
from siaga.language import Language
from siaga.report import figures, listed
from siaga.report.earthquake import sentences
from siaga.report.earthquake.sentences import people_by_mmi, people_known
from siaga.report.words import short

ROWS = ((10, 10), (9, 9), (8, 8), (7, 7), (6, 6), (5, 5), (2, 4), (1, 1))
DAMAGING = 6
MOST_WORST = 6
_PAGER = "pager"  # the model whose deaths are shared out among the districts


class Classes(TypedDict):
    """People by MMI class, as they are printed."""

    rows: list[dict[str, object]]
    total: str


class Worst(TypedDict):
    """The worst districts. lowest, base: from which class on bars and people are."""

    lowest: str
    base: str
    legend: list[dict[str, object]]
    rows: list[dict[str, object]]


def classes(impact: EarthquakeImpact, _: Language) -> Classes | None:
    """People by MMI class, the strongest first; None where they are not known."""
    by_mmi = people_by_mmi(impact)
    if by_mmi is None:
        return None
    rows: list[dict[str, object]] = []
    groups = _met(by_mmi)
    most = max(sum(by_mmi[str(mmi)] for mmi in range(low, high + 1)) for low, high in groups) or 1.0
    for low, high in groups:
        people = sum(by_mmi[str(mmi)] for mmi in range(low, high + 1))
        damaging = low >= DAMAGING and low != high
        rows.append(
            {
                "roman": ROMAN[low] if low == high else f"{ROMAN[low]}–{ROMAN[high]}",
                "mmi": low if damaging else high,
                "colour": palette.MMI[low if damaging else high],
                "shaking": _("strong or more")
                if damaging
                else _(sentences.SHAKING[low])
                if low == high
                else _("weak to light"),
                "damage": _("light or more") if damaging else _(sentences.DAMAGE[high]),
                "people": figures.people_cell(people, _.code),
                "bar": round(people / most * 100, 2),
            }
        )
    return {"rows": rows, "total": figures.people_cell(_sum(by_mmi, (1, 10)), _.code)}


def legend_rows(impact: EarthquakeImpact) -> int:
    """How many rows of classes there are."""
    return len(_met({mmi: people or 0.0 for mmi, people in impact["people"]["by_mmi"].items()}))


def _met(by_mmi: Mapping[str, float]) -> list[tuple[int, int]]:
    """The groups of classes that are worth a row; VI to X in one where nobody was shaken that hard."""
    groups = [group for group in ROWS if group[0] not in (10, 1) or by_mmi[str(group[0])] > 0]
    if any(by_mmi[str(mmi)] > 0 for mmi in range(DAMAGING, 11)):
        return groups
    return [(DAMAGING, 10), *(group for group in groups if group[0] < DAMAGING)]


def ranked(
    impact: EarthquakeImpact, districts: Sequence[CountedEarthquakeZone]
) -> list[tuple[CountedEarthquakeZone, float]]:
    """Districts and their share of all expected deaths; the worst first. Districts without people are left out.

    Shares are of the deaths in districts and outside them.
    """
    if not people_known(impact):
        return []
    lived_in = [zone for zone in districts if zone["people"] > 0]
    total = _all_deaths(impact, lived_in)

    def order(zone: CountedEarthquakeZone) -> tuple[float, ...]:
        strongest = tuple(-float(zone["by_mmi"][str(mmi)]) for mmi in range(10, 0, -1))
        return -zone["fatalities"][_PAGER]["expected"], *strongest

    return [(zone, zone["fatalities"][_PAGER]["expected"] / total) for zone in sorted(lived_in, key=order)]


def _all_deaths(impact: EarthquakeImpact, zones: Sequence[EarthquakeAmounts]) -> float:
    """Expected in all districts and outside them; 1 where none are."""
    rest = listed.outside(impact)
    counted = [*zones, rest] if rest else zones
    return float(sum(zone["fatalities"][_PAGER]["expected"] for zone in counted)) or 1.0


def beside(
    impact: EarthquakeImpact, order: Sequence[tuple[EarthquakeAmounts, float]]
) -> tuple[EarthquakeAmounts, float] | None:
    """The people outside all districts and their share of all expected deaths; None where nobody lives there."""
    rest = listed.outside(impact)
    if rest is None:
        return None
    return rest, rest["fatalities"][_PAGER]["expected"] / _all_deaths(impact, [zone for zone, _share in order])


def percents(order: Sequence[tuple[EarthquakeAmounts, float]]) -> list[int]:
    """Shares of the deaths in whole per cent that add up to 100; to 0 where no deaths are expected."""
    shares = {str(number): share for number, (_zone, share) in enumerate(order)}
    return list((figures.percentages(shares) if any(shares.values()) else dict.fromkeys(shares, 0)).values())


def worst(
    order: Sequence[tuple[CountedEarthquakeZone, float]], shares: Sequence[int], count: int, _: Language
) -> Worst:
    """The worst districts, count at most: stacked bars of the people at MMI VI and above."""
    lowest = DAMAGING if any(_above(zone, DAMAGING) for zone, _share in order[:count]) else 2
    shown = [(zone, share) for zone, share in order[:count] if _above(zone, lowest)]
    most = max((_above(zone, lowest) for zone, _share in shown), default=0.0) or 1.0
    base = 8 if any(_above(zone, 8) for zone, _share in shown) else lowest
    return {
        "lowest": ROMAN[lowest],
        "base": ROMAN[base],
        "legend": [
            {"roman": ROMAN[mmi], "mmi": mmi, "colour": palette.MMI[mmi]}
            for mmi in range(10, lowest - 1, -1)
            if any(zone["by_mmi"][str(mmi)] > 0 for zone, _share in shown)
        ],
        "rows": [
            {
                "name": listed.named(short(zone["name"]), zone, _),
                "parts": [
                    {"mmi": mmi, "colour": palette.MMI[mmi], "width": round(zone["by_mmi"][str(mmi)] / most * 100, 2)}
                    for mmi in range(10, lowest - 1, -1)
                    if zone["by_mmi"][str(mmi)] > 0
                ],
                "people": figures.people_cell(_above(zone, base), _.code),
                "share": figures.percent(percent, share, _.code),
                "matters": share >= 0.1,
            }
            for (zone, share), percent in zip(shown, shares, strict=False)
        ],
    }


def _above(zone: EarthquakeAmounts, lowest: int) -> float:
    return float(sum(zone["by_mmi"][str(mmi)] for mmi in range(lowest, 11)))


def table(
    order: Sequence[tuple[CountedEarthquakeZone, float]], impact: EarthquakeImpact, most: int, _: Language
) -> dict[str, object]:
    """District × MMI, as many rows as matter (most at least 2), the rest summed, and those outside all districts."""
    rest, unknown = beside(impact, order), listed.unknown(impact)
    everyone: list[tuple[EarthquakeAmounts, float]] = [*order, *([rest] if rest else [])]
    used = [group for group in ROWS if any(_sum(zone["by_mmi"], group) > 0 for zone, _share in everyone)]
    if not used:
        return {"heads": [], "rows": [], "total": None, "answer": ""}
    shares = percents(everyone)
    lines = [
        (listed.named(short(zone["name"]), zone, _), [zone["by_mmi"]], share, percent)
        for (zone, share), percent in zip(order, shares, strict=False)
    ]
    room = max(2, most - (rest is not None) - bool(unknown))
    if len(lines) > room:
        others = lines[room - 1 :]
        zones = [line[1][0] for line in others]
        share, percent = sum(line[2] for line in others), sum(line[3] for line in others)
        lines = [*lines[: room - 1], (_("{count} others", count=len(others)), zones, share, percent)]
    if rest:
        lines.append((_(listed.OUTSIDE), [rest[0]["by_mmi"]], rest[1], shares[-1]))
    rows = [_row(*line, used, _) for line in lines]
    for row, (zone, _share) in zip(rows[: len(order) if len(order) <= room else room - 1], order, strict=False):
        row["code"] = zone["code"]
    if unknown:
        rows.append(_unknown_row(short(listed.unknown_name(unknown, _)), len(used), _))
    all_deaths = sum(share for _zone, share in everyone)
    by_mmi = people_by_mmi(impact) if impact.get("table") else None
    whole = [zone["by_mmi"] for zone, _share in everyone] if by_mmi is None else [by_mmi]
    return {
        "heads": [
            {
                "roman": ROMAN[low] if low == high else f"{ROMAN[low]}–{ROMAN[high]}",
                "mmi": high,
                "colour": palette.MMI[high],
            }
            for low, high in used
        ],
        "rows": rows,
        "total": _row(_("Total"), whole, float(all_deaths > 0), sum(shares), used, _),
        "answer": sentences.strong_shaking(impact, _),
    }


def _row(
    name: str,
    people: Sequence[Mapping[str, float]],
    share: float,
    percent: int,
    used: Sequence[tuple[int, int]],
    _: Language,
) -> dict[str, object]:
    def cell(low: int, high: int = 10) -> str:
        return figures.people_cell(sum(_sum(by_mmi, (low, high)) for by_mmi in people), _.code)

    return {
        "name": name,
        "people": cell(1),
        "cells": [cell(*group) for group in used],
        "strong": cell(DAMAGING),
        "share": figures.percent(percent, share, _.code),
    }


def _unknown_row(name: str, columns: int, _: Language) -> dict[str, object]:
    return {"name": name, "people": _("not known"), "cells": [""] * columns, "strong": "", "share": ""}


def _sum(by_mmi: Mapping[str, float], group: tuple[int, int]) -> float:
    return float(sum(by_mmi[str(mmi)] for mmi in range(group[0], group[1] + 1)))
