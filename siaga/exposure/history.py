"""Past quakes to compare with: the operator's catalogue, or the small table that comes with Siaga."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from siaga.errors import BadInput
from siaga.exposure import expocat

DEADLIEST = Path(__file__).parent / "past_quakes.csv"  # Indonesia's deadliest since 1970; each row names its source
_SOURCE = "EXPO-CAT"


@dataclass(frozen=True, slots=True)
class PastQuake:
    """One quake of a catalogue.

    time: UTC. longitude, latitude: degrees, WGS84. by_mmi: persons per class, IX holding X;
    a class that is absent is unknown. Deaths None where none are reported. causes: what else than shaking
    did harm: tsunami, landslide, fire, liquefaction. source: of the deaths.
    """

    time: datetime
    name: str
    magnitude: float
    depth_km: float
    longitude: float
    latitude: float
    by_mmi: Mapping[int, float]
    shaking_deaths: float | None
    total_deaths: float | None
    causes: tuple[str, ...]
    source: str


@lru_cache(maxsize=4)
def read(path: Path) -> tuple[PastQuake, ...]:
    """The quakes of a CSV file with EXPO-CAT's columns whose time, place, depth and magnitude are known.

    path: of a file that does not change while this process lives. A column Source names the source of a
    row's deaths, EXPO-CAT where there is none. Raises BadInput when the file is no such table.
    """
    return tuple(past for quake in expocat.read(path) if (past := _past(quake)) is not None)


def check(path: Path) -> str:
    """What the file holds, in one line; raises BadInput naming the fault when it cannot serve."""
    quakes = expocat.read(path)
    usable = read(path)
    if not usable:
        raise BadInput("No row of the table names a quake's time, place, depth and magnitude")
    problems = [problem for quake in quakes for problem in quake.problems]
    if problems:
        raise BadInput(str(problems[0]["template"]), **problems[0]["values"])
    toll = sum(1 for quake in usable if quake.total_deaths is not None or quake.shaking_deaths is not None)
    return f"{len(usable)} quakes of {len(quakes)} rows, {toll} of them with reported deaths"


def _past(quake: expocat.Quake) -> PastQuake | None:
    if quake.time is None or quake.magnitude is None or quake.depth_km is None:
        return None
    if quake.longitude is None or quake.latitude is None:
        return None
    return PastQuake(
        time=quake.time,
        name=quake.name,
        magnitude=quake.magnitude,
        depth_km=quake.depth_km,
        longitude=quake.longitude,
        latitude=quake.latitude,
        by_mmi=quake.by_mmi,
        shaking_deaths=quake.shaking_deaths,
        total_deaths=quake.total_deaths,
        causes=quake.causes,
        source=quake.source or _SOURCE,
    )
