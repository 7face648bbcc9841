"""A flood as it is printed: every figure of its impact.json in words and digits of one language."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from siaga import dates, palette
from siaga.impact.flood import AFFECTED_FROM, CLASSES, DEPTHS_CM
from siaga.impact.floodtrend import Trend
from siaga.impact.stored.flood import FloodedVillage, FloodImpact
from siaga.language import Language
from siaga.moment import parse, time_zone_of
from siaga.report import figures, limits, words
from siaga.report.classed import tables
from siaga.report.listed import counted

MOST_ZONES, MOST_DEEPEST = 7, 6
_TIGHT = 3  # rows where room is scarce
MOST_ROWS = 92  # of neighbourhoods, in two columns
WORST_FIRST = tuple(reversed(CLASSES))
AFFECTED = CLASSES[AFFECTED_FROM - 1 :]

NAMES = {"1": "Use caution", "2": "Low", "3": "Medium", "4": "High"}
REGIONS = {"ID-JK": "Jakarta"}

Trends = Mapping[int, Trend | None]


class Neighbourhood(TypedDict):
    """A kelurahan as it is printed. code: None where its RWs have ids of another kind. cells: RWs by state."""

    name: str
    code: str | None
    state: str
    cells: list[str]
    people: str


class StateRow(tables.ClassRow):
    """A state as it is printed. areas: RWs."""

    depth: str
    areas: str


class PrintedFlood(tables.Frame):
    """Everything that a template needs, as text; tables as templates walk through them."""

    title: str
    when: str
    utc: str
    newest: str
    state: dict[str, str]
    chip: dict[str, str]
    how_bad: str
    classes: list[StateRow]
    affected: str
    affected_areas: str
    displaced: str
    where: str
    who: str
    zones: dict[str, object] | None
    numbers: dict[str, str]
    deepest: list[Neighbourhood]
    neighbourhoods: dict[str, object]
    neighbourhoods_answer: str
    trend: dict[str, object]
    needs: dict[str, object] | None
    prepare: str
    things: list[dict[str, object]]
    beyond: dict[str, object]
    colours: Mapping[str, str]
    depths: dict[str, str]


def printed(
    impact: FloodImpact, trends: Trends, _: Language, rows: int = MOST_ROWS, *, tight: bool = False
) -> PrintedFlood:
    """Everything a template needs, as text; lists of rows for tables.

    trends: per number of hours ago what changed since; None where that
    hour is not known. zones, rows: most of the tables of zones and of neighbourhoods.
    """
    found = counted(impact)
    named = neighbourhoods(impact["villages"], _)
    moment = parse(impact["event"]["time"])
    clock_zone = time_zone_of((impact["map"]["west"] or 106.8) if impact["map"]["areas"] else 106.8)
    state = impact["map"]["highest_class"]
    return {
        **tables.frame(
            impact,
            _("Flood impact report"),
            (
                impact["event_id"],
                f" · {dates.dated(moment, _.code, clock_zone)}",
            ),
            _method(_),
            _("An automatic estimate; check in the field before deciding. Scan for the newest figures of this hour."),
            _,
        ),
        "title": title(impact, _),
        "when": f"{figures.date(moment, clock_zone, _.code)}, {dates.clock(moment, clock_zone)}",
        "utc": dates.dated(moment, _.code, "UTC"),
        "newest": _newest(impact, moment, clock_zone, _),
        "state": {
            "code": f"state{state or 1}",
            "name": _(NAMES[state]).upper() if state else _("DRY"),
            "rank": _("state {state} of {count}", state=state, count=len(CLASSES)) if state else "",
            "depth": depth(state, _) if state else "",
        },
        "chip": {"code": f"state{state or 1}", "text": f"{_(NAMES[state])}, {depth(state, _)}" if state else _("DRY")},
        "how_bad": how_bad(impact, _),
        "classes": _classes(impact, _),
        "affected": tables.total(impact, AFFECTED, _),
        "affected_areas": figures.whole(sum(impact["map"]["areas_by_class"][name] for name in AFFECTED), _.code),
        "displaced": tables.people_text(impact["displaced"], _) if impact["displaced"] is not None else "",
        "where": where(named, _),
        "who": who(impact, _),
        "zones": tables.table(impact, found, WORST_FIRST, AFFECTED, _TIGHT if tight else MOST_ZONES, _),
        "numbers": {name: name for name in CLASSES},
        "deepest": named[: _TIGHT if tight else MOST_DEEPEST],
        "neighbourhoods": _cut(named, rows, _),
        "neighbourhoods_answer": _("{count} kelurahan with flooded RWs.", count=figures.whole(len(named), _.code)),
        "trend": trend(trends, _),
        "needs": tables.needs(impact, _),
        "prepare": prepare(impact, _),
        "things": tables.things(impact, _KINDS, WORST_FIRST, AFFECTED, _),
        "beyond": beyond(impact, _),
        "colours": palette.FLOOD,
        "depths": {name: depth(name, _) for name in CLASSES},
    }


_KINDS = (("structures", words.STRUCTURES), ("roads", words.ROADS))


def region_name(code: str) -> str:
    """The name of a region, where its code has one."""
    return REGIONS.get(code, code)


def region(impact: FloodImpact) -> str:
    """The name of the region: by its code, else by the city that most of its RWs name."""
    code = str(impact["event"]["region"])
    if code in REGIONS:
        return REGIONS[code]
    cities = Counter(area["city"] for area in impact["areas"] if area["city"])
    return str(cities.most_common(1)[0][0]) if cities else code


def title(impact: FloodImpact, _: Language) -> str:
    """What and where, in a few words."""
    return _("Flood in {region}", region=region(impact))


def depth(state: str, _: Language) -> str:
    """How deep the water is by PetaBencana's states."""
    lowest, highest = DEPTHS_CM[state]
    if lowest is None:
        return _("depth not known")
    first, last = figures.whole(lowest, _.code), "" if highest is None else figures.whole(highest, _.code)
    return f"{first}–{last} cm" if last else f"> {figures.whole(lowest - 1, _.code)} cm"


