"""Processes under one supervisor: started in order, restarted when they die, stopped together."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from siaga import modes

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0  # seconds before a part that died is started again
_SETTLED = 30.0  # a part that ran this long starts again without waiting
_GRACE = 15.0  # seconds between SIGTERM and SIGKILL
_LOG_BYTES = 10 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One process.

    ready: asked until it says yes; a part is up from then on.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True


class _Runner:
    """Keeps one part alive; its thread reads what the part prints."""

    def __init__(self, part: Part, say: Callable[[str, str], None]) -> None:
        self.part, self._say = part, say
        self.stopping = threading.Event()
        self.process: subprocess.Popen[str] | None = None
        self.thread = threading.Thread(target=self._run, name=part.name, daemon=True)

    def _run(self) -> None:
        wait = _FIRST_WAIT
        while not self.stopping.is_set():
            started = time.monotonic()
            try:
                code = self._once()
            except OSError as error:  # no memory or no file descriptor left for it just now
                code = -1
                self._say(self.part.name, f"cannot be started: {error}")
            if self.stopping.is_set():
                return
            wait = _FIRST_WAIT if code == 0 or time.monotonic() - started > _SETTLED else min(2 * wait, _LONGEST_WAIT)
            self._say(self.part.name, f"ended with {code}; starting again in {wait:g} s")
            self.stopping.wait(wait)

    def _once(self) -> int:
        # setpriv: a part never outlives its supervisor, not even one that was killed outright.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.part.command],
            env=os.environ | dict(self.part.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            umask=modes.PRIVATE,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops the parts in order
        )
        if self.stopping.is_set():
            self.process.terminate()
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._say(self.part.name, line.rstrip("\n"))
        return self.process.wait()

    def stop(self) -> None:
        self.stopping.set()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def join(self) -> None:
        self.thread.join(_GRACE)
        if self.thread.is_alive() and self.process is not None:
            self.process.kill()
            self.thread.join()


class Supervisor:
    """Several parts and what they print: each line prefixed by its part, and in a log file of its own."""

    def __init__(self, logs: Path, *, quiet: bool = False, out: TextIO = sys.stdout) -> None:
        """`logs` is a folder; `quiet` keeps the parts' lines out of `out`."""
        logs.mkdir(parents=True, exist_ok=True)
        self._logs, self._quiet, self._out = logs, quiet, out
        self._runners: list[_Runner] = []
        self._lock = threading.Lock()

    def start(self, *parts: Part, seconds: float = 60) -> None:
        """Start the parts and wait until each is ready.

        Raises TimeoutError naming those that are not.
        """
        for part in parts:
            runner = _Runner(part, self.say)
            self._runners.append(runner)
            runner.thread.start()
        deadline = time.monotonic() + seconds
        waiting = list(parts)
        while waiting := [part for part in waiting if not part.ready()]:
            if time.monotonic() > deadline:
                names = ", ".join(part.name for part in waiting)
                raise TimeoutError(f"not ready after {seconds:g} s: {names}; see the logs in {self._logs}")
            time.sleep(0.05)

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

    def say(self, part: str, line: str) -> None:
        """Print and keep one line of a part; a full disk or a terminal that is gone must not stop the part."""
        with self._lock, suppress(OSError):
            if not self._quiet:
                print(f"{part:>16} | {line}", file=self._out, flush=True)
        with self._lock, suppress(OSError):
            path = self._logs / f"{part}.log"
            if path.exists() and path.stat().st_size > _LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
            with path.open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")
