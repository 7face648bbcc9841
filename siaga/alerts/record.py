"""The record of one message to one subscriber, claimed by a conditional PUT before it is sent: so it goes out once.

A record that a process claimed and left says `sending`. After LEASE nobody is at it any more: by a channel whose other
side knows messages by their ids it is sent again; else it stays unsure, since to send it twice is worse than to say so.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from email.errors import MessageError
from typing import TypedDict

from siaga import keys, moment
from siaga.alerts import naming
from siaga.alerts.channel import Rejected, Unsure
from siaga.errors import BadInput, Conflict, NotFound, Reason, SiagaError, Unavailable, reason
from siaga.store import Store

SCHEMA = "siaga/notification/1"
LEASE = timedelta(seconds=90)  # longer than any channel takes for one message
SENDING, SENT, HELD, RETRY, FAILED, UNSURE, SKIPPED = STATES = (
    "sending",
    "sent",
    "held",
    "retry",
    "failed",
    "unsure",
    "skipped",
)
TRIAL, CONFIRMATION = "trial", "confirmation"  # kinds of messages that are of no event
_REACHED = (SENDING, SENT, HELD, UNSURE)  # what somebody heard, or may have heard
_ATTEMPTS = 8
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=10)


class HeardRecord(TypedDict, total=False):
    """What a message tells of the event, as siaga.alerts.change.Heard has it; {} where it gathers several.

    Old records have no time.
    """

    version: str
    level: str
    people: float | None
    longitude: float | None
    latitude: float | None
    magnitude: float | None
    reached: bool
    cancelled: bool
    number: int
    time: str


@dataclass(frozen=True, slots=True)
class Record:
    """key: in bucket notifications. kind: first, update, below, cancelled, gathered, matter, trial, confirmation.
    heard: what it tells of the event. claimed, due: UTC as stored, when it was last taken up and when it is next.
    answer: of the other side.
    """

    key: str
    subscription: str
    name: str
    channel: str
    hazard: str
    event_id: str
    version: str
    kind: str
    title: str
    heard: HeardRecord
    state: str = SENDING
    reason: Reason | None = None
    attempts: int = 0
    claimed: str = ""
    due: str = ""
    answer: str = ""

    def encode(self) -> bytes:
        """The stored form."""
        return json.dumps({"schema": SCHEMA} | asdict(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def decode(cls, body: bytes) -> "Record":
        """Read it back. Raises BadInput."""
        try:
            stored = json.loads(body)
            return cls(**{name: stored[name] for name in cls.__dataclass_fields__})
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput("The record of a message cannot be read: {detail}", detail=str(error)) from error

    @property
    def is_final(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in (SENDING, RETRY)

    @property
    def has_reached(self) -> bool:
        """Whether its subscriber heard of it, or may have, or will."""
        return self.state in _REACHED


def load(store: Store, key: str) -> tuple[Record, str] | None:
    """A record and its ETag; None where there is none."""
    try:
        body, head = store.get(keys.NOTIFICATIONS, key, at_most=1 << 20)
    except NotFound:
        return None
    return Record.decode(body), head.etag


def keep(store: Store, record: Record, etag: str = "") -> str:
    """Write it: the first one, or over that ETag. Returns the new ETag. Raises Conflict."""
    return store.put(
        keys.NOTIFICATIONS, record.key, record.encode(), "application/json", if_match=etag, if_absent=not etag
    )


def deliver(store: Store, wanted: Record, send: Callable[[], str], repeatable: bool, now: datetime) -> Record:
    """Send it unless that was done, and write down what became of it. send: hands it over, as Channel.send does.

    A record of another process that is at it is returned as it is.
    """
    claimed = _claimed(wanted, now)
    try:
        etag = keep(store, claimed)
    except Conflict:
        stored = load(store, wanted.key)
    else:
        return _write(store, _sent(claimed, send), etag, now)
    if stored is None:
        raise Unavailable("{key}: the record of a message is gone", key=wanted.key)
    record, etag = stored
    if record.is_final or (record.state == RETRY and moment.parse(record.due) > now):
        return record
    if record.state == SENDING and now - moment.parse(record.claimed) < LEASE:
        return record
    if record.state == SENDING and not repeatable:
        left = reason("The process ended while it handed the message over; whether it was taken is not known")
        return _write(store, replace(record, state=UNSURE, reason=left), etag, now)
    claimed = _claimed(record, now)
    try:
        etag = keep(store, claimed, etag)
    except Conflict:  # another process was faster
        return claimed
    return _write(store, _sent(claimed, send), etag, now)


def _claimed(record: Record, now: datetime) -> Record:
    return replace(
        record, state=SENDING, claimed=moment.stamp(now), attempts=record.attempts + 1, reason=None, due="", answer=""
    )


def _sent(claimed: Record, send: Callable[[], str]) -> Record:
    try:
        return replace(claimed, state=SENT, answer=send()[:200])
    except Unsure as error:
        return replace(claimed, state=UNSURE, reason=error.reason())
    except Rejected as error:
        return replace(claimed, state=FAILED, reason=error.reason(), answer="returned" if error.returned else "")
    except SiagaError as error:
        if claimed.attempts >= _ATTEMPTS or not isinstance(error, Unavailable):
            return replace(claimed, state=FAILED, reason=error.reason())
        wait = min(_FIRST_WAIT * 2 ** (claimed.attempts - 1), _LONGEST_WAIT)
        due = moment.stamp(moment.parse(claimed.claimed) + wait)
        return replace(claimed, state=RETRY, reason=error.reason(), due=due)
    except (ValueError, MessageError) as error:  # of an address that no message can carry; others go on
        odd = reason("The message cannot be made: {detail}", detail=type(error).__name__)
        return replace(claimed, state=FAILED, reason=odd)


def _write(store: Store, record: Record, etag: str, now: datetime) -> Record:
    if record.state in (FAILED, UNSURE) and record.kind not in (TRIAL, CONFIRMATION):  # of which nobody is to be told
        store.put(keys.NOTIFICATIONS, naming.failed(now, record.key), record.key.encode(), "text/plain")
    if record.answer == "returned" and record.kind != CONFIRMATION:
        store.put(keys.NOTIFICATIONS, naming.returned(record.subscription), record.key.encode(), "text/plain")
    keep(store, record, etag)
    return record
