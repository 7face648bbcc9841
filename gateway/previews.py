"""Previews of layouts on paper: made by a slot behind all that is live, kept in memory for minutes and nowhere else."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gateway import urgency
from gateway.invoke import Slots
from gateway.leases import Call
from gateway.verdict import Verdict, Watch
from siaga import moment
from siaga.answers import PreviewFacts
from siaga.errors import BadInput, Conflict, NotFound, Reason, SiagaError, Unavailable, reason
from siaga.hazards import PREVIEW, RENDERER

WAITING, DONE, FAILED, GONE = "waiting", "done", "failed", "gone"
_MOST_ASKED, _MOST_MADE = 1 << 17, 1 << 23  # bytes
_KEPT_SECONDS = 900.0  # once it is made
_MOST = 8  # of as many people


@dataclass(frozen=True, slots=True)
class Preview:
    """One. since: monotonic seconds, when it came to its state. files: in base64, by what they are."""

    id: str
    since: float
    state: str = WAITING
    reason: Reason | None = None
    files: Mapping[str, str] = field(default_factory=dict)


class Previews:
    """The last preview of each person. Shared by all threads; one is made at a time, whoever waits."""

    def __init__(self, slots: Slots, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._slots, self._clock = slots, clock
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._of: dict[str, Preview] = {}

    def order(self, sent: Mapping[str, object], who: str) -> PreviewFacts:
        """Begin one, and let go of that person's last; the same that was ordered before is that one.

        Raises BadInput, NotFound; Conflict while another one of that person is made, Unavailable for too many.
        """
        body = str(sent.get("order", "")).encode()  # siaga.inputs.layout_previews reads it
        if not 0 < len(body) < _MOST_ASKED:
            raise BadInput("The body is not a JSON object")
        if RENDERER not in self._slots.functions:
            raise NotFound("There is no function {name} in stack.yml", name=repr(RENDERER))
        one = Preview(hashlib.sha256(who.encode() + b"\0" + body).hexdigest()[:32], self._clock())
        with self._lock:
            self._forget()
            last = self._of.get(who)
            if last and last.id == one.id and last.state != FAILED:
                return _facts(last)
            if last and last.state == WAITING:
                raise Conflict("A preview of yours is still being made; look at that one first, or wait a moment")
            if not last and len(self._of) >= _MOST:
                raise Unavailable("Too many previews are being made; try again in some minutes")
            self._of[who] = one
        threading.Thread(target=self._make, args=(who, one, body), name="preview", daemon=True).start()
        return _facts(one)

    def look(self, name: str, file: str) -> PreviewFacts:
        """How far it is, by its id; with one of its files where that is named."""
        with self._lock:
            self._forget()
            one = next((one for one in self._of.values() if one.id == name), Preview(name, 0.0, GONE))
        return _facts(one, file)

    def _forget(self) -> None:
        late = self._clock() - _KEPT_SECONDS
        self._of = {who: one for who, one in self._of.items() if one.state == WAITING or one.since > late}

    def _make(self, who: str, one: Preview, body: bytes) -> None:
        made = replace(one, state=FAILED)
        try:
            with self._turn:
                made = _judged(one, self._called(one, body))
        finally:
            with self._lock:
                self._of[who] = replace(made, since=self._clock())

    def _called(self, one: Preview, body: bytes) -> Verdict:
        """What a slot makes of it, in turn with what is done again and behind all that is live."""
        place = urgency.backfill(moment.now())
        headers = [("Content-Type", "application/json")]
        call = Call(RENDERER, f"{PREVIEW}|{one.id}", place, "POST", f"/{PREVIEW}", headers, body, about_object=False)
        watch = Watch(RENDERER)
        try:
            return watch.of_answer(self._slots.call(call), about_object=True)
        except SiagaError as error:
            return watch.of_error(error)


def _judged(one: Preview, verdict: Verdict) -> Preview:
    if verdict.kind != "settled" or verdict.state != "done":
        late = reason("Others waited for the slot, or it took too long; try again later")
        return replace(one, state=FAILED, reason=late if verdict.broke else verdict.reason)
    if len(verdict.body) > _MOST_MADE:
        return replace(one, state=FAILED, reason=reason("The report is too large to be looked at"))
    try:
        files = {kind: str(json.loads(verdict.body)["files"][kind]) for kind in ("png", "pdf")}
    except (ValueError, KeyError, TypeError):  # a function that makes no previews, such as one of before
        return replace(one, state=FAILED)
    return replace(one, state=DONE, files=files)


def _facts(one: Preview, file: str = "") -> PreviewFacts:
    return {"id": one.id, "state": one.state, "reason": one.reason, "file": one.files.get(file, "")}
