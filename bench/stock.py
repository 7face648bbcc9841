"""A store full of quakes: one that a whole Siaga has worked off, copied under other ids and moments.

Records name their copies, so that ledger, catalogue and results agree; products are the same bytes under other names.
"""

import contextlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import requests

from bench import quake, road
from siaga import keys, machine, stack
from siaga.events import Notification
from siaga.machine import minio
from siaga.machine.supervisor import Supervisor
from siaga.settings import Settings
from siaga.store import Head, Store

_FIRST = datetime(2018, 2, 20, tzinfo=UTC)
_RECORDS = (".json", "/grid.xml", ".txt")  # not .geojson: what maps show is the same
_PUTTING = 8
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Original:
    """What there is of one quake: each object by bucket, with its content."""

    event_id: str
    objects: list[tuple[str, Head, bytes]]


def original(home: Path) -> Original:
    """A whole Siaga in that home, with the demonstration exposure, works off a strong quake."""
    with road.running(home) as settings:
        event_id = quake.event_id(_FIRST)
        road.upload(settings, quake.at(quake.strong(settings, lambda _: None), _FIRST), event_id)
        store = Store.connect(settings, "root")
        buckets = keys.SHAKEMAPS, keys.RESULTS, keys.LEDGER
        found = [(bucket, *store.get(bucket, head.key)) for bucket in buckets for head in store.list(bucket)]
    shown = [(bucket, head, body) for bucket, body, head in found if event_id.encode() in head.key.encode() + body]
    return Original(event_id, shown)


@contextlib.contextmanager
def alone(settings: Settings) -> Iterator[Store]:
    """Our store and no other part, which announces nothing; with the rights of root."""
    supervisor = Supervisor(settings.home / "logs", quiet=True)
    try:
        machine.start_store(settings, supervisor, stack.load(settings.stack), lambda _: None)
        minio.hush(settings)
        yield Store.connect(settings, "root")
    finally:
        supervisor.stop()


def fill(store: Store, pattern: Original, count: int) -> int:
    """So many quakes, hour by hour; returns how many objects those are."""
    with ThreadPoolExecutor(_PUTTING) as putting:
        return sum(
            putting.map(lambda number: _copy(store, pattern, _FIRST + timedelta(hours=number)), range(1, count + 1))
        )


def read(settings: Settings, number: int, seconds: float = 300) -> None:
    """Wait until the page of that copy is read on the web, with its figures."""
    address = f"{settings.public_url}/earthquakes/{quake.event_id(_FIRST + timedelta(hours=number))}"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            if requests.get(address, timeout=10).ok:
                return
        time.sleep(_LOOK_SECONDS)
    raise TimeoutError(f"{address} is not read after {seconds:g} s")


def _copy(store: Store, pattern: Original, happened: datetime) -> int:
    event_id = quake.event_id(happened)
    swaps = {pattern.event_id: event_id}  # what records say of the original, and of its copy: ids, hashes, ETags
    put: dict[tuple[str, str], tuple[str, str]] = {}  # by the name that receipts say: its name here, and its ETag
    for bucket, head, original_body in sorted(pattern.objects, key=_rank):
        body = original_body
        if head.key.endswith(_RECORDS):
            for said, new in swaps.items():
                body = body.replace(said.encode(), new.encode())
        key = named = head.key.replace(pattern.event_id, event_id)
        if named.startswith(keys.CATALOG):
            key, body = _entry(body, happened)
        elif bucket == keys.LEDGER:
            key, body = _receipt(head.key, body, put)
        etag = store.put(bucket, key, body, head.media_type, metadata=head.metadata)
        swaps |= {sha256(original_body).hexdigest(): sha256(body).hexdigest(), head.etag: etag}
        put[bucket, named] = key, etag
    return len(pattern.objects)


def _rank(told: tuple[str, Head, bytes]) -> int:
    """What is pointed at comes before what points there."""
    bucket, head, _body = told
    if bucket == keys.LEDGER or head.key.startswith(keys.CATALOG):
        return 4 if bucket == keys.LEDGER else 3
    return 2 if head.key.endswith(keys.REPORT) else 1 if head.key.endswith(keys.IMPACT) else 0


def _entry(body: bytes, happened: datetime) -> tuple[str, bytes]:
    told = json.loads(body)
    told["time"] = f"{happened:%Y-%m-%dT%H:%M:%SZ}"
    run = keys.Run("earthquake", told["event_id"], keys.Version.parse(told["version"]), told["run"])
    return str(keys.CatalogEntry.of(run, happened)), json.dumps(told).encode()


def _receipt(key: str, body: bytes, put: dict[tuple[str, str], tuple[str, str]]) -> tuple[str, bytes]:
    told = json.loads(body)
    told["key"], told["etag"] = put[told["bucket"], told["key"]]
    notification = Notification(told["bucket"], told["key"], told["etag"])
    return keys.receipt(key.partition("/")[0], notification.receipt_id), json.dumps(told).encode()
