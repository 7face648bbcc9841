"""How the parts on one machine stand: written down by their supervisor, read by whoever asks how Siaga is."""

import json
import os
import signal
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from siaga.errors import Reason, reason
from siaga.moment import parse, stamp

FILE = "parts.json"
_SHOWN_FOR = timedelta(hours=1)  # a part that was started again is worth a word for so long


@dataclass(frozen=True, slots=True)
class Standing:
    """One part.

    state: starting, up or waiting (to be started again). since: UTC. restarts: how often it was started again.
    reason: why it ended last, or its present start takes long, {"text", "template", "values"} or None; ended: when it
    ended last, UTC, or "".
    """

    name: str
    state: str
    since: str
    restarts: int = 0
    reason: Reason | None = None
    ended: str = ""

    @property
    def text(self) -> str:
        """That reason, in English."""
        return str(self.reason["text"]) if self.reason else ""

    def is_news(self, now: datetime) -> bool:
        """Whether an operator should see it: it is not up, or it ended a short while ago."""
        return self.state != "up" or (bool(self.ended) and now - parse(self.ended) < _SHOWN_FOR)


class Book:
    """Keeps the file; one that cannot be written costs nobody but its readers."""

    def __init__(self, folder: Path) -> None:
        """`folder`: SIAGA_HOME."""
        self._path = folder / FILE
        self._parts: dict[str, Standing] = {}
        self._ends: dict[str, Reason] = {}  # why each part ended last
        self._lock = threading.Lock()

    def starting(self, name: str) -> None:
        """A part is being started."""
        with self._lock:
            before = self._parts.get(name)
            restarts = before.restarts + 1 if before else 0
            self._keep(replace(before or Standing(name, "", ""), state="starting", since=stamp(), restarts=restarts))

    def late(self, name: str, why: Reason) -> None:
        """The start of a part takes long, and goes on."""
        with self._lock:
            self._keep(replace(self._parts[name], reason=why))

    def up(self, name: str) -> None:
        """A part is ready."""
        with self._lock:
            self._keep(replace(self._parts[name], state="up", since=stamp(), reason=self._ends.get(name)))

    def ended(self, name: str, why: Reason, wait: float) -> None:
        """A part ended and is started again in `wait` seconds."""
        with self._lock:
            self._ends[name] = why
            due = stamp(datetime.now(UTC) + timedelta(seconds=wait))
            self._keep(replace(self._parts[name], state="waiting", since=due, reason=why, ended=stamp()))

    def close(self) -> None:
        """Nothing runs any more."""
        with self._lock, suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _keep(self, one: Standing) -> None:
        self._parts[one.name] = one
        part = self._path.with_name(f".{FILE}")
        with suppress(OSError):
            told = {"supervisor": os.getpid(), "parts": [asdict(known) for known in self._parts.values()]}
            part.write_text(json.dumps(told, indent=1), encoding="utf-8")
            part.replace(self._path)


def why_ended(code: int, silence: str) -> Reason:
    """The reason why a process ended. code: as subprocess tells it; silence: how it was silent, if that ended it."""
    if silence:
        return reason("It did not answer and was ended: {detail}", detail=silence)
    if name := signal_name(code):
        return reason("It was ended by signal {signal}", signal=name)
    return reason("It ended with status {code}; its log says more", code=code)


def late_starter(waited: float, given: float) -> Reason:
    """The reason why a start that works on is let go on. Seconds: how long it takes so far, how long it may."""
    return reason(
        "It is not ready after {waited} s; it works or waits for a processor, and is given {given} s",
        waited=f"{waited:.0f}",
        given=f"{given:g}",
    )


def late_start(waited: float, given: float) -> Reason:
    """The reason why a start was ended. Seconds: how long it took, how long the next one may."""
    return reason(
        "It was not ready after {waited} s and was ended; the next start is given {given} s",
        waited=f"{waited:.0f}",
        given=f"{given:g}",
    )


def signal_name(code: int) -> str:
    """The signal that ended a process, by the code that subprocess tells; "" when none did."""
    if code >= 0:
        return ""
    return signal.Signals(-code).name if -code in set(signal.Signals) else f"SIG{-code}"


def read(folder: Path) -> list[Standing]:
    """How the parts of the Siaga in that home stand; none where no supervisor keeps them: elsewhere, or stopped."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        os.kill(told["supervisor"], 0)
        return [Standing(**one) for one in told["parts"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
