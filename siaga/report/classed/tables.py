"""What reports of hazards with classes of depth or thickness share: people by class and zone, needs, small print."""

from collections.abc import Mapping, Sequence
from typing import TypedDict, cast

from siaga.impact.stored import ClassedImpact
from siaga.impact.stored.ash import AshAssets
from siaga.impact.stored.classed import ClassedAmounts, ClassedZone, CountedZone
from siaga.impact.stored.flood import FloodedRoads, FloodedStructures
from siaga.impact.stored.head import of_demonstration
from siaga.language import Language
from siaga.report import figures, listed, words
from siaga.report.words import GROUP_NAMES, NEED_NAMES, need, short

_Layer = FloodedStructures | FloodedRoads | AshAssets


class Bar(TypedDict):
    """The people of a class as a printed cell, and the length of their bar in per cent."""

    people: str
    bar: float


class Frame(TypedDict):
    """What the frame prints. running: name and rest of the running head. small: paragraphs of the small print."""

    language: str
    kind: str
    running: dict[str, str]
    drill: bool
    demonstration: bool
    sources: dict[str, str]
    small: dict[str, str]
    warnings: list[str]
    note: str


class ClassRow(TypedDict):
    """A class as it is printed. bar: per cent. own: whether it is the worst there is."""

    code: str
    name: str
    people: str
    bar: float
    own: bool


def people_known(impact: ClassedImpact) -> bool:
    """Whether anything is known of the people there."""
    return impact["people"]["total"] is not None


def people_by_class(impact: ClassedImpact) -> Mapping[str, float] | None:
    """People there by class; None where nothing is known of them."""
    by_class = {name: people for name, people in impact["people"]["by_class"].items() if people is not None}
    return by_class if people_known(impact) else None


def people(impact: ClassedImpact, classes: Sequence[str], _: Language) -> dict[str, Bar]:
    """Per class its people as a printed cell, and the length of their bar in per cent; empty where unknown."""
    by_class = people_by_class(impact)
    if by_class is None:
        return {}
    most = max(by_class[name] for name in classes) or 1.0
    return {
        name: {
            "people": figures.people_cell(by_class[name], _.code),
            "bar": round(by_class[name] / most * 100, 2),
        }
        for name in classes
    }


def total(impact: ClassedImpact, classes: Sequence[str], _: Language) -> str:
    """How many people these classes hold; a few people are not nobody."""
    by_class = people_by_class(impact)
    if by_class is None:
        return _("not known")
    return figures.people_cell(sum(by_class[name] for name in classes), _.code)


def people_text(count: float | None, _: Language) -> str:
    """A number of people as a sentence has it."""
    return _("not known") if count is None else figures.people_sentence(count, _.code)


def table(
    impact: ClassedImpact,
    zones: Sequence[CountedZone],
    classes: Sequence[str],
    counted: Sequence[str],
    most: int,
    _: Language,
) -> dict[str, object] | None:
    """Zone by class, the worst first, at most that many rows, the rest summed; None where nobody is reached.

    zones: those that tables list. classes: the worst first; those that nobody lives in are left out. counted: those
    that the last column adds up. Who lives outside the zones has a last row; each figure is rounded by itself.
    """
    rest, unknown = listed.outside(impact), listed.unknown(impact)
    lived_in = [zone for zone in zones if zone["people"] > 0]
    everyone = [zone["by_class"] for zone in lived_in] + ([rest["by_class"]] if rest else [])
    used = [name for name in classes if any(by_class[name] > 0 for by_class in everyone)]
    if not used:
        return None
    order = sorted(lived_in, key=lambda zone: (*(-zone["by_class"][name] for name in used), zone["name"]))
    lines = [(listed.named(_plain(zone["name"]), zone, _), [zone["by_class"]]) for zone in order]
    room = max(2, most - (rest is not None) - bool(unknown))
    if len(lines) > room:
        others = [line[1][0] for line in lines[room - 1 :]]
        lines = [*lines[: room - 1], (_("{count} others", count=len(others)), others)]
    if rest:
        lines.append((_(listed.OUTSIDE), [rest["by_class"]]))
    rows = [_row(*line, used, counted, _) for line in lines]
    if unknown:
        name = _plain(listed.unknown_name(unknown, _))
        rows.append({"name": name, "cells": [""] * len(used), "total": _("not known")})
    by_class = people_by_class(impact) if impact.get("table") else None
    whole = everyone if by_class is None else [by_class]
    return {"heads": used, "rows": rows, "total": _row(_("Total"), whole, used, counted, _)}


def listing(impact: ClassedImpact, classes: Sequence[str], most: int, _: Language) -> dict[str, object]:
    """The zones for a page of the web, the most affected first; a last row for those outside. Unknown is a word.

    classes: the columns. more: how many zones are left out.
    """
    found = sorted(listed.all_of(impact), key=lambda zone: (-(zone["affected"] or 0), zone["name"]))
    names = {zone["code"]: zone["name"] for zone in impact["zones"]}
    rows = [
        _listed(listed.named(zone["name"], zone, _), listed.parent_name(zone["parent"], names), zone, classes, _)
        for zone in found[:most]
    ]
    if rest := listed.outside(impact):
        rows.append(_listed(_(listed.OUTSIDE), "", rest, classes, _))
    return {"rows": rows, "more": max(0, len(found) - most)}


