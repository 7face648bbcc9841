"""A siaga command as a process of its own: what it printed, its seconds, the most memory that it had."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_COMMAND = sys.executable, "-c", "from siaga.cli import main; raise SystemExit(main())"
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Done:
    """megabytes: the peak of its largest process, those that it started included."""

    text: str
    seconds: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.seconds:7.1f} s {self.megabytes:6.0f} MB"


def run(*words: str, **more: str) -> Done:
    """Run it. more: of its environment. Raises RuntimeError with what it printed where its status is not 0."""
    with tempfile.TemporaryFile("w+") as printed:
        began, megabytes = time.monotonic(), 0.0
        process = subprocess.Popen([*_COMMAND, *words], env=os.environ | more, stdout=printed, stderr=printed)
        while process.poll() is None:
            megabytes = max(megabytes, _peak(process.pid))
            time.sleep(_LOOK_SECONDS)
        seconds = time.monotonic() - began
        printed.seek(0)
        text = printed.read()
    if process.returncode:
        raise RuntimeError(f"siaga {' '.join(words)} ended with {process.returncode}:\n{text}")
    return Done(text, seconds, megabytes)


def _peak(pid: int) -> float:
    """The high-water mark of the largest one; the kernel's own figure for ended children holds their parent's, too."""
    marks = [0.0]
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{one.pid}/status").read_text(encoding="utf-8")
                marks += [int(kb) / 1000 for kb in re.findall(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)]
    return max(marks)
