"""The figures as a workbook (XLSX): zones by level, people by MMI, models, planning figures, sources.

Numbers are unrounded; their formats round what is seen. Headings stand in both languages.
"""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

from siaga.impact.mmi import CLASSES, ROMAN
from siaga.language import Language
from siaga.report import listed

WHOLE, PRECISE, _SHARE = "#,##0", "#,##0.00", "0.0%"
NO_CLOCK = datetime(2000, 1, 1)  # the same figures must give the same bytes
_LONGEST_NAME = 31  # of a worksheet, in Excel
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")
_MODELS = ("pager", "itb", "itb-bayesian")
_EVENT = ("time", "magnitude", "depth_km", "longitude", "latitude", "description")
_QUANTILES = ("expected", "median", "p05", "p10", "p25", "p75", "p90", "p95")


def make(impact: Mapping[str, Any], languages: Sequence[Language]) -> bytes:
    """zones.xlsx of one impact.json."""
    body = io.BytesIO()
    book = xlsxwriter.Workbook(body, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": NO_CLOCK, "title": impact["event_id"], "comments": impact["version"]})
    worksheets = Worksheets(book, languages)
    _zones(worksheets, impact)
    _people(worksheets, impact)
    _fatalities(worksheets, impact)
    _planning(worksheets, impact["planning"])
    sources(worksheets, impact, {name: impact["event"][name] for name in _EVENT}, "grid.xml")
    book.close()
    return body.getvalue()


class Worksheets:
    """Sheets with a frozen row of headings."""

    def __init__(self, book: Any, languages: Sequence[Language]) -> None:
        self._book, self._languages = book, languages
        self._used: set[str] = set()
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._formats = {form: book.add_format({"num_format": form}) for form in (WHOLE, PRECISE, _SHARE)}

    def both(self, words: str, **values: object) -> str:
        """In every language, once where they agree."""
        said = dict.fromkeys(_(words, **values) for _ in self._languages)
        return " / ".join(said)

    def levels(self, impact: Mapping[str, Any]) -> list[tuple[str | None, list[Mapping[str, Any]]]]:
        """The zones of each level; after those that tables list, a row of the people in none of them."""
        found: dict[Any, list[Mapping[str, Any]]] = {}
        for zone in impact["zones"]:
            found.setdefault(zone["level"], []).append(zone)
        if rest := listed.outside(impact):
            row = {"code": "", "name": self.both(listed.OUTSIDE), "parent": "", **rest}
            found.setdefault(impact["table"]["level"], []).append(row)
        return list(found.items()) or [(None, [])]

    def _name(self, wanted: str) -> str:
        """A name that Excel takes: short, without its forbidden marks, not used yet."""
        plain = _FORBIDDEN.sub(" ", wanted.replace(" / ", ", ")).strip(" '")
        name, number = plain[:_LONGEST_NAME], 2
        while name.lower() in self._used:
            name, number = f"{plain[: _LONGEST_NAME - 4]} {number}", number + 1
        self._used.add(name.lower())
        return name

    def add(self, name: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> None:
        """columns: heading and number format, "" for texts. What is unknown (None) stays an empty cell."""
        worksheet = self._book.add_worksheet(self._name(name))
        worksheet.freeze_panes(1, 0)
        for column, (heading, form) in enumerate(columns):
            worksheet.write_string(0, column, heading, self._head)
            texts = [str(row[column] or "") for row in rows] if not form else []
            width = min(60, max([14, *(len(text) for text in texts)]))
            worksheet.set_column(column, column, width, self._formats.get(form))
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    worksheet.write_string(number, column, value)
                elif value is not None:
                    worksheet.write_number(number, column, value)
        if rows:
            worksheet.autofilter(0, 0, len(rows), len(columns) - 1)


def _zones(worksheets: Worksheets, impact: Mapping[str, Any]) -> None:
    columns = [(worksheets.both("Code"), ""), (worksheets.both("Name"), ""), (worksheets.both("Above"), "")]
    columns += [(worksheets.both("People"), WHOLE), *((f"MMI {ROMAN[mmi]}", WHOLE) for mmi in CLASSES)]
    columns += [
        (worksheets.both("Affected, MMI II and above"), WHOLE),
        (worksheets.both("Displaced, planning figure"), WHOLE),
    ]
    columns += [(worksheets.both("Deaths expected by {model}", model=model), PRECISE) for model in _MODELS]
    for level, zones in worksheets.levels(impact):
        rows = [
            [
                *(zone["code"], zone["name"], zone["parent"], zone["people"], *_by_mmi(zone["by_mmi"])),
                *(zone["affected"], zone["displaced"]),
                *(zone["fatalities"][model]["expected"] for model in _MODELS),
            ]
            for zone in zones
        ]
        name = worksheets.both("Zones")
        worksheets.add(f"{level} {name}" if level else name, columns, rows)


def _people(worksheets: Worksheets, impact: Mapping[str, Any]) -> None:
    people, nodes = impact["people"], impact["map"]["nodes_by_mmi"]
    counts = _by_mmi(people["by_mmi"])
    rows = [[ROMAN[mmi], count, nodes[str(mmi)]] for mmi, count in zip(CLASSES, counts, strict=True)]
    rows.append([worksheets.both("Total"), people["total"], None])
    columns = [("MMI", ""), (worksheets.both("People"), WHOLE), (worksheets.both("Points of the map"), WHOLE)]
    worksheets.add(worksheets.both("People"), columns, rows)


def _fatalities(worksheets: Worksheets, impact: Mapping[str, Any]) -> None:
    rows = []
    for name, one in (impact["fatalities"] or {}).items():
        chances = [one["probability"][level] for level in ("green", "yellow", "orange", "red")]
        rows.append([name, *(one[quantile] for quantile in _QUANTILES), one["alert"], *chances])
    columns = [(worksheets.both("Model"), ""), *((worksheets.both(quantile), PRECISE) for quantile in _QUANTILES)]
    columns += [(worksheets.both("Alert level"), "")]
    columns += [(worksheets.both(level), _SHARE) for level in ("green", "yellow", "orange", "red")]
    worksheets.add(worksheets.both("Deaths"), columns, rows)


def _planning(worksheets: Worksheets, planning: Mapping[str, Any] | None) -> None:
    cases = planning or {}
    columns = [(worksheets.both("Planning figure"), "")]
    columns += [(worksheets.both("from MMI {mmi}", mmi=ROMAN[one["mmi"]]), WHOLE) for one in cases.values()]
    rows: list[list[Any]] = [
        [worksheets.both("Displaced, planning figure"), *(one["people"] for one in cases.values())]
    ]
    for part in ("needs", "groups"):
        for name in next(iter(cases.values()))[part] if cases else ():
            rows.append([name, *(one[part][name] for one in cases.values())])
    worksheets.add(worksheets.both("Needs"), columns, rows if cases else [])


def sources(worksheets: Worksheets, impact: Mapping[str, Any], event: Mapping[str, Any], name_of_input: str) -> None:
    """The last worksheet: what was analysed, with what. event: facts of the event by name."""
    provenance = impact["provenance"]
    rows = [
        [name, "" if value is None else str(value), ""]
        for name, value in (
            ("event_id", impact["event_id"]),
            ("version", impact["version"]),
            ("run", impact["run"]),
            *event.items(),
            ("software", f"{provenance['software']['name']} {provenance['software']['version']}"),
        )
    ]
    if impact["drill"]:
        rows.insert(0, [worksheets.both("EXERCISE"), impact["drill_reason"], ""])
    rows.append([name_of_input, "", provenance["input"]["sha256"]])
    for file in provenance["analysis_data"]["files"]:
        said = ", ".join(str(part) for part in (file["title"], file["source"], file["year"]) if part)
        rows.append([file["role"], said, file["sha256"]])
    columns = [(worksheets.both("What"), ""), (worksheets.both("Value"), ""), ("sha256", "")]
    worksheets.add(worksheets.both("Sources"), columns, rows)


def _by_mmi(by_mmi: Mapping[str, float | None] | None) -> list[float | None]:
    return [None if by_mmi is None else by_mmi[str(mmi)] for mmi in CLASSES]
