"""One flooded hour's page: its figures by state, its neighbourhoods, what changed, since when they are under water."""

from collections.abc import Mapping, Sequence
from typing import Any

from siaga import keys
from siaga.impact.flood import AFFECTED_FROM, CLASSES
from siaga.impact.floodtrend import Trend
from siaga.language import Language
from siaga.report import figures
from siaga.report.classed import tables
from siaga.report.words import NEED_NAMES
from web.floods import listing
from web.index import floods
from web.index.floods import FloodIndex

_MOST_ROWS = 40
_MOST_NAMED = 8


def when(asked: keys.Snapshot, _: Language) -> dict[str, str]:
    """An hour as it is printed: day and clock in WIB, clock in UTC."""
    utc = asked.hour.replace(tzinfo=None)
    return {
        "clock": figures.clock(utc, listing.ZONE),
        "day": figures.date(utc, listing.ZONE, _.code),
        "utc": figures.clock(utc, "UTC"),
        "short": f"{figures.short_date(utc, _.code, listing.ZONE)}, {figures.clock(utc, listing.ZONE)}",
    }


def shown(index: FloodIndex, impact: Mapping[str, Any], asked: keys.Snapshot, _: Language) -> dict[str, Any]:
    """What the page says of an analysis. asked: the hour of the page, which may have the states of an earlier one."""
    areas: Sequence[Mapping[str, Any]] = impact["areas"]
    states = {area["geom_id"]: area["state"] for area in areas}
    names = {area["geom_id"]: f"{area['name']}, {area['parent']}" for area in areas}
    number = floods.number(asked.hour)
    known = {area: f"{name}, {parent}" for area, (name, parent) in index.names(asked.region).items()} | names
    wet = [area for area in areas if area["state"] >= AFFECTED_FROM]
    changes = [listing.compared(index, asked.region, number, back, states, _) for back in listing.BACK]
    for change in changes:
        change["named"] = _named(change["trend"], known, _) if "trend" in change else []
    people = impact["people"]
    return {
        "asked": str(asked),
        "when": when(asked, _),
        "wet": figures.whole(len(wet), _.code),
        "parents": figures.whole(len({area["parent"] for area in wet}), _.code),
        "affected": _count(impact["affected"], _),
        "displaced": _count(impact["displaced"], _),
        "highest": impact["map"]["highest_class"],
        "depths": listing.DEPTHS,
        "classes": _classes(impact, _),
        "assets": {"structures": impact["structures"] is not None, "roads": impact["roads"] is not None},
        "note": _.reason(people["note"]),
        "warnings": [_.reason(one) for one in impact["warnings"]],
        "changes": changes,
        "kelurahan": _kelurahan(impact["villages"], _),
        "zones": tables.listing(impact, list(reversed(CLASSES)), _MOST_ROWS, _),
        "needs": _needs(impact["planning"], _),
        "episodes": _episodes(index, asked.region, number, wet, _),
        "provenance": impact["provenance"],
        "population": _sources(impact, "population"),
        "borders": _sources(impact, "zones"),
    }


def _classes(impact: Mapping[str, Any], _: Language) -> list[dict[str, Any]]:
    """A row per state, the deepest first; cells of what is not known are ""."""
    by_class = impact["people"]["by_class"] or dict.fromkeys(CLASSES)
    structures, roads = impact["structures"], impact["roads"]
    return [
        {
            "state": name,
            "depth": _(listing.DEPTHS[name]),
            "areas": figures.whole(impact["map"]["areas_by_class"][name], _.code),
            "people": "" if by_class[name] is None else figures.people_cell(by_class[name], _.code),
            "structures": "" if structures is None else figures.whole(structures["by_class"][name], _.code),
            "roads": "" if roads is None else figures.decimal(roads["by_class"][name], 1, _.code),
        }
        for name in reversed(CLASSES)
    ]


def _kelurahan(villages: Sequence[Mapping[str, Any]], _: Language) -> list[dict[str, Any]]:
    """RWs per state and people of each kelurahan, the deepest and most first."""

    def deep(one: Mapping[str, Any]) -> list[int]:
        return [-one["areas_by_class"][name] for name in reversed(CLASSES)]

    return [
        {
            "name": one["name"] or _("not named"),
            "deepest": one["highest_class"],
            "cells": [figures.whole(-count, _.code) if count else "" for count in deep(one)],
            "affected": _cell(one["affected"], _),
        }
        for one in sorted(villages, key=lambda one: (deep(one), one["name"]))
    ]


def _needs(planning: Mapping[str, Any] | None, _: Language) -> list[tuple[str, str, str]]:
    """Need, standard and amount for the people who are likely to leave their homes."""
    if planning is None or planning["people"] < 1:
        return []
    return [
        (_(name), _(standard), figures.amount(planning["needs"][need], _.code) + (f"\u00a0{unit}" if unit else ""))
        for need, (name, standard, unit) in NEED_NAMES.items()
    ]


def _episodes(
    index: FloodIndex, region: str, number: int, wet: Sequence[Mapping[str, Any]], _: Language
) -> list[dict[str, Any]]:
    """Since when each RW is under water, the longest first."""
    runs = index.runs_at(region, number)
    found = sorted(
        ((area, runs[area["geom_id"]]) for area in wet if area["geom_id"] in runs),
        key=lambda item: (item[1].first, -item[0]["state"], item[0]["geom_id"]),
    )
    made = []
    for area, run in found[:_MOST_ROWS]:
        first = run.first.replace(tzinfo=None)
        hours = number - floods.number(run.first) + 1
        made.append(
            {
                "name": area["name"],
                "parent": area["parent"],
                "state": area["state"],
                "since": listing.said_moment(first, _),
                "hours": figures.whole(hours, _.code),
                "peak": run.peak,
            }
        )
    return made


def _named(found: Trend, names: Mapping[str, str], _: Language) -> list[tuple[str, str]]:
    """What happened to which RWs: a word and their names, not more than can be read."""
    kinds = (
        (_("New"), found.newly_flooded),
        (_("Receded"), found.receded),
        (_("Deeper"), found.worse),
        (_("Shallower"), found.better),
    )
    made = []
    for word, areas in kinds:
        if areas:
            text = "; ".join(names.get(area, area) for area in areas[:_MOST_NAMED])
            more = len(areas) - _MOST_NAMED
            made.append((word, text + (" " + _("and {count} more", count=more) if more > 0 else "")))
    return made


def _sources(impact: Mapping[str, Any], role: str) -> str:
    files = impact["provenance"]["analysis_data"]["files"]
    return "; ".join(f"{one['title']}" for one in files if one["role"] == role)


def _cell(people: float | None, _: Language) -> str:
    return _("not known") if people is None else figures.people_cell(people, _.code)


def _count(people: float | None, _: Language) -> str:
    return _("not known") if people is None else figures.people_sentence(people, _.code)
