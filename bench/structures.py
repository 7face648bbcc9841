"""Ten million building points in a FlatGeobuf, and what stands on a strong map of 4 degrees."""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import shapely

from siaga.gis import intake
from siaga.gis.assets import earthquake
from siaga.hazard.shakemap import Nodes, ShakeMap

COUNT = 10_000_000
_AT_ONCE = 250_000
_SPACING = 0.025
_WEST, _SOUTH, _EAST, _NORTH = 108.0, -9.0, 112.0, -5.0
_TYPES = ("residential", "commercial", "education", "health", "worship", "other")


def run(say: Callable[[str], None]) -> None:
    """Generate (not counted), then count in a process of its own; seconds and memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "structures.fgb"
        _generate(path)
        say(f"{COUNT:,} points, {path.stat().st_size / 1e6:,.0f} MB")
        for name, size in (("the whole map, 4 degrees", 1.0), ("a map of 1 degree", 0.25)):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                count, wall, cpu, before, after = pool.apply(_count, (path, size))
            say(
                f"{name}: {count:,} structures in {wall:.2f} s (CPU {cpu:.2f} s), "
                f"memory {after:.0f} MB, of which {after - before:.0f} MB for counting"
            )


def _generate(path: Path) -> None:
    """Points clustered around 2,000 towns, the same every time."""
    random = np.random.default_rng(20_260_101)
    towns = random.uniform((_WEST, _SOUTH), (_EAST, _NORTH), (2000, 2))
    with intake.writing(path, "Point", ("type", "name")) as add:
        for start in range(0, COUNT, _AT_ONCE):
            near = towns[random.integers(0, len(towns), _AT_ONCE)] + random.normal(0, 0.05, (_AT_ONCE, 2))
            points = np.clip(near, (_WEST, _SOUTH), (_EAST, _NORTH))
            kinds = random.choice(len(_TYPES), _AT_ONCE, p=(0.86, 0.06, 0.03, 0.01, 0.03, 0.01))
            rows = [
                (_TYPES[kind], f"{_TYPES[kind]} {start + number}" if kind in (2, 3) else None)
                for number, kind in enumerate(kinds.tolist())
            ]
            add(shapely.points(points), rows)


def _count(path: Path, part: float) -> tuple[int, float, float, float, float]:
    """Structures on the map, wall seconds, CPU seconds, peak memory before and after in MB."""
    shakemap = _shakemap(part)
    before = _peak()
    wall, cpu = time.perf_counter(), time.process_time()
    found = earthquake.structures(shakemap, path)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    after = _peak()
    return found["total"] if found else 0, wall, cpu, before, after


def _peak() -> float:
    """Peak memory of this process in MB; not ru_maxrss, which a process inherits from the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def _shakemap(part: float) -> ShakeMap:
    """MMI falling off from IX in the middle; part: of the 4 degrees, each way; nodes as BMKG has them."""
    half = (_EAST - _WEST) / 2 * part
    x, y = (_WEST + _EAST) / 2, (_SOUTH + _NORTH) / 2
    count = round(2 * half / _SPACING) + 1
    nodes = Nodes(x - half, x + half, y - half, y + half, count, count)
    km = np.hypot(*np.meshgrid(np.linspace(-half, half, count), np.linspace(half, -half, count))) * 111.2
    return ShakeMap(
        event_id="bench",
        number=1,
        time=datetime(2026, 1, 1, tzinfo=UTC),
        utc_offset_hours=0.0,
        time_zone="UTC",
        magnitude=7.5,
        depth_km=15.0,
        longitude=x,
        latitude=y,
        description="bench",
        network="",
        originator="",
        process_time=None,
        map_status="",
        event_type="",
        nodes=nodes,
        mmi=np.maximum(9.3 - 3.2 * np.log10(np.hypot(km, 15) / 15), 1.0),
    )
