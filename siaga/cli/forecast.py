"""The command `siaga forecast`: deaths by every model for a table of quakes with EXPO-CAT's columns."""

import argparse
import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from siaga import errors
from siaga.commands import Commands
from siaga.errors import SiagaError
from siaga.exposure import expocat
from siaga.impact import fatality, forecast
from siaga.impact.loss import QUANTILES, Loss
from siaga.settings import Settings

MODELS = ("itb-bayesian", "itb", "pager", forecast.NAME)
NEEDED = range(4, 10)  # MMI classes that a model has a rate for
_FIGURES = ("median", *QUANTILES, "alert")


def add_to(commands: Commands) -> None:
    """Add the command to a parser's commands."""
    command = commands.add_parser("forecast", help="deaths by every model for a CSV file with EXPO-CAT's columns")
    command.add_argument("file", type=Path, help="EventID, MMI1 … MMI9+, Depth; other columns are passed over")
    command.add_argument("--out", type=Path, required=True, help="CSV file to write, one row per row")
    command.set_defaults(run=_run)


def deaths(quake: expocat.Quake) -> dict[str, Loss]:
    """Deaths by shaking, by the models' names in the order of MODELS; people at IX stand for IX and X."""
    found = {model.name: fatality.estimate(model, quake.by_mmi) for model in fatality.MODELS}
    found[forecast.NAME] = forecast.estimate(quake.by_mmi, quake.depth_km)
    return {name: found[name] for name in MODELS}


def table(quakes: list[expocat.Quake]) -> str:
    """The CSV file: every row's EventID and its figures unrounded, blank where people are not known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["EventID", *(f"{name}_{figure}" for name in MODELS for figure in _FIGURES)])
    for quake in quakes:
        known = not any(_blank(quake))
        cells = [cell for one in deaths(quake).values() for cell in _cells(one)] if known else [""] * _width()
        writer.writerow([quake.event_id, *cells])
    return text.getvalue()


def complaints(quakes: list[expocat.Quake]) -> list[str]:
    """What could not be read, a sentence for each cell."""
    said = []
    for quake in quakes:
        told = {problem["values"]["column"] for problem in quake.problems}
        said += [problem["text"] for problem in quake.problems]
        said += [
            f"Line {quake.line}, column {column}: blank; a blank is not nobody, so this row has no forecast"
            for column in _blank(quake)
            if column not in told
        ]
    return said


def _blank(quake: expocat.Quake) -> Iterator[str]:
    return (expocat.MMI_COLUMNS[mmi] for mmi in NEEDED if mmi not in quake.by_mmi)


def _cells(one: Loss) -> list[object]:
    return [one.median, *one.quantiles.values(), one.alert]


def _width() -> int:
    return len(MODELS) * len(_FIGURES)


def _run(_: Settings, chosen: argparse.Namespace) -> int:
    try:
        quakes = expocat.read(chosen.file)
        for said in complaints(quakes):
            print(f"siaga: {said}", file=sys.stderr)
        done = sum(not any(_blank(quake)) for quake in quakes)
        if not done:
            raise SiagaError("{file}: no row names the people at MMI IV to IX", file=chosen.file)
        chosen.out.write_text(table(quakes), encoding="utf-8")
    except OSError as error:
        raise errors.of_file(error, chosen.out) from error
    print(f"{chosen.out}: {done} of {len(quakes)} rows with a forecast")
    return 0
