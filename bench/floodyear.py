"""A year of flood hours, 8,760 of them, imported into the web's index: the rate, and how long the pages then take.

Everything is made up and the same at every run: 500 neighbourhoods, 160 of them under water in each hour of a wet
day, one day in three wet; every fourth wet hour the same as the one before; some gaps and suspect hours. The
objects lie in memory, so that what is measured is the index and the pages, not a store.
"""

import json
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.memory import Memory, ask
from siaga import keys
from web import create_app
from web.index import Index

_HOURS, _RWS, _WET = 8760, 500, 160
_START = datetime(2025, 1, 1, tzinfo=UTC)
_MOST_MS = 100
_TIMES = 5
_PAGES = {
    "list": "/floods",
    "list, six-hourly, page 9": "/floods?every=6&page=9",
    "list, a month, 100 RWs at least": "/floods?since=2025-06-01&until=2025-06-30&areas=100",
    "trend (the last wet hour's page)": "/floods/{wet}",
    "frequency": "/floods/frequency",
    "frequency from state 4, half a year": "/floods/frequency?state=4&from=2025-01&to=2025-06",
    "frequency as GeoJSON": "/floods/frequency.geojson",
    "histogram": "/floods/histogram.json",
    "map": "/floods/{wet}/{version}/map.svg",
    "status": "/status",
}


def run(say: Callable[[str], None]) -> None:
    """Make the year (not counted), import it, take an hour more, ask for the pages."""
    store, dice = Memory(), random.Random(5)
    wet = _make(store, dice)
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as scratch:
        index = Index(store, Path(scratch) / "index.sqlite")  # type: ignore[arg-type]
        began = time.perf_counter()
        index.refresh()
        seconds = time.perf_counter() - began
        say(f"{_HOURS} hours imported in {seconds:.1f} s: {_HOURS / seconds:.0f} hours a second")
        _put_data(store, _HOURS, dice)
        began = time.perf_counter()
        index.refresh()
        say(f"one hour more: {time.perf_counter() - began:.2f} s")
        client = create_app(store, index, "http://127.0.0.1:9").test_client()  # type: ignore[arg-type]
        for name, path in _PAGES.items():
            took = [ask(client, path.format(**wet)) for _ in range(_TIMES)]
            first, warm = took[0], sorted(took[1:])[len(took) // 2 - 1]
            slow = "" if warm < _MOST_MS else f"  over {_MOST_MS} ms"
            say(f"{name}: first {first:.0f} ms, warm {warm:.0f} ms{slow}")


def _make(store: Memory, dice: random.Random) -> dict[str, str]:
    """All hours; the id and version of the last one with data."""
    last: dict[str, str] = {}
    for number in range(_HOURS):
        chance = dice.random()
        if chance < 0.02:
            continue  # nobody asked
        kind = "suspect" if chance < 0.03 else "gap" if chance < 0.04 else "empty" if number // 24 % 3 else "data"
        if kind == "data" and last and number % 4 == 0:
            _put_told(store, number, "same", same_as=last["wet"])
        elif kind == "data":
            last = _put_data(store, number, dice)
        else:
            _put_told(store, number, kind, highest_state=3, reason=None)
    return last


def _snapshot(number: int) -> keys.Snapshot:
    return keys.Snapshot(_START + timedelta(hours=number), keys.JAKARTA)


def _put_told(store: Memory, number: int, kind: str, **told: Any) -> None:
    one = _snapshot(number)
    store.put(keys.FLOODMAPS, one.record(kind), json.dumps({"snapshot": str(one), "kind": kind} | told).encode())


def _put_data(store: Memory, number: int, dice: random.Random) -> dict[str, str]:
    one = _snapshot(number)
    areas = [
        {
            "geom_id": f"31740{rw // 10:05d}{rw:06d}",
            "name": f"RW {rw % 20:02d}",
            "parent": f"KELURAHAN {rw // 10}",
            "city": "Jakarta",
            "state": dice.choice((1, 2, 2, 2, 3, 4)),
            "people": 1000.0,
        }
        for rw in sorted(dice.sample(range(_RWS), _WET))
    ]
    version = keys.Version("initial", 1, f"{number:08x}")
    run = keys.Run("flood", str(one), version, "0a1b2c3d")
    store.put(keys.FLOODMAPS, one.data, b"{}" + str(number).encode())
    impact = json.dumps(_impact(areas)).encode()
    store.put(keys.RESULTS, run.key(keys.IMPACT), impact)
    features = [{"properties": {"geom_id": area["geom_id"]}, "geometry": _shape(area)} for area in areas]
    store.put(keys.RESULTS, run.key("flood.geojson"), json.dumps({"features": features}).encode())
    entry = _entry(one, run, areas) | {"impact": {"key": run.key(keys.IMPACT), "sha256": f"{number:064x}"}}
    store.put(
        keys.RESULTS, str(keys.CatalogEntry(run.hazard, one.hour, run.event_id, version)), json.dumps(entry).encode()
    )
    return {"wet": str(one), "version": str(version)}


def _entry(one: keys.Snapshot, run: keys.Run, areas: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": "siaga/catalog/1",
        "hazard": "flood",
        "event_id": str(one),
        "version": str(run.version),
        "run": run.run,
        "source_type": "initial",
        "version_number": 1,
        "time": f"{one.hour:%Y-%m-%dT%H:%M:%SZ}",
        "region": one.region,
        "areas_by_class": _counts(areas),
        "people": {"total": 160_000.0},
        "affected": 130_000.0,
        "displaced": 2_000.0,
        "reported": True,
        "drill": False,
        "demonstration": False,
        "warnings": [],
        "arrival": {
            "bucket": keys.FLOODMAPS,
            "key": one.data,
            "etag": "",
            "received": f"{one.hour:%Y-%m-%dT%H:%M:%SZ}",
        },
        "report": {"languages": ["id", "en"]},
    }


def _impact(areas: list[dict[str, Any]]) -> dict[str, Any]:
    by_class = {"1": 30_000.0, "2": 90_000.0, "3": 30_000.0, "4": 10_000.0}
    names = sorted({area["parent"] for area in areas})
    return {
        "areas": areas,
        "villages": [
            {"name": name, "areas_by_class": _counts([one for one in areas if one["parent"] == name])}
            | {"highest_class": "4", "affected": 1000.0}
            for name in names
        ],
        "map": {"areas_by_class": _counts(areas), "highest_class": "4"},
        "people": {"total": 160_000.0, "by_class": by_class, "note": None},
        "affected": 130_000.0,
        "displaced": 2_000.0,
        "planning": None,
        "structures": None,
        "roads": None,
        "zones": [],
        "warnings": [],
        "provenance": {
            "input": {"sha256": "0" * 64},
            "analysis_data": {"manifest_sha256": "0" * 64, "files": []},
            "software": {"version": "0"},
        },
    }


def _counts(areas: list[dict[str, Any]]) -> dict[str, int]:
    return {str(state): sum(area["state"] == state for area in areas) for state in (1, 2, 3, 4)}


def _shape(area: dict[str, Any]) -> dict[str, Any]:
    """A border of 60 points, about as many as an RW's."""
    number = int(area["geom_id"][-6:])
    west, north = 106.7 + number % 25 * 0.01, -6.1 - number // 25 * 0.01
    points = [(west + 0.008 * step / 20, north) for step in range(20)]
    points += [(west + 0.008, north - 0.008 * step / 20) for step in range(20)]
    points += [(west + 0.008 - 0.008 * step / 20, north - 0.008) for step in range(20)]
    return {"type": "Polygon", "coordinates": [[*points, points[0]]]}
