"""From upload to report on a whole running Siaga: twenty strong and twenty weak quakes, then two hundred at once, warm.

Quakes of the last day, one after another. Printed: upload → figures visible (the event's page answers),
upload → report published in both languages with all products, what the two functions say of their own time and what
is left beside them, the CPU seconds that an event costs each part, whoever else uses the machine, how many reports a
minute are made of a backlog, and the peak memory of each part.
"""

import contextlib
import json
import operator
import os
import re
import socket
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import requests

from bench import backlog, quake
from siaga import keys, machine
from siaga.cli import demo, ingest
from siaga.events import Notification
from siaga.machine.supervisor import Supervisor
from siaga.settings import Settings
from siaga.store import Store

_EVENTS = 20
_WARM_UP = 2
_APART = timedelta(minutes=30)  # so that no two are one quake, and all of the last day
_DEAREST = 6  # parts whose CPU seconds are told
_LOOK_SECONDS = 0.02, 0.05  # for the figures; for the report, which takes more of the machine to ask for
_LOG_SECONDS = 10.0
_PORTS = range(27_000, 32_000, 25)  # below those of outgoing connections; so many a Siaga may use


def run(say: Callable[[str], None]) -> None:
    """Start a Siaga of its own in a temporary home, measure, stop it."""
    with running() as settings:
        _measure(settings, say)


@contextlib.contextmanager
def running(home: Path | None = None, **more: str) -> Iterator[Settings]:
    """A whole Siaga with the demonstration exposure, in a temporary home or in one that stays.

    more: settings by their names.
    """
    with contextlib.ExitStack() as stopping:
        home = home or Path(stopping.enter_context(tempfile.TemporaryDirectory(prefix="siaga-bench-")))
        os.environ |= environment(home) | more  # what the parts are started with
        settings = Settings.load(os.environ)
        stopping.enter_context(started(settings))
        demo.install_exposure(settings, lambda _: None)
        yield settings


@contextlib.contextmanager
def started(settings: Settings) -> Iterator[None]:
    """All parts, whatever lies in the home."""
    supervisor = Supervisor(settings.home / "logs", quiet=True)
    try:
        machine.up(settings, supervisor, lambda _: None)
        yield
    finally:
        supervisor.stop()


def environment(home: Path) -> dict[str, str]:
    """What a Siaga in that home is told, so that it disturbs no other: ports of its own."""
    names = ("STORE", "GATEWAY", "SFTP", "SFTP_HEALTH", "WEB", "FUNCTION")
    first = next(first for first in _PORTS if all(map(_is_free, range(first, first + _PORTS.step))))
    ports = {f"SIAGA_{name}_PORT": str(first + number) for number, name in enumerate(names)}
    return ports | {"SIAGA_HOME": str(home)}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _measure(settings: Settings, say: Callable[[str], None]) -> None:
    grids = {"strong": quake.strong(settings, say), "weak": quake.weak(settings, say)}
    runs = {}
    happened = datetime.now(UTC)
    for kind, grid in grids.items():
        runs[kind] = _Run(settings, grid, happened)
        happened -= _APART * (_WARM_UP + _EVENTS)
    say(f"{_EVENTS} of each, 101 × 101 nodes, all pages in two languages; strong: an exercise, 40 million people")
    say(f"{'':34} {'strong':>8} {'p95':>10} {'weak':>10} {'p95':>10}")
    _tell_time(settings, list(runs.values()), say)
    say(_cost("CPU of an event, all parts", [run.cpu.total() for run in runs.values()]))
    for name, _seconds in runs["strong"].cpu.most_common(_DEAREST):
        say(_cost(f"    {name}", [run.cpu[name] for run in runs.values()]))
    before = _cpu(settings)
    figures, reports = backlog.through(settings, grids["strong"])
    say(f"{f'backlog of {backlog.OLD} strong quakes':34} {figures:6.0f} figures, {reports:.0f} reports a minute")
    spent = _cpu(settings) - before
    say(f"{'CPU of one of them, all parts':34} {spent.total() / backlog.OLD:6.3f} s")
    for name, seconds in spent.most_common(_DEAREST):
        say(f"{'    ' + name:34} {seconds / backlog.OLD:6.3f} s")
    for name, megabytes in _memory(settings):
        say(f"{'peak memory of ' + name:34} {megabytes:6.0f} MB")


