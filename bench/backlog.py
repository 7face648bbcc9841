"""A backlog: old maps that come at once, two hundred or BENCH_OLD, and how many of their reports a minute are made."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from bench import quake
from siaga import keys
from siaga.events import ASKED
from siaga.settings import Settings
from siaga.store import Store

OLD = int(os.environ.get("BENCH_OLD", "200"))
_FIRST = datetime(2018, 2, 20, tzinfo=UTC)  # folders and origin times, hour by hour
_TIMED = 40  # reports, for the rate
_LOOK_SECONDS = 2.0  # a listing of the store takes part of the machine
_PATIENCE_MINUTES = 0.1  # for each map, four times what it takes on two quiet cores


def fill(settings: Settings, grid: bytes, count: int = OLD, first: datetime = _FIRST, asked: bool = False) -> None:
    """Put the maps, four at a time. asked: as if somebody waited for each, so that it is live whatever its age."""
    store = Store.connect(settings, "bmkg")

    def put(number: int) -> None:
        happened = first + timedelta(hours=number)
        event_id = quake.event_id(happened)
        body = quake.named(quake.at(grid, happened), event_id)
        store.put(keys.SHAKEMAPS, f"{event_id}/grid.xml", body, "application/xml", metadata=ASKED if asked else None)

    with ThreadPoolExecutor(4) as putting:
        list(putting.map(put, range(count)))


def through(settings: Settings, grid: bytes) -> tuple[float, float]:
    """Figures and reports a minute of the whole backlog, from its first PUT to the last receipt of each function.

    All of it counts: while the figures are made first, fewer reports are. Raises TimeoutError.
    """
    store = Store.connect(settings, "web")
    functions = "on-shakemap", "render-report"
    wanted = {name: OLD + _receipts(store, name) for name in functions}
    minutes = {}
    started = time.monotonic()
    fill(settings, grid)
    while len(minutes) < len(functions):
        spent = (time.monotonic() - started) / 60
        if spent > OLD * _PATIENCE_MINUTES:
            raise TimeoutError(f"the backlog of {OLD} is not done after {spent:.0f} minutes")
        minutes |= {name: spent for name in functions if name not in minutes and _receipts(store, name) >= wanted[name]}
        time.sleep(_LOOK_SECONDS)
    figures, reports = (OLD / minutes[name] for name in functions)
    return figures, reports


def _receipts(store: Store, function: str) -> int:
    return sum(1 for _ in store.list(keys.LEDGER, f"{function}/"))


def rate(settings: Settings, timed: int = _TIMED) -> float:
    """Reports a minute, from one that is finished to the fortieth after it, or as many as are to be timed."""
    store = Store.connect(settings, "web")

    def reach(count: int) -> float:
        while (done := _receipts(store, "render-report")) < count:
            time.sleep(0.1)
        reached.append(done)
        return time.monotonic()

    reached: list[int] = []
    started = reach(1 + _receipts(store, "render-report"))
    ended = reach(reached[0] + timed)
    return 60 * (reached[1] - reached[0]) / (ended - started)
