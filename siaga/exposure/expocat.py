"""EXPO-CAT: past quakes with the people who felt them and how many died, read from USGS's CSV columns.

Only EventID is demanded; a column that is absent, or a cell that is blank, is unknown and never 0.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TextIO

from siaga.errors import BadInput, Reason, reason

MMI_COLUMNS = {**{mmi: f"MMI{mmi}" for mmi in range(1, 9)}, 9: "MMI9+"}
CAUSES = {"fire": "Fire", "liquefaction": "Liquefaction", "tsunami": "Tsunami", "landslide": "Landslide"}
_NUMBERS = {
    "latitude": ("Lat", -90.0, 90.0),
    "longitude": ("Lon", -180.0, 360.0),
    "depth_km": ("Depth", -20.0, 1000.0),
    "magnitude": ("Magnitude", 0.0, 10.5),
    "shaking_deaths": ("ShakingDeaths", 0.0, 1e8),
    "total_deaths": ("TotalDeaths", 0.0, 1e8),
    "injured": ("Injured", 0.0, 1e9),
    "wave_height_m": ("Waveheight", 0.0, 1000.0),
}
_NO_NAME = "UK"  # the catalogue's word for "unknown"


@dataclass(frozen=True, slots=True)
class Quake:
    """One row. Every figure is float64, or None where the catalogue does not say.

    line: of the file, the header being 1. time: UTC. latitude, longitude: degrees, WGS84.
    by_mmi: persons per class 1 to 9 as far as known; people at X are counted with IX.
    shaking_deaths: by shaking alone; total_deaths: tsunami, landslides and fire too.
    causes: of CAUSES, what else than shaking did harm. source: what a column Source says, "" where there
    is none. problems: stored reasons, one per cell that cannot be read; such a cell counts as unknown.
    """

    line: int
    event_id: str
    time: datetime | None
    name: str
    country: str
    latitude: float | None
    longitude: float | None
    depth_km: float | None
    magnitude: float | None
    by_mmi: Mapping[int, float]
    shaking_deaths: float | None
    total_deaths: float | None
    injured: float | None
    wave_height_m: float | None
    causes: tuple[str, ...]
    source: str
    problems: tuple[Reason, ...]


def read(path: Path) -> list[Quake]:
    """All rows of a CSV file in their order; blank lines are passed over.

    Raises BadInput where the file is no table of quakes at all; what is wrong with a row stands in it.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_rows(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("{file} is not a CSV file in UTF-8", file=path.name) from error


def _rows(file: TextIO) -> Iterator[Quake]:
    table = csv.DictReader(file)
    table.fieldnames = [name.strip() for name in table.fieldnames or ()]
    if "EventID" not in table.fieldnames:
        raise BadInput("The table of quakes has no column EventID")
    for row in table:
        if any(row.values()):
            yield _quake(row, table.line_num)


def _quake(row: Mapping[str, str | None], line: int) -> Quake:
    problems: list[Reason] = []

    number = partial(_number, row, line, problems)
    classes = {mmi: number(column, 0.0, 1e10) for mmi, column in MMI_COLUMNS.items()}
    numbers = {name: number(*of) for name, of in _NUMBERS.items()}
    name = (row.get("Name") or "").strip().strip('"')
    return Quake(
        line=line,
        event_id=(row["EventID"] or "").strip(),
        time=_time(row, line, problems),
        name="" if name == _NO_NAME else name,
        country=(row.get("CountryCode") or "").strip(),
        by_mmi={mmi: people for mmi, people in classes.items() if people is not None},
        causes=tuple(cause for cause, column in CAUSES.items() if (number(column, 0.0, 1.0) or 0.0) > 0),
        source=(row.get("Source") or "").strip(),
        problems=tuple(problems),
        **numbers,
    )


def _number(
    row: Mapping[str, str | None], line: int, problems: list[Reason], column: str, lowest: float, highest: float
) -> float | None:
    """A number within limits; what is none goes to the problems."""
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if isfinite(value) and lowest <= value <= highest:
        return value
    problems.append(
        reason("Line {line}, column {column}: “{text}” is out of range or no number", **_cell(line, column, text))
    )
    return None


def _time(row: Mapping[str, str | None], line: int, problems: list[Reason]) -> datetime | None:
    """The catalogue's times are UTC and say no zone."""
    text = (row.get("Time") or "").strip()
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        problems.append(reason("Line {line}, column {column}: “{text}” is no time", **_cell(line, "Time", text)))
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _cell(line: int, column: str, text: str) -> dict[str, object]:
    return {"line": line, "column": column, "text": text[:40]}
