"""Typesetters: warm processes, without QGIS, that set pages side by side and draw the pictures of them.

Typesetting is most of what a report costs, and it holds one core; two languages are set on two. A typesetter
ends with the process that started it. When one breaks off another is started, and the page is set once more.

    python -m siaga.report.typesetters    one of them: jobs come in on standard input, answers go out on standard output
"""

import atexit
import gc
import os
import pickle
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
_LIBRARY = Path(__file__).resolve().parents[2]

Job = tuple[str, tuple[Any, ...]]


def pages(page: str, fitted: Fit, drill: bool, identifier: str, last: bool) -> "Future[Fit | TypesetPages]":
    """typeset.pages. The future raises SiagaError when a typesetter broke off twice."""
    return _pool().submit(_ask, ("pages", (page, fitted, drill, identifier, last)))


def picture(page: str, identifier: str) -> "Future[bytes]":
    """typeset.picture, as pages."""
    return _pool().submit(_ask, ("picture", (page, identifier)))


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
            env=os.environ | {"PYTHONPATH": path},
        )
        atexit.register(self.stop)

    def ask(self, job: Job) -> Any:
        """The answer. Raises OSError, EOFError, UnpicklingError when the process is gone; else what the job raised."""
        if self._process.stdin is None or self._process.stdout is None:
            raise EOFError
        pickle.dump(job, self._process.stdin)
        self._process.stdin.flush()
        answer = pickle.load(self._process.stdout)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stop(self) -> None:
        """End the process."""
        atexit.unregister(self.stop)
        self._process.kill()
        self._process.communicate()


_own = threading.local()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(COUNT, "typesetter")


def _ask(job: Job) -> Any:
    for _try in range(_TRIES):
        if getattr(_own, "typesetter", None) is None:
            _own.typesetter = _Typesetter()
        try:
            return _own.typesetter.ask(job)
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

    work: dict[str, Callable[..., Any]] = {"pages": typeset.pages, "picture": typeset.picture, "warm": typeset.warm}
    while True:
        try:
            name, arguments = pickle.load(jobs)
        except EOFError:
            return
        gc.disable()  # of the many small things of a layout hardly one is garbage before its end
        try:
            answer: Any = work[name](*arguments)
        except Exception as error:  # whoever asked knows what to do about it
            answer = error
        pickle.dump(answer, answers)
        answers.flush()
        answer = None
        gc.enable()
        gc.collect()


def _end_with(starter: int) -> None:
    while os.getppid() == starter:
        time.sleep(_LOOK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    _serve()
