"""All zones of a quake as one table: one of their levels, searched and sorted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from siaga import palette
from siaga.impact.mmi import CLASSES, ROMAN
from siaga.impact.stored.earthquake import EarthquakeImpact, EarthquakeZone
from siaga.language import Language
from siaga.report import figures, listed
from siaga.report.earthquake.districts import DAMAGING
from siaga.report.words import short
from web.levels import level_name

SORTS = ("deaths", "strong", "people", "name")
_MODEL = "pager"  # the model whose deaths are shared out among the zones


@dataclass(frozen=True, slots=True)
class Wanted:
    """level: of the zones, "" for the one that reports list. text: part of a name or code. sort: of SORTS."""

    level: str = ""
    text: str = ""
    sort: str = SORTS[0]


def levels(impact: EarthquakeImpact) -> list[str]:
    """The levels that its zones have, in the order in which they stand there; "" for zones without one."""
    return list(dict.fromkeys(zone["level"] or "" for zone in impact["zones"]))


def shown_level(impact: EarthquakeImpact, wanted: Wanted) -> str:
    """The level that is wanted, else the one that reports list."""
    if wanted.level in levels(impact):
        return wanted.level
    return next((zone["level"] or "" for zone in listed.all_of(impact)), "")


def chosen(impact: EarthquakeImpact, wanted: Wanted) -> list[EarthquakeZone]:
    """Those zones, the first to be shown first; of those of whom nothing is known, the last."""
    level = shown_level(impact, wanted)
    words = wanted.text.casefold().split()
    found = [
        zone
        for zone in impact["zones"]
        if (zone["level"] or "") == level and all(word in _searched(zone) for word in words)
    ]
    return sorted(found, key=lambda zone: _order(zone, wanted.sort))


def table(impact: EarthquakeImpact, wanted: Wanted, _: Language) -> dict[str, object]:
    """What the page prints of them: a column for each class that somebody is in, the strongest first."""
    zones = chosen(impact, wanted)
    used = [mmi for mmi in reversed(CLASSES) if any((zone["by_mmi"][str(mmi)] or 0) > 0 for zone in zones)]
    names = {zone["code"]: short(zone["name"]) for zone in impact["zones"]}
    return {
        "heads": [{"mmi": mmi, "roman": ROMAN[mmi], "colour": palette.MMI[mmi]} for mmi in used],
        "rows": [_row(zone, used, names, _) for zone in zones],
        "levels": [(level, level_name(level, _)) for level in levels(impact)],
        "level": shown_level(impact, wanted),
    }


def _row(zone: EarthquakeZone, used: Sequence[int], names: Mapping[str, str], _: Language) -> dict[str, object]:
    """One line. names: of all zones by their codes, of which a parent is one."""

    def cell(people: float | None) -> str:
        return _("not known") if people is None else figures.people_cell(people, _.code)

    deaths = _deaths(zone)
    return {
        "code": zone["code"],
        "name": listed.named(short(zone["name"]), zone, _),
        "parent": listed.parent_name(zone["parent"], names),
        "people": cell(zone["people"]),
        "cells": [cell(zone["by_mmi"][str(mmi)]) for mmi in used],
        "strong": cell(_strong(zone["by_mmi"])),
        "deaths": _("not known") if deaths is None else figures.deaths(deaths, _.code),
    }


def _strong(by_mmi: Mapping[str, float | None]) -> float | None:
    """People at MMI VI and above; None where they are not known."""
    people = [by_mmi[str(mmi)] for mmi in range(DAMAGING, CLASSES[-1] + 1)]
    return None if None in people else sum(one for one in people if one is not None)


def _deaths(zone: EarthquakeZone) -> float | None:
    return zone["fatalities"][_MODEL]["expected"] if _MODEL in zone["fatalities"] else None


def _searched(zone: EarthquakeZone) -> str:
    return f"{zone['code']} {zone['name']} {zone['parent'] or ''}".casefold()


def _order(zone: EarthquakeZone, sort: str) -> tuple[object, ...]:
    figures_of = {"deaths": _deaths(zone), "strong": _strong(zone["by_mmi"]), "people": zone["people"]}
    rest = zone["name"].casefold(), zone["code"]
    if sort not in figures_of:
        return rest
    figure = figures_of[sort]
    people = -1.0 if zone["people"] is None else zone["people"]
    return figure is None, -(figure or 0.0), -(_strong(zone["by_mmi"]) or 0.0), -people, *rest
