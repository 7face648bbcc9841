"""What reports of hazards with classes of depth or thickness share: people by class and zone, needs, small print."""

from collections.abc import Mapping, Sequence
from typing import Any

from siaga.language import Language
from siaga.report import figures
from siaga.report.preparing import GROUP_NAMES, NEED_NAMES, need
from siaga.report.sentences import short


def known(impact: Mapping[str, Any]) -> bool:
    """Whether anything is known of the people there."""
    return impact["people"]["total"] is not None


def people(impact: Mapping[str, Any], classes: Sequence[str], _: Language) -> dict[str, dict[str, Any]]:
    """Per class its people as a printed cell, and the length of their bar in per cent; empty where unknown."""
    if not known(impact):
        return {}
    by_class = impact["people"]["by_class"]
    most = max(by_class[name] for name in classes) or 1.0
    return {
        name: {
            "people": figures.people_cell(by_class[name], _.code),
            "bar": round(by_class[name] / most * 100, 2),
        }
        for name in classes
    }


def total(impact: Mapping[str, Any], classes: Sequence[str], _: Language) -> str:
    """The sum of the printed cells of these classes; a few people are not nobody."""
    if not known(impact):
        return _("not known")
    by_class = impact["people"]["by_class"]
    return _cell(
        sum(figures.to_hundred(by_class[name]) for name in classes), sum(by_class[name] for name in classes), _
    )


def table(
    zones: Sequence[Mapping[str, Any]], classes: Sequence[str], counted: Sequence[str], most: int, _: Language
) -> dict[str, Any] | None:
    """Zone by class, the worst first, at most that many rows, the rest summed; None where nobody is reached.

    classes: the worst first; those that nobody lives in are left out. counted: those that the last column adds up.
    Columns add up to their sum on page 1, rows to their own.
    """
    lived_in = [zone for zone in zones if zone["people"] > 0]
    used = [name for name in classes if any(zone["by_class"][name] > 0 for zone in lived_in)]
    if not used:
        return None
    order = sorted(lived_in, key=lambda zone: (*(-zone["by_class"][name] for name in used), zone["name"]))
    columns = [figures.hundreds([zone["by_class"][name] for zone in order]) for name in used]
    lines = [
        (short(zone["name"]).removeprefix("Kota Administrasi "), list(cells), [zone["by_class"][name] for name in used])
        for zone, cells in zip(order, zip(*columns, strict=True), strict=True)
    ]
    if len(lines) > most:
        rest = lines[most - 1 :]
        lines = [*lines[: most - 1], _sum(_("{count} others", count=len(rest)), rest)]
    sums = [number for number, name in enumerate(used) if name in counted]
    return {
        "heads": used,
        "rows": [_row(*line, sums, _) for line in lines],
        "total": _row(*_sum(_("Total"), lines), sums, _),
    }


def needs(impact: Mapping[str, Any], _: Language) -> dict[str, Any] | None:
    """Needs of the displaced, and who they are; None where nobody is displaced or nothing is known."""
    plan = impact["planning"]
    if plan is None or plan["people"] < 1:
        return None
    return {
        "people": figures.amount(plan["people"], _.code),
        "rows": [
            {"name": _(name), "standard": _(standard), "amount": need(plan["needs"][key], unit, _)}
            for key, (name, standard, unit) in NEED_NAMES.items()
        ],
        "groups": [(_(label), figures.people_cell(plan["groups"][name], _.code)) for name, label in GROUP_NAMES],
    }


