"""What watchers ask of the web app: whether it lives, whether it can work, and figures of what its index knows."""

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import Counter, Histogram
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from siaga import moment, vitals
from siaga.vitals import Check, Disk, Vitals, gauge
from web import board
from web.index import Index
from web.outlook import Outlook

_NAME = "siaga-vitals"
_KEPT_SECONDS = 15.0  # so long one look at the index serves all who ask
_LOOKED_BACK = timedelta(days=7)  # for what has no result
_PATIENCE = timedelta(minutes=10)  # before a result is missed
SOURCES = {"ShakeMap": "shakemap", "BMKG": "bmkg"}  # by web.board's names; all others are PetaBencana's regions

ANSWERS = Counter("siaga_web_answers", "Answers of the web app by status", ["status"])
SECONDS = Histogram(
    "siaga_web_seconds",
    "Seconds until an answer of the web app begins",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

pages = Blueprint("metrics", __name__)


def install(
    app: Flask, index: Index, token: str, home: Path | None, store: Check | None, outlook: Outlook | None
) -> None:
    """Let watchers ask. token: opens the figures. home: whose disk is looked at. store: why it is of no use.

    outlook: how alerts stand, where this app may look.
    """
    checks = {"index": lambda: "" if index.whole else "the catalogue was not read yet"}
    looks = {"store": store} if store else {}
    collectors: list[Collector] = [Known(index), *([Disk(home)] if home else []), *([outlook] if outlook else [])]
    app.extensions[_NAME] = Vitals(token, looks | checks, collectors)
    app.register_blueprint(pages)


@pages.get(vitals.ALIVE)
@pages.get(vitals.READY)
@pages.get(vitals.METRICS)
def answer() -> Response:
    """What watchers ask; figures for whoever shows the token."""
    asked: Vitals = current_app.extensions[_NAME]
    told = asked.answer(request.path, request.headers.get("Authorization", ""))
    assert told is not None
    return Response(told.body, told.status, content_type=told.media_type)


@pages.before_app_request
def begin() -> None:
    """Note when a request came."""
    g.began = time.monotonic()


@pages.after_app_request
def count(response: Response) -> Response:
    """Count its answer."""
    ANSWERS.labels(response.status_code).inc()
    if "began" in g:
        SECONDS.observe(time.monotonic() - g.began)
    return response


class Known(Collector):
    """What the index knows, looked up when somebody asks."""

    def __init__(self, index: Index) -> None:
        """index: of the app."""
        self._index, self._lock, self._began = index, threading.Lock(), moment.now()
        self._told: list[Metric] = []
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        """The figures, at most a few seconds old."""
        with self._lock:
            if time.monotonic() > self._until:
                self._told = list(self._look(moment.now()))
                self._until = time.monotonic() + _KEPT_SECONDS
            return self._told

    def _asked_since(self, name: str) -> datetime | None:
        """A figure that is not there raises no alarm, and a source behind a closed firewall never has one."""
        return None if name == "shakemap" else self._began

    def _look(self, now: datetime) -> Iterator[Metric]:
        index = self._index
        read = [((), index.fresh)] if index.fresh else []
        yield gauge("siaga_index_read_timestamp_seconds", "When the catalogue was read last", [], read)
        sources = [(source(one.name), one) for one in board.sources(index, now) if one.state != "off"]
        yield gauge(
            "siaga_source_last_success_timestamp_seconds",
            "When that source gave something last: a ShakeMap came, a list or an hour was answered; of one that "
            "is asked and never did: when this process began",
            ["source"],
            [((name,), last.timestamp()) for name, one in sources if (last := one.last or self._asked_since(name))],
        )
        yield gauge(
            "siaga_source_state",
            "1 for what the status page says of that source: fine, late, silent, unknown",
            ["source", "state"],
            [((name, state), float(one.state == state)) for name, one in sources for state in board.STATES],
        )
        failed = index.ledger.failed(0)[1]
        yield gauge("siaga_inputs_failed", "Inputs refused or given up that nobody has decided on", [], [((), failed)])
        since, until = moment.stamp(now - _LOOKED_BACK), moment.stamp(now - _PATIENCE)
        yield gauge(
            "siaga_results_missing",
            "Of the last seven days: receipts that say done whose run the catalogue lacks, entries without a report",
            ["kind"],
            [
                (("catalogue",), index.arrivals.without_entry(since, until)),
                (("report",), index.arrivals.without_report(since, until)),
            ],
        )


def source(name: str) -> str:
    """A source as a label."""
    return SOURCES.get(name) or f"petabencana-{name.rpartition(' ')[2]}"
