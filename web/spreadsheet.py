"""A list as a CSV file to take along: all that its filter lets through, in its order."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from flask import Response

from web.index import Filter, Index

_AT_ONCE = 500
Row = Callable[[dict[str, object]], Sequence[object]]


def answer(index: Index, hazard: str, wanted: Filter, columns: Sequence[str], row: Row, name: str) -> Response:
    """The file of a hazard's list. row: what stands below the columns of a catalogue entry; None where not known."""
    return send(columns, (list(map(row, entries)) for entries in _entries(index, hazard, wanted)), name)


def send(columns: Sequence[str], parts: Iterable[Sequence[Sequence[object]]], name: str) -> Response:
    """The file, in pieces. parts: some rows each."""
    response = Response(map(_written, chain([[columns]], parts)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="siaga-{name}.csv"'
    return response


def _entries(index: Index, hazard: str, wanted: Filter) -> Iterator[list[dict[str, object]]]:
    entries, cursor = index.page(hazard, wanted, _AT_ONCE)
    while entries:
        yield entries
        entries, cursor = index.page(hazard, wanted, _AT_ONCE, cursor) if cursor else ([], "")


def _written(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_safe(one) for one in row] for row in rows)
    return text.getvalue()


def _safe(value: object) -> object:
    """A name that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
