"""Room for one call at a time, in the main thread: its limits, and what is practised while nobody calls."""

import faulthandler
import logging
import math
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from flask import request
from pace import Pace

Practise = Callable[[Callable[[], bool]], None]  # asks what it is handed, again and again, whether to stop

_log = logging.getLogger("slot")
_FLUSH_SECONDS = 0.5  # for an answer to leave before the process ends
_SLOW_SHARE = 4  # backfill that has not ended in this part of its limit goes on at full pace: being slow ends no slot
_STUCK_SECONDS = 5  # beyond the time-out: native code holds the interpreter, only the kernel helps
_REMEMBERED = 20  # calls on which work began
_PRACTICE = "practice"  # among them, while it lasts
_AGAIN_SECONDS = 30.0  # between two looks whether there is something new to practise
_ALIVE_SHARE = 8  # of its patience: how often it is seen that other threads can run
_YIELD_SECONDS = 5.0  # for practice to make room for a call; then the call is told to come again


class Event:
    """What a handler learns of a request: body (bytes), headers, method, query, path."""

    def __init__(self) -> None:
        """Read from Flask's current request."""
        self.body = request.get_data()
        self.headers = request.headers
        self.method = request.method
        self.query = request.args
        self.path = request.path


class Context:
    """Where a handler runs: hostname."""

    def __init__(self) -> None:
        """Read from the environment."""
        self.hostname = os.getenv("HOSTNAME", "localhost")


class Toolkit(Protocol):
    """What a handler stands on, QGIS or nothing: what it wants done in the main thread."""

    def idle(self) -> None:
        """Nobody calls."""

    def trim(self) -> None:
        """A call has ended: leave nothing of it to the next."""


@dataclass
class Call:
    """One request on its way through the main thread.

    limit: seconds until it ends the process; name: its X-Try-Id; backfill: everything live goes before it;
    patience: seconds, less than limit, for which it may keep all other threads out, as native code does that holds
    the interpreter.
    finished: the handler came back; early: somebody else needs the slot.
    """

    event: Event
    limit: float
    name: str = ""
    backfill: bool = False
    patience: float = math.inf
    finished: bool = False
    early: bool = False
    worked_before: float = 0.0
    result: object = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Begun:
    """The calls on which work began; they are in a file, so that the next process knows of which this one died."""

    def __init__(self, file: Path | None) -> None:
        """`file` may be None: then nobody can know."""
        self._file = file
        self._names: deque[str] = deque(maxlen=_REMEMBERED)
        if file:
            with suppress(OSError):
                self._names.extend(file.read_text(encoding="utf-8", errors="replace").split())
            self._write()
        self._before = set(self._names)

    def add(self, name: str) -> None:
        """Note it before the work begins; what cannot be noted must not be denied later."""
        if name:
            self._names.append(name)
            self._write()

    def remove(self, name: str) -> None:
        """It has ended, and need not be remembered."""
        self._names.remove(name)
        self._write()

    def _write(self) -> None:
        if self._file:
            try:
                self._file.write_text("\n".join(self._names), encoding="utf-8")
            except OSError:
                with suppress(OSError):
                    self._file.unlink()

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def was_before(self, name: object) -> bool:
        """Whether the work began in a process before this one."""
        return name in self._before

    @property
    def exists(self) -> bool:
        """Whether there is a file that would tell."""
        return self._file is not None and self._file.exists()


