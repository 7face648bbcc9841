"""Reports a minute with one, two and four replicas of each function, and what an event costs in processor time.

Old maps that come at once, as the bench backlog has them, on a Siaga for each number of replicas. Functions share
nothing, so what they cost in processor seconds says how many a machine with more processors does; where all want the
same two, more replicas bring little. Printed: reports a minute by the clock, processor seconds an event of functions,
gateway and all else, how busy the machine was besides, and how many events an hour a processor is good for.
"""

import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from bench import backlog, quake, road
from siaga import keys
from siaga.settings import Settings
from siaga.store import Store

_REPLICAS = 1, 2, 4
_EVENTS = int(os.environ.get("BENCH_EVENTS", "24"))
_MINIMUM = re.compile(r'com\.openfaas\.scale\.min: "\d+"')
_LOOK_SECONDS = 0.2


def run(say: Callable[[str], None]) -> None:
    """One Siaga after another, each in a temporary home."""
    say(f"{_EVENTS} events; {os.cpu_count()} processors")
    say("replicas  reports/min  functions  gateway  others  busy besides  events/hour and processor")
    for count in _REPLICAS:
        with tempfile.TemporaryDirectory(prefix="siaga-replicas-") as folder:
            stack = Path(folder) / "stack.yml"
            text = Settings.load(os.environ).stack.read_text(encoding="utf-8")
            head, hazard, rest = text.partition("  on-ash:")  # the two functions of a quake stand before
            stack.write_text(_MINIMUM.sub(f'com.openfaas.scale.min: "{count}"', head) + hazard + rest, encoding="utf-8")
            os.environ |= {"SIAGA_STACK": str(stack), "SIAGA_FUNCTION_MEMORY_MB": "0"}
            try:
                with road.running() as settings:
                    say(_measured(settings, count))
            finally:
                del os.environ["SIAGA_STACK"], os.environ["SIAGA_FUNCTION_MEMORY_MB"]


def _measured(settings: Settings, count: int) -> str:
    grid = quake.strong(settings, lambda _: None)
    before, spent, began = _all_spent(), _spent(), time.monotonic()
    backlog.fill(settings, grid, _EVENTS)
    store = Store.connect(settings, "web")
    while sum(1 for _ in store.list(keys.LEDGER, "render-report/")) < _EVENTS:
        time.sleep(_LOOK_SECONDS)
    seconds, spent = time.monotonic() - began, _spent() - spent
    each = {name: value / _EVENTS for name, value in spent.items()}
    others = _all_spent() - before - spent.total()
    return (
        f"{count:8}  {60 * _EVENTS / seconds:11.1f}  {each.get('functions', 0):7.2f} s {each.get('gateway', 0):6.2f} s"
        f" {each.get('others', 0):6.2f} s  {100 * others / seconds / (os.cpu_count() or 1):10.0f} %"
        f"  {3600 / sum(each.values()):10.0f}"
    )


def _spent() -> Counter[str]:
    """Processor seconds of this Siaga's parts, what they have started included."""
    spent: Counter[str] = Counter()
    for part in psutil.Process().children():
        name = " ".join(part.cmdline())
        kind = "functions" if "index.py" in name else "gateway" if name.endswith("-m gateway") else "others"
        for process in (part, *part.children(recursive=True)):
            times = process.cpu_times()
            spent[kind] += times.user + times.system  # type: ignore[assignment]  # a Counter may count in fractions
    return spent


def _all_spent() -> float:
    """Processor seconds of the whole machine since its start."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)
