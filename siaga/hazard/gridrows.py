"""The numbers of a grid.xml's grid_data: one row per node, one value per grid_field.

A value that is not needed may be anything. A needed one that is missing, masked or no number at all is NaN where
that is what the file means, and refused where it is not sure.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput

NEEDED = ("LON", "LAT", "MMI")
SEEN = (*NEEDED, "PGA", "PGV")  # the others are not looked at

# What programs write where they have no value.
_UNKNOWN = {"", "na", "n/a", "nan", "-nan", "null", "none", "nil", "-", "--", "---", ".", "?", "masked", "missing"}
_UNKNOWN |= {"nodata", "no-data", "no_data", "1.#qnan", "-1.#ind", "1.#ind", "1.#inf", "-1.#inf", "<na>"}
_FILL = (99.0, 999.0, 9999.0, 99999.0, 32767.0, 32768.0)  # and their negatives; no value comes near
_HUGE = 1e20  # netCDF's fill values and floats' own limits lie beyond
_LONGEST = 40  # characters per value of a row; none has half as many
_LOOK = 1_000_000  # values that are looked through for the one that is wrong

Columns = dict[str, NDArray[np.float64]]


def read(text: str, fields: Sequence[str], rows: int, columns: int) -> tuple[Columns, bool]:
    """The columns of SEEN that there are, in the file's order, and whether rows lack values at their end.

    fields: names of all columns in their order. rows, columns: of the grid.
    LON and LAT are finite; the others NaN where the file has no value. Raises BadInput naming the row.
    """
    count = rows * columns
    values = _plain(text)
    if values is not None and values.size == count * len(fields):
        table = values.reshape(-1, len(fields))
        found, short = {name: table[:, number].copy() for number, name in enumerate(fields) if name in SEEN}, False
    else:
        found, short = _listed(text, fields, rows, columns)
    for name in ("LON", "LAT"):
        wrong = np.flatnonzero(~np.isfinite(found[name]))
        if wrong.size:
            raise BadInput(
                "Row {row} of grid_data: {field} is {value}, not a finite number",
                row=int(wrong[0]) + 1,
                field=name,
                value=str(found[name][wrong[0]]),
            )
    for name in found.keys() - {"LON", "LAT"}:
        size = np.abs(found[name])
        found[name][np.isin(size, _FILL) | (size >= _HUGE)] = np.nan  # infinity too
    return found, short


def _plain(text: str) -> NDArray[np.float64] | None:
    """All values when each is a number, nan and inf among them; None otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # numpy's word for "stopped at something odd"
        try:
            return np.fromstring(text, sep=" ")
        except DeprecationWarning:
            return None


def _listed(text: str, fields: Sequence[str], rows: int, columns: int) -> tuple[Columns, bool]:
    """As `read`, line by line, of numbers among which stand other things."""
    count, short = rows * columns, False
    found = {name: np.empty(min(count, len(text))) for name in fields if name in SEEN}
    number = 0
    for number, cells in enumerate(_rows(text, fields, rows, columns), 1):
        if len(cells) < len(fields):
            short = True
            cells += [""] * (len(fields) - len(cells))
        for name, cell in zip(fields, cells, strict=True):
            if name in SEEN:
                found[name][number - 1] = _value(cell, name, number)
    return found, short


def _rows(text: str, fields: Sequence[str], rows: int, columns: int) -> Iterator[list[str]]:
    """The cells of each row. Raises BadInput unless there are as many rows as nodes."""
    count, wanted = rows * columns, len(fields)
    lines = [] if text.count("\n") > 2 * count + 1000 else [line for line in text.split("\n") if line.strip()]
    if len(lines) == count:
        for number, line in enumerate(lines, 1):
            yield _cells(line, wanted, number)
        return
    if _tokens(text) != count * wanted:
        raise _uneven(text, fields, rows, columns)
    tokens = (match[0] for match in re.finditer(r"\S+", text))
    while row := list(islice(tokens, wanted)):
        yield row


def _cells(line: str, wanted: int, number: int) -> list[str]:
    """The cells of one line; fewer than wanted where those at its end are missing.

    A line of single separators shows where a value is missing; one that is filled with blanks does not.
    """
    if len(line) <= wanted * _LONGEST:
        tokens = line.split()
        if len(tokens) == wanted:
            return tokens
        begun = line.lstrip(" ")
        for mark in ("\t", ",", ";", " "):
            cells = [cell.strip() for cell in begun.split(mark)]
            if len(cells) == wanted:
                return cells
        if len(tokens) < wanted and any(line.strip().split(mark) == tokens for mark in (" ", "\t")):
            return tokens
    raise BadInput(
        "Row {row} of grid_data does not hold one value for each of the {fields} fields; write nan for what is missing",
        row=number,
        fields=wanted,
    )


def _value(cell: str, field: str, row: int) -> float:
    try:
        return float("" if "_" in cell else cell)
    except ValueError:
        if field not in NEEDED or cell.lower().strip("*") in _UNKNOWN:
            return float("nan")
    raise _no_number(cell, field, row)


def _no_number(cell: str, field: str, row: int) -> BadInput:
    return BadInput(
        "Row {row} of grid_data: {field} is {value}, not a number", row=row, field=field, value=repr(cell[:40])
    )


def _tokens(text: str) -> int:
    """How many words stand in the text, without making them."""
    blank = np.isin(np.frombuffer(text.encode("utf-8", "replace"), np.uint8), np.frombuffer(b" \t\n\r\v\f", np.uint8))
    starts = ~blank
    starts[1:] &= blank[:-1]
    return int(np.count_nonzero(starts))


def _uneven(text: str, fields: Sequence[str], rows: int, columns: int) -> BadInput:
    """Why the values do not fill the grid: the first that is no number, else their count."""
    for index, match in enumerate(islice(re.finditer(r"\S+", text), _LOOK)):
        try:
            float(match[0])
        except ValueError:
            if match[0].lower() not in _UNKNOWN:
                return _no_number(match[0], fields[index % len(fields)], index // len(fields) + 1)
    return BadInput(
        "grid_data holds {found} values; {nlat} x {nlon} nodes with {fields} fields need {wanted}",
        found=_tokens(text),
        nlat=rows,
        nlon=columns,
        fields=len(fields),
        wanted=rows * columns * len(fields),
    )
