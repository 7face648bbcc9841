"""A report as it is printed: every figure of impact.json in words and digits of one language.

The web's event page shows the same, so that list, page, phone and paper never differ.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from siaga.impact.fatality import LEVELS
from siaga.impact.mmi import COLOURS, ROMAN
from siaga.language import Language
from siaga.report import axis, figures, sentences
from siaga.report.sentences import short

ROWS = ((10, 10), (9, 9), (8, 8), (7, 7), (6, 6), (5, 5), (2, 4), (1, 1))
DAMAGING = 6
_MOST_ROWS = 12
_BOUNDS = {"green": "0", "yellow": "1–99", "orange": "100–999", "red": "1000"}
_MODELS = {"siaga": "Siaga", "pager": "PAGER", "itb": "ITB", "itb-bayesian": "ITB Bayes"}
_NEED_NAMES = {
    "rice_kg_week": ("Rice", "2.8 kg per person", "kg"),
    "drinking_water_l_week": ("Drinking water", "17.5 l per person", "l"),
    "clean_water_l_week": ("Clean water", "67 l per person", "l"),
    "family_kits_week": ("Family kits", "0.2 per person", ""),
    "hygiene_packs_week": ("Hygiene packs", "0.39 per person", ""),
    "toilets": ("Toilets (once)", "0.05 per person", ""),
}


def printed(impact: Mapping[str, Any], _: Language) -> dict[str, Any]:
    """Everything a template needs, as text; lists of rows for tables."""
    districts = finest(impact["zones"])
    ranked = _ranked(impact, districts)
    rounded = _rounded(ranked)
    return {
        "language": _.code,
        "title": sentences.title(impact, _),
        "location": sentences.location(impact, _),
        "time": _time(impact, districts, _),
        "depth": f"{figures.whole(impact['event']['depth_km'], _.code)} km",
        "magnitude": figures.decimal(impact["event"]["magnitude"], 1, _.code),
        "coordinates": figures.coordinates(impact["event"]["longitude"], impact["event"]["latitude"], _.code),
        "source": impact["event"]["originator"] if impact["event"]["originator"].upper() not in ("", "US") else "BMKG",
        "version": _version(impact, districts, _),
        "level": _level(impact, _),
        "how_bad": sentences.how_bad(impact, _),
        "where": sentences.where(impact, districts, _),
        "who": sentences.who(impact, _),
        "classes": _classes(impact, _),
        "which_districts": sentences.which_districts(ranked, impact, _),
        "worst": _worst(ranked, rounded, _),
        "how_sure": sentences.how_sure(impact, _),
        "models": _models(impact, _),
        "table": _table(ranked, rounded, impact, _),
        "planning": _planning(impact, _),
        "towns": _towns(impact, _),
        "warnings": [_.reason(reason) for reason in impact["warnings"]],
        "note": _.reason(impact["people"]["note"]),
        "drill": impact["drill"],
        "demonstration": any(file["demonstration"] for file in impact["provenance"]["analysis_data"]["files"]),
        "sources": _sources(impact, _),
        "provenance": impact["provenance"],
        "shallow": impact["event"]["depth_km"] <= 70,
    }


def finest(zones: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The zones of the level that has most of them."""
    by_level: dict[Any, list[Mapping[str, Any]]] = {}
    for zone in zones:
        by_level.setdefault(zone["level"], []).append(zone)
    return max(by_level.values(), key=len, default=[])


def time_zone(impact: Mapping[str, Any], districts: Sequence[Mapping[str, Any]]) -> str:
    """WIB, WITA or WIT at the epicentre: of the landmark's district where that is known."""
    place = impact["places"]["landmark"]
    code = next((zone["code"] for zone in districts if place and zone["name"] == place["zone"]), "")
    return figures.zone_of(impact["event"]["longitude"], str(code)[:2])


def _time(impact: Mapping[str, Any], districts: Sequence[Mapping[str, Any]], _: Language) -> dict[str, str]:
    utc = figures.parse_utc(impact["event"]["time"])
    zone = time_zone(impact, districts)
    main, others = figures.moment(utc, zone, _.code)
    return {"main": main, "others": others, "zone": zone, "iso": impact["event"]["time"]}


def _version(impact: Mapping[str, Any], districts: Sequence[Mapping[str, Any]], _: Language) -> dict[str, str]:
    kind = _("corrected") if impact["source_type"] == "corrected" else _("initial")
    made = impact["event"]["process_time"]
    said = {"name": _("Version {number}", number=impact["version_number"]), "kind": kind, "made": "", "age": ""}
    if made:
        utc, quake = figures.parse_utc(made), figures.parse_utc(impact["event"]["time"])
        zone = time_zone(impact, districts)
        same = figures.date(utc, zone, _.code) == figures.date(quake, zone, _.code)
        day = "" if same else f"{figures.date(utc, zone, _.code, weekday=False)}, "
        said["made"] = _("map made {when}", when=day + figures.clock(utc, zone))
        minutes = round((utc - quake).total_seconds() / 60)
        if 0 <= minutes < 240:
            said["age"] = _("{minutes} minutes after the quake", minutes=minutes)
    return said


