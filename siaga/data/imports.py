"""An operator's own data: each file is checked, then takes the place of its role in what is installed."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING

from siaga import moment
from siaga.data import (
    analysis_data,
    facts,
    features,
    manifest,
    points,
    prepared_shares,
    prepared_tiles,
    versions,
)
from siaga.data.analysis_data import DataFile
from siaga.errors import Conflict, NotFound
from siaga.exposure import history
from siaga.gis import basemap
from siaga.gis.people import intake as people_intake
from siaga.gis.people.population import PopulationGrid
from siaga.gis.people.shares import Shares
from siaga.impact.breakdown import ENOUGH

if TYPE_CHECKING:
    from siaga.store import Store

_TRIES = 5  # to merge a file with what is installed while others do


@dataclass(frozen=True, slots=True)
class Fields:
    """What the operator says of the file's fields; "" where Siaga is to look for itself.

    level: of all zones of the file, where no field says it.
    """

    type: str = ""
    name: str = ""
    code: str = ""
    level_field: str = ""
    parent: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """What a file is for. title: for readers, where the operator gives none.

    ready: from the file, a folder to write into, the fields, and what is installed of the role
    `beside` (None if nothing is, or demonstration data), to the file to install and what it holds, in one line, with a
    line more for each thing that the operator should know; raises BadInput saying what is wrong.
    beside: the role whose installed file `ready` is given: its own where the new file holds parts of it.
    """

    title: str
    ready: Callable[[Path, Path, Fields, Path | None], tuple[Path, str]]
    beside: str = ""


def _history(path: Path, _folder: Path, _fields: Fields, _before: Path | None) -> tuple[Path, str]:
    return path, history.check(path)


def _population(path: Path, folder: Path, _fields: Fields, _before: Path | None) -> tuple[Path, str]:
    target = folder / "population.tif"
    notes: list[str] = []
    total = people_intake.convert(path, target, notes.append)
    grid = PopulationGrid.open(target)
    return target, _said(f"{total:,.0f} people in {grid.rows} by {grid.columns} cells", notes)


def _features(role: str, path: Path, folder: Path, fields: Fields, _before: Path | None) -> tuple[Path, str]:
    target = folder / f"{role}.fgb"
    notes: list[str] = []
    return target, _said(_counted(features.convert(role, path, target, fields.type, fields.name, notes.append)), notes)


def _zones(path: Path, folder: Path, fields: Fields, before: Path | None) -> tuple[Path, str]:
    target = folder / "zones.fgb"
    named = features.ZoneOptions(fields.code, fields.name, fields.level_field, fields.parent, fields.level)
    notes: list[str] = []
    return target, _said(_counted(features.zones(path, target, named, before, notes.append)), notes)


def _places(path: Path, folder: Path, fields: Fields, _before: Path | None) -> tuple[Path, str]:
    target = folder / "places.csv"
    notes: list[str] = []
    return target, _said(_counted(points.places(path, target, fields.name, fields.type, notes.append)), notes)


def _volcanoes(path: Path, folder: Path, fields: Fields, zones: Path | None) -> tuple[Path, str]:
    target = folder / "volcanoes.csv"
    notes: list[str] = []
    count = points.volcanoes(path, target, fields.name, fields.type, notes.append, zones)
    if zones is None:
        notes.append(
            "no zones of yours are installed, so district and province stay empty; import volcanoes after them"
        )
    return target, _said(f"{count} volcanoes", notes)


def _airports(path: Path, folder: Path, fields: Fields, _before: Path | None) -> tuple[Path, str]:
    target = folder / "airports.csv"
    notes: list[str] = []
    count = points.airports(path, target, fields.name, notes.append)
    return target, _said(f"{count} airports", notes)


def _basemap(path: Path, _folder: Path, _fields: Fields, _before: Path | None) -> tuple[Path, str]:
    return path, _counted(basemap.check(path))


ROLES: Mapping[str, Role] = {
    "population": Role("Population", _population),
    "zones": Role("Administrative zones", _zones, beside="zones"),
    "places": Role("Towns", _places),
    "structures": Role("Structures", partial(_features, "structures")),
    "roads": Role("Roads", partial(_features, "roads")),
    "land_cover": Role("Land cover", partial(_features, "land_cover")),
    "volcanoes": Role("Volcanoes", _volcanoes, beside="zones"),
    "airports": Role("Airports", _airports),
    "basemap": Role("Base map", _basemap),
    "history": Role("Past quakes", _history),
}


def install(
    store: "Store",
    role: str,
    path: Path,
    *,
    title: str | None,
    source: str,
    licence: str,
    year: int | None,
    fields: Fields = Fields(),
    cache: Path | None = None,
    later: bool = False,
) -> str:
    """Check the file and install it; returns what it holds, in one line, and in further lines what is to be known.

    later: it does not count until somebody activates it.
    cache: where what is installed is kept on this machine; without it zones replace those of other levels.
    Raises BadInput when it cannot serve, and then nothing has changed; OSError when it cannot be read.
    """
    beside = ROLES[role].beside

    def once() -> str:
        before, sha256 = _installed(store, cache, beside) if cache and beside else (None, None)
        with tempfile.TemporaryDirectory() as folder:
            ready, said = ROLES[role].ready(path, Path(folder), fields, before)
            file = DataFile(role, ready, title or ROLES[role].title, source, licence, year)
            entry = analysis_data.send(store, file)
            versions.record(store, entry, facts.of(role, ready), moment.stamp(moment.now()))
            if not later:
                manifest.publish(store, manifest.with_file(entry, sha256 if beside == role else None))
        return said

    for _try in range(_TRIES):
        with suppress(Conflict):  # another operator was first; what that one installed is merged too
            return once()
    return once()


def share_out(store: "Store", cache: Path, say: Callable[[str], None]) -> None:
    """Prepare the shares of the population cells at once, for every machine, so that no quake need wait.

    say: takes lines for the operator: which part of the people each level of zones holds, and what is wrong.
    """
    shares = prepared_shares.publish(store, analysis_data.open(store, cache, prepared_shares.ROLES), cache)
    if shares:
        say("population cells shared out among the zones")
        for line in _held(shares):
            say(line)


def draw_tiles(store: "Store", cache: Path, say: Callable[[str], None]) -> bool:
    """Draw the installed base map and towns as vector tiles for the web's maps; False where there is no base map.

    say: takes a line for the operator.
    """
    drawn = prepared_tiles.publish(store, analysis_data.open(store, cache, prepared_tiles.ROLES), cache)
    if drawn:
        say(f"base map drawn as tiles, {drawn.size / 1e6:.1f} MB")
    return drawn is not None


def _held(shares: Shares) -> Iterator[str]:
    """Which part of the people the zones of each level hold, the fullest first, and what is wrong with zones."""
    for level, share in sorted(shares.covers.items(), key=lambda pair: (-pair[1], pair[0] or "")):
        name = level or "zones"
        yield f"{name}: {floor(share * 1000) / 10:.1f} % of {shares.people:,.0f} people"
        if share < ENOUGH:
            yield (
                f"note     {shares.people * (1 - share):,.0f} people live outside all zones of the level {name}; "
                "where a map holds too many of them, its tables use another level"
            )
    for said in shares.warnings:
        yield f"note     {said['text']}"


def _installed(store: "Store", cache: Path, role: str) -> tuple[Path | None, str]:
    """The operator's file of that role, None when there is none, or one of the demonstration; its sha256 or ""."""
    try:
        installed = analysis_data.open(store, cache, (role,))
    except NotFound:
        return None, ""
    entry = next((file for file in installed.files if file["role"] == role), None)
    if entry is None:
        return None, ""
    return None if entry["demonstration"] else installed.path(role), entry["sha256"]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda pair: -pair[1]))


def _said(holds: str, notes: Sequence[str]) -> str:
    return "\n".join((holds, *(f"note     {one}" for one in notes)))
