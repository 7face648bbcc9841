"""What was written of earlier messages: what somebody last heard of an event, and of how many events lately."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import NotRequired, TypedDict, cast

from siaga import keys
from siaga.alerts import naming, record
from siaga.alerts.change import Heard
from siaga.alerts.naming import Step
from siaga.errors import BadInput, NotFound, Reason
from siaga.store import Head, Store

_MOST_BYTES = 16 << 20  # of a log: some hundred bytes for each subscription
_MOST_KEPT = 1000  # logs that a process remembers


class Row(TypedDict):
    """What one subscription was to hear of a version: kind "" and why nothing. title: of what was sent."""

    name: str
    channel: str
    kind: str
    state: str
    reason: Reason | None
    title: NotRequired[str]


class LogRecord(TypedDict):
    """A log as it is stored. entry: key of the catalogue's. title: by language. messages: by subscription."""

    schema: str
    subject: str
    entry: str
    hazard: str
    event_id: str
    version: str
    time: str
    title: dict[str, str]
    drill: bool
    hidden: bool
    messages: dict[str, Row]


@dataclass(frozen=True, slots=True)
class Log:
    """What is remembered of one. entry: key of the catalogue's. named: to whom a message was planned."""

    step: Step
    subject: str
    entry: str
    drill: bool
    named: frozenset[str]


class History:
    """The logs since some moment, each read once in a process; their records are read when they are asked for."""

    def __init__(self, store: Store, since: datetime) -> None:
        """`store` with the rights of functions. since: of the arrival, with a margin, of what is looked for."""
        self._store = store
        after = f"{naming.LOG}{naming.clock(since - timedelta(minutes=10))}"
        self._logs = list(_read(store, store.list(keys.NOTIFICATIONS, naming.LOG, start_after=after)))

    def last(self, subjects: frozenset[str], subscription_id: str, but: Step) -> Heard | None:
        """What they last heard of an event, by any of its ids, but for the step that is under way."""
        heard = []
        for log in self._logs:
            if log.step != but and log.subject in subjects and subscription_id in log.named:
                stored = record.load(self._store, log.step.message(subscription_id))
                if stored and stored[0].has_reached:
                    heard.append(Heard(**stored[0].heard))
        return max(heard, key=lambda one: one.number, default=None)

    def lately(self, subscription_id: str, since: datetime, but: frozenset[str]) -> int:
        """How many events they heard of since then."""
        named = (log.subject for log in self._logs if log.step.received >= since and subscription_id in log.named)
        return len(set(named) - but)

    def of_event(self, hazard: str, identity: str) -> Log | None:
        """The newest log that names an event."""
        for log in reversed(self._logs):
            if log.step.hazard == hazard and keys.identity(hazard, log.step.event_id) == identity:
                return log
        return None


def load(store: Store, step: Step) -> LogRecord | None:
    """The log of that step; None where there is none."""
    try:
        return _decode(store.get(keys.NOTIFICATIONS, step.log, at_most=_MOST_BYTES)[0])
    except (NotFound, BadInput, ValueError):
        return None


def _decode(body: bytes) -> LogRecord:
    """Read the stored form. Raises ValueError for what is no log."""
    stored = json.loads(body)
    if isinstance(stored, dict) and stored.keys() >= LogRecord.__required_keys__:
        rows = stored["messages"].values() if isinstance(stored["messages"], dict) else (None,)
        if all(isinstance(row, dict) and row.keys() >= Row.__required_keys__ for row in rows):
            return cast(LogRecord, stored)
    raise ValueError("no log of messages")


def _read(store: Store, heads: Iterator[Head]) -> Iterator[Log]:
    kept = _kept(store)
    if len(kept) > _MOST_KEPT:
        kept.clear()
    for head in heads:
        if head.key not in kept or kept[head.key][0] != head.etag:
            try:
                body, got = store.get(keys.NOTIFICATIONS, head.key, at_most=_MOST_BYTES)
                kept[head.key] = got.etag, _log(Step.parse(head.key), _decode(body))
            except (BadInput, NotFound, ValueError):
                continue  # deleted since, or no log
        yield kept[head.key][1]


@cache
def _kept(_store: Store) -> dict[str, tuple[str, Log]]:
    """By key of a log: its ETag and what it says. One per store and process."""
    return {}


def _log(step: Step, stored: LogRecord) -> Log:
    named = frozenset(sys.intern(name) for name, row in stored["messages"].items() if row["kind"])
    return Log(step, stored["subject"], stored["entry"], stored["drill"], named)
