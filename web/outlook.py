"""How alerts stand, for the status page and for watchers: what failed, what is held, addresses that take nothing."""

import threading
import time
from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from siaga import moment
from siaga.alerts import delivery
from siaga.alerts.delivery import Counts
from siaga.errors import SiagaError
from siaga.store import Store
from siaga.vitals import gauge

_KEPT_SECONDS = 60.0  # so long one look at the marks serves all who ask
_PATIENCE_SECONDS = 1.0


class Outlook(Collector):
    """Looks when somebody asks, once a minute at most; who asks waits a moment, however slow the store is."""

    def __init__(self, store: Store) -> None:
        """`store` with the rights of role operators."""
        self._store, self._lock = store, threading.Lock()
        self._counts: Counts | None = None
        self._look: threading.Thread | None = None
        self._until = 0.0

    def counts(self) -> Counts | None:
        """The newest; None where they are not known."""
        with self._lock:
            if time.monotonic() > self._until and not (self._look and self._look.is_alive()):
                self._look = threading.Thread(target=self._count, daemon=True)
                self._look.start()
            look = self._look
        if look:
            look.join(_PATIENCE_SECONDS)
        return self._counts

    def _count(self) -> None:
        try:
            self._counts = delivery.counts(self._store, moment.now())
        except SiagaError:
            self._counts = None
        self._until = time.monotonic() + _KEPT_SECONDS

    def collect(self) -> Iterable[Metric]:
        """The same as figures; none where they are not known."""
        counts = self.counts()
        if counts is None:
            return
        yield gauge(
            "siaga_messages_failed",
            "Alerts given up, or nobody knows whether they were taken, in a day",
            [],
            [((), counts.failed)],
        )
        yield gauge("siaga_messages_held", "Alerts that wait for their hour", [], [((), counts.held)])
        yield gauge(
            "siaga_messages_overdue", "Alerts whose hour is over and that are held still", [], [((), counts.overdue)]
        )
        yield gauge(
            "siaga_addresses_returned",
            "Active subscriptions whose address took the last message not",
            [],
            [((), counts.returned)],
        )