def _level(impact: Mapping[str, Any], _: Language) -> dict[str, Any]:
    level, exact = impact["alert"]["level"], impact["alert"]["probability"]
    model = _MODELS[impact["alert"]["model"]]
    if level is None:
        return {
            "code": "none",
            "model": model,
            "name": _("NOT KNOWN"),
            "rank": "",
            "chance": "",
            "likely": "",
            "help": _("Ask for reports from the field."),
            "bars": [],
        }
    whole = figures.percentages(exact)
    own = impact["fatalities"][impact["alert"]["model"]]
    chance = figures.percent(*figures.reaching(level, exact), _.code)
    return {
        "code": level,
        "model": model,
        "name": _(sentences.LEVELS[level]),
        "rank": _("{rank} of 4", rank=LEVELS.index(level) + 1),
        "chance": _("chance {chance}", chance=chance),
        "help": _(sentences.HELP[level]),
        "bars": [
            {
                "code": name,
                "name": _(sentences.LEVELS[name]),
                "bounds": _("1,000 or more") if name == "red" else _BOUNDS[name],
                "percent": whole[name],
                "text": figures.percent(whole[name], exact[name], _.code),
                "own": name == level,
            }
            for name in LEVELS
        ],
        "likely": figures.deaths_range(own["p25"], own["p75"], _.code),
        "wide": figures.deaths_range(own["p05"], own["p95"], _.code),
        "median": figures.deaths(own["median"], _.code),
    }


def _classes(impact: Mapping[str, Any], _: Language) -> dict[str, Any] | None:
    by_mmi = impact["people"]["by_mmi"]
    if impact["people"]["total"] is None:
        return None
    rows, total = [], 0
    most = max(sum(by_mmi[str(mmi)] for mmi in range(low, high + 1)) for low, high in ROWS) or 1.0
    for low, high in ROWS:
        people = sum(by_mmi[str(mmi)] for mmi in range(low, high + 1))
        if people == 0 and low in (10, 1):
            continue
        total += figures.to_hundred(people)
        rows.append(
            {
                "roman": ROMAN[low] if low == high else f"{ROMAN[low]}–{ROMAN[high]}",
                "mmi": high,
                "colour": COLOURS[high],
                "shaking": _(sentences.SHAKING[low]) if low == high else _("weak to light"),
                "damage": _(sentences.DAMAGE[high]),
                "people": figures.people_cell(people, _.code),
                "bar": round(people / most * 100, 2),
            }
        )
    return {"rows": rows, "total": figures.whole(total, _.code)}


def _ranked(impact: Mapping[str, Any], districts: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], float]]:
    """Districts and their share of the expected deaths; the worst first."""
    total = sum(zone["fatalities"]["pager"]["expected"] for zone in districts) or 1.0
    if impact["people"]["total"] is None:
        return []

    def order(zone: Mapping[str, Any]) -> tuple[float, ...]:
        strongest = tuple(-float(zone["by_mmi"][str(mmi)]) for mmi in range(10, 0, -1))
        return -zone["fatalities"]["pager"]["expected"], *strongest

    return [(zone, zone["fatalities"]["pager"]["expected"] / total) for zone in sorted(districts, key=order)]


def _rounded(ranked: Sequence[tuple[Mapping[str, Any], float]]) -> list[list[int]]:
    """People per district and group of ROWS, to 100; each column adds up to its sum on page 1."""
    columns = [figures.hundreds([_sum(zone, group) for zone, _share in ranked]) for group in ROWS]
    return [list(row) for row in zip(*columns, strict=True)]


def _worst(
    ranked: Sequence[tuple[Mapping[str, Any], float]], rounded: Sequence[Sequence[int]], _: Language
) -> dict[str, Any]:
    """The six worst districts: stacked bars of the people at MMI VI and above."""
    lowest = DAMAGING if any(_above(zone, DAMAGING) for zone, _share in ranked[:6]) else 2
    shown = [(zone, share) for zone, share in ranked[:6] if _above(zone, lowest)]
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
                    sum(cell for cell, (low, _high) in zip(cells, ROWS, strict=True) if low >= base),
                    _above(zone, base),
                    _,
                ),
                "share": figures.percent(round(share * 100), share, _.code),
            }
            for (zone, share), cells in zip(shown, rounded, strict=False)
        ],
    }


def _above(zone: Mapping[str, Any], lowest: int) -> float:
    return float(sum(zone["by_mmi"][str(mmi)] for mmi in range(lowest, 11)))


