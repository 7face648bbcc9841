"""A flood or an ash fall as a workbook (XLSX): zones by level, people, areas or towns, needs, sources."""

from collections.abc import Mapping, Sequence

from siaga.impact.stored import ClassedImpact
from siaga.impact.stored.classed import ClassedAmounts, ClassedZone
from siaga.impact.stored.head import Plan
from siaga.language import Language
from siaga.report import listed, workbook
from siaga.report.workbook import PRECISE, WHOLE, Worksheets, sources

Columns = tuple[tuple[str, str], ...]  # key in impact.json, number format

_AREAS: Columns = (("geom_id", ""), ("city", ""), ("parent", ""), ("name", ""), ("state", WHOLE), ("people", WHOLE))
_VILLAGES: Columns = (("code", ""), ("name", ""), ("highest_class", ""), ("people", WHOLE), ("affected", WHOLE))
_VILLAGES += (("displaced", WHOLE),)
_TOWNS: Columns = (("name", ""), ("zone", ""), ("population", WHOLE), ("class", ""), ("thickness_cm", PRECISE))
_TOWNS += (("distance_km", PRECISE), ("longitude", PRECISE), ("latitude", PRECISE))
_AIRPORTS = (("name", ""), ("code", ""), *_TOWNS[3:])


def make(impact: ClassedImpact, languages: Sequence[Language]) -> bytes:
    """zones.xlsx of one impact.json. Numbers are unrounded; what is unknown stays an empty cell."""

    def fill(worksheets: Worksheets) -> None:
        _zones(worksheets, impact)
        _people(worksheets, impact)
        for name, fields, rows in _lists(impact):
            if rows:
                worksheets.add(worksheets.both(name), fields, [[row[field] for field, _form in fields] for row in rows])
        _needs(worksheets, impact["planning"])
        sources(worksheets, impact, impact["event"], "input")

    return workbook.make(impact, languages, fill)


def _lists(impact: ClassedImpact) -> list[tuple[str, Columns, Sequence[Mapping[str, object]] | None]]:
    """What else is listed: the name of its worksheet, its columns, its rows; None where it is not installed."""
    if impact["hazard"] == "flood":
        return [("RW", _AREAS, impact["areas"]), ("Kelurahan", _VILLAGES, impact["villages"])]
    return [("Towns", _TOWNS, impact["places"]), ("Airports", _AIRPORTS, impact["airports"])]


def _zones(worksheets: Worksheets, impact: ClassedImpact) -> None:
    classes = list(impact["people"]["by_class"])
    columns = [(worksheets.both("People"), WHOLE), *((name, WHOLE) for name in classes)]
    columns += [(worksheets.both("Affected"), WHOLE), (worksheets.both("Displaced, planning figure"), WHOLE)]

    def cells(one: ClassedZone | ClassedAmounts) -> list[object]:
        return [one["people"], *(one["by_class"][name] for name in classes), one["affected"], one["displaced"]]

    table, rest = impact.get("table"), listed.outside(impact)
    zones = [(zone, cells(zone)) for zone in impact["zones"]]
    worksheets.zones(columns, zones, (table["level"], cells(rest)) if table and rest else None)


def _people(worksheets: Worksheets, impact: ClassedImpact) -> None:
    people = impact["people"]
    rows = [[name, count] for name, count in people["by_class"].items()]
    rows += [[worksheets.both("Total"), people["total"]], [worksheets.both("Affected"), impact["affected"]]]
    worksheets.add(
        worksheets.both("People"), [(worksheets.both("class"), ""), (worksheets.both("People"), WHOLE)], rows
    )


def _needs(worksheets: Worksheets, plan: Plan | None) -> None:
    columns = [(worksheets.both("Planning figure"), ""), (worksheets.both("People"), WHOLE)]
    rows: list[list[object]] = []
    if plan is not None:
        rows.append([worksheets.both("Displaced, planning figure"), plan["people"]])
        rows += [[name, amount] for part in ("needs", "groups") for name, amount in plan[part].items()]
    worksheets.add(worksheets.both("Needs"), columns, rows)
