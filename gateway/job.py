"""A job: one function that is to be called once, and how far that has come."""

import random
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from gateway import urgency
from gateway.verdict import Verdict
from siaga.errors import Reason
from siaga.events import Content, Notification
from siaga.moment import stamp
from siaga.receipt import Receipt

TICK = "tick|"
MAX_WAIT = 600.0  # seconds; no back-off is longer
_NOT_NOW_WAIT, _MAX_NOT_NOW_WAIT = 0.5, 10.0  # seconds between tries that do not count


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done; stays the same through all attempts.

    id: the same for the same work, so that it is taken once however often it is announced.
    notification: the content that the function is to work on, and whether somebody asked for it: then the job
    keeps its priority, whatever the content tells. None for a plain call.
    method, path, query, headers, body: the plain call, as an asynchronous caller or cron made it;
    of a call about an object only headers, its X-Call-Id.
    callback: where the function's answer is posted, or "".
    priority: as gateway.urgency gives it.
    received: when the object was written, or the call was made.
    """

    id: str
    function: str
    priority: int = field(default_factory=urgency.at_once)
    received: str = field(default_factory=stamp)
    notification: Notification | None = None
    method: str = "POST"
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    callback: str = ""

    @classmethod
    def of_object(
        cls,
        function: str,
        notification: Notification,
        priority: int,
        received: str = "",
        callback: str = "",
        call_id: str = "",
    ) -> "Job":
        """The job of a function and one content.

        With a callback it is one of its own: who waits for an answer gets it, whatever was announced or done.
        """
        identity = object_job_id(function, notification)
        return cls(
            id=call_job_id(identity, call_id) if callback else identity,
            function=function,
            priority=priority,
            received=received or stamp(),
            notification=notification,
            headers=(("X-Call-Id", call_id),) if call_id else (),
            callback=callback,
        )

    @property
    def content(self) -> Content:
        """The names of the content it is about, for logs and lists; all "" for a plain call."""
        return (self.notification or Notification("", "")).content()

    @property
    def asked(self) -> bool:
        """Whether somebody waits for its object."""
        return self.notification is not None and self.notification.asked

    @property
    def is_live(self) -> bool:
        """Whether it goes before all backfill."""
        return urgency.is_live(self.priority)

    def row(self, number: int) -> str:
        """The id of one of its rows in the job database; every attempt has a row of its own."""
        return f"{self.id}|{number}"

    def stored(self) -> dict[str, object]:
        """Plain values for the job database, those of the notification among the others."""
        plain = asdict(self)
        del plain["notification"]
        return plain | asdict(self.notification or Notification("", ""))

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any]) -> "Job":
        """Read the stored form."""
        told = {one.name: stored[one.name] for one in fields(Notification)}
        plain = {name: value for name, value in stored.items() if name not in told}
        return cls(**plain, notification=Notification(**told) if told["bucket"] else None)


def object_job_id(function: str, notification: Notification) -> str:
    """The id of the job of (function, bucket, key, etag)."""
    return f"{function}|{notification.receipt_id}"


def call_job_id(function: str, call_id: str = "") -> str:
    """The id of a plain call; a caller that repeats its call id is taken once."""
    return f"call|{function}|{call_id or uuid.uuid4()}"


def tick_job_id(function: str, tick: str) -> str:
    """The id of one tick of a schedule; ids of one function sort by time."""
    return f"{TICK}{function}|{tick}"


def job_id(row: str) -> str:
    """The job that a row of the database belongs to."""
    return row.rpartition("|")[0]


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient the gateway is.

    attempts: calls before an input is declared dead. backoff_seconds: the first wait, doubled each time.
    """

    attempts: int
    backoff_seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job has come.

    row: which row of the job this is, from 1. attempt: the attempt under way or next, from 1.
    waits: tries in a row that did not count, since the function did not begin with them.
    broke: calls that ended their slots.
    reason: why the last try did not settle it.
    verdict: the function's last word, when only the receipt is still to be written.
    """

    row: int = 1
    attempt: int = 1
    waits: int = 0
    broke: int = 0
    reason: Reason | None = None
    verdict: dict[str, Any] | None = None

    def stored(self) -> dict[str, object]:
        """Plain values for the job database."""
        return asdict(self)

    def after(self, verdict: Verdict, policy: Policy) -> tuple["Progress", float] | None:
        """The next step and the seconds to wait for it; None when this was the last attempt.

        `verdict` is "failed" or "not now".
        """
        if verdict.kind != "failed":
            wait = min(_MAX_NOT_NOW_WAIT, _NOT_NOW_WAIT * 2 ** min(self.waits, 10))
            later = replace(self, row=self.row + 1, waits=self.waits + 1, reason=verdict.reason)
            return later, wait * random.uniform(0.5, 1.0)
        if self.attempt >= policy.attempts:
            return None
        wait = min(MAX_WAIT, policy.backoff_seconds * 2 ** min(self.attempt - 1, 30))
        broke = self.broke + verdict.broke
        return Progress(self.row + 1, self.attempt + 1, broke=broke, reason=verdict.reason), wait * random.uniform(
            0.5, 1.0
        )

    def moved(self) -> "Progress":
        """The same attempt in a row of its own, since the job changed its place."""
        return replace(self, row=self.row + 1)

    def unwritten(self, verdict: Verdict, reason: Reason) -> tuple["Progress", float]:
        """The next step when the receipt could not be written: write it later, without another call."""
        wait = min(_MAX_NOT_NOW_WAIT, _NOT_NOW_WAIT * 2 ** min(self.waits, 10))
        later = replace(self, row=self.row + 1, waits=self.waits + 1, reason=reason, verdict=asdict(verdict))
        return later, wait


def receipt(job: Job, notification: Notification, progress: Progress, verdict: Verdict) -> Receipt:
    """What became of a job, once it is settled."""
    return Receipt(
        function=job.function,
        notification=notification,
        state=verdict.state,
        reason=verdict.reason,
        run=verdict.run,
        event_id=verdict.event_id,
        warnings=verdict.warnings,
        attempts=progress.attempt,
        received=job.received,
        started=verdict.started,
        finished=verdict.finished,
        seconds=verdict.seconds,
    )
