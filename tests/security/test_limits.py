"""What is too large is refused before it is read; what grows too large meets the kernel's limit, and words."""

import tracemalloc
from types import SimpleNamespace

import pytest
import requests
from fixtures import ash, installed
from support.running import free_ports

from functions.on_ash import handler as on_ash
from functions.on_flood import handler as on_flood
from functions.on_shakemap import handler as on_shakemap
from siaga import events, keys, stack
from siaga.errors import BadInput
from siaga.function import frame
from siaga.hazard import flood, gridfile
from siaga.hazard.ash import MAX_REQUEST_BYTES
from siaga.settings import REPOSITORY
from siaga.store import MOST_BYTES, Store

_SMALL = 8 << 20  # bytes that Python may take while it refuses


def refused(call):
    """What a call came to, and the most memory that Python took meanwhile."""
    tracemalloc.start()
    try:
        return call(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Blanks:
    """A body of that many blanks that is never whole in memory."""

    def __init__(self, size):
        self._size, self._at = size, 0

    def read(self, count=-1):
        end = self._size if count < 0 else min(self._size, self._at + count)
        made, self._at = b" " * (end - self._at), end
        return made

    def seek(self, offset, whence=0):
        self._at = offset if whence == 0 else self._at + offset if whence == 1 else self._size + offset
        return self._at

    def tell(self):
        return self._at


@pytest.mark.parametrize(
    ("run", "bucket", "key", "limit"),
    [
        (on_shakemap.run, keys.SHAKEMAPS, "20180805194635/grid.xml", gridfile.MAX_BYTES),
        (on_flood.run, keys.FLOODMAPS, "2017022105-6-rw/flood_data.json", flood.MAX_BYTES),
        (on_ash.run, keys.ASHMAPS, "201702211904+0700_Merapi/request.json", MAX_REQUEST_BYTES),
    ],
    ids=["earthquake", "flood", "ash"],
)
def test_an_input_that_is_too_large_is_refused_unread(store, minio, run, bucket, key, limit):
    etag = store.put(bucket, key, Blanks(limit + 6 * (1 << 20)))
    functions = Store.connect(minio, "functions")
    for version in ("", store.head(bucket, key).version_id):
        (status, answer), peak = refused(
            lambda version=version: installed.call(run, functions, minio, bucket, key, etag, version)
        )
        assert (status, answer["state"]) == (200, "refused")
        unit = "MiB" if limit >= 1 << 20 else "KiB"
        said = answer["reason"]["text"]
        assert said.startswith(f"{bucket}/{key} has ")
        assert said.endswith(f"at most {limit >> (20 if unit == 'MiB' else 10)} {unit} are read")
        assert peak < _SMALL
    newer = store.put(bucket, key, b"newer and small")
    assert newer != etag
    assert installed.call(run, functions, minio, bucket, key, etag)[1]["state"] == "superseded"


def test_a_raster_that_is_too_large_is_refused_unread(store, minio):
    folder = "201702211904+0700_Merapi"
    store.put(keys.ASHMAPS, f"{folder}/{keys.ASH_RASTER}", Blanks(70 << 20))
    store.put(keys.ASHMAPS, f"{folder}/{keys.ASH_REQUEST}", ash.request())
    came = SimpleNamespace(
        notification=events.Notification(keys.ASHMAPS, f"{folder}/{keys.ASH_REQUEST}"),
        context=frame.Context(Store.connect(minio, "functions"), minio),
    )

    def look():
        with pytest.raises(BadInput, match=r"ash_fall\.tif has 70 MiB; at most 64 MiB are read"):
            on_ash._raster(came, on_ash.read_request(ash.request()))

    assert refused(look)[1] < _SMALL


def test_whoever_reads_an_object_whole_has_a_limit(store):
    store.put(keys.RESULTS, "a", Blanks(MOST_BYTES + 1))
    with pytest.raises(BadInput, match="results/a has 65 MiB; at most 64 MiB are read"):
        store.get(keys.RESULTS, "a")
    store.put(keys.RESULTS, "b", b"12345")
    assert store.get(keys.RESULTS, "b", at_most=5)[0] == b"12345"
    with pytest.raises(BadInput):
        store.get(keys.RESULTS, "b", at_most=4)
    for _ in range(40):  # more than there are connections: a refusal gives its own back
        with pytest.raises(BadInput):
            store.get(keys.RESULTS, "b", at_most=4)


GREEDY = """
from siaga.function import frame

def run(event, bench):
    if "python" in event.key:
        return bytearray(2 << 30)
    if "native" in event.key:
        import numpy
        return numpy.ones(2 << 30, dtype="u1")
    return frame.Outcome()

frame.open_context = lambda: None
handle = frame.on_object(run)
"""


def test_the_kernel_holds_a_slot_to_its_memory_and_the_answer_says_so(tmp_path):
    from test_slots import RealSlot

    (tmp_path / "token").write_text("x")
    slot = RealSlot(tmp_path, free_ports(1), tmp_path / "token", memory_limit="1Gi", FUNCTION_MODULE="greedy",
                    handlers={"greedy": GREEDY})  # fmt: skip
    try:
        for name in ("python", "native"):
            answer = requests.post(slot.url, json={"bucket": "b", "key": name}, headers=slot.token, timeout=30)
            assert answer.status_code == 500  # an attempt
            assert "more memory than a slot" in answer.json()["reason"]["text"]
        answer = requests.post(slot.url, json={"bucket": "b", "key": "modest"}, headers=slot.token, timeout=30)
        assert (answer.status_code, slot.started()) == (200, 1)
    finally:
        slot.stop()


def test_every_function_of_the_stack_has_a_limit_of_memory():
    for function in stack.load(REPOSITORY / "stack.yml"):
        assert function.memory.endswith("Mi"), function.name
