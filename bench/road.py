"""From upload to report on a whole running Siaga: twenty events, one after another, warm.

Printed: upload → figures visible (the event's page answers), upload → report published in both languages
with all products, what the two functions say of their own time, and the peak memory of each part.
"""

import contextlib
import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import requests

from siaga import keys, machine
from siaga.cli import demo, ingest
from siaga.data.demo.packages import SHAKEMAP, Packages
from siaga.events import ObjectEvent
from siaga.machine.supervisor import Supervisor
from siaga.settings import Settings
from siaga.store import Store

_EVENTS = 20
_WARM_UP = 2
_FIRST_PORT = 27000


def run(say: Callable[[str], None]) -> None:
    """Start a Siaga of its own in a temporary home, measure, stop it."""
    with running() as settings:
        _measure(settings, say)


@contextlib.contextmanager
def running() -> Iterator[Settings]:
    """A whole Siaga in a temporary home, with the demonstration exposure."""
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as home:
        os.environ |= _environment(Path(home))  # what the parts are started with
        settings = Settings.load(os.environ)
        supervisor = Supervisor(settings.home / "logs", quiet=True)
        try:
            machine.up(settings, supervisor, lambda _: None)
            demo.install_exposure(settings, lambda _: None)
            yield settings
        finally:
            supervisor.stop()


def _environment(home: Path) -> dict[str, str]:
    names = ("STORE", "GATEWAY", "SFTP", "WEB", "FUNCTION")
    ports = {f"SIAGA_{name}_PORT": str(_FIRST_PORT + number) for number, name in enumerate(names)}
    return ports | {"SIAGA_HOME": str(home)}


def _measure(settings: Settings, say: Callable[[str], None]) -> None:
    strong = exercise(settings, say)
    figures, published = [], []
    for number in range(_WARM_UP + _EVENTS):
        seen, done = upload(settings, strong, f"20260101{number:06d}")
        if number >= _WARM_UP:
            figures.append(seen)
            published.append(done)
    say(f"{_EVENTS} events, an exercise of 101 × 101 nodes, 40 million people, both pages in two languages")
    say(f"{'':34}  median      p95")
    say(_row("upload → figures visible", figures))
    say(_row("upload → report published", published))
    for name in ("on-shakemap", "render-report"):
        said = _answers(settings, name)[_WARM_UP:]
        say(_row(f"{name} alone", [one["seconds"] for one in said]))
        for step in said[0]["timings"]:
            say(_row(f"    {step}", [one["timings"][step] for one in said]))
    for name, megabytes in _memory(settings):
        say(f"{'peak memory of ' + name:34} {megabytes:6.0f} MB")


def exercise(settings: Settings, say: Callable[[str], None]) -> bytes:
    """The grid.xml that is sent again and again."""
    packages = Packages(settings.cache / "packages")
    packages.fetch(say, (SHAKEMAP,))
    return demo.exercise(packages.read(SHAKEMAP, demo.REAL_GRID))


def named(grid: bytes, event_id: str) -> bytes:
    """The same map of another event."""
    return re.sub(rb'(\s(?:event_id|shakemap_id)=)"[^"]*"', rb'\1"' + event_id.encode() + b'"', grid)


def upload(settings: Settings, grid: bytes, event_id: str) -> tuple[float, float]:
    """Seconds from the PUT to the page with figures, and to the published report."""
    body = named(grid, event_id)
    web = Store.connect(settings, "web")
    key = f"{event_id}/grid.xml"
    started = time.monotonic()
    etag = Store.connect(settings, "bmkg").put(keys.SHAKEMAPS, key, body, "application/xml")
    event = ObjectEvent(keys.SHAKEMAPS, key, etag)
    figures = 0.0
    while time.monotonic() - started < 120:
        if not figures:
            answer = requests.get(f"{settings.public_url}/earthquakes/{event_id}", timeout=10)
            figures = time.monotonic() - started if answer.ok else 0.0
        elif ingest.state_of(web, settings, event).state == "published":
            return figures, time.monotonic() - started
        time.sleep(0.02)
    raise TimeoutError(f"{event_id} is not published after 120 s")


def _answers(settings: Settings, function: str) -> list[dict]:
    """What a function logged of each call."""
    found = []
    for path in sorted((settings.home / "logs").glob(f"{function}-*.log")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if '"timings"' in line:
                found.append(json.loads(line[line.index("{") :]))
    return found


def _memory(settings: Settings) -> list[tuple[str, float]]:
    """The high-water mark of every part that is running, in MB."""
    marks = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, OSError):
            status = Path(f"/proc/{child.pid}/status").read_text(encoding="utf-8")
            peak = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
            environment = child.environ()
            name = environment.get("FUNCTION_MODULE", " ".join(child.cmdline()[1:3])) or child.name()
            if peak and environment.get("SIAGA_HOME") == str(settings.home):
                marks.append((name, int(peak[1]) / 1000))
    return sorted(marks, key=lambda mark: -mark[1])


def _row(name: str, seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{name:34} {statistics.median(ordered):6.3f} s {p95:6.3f} s"
