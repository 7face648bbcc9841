"""Who was shaken: people by MMI class and by district, as rows of printed cells that add up."""

from collections.abc import Mapping, Sequence
from typing import Any

from siaga.impact.mmi import COLOURS, ROMAN
from siaga.language import Language
from siaga.report import figures, sentences
from siaga.report.sentences import known, short

ROWS = ((10, 10), (9, 9), (8, 8), (7, 7), (6, 6), (5, 5), (2, 4), (1, 1))
DAMAGING = 6
MOST_WORST = 6
MOST_ROWS = 12  # of the table; districts beyond them are summed
_PAGER = "pager"  # the model whose deaths are shared out among the districts


def finest(impact: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The zones that tables list, as far as anything is known of their people.

    They are of the level that impact.json's table names; of a record that is older than that, of the level
    that has most of them.
    """
    by_level: dict[Any, list[Mapping[str, Any]]] = {}
    for zone in impact["zones"]:
        by_level.setdefault(zone["level"], []).append(zone)
    table = impact.get("table")
    listed = by_level.get(table["level"], []) if table else max(by_level.values(), key=len, default=[])
    return [zone for zone in listed if zone["people"] is not None]


def classes(impact: Mapping[str, Any], _: Language) -> dict[str, Any] | None:
    """People by MMI class, the strongest first; None where they are not known."""
    if not known(impact):
        return None
    by_mmi = impact["people"]["by_mmi"]
    rows, total = [], 0
    groups = _met(by_mmi)
    most = max(sum(by_mmi[str(mmi)] for mmi in range(low, high + 1)) for low, high in groups) or 1.0
    for low, high in groups:
        people = sum(by_mmi[str(mmi)] for mmi in range(low, high + 1))
        total += figures.to_hundred(people)
        damaging = low >= DAMAGING and low != high
        rows.append(
            {
                "roman": ROMAN[low] if low == high else f"{ROMAN[low]}–{ROMAN[high]}",
                "mmi": low if damaging else high,
                "colour": COLOURS[low if damaging else high],
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
    return {"rows": rows, "total": figures.whole(total, _.code)}


def _met(by_mmi: Mapping[str, float]) -> list[tuple[int, int]]:
    """The groups of classes that are worth a row; VI to X in one where nobody was shaken that hard."""
    groups = [group for group in ROWS if group[0] not in (10, 1) or by_mmi[str(group[0])] > 0]
    if any(by_mmi[str(mmi)] > 0 for mmi in range(DAMAGING, 11)):
        return groups
    return [(DAMAGING, 10), *(group for group in groups if group[0] < DAMAGING)]


def ranked(impact: Mapping[str, Any], districts: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], float]]:
    """Districts and their share of the expected deaths; the worst first. Districts without people are left out."""
    if not known(impact):
        return []
    lived_in = [zone for zone in districts if zone["people"] > 0]
    total = sum(zone["fatalities"][_PAGER]["expected"] for zone in lived_in) or 1.0

    def order(zone: Mapping[str, Any]) -> tuple[float, ...]:
        strongest = tuple(-float(zone["by_mmi"][str(mmi)]) for mmi in range(10, 0, -1))
        return -zone["fatalities"][_PAGER]["expected"], *strongest

    return [(zone, zone["fatalities"][_PAGER]["expected"] / total) for zone in sorted(lived_in, key=order)]


def rounded(order: Sequence[tuple[Mapping[str, Any], float]]) -> list[list[int]]:
    """People per district and group of ROWS, to 100, then its share of the deaths in whole per cent.

    Each column adds up to its sum on page 1, the shares to 100 (to 0 where no deaths are expected).
    """
    columns = [figures.hundreds([_sum(zone, group) for zone, _share in order]) for group in ROWS]
    shares = {str(number): share for number, (_zone, share) in enumerate(order)}
    columns.append(list((figures.percentages(shares) if any(shares.values()) else dict.fromkeys(shares, 0)).values()))
    return [list(row) for row in zip(*columns, strict=True)]


def worst(
    order: Sequence[tuple[Mapping[str, Any], float]], cells_of: Sequence[Sequence[int]], count: int, _: Language
) -> dict[str, Any]:
    """The worst districts, count at most: stacked bars of the people at MMI VI and above."""
    lowest = DAMAGING if any(_above(zone, DAMAGING) for zone, _share in order[:count]) else 2
    shown = [(zone, share) for zone, share in order[:count] if _above(zone, lowest)]
    most = max((_above(zone, lowest) for zone, _share in shown), default=0.0) or 1.0
    base = 8 if any(_above(zone, 8) for zone, _share in shown) else lowest
    return {
        "lowest": ROMAN[lowest],
        "base": ROMAN[base],
        "legend": [
            {"roman": ROMAN[mmi], "mmi": mmi, "colour": COLOURS[mmi]}
            for mmi in range(10, lowest - 1, -1)
            if any(zone["by_mmi"][str(mmi)] > 0 for zone, _share in shown)
        ],
        "rows": [
            {
                "name": short(zone["name"]),
                "parts": [
                    {"mmi": mmi, "colour": COLOURS[mmi], "width": round(zone["by_mmi"][str(mmi)] / most * 100, 2)}
                    for mmi in range(10, lowest - 1, -1)
                    if zone["by_mmi"][str(mmi)] > 0
                ],
                "people": _cell(
                    sum(cell for cell, (low, _high) in zip(cells[:-1], ROWS, strict=True) if low >= base),
                    _above(zone, base),
                    _,
                ),
                "share": figures.percent(cells[-1], share, _.code),
                "matters": share >= 0.1,
            }
            for (zone, share), cells in zip(shown, cells_of, strict=False)
        ],
    }


def _above(zone: Mapping[str, Any], lowest: int) -> float:
    return float(sum(zone["by_mmi"][str(mmi)] for mmi in range(lowest, 11)))


def table(
    order: Sequence[tuple[Mapping[str, Any], float]],
    cells_of: Sequence[Sequence[int]],
    impact: Mapping[str, Any],
    most: int,
    _: Language,
) -> dict[str, Any]:
    """District × MMI, as many rows as matter (most at least 2), the rest summed; totals from the printed cells."""
    used = [number for number, group in enumerate(ROWS) if any(_sum(zone, group) > 0 for zone, _share in order)]
    if not used:
        return {"heads": [], "rows": [], "total": None, "answer": ""}
    lines = [(short(zone["name"]), share, [zone], cells) for (zone, share), cells in zip(order, cells_of, strict=True)]
    if len(lines) > most:
        rest = lines[most - 1 :]
        share = sum(line[1] for line in rest)
        summed = [sum(column) for column in zip(*(line[3] for line in rest), strict=True)]
        others = (_("{count} others", count=len(rest)), share, [zone for line in rest for zone in line[2]], summed)
        lines = [*lines[: most - 1], others]
    totals = [sum(column) for column in zip(*(line[3] for line in lines), strict=True)]
    everyone = [zone for zone, _share in order]
    all_deaths = float(sum(share for _zone, share in order) > 0)
    return {
        "heads": [
            {
                "roman": ROMAN[low] if low == high else f"{ROMAN[low]}–{ROMAN[high]}",
                "mmi": high,
                "colour": COLOURS[high],
            }
            for low, high in (ROWS[number] for number in used)
        ],
        "rows": [_row(*line, used, _) for line in lines],
        "total": _row(_("Total"), all_deaths, everyone, totals, used, _),
        "answer": sentences.strong_shaking(impact, _),
    }


def _row(
    name: str,
    share: float,
    zones: Sequence[Mapping[str, Any]],
    cells: Sequence[int],
    used: Sequence[int],
    _: Language,
) -> dict[str, Any]:
    strong = sum(cells[number] for number in used if ROWS[number][0] >= DAMAGING)
    exact = [sum(_sum(zone, ROWS[number]) for zone in zones) for number in used]
    return {
        "name": name,
        "people": _cell(sum(cells[number] for number in used), sum(exact), _),
        "cells": [_cell(cells[number], people, _) for number, people in zip(used, exact, strict=True)],
        "strong": _cell(strong, sum(_above(zone, DAMAGING) for zone in zones), _),
        "share": figures.percent(cells[-1], share, _.code),
    }


def _cell(rounded: int, people: float, _: Language) -> str:
    """A rounded cell; a few people are not nobody."""
    return "<100" if rounded == 0 and people > 0 else figures.whole(rounded, _.code)


def _sum(zone: Mapping[str, Any], group: tuple[int, int]) -> float:
    return float(sum(zone["by_mmi"][str(mmi)] for mmi in range(group[0], group[1] + 1)))
