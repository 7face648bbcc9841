"""People × class × zone: Siaga beside exactextract and rasterstats, its growth, and `siaga analyse` as a whole.

Each way runs in a process of its own, so that its peak memory is its own. 23 million cells of 3 arcsec,
7,000 zones with bent borders, a map of 4 degrees; everything is made up and the same at every run.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_DEGREES, _ZONES = 4.025, 7000
_TIMES = 3


def run(say: Callable[[str], None]) -> None:
    """Compare, grow, run whole processes."""
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as scratch:
        folder = Path(scratch)
        _compare(folder / "4", say)
        _whole(folder / "4", say)
        _grow(folder / "10", say)


def _compare(folder: Path, say: Callable[[str], None]) -> None:
    folder.mkdir()
    made = _way("make", folder, _DEGREES, 3, _ZONES)
    say(f"4 degrees, 3 arcsec: {round(_DEGREES * 1200) ** 2 / 1e6:.1f} million cells, {made['zones']} zones")
    say(f"{'':<34}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}{'people':>16}")
    prepared = _way("prepare", folder)
    _row(say, "Siaga, preparing the shares, once", prepared)
    found = {}
    for way, label in (("siaga", "Siaga, shares prepared"), ("exactextract",) * 2, ("rasterstats",) * 2):
        found[way] = _median(way, folder)
        _row(say, label, found[way])
    for way in ("exactextract", "rasterstats"):
        ours, theirs = found["siaga"], found[way]
        say(
            f"Siaga is {theirs['seconds'] / ours['seconds']:.1f} times as fast as {way} once prepared "
            f"({theirs['cpu'] / ours['cpu']:.1f} times by CPU), "
            f"{theirs['seconds'] / (ours['seconds'] + prepared['seconds']):.1f} times with the preparation"
        )
        apart = _way(f"apart_{way}", folder)["apart"]
        say(f"greatest difference from {way} in any zone and class: {apart:.1e} of the zone's people")


def _row(say: Callable[[str], None], label: str, one: dict[str, float]) -> None:
    people = f"{one['people']:>16,.1f}" if "people" in one else ""
    say(f"{label:<34}{one['seconds']:>9.2f}{one['cpu']:>9.2f}{one['peak_mb']:>9.0f}{people}")


def _median(way: str, folder: Path, *more: float) -> dict[str, float]:
    """Of three processes each figure's median, but the highest peak."""
    runs = [_way(way, folder, *more) for _ in range(_TIMES)]
    middle = {name: statistics.median(one[name] for one in runs) for name in runs[0]}
    return middle | {"peak_mb": max(one["peak_mb"] for one in runs)}


def _whole(folder: Path, say: Callable[[str], None]) -> None:
    """The command as an analyst runs it: from the start of Python to the last file."""
    coarse = folder / "30"
    coarse.mkdir()
    _way("make", coarse, _DEGREES, 30, 40)
    few = folder / "40"
    few.mkdir()
    _way("make", few, _DEGREES, 30, 40)
    say("siaga analyse earthquake, whole process, 4 degrees (InaSAFE with 40 areas: 3.1 s at 30, 7.6 s at 3 arcsec)")
    cases = (
        ("30 arcsec, no zones", coarse / "people.tif", None),
        ("30 arcsec, 40 zones", coarse / "people.tif", few / "zones.fgb"),
        ("30 arcsec, 7,000 zones", coarse / "people.tif", folder / "zones.fgb"),
        ("3 arcsec, 40 zones", folder / "people.tif", few / "zones.fgb"),
        ("3 arcsec, 7,000 zones", folder / "people.tif", folder / "zones.fgb"),
    )
    for name, people, zones in cases:
        first, *again = [_analyse(folder, people, zones) for _ in range(1 + _TIMES)]
        seconds, cpu, peak = (statistics.median(one[index] for one in again) for index in range(3))
        say(
            f"{name:<24} first {first[0]:5.2f} s, {first[1]:5.2f} CPU s, {first[2]:4.0f} MB; "
            f"again {seconds:5.2f} s, {cpu:5.2f} CPU s, {peak:4.0f} MB"
        )


def _grow(folder: Path, say: Callable[[str], None]) -> None:
    """One raster of 10 degrees, maps of 1 to 10 degrees upon it."""
    folder.mkdir()
    made = _way("make", folder, 10.025, 3, round(_ZONES * (10.025 / _DEGREES) ** 2))
    prepared = _way("prepare", folder)
    say(
        f"growth: a raster of 10 degrees, {round(10.025 * 1200) ** 2 / 1e6:.0f} million cells, {made['zones']} zones; "
        f"prepared in {prepared['seconds']:.1f} s, {prepared['peak_mb']:.0f} MB"
    )
    for degrees in (1, 2, 3, 4, 6, 8, 10):
        _code(
            "from pathlib import Path; from bench import synthetic;"
            f"synthetic.grid_xml(Path({str(folder / f'grid-{degrees}.xml')!r}), {degrees})"
        )
        one, cells = _median("siaga", folder, degrees), (degrees * 1200) ** 2 / 1e6
        say(
            f"{degrees:>3}° {cells:>7.1f} million cells {one['seconds']:>7.2f} s, {one['cpu']:>6.2f} CPU s, "
            f"{cells / one['cpu']:>5.1f} million cells per CPU s, {one['peak_mb']:>4.0f} MB"
        )


def _way(way: str, folder: Path, *more: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.zonal_ways", way, str(folder), *(str(one) for one in more)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{way}: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _code(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def _analyse(folder: Path, people: Path, zones: Path | None) -> tuple[float, float, float]:
    """Seconds on the wall and of the processor, peak MB of one process."""
    command = [str(Path(sys.executable).with_name("siaga")), "analyse", "earthquake", str(folder / "grid.xml")]
    command += ["--population", str(people), "--out", str(folder / "out")]
    command += ["--zones", str(zones)] if zones else []
    started = time.perf_counter()
    environment = os.environ | {"SIAGA_CACHE": str(folder / "cache")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"siaga analyse ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
