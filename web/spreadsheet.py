"""A list as a CSV file to take along: all that its filter lets through, in its order."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

from flask import Response

from siaga.catalog import AshEntry, EarthquakeEntry

AT_ONCE = 500  # entries
_Listed = TypeVar("_Listed", EarthquakeEntry, AshEntry)


def answer(
    page: Callable[[str], tuple[list[_Listed], str]],
    columns: Sequence[str],
    row: Callable[[_Listed], Sequence[object]],
    name: str,
) -> Response:
    """The file of a hazard's list. page: AT_ONCE of its entries from a cursor on, and the cursor of what follows.

    row: what stands below the columns of a catalogue entry; None where not known.
    """
    return send(columns, (list(map(row, entries)) for entries in _entries(page)), name)


def send(columns: Sequence[str], parts: Iterable[Sequence[Sequence[object]]], name: str) -> Response:
    """The file, in pieces. parts: some rows each."""
    response = Response(map(_written, chain([[columns]], parts)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="siaga-{name}.csv"'
    return response


def _entries(page: Callable[[str], tuple[list[_Listed], str]]) -> Iterator[list[_Listed]]:
    entries, cursor = page("")
    while entries:
        yield entries
        entries, cursor = page(cursor) if cursor else ([], "")


def _written(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_safe(one) for one in row] for row in rows)
    return text.getvalue()


def _safe(value: object) -> object:
    """A name that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
