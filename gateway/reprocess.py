"""Doing it again: the receipt goes, the newest content is enqueued. No other special path."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway import urgency
from gateway.inbox import Inbox
from gateway.job import Job
from gateway.ledger import Ledger
from siaga import keys
from siaga.errors import BadInput, NotFound
from siaga.events import Notification
from siaga.moment import stamp
from siaga.receipt import Receipt
from siaga.stack import Function, waking
from siaga.store import Store

_FORMS = (
    '{"event_id": "…"}, {"bucket": "…", "key": "…"}, {"inputs": [{"function", "bucket", "key"}]}, {"failed": true} '
    'or {"since": "…", "until": "…"}'
)


@dataclass(frozen=True, slots=True)
class Reprocess:
    """Finds what an operator means and enqueues it."""

    store: Store
    functions: tuple[Function, ...]
    inbox: Inbox
    ledger: Ledger

    def order(self, wanted: dict[str, Any]) -> list[dict[str, str]]:
        """Carry out one order; each form may name a "function" besides.

        Receipts of contents that were overwritten stay, as history. Returns the jobs:
        [{"function", "bucket", "key", "state"}]. Raises BadInput for any other form,
        NotFound when nothing answers to it, Unavailable.
        """
        function = wanted.get("function")
        if function is not None and function not in [one.name for one in self.functions]:
            raise NotFound("There is no function {name} in stack.yml", name=repr(function))
        asked = "event_id" in wanted or "bucket" in wanted  # the other forms are ranges, and go by the events' age
        meant = {(name, one.bucket, one.key): one for name, one in self._meant(wanted) if function in (None, name)}
        jobs = [self._again(name, one, asked) for (name, _, _), one in meant.items()]
        done = [job for job in jobs if job]
        if not done:
            raise NotFound("Nothing that was processed answers to {order}", order=str(wanted)[:200])
        return done

    def _meant(self, wanted: dict[str, Any]) -> Iterable[tuple[str, Notification]]:
        if isinstance(event_id := wanted.get("event_id"), str) and event_id:
            return [(one.function, one.notification) for one in self.ledger.receipts() if _is_of(one, event_id)]
        if isinstance(bucket := wanted.get("bucket"), str) and isinstance(key := wanted.get("key"), str):
            return [(one.name, Notification(bucket, key)) for one in waking(self.functions, bucket, key)]
        if isinstance(inputs := wanted.get("inputs"), list):
            return [_given(one) for one in inputs]
        if wanted.get("failed") is True:
            return [
                (one.function, one.notification) for one in self.ledger.receipts() if one.state in ("dead", "refused")
            ]
        if "since" in wanted or "until" in wanted:
            since, until = _moment(wanted.get("since", "1970-01-01")), _moment(wanted.get("until", "9999-01-01"))
            return [
                (one.function, one.notification)
                for one in self.ledger.receipts()
                if since <= datetime.fromisoformat(one.received) < until
            ]
        raise BadInput("Reprocess what? Send {forms}", forms=_FORMS)

    def _again(self, function: str, notification: Notification, asked: bool) -> dict[str, str] | None:
        """Enqueue the newest content of a key; None when it is gone, or wakes the function no more.

        An older content that the order names by its version is done again as it is.
        """
        if function not in {one.name for one in waking(self.functions, notification.bucket, notification.key)}:
            return None
        try:
            head = self.store.head(notification.bucket, notification.key)
            if notification.version_id and head.etag != notification.etag:
                head = self.store.head(notification.bucket, notification.key, version_id=notification.version_id)
        except NotFound:
            return None
        newest = Notification(notification.bucket, notification.key, head.etag, head.version_id, asked)
        place = urgency.by_key(newest, head.modified)
        state = self.inbox.again(Job.of_object(function, newest, place, stamp(head.modified)))
        return {"function": function, "bucket": notification.bucket, "key": notification.key, "state": state}


def _given(one: Any) -> tuple[str, Notification]:
    """One of a list of inputs. Raises BadInput."""
    try:
        event = Notification(one["bucket"], one["key"], str(one.get("etag", "")), str(one.get("version_id", "")))
        return str(one["function"]), event
    except (TypeError, KeyError, AttributeError) as error:
        raise BadInput("{value} names no function, bucket and key", value=repr(one)[:200]) from error


def _is_of(receipt: Receipt, event_id: str) -> bool:
    """Whether a receipt is of that event: by its answer, by its run folder, or by the uploader's folder.

    The last finds what was refused, where the function could not read the id.
    """
    if receipt.event_id == event_id:
        return True
    bucket, key = receipt.notification.bucket, receipt.notification.key
    if bucket != keys.RESULTS:
        return not receipt.event_id and keys.folder_id(key) == event_id
    try:
        return keys.Run.parse(key).event_id == event_id
    except BadInput:
        return False


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise BadInput("{value} is not a time such as 2018-02-20T09:29:28Z", value=repr(text)) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
