"""A backlog: two hundred old maps that come at once, and how many of their reports a minute are made."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from bench import quake
from siaga import keys
from siaga.settings import Settings
from siaga.store import Store

OLD = 200
_FIRST = datetime(2018, 2, 20, tzinfo=UTC)  # folders and origin times, hour by hour
_TIMED = 40  # reports, for the rate


def fill(settings: Settings, grid: bytes) -> None:
    """Put the maps, four at a time."""
    store = Store.connect(settings, "bmkg")

    def put(number: int) -> None:
        happened = _FIRST + timedelta(hours=number)
        event_id = quake.event_id(happened)
        body = quake.named(quake.at(grid, happened), event_id)
        store.put(keys.SHAKEMAPS, f"{event_id}/grid.xml", body, "application/xml")

    with ThreadPoolExecutor(4) as putting:
        list(putting.map(put, range(OLD)))


def rate(settings: Settings) -> float:
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
