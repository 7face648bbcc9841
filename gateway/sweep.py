"""The sweep: inputs − receipts − pending jobs. What no notification announced is found here."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from gateway import counters, urgency
from gateway.inbox import Inbox
from gateway.job import Job, object_job_id
from gateway.ledger import Ledger
from gateway.notices import Notices
from gateway.tour import RECENT, Tour
from siaga import keys
from siaga.answers import SweepFigures
from siaga.errors import SiagaError
from siaga.events import Notification
from siaga.moment import stamp
from siaga.receipt import Receipt
from siaga.stack import Function, waking
from siaga.store import Head, Store

_log = logging.getLogger("gateway")
_NIGHT = timedelta(hours=19)  # UTC: two o'clock in Jakarta
_SHARE, _SHARE_ALONE = 0.05, 0.3  # of the time between two sweeps, for the next part of all inputs
_SHARE_TOUCHED, _SHARE_FOLDERS = 0.2, 0.4  # likewise, at most, for folders where something came lately; for new ones
_REST_SHARE = 0.2  # at least
_HURRY_SECONDS = 10.0  # a part of the tours at start and at night
_LEARN_SECONDS, _LEARN_SHARE = 300.0, 0.01  # the ledger is listed anew as often, in at most that part of the time


class Sweep:
    """Looks at recent inputs often, and at all of them part by part; enqueues what was never settled.

    At start and every night the ledger is listed anew and the tour of all inputs goes on without rest. Nothing of
    a listing is kept but the place where the next part begins.
    """

    def __init__(
        self,
        store: Store,
        functions: tuple[Function, ...],
        inbox: Inbox,
        ledger: Ledger,
        notices: Notices,
        seconds: float,
        full_seconds: float,
        *,
        alone: bool = False,
    ) -> None:
        """`store` with the rights of the gateway; `seconds` between sweeps, and between the tours without rest.

        alone: no notification will come, so that more of the time goes into looking at all inputs, and new folders
        and those where something came lately are looked into.
        """
        self._alone = alone
        self._store, self._functions, self._inbox, self._ledger = store, functions, inbox, ledger
        self._notices = notices
        self._seconds, self._full_seconds = seconds, full_seconds
        self._tour = Tour(store, sorted({(one.bucket, one.prefix) for each in functions for one in each.inputs}))
        self._away: str = ""
        self._learned, self._learning = 0.0, 0.0
        self._last: str | None = None
        self._recent: tuple[int, float] = (0, 0.0)

    def run(self, stop: threading.Event) -> None:
        """Sweep until told to stop."""
        due = datetime.now(UTC)
        while True:
            began = time.monotonic()
            due = min(due, self._next_full(datetime.now(UTC)))  # which moves when the clock is set back
            full = datetime.now(UTC) >= due and not self._tour.hurries
            if self.attempt(full=full) and full:
                due = self._next_full(datetime.now(UTC))
            left = max(self._seconds * _REST_SHARE, began + self._seconds - time.monotonic())
            if stop.wait(0 if self._tour.hurries and not self._away else left):
                return

    def attempt(self, *, full: bool) -> bool:
        """Sweep once; a store that is away is logged once and tried again next time. Returns whether it worked."""
        try:
            if full or time.monotonic() > self._learned + max(_LEARN_SECONDS, self._learning / _LEARN_SHARE):
                self._learn()
            if full:
                self._tour.begin()
            found = self.once()
        except SiagaError as error:
            if not self._away:
                _log.warning("sweep: %s", error)
            self._away = str(error)
            return False
        if self._away:
            _log.info("sweep: the store is back")
        self._away = ""
        if found:
            _log.info("sweep: %d jobs that no notification had brought", found)
        return True

    def _learn(self) -> None:
        """List the ledger anew, and clear away jobs that a crash left behind: their inputs are then found again."""
        began = time.monotonic()
        self._ledger.refresh()
        self._inbox.tidy()
        self._learned = time.monotonic()
        self._learning = self._learned - began

    def once(self) -> int:
        """Recent inputs and the next part of all; returns how many jobs were enqueued.

        Raises SiagaError when a bucket is missing or closed, after the others were looked at.
        """
        began = time.monotonic()
        share = self._seconds * (_SHARE_ALONE if self._alone else _SHARE)
        active = self._inbox.active()  # before the listings: a job that ends meanwhile has its receipt by then
        try:
            found = self._enqueue(self._tour.recent(datetime.now(UTC) - RECENT), active)
            if self._alone:
                found += self._enqueue(self._tour.touched(self._seconds * _SHARE_TOUCHED), active)
                found += self._enqueue(self._tour.new_folders(self._seconds * _SHARE_FOLDERS), active)
            self._recent = (self._tour.counted, round(time.monotonic() - began, 2))
        finally:
            more = self._enqueue(self._tour.part(_HURRY_SECONDS if self._tour.hurries else share), active)
        self._last = stamp()
        return found + more

    def follow(self, receipt: Receipt) -> None:
        """A receipt was written: where no notification comes, what the run has made wakes the next function."""
        if not self._alone or receipt.state != "done" or receipt.notification.bucket not in keys.INPUTS:
            return
        with suppress(SiagaError):  # the tour comes by
            head = self._store.head(keys.RESULTS, keys.Run.parse(receipt.run).key(keys.IMPACT))
            self._enqueue(iter([(keys.RESULTS, head)]), set())

    def figures(self) -> SweepFigures:
        """When the last sweep and the last tour without rest were, and what they came to.

        {"last", "last_full": UTC or None, "recent": {"keys", "seconds"}, "tour": the same of the last tour of all}
        """
        keys_seen, seconds = self._recent
        return {
            "last": self._last,
            "last_full": self._tour.last_full,
            "recent": {"keys": keys_seen, "seconds": seconds},
            "tour": {"keys": self._tour.keys, "seconds": self._tour.seconds},
        }

    def _next_full(self, now: datetime) -> datetime:
        """The next of the moments that lie `full_seconds` apart, one of them at night."""
        night = now.replace(hour=0, minute=0, second=0, microsecond=0) + _NIGHT - timedelta(days=1)
        step = timedelta(seconds=self._full_seconds)
        return night + ((now - night) // step + 1) * step

    def _enqueue(self, listed: Iterator[tuple[str, Head]], active: set[str]) -> int:
        told: dict[tuple[str, str], datetime] = {}
        settled: list[tuple[str, Notification, datetime]] = []
        since, found = datetime.now(UTC) - RECENT, 0
        try:
            for bucket, head in listed:
                if about := keys.noticed(head.key):
                    told[bucket, about] = max(head.modified, told.get((bucket, about), head.modified))
                for function in waking(self._functions, bucket, head.key):
                    notification = Notification(bucket, head.key, head.etag)
                    if not self._ledger.knows(function.name, notification):
                        found += self._submit(function.name, notification, head, active)
                    elif head.modified > since:
                        settled.append((function.name, notification, head.modified))
        finally:
            for name, notification, written in settled:
                notice = told.get((notification.bucket, notification.key))
                if notice is None or notice < written:
                    self._notices.mend(name, notification)
        return found

    def _submit(self, function: str, notification: Notification, head: Head, active: set[str]) -> bool:
        if object_job_id(function, notification) in active:
            return False
        place = urgency.by_key(notification, head.modified)
        taken = self._inbox.submit(Job.of_object(function, notification, place, stamp(head.modified)))
        counters.RECEIVED.labels(function, "sweep").inc(taken)
        return taken
