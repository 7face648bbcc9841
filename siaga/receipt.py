"""A receipt: what became of one content in one function."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from siaga import keys
from siaga.errors import BadInput
from siaga.events import Notification

SCHEMA = "siaga/receipt/1"
_CONTENT = ("bucket", "key", "etag", "version_id")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one content in one function.

    notification: the content; whether somebody asked for it is not kept.
    state: done, refused, superseded or dead. reason: {"text", "template", "values"} or None.
    attempts: calls that counted. received, started, finished: UTC, as text; seconds: of the last attempt.
    """

    function: str
    notification: Notification
    state: str
    reason: dict[str, Any] | None
    run: str
    event_id: str
    warnings: tuple[dict[str, Any], ...]
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
        """The stored form: the names of the content stand among the other fields."""
        stored = asdict(self)
        del stored["notification"]
        stored |= {"schema": SCHEMA} | self.notification.content()
        return json.dumps(stored, ensure_ascii=False, sort_keys=True, indent=1).encode()

    @classmethod
    def decode(cls, body: bytes | str) -> "Receipt":
        """Read the stored form; raises BadInput."""
        try:
            stored = json.loads(body)
            del stored["schema"]
            notification = Notification(**{name: stored.pop(name) for name in _CONTENT})
            return cls(**stored | {"warnings": tuple(stored["warnings"])}, notification=notification)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadInput("Not a receipt: {detail}", detail=repr(error)) from error
