"""Towns, volcanoes, airports: points with a name, read from the CSV files of the analysis data."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siaga.errors import SiagaError

KINDS = ("city", "regency_seat", "district_seat", "town")


@dataclass(frozen=True, slots=True)
class Places:
    """Towns, one entry each in every array, in the order of the file.

    longitude, latitude: degrees, EPSG:4326. population: people, NaN if unknown. kind: one of KINDS.
    zone: the regency's name, "" if none.
    """

    name: np.ndarray
    longitude: np.ndarray
    latitude: np.ndarray
    population: np.ndarray
    kind: np.ndarray
    zone: np.ndarray

    def __len__(self) -> int:
        return len(self.name)


@dataclass(frozen=True, slots=True)
class Volcanoes:
    """Volcanoes, likewise. elevation_m: metres above the sea, negative below, NaN if unknown."""

    name: np.ndarray
    longitude: np.ndarray
    latitude: np.ndarray
    elevation_m: np.ndarray
    type: np.ndarray

    def __len__(self) -> int:
        return len(self.name)


@dataclass(frozen=True, slots=True)
class Airports:
    """Airports, likewise. code: of IATA or ICAO, "" if none."""

    name: np.ndarray
    longitude: np.ndarray
    latitude: np.ndarray
    code: np.ndarray

    def __len__(self) -> int:
        return len(self.name)


def read(path: Path) -> Places:
    """Read places.csv; raises SiagaError naming the line that is wrong."""
    table = _table(path, texts=("name", "kind", "zone"), numbers=("longitude", "latitude", "population"))
    return Places(**table)


def read_volcanoes(path: Path) -> Volcanoes:
    """Read volcanoes.csv; raises SiagaError naming the line that is wrong."""
    table = _table(path, texts=("name", "type"), numbers=("longitude", "latitude", "elevation_m"))
    return Volcanoes(**table)


def read_airports(path: Path) -> Airports:
    """Read airports.csv; raises SiagaError naming the line that is wrong."""
    table = _table(path, texts=("name", "code"), numbers=("longitude", "latitude"))
    return Airports(**table)


def _table(path: Path, texts: tuple[str, ...], numbers: tuple[str, ...]) -> Mapping[str, np.ndarray]:
    columns: dict[str, list[object]] = {head: [] for head in (*texts, *numbers)}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = sorted(set(columns) - set(reader.fieldnames or ()))
        if missing:
            raise SiagaError("{file} has no column {missing}", file=path.name, missing=", ".join(missing))
        for row in reader:
            try:
                for head in numbers:
                    columns[head].append(float(row[head]) if row[head] else np.nan)
            except (TypeError, ValueError) as error:
                raise SiagaError(
                    "{file}, line {line}: {head} is not a number: {value}",
                    file=path.name,
                    line=reader.line_num,
                    head=head,
                    value=repr(row[head]),
                ) from error
            for head in texts:
                columns[head].append(row[head] or "")
    if np.isnan(columns["longitude"]).any() or np.isnan(columns["latitude"]).any():
        raise SiagaError("{file} has a line without coordinates", file=path.name)
    return {head: _frozen(columns[head], float if head in numbers else str) for head in columns}


def _frozen(values: list[object], kind: type) -> np.ndarray:
    array = np.array(values, dtype=kind)
    array.setflags(write=False)
    return array
