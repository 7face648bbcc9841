"""`siaga demo`: a real ShakeMap and an exercise, a flood or an ash fall, from the upload to a published report."""

import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from siaga import keys, machine
from siaga.cli import ingest, samples
from siaga.data import demo as exposure
from siaga.data import facts, imports
from siaga.data.demo.packages import SHAKEMAP, Packages
from siaga.errors import SiagaError
from siaga.events import ASKED, Notification
from siaga.language import LANGUAGES
from siaga.machine.supervisor import LONGEST_START_SECONDS, Supervisor
from siaga.settings import Settings
from siaga.store import Store

REAL_GRID = "inasafe-core-4.4.0/safe/test/data/hazard/shake_data/20131105060809/output/grid.xml"
_PATIENCE = 120.0  # seconds from upload to report

Say = Callable[[str], None]
Sending = tuple[str, Callable[[], Notification]]  # what is sent, for people, and how


def install_exposure(settings: Settings, say: Callable[[str], None]) -> None:
    """Build the demonstration exposure unless it is built, and install it in the store."""
    store = Store.connect(settings, "root")
    exposure.install(settings, store, say)
    imports.share_out(store, settings.cache, say)
    imports.draw_tiles(store, settings.cache, say)
    facts.complete(store, settings.cache)


def show(settings: Settings, supervisor: Supervisor, stop: threading.Event, hazards: Sequence[str]) -> bool:
    """Start everything, send what shows those hazards, tell what happens; whether it was published.

    hazards: earthquake, flood, ash.
    """
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {line}", flush=True)

    machine.up(settings, supervisor, lambda _: None)
    _await_parts(settings, supervisor, stop, say)
    install_exposure(settings, say)
    published = True
    for hazard in hazards:
        for what, send in _SENDINGS[hazard](settings, say):
            if stop.is_set():
                return False
            say(f"sending {what}")
            published = _follow(settings, send(), say, stop) and published
    print(f"\nThe list:    {settings.public_url}\nThe inputs:  {settings.public_url}/status")
    return published


def _await_parts(settings: Settings, supervisor: Supervisor, stop: threading.Event, say: Say) -> None:
    """On a starved machine some parts are late, and without the store nothing can be shown."""
    late = supervisor.late()
    if late:
        say(f"not ready yet, and waited for: {', '.join(late)}")
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while late and not stop.is_set() and time.monotonic() < deadline:
        late = supervisor.late(1.0)
    say(f"still not ready: {', '.join(late)}; see {settings.home / 'logs'}" if late else "all parts run")


def _earthquakes(settings: Settings, say: Say) -> list[Sending]:
    packages = Packages(settings.cache / "packages")
    packages.fetch(say, (SHAKEMAP,))
    real = packages.read(SHAKEMAP, REAL_GRID)
    grids = (("a real ShakeMap of 2013, a weak quake, by SFTP", real), ("an exercise, M 6.4, by SFTP", exercise(real)))
    return [(what, partial(_upload, settings, grid)) for what, grid in grids]


def _put(settings: Settings, role: str, sample: samples.Sample) -> list[Sending]:
    """role: whose rights serve; that of the function or form that usually puts such an input."""

    def send() -> Notification:
        store = Store.connect(settings, role)
        for key, body in sample.objects:
            notification = Notification(sample.bucket, key, store.put(sample.bucket, key, body, metadata=ASKED))
        return notification

    return [(sample.what, send)]


_SENDINGS: dict[str, Callable[[Settings, Say], list[Sending]]] = {
    "earthquake": _earthquakes,
    "flood": lambda settings, _: _put(settings, "functions", samples.flood()),
    "ash": lambda settings, _: _put(settings, "door", samples.ash()),
}