def _listed(
    name: str, parent: str, zone: ClassedZone | ClassedAmounts, classes: Sequence[str], _: Language
) -> dict[str, object]:
    def cell(people: float | None) -> str:
        return _("not known") if people is None else figures.people_cell(people, _.code)

    cells = [cell(zone["by_class"][name]) for name in classes]
    told = {"name": name, "parent": parent, "affected": cell(zone["affected"]), "cells": cells}
    return told | {"code": zone.get("code", "")}


def _plain(name: str) -> str:
    return short(name).removeprefix("Kota Administrasi ")


def needs(impact: ClassedImpact, _: Language) -> dict[str, object] | None:
    """Needs of the displaced, and who they are; None where nobody is displaced or nothing is known."""
    plan = impact["planning"]
    if plan is None or plan["people"] < 1:
        return None
    return {
        "people": people_text(plan["people"], _),
        "rows": [
            {"name": _(name), "standard": words.standard(key, _), "amount": need(plan["needs"][key], unit, _)}
            for key, (name, _standard, unit) in NEED_NAMES.items()
        ],
        "groups": [(_(label), figures.people_cell(plan["groups"][name], _.code)) for name, label in GROUP_NAMES],
    }


def things(
    impact: ClassedImpact,
    kinds: Sequence[tuple[str, Mapping[str, str]]],
    classes: Sequence[str],
    counted: Sequence[str],
    _: Language,
) -> list[dict[str, object]]:
    """Structures, roads, land by kind and class, as far as they are installed; cells are whole, totals theirs.

    kinds: key in impact.json, names of its types.
    """
    found: list[dict[str, object]] = []
    for key, names in kinds:
        layer = _layer(impact, key)
        if layer is None:
            continue
        cells = _cells(layer, classes, counted)
        sums = [number for number, name in enumerate(classes) if name in counted]
        order = sorted(cells, key=lambda kind: (-sum(cells[kind][number] for number in sums), kind))
        rows = [(_(names.get(kind, kind)), cells[kind]) for kind in order]
        everything = _added(cells, classes)
        found.append(
            {
                "heading": _(words.LAYERS[key]),
                "rows": [_whole_row(name, cell, sums, _) for name, cell in rows],
                "total": _whole_row(_("Total"), everything, sums, _),
                "note": _.reason(cast(AshAssets, layer)["note"] if "note" in layer else None),
            }
        )
    return found


def things_by_class(
    impact: ClassedImpact, key: str, classes: Sequence[str], counted: Sequence[str], _: Language
) -> dict[str, str]:
    """Per class how many structures, kilometres or hectares: the last row of things; empty where not installed."""
    layer = _layer(impact, key)
    if layer is None:
        return {}
    whole = _added(_cells(layer, classes, counted), classes)
    return {name: figures.whole(size, _.code) for name, size in zip(classes, whole, strict=True)}


def _layer(impact: ClassedImpact, key: str) -> _Layer | None:
    """What stands or lies there; None where no such layer is installed, or the hazard reads none."""
    if key == "structures":
        return impact["structures"]
    if key == "roads":
        return impact["roads"]
    return impact["land_cover"] if impact["hazard"] == "ash" and key == "land_cover" else None


def _cells(layer: _Layer, classes: Sequence[str], counted: Sequence[str]) -> dict[str, list[int]]:
    """Per kind whole numbers per class, of the kinds that have anything in the classes that count."""
    return {
        kind: [round(one[name]) for name in classes]
        for kind, one in layer["by_type"].items()
        if any(one[name] > 0 for name in counted)
    }


def _added(cells: Mapping[str, Sequence[int]], classes: Sequence[str]) -> list[int]:
    return [sum(column) for column in zip(*cells.values(), strict=True)] or [0] * len(classes)


def sources(impact: ClassedImpact, _: Language) -> dict[str, str]:
    """population, zones: what the exposure is called; "" where there are no zones."""
    files = {file["role"]: file for file in impact["provenance"]["analysis_data"]["files"]}
    population = files.get("population")
    return {
        # records of early stores may name no year
        "population": _(population["title"]) + figures.year(population.get("year"))
        if population
        else _("none installed"),
        "zones": _(files["zones"]["title"]) if "zones" in files else "",
    }


def frame(impact: ClassedImpact, kind: str, running: tuple[str, str], method: str, limits: str, _: Language) -> Frame:
    """What the frame prints: running head, bands, small print.

    running: its right part, the first in bold. method, limits: paragraphs of the small print.
    """
    provenance = impact["provenance"]
    of_exposure = sources(impact, _)
    used = ". ".join(said for said in of_exposure.values() if said)
    return {
        "language": _.code,
        "kind": kind,
        "running": {"name": running[0], "rest": running[1]},
        "drill": impact["drill"],
        "demonstration": of_demonstration(provenance["analysis_data"]["files"]),
        "sources": of_exposure,
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


def _row(
    name: str, parts: Sequence[Mapping[str, float]], used: Sequence[str], counted: Sequence[str], _: Language
) -> dict[str, object]:
    def people(classes: Sequence[str]) -> str:
        return figures.people_cell(sum(by_class[one] for by_class in parts for one in classes), _.code)

    return {"name": name, "cells": [people([one]) for one in used], "total": people(counted)}


def _whole_row(name: str, cells: Sequence[int], sums: Sequence[int], _: Language) -> dict[str, object]:
    counted = sum(cells[number] for number in sums)
    return {"name": name, "cells": [figures.whole(cell, _.code) for cell in (*cells, counted)]}
