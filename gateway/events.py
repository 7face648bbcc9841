"""The webhook: what the store announces becomes jobs."""

import json
import logging
import threading
from collections import deque
from datetime import UTC, datetime

from gateway import counters, urgency
from gateway.inbox import Inbox
from gateway.job import Job
from siaga import events
from siaga.errors import BadInput
from siaga.events import Notification
from siaga.moment import stamp
from siaga.stack import Function, waking

_log = logging.getLogger("gateway")
_REMEMBERED = 50
_EXCERPT = 300  # characters


class Webhook:
    """Takes notifications; remembers those that nobody could read."""

    def __init__(self, functions: tuple[Function, ...], inbox: Inbox) -> None:
        """`functions` of stack.yml, which say what wakes them."""
        self._functions, self._inbox = functions, inbox
        self._unreadable: deque[dict[str, object]] = deque(maxlen=_REMEMBERED)
        self._lock = threading.Lock()

    def take(self, body: bytes) -> dict[str, int]:
        """Make a job for each function that each record wakes; they are committed when this returns.

        Returns how many records were {"taken", "ignored", "unreadable"}. What cannot be read is
        recorded, never refused: a sender that repeats it would only send the same again.
        """
        counts = {"taken": 0, "ignored": 0, "unreadable": 0}
        for record in _records(body):
            try:
                notification = _created(record)
            except BadInput as error:
                counts["unreadable"] += 1
                self._remember(record, error)
                continue
            counts["taken" if notification and self._submit(notification) else "ignored"] += 1
        for outcome, count in counts.items():
            counters.NOTIFICATIONS.labels(outcome).inc(count)
        return counts

    def unreadable(self) -> list[dict[str, object]]:
        """The last bodies that nobody could read: {"time", "reason", "body"}, newest last."""
        with self._lock:
            return list(self._unreadable)

    def _submit(self, notification: Notification) -> int:
        woken = waking(self._functions, notification.bucket, notification.key)
        for function in woken:
            place = urgency.by_key(notification, datetime.now(UTC))
            if self._inbox.submit(Job.of_object(function.name, notification, place)):
                counters.RECEIVED.labels(function.name, "notification").inc()
        return len(woken)

    def _remember(self, record: bytes, error: BadInput) -> None:
        excerpt = record[:_EXCERPT].decode("utf-8", "replace")
        _log.warning("a notification cannot be read: %s: %s", error, excerpt)
        with self._lock:
            self._unreadable.append({"time": stamp(), "reason": error.reason(), "body": excerpt})


def _records(body: bytes) -> list[bytes]:
    """Each record as a body of its own, so that a bad one does not take the others with it."""
    try:
        message = json.loads(body)
        records = message["Records"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return [body]
    if not isinstance(records, list) or not records:
        return [body]
    return [json.dumps({"Records": [record]}).encode() for record in records]


def _created(body: bytes) -> Notification | None:
    """The content that a record says was written; None for other news, such as a removal.

    Without an ETag nobody knows which content is meant; the sweep will.
    """
    notification = events.parse(body)[0]
    record = json.loads(body).get("Records", [{}])[0]
    written = "ObjectCreated" in str(record.get("eventName", "ObjectCreated"))
    return notification if written and notification.etag else None