def exercise(real: bytes) -> bytes:
    """The same grid, moved under people and shaken harder, marked as a scenario (LATIHAN).

    The epicentre goes to land south of Yogyakarta. MMI falls off from VIII with the distance from it,
    as far as about 100 km; an invented field, smooth and plausible, nothing more.
    """
    text = real.decode("ascii")
    head, data = text.split("<grid_data>")
    rows, tail = data.split("</grid_data>")
    grid = np.array(rows.split(), dtype=float).reshape(-1, len(re.findall("<grid_field", head)))
    old_lon, old_lat = 140.62, -2.43
    lon, lat, depth, magnitude, peak = 110.38, -7.95, 11.0, 6.4, 8.3
    grid[:, 0] += lon - old_lon
    grid[:, 1] += lat - old_lat
    distance = np.hypot((grid[:, 0] - lon) * np.cos(np.radians(lat)), grid[:, 1] - lat) * 111.2  # km
    grid[:, 4] = np.maximum(peak - 3.2 * np.log10(np.hypot(distance, depth) / depth), 1.0)
    rows = "\n".join(" ".join(f"{value:.4f}" for value in row) for row in grid)
    for name, value in {
        "event_id": "20131105060809_se",
        "shakemap_id": "20131105060809_se",
        "shakemap_event_type": "SCENARIO",
        "magnitude": f"{magnitude}",
        "depth": f"{depth}",
        "lat": f"{lat}",
        "lon": f"{lon}",
        "event_description": "LATIHAN selatan Yogyakarta",
        "lon_min": f"{grid[:, 0].min():.6f}",
        "lon_max": f"{grid[:, 0].max():.6f}",
        "lat_min": f"{grid[:, 1].min():.6f}",
        "lat_max": f"{grid[:, 1].max():.6f}",
    }.items():
        head = re.sub(rf'(\s{name}=)"[^"]*"', rf'\g<1>"{value}"', head, count=1)
    return f"{head}<grid_data>\n{rows}\n</grid_data>{tail}".encode("ascii")


def _follow(settings: Settings, notification: Notification, say: Say, stop: threading.Event) -> bool:
    """Tell each new state of an input until it is final, then show where its report lies; whether it is published."""
    sent = time.monotonic()
    say(f"put as {notification.bucket}/{notification.key}")
    store = Store.connect(settings, "web")
    last = ""
    while not stop.is_set() and time.monotonic() - sent < _PATIENCE:
        result = ingest.state_of(store, settings, notification)
        if result.state != last:
            say(f"{result.state}, {time.monotonic() - sent:.1f} s after it was put {result.reason}".rstrip())
            last = result.state
        if result.final:
            break
        time.sleep(0.02)
    if last != "published":
        return False
    print(f"           page  {result.url}")
    for language in LANGUAGES:
        key = f"{result.run}/report-{language}.pdf"
        path = settings.home / "demo" / f"{keys.Run.parse(result.run).event_id}-{language}.pdf"
        path.parent.mkdir(exist_ok=True)
        store.download(keys.RESULTS, key, path)
        print(f"           PDF   {path}")
    return True


def _upload(settings: Settings, grid: bytes) -> Notification:
    """Put the grid with the OpenSSH client, as BMKG does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grid.xml"
        path.write_bytes(grid)
        key = ingest.key_for(path, grid)
        commands = f"-mkdir {keys.SHAKEMAPS}/{Path(key).parent}\nput {path} {keys.SHAKEMAPS}/{key}\n"
        known = Path(folder) / "known_hosts"
        host_key = (settings.secrets / "sftp-host-key.pub").read_text(encoding="utf-8")
        known.write_text(f"[{settings.sftp_host}]:{settings.sftp_port} {host_key}", encoding="utf-8")
        done = subprocess.run(
            [
                shutil.which("sftp") or "sftp",
                *("-b", "-", "-q", "-P", str(settings.sftp_port), "-i", str(settings.secrets / machine.BMKG_KEY)),
                *("-o", f"UserKnownHostsFile={known}", "-o", "IdentitiesOnly=yes", "-F", "/dev/null"),
                f"bmkg@{settings.sftp_host}",
            ],
            input=commands,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SiagaError("The upload by SFTP failed: {detail}", detail=done.stderr.strip()[-300:])
    head = Store.connect(settings, "web")
    for entry in head.list(keys.SHAKEMAPS, key):
        return Notification(keys.SHAKEMAPS, key, entry.etag)
    raise SiagaError("The upload by SFTP left no object {key}", key=key)
