"""A receipt: what became of one content in one function."""

import json
from dataclasses import dataclass

from siaga import keys
from siaga.errors import BadInput, Reason
from siaga.events import Content, Notification

SCHEMA = "siaga/receipt/1"


class StoredReceipt(Content):
    """The stored form: the names of the content stand among the other fields."""

    schema: str
    function: str
    state: str
    reason: Reason | None
    run: str
    event_id: str
    warnings: list[Reason]
    attempts: int
    received: str
    started: str
    finished: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one content in one function.

    notification: the content; whether somebody asked for it is not kept.
    state: done, refused, superseded, dead, or dropped: given up by somebody after it was refused or dead.
    reason: {"text", "template", "values"} or None.
    attempts: calls that counted. received, started, finished: UTC, as text; seconds: of the last attempt.
    """

    function: str
    notification: Notification
    state: str
    reason: Reason | None
    run: str
    event_id: str
    warnings: tuple[Reason, ...]
    attempts: int
    received: str
    started: str
    finished: str
    seconds: float

    @property
    def name(self) -> str:
        """Its key in bucket ledger."""
        return keys.receipt(self.function, self.notification.receipt_id)

    def encode(self) -> bytes:
        """The stored form."""
        stored: StoredReceipt = {
            "schema": SCHEMA,
            **self.notification.content(),
            "function": self.function,
            "state": self.state,
            "reason": self.reason,
            "run": self.run,
            "event_id": self.event_id,
            "warnings": list(self.warnings),
            "attempts": self.attempts,
            "received": self.received,
            "started": self.started,
            "finished": self.finished,
            "seconds": self.seconds,
        }
        return json.dumps(stored, ensure_ascii=False, sort_keys=True, indent=1).encode()

    @classmethod
    def decode(cls, body: bytes | str) -> "Receipt":
        """Read the stored form; raises BadInput."""
        try:
            stored = json.loads(body)
            del stored["schema"]
            notification = Notification(**{name: stored.pop(name) for name in Content.__required_keys__})
            return cls(**stored | {"warnings": tuple(stored["warnings"])}, notification=notification)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadInput("Not a receipt: {detail}", detail=repr(error)) from error