def how_bad(impact: FloodImpact, _: Language) -> str:
    """How many RWs are under water, and how deep the deepest are."""
    by_class = impact["map"]["areas_by_class"]
    count, state = sum(by_class[name] for name in AFFECTED), impact["map"]["highest_class"]
    if count == 0 or state is None:
        return _("No RW is flooded.") if state is None else _("No RW is known to be flooded.")
    if count == 1:
        return _("One RW is flooded, {depth} deep.", depth=depth(state, _))
    if by_class[state] == count:
        return _("{count} RWs are flooded, {depth} deep.", count=figures.whole(count, _.code), depth=depth(state, _))
    return _(
        "{count} RWs are flooded; {deepest} of them {depth} deep.",
        count=figures.whole(count, _.code),
        deepest=figures.whole(by_class[state], _.code),
        depth=depth(state, _),
    )


def neighbourhoods(villages: Sequence[FloodedVillage], _: Language) -> list[Neighbourhood]:
    """Kelurahan with RWs that have a state, the deepest first: name, number of RWs per state, affected people."""
    order = sorted(villages, key=lambda one: (*(-one["areas_by_class"][state] for state in WORST_FIRST), one["name"]))
    return [
        {
            "name": one["name"].title() or _("without a name"),
            "code": one["code"],
            "state": one["highest_class"],
            "cells": [figures.whole(one["areas_by_class"][state], _.code) for state in WORST_FIRST],
            "people": _("not known") if one["affected"] is None else figures.people_cell(one["affected"], _.code),
        }
        for one in order
    ]


def where(named: Sequence[Neighbourhood], _: Language) -> str:
    """The kelurahan with the deepest water."""
    if not named:
        return _("No kelurahan is flooded.")
    if int(named[0]["state"]) < AFFECTED_FROM:
        return _("No kelurahan is known to be flooded.")
    names = [one["name"] for one in named if one["state"] == named[0]["state"]]
    if len(names) == 1:
        return _("Deepest in {first}.", first=names[0])
    if len(names) == 2:
        return _("Deepest in {first} and {second}.", first=names[0], second=names[1])
    if len(names) == 3:
        return _("Deepest in {first}, {second} and {third}.", first=names[0], second=names[1], third=names[2])
    return _("Deepest in {first}, {second} and {more} more.", first=names[0], second=names[1], more=len(names) - 2)


