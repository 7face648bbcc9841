"""What the gateway looks up for Prometheus: what waits, the sweep, the parts, and how long each step to a report took.

No bucket is listed for it, and the queue is looked at once in a few seconds, however many ask.
"""

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from gateway import urgency
from gateway.counters import STEPS
from gateway.inbox import Inbox
from gateway.invoke import Slots
from gateway.job import Job
from gateway.ledger import Ledger
from gateway.sweep import Sweep
from siaga import hazards, keys, moment, standing
from siaga.errors import SiagaError, Unavailable
from siaga.events import Notification
from siaga.receipt import Receipt
from siaga.store import Store
from siaga.vitals import gauge

_log = logging.getLogger("gateway")
URGENCIES = ("live", "live, few people", "backfill")  # by gateway.urgency.rank
_CALL = "call"  # a job about no object: a tick, or a call without waiting
_JOBS = 5000  # as many as /siaga/jobs lists: the inbox keeps what it read for both; more are not looked at
_ASKERS = 8  # threads that ask slots whether they are there
_KEPT_SECONDS = 5.0  # so long one look at the queue serves all who ask
_WAITING = 1000  # reports whose steps are still to be reckoned; more are passed over
_LATEST = timedelta(days=1)  # from a quake to its map; what comes later tells nothing of how quick anybody is


class Steps:
    """Reckons how long each step took, out of catalogue entry and receipts, once a report is there.

    In a thread of its own, so that no job waits; exercises, canaries and old maps are left out.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        """store: with the rights of the gateway."""
        self._store, self._ledger = store, ledger
        self._published: queue.Queue[Receipt] = queue.Queue(_WAITING)

    def hear(self, receipt: Receipt) -> None:
        """A receipt was written."""
        if receipt.notification.bucket == keys.RESULTS and receipt.state == "done" and receipt.run:
            try:
                self._published.put_nowait(receipt)
            except queue.Full:
                _log.warning("too many reports at once; the steps of %s are not reckoned", receipt.run)

    def run(self) -> None:
        """Reckon as long as the process lives."""
        while True:
            receipt = self._published.get()
            try:
                self.reckon(receipt)
            except (SiagaError, ValueError, KeyError, TypeError) as error:
                _log.warning("the steps of %s are not reckoned: %s", receipt.run, error)

    def reckon(self, report: Receipt) -> None:
        """Observe the steps of one report. Raises SiagaError; ValueError, KeyError, TypeError for a foreign entry."""
        run = keys.Run.parse(report.run)
        happened = self._store.head(keys.RESULTS, run.key(keys.IMPACT)).metadata.get(keys.EVENT_TIME, "")
        entry = json.loads(self._store.get(keys.RESULTS, str(keys.CatalogEntry.of(run, moment.parse(happened))))[0])
        origin, came = moment.parse(happened), moment.parse(entry["arrival"]["received"])
        if entry["drill"] or not timedelta() <= came - origin <= _LATEST:
            return
        arrival = entry["arrival"]
        content = Notification(arrival["bucket"], arrival["key"], arrival["etag"])
        function = hazards.HAZARDS[run.hazard].function
        analysis = self._ledger.read(keys.receipt(function, content.receipt_id))
        made = moment.parse(entry["process_time"]) if entry.get("process_time") else None
        analysed = moment.parse(analysis.finished) if analysis else None
        for step, since, until in (
            ("map_made", origin, made),
            ("received", made, came),
            ("analysed", came, analysed),
            ("published", analysed, moment.parse(report.finished)),
        ):
            if since and until:  # clocks of others may be ahead of ours
                STEPS.labels(run.hazard, step).observe(max(0.0, (until - since).total_seconds()))


class Standing(Collector):
    """What is, looked up when somebody asks."""

    def __init__(self, home: Path, slots: Slots, inbox: Inbox, sweep: Sweep, works: Callable[[], bool]) -> None:
        """home: where a supervisor tells how the parts on this machine stand. slots: of all functions.

        works: whether this gateway leads; one that stands by knows nothing of queue and sweep.
        """
        self._works = works
        self._home, self._slots, self._inbox, self._sweep = home, slots, inbox, sweep
        self._functions = sorted(slots.functions)
        self._lock = threading.Lock()
        self._seen: list[tuple[Job, str]] = []
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        """Queue, sweep, parts."""
        if not self._works():
            return
        yield from self._queue()
        figures = self._sweep.figures()
        moments = [
            ((name,), _seconds(when))
            for name, when in (("recent", figures["last"]), ("full", figures["last_full"]))
            if when
        ]
        yield gauge("siaga_sweep_last_timestamp_seconds", "When the last sweep of that kind ended", ["kind"], moments)
        yield gauge(
            "siaga_sweep_keys",
            "Keys that the last look of that kind saw",
            ["kind"],
            [(("recent",), figures["recent"]["keys"]), (("tour",), figures["tour"]["keys"])],
        )
        with ThreadPoolExecutor(_ASKERS) as askers:
            ready = [
                ((name,), count)
                for name, count in zip(self._functions, askers.map(self._slots.ready, self._functions), strict=True)
            ]
        yield gauge("siaga_slots_ready", "Slots that the gateway reaches, busy ones too", ["function"], ready)
        parts = standing.read(self._home)
        up = [((part.name,), float(part.state == "up")) for part in parts]
        yield gauge("siaga_part_up", "Whether the supervisor on this machine sees that part up", ["part"], up)
        restarts = [((part.name,), part.restarts) for part in parts]
        yield gauge("siaga_part_restarts", "How often that part was started again since siaga up", ["part"], restarts)

    def check(self) -> str:
        """Why the job database is of no use, "" when it is."""
        try:
            if self._works():
                self._jobs()
        except Unavailable as error:
            return str(error)
        return ""

    def _queue(self) -> Iterator[Metric]:
        try:
            seen = self._jobs()
        except Unavailable as error:
            _log.warning("the figures lack the queue: %s", error)
            return
        now, names = time.time(), self._functions
        depth = {(name, word): 0 for name in names for word in (*URGENCIES, _CALL)}
        oldest: dict[tuple[str, str], float] = {}
        for job, _state in seen:
            place = job.function, URGENCIES[urgency.rank(job.priority)] if job.notification else _CALL
            depth[place] = depth.get(place, 0) + 1
            oldest[place] = max(oldest.get(place, 0.0), now - _seconds(job.received))
        labels = ["function", "urgency"]
        yield gauge("siaga_jobs_pending", "Jobs that are not settled, running ones too", labels, depth.items())
        ages = [(place, oldest.get(place, 0.0)) for place in depth]
        text = "How long ago the oldest of them came in; 0 where there is none"
        yield gauge("siaga_jobs_oldest_age_seconds", text, labels, ages)
        running: dict[tuple[str], int] = {(name,): 0 for name in names}
        for job, state in seen:
            running[job.function,] = running.get((job.function,), 0) + (state == "running")
        yield gauge("siaga_jobs_running", "Jobs that hold a slot now", ["function"], running.items())

    def _jobs(self) -> list[tuple[Job, str]]:
        with self._lock:
            if time.monotonic() > self._until:
                self._seen = [(job, state) for job, _progress, state, _due in self._inbox.jobs(_JOBS)]
                self._until = time.monotonic() + _KEPT_SECONDS
            return self._seen


def _seconds(stamp: str) -> float:
    """A stored moment as seconds since 1970."""
    return moment.parse(stamp).timestamp()
