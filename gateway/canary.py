"""Sends a canary by the clock, watches how the last ones fared, and thins them."""

import logging
import threading
from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from gateway.ledger import Ledger
from siaga import keys, moment
from siaga.answers import CanaryFacts
from siaga.errors import Conflict, SiagaError
from siaga.events import Notification
from siaga.inputs import canary
from siaga.inputs.canary import Standing
from siaga.store import Store
from siaga.vitals import gauge

_log = logging.getLogger("gateway")
_LOOK_SECONDS = 10.0


class Canary(Collector):
    """One at each full turn of its interval, whatever gateway comes first; none while one is on its way."""

    def __init__(self, store: Store, ledger: Ledger, minutes: float) -> None:
        """store: with the rights of the gateway. minutes: between two; 0: none is sent."""
        self._store, self._ledger, self._seconds = store, ledger, 60 * minutes
        self._standing, self._turn = Standing(), self._turn_of_now()
        self._trouble = ""

    def run(self, stop: threading.Event) -> None:
        """Look, send and thin until told to stop."""
        while self._seconds and not stop.wait(min(_LOOK_SECONDS, self._seconds / 2)):
            self.attempt()

    def attempt(self) -> None:
        """Look once; trouble with the store is logged when it begins."""
        try:
            turn = self._turn_of_now()
            if turn > self._turn:
                self._turn = turn
                canary.send(self._store, moment.now())
                canary.thin(self._store, self._forget)
            self._standing = canary.look(self._store)
        except Conflict:  # another gateway has sent it
            return
        except (SiagaError, ValueError, KeyError, TypeError) as error:  # the latter of an entry of other form
            if not self._trouble:
                _log.warning("canary: %s", error)
            self._trouble = str(error)
            return
        self._trouble = ""

    def figures(self) -> CanaryFacts:
        """For lists."""
        last = self._standing
        return {
            "minutes": self._seconds / 60,
            "sent": moment.stamp(last.sent) if last.sent else None,
            "published": moment.stamp(last.published) if last.published else None,
            "seconds": last.seconds,
            "late": bool(self._seconds) and last.is_late(moment.now()),
        }

    def collect(self) -> Iterable[Metric]:
        """For Prometheus."""
        last = self._standing
        yield gauge("siaga_canary_interval_seconds", "Between two canaries; 0: none is sent", [], [((), self._seconds)])
        sent = [((), last.sent.timestamp())] if last.sent else []
        yield gauge("siaga_canary_sent_timestamp_seconds", "When the newest canary came in", [], sent)
        published = [((), last.published.timestamp())] if last.published else []
        text = "When the report of the newest canary that has one was there"
        yield gauge("siaga_canary_published_timestamp_seconds", text, [], published)
        lasted = [((), last.seconds)] if last.seconds is not None else []
        yield gauge("siaga_canary_seconds", "From upload to report, of that one", [], lasted)

    def _turn_of_now(self) -> int:
        return int(moment.now().timestamp() // self._seconds) if self._seconds else 0

    def _forget(self, function: str, content: Notification) -> None:
        seen = self._ledger.look(keys.receipt(function, content.receipt_id))
        if seen.etag:
            self._ledger.remove(function, content, seen.etag)