class Slot:
    """Room for one call at a time."""

    def __init__(
        self, timeout: float, max_calls: int, max_memory_mb: int, pace: Pace, mark: Path | None = None
    ) -> None:
        """`timeout` in seconds; zero for the next two means no limit; `mark`: the file of Begun."""
        self.timeout, self.max_calls, self.max_memory_mb, self.pace = timeout, max_calls, max_memory_mb, pace
        self.ready = False
        self.draining = False
        self.open_answers = 0
        self.begun = Begun(mark)
        self._current: Call | None = None
        self._taken = threading.Lock()
        self._calls: queue.Queue[Call] = queue.Queue()
        self._practising = threading.Lock()
        self._practice_due = 0.0
        if self.begun.was_before(_PRACTICE):  # what broke the process before this one is left alone this time
            self.begun.remove(_PRACTICE)
            self._practice_due = math.inf

    @property
    def busy(self) -> bool:
        """Whether a call runs now."""
        return self._taken.locked()

    def call(self, call: Call, timeout: float) -> tuple[int, object]:
        """Run the handler in the main thread; (status, result). The caller waits for `timeout` seconds at most."""
        if not self.ready or self.draining:
            return 503, "This slot is starting or stopping; try again."
        if not self._taken.acquire(blocking=False):
            return 429, "This slot is busy; try again."
        self.pace.set(slow=call.backfill)
        if not self._practising.acquire(timeout=min(timeout, _YIELD_SECONDS)):
            self._taken.release()
            return 503, "This slot is still getting warm; try again."
        self._practising.release()
        self._current = call
        self._calls.put(call)
        self._wait_for(call, timeout)
        if not call.finished:
            if call.early or timeout >= call.limit:
                self.draining = True  # the main thread cannot be stopped, so the process must go
                threading.Timer(_FLUSH_SECONDS, os._exit, [1]).start()
            return 504, f"The function did not answer within {timeout:g} seconds."
        if call.error:
            return 500, f"The function failed: {type(call.error).__name__}. The log has the details."
        return 200, call.result

    def end(self, name: str) -> bool:
        """End the call of that name, and with it the process; whether there was one."""
        call = self._current
        if not name or call is None or call.name != name or call.finished:
            return False
        call.early = True
        call.done.set()
        return True

    def _wait_for(self, call: Call, timeout: float) -> None:
        patience = min(timeout, call.limit / _SLOW_SHARE)
        if call.backfill and not call.done.wait(patience):
            self.pace.set(slow=False)
            timeout -= patience
        call.done.wait(timeout)

    def serve(
        self, handle: Callable[[Event, Context], object], toolkit: Toolkit, practise: Practise | None = None
    ) -> None:
        """Run calls until the slot drains, and practise while there are none; in the main thread."""
        served = 0
        self.ready = True
        while not (self.draining and self._calls.empty()):
            try:
                one = self._calls.get(timeout=0.2)
            except queue.Empty:
                toolkit.idle()
                if practise and time.monotonic() >= self._practice_due:
                    self._practice_due = time.monotonic() + _AGAIN_SECONDS
                    self._practise(practise, toolkit)
                continue
            self.begun.add(one.name)
            one.worked_before = worked()
            with _guarded(one):
                try:
                    one.result = handle(one.event, Context())
                except Exception as error:  # whatever a handler raises is its defect, and the slot's answer 500
                    _log.exception("the handler failed")
                    one.error = error
                one.finished = True
            served += 1
            if (self.max_calls and served >= self.max_calls) or self._too_big():
                self.draining = True
            self._taken.release()
            one.done.set()
            toolkit.trim()

    def _practise(self, practise: Practise, toolkit: Toolkit) -> None:
        """Do what the first call would do first, until one comes."""
        with self._practising:
            if self.busy:
                return
            self.pace.set(slow=True, for_good=False)
            faulthandler.dump_traceback_later(self.timeout, exit=True)
            self.begun.add(_PRACTICE)
            try:
                practise(lambda: self.busy or self.draining)
            except Exception:  # nobody waits for it, and the first call will tell what is wrong
                _log.exception("getting warm failed")
            self.begun.remove(_PRACTICE)
            faulthandler.cancel_dump_traceback_later()
            toolkit.trim()

    def _too_big(self) -> bool:
        with open("/proc/self/statm", encoding="ascii") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return self.max_memory_mb > 0 and resident > self.max_memory_mb * 2**20


@contextmanager
def _guarded(call: Call) -> Iterator[None]:
    """Let a call end the process at its limit, though nobody waits any longer, or once it keeps others out too long.

    What ends it needs no interpreter: a thread of faulthandler's own, put off again and again by one of Python's,
    which cannot run while native code holds the interpreter.
    """
    over, last = threading.Event(), time.monotonic() + call.limit + _STUCK_SECONDS
    patience = call.patience if call.patience < call.limit else math.inf
    every = patience / _ALIVE_SHARE

    def put_off() -> None:
        left = max(_FLUSH_SECONDS, last - time.monotonic())
        faulthandler.dump_traceback_later(min(left, patience), exit=True)

    def watch() -> None:
        while not over.wait(every):
            put_off()

    put_off()
    watching = threading.Thread(target=watch, daemon=True)
    if patience < call.limit:
        watching.start()
    try:
        yield
    finally:
        over.set()
        if watching.ident:
            watching.join()
        faulthandler.cancel_dump_traceback_later()


def worked() -> float:
    """Seconds for which the main thread has used the processor, or waited for its turn on a busy machine."""
    with open("/proc/self/schedstat", encoding="ascii") as file:
        return sum(int(nanoseconds) for nanoseconds in file.read().split()[:2]) / 1e9
