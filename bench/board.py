"""The pages of the web with 100,000 receipts: how long each takes; the status page must be there within 200 ms.

Half of the receipts are of maps, half of their reports, one in fifty refused; a hundred thousand companions lie beside
the maps. The objects lie in memory, so that what is measured is the index and the pages, not a store.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.memory import Memory, ask
from siaga import keys
from siaga.errors import Reason, reason
from siaga.events import Notification
from siaga.moment import stamp
from siaga.receipt import Receipt
from web import create_app
from web.index import Index

_RECEIPTS, _TIMES, _MOST_MS = 100_000, 7, 200
_START = datetime(2016, 1, 1, tzinfo=UTC)
_PAGES = ("/status", "/status?lang=en", "/live.json", "/earthquakes", "/floods", "/ash")


def run(say: Callable[[str], None]) -> None:
    """Make them (not counted), import them, take one more, ask for the pages."""
    store = Memory()
    for number in range(_RECEIPTS // 2):
        _put(store, number)
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as scratch:
        index = Index(store, Path(scratch) / "index.sqlite")  # type: ignore[arg-type]
        began = time.perf_counter()
        index.refresh()
        say(f"{_RECEIPTS:,} receipts imported in {time.perf_counter() - began:.0f} s")
        _put(store, _RECEIPTS)
        began = time.perf_counter()
        index.refresh()
        say(f"two more: {time.perf_counter() - began:.1f} s")
        client = create_app(store, index, "http://127.0.0.1:9").test_client()  # type: ignore[arg-type]
        for path in _PAGES:
            took = [ask(client, path) for _ in range(_TIMES)]
            warm = sorted(took[1:])[len(took) // 2 - 1]
            slow = "" if warm < _MOST_MS else f"  over {_MOST_MS} ms"
            say(f"{path:20} first {took[0]:4.0f} ms, warm {warm:4.0f} ms{slow}")


def _put(store: Memory, number: int) -> None:
    came = _START + timedelta(minutes=number)
    event_id = f"{came:%Y%m%d%H%M%S}"
    key, body = f"{event_id}/grid.xml", str(number).encode()
    given = Notification(keys.SHAKEMAPS, key, store.put(keys.SHAKEMAPS, key, body))
    for name in ("intensity.jpg", "stationlist.xml"):
        store.put(keys.SHAKEMAPS, f"{event_id}/{name}", b"")
    run = f"earthquake/{event_id}/initial-v001-{number:08x}/0a1b2c3d"
    refused = number % 50 == 0
    said = reason("The file is empty") if refused else None
    _settle(store, "on-shakemap", given, came, "refused" if refused else "done", said, "" if refused else run)
    _settle(store, "render-report", Notification(keys.RESULTS, f"{run}/impact.json", "e"), came, "done", None, run)


def _settle(
    store: Memory, function: str, given: Notification, came: datetime, state: str, said: Reason | None, run: str
) -> None:
    when = stamp(came)
    receipt = Receipt(function, given, state, said, run, "", (), 1, when, when, when, 1.0)
    store.put(keys.LEDGER, receipt.name, receipt.encode())
