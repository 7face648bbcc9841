"""A live quake on an idle Siaga, and while two hundred old maps are worked off: side by side, functions real.

Old: folders and origin times of 2018, put at once. Live: five exercises of now, one after another, the first when
the old ones are all in. Printed: upload → figures visible and upload → report published, idle, during, the ratio;
then how many reports of old maps a minute are made while no live quake comes.
"""

import statistics
from collections.abc import Callable
from datetime import UTC, datetime

from bench import backlog, quake, road
from siaga import keys
from siaga.settings import Settings
from siaga.store import Store

_LIVE, _WARM_UP = 5, 2


def run(say: Callable[[str], None]) -> None:
    """Start a Siaga of its own in a temporary home, measure, stop it before the old maps are done."""
    with road.running() as settings:
        grid = quake.strong(settings, say)
        idle = [_live(settings, grid) for _ in range(_WARM_UP + _LIVE)][_WARM_UP:]
        backlog.fill(settings, grid)
        during = [_live(settings, grid) for _ in range(_LIVE)]
        done = sum(1 for _ in Store.connect(settings, "web").list(keys.LEDGER, "on-shakemap/")) - len(idle + during)
        a_minute = backlog.rate(settings)
    say(f"{_LIVE} live quakes idle, {_LIVE} during a backfill of {backlog.OLD}: {done - _WARM_UP} were done meanwhile")
    say(f"{'':34} {'idle':>8} {'backfill':>10} {'ratio':>7}")
    for number, name in enumerate(("upload → figures visible", "upload → report published")):
        alone, beside = (statistics.median(one[number] for one in measured) for measured in (idle, during))
        say(f"{name:34} {alone:6.2f} s {beside:8.2f} s {beside / alone:7.2f}")
    say(f"reports of old maps: {a_minute:.0f} a minute")


def _live(settings: Settings, grid: bytes) -> tuple[float, float]:
    now = datetime.now(UTC)
    return road.upload(settings, quake.at(grid, now), quake.event_id(now))
