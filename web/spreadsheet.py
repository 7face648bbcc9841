"""A list as a CSV file to take along: all that its filter lets through, in its order."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask import Response

from web.index import Filter, Index

_AT_ONCE = 500
Row = Callable[[dict[str, Any]], Sequence[Any]]


def answer(index: Index, hazard: str, wanted: Filter, columns: Sequence[str], row: Row, name: str) -> Response:
    """The file, in pieces. row: what stands below the columns, of a catalogue entry; None for what is not known."""
    response = Response(_lines(index, hazard, wanted, columns, row), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="siaga-{name}.csv"'
    return response


def _lines(index: Index, hazard: str, wanted: Filter, columns: Sequence[str], row: Row) -> Iterator[str]:
    yield _written([columns])
    entries, cursor = index.page(hazard, wanted, _AT_ONCE)
    while entries:
        yield _written([row(entry) for entry in entries])
        entries, cursor = index.page(hazard, wanted, _AT_ONCE, cursor) if cursor else ([], "")


def _written(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_safe(one) for one in row] for row in rows)
    return text.getvalue()


def _safe(value: Any) -> Any:
    """A name that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
