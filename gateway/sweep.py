"""The sweep: inputs − receipts − pending jobs. What no notification announced is found here."""

import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from gateway import urgency
from gateway.inbox import Inbox
from gateway.job import Job, object_job_id
from gateway.ledger import Ledger
from siaga import keys
from siaga.errors import NotFound, SiagaError
from siaga.events import Notification
from siaga.moment import stamp
from siaga.stack import Function, waking
from siaga.store import Head, Store

_log = logging.getLogger("gateway")

RECENT = timedelta(days=2)  # clocks in keys are WIB, UTC or the sender's own
SHARE_OF_TIME = 10  # where no notification comes, everything is looked through in at most a tenth of the time


class Sweep:
    """Lists inputs at start, recent ones often, all now and then; enqueues what was never settled."""

    def __init__(
        self,
        store: Store,
        functions: tuple[Function, ...],
        inbox: Inbox,
        ledger: Ledger,
        seconds: float,
        full_seconds: float,
        *,
        alone: bool = False,
    ) -> None:
        """`store` with the rights of the gateway; `seconds` between sweeps of recent inputs and of all.

        alone: no notification will come, so that an input with an old clock in its key must not wait
        for `full_seconds` while the buckets are small.
        """
        self._alone = alone
        self._store, self._functions, self._inbox, self._ledger = store, functions, inbox, ledger
        self._seconds, self._full_seconds = seconds, full_seconds
        self._prefixes = sorted({(one.bucket, one.prefix) for function in functions for one in function.inputs})
        self._away: str = ""
        self.last: str | None = None
        self.last_full: str | None = None

    def run(self, stop: threading.Event) -> None:
        """Sweep until told to stop: everything first, then recent inputs, everything now and then."""
        due = datetime.now(UTC)
        while True:
            began = datetime.now(UTC)
            full = began >= due
            if self.attempt(full) and full:
                rest = timedelta(seconds=self._full_seconds)
                if self._alone:
                    rest = min(rest, SHARE_OF_TIME * (datetime.now(UTC) - began))
                due = datetime.now(UTC) + rest
            if stop.wait(self._seconds):
                return

    def attempt(self, full: bool) -> bool:
        """Sweep once; a store that is away is logged once and tried again next time. Returns whether it worked."""
        try:
            found = self.all() if full else self.recent()
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

    def all(self) -> int:
        """Every input; returns how many jobs were enqueued. Raises Unavailable."""
        self._ledger.refresh()
        self._inbox.tidy()
        found = self._enqueue(self._listed(None))
        self.last = self.last_full = stamp()
        return found

    def recent(self) -> int:
        """The inputs whose key carries a clock of the last days, or none; returns how many jobs were enqueued."""
        found = self._enqueue(self._listed(datetime.now(UTC) - RECENT))
        self.last = stamp()
        return found

    def _enqueue(self, listed: Iterator[tuple[str, Head]]) -> int:
        active = self._inbox.active()  # before the listing: a job that ends meanwhile has its receipt by then
        found = 0
        for bucket, head in listed:
            notification = Notification(bucket, head.key, head.etag)
            place = urgency.by_key(notification, head.modified)
            for function in waking(self._functions, bucket, head.key):
                known = self._ledger.knows(function.name, notification)
                if known or object_job_id(function.name, notification) in active:
                    continue
                found += self._inbox.submit(Job.of_object(function.name, notification, place, stamp(head.modified)))
        return found

    def _listed(self, since: datetime | None) -> Iterator[tuple[str, Head]]:
        away: SiagaError | None = None
        for bucket, prefix in self._prefixes:
            start = keys.start_after(prefix, since) if since else ""
            try:
                for head in self._store.list(bucket, prefix, start_after=start):
                    yield bucket, head
                    for hidden in self._hidden(bucket, head.key):
                        yield bucket, hidden
            except SiagaError as error:  # a bucket that is missing or closed must not hide the others
                away = error
        if away:
            raise away

    def _hidden(self, bucket: str, key: str) -> Iterator[Head]:
        """What lies below an object that is named like a folder: MinIO lists none of it."""
        if "/" in key or not keys.is_timed(key):
            return
        for below in keys.grids_in(key):
            if waking(self._functions, bucket, below):
                with suppress(NotFound):
                    yield self._store.head(bucket, below)