def things(
    impact: Mapping[str, Any],
    kinds: Sequence[tuple[str, Mapping[str, str], str]],
    classes: Sequence[str],
    counted: Sequence[str],
    _: Language,
) -> list[dict[str, Any]]:
    """Structures, roads, land by kind and class, as far as they are installed; cells are whole, totals theirs.

    kinds: key in impact.json, names of its types, heading.
    """
    found = []
    for key, names, heading in kinds:
        layer = impact.get(key)
        if layer is None:
            continue
        cells = {
            kind: [round(one[name]) for name in classes]
            for kind, one in layer["by_type"].items()
            if any(one[name] > 0 for name in counted)
        }
        sums = [number for number, name in enumerate(classes) if name in counted]
        order = sorted(cells, key=lambda kind: (-sum(cells[kind][number] for number in sums), kind))
        rows = [(_(names.get(kind, kind)), cells[kind]) for kind in order]
        everything = [sum(column) for column in zip(*cells.values(), strict=True)] or [0] * len(classes)
        found.append(
            {
                "heading": _(heading),
                "rows": [_whole_row(name, cell, sums, _) for name, cell in rows],
                "total": _whole_row(_("Total"), everything, sums, _),
                "note": _.reason(layer.get("note")),
            }
        )
    return found


def frame(
    impact: Mapping[str, Any], kind: str, running: tuple[str, str], method: str, limits: str, _: Language
) -> dict[str, Any]:
    """What the frame prints: running head, bands, small print.

    running: its right part, the first in bold. method, limits: paragraphs of the small print.
    """
    provenance = impact["provenance"]
    files = {file["role"]: file for file in provenance["analysis_data"]["files"]}
    population = files.get("population")
    sources = {
        "population": f"{_(population['title'])}{_year(population)}" if population else _("none installed"),
        "zones": _(files["zones"]["title"]) if "zones" in files else "",
    }
    used = ". ".join(said for said in sources.values() if said)
    return {
        "language": _.code,
        "kind": kind,
        "running": {"name": running[0], "rest": running[1]},
        "drill": impact["drill"],
        "demonstration": any(file["demonstration"] for file in files.values()),
        "sources": sources,
        "small": {
            "origin": f"{_('Event')} {impact['event_id']}. {_('Version')} {impact['version']}, {_('run')} "
            f"{impact['run']}. {_('Input')} sha256 {provenance['input']['sha256'][:12]}…. {used}. {_('Analysis data')} "
            f"{provenance['analysis_data']['manifest_sha256'][:12]}…. Siaga {provenance['software']['version']}.",
            "method": method,
            "limits": limits,
        },
        "warnings": [ended(_.reason(reason)) for reason in impact["warnings"]],
        "note": ended(_.reason(impact["people"]["note"])),
    }


def ended(sentence: str) -> str:
    """With its full stop.

    >>> ended("Nobody"), ended("Nobody."), ended("")
    ('Nobody.', 'Nobody.', '')
    """
    return f"{sentence}." if sentence and not sentence.endswith(".") else sentence


def _year(file: Mapping[str, Any]) -> str:
    return f" ({file['year']})" if file["year"] else ""


def _sum(name: str, lines: Sequence[tuple[str, list[int], list[float]]]) -> tuple[str, list[int], list[float]]:
    cells = [sum(column) for column in zip(*(line[1] for line in lines), strict=True)]
    exact = [sum(column) for column in zip(*(line[2] for line in lines), strict=True)]
    return name, cells, exact


def _row(name: str, cells: Sequence[int], exact: Sequence[float], sums: Sequence[int], _: Language) -> dict[str, Any]:
    return {
        "name": name,
        "cells": [_cell(cell, people, _) for cell, people in zip(cells, exact, strict=True)],
        "total": _cell(sum(cells[number] for number in sums), sum(exact[number] for number in sums), _),
    }


def _whole_row(name: str, cells: Sequence[int], sums: Sequence[int], _: Language) -> dict[str, Any]:
    counted = sum(cells[number] for number in sums)
    return {"name": name, "cells": [figures.whole(cell, _.code) for cell in (*cells, counted)]}


def _cell(rounded: int, people: float, _: Language) -> str:
    """A rounded cell; a few people are not nobody."""
    return "<100" if rounded == 0 and people > 0 else figures.whole(rounded, _.code)
