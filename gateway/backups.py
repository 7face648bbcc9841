"""When the last backup was made, as its record in the store tells; for Prometheus and watchers."""

import threading
import time
from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from siaga import generation, keys
from siaga.errors import NotFound, SiagaError
from siaga.store import Store
from siaga.vitals import gauge

_KEPT_SECONDS = 60.0


class Backups(Collector):
    """Looks at the record once in a minute at most; no figure where no backup was ever made."""

    def __init__(self, store: Store) -> None:
        """store: with the rights of the gateway."""
        self._store, self._lock = store, threading.Lock()
        self._made: float | None = None
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        """For Prometheus."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._look()
            told = [] if self._made is None else [((), self._made)]
        yield gauge("siaga_backup_last_timestamp_seconds", "When the newest backup was whole", [], told)

    def _look(self) -> None:
        self._until = time.monotonic() + _KEPT_SECONDS
        try:
            self._made = self._store.head(keys.RESULTS, generation.BACKED_UP).modified.timestamp()
        except NotFound:
            self._made = None
        except SiagaError:  # a silent store has an alarm of its own; what was true stays
            return
