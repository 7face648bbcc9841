"""The sweep of a real gateway over 1,000,000 keys: time, memory, how soon what no notification told is found.

A quarter of the keys are maps, each with its receipt; the rest are companions beside them. The store only lists, in a
process of its own that is not counted; so time is the gateway's, and a real store adds its own.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import requests

from bench import s3_listing
from siaga import keys, stack, vitals
from siaga.events import Notification
from siaga.settings import REPOSITORY, Settings
from siaga.store import Store

_FOLDERS, _BESIDE = 250_000, ("grid.xml", "intensity.jpg", "products.zip", "stationlist.xml")
_START = datetime(1990, 1, 1, tzinfo=UTC)
_PORT = 19_480
_PATIENCE = 1800.0  # seconds


def run(say: Callable[[str], None]) -> None:
    """List, look on, put three new maps and wait until the gateway has taken them."""
    folders = [f"{_START + timedelta(hours=number):%Y%m%d%H%M%S}" for number in range(_FOLDERS)]
    maps = [Notification(keys.SHAKEMAPS, f"{one}/grid.xml", s3_listing.etag(f"{one}/grid.xml")) for one in folders]
    there = {
        keys.SHAKEMAPS: [f"{one}/{name}" for one in folders for name in _BESIDE],
        keys.LEDGER: sorted(keys.receipt("on-shakemap", one.receipt_id) for one in maps),
    }
    with s3_listing.serving(there) as url, tempfile.TemporaryDirectory(prefix="siaga-bench-") as home:
        settings = Settings.load({"SIAGA_HOME": home, "SIAGA_STORE_URL": url, "SIAGA_GATEWAY_PORT": str(_PORT)})
        process = _gateway(settings)
        try:
            _measure(settings, psutil.Process(process.pid), folders[1000], say)
        finally:
            process.terminate()
            process.wait()


def _gateway(settings: Settings) -> subprocess.Popen[bytes]:
    for name in (
        "gateway-user",
        "gateway-password",
        "webhook-token",
        "jobs-token",
        "orders-token",
        stack.SLOT_TOKEN,
        vitals.TOKEN,
    ):
        settings.make_secret(name)
    for name in ("store-gateway-key", "store-gateway-secret"):
        settings.make_secret(name, "no-matter")
    told = {"SIAGA_HOME": str(settings.home), "SIAGA_STORE_URL": settings.store_url, "SIAGA_GATEWAY_PORT": str(_PORT)}
    log = (Path(settings.home) / "gateway.log").open("wb")
    return subprocess.Popen([sys.executable, "-m", "gateway"], cwd=REPOSITORY, env=told, stdout=log, stderr=log)


def _measure(settings: Settings, process: psutil.Process, old: str, say: Callable[[str], None]) -> None:
    _until(lambda: _told(settings) or not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    before = process.memory_info().rss
    began = time.monotonic()
    peak = [before]

    def swept() -> bool:
        peak.append(process.memory_info().rss)
        return bool(_told(settings)["sweep"]["last_full"])

    _until(swept)
    cpu = sum(process.cpu_times()[:2])
    say(
        f"at start: {_FOLDERS:,} receipts and {len(_BESIDE) * _FOLDERS:,} keys in {time.monotonic() - began:.0f} s, "
        f"{cpu:.0f} s of CPU; memory {before >> 20} MB before, {max(peak) >> 20} MB at most"
    )
    store = Store(settings.store_url, "no", "matter")
    now = datetime.now(UTC)
    for name, key in (
        ("a clock of today", f"{now:%Y%m%d%H%M%S}/grid.xml"),
        ("a new folder, clock of 1989", "19890101000000/grid.xml"),
        ("a new folder without a clock", "us7000n05d/grid.xml"),
        ("another map in that folder", "us7000n05d/output/grid.xml"),
        ("GRID.XML in an old folder", f"{old}/GRID.XML"),
    ):
        store.put(keys.SHAKEMAPS, key, b"x")
        began = time.monotonic()
        _until(lambda: key in [job["key"] for job in _told(settings)["jobs"]])  # noqa: B023 - called in this round
        say(f"{name:30} found after {time.monotonic() - began:5.1f} s")
    sweep = _told(settings)["sweep"]
    say(f"recent keys: {sweep['recent']}; the last tour: {sweep['tour']}")


def _told(settings: Settings) -> dict[str, Any]:
    """What the gateway says is under way; nothing before it answers."""
    with suppress(requests.RequestException):
        token = {"Authorization": f"Bearer {settings.secret('jobs-token')}"}
        return dict(requests.get(f"{settings.gateway_url}/siaga/jobs", headers=token, timeout=30).json())
    return {}


def _until(there: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not there():
        if time.monotonic() > deadline:
            raise TimeoutError("the gateway did not come so far")
        time.sleep(0.2)