class _Run:
    """Quakes of one kind, one after another: their ids, seconds from upload to figures and report, CPU of each part."""

    def __init__(self, settings: Settings, grid: bytes, newest: datetime) -> None:
        """Send them. newest: when the first one happened; the others before it."""
        moments = [newest - _APART * number for number in range(1, _WARM_UP + _EVENTS + 1)]
        for happened in moments[:_WARM_UP]:
            upload(settings, quake.at(grid, happened), quake.event_id(happened))
        self.ids = [quake.event_id(happened) for happened in moments[_WARM_UP:]]
        before = _cpu(settings)
        self.seconds = [
            upload(settings, quake.at(grid, happened), event_id)
            for happened, event_id in zip(moments[_WARM_UP:], self.ids, strict=True)
        ]
        self.cpu = _cpu(settings) - before


def _tell_time(settings: Settings, runs: Sequence[_Run], say: Callable[[str], None]) -> None:
    """Seconds on the road, in each function and its steps, and beside the functions."""
    figures, reports = ([[one[number] for one in run.seconds] for run in runs] for number in range(2))
    say(_row("upload → figures visible", figures))
    say(_row("upload → report published", reports))
    own = []
    for name in ("on-shakemap", "render-report"):
        logged = _answers(settings, name, {event_id for run in runs for event_id in run.ids})
        answers = [[logged[event_id] for event_id in run.ids] for run in runs]
        own.append([[one["seconds"] for one in of_kind] for of_kind in answers])
        say(_row(f"{name} alone", own[-1]))
        for step in answers[0][0]["timings"]:
            say(_row(f"    {step}", [[one["timings"][step] for one in of_kind] for of_kind in answers]))
    beside = [list(map(operator.sub, *of_kind)) for of_kind in zip(figures, own[0], strict=True)]
    say(_row("figures, less on-shakemap", beside))
    both = [list(map(operator.add, *of_kind)) for of_kind in zip(*own, strict=True)]
    say(
        _row(
            "report, less both functions",
            [list(map(operator.sub, *of_kind)) for of_kind in zip(reports, both, strict=True)],
        )
    )


def upload(settings: Settings, grid: bytes, event_id: str) -> tuple[float, float]:
    """Seconds from the PUT to the page with figures, and to the published report."""
    body = quake.named(grid, event_id)
    web = Store.connect(settings, "web")
    key = f"{event_id}/grid.xml"
    started = time.monotonic()
    etag = Store.connect(settings, "bmkg").put(keys.SHAKEMAPS, key, body, "application/xml")
    notification = Notification(keys.SHAKEMAPS, key, etag)
    figures = 0.0
    while time.monotonic() - started < 120:
        if not figures:
            answer = requests.get(f"{settings.public_url}/earthquakes/{event_id}", timeout=10)
            figures = time.monotonic() - started if answer.ok else 0.0
        elif ingest.state_of(web, settings, notification).state == "published":
            return figures, time.monotonic() - started
        time.sleep(_LOOK_SECONDS[bool(figures)])
    raise TimeoutError(f"{event_id} is not published after 120 s")


def _answers(settings: Settings, function: str, ids: Set[str]) -> dict[str, dict[str, Any]]:
    """What a function logged of each event, whichever of its slots did it; the last line comes after the report."""
    deadline = time.monotonic() + _LOG_SECONDS
    while not ids <= (found := _logged(settings, function)).keys() and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS[True])
    return found


def _logged(settings: Settings, function: str) -> dict[str, dict[str, Any]]:
    found = {}
    for path in (settings.home / "logs").glob(f"{function}-*.log"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if '"timings"' in line:
                answer = json.loads(line[line.index("{") :])
                found[answer["event_id"]] = answer
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
