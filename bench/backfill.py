"""A live quake on an idle Siaga, and while two hundred old maps are worked off: side by side, functions real.

Old: folders and origin times of 2018, put at once. Live: five exercises of now, one after another, the first when
the old ones are all in. Printed: upload → figures visible and upload → report published, idle, during, the ratio;
then how many reports of old maps a minute are made while no live quake comes.
"""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from bench import road
from siaga import keys
from siaga.settings import Settings
from siaga.store import Store

_LIVE, _OLD, _WARM_UP = 5, 200, 2
_TIMED = 40  # reports of old maps, for the rate


def run(say: Callable[[str], None]) -> None:
    """Start a Siaga of its own in a temporary home, measure, stop it before the old maps are done."""
    with road.running() as settings:
        grid = road.exercise(settings, say)
        idle = [_live(settings, grid) for _ in range(_WARM_UP + _LIVE)][_WARM_UP:]
        _fill(settings, grid)
        during = [_live(settings, grid) for _ in range(_LIVE)]
        done = sum(1 for _ in Store.connect(settings, "web").list(keys.LEDGER, "on-shakemap/")) - len(idle + during)
        a_minute = _rate(settings)
    say(
        f"{_LIVE} live quakes idle, {_LIVE} during a backfill of {_OLD}, of which {done - _WARM_UP} were done meanwhile"
    )
    say(f"{'':34} {'idle':>8} {'backfill':>10} {'ratio':>7}")
    for number, name in enumerate(("upload → figures visible", "upload → report published")):
        alone, beside = (statistics.median(one[number] for one in measured) for measured in (idle, during))
        say(f"{name:34} {alone:6.2f} s {beside:8.2f} s {beside / alone:7.2f}")
    say(f"reports of old maps: {a_minute:.0f} a minute")


def _rate(settings: Settings) -> float:
    """Reports a minute, from one that is finished to the fortieth after it."""
    store = Store.connect(settings, "web")

    def reach(count: int) -> float:
        while (done := sum(1 for _ in store.list(keys.LEDGER, "render-report/"))) < count:
            time.sleep(0.1)
        reached.append(done)
        return time.monotonic()

    reached: list[int] = []
    started = reach(1 + sum(1 for _ in store.list(keys.LEDGER, "render-report/")))
    ended = reach(reached[0] + _TIMED)
    return 60 * (reached[1] - reached[0]) / (ended - started)


def _live(settings: Settings, grid: bytes) -> tuple[float, float]:
    now = datetime.now(UTC)
    return road.upload(settings, road.at(grid, now), road.event_id(now))


def _fill(settings: Settings, grid: bytes) -> None:
    store = Store.connect(settings, "bmkg")

    def put(number: int) -> None:
        happened = datetime(2018, 2, 20, tzinfo=UTC) + timedelta(hours=number)
        event_id = road.event_id(happened)
        body = road.named(road.at(grid, happened), event_id)
        store.put(keys.SHAKEMAPS, f"{event_id}/grid.xml", body, "application/xml")

    with ThreadPoolExecutor(4) as putting:
        list(putting.map(put, range(_OLD)))
