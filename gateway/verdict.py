"""A verdict: what one try to call a function came to."""

import json
import time
from dataclasses import dataclass
from typing import Any, cast

from gateway.invoke import Answer
from siaga.errors import Reason, SiagaError, Unavailable, reason
from siaga.moment import stamp

_STATES = ("done", "refused", "superseded")
_DETAIL = 500  # characters of a foreign answer that a reason repeats


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one try came to, in plain values, since the job database keeps it.

    kind: "settled" (the function's last word), "failed" (an attempt) or "not now" (does not count).
    reason: {"text", "template", "values"} or None.
    state, run, event_id, warnings: of the function's answer. status, media_type, body: the answer itself,
    as a callback gets it; status 0 when there was none. seconds: from the call to the answer.
    """

    kind: str
    started: str
    finished: str
    seconds: float
    reason: Reason | None = None
    state: str = "done"
    run: str = ""
    event_id: str = ""
    warnings: tuple[Reason, ...] = ()
    status: int = 0
    media_type: str = ""
    body: bytes = b""


class Watch:
    """Times one try and forms its verdict."""

    def __init__(self) -> None:
        """Starts now."""
        self._started, self._clock = stamp(), time.monotonic()

    def of_answer(self, answer: Answer, *, about_object: bool) -> Verdict:
        """Judge an answer; only a function that was given an object speaks in states."""
        told = _told(answer)
        if answer.status in (429, 503):
            return self._verdict("not now", answer, reason=_reason(answer, told))
        if answer.status >= 500 or (about_object and answer.status >= 300):
            return self._verdict("failed", answer, reason=_reason(answer, told))
        if not about_object:
            return self._verdict("settled", answer)
        return self._verdict(
            "settled",
            answer,
            state=told["state"] if told.get("state") in _STATES else "done",
            reason=_reason(answer, told) if told.get("reason") else None,
            run=str(told.get("run") or ""),
            event_id=str(told.get("event_id") or ""),
            warnings=tuple(_worded(one) for one in _list(told.get("warnings"))),
        )

    def of_error(self, error: SiagaError) -> Verdict:
        """A call that brought no answer: it counts if the function may have begun with it."""
        called = not isinstance(error, Unavailable)
        return self._verdict("failed" if called else "not now", None, reason=error.reason())

    def of_neighbour(self, error: SiagaError) -> Verdict:
        """No call was made, since the store did not answer."""
        return self._verdict("not now", None, reason=error.reason())

    def _verdict(self, kind: str, answer: Answer | None, **fields: Any) -> Verdict:
        if answer:
            fields |= {
                "status": answer.status,
                "media_type": answer.header("Content-Type"),
                "body": answer.body,
            }
        return Verdict(kind, self._started, stamp(), round(time.monotonic() - self._clock, 3), **fields)


def _told(answer: Answer) -> dict[str, Any]:
    try:
        whole = json.dumps(json.loads(answer.body), ensure_ascii=False)
        told = json.loads(whole.encode(errors="replace"))  # half a surrogate pair could not be stored
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _reason(answer: Answer, told: dict[str, Any]) -> Reason:
    if told.get("reason"):
        return _worded(told["reason"])
    text = answer.body.decode("utf-8", "replace").strip()[:_DETAIL]
    return reason("The function answered {status}: {detail}", status=answer.status, detail=text)


def _worded(given: Any) -> Reason:
    """A reason as it is stored, also when a function of other make says it in mere words."""
    if isinstance(given, dict) and isinstance(given.get("text"), str):
        return cast(Reason, given)
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return reason("{detail}", detail=text[:_DETAIL])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
