"""A flood or an ash fall as a workbook (XLSX): zones by level, people, areas or towns, needs, sources."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from siaga.language import Language
from siaga.report.workbook import NO_CLOCK, PRECISE, WHOLE, Sheets, sources

Columns = tuple[tuple[str, str], ...]  # key in impact.json, number format

_AREAS: Columns = (("geom_id", ""), ("city", ""), ("parent", ""), ("name", ""), ("state", WHOLE), ("people", WHOLE))
_VILLAGES: Columns = (("code", ""), ("name", ""), ("highest_class", ""), ("people", WHOLE), ("affected", WHOLE))
_VILLAGES += (("displaced", WHOLE),)
_TOWNS: Columns = (("name", ""), ("zone", ""), ("population", WHOLE), ("class", ""), ("thickness_cm", PRECISE))
_TOWNS += (("distance_km", PRECISE), ("longitude", PRECISE), ("latitude", PRECISE))
_AIRPORTS = (("name", ""), ("code", ""), *_TOWNS[3:])
_LISTS: tuple[tuple[str, str, Columns], ...] = (("areas", "RW", _AREAS), ("villages", "Kelurahan", _VILLAGES))
_LISTS += (("places", "Towns", _TOWNS), ("airports", "Airports", _AIRPORTS))


def make(impact: Mapping[str, Any], languages: Sequence[Language]) -> bytes:
    """zones.xlsx of one impact.json. Numbers are unrounded; what is unknown stays an empty cell."""
    body = io.BytesIO()
    book = xlsxwriter.Workbook(body, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": NO_CLOCK, "title": impact["event_id"], "comments": impact["version"]})
    sheets = Sheets(book, languages)
    _zones(sheets, impact)
    _people(sheets, impact)
    for key, name, fields in _LISTS:
        rows = impact.get(key) or []
        if rows:
            sheets.add(sheets.both(name), fields, [[row[field] for field, _form in fields] for row in rows])
    _needs(sheets, impact["planning"])
    sources(sheets, impact, impact["event"], "input")
    book.close()
    return body.getvalue()


def _zones(sheets: Sheets, impact: Mapping[str, Any]) -> None:
    classes = list(impact["people"]["by_class"])
    columns = [(sheets.both("Code"), ""), (sheets.both("Name"), ""), (sheets.both("Above"), "")]
    columns += [(sheets.both("People"), WHOLE), *((name, WHOLE) for name in classes)]
    columns += [(sheets.both("Affected"), WHOLE), (sheets.both("Displaced, planning figure"), WHOLE)]
    for level, zones in sheets.levels(impact):
        rows = [
            [
                *(zone["code"], zone["name"], zone["parent"], zone["people"]),
                *(zone["by_class"][name] for name in classes),
                *(zone["affected"], zone["displaced"]),
            ]
            for zone in zones
        ]
        name = sheets.both("Zones")
        sheets.add(f"{level} {name}" if level else name, columns, rows)


def _people(sheets: Sheets, impact: Mapping[str, Any]) -> None:
    people = impact["people"]
    rows = [[name, count] for name, count in people["by_class"].items()]
    rows += [[sheets.both("Total"), people["total"]], [sheets.both("Affected"), impact["affected"]]]
    sheets.add(sheets.both("People"), [(sheets.both("class"), ""), (sheets.both("People"), WHOLE)], rows)


def _needs(sheets: Sheets, plan: Mapping[str, Any] | None) -> None:
    columns = [(sheets.both("Planning figure"), ""), (sheets.both("People"), WHOLE)]
    rows: list[list[Any]] = []
    if plan is not None:
        rows.append([sheets.both("Displaced, planning figure"), plan["people"]])
        rows += [[name, amount] for part in ("needs", "groups") for name, amount in plan[part].items()]
    sheets.add(sheets.both("Needs"), columns, rows)
