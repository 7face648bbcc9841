"""The frame around every function: one object or one tick in, one answer out.

A function is `run(notification, context) -> Outcome`; `handle = frame.on_object(run)` is what OpenFaaS calls.
One with a schedule instead of inputs is `run(now, context) -> Outcome` and `frame.on_tick(run)`.
The answer is 200 with {"state", "reason", "run", …} when the matter is settled (done, refused,
superseded); 503 when a neighbour was away; anything else is a defect and counts as an attempt.
"""

import base64
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import Protocol

from prometheus_client import Counter, Histogram

from siaga import events
from siaga.errors import BadInput, NotFound, Reason, SiagaError, Superseded, Unavailable
from siaga.events import Notification
from siaga.hazards import PREVIEW
from siaga.moment import stamp
from siaga.settings import Settings
from siaga.store import Store

_log = logging.getLogger("siaga.function")
_STATES = Counter(
    "siaga_function_answers", "Answers of this slot's function: done, refused, superseded, failed", ["state"]
)
_STEPS = Histogram(
    "siaga_function_step_seconds",
    "Seconds of each step within a call, as its log line has them",
    ["step"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 120),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one object.

    run: the folder in bucket results, "" when there is none; event_id likewise.
    warnings: reasons ({"text", "template", "values"}) that do not stop the work but must be seen.
    timings: seconds per step, for the log and `make bench`; not stored in any product.
    """

    run: str = ""
    event_id: str = ""
    warnings: list[Reason] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What a function may use: the store with the rights of functions, and the settings."""

    store: Store
    settings: Settings


@cache
def open_context() -> Context:
    """Opened at the first call, not at import; one per process."""
    settings = Settings.load(os.environ)
    return Context(Store.connect(settings, "functions"), settings)


class Event(Protocol):
    """What OpenFaaS hands to handle(event, context)."""

    @property
    def body(self) -> bytes:
        """Of the call."""


def on_object(run: Callable[[Notification, Context], Outcome]) -> Callable[[Event, object], dict[str, object]]:
    """Turn `run` into OpenFaaS's handle(event, context)."""

    def handle(event: Event, context: object) -> dict[str, object]:  # noqa: ARG001 - OpenFaaS's contract
        try:
            notification = _one(event.body)
        except BadInput as error:
            return _answered(partial(_refuse, error), Notification("", "").content())
        return _answered(lambda: run(notification, open_context()), notification.content())

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    return handle


def on_tick(run: Callable[[datetime, Context], Outcome]) -> Callable[[Event, object], dict[str, object]]:
    """Turn `run`, which is handed the present moment in UTC, into the handle of a function with a schedule."""

    def handle(event: Event, context: object) -> dict[str, object]:  # noqa: ARG001 - OpenFaaS's contract
        now = datetime.now(UTC)
        return _answered(lambda: run(now, open_context()), {"tick": stamp(now)})

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    return handle


def on_both(
    run: Callable[[Notification, Context], Outcome], tick: Callable[[datetime, Context], Outcome]
) -> Callable[[Event, object], dict[str, object]]:
    """The handle of a function that objects wake and that has a schedule, too: a tick has no body."""
    of_object, of_tick = on_object(run), on_tick(tick)
    return lambda event, context: (of_object if event.body.strip() else of_tick)(event, context)


def with_preview(
    handle: Callable[[Event, object], dict[str, object]], preview: Callable[[bytes, Context], Mapping[str, bytes]]
) -> Callable[[Event, object], dict[str, object]]:
    """The handle of a function that makes something to look at besides: calls of the path PREVIEW, with its body.

    preview: makes files by their names; the answer brings them along, in base64, and neither log nor store has them.
    """

    def either(event: Event, context: object) -> dict[str, object]:
        if getattr(event, "path", "").strip("/") != PREVIEW:
            return handle(event, context)
        return _with_files(lambda: preview(event.body, open_context()))

    return either


def _with_files(make: Callable[[], Mapping[str, bytes]]) -> dict[str, object]:
    """As _answered, with what was made in the answer."""
    made = dict[str, str]()

    def outcome() -> Outcome:
        made.update({name: base64.b64encode(body).decode() for name, body in make().items()})
        return Outcome()

    told = _answered(outcome, {"path": PREVIEW})
    return told | {"body": json.dumps(json.loads(str(told["body"])) | {"files": made})}


def _answered(call: Callable[[], Outcome], subject: Mapping[str, object]) -> dict[str, object]:
    """Make the call; its outcome or its error as an answer about the subject, and one line in the log."""
    started = time.monotonic()
    status = 200
    try:
        answer = {"state": "done", "reason": None} | asdict(call())
    except Superseded as error:
        answer = {"state": "superseded", "reason": error.reason(), "run": ""}
    except (BadInput, NotFound) as error:
        answer = {"state": "refused", "reason": error.reason(), "run": ""}
    except Unavailable as error:
        status, answer = 503, {"reason": error.reason()}
    except SiagaError as error:
        status, answer = 500, {"reason": error.reason()}
    except MemoryError:  # what was taken is given back by now; a process that is killed for it cannot say so
        short = SiagaError("This needs more memory than a slot of its function may use (limits.memory in stack.yml)")
        status, answer = 500, {"reason": short.reason()}
    seconds = round(time.monotonic() - started, 3)
    answer = {**subject, **answer}
    _STATES.labels(answer.get("state", "failed")).inc()
    for step, lasted in answer.get("timings", {}).items():
        _STEPS.labels(step).observe(lasted)
    _log.info(json.dumps({"status": status, "seconds": seconds} | answer, default=str))
    return {
        "statusCode": status,
        "body": json.dumps(answer, default=str),
        "headers": {"Content-Type": "application/json"},
    }


def _refuse(error: BadInput) -> Outcome:
    raise error


def _one(body: bytes) -> Notification:
    named = events.parse(body)
    if len(named) != 1:
        raise BadInput("The body names {count} objects; a function takes one at a time", count=len(named))
    return named[0]
