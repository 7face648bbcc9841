"""`siaga thin`: results that no page shows any more, said and, when asked for, removed."""

import argparse
from collections import Counter
from datetime import timedelta

from siaga import moment
from siaga.commands import Commands
from siaga.settings import Settings

_DAYS = 30
_NAMED = 20


def add_to(commands: Commands) -> None:
    """Add `thin` to the command line's commands."""
    thin = commands.add_parser("thin", help="which results no page shows any more; --delete removes them")
    thin.add_argument("--days", type=float, default=_DAYS, help=f"nothing of them was written for so long; {_DAYS}")
    thin.add_argument("--delete", action="store_true", help="remove them; without it nothing is changed")
    thin.set_defaults(run=_thin)


def _thin(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.keeping import retention
    from siaga.store import Store

    store = Store.connect(settings, "root")
    runs, size = Counter[str](), Counter[str]()
    for run in list(retention.forgettable(store, moment.now() - timedelta(days=chosen.days))):
        hazard = run.folder.partition("/")[0]
        if chosen.delete and not retention.forget(store, run):
            continue
        runs[hazard] += 1
        size[hazard] += run.size
        if runs.total() <= _NAMED:
            print(f"{'removed' if chosen.delete else 'may go'}  results/{run.folder}  {run.size / 1e6:.1f} MB")
    for hazard, count in sorted(runs.items()):
        print(f"{hazard}: {count:,} runs, {size[hazard] / 1e6:,.1f} MB")
    if not runs:
        print("nothing: every result is shown, or younger than that")
    elif not chosen.delete:
        print("nothing was changed; --delete removes them")
    return 0
