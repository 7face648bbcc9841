"""`siaga log`: one event's story over all parts, out of logs, the door's record, receipts and catalogue."""

import argparse
import json
import sys
from pathlib import Path

from siaga.commands import Commands
from siaga.errors import NotFound, Unavailable
from siaga.printable import shown
from siaga.settings import Settings


def add_to(commands: Commands) -> None:
    """Add `log` to the command line's commands."""
    log = commands.add_parser("log", help="one event's story over all parts, step by step")
    log.add_argument("event", help="its id, or the folder in which its map came")
    log.add_argument("--json", action="store_true", help="each step as a line of JSON")
    log.add_argument(
        "--read", metavar="FILE", help="logs from elsewhere besides; -: standard input, as of compose logs"
    )
    log.set_defaults(run=_log)


def _log(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga import moment
    from siaga.inspection import story
    from siaga.store import Store

    steps, names = list[story.Step](), frozenset({chosen.event})
    try:
        held = story.traces(chosen.event, Store.connect(settings, "web"), Store.connect(settings, "functions"))
        steps, names = list(held.steps), held.names
    except Unavailable as error:
        print(f"siaga: {error}; the logs alone tell", file=sys.stderr)
    steps += story.logged(settings.home, names)
    if chosen.read == "-":
        steps += story.spoken(sys.stdin, names)
    elif chosen.read:
        with Path(chosen.read).open(encoding="utf-8", errors="replace") as lines:
            steps += story.spoken(lines, names)
    if not steps:
        raise NotFound("Nothing is known of {event}: no input, no result, no line of a log", event=chosen.event)
    for step in sorted(steps, key=lambda step: step.time):
        if chosen.json:
            print(json.dumps({"time": moment.stamp(step.time), "part": step.part, "text": step.text, **step.facts}))
        else:
            print(f"{step.time:%Y-%m-%d %H:%M:%S}  {step.part:<18} {shown(step.text)}")
    return 0
