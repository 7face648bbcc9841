"""People × class × zone in four ways, each in a process of its own: `python -m bench.zonal_ways WAY FOLDER …`.

Prints one line of JSON: seconds, peak memory, and where people × zone × class were saved.
exactextract and rasterstats are given the MMI classes as a ready array, made before their clock starts;
Siaga reads the grid, interpolates and classifies within its time.
"""

import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

FIELDS = ("code", "name", None, None)


class Clock:
    """Seconds on the wall and of the processor since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Wall, processor."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def peak_mb() -> float:
    """Of this process so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def make(folder: Path, degrees: float, arcsec: float, zones: int) -> dict[str, Any]:
    """The files of one size."""
    from bench import synthetic

    synthetic.people(folder / "people.tif", degrees, arcsec / 3600)
    synthetic.grid_xml(folder / "grid.xml", degrees)
    return {"zones": synthetic.zones(folder / "zones.fgb", degrees, zones)}


def prepare(folder: Path) -> dict[str, Any]:
    """Siaga's shares, once per population grid and zones."""
    from siaga.exposure.zones import ZoneFields
    from siaga.gis.people import shares
    from siaga.gis.people.population import PopulationGrid

    clock = Clock()
    shares.prepare(PopulationGrid.open(folder / "people.tif"), folder / "zones.fgb", ZoneFields(*FIELDS), folder)
    return _took(clock)


def siaga(folder: Path, degrees: float = 0) -> dict[str, Any]:
    """Siaga with its shares prepared. degrees: side of the map; 0 for all of the raster."""
    from siaga.exposure.zones import ZoneFields
    from siaga.gis.people import by_mmi
    from siaga.hazard.gridxml import read_shakemap

    body = (folder / (f"grid-{degrees:g}.xml" if degrees else "grid.xml")).read_bytes()
    clock = Clock()
    found = by_mmi.people(read_shakemap(body), folder / "people.tif", folder / "zones.fgb", folder, ZoneFields(*FIELDS))
    took = _took(clock)
    codes = [zone.code for zone in found.zones]
    np.savez(folder / "siaga.npz", codes=codes, people=np.array([zone.by_class for zone in found.zones]))
    return took | {"people": float(found.by_mmi.sum())}


def _arrays(folder: Path) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float, float], tuple[float, float]]:
    """People without holes, MMI classes, bounds, what reading the people took."""
    from osgeo import gdal

    from siaga.hazard.gridxml import read_shakemap
    from siaga.impact.mmi import classify

    clock = Clock()
    source = gdal.Open(str(folder / "people.tif"))
    people = source.ReadAsArray()
    people[people < 0] = 0
    reading = clock.read()
    west, width, _, north, _, height = source.GetGeoTransform()
    rows, columns = people.shape
    shakemap = read_shakemap((folder / "grid.xml").read_bytes())
    classes = np.empty(people.shape, dtype=np.uint8)
    x = west + (np.arange(columns) + 0.5) * width
    for top in range(0, rows, 256):
        y = north + (np.arange(top, min(rows, top + 256)) + 0.5) * height
        classes[top : top + 256] = classify(shakemap.on_grid(x, y))
    return people, classes, (west, north + rows * height, west + columns * width, north), reading


def exactextract(folder: Path) -> dict[str, Any]:
    """The part of each zone's people in each class, then each zone's people: two passes."""
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    people, classes, bounds, reading = _arrays(folder)
    counts, mmi = (NumPyRasterSource(one, *bounds) for one in (people, classes))
    clock = Clock()
    zones = str(folder / "zones.fgb")
    parts = exact_extract(mmi, zones, ["unique", "weighted_frac"], weights=counts, include_cols=["code"])
    sums = exact_extract(counts, zones, ["sum"], include_cols=["code"])
    table = np.zeros((len(parts), 10))
    for row, (part, total) in enumerate(zip(parts, sums, strict=True)):
        of = part["properties"]
        for mmi_class, share in zip(of["unique"], of["weighted_frac"], strict=True):
            if mmi_class and np.isfinite(share):
                table[row, int(mmi_class) - 1] = share * total["properties"]["sum"]
    took = _took(clock, reading)
    np.savez(folder / "exactextract.npz", codes=[part["properties"]["code"] for part in parts], people=table)
    return took | {"people": float(table.sum())}


def rasterstats(folder: Path) -> dict[str, Any]:
    """Cells by their centres."""
    from affine import Affine
    from rasterstats import gen_zonal_stats

    from siaga.gis import layers

    people, classes, (west, _, east, north), reading = _arrays(folder)
    cell = (east - west) / people.shape[1]
    clock = Clock()
    shapes, rows = layers.read(folder / "zones.fgb")
    table = np.zeros((len(rows), 10))
    grid = Affine(cell, 0, west, 0, -cell, north)
    stats = gen_zonal_stats(shapes, people, affine=grid, nodata=-9999, stats="sum", raster_out=True)
    for row, one in enumerate(stats):
        values, corner = one["mini_raster_array"], one["mini_raster_affine"]
        left, top = round((corner.c - west) / cell), round((north - corner.f) / cell)
        high, wide = values.shape
        # The window may reach past the grid; there is nobody there.
        here = np.zeros(values.shape, dtype=np.uint8)
        rows_in = slice(max(0, top), max(0, min(top + high, people.shape[0])))
        columns_in = slice(max(0, left), max(0, min(left + wide, people.shape[1])))
        there = classes[rows_in, columns_in]
        down, right = rows_in.start - top, columns_in.start - left
        here[down : down + there.shape[0], right : right + there.shape[1]] = there
        weights = values.filled(0).ravel()
        table[row] = np.bincount(here.ravel(), weights=weights, minlength=11)[1:]
    took = _took(clock, reading)
    np.savez(folder / "rasterstats.npz", codes=[row["code"] for row in rows], people=table)
    return took | {"people": float(table.sum())}


def apart(folder: Path, way: str) -> dict[str, float]:
    """The greatest difference between Siaga and a way in any zone and class, as a part of the zone's people.

    Of a thousand where a zone has fewer: by cells' centres a sliver may differ by more than all it has.
    """
    tables = []
    for name in ("siaga", way):
        with np.load(folder / f"{name}.npz") as saved:
            tables.append(dict(zip(saved["codes"].tolist(), saved["people"], strict=True)))
    ours, theirs = tables
    nobody = np.zeros(10)
    apart = (np.abs(ours.get(code, nobody) - people).max() / max(people.sum(), 1000) for code, people in theirs.items())
    return {"apart": float(max(apart))}


def _took(clock: Clock, before: tuple[float, float] = (0.0, 0.0)) -> dict[str, float]:
    wall, cpu = clock.read()
    return {"seconds": wall + before[0], "cpu": cpu + before[1]}


WAYS = {"make": make, "prepare": prepare, "siaga": siaga, "exactextract": exactextract, "rasterstats": rasterstats}
WAYS |= {f"apart_{way}": partial(apart, way=way) for way in ("exactextract", "rasterstats")}

if __name__ == "__main__":
    answer = WAYS[sys.argv[1]](Path(sys.argv[2]), *(float(one) for one in sys.argv[3:]))
    print(json.dumps(answer | {"peak_mb": peak_mb()}))
