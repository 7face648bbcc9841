"""A swarm: two hundred quakes in ten minutes, or in BENCH_SWARM_SECONDS, a strong one in their midst; beside it alone.

Magnitudes fall off as Gutenberg and Richter have it (b = 1), from 2 to 5; the one of 6.4 comes in the middle of them.
Times are those of the store: grid.xml to impact.json (figures) and to report.json. Printed: medians, 95th percentiles
and the longest of the small ones; the strong one alone on an idle Siaga, and in the swarm, with the ratio.
"""

import math
import os
import re
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from bench import quake, road
from siaga import keys
from siaga.settings import Settings
from siaga.store import Store

_COUNT, _WARM_UP = 200, 2
_SECONDS = float(os.environ.get("BENCH_SWARM_SECONDS", "600"))
_PATIENCE_SECONDS = 1200.0
_SMALLEST, _LARGEST = 2.0, 5.0
_STRONG = "strong"  # ends the ids of the strong ones
_IDS = re.compile("(swarm|warm|alone|amid)-")  # how ids of this bench begin
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run(say: Callable[[str], None]) -> None:
    """Start a Siaga of its own in a temporary home, measure, stop it."""
    with road.running() as settings:
        strong, weak = quake.strong(settings, say), quake.weak(settings, say)
        for number in range(_WARM_UP):
            road.upload(settings, quake.at(strong, datetime.now(UTC)), f"warm-{number}")
        road.upload(settings, quake.at(strong, datetime.now(UTC)), f"alone-{_STRONG}")
        began = time.monotonic()
        for number in range(_COUNT):
            time.sleep(max(0.0, began + number * _SECONDS / _COUNT - time.monotonic()))
            if number == _COUNT // 2:
                _put(settings, strong, f"amid-{_STRONG}")
            _put(settings, _small(weak, number), f"swarm-{number:03d}")
        figures, reports = (_seconds(settings, name) for name in (keys.IMPACT, keys.REPORT))
        took = time.monotonic() - began
    say(f"{_COUNT} quakes in {_SECONDS:.0f} s, M {_SMALLEST:g} to {_LARGEST:g}, all reports after {took:.0f} s")
    say(f"{'':28} {'median':>8} {'p95':>10} {'longest':>10}")
    for name, seconds in (("small: figures", figures), ("small: report", reports)):
        say(_row(name, sorted(value for event_id, value in seconds.items() if event_id.startswith("swarm"))))
    say(f"{'':28} {'alone':>8} {'in swarm':>10} {'ratio':>10}")
    for name, seconds in (("M 6.4: figures", figures), ("M 6.4: report", reports)):
        alone, amid = (seconds[f"{which}-{_STRONG}"] for which in ("alone", "amid"))
        say(f"{name:28} {alone:6.2f} s {amid:8.2f} s {amid / alone:10.2f}")


def _put(settings: Settings, grid: bytes, event_id: str) -> None:
    body = quake.named(quake.at(grid, datetime.now(UTC)), event_id)
    Store.connect(settings, "bmkg").put(keys.SHAKEMAPS, f"{event_id}/grid.xml", body, "application/xml")


def _small(grid: bytes, number: int) -> bytes:
    """A quake of the swarm; sizes are those of a Gutenberg-Richter population, in an order of no meaning."""
    share = (number * 89 % _COUNT + 0.5) / _COUNT
    magnitude = _SMALLEST - math.log10(1 - share * (1 - 10 ** (_SMALLEST - _LARGEST)))
    return re.sub(rb'(\smagnitude=)"[^"]*"', rb'\1"%.1f"' % magnitude, grid, count=1)


def _seconds(settings: Settings, name: str) -> dict[str, float]:
    """From the upload of each map until an object of that name is in its run, by event id; waits for all."""
    store = Store.connect(settings, "web")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    wanted = _COUNT + _WARM_UP + 2
    while len(written := _written(store, name)) < wanted:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(written)} of {wanted} have their {name} after {_PATIENCE_SECONDS:.0f} s")
        time.sleep(1)
    came = {event_id: head.modified - _EPOCH for head in store.list(keys.SHAKEMAPS) if (event_id := _mine(head.key))}
    return {event_id: (moment - came[event_id]).total_seconds() for event_id, moment in written.items()}


def _written(store: Store, name: str) -> dict[str, timedelta]:
    """When, by event id; of the maps of this bench, beside which a canary may come."""
    found = (head for head in store.list(keys.RESULTS, "earthquake/") if head.key.endswith(f"/{name}"))
    of_each = ((head.key.split("/")[1], head.modified - _EPOCH) for head in found)
    return {event_id: at for event_id, at in of_each if _IDS.match(event_id)}


def _mine(key: str) -> str | None:
    """The event id of a map that this bench put, not of what its sender is told beside it."""
    event_id, _slash, name = key.partition("/")
    return event_id if name == "grid.xml" and _IDS.match(event_id) else None


def _row(name: str, ordered: Sequence[float]) -> str:
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{name:28} {statistics.median(ordered):6.2f} s {p95:8.2f} s {ordered[-1]:8.2f} s"
