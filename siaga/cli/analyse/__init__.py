"""`siaga analyse`: a hazard's file in, the files of its impact out; no store, no server.

One module per hazard; each has add_arguments(parser) and run(settings, chosen).
"""

import argparse

from siaga.cli.analyse import ash, earthquake, flood
from siaga.commands import Commands
from siaga.settings import Settings

HAZARDS = {"earthquake": earthquake, "flood": flood, "ash": ash}


def add_to(commands: Commands) -> None:
    """Add the command to those of the command line. commands: as argparse's add_subparsers gives."""
    analyse = commands.add_parser("analyse", help="analyse a file on this machine, without a store")
    hazards = analyse.add_subparsers(required=True, metavar="HAZARD")
    for name, hazard in HAZARDS.items():
        parser = hazards.add_parser(name, help=(hazard.__doc__ or "").partition("\n")[0])
        hazard.add_arguments(parser)
        parser.set_defaults(run=run, hazard=hazard)


def run(settings: Settings, chosen: argparse.Namespace) -> int:
    """Analyse; returns the exit status."""
    return int(chosen.hazard.run(settings, chosen))
