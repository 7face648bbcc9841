"""What to prepare, and what stands there: planning figures, structures, roads, land, as they are printed."""

from collections.abc import Mapping, Sequence

from siaga import palette
from siaga.errors import Reason
from siaga.impact.mmi import ROMAN, class_of
from siaga.impact.stored.earthquake import EarthquakeImpact, NotableStructure
from siaga.language import Language
from siaga.report import figures, words
from siaga.report.earthquake import sentences
from siaga.report.words import short

MOST_NOTABLE = 16
_MOST_CLASSES = 8


def planning(impact: EarthquakeImpact, _: Language) -> dict[str, object] | None:
    """Needs of the people at MMI VIII, VII and VI and above; None where nobody was shaken that hard."""
    plan = impact["planning"]
    if plan is None or plan["upper"]["people"] < 1:
        return None
    bounds = [plan[name] for name in ("base", "middle", "upper")]
    rows = []
    for key, (name, _standard, unit) in words.NEED_NAMES.items():
        base, middle, upper = (words.need(one["needs"][key], unit, _) for one in bounds)
        rows.append(
            {"name": _(name), "standard": words.standard(key, _), "base": base, "middle": middle, "upper": upper}
        )
    lowest = next(one for one in bounds if one["people"] >= 1)
    return {
        "answer": sentences.prepare_for(lowest["people"], ROMAN[lowest["mmi"]], _),
        **{
            name: figures.amount(one["people"], _.code)
            for name, one in zip(("base", "middle", "upper"), bounds, strict=True)
        },
        "rows": rows,
        "of": figures.people_sentence(lowest["people"], _.code),
        "groups": [
            (_(label), figures.people_cell(lowest["groups"][name], _.code)) for name, label in words.GROUP_NAMES
        ],
    }


def stands(impact: EarthquakeImpact, _: Language) -> dict[str, object] | None:
    """Structures, roads and land under the shaking; None where no such layer is installed."""
    tables = []
    by_class: Mapping[str, Mapping[str, float]]
    if built := impact.get("structures"):
        by_class = {kind: one["by_mmi"] for kind, one in built["by_class"].items() if one["total"] > 0}
        tables.append(_by_class("structures", by_class, words.STRUCTURES, "count", built["note"], _))
    if roads := impact.get("roads"):
        by_class = {kind: one["by_mmi"] for kind, one in roads["by_class"].items() if one["total_km"] > 0}
        tables.append(_by_class("roads", by_class, words.ROADS, "km", roads["note"], _))
    if land := impact.get("land_cover"):
        by_class = {kind: one["by_mmi"] for kind, one in land["by_class"].items() if one["total_ha"] > 0}
        tables.append(_by_class("land_cover", by_class, words.LAND, "ha", land["note"], _))
    if not tables:
        return None
    structures = impact.get("structures")
    notable = list(structures["notable"]) if structures else []
    rest = sum(structures["notable_rest"].values()) if structures else 0
    return {
        "answer": sentences.structures(impact, _),
        "tables": tables,
        "notable": [_notable(one, _) for one in notable[:MOST_NOTABLE]],
        "notable_answer": sentences.notable(structures, _),
        "more": max(0, len(notable) - MOST_NOTABLE) + rest,
    }


def _by_class(
    key: str,
    by_class: Mapping[str, Mapping[str, float]],
    names: Mapping[str, str],
    unit: str,
    note: Reason | None,
    _: Language,
) -> dict[str, object]:
    """One table: a row per class, the most at MMI VI and above first; columns VIII and above, VII, VI, all.

    key: of the layer. by_class: what there is of each class by MMI. All cells are whole; totals are taken
    from the printed cells.
    """
    cells = {name: _whole(by_mmi) for name, by_mmi in by_class.items()}
    order = sorted(cells, key=lambda name: (*(-cell for cell in cells[name][:3]), -sum(cells[name]), name))
    lines = [(_(names[name]) if name in names else name, cells[name]) for name in order]
    if len(lines) > _MOST_CLASSES:
        rest = [cell for _name, cell in lines[_MOST_CLASSES - 1 :]]
        lines = [*lines[: _MOST_CLASSES - 1], (_("{count} others", count=len(rest)), _added(rest))]
    return {
        "heading": _(words.LAYERS[key]),
        "unit": unit,
        "rows": [_class_row(name, cell, _) for name, cell in lines],
        "total": _class_row(_("Total"), _added([cell for _name, cell in lines]), _),
        "note": _.reason(note),
    }


def _whole(by_mmi: Mapping[str, float]) -> list[int]:
    """At VIII and above, at VII, at VI, below; rounded."""
    of = {mmi: by_mmi[str(mmi)] for mmi in range(1, 11)}
    groups = ((8, 9, 10), (7,), (6,), (1, 2, 3, 4, 5))
    return [round(sum(of[mmi] for mmi in group)) for group in groups]


def _added(rows: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)]


def _class_row(name: str, cells: Sequence[int], _: Language) -> dict[str, object]:
    return {"name": name, "cells": [figures.whole(cell, _.code) for cell in (*cells[:3], sum(cells))]}


def _notable(one: NotableStructure, _: Language) -> dict[str, object]:
    mmi = class_of(one["mmi"])
    kind = words.STRUCTURES.get(one["type"], one["type"])
    return {
        "name": one["name"] or _("without a name"),
        "type": _(kind),
        "zone": short(one["zone"] or ""),
        "mmi": mmi,
        "roman": ROMAN[mmi],
        "colour": palette.MMI[mmi],
    }
