"""A live quake on an idle Siaga, behind old maps that all count as live, and while old maps are worked off as backfill.

Side by side, functions real. Old: folders and origin times of before 2019, put at once. Live: exercises of now, one
after another, the first when the old ones are all in. "No order": ten old maps for which somebody asks by name, so
that nothing goes before them; one live quake comes then. "Backfill": two hundred, or BENCH_OLD, that nobody asks for;
five live quakes come. Printed: upload → figures visible and upload → report published, medians, and the ratio to idle;
then how many reports of old maps a minute are made while no live quake comes.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bench import backlog, quake, road
from siaga import keys
from siaga.settings import Settings
from siaga.store import Store

_LIVE, _WARM_UP = 5, 2
_ASKED, _TIMED = 10, 10
_BEFORE = datetime(2017, 2, 20, tzinfo=UTC)  # other maps than those of the backfill


def run(say: Callable[[str], None]) -> None:
    """Start a Siaga of its own in a temporary home, measure, stop it before the old maps are done."""
    with road.running() as settings:
        grid = quake.strong(settings, say)
        idle = [_live(settings, grid) for _ in range(_WARM_UP + _LIVE)][_WARM_UP:]
        say(_each("idle", idle))
        backlog.fill(settings, grid, _ASKED, _BEFORE, asked=True)
        behind = [_live(settings, grid)]
        say(_each("no order", behind))
        while _done(settings, "render-report/") < _WARM_UP + _LIVE + _ASKED + len(behind):
            time.sleep(0.5)
        before = _done(settings, "on-shakemap/")
        backlog.fill(settings, grid)
        during = [_live(settings, grid) for _ in range(_LIVE)]
        say(_each("backfill", during))
        done = _done(settings, "on-shakemap/") - before - _LIVE
        a_minute = backlog.rate(settings, _TIMED)
    say(f"{done} of {backlog.OLD} old maps were done while {_LIVE} live ones came; medians:")
    say(f"{'':28} {'idle':>8} {'no order':>10} {'ratio':>7} {'backfill':>10} {'ratio':>7}")
    for number, name in enumerate(("upload → figures visible", "upload → report published")):
        alone, last, beside = (statistics.median(one[number] for one in of) for of in (idle, behind, during))
        say(f"{name:28} {alone:6.2f} s {last:8.2f} s {last / alone:7.2f} {beside:8.2f} s {beside / alone:7.2f}")
    say(f"reports of old maps: {a_minute:.0f} a minute")


def _each(name: str, measured: Sequence[tuple[float, float]]) -> str:
    """Every single one, since a machine is not the same from minute to minute."""
    return f"{name:10} figures / report: {', '.join(f'{figures:.2f} / {report:.2f} s' for figures, report in measured)}"


def _done(settings: Settings, function: str) -> int:
    """How many receipts of a function there are."""
    return sum(1 for _ in Store.connect(settings, "web").list(keys.LEDGER, function))


def _live(settings: Settings, grid: bytes) -> tuple[float, float]:
    now = datetime.now(UTC)
    return road.upload(settings, quake.at(grid, now), quake.event_id(now))
