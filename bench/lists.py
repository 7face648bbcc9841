"""The list of 100,000 quakes with any filter and in any order: 95 of 100 answers within 50 ms, of its map within 100.

Also how long the index takes to be made from nothing, the peak of memory then, its size, how long one more quake
takes, and how many requests and bytes the first pages are. The objects lie in memory, so that what is measured is the
index and the page, not a store.
"""

import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import first_pages
from bench.memory import Memory
from siaga import keys, moment
from web import create_app
from web.index import Filter, Index
from web.index.lists import ORDERS

_QUAKES, _PAGE, _MOST_MS = 100_000, 50, 50
_POINTS, _MOST_MAP_MS = 1000, 100
_VIEWS = (None, (90.0, -15.0, 145.0, 10.0), (105.0, -9.0, 115.0, -5.0))
_BEGIN = datetime(2006, 1, 1, tzinfo=UTC)
_FAR = datetime(2025, 1, 1, tzinfo=UTC)
_TOWNS = ("Palu", "Banda Aceh", "Lombok Utara", "Kepulauan Mentawai", "Ternate", "Maluku Tengah", "Sarmi", "Pacitan")


def run(say: Callable[[str], None]) -> None:
    """Make them (not counted), import them, take one more, ask for lists."""
    store, chance = Memory(), random.Random(1)
    for number in range(_QUAKES):
        _put(store, _entry(number, chance))
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as scratch:
        path = Path(scratch) / "index.sqlite"
        index = Index(store, path)  # type: ignore[arg-type]
        before = _peak()
        began = time.perf_counter()
        index.refresh()
        took = time.perf_counter() - began
        say(
            f"index of {_QUAKES:,} quakes rebuilt from nothing: {took:.0f} s, peak memory {_peak():.0f} MiB, of which "
            f"{before:.0f} held the objects before; {path.stat().st_size / 1e6:.0f} MB on disk"
        )
        _put(store, _entry(_QUAKES, chance))
        began = time.perf_counter()
        index.refresh()
        say(f"one more: {time.perf_counter() - began:.2f} s")
        _lists(index, say)
        _maps(index, say)
        app = create_app(store, index, "http://127.0.0.1:9")  # type: ignore[arg-type]
        _page(app, say)
        first_pages.tell(app, say)


