"""What every part tells of itself: that it lives, whether it can work, and figures for Prometheus.

Whether it lives, and whether it can work, anybody may ask: the answers hold no more than sentences of our own. Figures
take a token. A part that lives and cannot work is no reason to end it: a store that is silent would take all with it.
"""

import hmac
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from siaga.errors import SiagaError

_log = logging.getLogger(__name__)
ALIVE, READY, METRICS = "/healthz", "/readyz", "/metrics"
OPEN = (ALIVE, READY)  # whoever watches over a process has no secrets
NOTHING = "readyz"  # a key that no bucket holds: the store answers that it is not there
TOKEN = "metrics-token"  # the secret that opens METRICS, the same on all parts
_EVERY_SECONDS = 10.0  # between looks at the store
_STALE_SECONDS = 40.0  # a look that takes so long is one in vain, whatever comes of it
_TEXT = "text/plain; charset=utf-8"

STORE_UP = Gauge("siaga_store_up", "Whether the store answered this part when it was asked last")
STORE_SECONDS = Histogram(
    "siaga_store_answer_seconds",
    "How long the store took for the one small question that each part asks it every ten seconds",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

Check = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one question over HTTP."""

    status: int
    body: bytes
    media_type: str = _TEXT


class Vitals:
    """What one part tells."""

    def __init__(
        self,
        token: str,
        checks: Mapping[str, Check],
        collectors: Iterable[Collector] = (),
        stuck: Check = lambda: "",
    ) -> None:
        """token: of METRICS. checks: by what they look at, each says why the part cannot work, "" when it can.

        collectors: what is counted only when somebody asks, beside what stands in prometheus_client's own registry.
        stuck: why the part must be ended, although it answers; "" for no reason.
        """
        self._token, self._checks, self._stuck = token, checks, stuck
        self._own = CollectorRegistry()
        for one in collectors:
            self._own.register(one)

    def answer(self, path: str, authorization: str = "") -> Answer | None:
        """The answer to a GET of one of the three paths; None of another."""
        if path == ALIVE:
            stuck = self._stuck()
            return Answer(503 if stuck else 200, stuck.encode() or b"OK")
        if path == READY:
            wrong = [f"{name}: {why}\n" for name, check in self._checks.items() if (why := check())]
            return Answer(503 if wrong else 200, "".join(wrong).encode() or b"OK")
        return (self.metrics() if self.admits(authorization) else refusal()) if path == METRICS else None

    def admits(self, authorization: str) -> bool:
        """Whether that header opens METRICS."""
        return is_token(self._token, authorization)

    def metrics(self) -> Answer:
        """All figures in Prometheus's form."""
        return Answer(200, generate_latest(REGISTRY) + generate_latest(self._own), CONTENT_TYPE_LATEST)


def is_token(token: str, authorization: str) -> bool:
    """Whether a header Authorization shows that token."""
    return bool(token) and hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


def refusal() -> Answer:
    """What is said to whoever has no token."""
    return Answer(401, f"Send the secret {TOKEN}: Authorization: Bearer …".encode())


class Disk(Collector):
    """How much room is left where a part keeps its files."""

    def __init__(self, folder: Path) -> None:
        """folder: SIAGA_HOME."""
        self._folder = folder

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Asked when somebody reads the figures; nothing while the folder cannot be read."""
        try:
            usage = shutil.disk_usage(self._folder)
        except OSError:
            return
        yield GaugeMetricFamily("siaga_disk_size_bytes", "Size of the disk that SIAGA_HOME lies on", usage.total)
        yield GaugeMetricFamily("siaga_disk_free_bytes", "Free room on the disk that SIAGA_HOME lies on", usage.free)


class StoreLook:
    """Looks at the store now and then, in a thread of its own, so that no reader of the figures waits for it."""

    def __init__(self, ask: Callable[[], object]) -> None:
        """ask: one small question; raises SiagaError when the store does not answer."""
        self._ask = ask
        self._why, self._since = "it was not asked yet", time.monotonic()

    def check(self) -> str:
        """Why the store is of no use, "" when it is."""
        if not self._why and time.monotonic() - self._since > _STALE_SECONDS:
            return "it has not answered for a while"
        return self._why

    def run(self, stop: threading.Event) -> None:
        """Look until told to stop."""
        while True:
            self.look()
            if stop.wait(_EVERY_SECONDS):
                return

    def look(self) -> None:
        """Look once."""
        began = time.monotonic()
        try:
            self._ask()
        except SiagaError as error:
            if not self._why:
                _log.warning("the store does not answer: %s", error)
            self._why = "it does not answer"
        else:
            self._why = ""
            STORE_SECONDS.observe(time.monotonic() - began)
        self._since = time.monotonic()
        STORE_UP.set(not self._why)


def watched(ask: Callable[[], object], stop: threading.Event | None = None) -> StoreLook:
    """Begin to look at the store. stop: ends it; without one it goes on as long as the process."""
    look = StoreLook(ask)
    threading.Thread(target=look.run, args=(stop or threading.Event(),), name="store look", daemon=True).start()
    return look


def gauge(
    name: str, text: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    """One figure with its values by labels, for a collector."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for told, value in values:
        family.add_metric(told, value)
    return family
