"""Orders: ranges of inputs that are done again, a slice at a time, kept over crashes, stopped and gone on with."""

import json
import logging
import threading
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, replace
from typing import TypedDict, Unpack, cast

from gateway import urgency
from gateway.inbox import Inbox
from gateway.job import Job
from gateway.selection import Chosen, Selection
from gateway.wanted import Wanted
from siaga import keys
from siaga.answers import OrderFacts, PlanFacts
from siaga.errors import NotFound, Reason, SiagaError
from siaga.moment import stamp
from siaga.store import Store

_log = logging.getLogger("gateway")

SCHEMA = "siaga/order/1"
_SLICE = 20  # jobs of an order in the job database at a time
_LOOK_SECONDS, _AWAY_SECONDS, _TICK_SECONDS = 0.5, 5.0, 0.1
_SECOND = 1.1  # in which a time that is stored has passed
_KEPT = 50  # orders that are over
_NAMED = 20  # inputs that a plan names
_SAMPLE = 20  # receipts that tell how long a function takes
OPEN, STOPPED, DONE = "open", "stopped", "done"


@dataclass(frozen=True, slots=True)
class Order:
    """One order and how far it has come.

    wanted: as it was sent. who: placed it. placed, ended: UTC, as text; what was settled after `placed` is done.
    total: contents that it means, None before they are counted; enqueued: of these handed to the inbox so far.
    done: settled again. reason: why it does not go on just now, or None.
    """

    id: str
    wanted: dict[str, object]
    who: str
    state: str
    placed: str
    ended: str = ""
    total: int | None = None
    enqueued: int = 0
    done: int = 0
    reason: Reason | None = None

    def encode(self) -> bytes:
        """The stored form."""
        return json.dumps({"schema": SCHEMA, **self.facts()}, ensure_ascii=False, sort_keys=True, indent=1).encode()

    def facts(self) -> OrderFacts:
        """As it is told to whoever asks."""
        return cast(OrderFacts, asdict(self))

    @classmethod
    def decode(cls, body: bytes) -> "Order":
        """Read the stored form. Raises ValueError, KeyError or TypeError."""
        stored = json.loads(body)
        del stored["schema"]
        return cls(**stored)


class _News(TypedDict, total=False):
    """Those fields of an order that change while it is worked off."""

    state: str
    ended: str
    total: int | None
    enqueued: int
    done: int
    reason: Reason | None


