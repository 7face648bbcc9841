"""What became of messages: each that went out and each that did not, with why, from the logs and the records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from siaga import keys
from siaga.alerts import history, naming, record
from siaga.alerts.directory import Directory
from siaga.alerts.history import LogRecord, Row
from siaga.alerts.naming import Step
from siaga.alerts.record import HELD
from siaga.errors import BadInput
from siaga.store import Store

_FAILED_FOR, _HELD_PATIENCE = timedelta(days=1), timedelta(minutes=5)
_MOST_LOGS = 50  # that are read for one page
_PARTED = "|"  # a step from a subscription in a cursor; in neither


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of the message to one subscription about one step. row: as it stands now."""

    step: Step
    log: LogRecord
    subscription: str
    row: Row


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which are looked for. since, until: when what they tell of came. The others: "" for all."""

    since: datetime
    until: datetime | None = None
    event_id: str = ""
    subscription: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How messages stand. failed: given up, or perhaps not taken, in a day. held: that wait for their hour.

    overdue: of these, whose hour is over. returned: active subscriptions whose address took the last message not.
    """

    failed: int
    held: int
    overdue: int
    returned: int


def counts(store: Store, now: datetime) -> Counts:
    """As marks in the store have it. store: with the rights of operators or functions."""
    held = [naming.of_held(head.key)[0] for head in store.list(keys.NOTIFICATIONS, naming.HELD)]
    late = naming.clock(now - _HELD_PATIENCE)
    directory = Directory(store)
    returned = directory.returned()
    active = {one.id for one in directory.active()} if returned else set()
    return Counts(failed(store, now), len(held), sum(until < late for until in held), len(returned & active))


def failed(store: Store, now: datetime) -> int:
    """How many messages were given up in the last day, or perhaps not taken."""
    after = f"{naming.FAILED}{naming.clock(now - _FAILED_FOR)}"
    return sum(1 for _head in store.list(keys.NOTIFICATIONS, naming.FAILED, start_after=after))


def steps(store: Store, wanted: Wanted) -> list[Step]:
    """Those that a log is there of, the newest first."""
    after = f"{naming.LOG}{naming.clock(wanted.since)}"
    found = []
    for head in store.list(keys.NOTIFICATIONS, naming.LOG, start_after=after):
        try:
            step = Step.parse(head.key)
        except BadInput:
            continue
        if wanted.event_id in ("", step.event_id) and (wanted.until is None or step.received < wanted.until):
            found.append(step)
    return sorted(found, key=str, reverse=True)


def rows(store: Store, step: Step, log: LogRecord) -> Iterator[Delivery]:
    """Each subscription's, by its id; of one that was held, what became of it since."""
    for subscription, row in sorted(log["messages"].items()):
        stored = record.load(store, step.message(subscription)) if row["state"] == HELD else None
        if stored:
            row = row | {"state": stored[0].state, "reason": stored[0].reason}
        yield Delivery(step, log, subscription, row)


def page(store: Store, wanted: Wanted, limit: int, cursor: str) -> tuple[list[Delivery], str]:
    """So many of those that are wanted, from a cursor on, and the cursor of what follows, "" at the end.

    It may be fewer while more follow, since so many logs are read for one page at the most. Raises BadInput.
    """
    begun, last = _read(cursor)
    left = [step for step in steps(store, wanted) if begun is None or str(step) <= str(begun)]
    found: list[Delivery] = []
    for step in islice(left, _MOST_LOGS):
        log = history.load(store, step)
        for one in rows(store, step, log) if log else ():
            if (step == begun and one.subscription <= last) or not _is_wanted(one, wanted):
                continue
            if len(found) == limit:
                return found, f"{found[-1].step}{_PARTED}{found[-1].subscription}"
            found.append(one)
    return found, f"{left[_MOST_LOGS]}{_PARTED}" if len(left) > _MOST_LOGS else ""


def _is_wanted(one: Delivery, wanted: Wanted) -> bool:
    return wanted.subscription in ("", one.subscription) and wanted.state in ("", one.row["state"])


def _read(cursor: str) -> tuple[Step | None, str]:
    """The step and the subscription that a cursor stands behind."""
    step, parted, subscription = cursor.partition(_PARTED)
    if not cursor:
        return None, ""
    if not parted:
        raise BadInput("The cursor is none that a page before has named; begin without one")
    return Step.parse(step), subscription
