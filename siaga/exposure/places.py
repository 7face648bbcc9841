"""Towns, volcanoes, airports: points with a name, read from the CSV files of the analysis data."""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from siaga.errors import SiagaError
from siaga.exposure.texts import line, of_field, of_file
from siaga.foreign import Array

KINDS = ("city", "regency_seat", "district_seat", "town")


@dataclass(frozen=True, slots=True)
class Places:
    """Towns, one entry each in every array, in the order of the file.

    longitude, latitude: degrees, EPSG:4326. population: people, NaN if unknown. kind: one of KINDS.
    zone: the regency's name, "" if none.
    """

    name: Array
    longitude: Array
    latitude: Array
    population: Array
    kind: Array
    zone: Array

    def __len__(self) -> int:
        return len(self.name)


@dataclass(frozen=True, slots=True)
class Volcanoes:
    """Volcanoes, likewise. elevation_m: metres above the sea, negative below, NaN if unknown.

    district, province: in which they lie, "" where that is not known.
    """

    name: Array
    longitude: Array
    latitude: Array
    elevation_m: Array
    type: Array
    district: Array
    province: Array

    def __len__(self) -> int:
        return len(self.name)


@dataclass(frozen=True, slots=True)
class Airports:
    """Airports, likewise. code: of IATA or ICAO, "" if none."""

    name: Array
    longitude: Array
    latitude: Array
    code: Array

    def __len__(self) -> int:
        return len(self.name)


def read(path: Path) -> Places:
    """Read places.csv, once per process unless it changes; raises SiagaError naming the line that is wrong."""
    stat = path.stat()
    return _read(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, _size: int, _written: int) -> Places:
    table = _table(path, texts=("name", "kind", "zone"), numbers=("longitude", "latitude", "population"))
    return Places(**table)


def read_volcanoes(path: Path) -> Volcanoes:
    """Read volcanoes.csv; raises SiagaError naming the line that is wrong."""
    texts, later = ("name", "type", "district", "province"), ("district", "province")
    table = _table(path, texts, numbers=("longitude", "latitude", "elevation_m"), later=later)
    return Volcanoes(**table)


def read_airports(path: Path) -> Airports:
    """Read airports.csv; raises SiagaError naming the line that is wrong."""
    table = _table(path, texts=("name", "code"), numbers=("longitude", "latitude"))
    return Airports(**table)


def _table(
    path: Path, texts: tuple[str, ...], numbers: tuple[str, ...], later: tuple[str, ...] = ()
) -> Mapping[str, Array]:
    """Columns by their heads; a row without a name is left out, and one that is there already.

    later: texts that a file of an older Siaga does not have; they are "" then.
    """
    columns: dict[str, list[object]] = {head: [] for head in (*texts, *numbers)}
    reader, commas = _rows(path)
    seen = set()
    try:
        reader.fieldnames = [head.strip().lower() for head in reader.fieldnames or ()]
        missing = sorted(set(columns) - set(reader.fieldnames) - set(later))
        if missing:
            raise SiagaError("{file} has no column {missing}", file=path.name, missing=", ".join(missing))
        for row in reader:
            if not line(row["name"] or ""):
                continue
            at = (path.name, reader.line_num)
            figures = {head: _number(row[head], commas, (*at, head)) for head in numbers}
            words = {head: of_field(row.get(head) or "", path.name).value for head in texts}
            place = _place(words["name"], figures, at)
            if place in seen:
                continue
            seen.add(place)
            for head, value in (*figures.items(), *words.items()):
                columns[head].append(value)
    except csv.Error as error:
        raise SiagaError("{file}, line {line}: {detail}", file=path.name, line=reader.line_num, detail=error) from error
    return {head: _frozen(columns[head], float if head in numbers else str) for head in columns}


def _rows(path: Path) -> "tuple[csv.DictReader[str], bool]":
    """The rows of a table in any encoding, and whether its numbers may have a decimal comma.

    The head says what stands between the columns: commas, semicolons or tabulators.
    """
    text = of_file(path.read_bytes()).replace("\0", " ")
    head = text.partition("\n")[0]
    between = max((",", ";", "\t"), key=head.count)
    return csv.DictReader(io.StringIO(text, newline=""), delimiter=between), between != ","


def _place(name: str, row: Mapping[str, float], at: tuple[str, int]) -> tuple[str, float, float]:
    """Name, longitude and latitude. at: file and line."""
    file, where = at
    for head, limit in (("longitude", 360), ("latitude", 90)):
        if math.isnan(row[head]):
            raise SiagaError("{file}, line {line}: there is no {head}", file=file, line=where, head=head)
        if abs(row[head]) > limit:
            raise SiagaError(
                "{file}, line {line}: {head} is {value}, outside the world; are longitude and latitude swapped?",
                file=file,
                line=where,
                head=head,
                value=row[head],
            )
    return name, row["longitude"], row["latitude"]


def _number(text: str | None, commas: bool, at: tuple[str, int, str]) -> float:
    """NaN where there is none. at: file, line and column."""
    if text is None or not text.strip():
        return math.nan
    try:
        number = float(text.replace(",", ".") if commas else text)
    except ValueError:
        number = math.inf
    if math.isinf(number):
        file, where, head = at
        raise SiagaError(
            "{file}, line {line}: {head} is not a number: {value}", file=file, line=where, head=head, value=repr(text)
        )
    return number


def _frozen(values: list[object], kind: type) -> Array:
    array: Array = np.array(values, dtype=kind)
    array.setflags(write=False)
    return array