class Orders:
    """All orders; one is worked on at a time, the first that was placed. They are objects of bucket ledger."""

    def __init__(self, store: Store, inbox: Inbox, selection: Selection, replicas: dict[str, int]) -> None:
        """`store` with the rights of the gateway; `replicas`: slots of each function."""
        self._store, self._inbox, self._selection, self._replicas = store, inbox, selection, replicas
        self._lock, self._reading = threading.Lock(), threading.Lock()
        self._orders: dict[str, Order] | None = None
        self._changed = threading.Event()

    def plan(self, wanted: Wanted) -> PlanFacts:
        """What an order would do, without doing it: how many, of which functions, the first of them, how long.

        Of one that was stopped, the rest.
        seconds: an estimate with the reports that follow, for when nothing else is to be done; None when nothing tells.
        Raises Unavailable.
        """
        counts: Counter[str] = Counter()
        analysed = 0
        known: Counter[str] = Counter()
        took: defaultdict[str, float] = defaultdict(float)
        named: list[str] = []
        before = self._all().get(wanted.id)
        placed = before.placed if before and before.state == STOPPED else stamp()
        for one, seen in self._selection.chosen(wanted, placed):
            counts[one.function] += 1
            analysed += one.notification.bucket != keys.RESULTS
            if seen.receipt and seen.receipt.seconds:
                took[one.function] += seen.receipt.seconds
                known[one.function] += 1
            if len(named) < _NAMED:
                named.append(f"{one.notification.bucket}/{one.notification.key}")
        means = {name: took[name] / known[name] for name in known}
        calls = counts + Counter(dict.fromkeys(self._selection.reporting(), analysed))  # of each run its report
        spent = [
            count * mean / max(1, self._replicas[name] - 1)
            for name, count in calls.items()
            if (mean := means.get(name) or self._sampled(name))
        ]
        return {
            "count": sum(counts.values()),
            "functions": dict(counts),
            "inputs": named,
            "seconds": round(max(spent), 1) if spent else None,
        }

    def place(self, wanted: Wanted, who: str) -> Order:
        """Take an order; the same one again goes on where it stopped, or is the one that is under way."""
        known = self._all().get(wanted.id)
        if known and known.state == OPEN:
            return known
        if known and known.state == STOPPED:
            order = replace(known, state=OPEN, ended="", total=None, reason=None)
        else:
            order = Order(wanted.id, wanted.stored(), who, OPEN, stamp())
        _log.info(json.dumps({"order": order.id, "wanted": order.wanted, "who": who, "state": OPEN}))
        self._keep(order)
        self._changed.set()
        return order

    def stop(self, name: str) -> Order:
        """Withdraw the rest of an order; what is enqueued is still done. Raises NotFound."""
        with self._lock:
            known = self._all().get(name)
            if known is None:
                raise NotFound("There is no order {name}", name=repr(name)[:80])
            order = replace(known, state=STOPPED, ended=stamp()) if known.state == OPEN else known
            self._write(order)
        self._changed.set()
        return order

    def listed(self) -> list[Order]:
        """All that are known, the newest first. Raises Unavailable."""
        return sorted(self._all().values(), key=lambda order: (order.state == OPEN, order.placed), reverse=True)

    def run(self, stop: threading.Event) -> None:
        """Work off orders until told to stop."""
        away = ""
        while not stop.is_set():
            order: Order | None = None
            try:
                order = min((one for one in list(self._all().values()) if one.state == OPEN), key=_age, default=None)
                if order:
                    self._work(order, stop)
                    away = ""
                    continue
            except SiagaError as error:
                if not away:
                    _log.warning("orders: %s", error)
                away = str(error)
                if order:
                    self._tell(order.id, reason=error.reason())
                stop.wait(_AWAY_SECONDS)
                continue
            self._changed.wait(_LOOK_SECONDS)
            self._changed.clear()

    def _work(self, order: Order, stop: threading.Event) -> None:
        """Count what it means, then hand it over slice by slice, each once most of the one before is settled."""
        wanted = Wanted.parse(order.wanted)
        until = time.monotonic() + _SECOND  # not longer, should the clock have been set back meanwhile
        while stamp() <= order.placed and time.monotonic() < until and not stop.wait(_TICK_SECONDS):
            pass  # what is settled in the second of its placing could be taken for its own work
        total = sum(1 for _ in self._selection.chosen(wanted, order.placed))
        self._tell(order.id, total=total, enqueued=0, done=0, reason=None)
        _log.info(json.dumps({"order": order.id, "total": total}))
        if self._all()[order.id].state != OPEN:
            return  # stopped while it was counted
        outstanding: set[str] = set()
        enqueued = 0
        for one, seen in self._selection.chosen(wanted, order.placed):
            outstanding.add(self._again(one, seen.etag))
            enqueued += 1
            if len(outstanding) >= _SLICE and not self._wait(order.id, outstanding, enqueued, _SLICE // 2, stop):
                return
        if self._wait(order.id, outstanding, enqueued, 0, stop):
            self._tell(order.id, state=DONE, ended=stamp(), enqueued=enqueued, done=enqueued, total=enqueued)
            _log.info(json.dumps({"order": order.id, "state": DONE, "done": enqueued}))

    def _again(self, one: Chosen, etag: str) -> str:
        """Enqueue one as backfill; returns the id of its job.

        etag: of its receipt, which goes. What has none, "", may be under way, and is about to get its own.
        """
        place = urgency.backfill(one.happened)
        job = Job.of_object(one.function, one.notification, place, stamp(one.written))
        if etag:
            self._inbox.again(job, etag)
        else:
            self._inbox.submit(job)
        return job.id

    def _wait(self, name: str, outstanding: set[str], enqueued: int, fewer: int, stop: threading.Event) -> bool:
        """Until at most `fewer` jobs are outstanding; False when the order or the gateway is stopped."""
        while not stop.is_set():
            outstanding &= self._inbox.active()
            self._tell(name, enqueued=enqueued, done=enqueued - len(outstanding))
            if self._all()[name].state != OPEN:
                return False
            if len(outstanding) <= fewer:
                return True
            stop.wait(_LOOK_SECONDS)
        return False

    def _sampled(self, function: str) -> float | None:
        """Seconds that the function took on the average of some receipts; None when there is none."""
        heads = self._store.list(keys.LEDGER, f"{function}/")
        names = [head.key for head, _ in zip(heads, range(_SAMPLE), strict=False)]
        found = [receipt.seconds for name in names if (receipt := self._selection.ledger.read(name))]
        return sum(found) / len(found) if found else None

    def _tell(self, name: str, **news: Unpack[_News]) -> None:
        """How far an order has come; that is counted anew after a restart, so that only its end is written down."""
        with self._lock:
            known = self._all()[name]
            now = replace(known, **news)
            if now.state == known.state:
                self._all()[name] = now
            elif known.state == OPEN:  # else it was stopped at the last moment
                self._write(now)

    def _keep(self, order: Order) -> None:
        with self._lock:
            self._write(order)
            over = sorted((one for one in self._all().values() if one.state != OPEN), key=_age, reverse=True)
            for old in over[_KEPT:]:
                self._store.delete(keys.LEDGER, f"{keys.ORDERS}{old.id}.json")
                del self._all()[old.id]

    def _write(self, order: Order) -> None:
        known = self._all()
        self._store.put(keys.LEDGER, f"{keys.ORDERS}{order.id}.json", order.encode(), "application/json")
        known[order.id] = order

    def _all(self) -> dict[str, Order]:
        """By id; read from the store once, since nobody else writes them. Raises Unavailable."""
        with self._reading:
            if self._orders is None:
                self._orders = self._stored()
            return self._orders

    def _stored(self) -> dict[str, Order]:
        found = {}
        for head in self._store.list(keys.LEDGER, keys.ORDERS):
            try:
                order = Order.decode(self._store.get(keys.LEDGER, head.key)[0])
                found[order.id] = order
            except (NotFound, ValueError, KeyError, TypeError):
                _log.warning("%s is not an order of a known form", head.key)
        return found


def _age(order: Order) -> str:
    return order.placed