def _peak() -> float:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _lists(index: Index, say: Callable[[str], None]) -> None:
    took: list[tuple[float, Filter]] = []
    for wanted in _wanted():
        for order in ORDERS:
            for descending in (True, False):
                asked = replace(wanted, order=order, descending=descending)
                began = time.perf_counter()
                index.events("earthquake", asked, _PAGE, 0)
                took.append(((time.perf_counter() - began) * 1000, asked))
    took.sort(key=lambda one: one[0])
    half, most = took[len(took) // 2][0], took[int(len(took) * 0.95)][0]
    slow = "" if most < _MOST_MS else f"  over {_MOST_MS} ms"
    say(f"{len(took)} lists with their totals: half within {half:.1f} ms, 95 of 100 within {most:.1f} ms{slow}")
    say(f"the slowest {took[-1][0]:.0f} ms: {took[-1][1]}")


def _maps(index: Index, say: Callable[[str], None]) -> None:
    """What the map beside the list asks for the first time, of all the world and of rectangles."""
    took = []
    for wanted in _wanted():
        for view in _VIEWS:
            began = time.perf_counter()
            index.lists.points("earthquake", wanted, view, _POINTS)
            took.append((time.perf_counter() - began) * 1000)
    took.sort()
    most = took[int(len(took) * 0.95)]
    slow = "" if most < _MOST_MAP_MS else f"  over {_MOST_MAP_MS} ms"
    say(f"{len(took)} maps: half within {took[len(took) // 2]:.0f} ms, 95 of 100 within {most:.0f} ms{slow}")


def _wanted() -> Iterator[Filter]:
    """Each filter alone, and some together."""
    yield Filter()
    for kind in ("large", "small", "drill"):
        yield Filter(kind)
    for level in ("green", "yellow", "orange", "red", "none"):
        yield Filter(level=level)
    for text in ("palu", "m", "lombok u", "2015", "nowhere"):
        yield Filter(text=text)
    yield Filter(since=_FAR)
    yield Filter(until=_FAR)
    yield Filter(since=_FAR, until=_FAR + timedelta(days=30))
    yield Filter(least_magnitude=4.5, most_magnitude=4.7)
    yield Filter(most_magnitude=7.0)
    for box in ((119.0, -2.0, 120.5, 0.0), (90.0, -15.0, 145.0, 10.0), (170.0, -10.0, -170.0, 10.0)):
        yield Filter(box=box)
    for felt in (True, False):
        yield Filter(felt=felt)
    for source_type in ("initial", "corrected"):
        yield Filter(source_type=source_type)
    yield Filter("large", "red", "palu", _BEGIN, _FAR, 5.0, 7.5, (110.0, -5.0, 125.0, 5.0), True, "corrected")
    yield Filter(text="m", felt=False, least_magnitude=3.5, box=(95.0, -11.0, 141.0, 6.0))


def _page(app: Any, say: Callable[[str], None]) -> None:
    """The page itself, without what it asks for besides."""
    client = app.test_client()
    began = time.perf_counter()
    answer = client.get("/earthquakes", headers={"Accept-Encoding": "gzip"})
    said = (time.perf_counter() - began) * 1000
    page = answer.get_data()
    say(f"HTML of the list: {len(page) / 1000:.0f} kB over the wire, {said:.0f} ms for the first time")


def _put(store: Memory, one: dict[str, Any]) -> None:
    run_ = keys.Run("earthquake", one["event_id"], keys.Version.parse(one["version"]), one["run"])
    key = str(keys.CatalogEntry.of(run_, moment.parse(one["time"])))
    store.put(keys.RESULTS, key, json.dumps(one, indent=1).encode())


def _entry(number: int, chance: random.Random) -> dict[str, Any]:
    """A quake as on-shakemap tells of it; most are small, near the arc, and felt by nobody."""
    time_ = _BEGIN + timedelta(minutes=105 * number)
    event_id = f"{moment.local(time_, 'WIB'):%Y%m%d%H%M%S}"
    magnitude = round(min(8.6, 3.5 + chance.expovariate(2.0)), 1)
    mmi = min(9, max(1, round(chance.gauss(magnitude - 2.5, 1.0))))
    level = "green" if mmi < 6 else chance.choice(["green", "yellow", "orange", "red"])
    town = chance.choice(_TOWNS)
    strong = chance.random() * 10.0 ** (mmi - 2) if mmi >= 6 else 0.0
    source = "corrected" if number % 3 == 0 else "initial"
    return {
        "hazard": "earthquake",
        "schema": "siaga/catalog/1",
        "run": "0a1b2c3d",
        "event_id": event_id,
        "source_type": source,
        "version": f"{source}-v001-{number:08x}",
        "version_number": 1,
        "drill": number % 1000 == 999,
        "time": moment.stamp(time_),
        "process_time": moment.stamp(time_ + timedelta(minutes=4)),
        "longitude": round(chance.uniform(94.0, 142.0), 2),
        "latitude": round(chance.uniform(-11.0, 6.0), 2),
        "depth_km": float(chance.choice([5, 10, 12, 33, 80, 150])),
        "magnitude": magnitude,
        "time_zone": "WIB",
        "utc_offset_hours": 7.0,
        "description": f"{chance.randrange(5, 150)} km BaratLaut {town.upper()}",
        "place": {
            "name": town,
            "longitude": 100.0,
            "latitude": 0.0,
            "population": 100_000.0,
            "zone": "Sulawesi Tengah",
            "distance_km": 21.0,
            "bearing_deg": 300.0,
            "direction": "NW",
            "from_place_deg": 120.0,
            "from_place": "SE",
            "mmi": float(mmi),
        },
        "clock_zone": "WIB",
        "max_mmi": float(mmi),
        "people_max_mmi": mmi,
        "people": {"total": 4e6, "mmi6_plus": strong, "mmi7_plus": strong / 5, "mmi8_plus": 0.0},
        "affected": strong,
        "displaced": 0.0,
        "highest_class": str(mmi),
        "alert": level,
        "alert_probability": {"green": 0.7, "yellow": 0.2, "orange": 0.1, "red": 0.0},
        "fatalities": {"median": 0.0, "p05": 0.0, "p25": 0.0, "p75": 1.0, "p95": 9.0},
        "demonstration": False,
        "warnings": [],
        "arrival": dict.fromkeys(("bucket", "key", "etag", "version_id", "folder_id"), event_id)
        | {"received": moment.stamp(time_ + timedelta(minutes=5))},
        "impact": {"key": f"earthquake/{event_id}/impact.json", "sha256": "0" * 64},
        "report": {"key": "y", "sha256": "0" * 64, "languages": ["id", "en"], "thumbnail": "thumbnail-id.png"},
    }
