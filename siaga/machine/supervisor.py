"""Processes under one supervisor: started in order, watched, started again when they die or fall silent."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from siaga import modes
from siaga.errors import Reason
from siaga.printable import shown
from siaga.standing import Book, late_start, late_starter, signal_name, why_ended

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0  # seconds before a part that died is started again
_LONGEST_WAIT_OF_UP = 2.0  # of one that had been up: what broke it may be one input, and others wait for it
_SETTLED = 30.0  # a part that was up this long starts again without waiting
START_SECONDS = 60.0  # for a part to be ready; then it is ended and tried again, with twice the time
LONGEST_START_SECONDS = 900.0  # on a starved machine an early end costs what the start has done so far, of all parts
_HUNGRY = 0.5  # share of its time in which a part that starts has or awaits a processor: it comes on, if slowly
_GRACE = 15.0  # seconds between SIGTERM and SIGKILL
_STILL_SECONDS = 10.0  # of silence without any work, until a part is ended
_LOOKS = 4  # in vain in a row at least; a machine that slept for a while has lost only one
_STARTING_LOOK, _LOOK = 0.05, 2.0  # seconds between looks at a part
_LOOKS_AT_A_START = 30.0  # the longer a start takes, the fewer looks: they cost it a processor, too
_ANSWER_SECONDS = 2.0  # for a part to say how it stands
_LOG_BYTES = 10 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One process.

    ready: asked until it says yes; a part is up from then on. One that is not after START_SECONDS is started again and
    given twice as long, and so on to LONGEST_START_SECONDS, which one that works is given at once.
    alive: asked every few seconds from then on, whether the part answers. One that neither answers nor works nor waits
    for a processor or a disk for ten seconds, or does not answer for `patience` seconds whatever it does, is ended with
    SIGKILL and started again.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True
    alive: Callable[[], bool] = lambda: True
    patience: float = 120.0


class _Runner:
    """Keeps one part alive: one thread reads what it prints, another looks whether it answers."""

    def __init__(self, part: Part, say: Callable[[str, str], None], book: Book) -> None:
        self.part, self._say, self._book = part, say, book
        self.stopping = threading.Event()
        self.up = threading.Event()
        self.process: subprocess.Popen[str] | None = None
        self.thread = threading.Thread(target=self._run, name=part.name, daemon=True)
        self._up_since = 0.0
        self._start_seconds = START_SECONDS  # for the present start
        self._silent = ""
        self._why: Reason | None = None  # in the place of what is said of silence
        self._last_end = ""  # told to the next process: see _ending
        self._worked = 0.0  # processor seconds since the process was last heard of

    def _run(self) -> None:
        wait = _FIRST_WAIT
        while not self.stopping.is_set():
            self._silent, self._why = "", None
            self._book.starting(self.part.name)
            try:
                code = self._once()
            except OSError as error:  # no memory or no file descriptor left for it just now
                code = -1
                self._say(self.part.name, f"cannot be started: {error}")
            if self.stopping.is_set():
                return
            settled = self.up.is_set() and time.monotonic() - self._up_since > _SETTLED
            longest = _LONGEST_WAIT_OF_UP if self.up.is_set() else _LONGEST_WAIT
            self.up.clear()
            wait = _FIRST_WAIT if code == 0 or settled else min(2 * wait, longest)
            self._say(self.part.name, f"ended with {code}; starting again in {wait:g} s")
            self._last_end = self._ending(code)
            self._book.ended(self.part.name, self._why or why_ended(code, self._silent), wait)
            self.stopping.wait(wait)

    def _ending(self, code: int) -> str:
        """How a process ended (silent, a signal's name or a status), and for how many seconds it had worked unheard."""
        return f"{'silent' if self._silent else signal_name(code) or code} {self._worked:.0f}"

    def _once(self) -> int:
        # setpriv: a part never outlives its supervisor, not even one that was killed outright.
        self.process = process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.part.command],
            env=os.environ | dict(self.part.environment) | {"last_end": self._last_end},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            umask=modes.PRIVATE,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops the parts in order
        )
        if self.stopping.is_set():
            process.terminate()
        threading.Thread(target=self._watch, args=(process,), name=f"{self.part.name} watch", daemon=True).start()
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self._say(self.part.name, line.rstrip("\n"))
        return process.wait()

    def _watch(self, process: subprocess.Popen[str]) -> None:
        """Look at one process until it ends: first whether it is ready, then whether it answers."""
        heard = worked = time.monotonic()
        ticks, work_when_heard, in_vain, up = -1, 0.0, 0, False
        while process.poll() is None and not self.stopping.is_set():
            state, spent, work = _standing(process.pid)
            if spent != ticks:
                ticks, worked = spent, time.monotonic()
            if state:
                self._worked = work - work_when_heard
            if state != "T" and (self.part.alive() if up else self.part.ready()):
                heard, in_vain, work_when_heard, self._worked = time.monotonic(), 0, work, 0.0
                if not up and process.poll() is None:  # else its successor may have answered
                    up = True
                    self._is_up()
            else:
                in_vain += 1
                worked = time.monotonic() if _awaits(process.pid) else worked
            now = time.monotonic()
            silent, still = now - heard, now - max(heard, worked)
            if not up and silent > self._start_seconds:
                self._late(process, silent)
            elif up and in_vain >= _LOOKS and (still > _STILL_SECONDS or silent > self.part.patience):
                self._end(process, f"silent for {silent:.0f} s")
            self.stopping.wait(_LOOK if up else min(_LOOK, max(_STARTING_LOOK, silent / _LOOKS_AT_A_START)))

    def _late(self, process: subprocess.Popen[str], silent: float) -> None:
        """A start takes too long: let it go on where it works, else end it and give the next one more time."""
        if self._silent:
            return
        if self._worked > _HUNGRY * silent and self._start_seconds < LONGEST_START_SECONDS:
            self._start_seconds = LONGEST_START_SECONDS
            why = late_starter(silent, self._start_seconds)
            self._say(self.part.name, why["text"])
            self._book.late(self.part.name, why)
            return
        self._start_seconds = min(2 * self._start_seconds, LONGEST_START_SECONDS)
        self._why = late_start(silent, self._start_seconds)
        self._end(process, f"not ready after {silent:.0f} s", f"; the next start is given {self._start_seconds:g} s")

    def _is_up(self) -> None:
        self._up_since = time.monotonic()
        self._start_seconds = START_SECONDS
        self._book.up(self.part.name)
        self.up.set()

    def _end(self, process: subprocess.Popen[str], why: str, then: str = "") -> None:
        if self._silent or self.stopping.is_set():
            return
        self._silent = why
        self._say(self.part.name, f"{why}; it is ended{then}")
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with what it has started: that would keep its output open

    def stop(self) -> None:
        self.stopping.set()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def join(self) -> None:
        self.thread.join(_GRACE)
        if self.thread.is_alive() and self.process is not None:
            self.process.kill()
            self.thread.join()


