"""A flood of Jakarta: 100 m population, every RW as a zone; ten thousand polygons, a million buildings.

Everything is made up and the same at every run: Jakarta's size, its number of RWs, kelurahan and kecamatan.
"""

import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from siaga.gis import cells, intake, layers
from siaga.gis.assets import flood as flood_assets
from siaga.gis.cells import Grid
from siaga.gis.people import by_class, flood_ground
from siaga.hazard.flood import read_flood

_WEST, _NORTH, _SIDE = 106.69, -6.08, 0.28
_CELL = 1 / 1200  # 3 arcsec
_LEVELS = {"rw": 52, "kelurahan": 16, "kecamatan": 7}  # zones along each side: 2704, 256 and 49
_BUILDINGS = 1_000_000


def run(say: Callable[[str], None]) -> None:
    """Generate (not counted), then analyse in processes of their own."""
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as scratch:
        folder = Path(scratch)
        _apart(_generate, folder)
        zones = sum(side**2 for side in _LEVELS.values())
        say(f"{(folder / 'zones.fgb').stat().st_size / 1e6:.0f} MB of {zones} zones in {len(_LEVELS)} levels")
        for name, what in (("161.json", "161 RWs under water"), ("10000.json", "10,000 overlapping polygons")):
            for part in (_people, _structures):
                first, warm, cpu, memory, told = _apart(part, folder, name)
                say(f"{what}: {told}; first {first:.2f} s, warm {warm:.2f} s (CPU {cpu:.2f} s), peak {memory:.0f} MB")


def _apart(call: Callable[..., Any], *arguments: Any) -> Any:
    """In a process of its own, so that its peak memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(call, arguments)


def _generate(folder: Path) -> None:
    random = np.random.default_rng(5)
    count = round(_SIDE / _CELL)
    people = random.lognormal(4.5, 0.6, (count, count))
    cells.write_cog(folder / "people.tif", Grid(_WEST, _NORTH, _CELL, count, count), people, -9999.0)
    shapes, rows = [], []
    for level, side in _LEVELS.items():
        squares = _squares(side)
        shapes += list(squares)
        rows += [
            {"code": f"{level}-{number:05d}", "name": f"{level} {number}", "level": level, "parent": None}
            for number in range(len(squares))
        ]
    fields = {"code": str, "name": str, "level": str, "parent": str}
    layers.write(folder / "zones.fgb", "zones", "Polygon", shapes, rows, fields)
    rws = _squares(_LEVELS["rw"])
    chosen = random.choice(len(rws), 161, replace=False)
    _write_flood(folder / "161.json", rws[chosen], random)
    discs = shapely.buffer(shapely.points(random.uniform(0, _SIDE, (10_000, 2)) * (1, -1) + (_WEST, _NORTH)), 0.0015)
    _write_flood(folder / "10000.json", discs, random)
    with intake.writing(folder / "structures.fgb", "Point", ("type", "name")) as add:
        points = random.uniform(0, _SIDE, (_BUILDINGS, 2)) * (1, -1) + (_WEST, _NORTH)
        add(shapely.points(points), [("residential", None)] * _BUILDINGS)


def _squares(side: int) -> Any:
    """Zones with bent borders that fill the square, the same border for both neighbours."""
    step = _SIDE / side
    left, top = np.meshgrid(np.arange(side) * step, np.arange(side) * step)
    shapes = shapely.segmentize(
        shapely.box(left.ravel(), top.ravel(), left.ravel() + step, top.ravel() + step), step / 8
    )

    def bent(points: np.ndarray) -> np.ndarray:
        away = np.column_stack((np.sin(points[:, 1] * 900), np.sin(points[:, 0] * 1100))) * 0.0004
        return np.round((points + away) * (1, -1) * 2**30 + np.array((_WEST, _NORTH)) * 2**30) / 2**30

    return shapely.transform(shapes, bent)


def _write_flood(path: Path, shapes: Any, random: np.random.Generator) -> None:
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(shapely.to_geojson(shape)),
            "properties": {"geom_id": str(number), "state": int(state)},
        }
        for number, (shape, state) in enumerate(zip(shapes, random.integers(1, 5, len(shapes)), strict=True))
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def _twice(call: Callable[[], str]) -> tuple[float, float, float, float, str]:
    """Seconds of the first and of the second call, CPU seconds of the second, peak memory in MB, what it told."""
    seconds = []
    for _ in range(2):
        began, cpu = time.perf_counter(), time.process_time()
        told = call()
        seconds.append(time.perf_counter() - began)
        cpu = time.process_time() - cpu
    return *seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, told


def _people(folder: Path, name: str) -> tuple[float, float, float, float, str]:
    def call() -> str:
        flood = read_flood((folder / name).read_bytes())
        found = by_class.people(flood_ground.polygons(flood)[0], folder / "people.tif", folder / "zones.fgb")
        total = 0.0 if found.by_class is None else float(found.by_class.sum())
        return f"{total:,.0f} people in {len(found.zones)} zones"

    return _twice(call)


def _structures(folder: Path, name: str) -> tuple[float, float, float, float, str]:
    def call() -> str:
        flood = read_flood((folder / name).read_bytes())
        wet = flood_assets.structures(flood, folder / "structures.fgb", installed=True)[:, 1:]
        return f"{int(wet.sum()):,} of {_BUILDINGS:,} buildings"

    return _twice(call)
