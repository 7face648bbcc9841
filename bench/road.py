"""From upload to report on a whole running Siaga: twenty strong and twenty weak quakes, one after another, warm.

Quakes of the last day, as those that come in. Printed: upload → figures visible (the event's page answers),
upload → report published in both languages with all products, what the two functions say of their own time,
the CPU seconds that an event costs each part, whoever else uses the machine, and the peak memory of each part.
"""

import contextlib
import json
import os
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import requests

from siaga import keys, machine
from siaga.cli import demo, ingest
from siaga.data.demo.packages import SHAKEMAP, Packages
from siaga.events import Notification
from siaga.machine.supervisor import Supervisor
from siaga.settings import Settings
from siaga.store import Store

_EVENTS = 20
_WARM_UP = 2
_APART = timedelta(minutes=30)  # so that no two are one quake, and all of the last day
_WIB = timedelta(hours=7)
_DEAREST = 6  # parts whose CPU seconds are told
_LOOK_SECONDS = 0.02, 0.05  # for the figures; for the report, which takes more of the machine to ask for
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
    grids = {"strong": exercise(settings, say), "weak": weak(settings, say)}
    seconds: dict[str, list[tuple[float, float]]] = {}
    cost: dict[str, Counter[str]] = {}
    happened = datetime.now(UTC)
    for kind, grid in grids.items():
        seconds[kind] = []
        for number in range(_WARM_UP + _EVENTS):
            if number == _WARM_UP:
                before = _cpu(settings)
            happened -= _APART
            seconds[kind].append(upload(settings, at(grid, happened), event_id(happened)))
        cost[kind] = _cpu(settings) - before
    say(f"{_EVENTS} of each, 101 × 101 nodes, all pages in two languages; strong: an exercise, 40 million people")
    say(f"{'':34} {'strong':>8} {'p95':>10} {'weak':>10} {'p95':>10}")
    for number, name in enumerate(("upload → figures visible", "upload → report published")):
        say(_row(name, [[one[number] for one in measured[_WARM_UP:]] for measured in seconds.values()]))
    for name in ("on-shakemap", "render-report"):
        said = _answers(settings, name)
        each = [said[_WARM_UP : _WARM_UP + _EVENTS], said[-_EVENTS:]]
        say(_row(f"{name} alone", [[one["seconds"] for one in of_kind] for of_kind in each]))
        for step in said[0]["timings"]:
            say(_row(f"    {step}", [[one["timings"][step] for one in of_kind] for of_kind in each]))
    say(_cost("CPU of an event, all parts", [of_kind.total() for of_kind in cost.values()]))
    for name, _seconds in cost["strong"].most_common(_DEAREST):
        say(_cost(f"    {name}", [of_kind[name] for of_kind in cost.values()]))
    for name, megabytes in _memory(settings):
        say(f"{'peak memory of ' + name:34} {megabytes:6.0f} MB")


def exercise(settings: Settings, say: Callable[[str], None]) -> bytes:
    """The grid.xml that is sent again and again."""
    packages = Packages(settings.cache / "packages")
    packages.fetch(say, (SHAKEMAP,))
    return demo.exercise(packages.read(SHAKEMAP, demo.REAL_GRID))


def weak(settings: Settings, say: Callable[[str], None]) -> bytes:
    """The grid.xml of a real quake with a report of one page."""
    packages = Packages(settings.cache / "packages")
    packages.fetch(say, (SHAKEMAP,))
    return packages.read(SHAKEMAP, demo.REAL_GRID)


def event_id(happened: datetime) -> str:
    """As BMKG names a quake: when it was, in WIB."""
    return f"{happened + _WIB:%Y%m%d%H%M%S}"


def at(grid: bytes, happened: datetime) -> bytes:
    """The same map of another moment."""
    return re.sub(rb'(event_timestamp=)"[^"]*"', rb'\1"' + f"{happened:%Y-%m-%dT%H:%M:%SZ}".encode() + b'"', grid)


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
    event = Notification(keys.SHAKEMAPS, key, etag)
    figures = 0.0
    while time.monotonic() - started < 120:
        if not figures:
            answer = requests.get(f"{settings.public_url}/earthquakes/{event_id}", timeout=10)
            figures = time.monotonic() - started if answer.ok else 0.0
        elif ingest.state_of(web, settings, event).state == "published":
            return figures, time.monotonic() - started
        time.sleep(_LOOK_SECONDS[bool(figures)])
    raise TimeoutError(f"{event_id} is not published after 120 s")


def _answers(settings: Settings, function: str) -> list[dict]:
    """What a function logged of each call."""
    found = []
    for path in sorted((settings.home / "logs").glob(f"{function}-*.log")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if '"timings"' in line:
                found.append(json.loads(line[line.index("{") :]))
    return found


def _parts(settings: Settings) -> Iterator[tuple[str, psutil.Process]]:
    """Every process that is running, by the name of its part; typesetters have one of their own."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            environment, command = child.environ(), child.cmdline()[1:3]
            if environment.get("SIAGA_HOME") == str(settings.home):
                module = environment.get("FUNCTION_MODULE", "")
                name = "typesetters" if "siaga.report.typesetters" in command else module
                yield name or " ".join(command) or child.name(), child


def _cpu(settings: Settings) -> Counter[str]:
    """CPU seconds of each part until now."""
    spent: Counter[str] = Counter()
    for name, process in _parts(settings):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent[name] += times.user + times.system
    return spent


def _memory(settings: Settings) -> list[tuple[str, float]]:
    """The high-water mark of every process, in MB."""
    marks = []
    for name, process in _parts(settings):
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            if peak := re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE):
                marks.append((name, int(peak[1]) / 1000))
    return sorted(marks, key=lambda mark: -mark[1])


def _cost(name: str, each: Sequence[float]) -> str:
    """CPU seconds of one event of each kind."""
    return f"{name:34} {(' ' * 14).join(f'{seconds / _EVENTS:6.3f} s' for seconds in each)}"


def _row(name: str, each: Sequence[Sequence[float]]) -> str:
    """Median and 95th percentile of each kind, side by side."""
    cells = []
    for seconds in each:
        ordered = sorted(seconds)
        p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
        cells += [f"{statistics.median(ordered):6.3f} s", f"{p95:8.3f} s"]
    return f"{name:34} {'   '.join(cells)}"
