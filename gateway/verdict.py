"""A verdict: what one try to call a function came to."""

import json
import re
import time
from dataclasses import dataclass
from typing import TypedDict, Unpack, cast

from gateway.invoke import Answer, BrokenOff, Unsendable
from siaga.errors import Reason, SiagaError, Unavailable, reason
from siaga.moment import stamp

_STATES = ("done", "refused", "superseded")
_SPINNING = 0.5  # of the time: a call that used more of the processor was at work
_SECONDS = re.compile(r"\d{1,6}(\.\d{1,6})?")
_DETAIL = 500  # characters of a foreign answer that a reason repeats


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one try came to, in plain values, since the job database keeps it.

    kind: "settled" (the function's last word), "failed" (an attempt) or "not now" (does not count).
    reason: {"text", "template", "values"} or None.
    state, run, event_id, warnings: of the function's answer. status, media_type, body: the answer itself,
    as a callback gets it; status 0 when there was none. seconds: from the call to the answer.
    broke: the call has ended the slot that had begun with it.
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
    broke: bool = False


class _Fields(TypedDict, total=False):
    """What a verdict says besides its kind and times."""

    reason: Reason | None
    state: str
    run: str
    event_id: str
    warnings: tuple[Reason, ...]
    status: int
    media_type: str
    body: bytes
    broke: bool


class Watch:
    """Times one try and forms its verdict."""

    def __init__(self, function: str = "", limit: float = 0.0) -> None:
        """Starts now. `limit`: the seconds that the slot gives this call."""
        self._function, self._limit = function, limit
        self._started, self._clock = stamp(), time.monotonic()

    def of_answer(self, answer: Answer, *, about_object: bool) -> Verdict:
        """Judge an answer; only a function that was given an object speaks in states."""
        told = _told(answer)
        if answer.status == 504:
            worked, lasted = (_seconds(answer.header(name)) for name in ("X-Processor-Seconds", "X-Duration-Seconds"))
            if answer.header("X-Ended-Early"):
                why = self._early(lasted or 0.0)
            else:
                why = _reason(answer, told) if worked is None else self._too_long(worked, self._limit)
            return self._verdict("failed", answer, reason=why, broke=True)
        if answer.status in (429, 503):
            return self._verdict("not now", answer, reason=_reason(answer, told))
        if answer.status >= 500 or (about_object and answer.status >= 300):
            return self._verdict("failed", answer, reason=_reason(answer, told))
        if not about_object:
            return self._verdict("settled", answer)
        return self._verdict(
            "settled",
            answer,
            state=str(told["state"]) if told.get("state") in _STATES else "done",
            reason=_reason(answer, told) if told.get("reason") else None,
            run=str(told.get("run") or ""),
            event_id=str(told.get("event_id") or ""),
            warnings=tuple(_worded(one) for one in _list(told.get("warnings"))),
        )

    def of_error(self, error: SiagaError) -> Verdict:
        """A call that brought no answer: it counts if the function may have begun with it."""
        called = not isinstance(error, Unavailable)
        why = self._broken_off(error) if isinstance(error, BrokenOff) and error.begun else error.reason()
        broke = called and not isinstance(error, Unsendable)
        return self._verdict("failed" if called else "not now", None, reason=why, broke=broke)

    def of_neighbour(self, error: SiagaError) -> Verdict:
        """No call was made, since the store did not answer."""
        return self._verdict("not now", None, reason=error.reason())

    def _early(self, lasted: float) -> Reason:
        return reason(
            "{function} was ended after {seconds} seconds, since others waited for it; "
            "it is tried again behind them, the last time with all its time",
            function=self._function,
            seconds=int(lasted),
        )

    def _too_long(self, worked: float, lasted: float) -> Reason:
        """worked: the processor seconds that the call used, of the seconds that it lasted."""
        if worked > lasted * _SPINNING:
            return reason(
                "{function} took more than {seconds} seconds of processor time and was ended; "
                "either it finds no end with this input, or the input is far too large",
                function=self._function,
                seconds=int(worked),
            )
        return reason(
            "{function} did not end within {seconds} seconds and was ended; it waited for something, "
            "since it used {worked} seconds of processor time",
            function=self._function,
            seconds=int(lasted),
            worked=int(worked),
        )

    def _broken_off(self, error: BrokenOff) -> Reason:
        how, _, told = error.ended.partition(" ")
        worked = _seconds(told)
        if how == "SIGKILL":
            return reason(
                "{function} was killed in the middle of this; most likely the machine had too little memory",
                function=self._function,
            )
        if how.startswith("SIG"):
            return reason("{function} crashed in the middle of this ({signal})", function=self._function, signal=how)
        lasted = min(self._limit, error.seconds)
        if worked is not None and worked > lasted * _SPINNING:
            return self._too_long(worked, lasted)
        if how == "silent":
            return reason("{function} stood still in the middle of this and was ended", function=self._function)
        return reason(
            "{function} broke off in the middle of this: too little memory, too much time or a crash; "
            "its log says more",
            function=self._function,
        )

    def _verdict(self, kind: str, answer: Answer | None, **fields: Unpack[_Fields]) -> Verdict:
        if answer:
            fields |= {
                "status": answer.status,
                "media_type": answer.header("Content-Type"),
                "body": answer.body,
            }
        return Verdict(kind, self._started, stamp(), round(time.monotonic() - self._clock, 3), **fields)


def _seconds(text: str) -> float | None:
    """What a slot says of a time; None when it says nothing, or a slot of other make something else."""
    return float(text) if _SECONDS.fullmatch(text) else None


def _told(answer: Answer) -> dict[str, object]:
    try:
        whole = json.dumps(json.loads(answer.body), ensure_ascii=False)
        told = json.loads(whole.encode(errors="replace"))  # half a surrogate pair could not be stored
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _reason(answer: Answer, told: dict[str, object]) -> Reason:
    if told.get("reason"):
        return _worded(told["reason"])
    text = answer.body.decode("utf-8", "replace").strip()[:_DETAIL]
    return reason("The function answered {status}: {detail}", status=answer.status, detail=text)


def _worded(given: object) -> Reason:
    """A reason as it is stored, also when a function of other make says it in mere words."""
    if isinstance(given, dict) and isinstance(given.get("text"), str):
        return cast(Reason, given)
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return reason("{detail}", detail=text[:_DETAIL])


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if value else []