def who(impact: FloodImpact, _: Language) -> str:
    """How many people live where it is flooded."""
    if impact["affected"] is None:
        return _("How many people live there is not known.")
    if impact["affected"] < 1:
        return _("By the population data nobody lives where it is flooded.")
    return _("{people} people live in flooded RWs.", people=figures.people_sentence(impact["affected"], _.code))


def prepare(impact: FloodImpact, _: Language) -> str:
    """The head of the planning figures."""
    if impact["displaced"] is None:
        return _("No planning figures: who lives there is not known.")
    if impact["displaced"] < 1:
        return _("No planning figures: nobody is likely to be displaced.")
    return _("Prepare for {people} displaced people.", people=tables.people_text(impact["displaced"], _))


def trend(trends: Trends, _: Language) -> dict[str, object]:
    """What changed since earlier hours: a row per hour, the sentence about the latest that is known."""
    rows: list[dict[str, object]] = []
    answer = ""
    for hours, one in sorted(trends.items()):
        name = _("1 hour ago") if hours == 1 else _("{hours} hours ago", hours=hours)
        if one is None:
            rows.append({"name": name, "cells": None})
            continue
        counts = [len(part) for part in (one.newly_flooded, one.receded, one.worse, one.better)]
        rows.append({"name": name, "cells": [figures.whole(count, _.code) for count in counts]})
        answer = answer or _change(name, counts, _)
    return {"rows": rows, "answer": answer or _("Nothing is known of earlier hours.")}


def _change(name: str, counts: Sequence[int], _: Language) -> str:
    new, receded, worse, better = counts
    if not any(counts):
        return _("Unchanged since {when}.", when=name)
    if new + worse > receded + better:
        return _("Worse than {when}.", when=name)
    if new + worse < receded + better:
        return _("Better than {when}.", when=name)
    return _("About as {when}.", when=name)


def beyond(impact: FloodImpact, _: Language) -> dict[str, object]:
    """What is not in the figures."""
    missing = []
    if impact["structures"] is None:
        missing.append(_("No structures are installed; how many buildings are under water is not known."))
    if impact["roads"] is None:
        missing.append(_("No roads are installed; how many kilometres are under water is not known."))
    return {
        "lead": _("Deaths, disease, current, loss in money, water that nobody reported."),
        "checks": [
            _("PetaBencana's states hold for whole RWs: not everybody in an RW has water in the house."),
            _("State 1 means caution: its depth is not known, and its people are not counted as affected."),
        ],
        "missing": missing,
    }


def _classes(impact: FloodImpact, _: Language) -> list[StateRow]:
    """A row per state, the highest first: depth, RWs, people."""
    people = tables.people(impact, CLASSES, _)
    return [
        {
            "code": name,
            "name": _(NAMES[name]),
            "depth": depth(name, _),
            "areas": figures.whole(impact["map"]["areas_by_class"][name], _.code),
            "people": people[name]["people"] if people else _("not known"),
            "bar": people[name]["bar"] if people else 0,
            "own": name == impact["map"]["highest_class"],
        }
        for name in WORST_FIRST
    ]


def _cut(named: Sequence[Neighbourhood], most: int, _: Language) -> dict[str, object]:
    """The table of kelurahan in two columns; how many are left out of it."""
    shown = list(named[:most])
    half = (len(shown) + 1) // 2
    return {
        "columns": [shown[:half], shown[half:]] if shown else [],
        "more": len(named) - len(shown),
    }


def _newest(impact: FloodImpact, moment: datetime, clock_zone: str, _: Language) -> str:
    """When the newest state was set, as a part of a line."""
    if not impact["event"]["last_updated"]:
        return _("no time of the states is told")
    set_at = parse(impact["event"]["last_updated"])
    same = figures.date(set_at, clock_zone, _.code) == figures.date(moment, clock_zone, _.code)
    day = "" if same else f"{dates.short(set_at, _.code, clock_zone)}, "
    return _("newest state set {when}", when=day + dates.clock(set_at, clock_zone))


def _method(_: Language) -> str:
    return _(
        "States by PetaBencana, whole RWs, the higher one where they overlap. People: cells on borders shared by "
        "area. Displaced: {percents}% of states {states} (InaSAFE's rule). Needs: BNPB Perka 7/2008. Rounded in "
        "print alone, each figure by itself.",
        percents=limits.of(_).percents,
        states=limits.of(_).states,
    )
