"""What was written of earlier messages: what somebody last heard of an event, and of how many events lately."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from siaga import keys
from siaga.alerts import naming, record
from siaga.alerts.change import Heard
from siaga.alerts.naming import Step
from siaga.errors import BadInput, NotFound
from siaga.store import Store

_MOST_BYTES = 16 << 20  # of a log: some hundred bytes for each subscription


class History:
    """The logs since some moment, read once; the records that they name are read when they are asked for."""

    def __init__(self, store: Store, since: datetime) -> None:
        """`store` with the rights of functions. since: of the arrival, with a margin, of what is looked for."""
        self._store = store
        self._logs: list[tuple[Step, Mapping[str, Any]]] = []
        after = f"{naming.LOG}{naming.clock(since - timedelta(minutes=10))}"
        for head in store.list(keys.NOTIFICATIONS, naming.LOG, start_after=after):
            try:
                body = store.get(keys.NOTIFICATIONS, head.key, at_most=_MOST_BYTES)[0]
                self._logs.append((Step.parse(head.key), json.loads(body)))
            except (BadInput, NotFound, ValueError):
                continue

    def last(self, subjects: frozenset[str], subscription_id: str, but: Step) -> Heard | None:
        """What they last heard of an event, by any of its ids, but for the step that is under way."""
        heard = []
        for step, log in self._logs:
            if step != but and log["subject"] in subjects and _named(log, subscription_id):
                stored = record.load(self._store, step.message(subscription_id))
                if stored and stored[0].has_reached:
                    heard.append(Heard(**stored[0].heard))
        return max(heard, key=lambda one: one.number, default=None)

    def lately(self, subscription_id: str, since: datetime, but: frozenset[str]) -> int:
        """How many events they heard of since then."""
        named = (log["subject"] for step, log in self._logs if step.received >= since and _named(log, subscription_id))
        return len(set(named) - but)

    def begun(self, step: Step) -> Mapping[str, Any] | None:
        """The log of that step, if it was begun before."""
        return next((log for other, log in self._logs if other == step), None)

    def of_event(self, hazard: str, identity: str) -> tuple[Step, Mapping[str, Any]] | None:
        """The newest log that names an event."""
        for step, log in reversed(self._logs):
            if step.hazard == hazard and keys.identity(hazard, step.event_id) == identity:
                return step, log
        return None


def _named(log: Mapping[str, Any], subscription_id: str) -> bool:
    """Whether a message to them was planned then."""
    row = log["messages"].get(subscription_id)
    return row is not None and bool(row["kind"])