def _models(impact: Mapping[str, Any], _: Language) -> list[dict[str, Any]]:
    if impact["fatalities"] is None:
        return []
    rows = []
    for name, one in impact["fatalities"].items():
        whole = figures.percentages(one["probability"])
        rows.append(
            {
                "name": _MODELS[name],
                "own": name == impact["alert"]["model"],
                "median": figures.deaths(one["median"], _.code),
                "wide": figures.deaths_range(one["p05"], one["p95"], _.code),
                "level": _(sentences.LEVELS[one["alert"]]),
                "probability": [{"code": level, "percent": whole[level]} for level in LEVELS],
                "axis": axis.mark(one),
            }
        )
    return sorted(rows, key=lambda row: not row["own"])


def _table(
    ranked: Sequence[tuple[Mapping[str, Any], float]],
    rounded: Sequence[Sequence[int]],
    impact: Mapping[str, Any],
    _: Language,
) -> dict[str, Any]:
    """District × MMI, as many rows as matter, the rest summed; totals from the printed cells."""
    used = [number for number, group in enumerate(ROWS) if any(_sum(zone, group) > 0 for zone, _share in ranked)]
    if not used:
        return {"heads": [], "rows": [], "total": None, "answer": ""}
    lines = [(short(zone["name"]), share, [zone], cells) for (zone, share), cells in zip(ranked, rounded, strict=True)]
    if len(lines) > _MOST_ROWS:
        rest = lines[_MOST_ROWS - 2 :]
        share = sum(line[1] for line in rest)
        summed = [sum(column) for column in zip(*(line[3] for line in rest), strict=True)]
        others = (_("{count} others", count=len(rest)), share, [zone for line in rest for zone in line[2]], summed)
        lines = [*lines[: _MOST_ROWS - 2], others]
    totals = [sum(column) for column in zip(*(line[3] for line in lines), strict=True)]
    everyone = [zone for zone, _share in ranked]
    all_deaths = 1.0 if impact["fatalities"]["pager"]["expected"] > 0 else 0.0
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
        "share": figures.percent(round(share * 100), share, _.code),
    }


def _cell(rounded: int, people: float, _: Language) -> str:
    """A rounded cell; a few people are not nobody."""
    return "<100" if rounded == 0 and people > 0 else figures.whole(rounded, _.code)


def _sum(zone: Mapping[str, Any], group: tuple[int, int]) -> float:
    return float(sum(zone["by_mmi"][str(mmi)] for mmi in range(group[0], group[1] + 1)))


def _planning(impact: Mapping[str, Any], _: Language) -> dict[str, Any] | None:
    plan = impact["planning"]
    if plan is None or plan["upper"]["people"] < 1:
        return None
    base, upper = plan["base"], plan["upper"]
    rows = []
    for need, (name, standard, unit) in _NEED_NAMES.items():
        columns = [_need(one["needs"][need], unit, _) for one in (base, upper)]
        rows.append({"name": _(name), "standard": _(standard), "base": columns[0], "upper": columns[1]})
    groups = upper["groups"] if base["people"] < 1 else base["groups"]
    return {
        "answer": sentences.prepare_for(base["people"], _),
        "base": figures.people_cell(base["people"], _.code),
        "upper": figures.people_sentence(upper["people"], _.code),
        "rows": rows,
        "of": figures.people_sentence(upper["people"] if base["people"] < 1 else base["people"], _.code),
        "groups": [
            (_(label), figures.people_cell(groups[name], _.code))
            for name, label in (
                ("infant", "children under 5"),
                ("elderly", "elderly (65+)"),
                ("pregnant", "pregnant"),
                ("lactating", "breastfeeding"),
                ("disabled", "disabled"),
            )
        ],
    }


def _need(number: float, unit: str, _: Language) -> str:
    if unit == "kg" and number >= 1000:
        return f"{figures.amount(number / 1000, _.code)}\u00a0{_('t')}"
    return figures.amount(number, _.code) + (f"\u00a0{unit}" if unit else "")


def _towns(impact: Mapping[str, Any], _: Language) -> dict[str, Any]:
    shown = impact["places"]["most_shaken"][:9]
    return {
        "answer": sentences.towns(shown, _),
        "rows": [
            {
                "name": place["name"],
                "zone": short(place["zone"]),
                "mmi": (mmi := min(10, max(1, round(place["mmi"])))),
                "roman": ROMAN[mmi],
                "colour": COLOURS[mmi],
                "distance": f"{figures.whole(place['distance_km'], _.code)}\u00a0km",
                "direction": _(sentences.WINDS[place["direction"]]),
                "people": figures.whole(max(1, place["population"] / 1000), _.code)
                if place["population"]
                else _("not known"),
            }
            for place in shown
        ],
    }


def _sources(impact: Mapping[str, Any], _: Language) -> dict[str, str]:
    files = {file["role"]: file for file in impact["provenance"]["analysis_data"]["files"]}
    population = files.get("population")
    return {
        "population": f"{_(population['title'])} ({population['year']})" if population else _("none installed"),
        "zones": _(files["zones"]["title"]) if "zones" in files else _("none installed"),
        "grid": f"{impact['map']['rows']} × {impact['map']['columns']}",
    }