def _standing(pid: int) -> tuple[str, int, float]:
    """State of a process (T: stopped; "": gone), the ticks of processor time that it has used, all threads together.

    And the seconds for which its main thread, which in a slot does the work, had a processor or waited for its turn.
    """
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        nanoseconds = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[:2]
    except OSError:
        return "", -1, 0.0
    return told[0], int(told[11]) + int(told[12]), sum(map(int, nanoseconds)) / 1e9


def _awaits(pid: int) -> bool:
    """Whether a thread of the process would go on and awaits a processor or a disk: on a starved machine for long."""
    states = set()
    with suppress(OSError):  # of a thread that has ended
        for one in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                states.add((one / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0])
    return bool(states & {"R", "D"})


def _late(runners: Sequence[_Runner], seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    return [one.part.name for one in runners if not one.up.wait(max(0.0, deadline - time.monotonic()))]


def answers(url: str) -> bool:
    """Whether a GET of that address, by HTTP on this machine, is answered with success.

    By the plainest client: parts that start are asked twenty times a second each, just when all need the processor.
    """
    parts = urlsplit(url)
    try:
        with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS)) as connection:
            connection.request("GET", parts.path)
            answer = connection.getresponse()
            answer.read()
            return answer.status < 400
    except (OSError, HTTPException):
        return False


class Supervisor:
    """Several parts and what they print: each line prefixed by its part, and in a log file of its own."""

    def __init__(self, logs: Path, *, quiet: bool = False, out: TextIO = sys.stdout) -> None:
        """`logs` is a folder; `quiet` keeps the parts' lines out of `out`. How the parts stand is kept beside it."""
        logs.mkdir(parents=True, exist_ok=True)
        self._logs, self._quiet, self._out = logs, quiet, out
        self._runners: list[_Runner] = []
        self._lock = threading.Lock()
        self._book = Book(logs.parent)

    def start(self, *parts: Part, seconds: float = START_SECONDS) -> list[str]:
        """Start the parts and wait until each is ready, `seconds` at most.

        Returns the names of those that are not; they are tried again and again, and stop no other.
        """
        started = [_Runner(part, self.say, self._book) for part in parts]
        self._runners += started
        for runner in started:
            runner.thread.start()
        late = _late(started, seconds)
        for name in late:
            self.say(name, f"not ready after {seconds:g} s; it goes on or is tried again, and stops no other")
        return late

    def late(self, seconds: float = 0.0) -> list[str]:
        """The names of all parts that are not up, waited for `seconds` at most."""
        return _late(self._runners, seconds)

    def stop(self) -> None:
        """Stop the parts, the last started first."""
        for runner in reversed(self._runners[1:]):
            runner.stop()
        for runner in self._runners[1:]:
            runner.join()
        for runner in self._runners[:1]:  # the store goes last: the others still write their receipts
            runner.stop()
            runner.join()
        self._runners.clear()
        self._book.close()

    def say(self, part: str, line: str) -> None:
        """Print and keep one line of a part; a full disk or a terminal that is gone must not stop the part."""
        with self._lock, suppress(OSError):
            if not self._quiet:
                print(f"{part:>16} | {shown(line)}", file=self._out, flush=True)
        with self._lock, suppress(OSError):
            path = self._logs / f"{part}.log"
            if path.exists() and path.stat().st_size > _LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
            with path.open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")
