"""Parts of Siaga as processes that need not import anything: they are forked from one that has imported all.

A gateway that starts anew costs 1.5 processor seconds, nearly all of them to import what it stands on, and tests start
some eighty. How `python -m gateway` starts is tried by every test that has a whole Siaga running.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from siaga.settings import REPOSITORY

_MAIN = ("gateway.__main__", "web.__main__")
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(_MAIN))


class Part:
    """One process, to be asked and ended as those of `subprocess` are."""

    def __init__(self, name: str, environment: dict[str, str], log: Path) -> None:
        """`python -m NAME` in the repository, with that environment; what it prints is added to `log`."""
        arguments = (f"{name}.__main__", os.environ | environment, log)
        self._process = _CONTEXT.Process(target=_be, args=arguments, name=name, daemon=True)
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended, by a signal with its negative number; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """How it ends. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """As `kill` does; one that has ended gets none."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _be(module: str, environment: dict[str, str], log: Path) -> None:
    """Become that part."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(REPOSITORY)
    sys.argv[1:] = []
    with log.open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.exit(import_module(module).main())
