"""Workbooks (XLSX) of any hazard: worksheets with headings in both languages, the last one for the sources.

Numbers are unrounded; their formats round what is seen.
"""

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import xlsxwriter

from siaga.impact.stored import Impact
from siaga.impact.stored.head import ZoneName
from siaga.language import Language
from siaga.report import listed

WHOLE, PRECISE, PERCENT = "#,##0", "#,##0.00", "0.0%"
_NO_CLOCK = datetime(2000, 1, 1)  # the same figures must give the same bytes
_LONGEST_NAME = 31  # of a worksheet, in Excel
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")

Column = tuple[str, str]  # heading and number format, "" for texts
Cells = Sequence[object]  # texts and numbers of a row; None is unknown
Rest = tuple[str | None, Cells]


def make(impact: Impact, languages: Sequence[Language], fill: Callable[["Worksheets"], None]) -> bytes:
    """zones.xlsx of one impact.json. fill: adds the worksheets."""
    body = io.BytesIO()
    book = xlsxwriter.Workbook(body, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": _NO_CLOCK, "title": impact["event_id"], "comments": impact["version"]})
    fill(Worksheets(book, languages))
    book.close()
    return body.getvalue()


class Worksheets:
    """Worksheets with a frozen row of headings."""

    def __init__(self, book: xlsxwriter.Workbook, languages: Sequence[Language]) -> None:
        self._book, self._languages = book, languages
        self._used: set[str] = set()
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._formats = {form: book.add_format({"num_format": form}) for form in (WHOLE, PRECISE, PERCENT)}

    def both(self, words: str, **values: object) -> str:
        """In every language, once where they agree."""
        translated = dict.fromkeys(_(words, **values) for _ in self._languages)
        return " / ".join(translated)

    def zones(self, columns: Sequence[Column], zones: Iterable[tuple[ZoneName, Cells]], rest: Rest | None) -> None:
        """One for each level. columns: beside the zone's name; zones: each with its cells in them.

        rest: the level of those that tables list, the cells of the people in none of them; None where there are none.
        """
        by_level: dict[str | None, list[Cells]] = {}
        for zone, cells in zones:
            by_level.setdefault(zone["level"], []).append([zone["code"], zone["name"], zone["parent"], *cells])
        if rest:
            by_level.setdefault(rest[0], []).append(["", self.both(listed.OUTSIDE), "", *rest[1]])
        heads = [(self.both("Code"), ""), (self.both("Name"), ""), (self.both("Above"), ""), *columns]
        name = self.both("Zones")
        for level, rows in by_level.items() or [(None, [])]:
            self.add(f"{level} {name}" if level else name, heads, rows)

    def _name(self, wanted: str) -> str:
        """A name that Excel takes: short, without its forbidden marks, not used yet."""
        plain = _FORBIDDEN.sub(" ", wanted.replace(" / ", ", ")).strip(" '")
        name, number = plain[:_LONGEST_NAME], 2
        while name.lower() in self._used:
            name, number = f"{plain[: _LONGEST_NAME - 4]} {number}", number + 1
        self._used.add(name.lower())
        return name

    def add(self, name: str, columns: Sequence[Column], rows: Sequence[Cells]) -> None:
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
                elif isinstance(value, int | float):
                    worksheet.write_number(number, column, value)
        if rows:
            worksheet.autofilter(0, 0, len(rows), len(columns) - 1)


def sources(worksheets: Worksheets, impact: Impact, event: Mapping[str, object], name_of_input: str) -> None:
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
        source = ", ".join(str(part) for part in (file["title"], file["source"], file["year"]) if part)
        rows.append([file["role"], source, file["sha256"]])
    columns = [(worksheets.both("What"), ""), (worksheets.both("Value"), ""), ("sha256", "")]
    worksheets.add(worksheets.both("Sources"), columns, rows)
