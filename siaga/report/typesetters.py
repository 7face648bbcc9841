"""Typesetters: warm processes, without QGIS, that set pages side by side and draw the pictures of them.

Typesetting is most of what a report costs, and it holds one core; two languages are set on two. A typesetter
ends with the process that started it. When one breaks off another is started, and the page is set once more.

    python -m siaga.report.typesetters    one of them: jobs come in on standard input, answers go out on standard output
"""

import atexit
import gc
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from siaga.errors import SiagaError
from siaga.report.fit import Fit, TypesetPages

COUNT = 2  # as many as there are languages; each takes some 150 MB
_TRIES = 2
_LOOK_SECONDS = 1.0  # between two looks for who started it
_WANTED = "wanted"  # an answer that asks for the page's map
_IDLE_SECONDS = 0.1  # without a job, until garbage is looked for
_UNSWEPT = 4  # jobs until it is looked for all the same; a page leaves some 10 MB
# glibc keeps what a page leaves, for the next one; else it gives it back to the system and asks for it again.
_KEEPING = {"MALLOC_TRIM_THRESHOLD_": f"{64 << 20}", "MALLOC_MMAP_THRESHOLD_": f"{32 << 20}"}
_LIBRARY = Path(__file__).resolve().parents[2]

Job = tuple[str, tuple[object, ...]]


def pages(
    page: str, fitted: Fit, drill: bool, identifier: str, last: bool, map_png: "Future[bytes]"
) -> "Future[Fit | TypesetPages]":
    """typeset.pages. The future raises SiagaError when a typesetter broke off twice.

    map_png: may come while the page is laid out; whoever asks sees to it that it comes or is cancelled.
    """
    return _pool().submit(_ask, ("pages", (page, fitted, drill, identifier, last)), map_png)


def picture(page: str, map_png: "Future[bytes]") -> "Future[bytes]":
    """typeset.picture, as pages."""
    return _pool().submit(_ask, ("picture", (page,)), map_png)


def start() -> None:
    """Start all, so that the first report finds them warm."""
    for _number in range(COUNT):
        _pool().submit(_ask, ("warm", ()))


class _Typesetter:
    """One process, asked by one thread."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, (str(_LIBRARY), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "siaga.report.typesetters"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | _KEEPING | {"PYTHONPATH": path},
        )
        atexit.register(self.stop)

    def ask(self, job: Job, map_png: "Future[bytes] | None") -> Any:
        """The answer. Raises OSError, EOFError, UnpicklingError when the process is gone; else what the job raised."""
        answer = self._told(job)
        if answer == _WANTED and map_png is not None:
            answer = self._told(_come(map_png))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _told(self, what: object) -> Any:
        if self._process.stdin is None or self._process.stdout is None:
            raise EOFError
        pickle.dump(what, self._process.stdin)
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)

    def stop(self) -> None:
        """End the process."""
        atexit.unregister(self.stop)
        self._process.kill()
        self._process.communicate()


def _come(map_png: "Future[bytes]") -> bytes | None:
    """The map; None when there is none to come, for which whoever draws it has the reason."""
    try:
        return map_png.result()
    except Exception:
        return None


_own = threading.local()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(COUNT, "typesetter")


def _ask(job: Job, map_png: "Future[bytes] | None" = None) -> Any:
    for _try in range(_TRIES):
        if getattr(_own, "typesetter", None) is None:
            _own.typesetter = _Typesetter()
        try:
            return _own.typesetter.ask(job, map_png)
        except (OSError, EOFError, pickle.UnpicklingError):
            _own.typesetter.stop()
            _own.typesetter = None
    raise SiagaError("The typesetter broke off in the middle of this, twice: too little memory or a crash")


def _serve() -> None:
    """Be a typesetter until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asks; we end with them
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    from siaga.report import typeset  # only here: whoever asks does without WeasyPrint

    def tell(answer: object) -> None:
        pickle.dump(answer, answers)
        answers.flush()

    def wanted() -> bytes:
        tell(_WANTED)
        found: bytes | None = pickle.load(jobs)
        if found is None:
            raise SiagaError("There is no map for this page")
        return found

    work: dict[str, Callable[..., object]] = {"pages": typeset.pages, "picture": typeset.picture, "warm": typeset.warm}
    gc.disable()  # of the many small things of a layout hardly one is garbage before its end
    unswept = 0
    while True:
        if unswept and (unswept == _UNSWEPT or not select.select([jobs], [], [], _IDLE_SECONDS)[0]):
            gc.collect()
            unswept = 0
        try:
            name, arguments = pickle.load(jobs)
            tell(_done(work[name], wanted, arguments))
        except (EOFError, BrokenPipeError):
            return
        unswept += 1


def _done(work: Callable[..., object], wanted: Callable[[], bytes], arguments: tuple[object, ...]) -> object:
    """What the work came to, or why it failed; whoever asked knows what to do about it. Raises EOFError."""
    try:
        return work(wanted, *arguments)
    except EOFError:
        raise
    except Exception as error:
        return error


def _end_with(starter: int) -> None:
    while os.getppid() == starter:
        time.sleep(_LOOK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    _serve()
