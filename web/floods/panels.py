"""One flooded hour's page: its figures by state, its neighbourhoods, what changed, since when they are under water."""

from collections.abc import Mapping, Sequence

from siaga import dates, keys
from siaga.impact.flood import AFFECTED_FROM, CLASSES
from siaga.impact.floodtrend import HOURS_AGO, Trend
from siaga.impact.stored.flood import FloodedArea, FloodImpact
from siaga.language import Language
from siaga.report import figures
from siaga.report.classed import flood, tables
from web.floods import listing
from web.index import floods
from web.index.floods import FloodIndex

_MOST_ROWS = 40
_MOST_NAMED = 8


def when(asked: keys.Snapshot, _: Language) -> dict[str, str]:
    """An hour as it is printed: day and clock in WIB, clock in UTC."""
    utc = asked.hour
    return {
        "clock": dates.clock(utc, listing.TIME_ZONE),
        "day": figures.date(utc, listing.TIME_ZONE, _.code),
        "utc": dates.clock(utc, "UTC"),
        "short": dates.dated(utc, _.code, listing.TIME_ZONE),
    }


def shown(index: FloodIndex, impact: FloodImpact, asked: keys.Snapshot, _: Language) -> dict[str, object]:
    """What the page says of an analysis. asked: the hour of the page, which may have the states of an earlier one."""
    areas = impact["areas"]
    states = {area["geom_id"]: area["state"] for area in areas}
    names = {area["geom_id"]: f"{area['name']}, {area['parent']}" for area in areas}
    number = floods.number(asked.hour)
    known = {area: f"{name}, {parent}" for area, (name, parent) in index.names(asked.region).items()} | names
    wet = [area for area in areas if area["state"] >= AFFECTED_FROM]
    changes = [listing.compared(index, asked.region, number, back, states, _) for back in HOURS_AGO]
    for change in changes:
        change["named"] = _named(change["trend"], known, _) if "trend" in change else []
    people = impact["people"]
    return {
        "asked": str(asked),
        "when": when(asked, _),
        "wet": figures.whole(len(wet), _.code),
        "parents": figures.whole(len({area["parent"] for area in wet}), _.code),
        "affected": tables.people_text(impact["affected"], _),
        "displaced": tables.people_text(impact["displaced"], _),
        "highest": impact["map"]["highest_class"],
        "depths": listing.depths(_),
        "classes": _classes(impact, _),
        "assets": {"structures": impact["structures"] is not None, "roads": impact["roads"] is not None},
        "note": _.reason(people["note"]),
        "warnings": [_.reason(one) for one in impact["warnings"]],
        "changes": changes,
        "kelurahan": flood.neighbourhoods(impact["villages"], _),
        "zones": tables.listing(impact, list(reversed(CLASSES)), _MOST_ROWS, _),
        "needs": tables.needs(impact, _),
        "episodes": _episodes(index, asked.region, number, wet, _),
        "provenance": impact["provenance"],
        "sources": tables.sources(impact, _),
    }


def _classes(impact: FloodImpact, _: Language) -> list[dict[str, object]]:
    """A row per state, the deepest first; what stands there is "" where no such layer is installed."""
    people = tables.people(impact, CLASSES, _)
    structures, roads = (
        tables.things_by_class(impact, key, CLASSES, flood.AFFECTED, _) for key in ("structures", "roads")
    )
    return [
        {
            "state": name,
            "depth": flood.depth(name, _),
            "areas": figures.whole(impact["map"]["areas_by_class"][name], _.code),
            "people": people[name]["people"] if people else _("not known"),
            "structures": structures.get(name, ""),
            "roads": roads.get(name, ""),
        }
        for name in reversed(CLASSES)
    ]


def _episodes(
    index: FloodIndex, region: str, number: int, wet: Sequence[FloodedArea], _: Language
) -> list[dict[str, object]]:
    """Since when each RW is under water, the longest first."""
    runs = index.runs_at(region, number)
    found = sorted(
        ((area, runs[area["geom_id"]]) for area in wet if area["geom_id"] in runs),
        key=lambda item: (item[1].first, -item[0]["state"], item[0]["geom_id"]),
    )
    made = []
    for area, run in found[:_MOST_ROWS]:
        hours = number - floods.number(run.first) + 1
        made.append(
            {
                "name": area["name"],
                "parent": area["parent"],
                "state": area["state"],
                "since": listing.moment_text(run.first, _),
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
