"""The sender of a map is told beside it what became of it: by the gateway alone, of the newest content, once."""

import threading

import pytest
from support.gateway_process import STACK, Function, Gateway, receipts
from support.running import wait_for

from siaga import keys
from siaga.errors import NotFound
from siaga.events import Notification
from siaga.moment import stamp
from siaga.receipt import Receipt

RUN = "earthquake/20180220163351/initial-v001-{}/0a1b2c3d"
REASON = {"text": "The file is empty", "template": "The file is empty", "values": {}}


@pytest.fixture
def started(minio, store, tmp_path):
    """Start a gateway whose functions refuse what is bad, and print what is good once `printing` is set."""
    running = []

    def start(printing=True, cured=threading.Event()):  # noqa: B008 - never set, unless a test brings its own
        def analyse(called):
            body = store.get(keys.SHAKEMAPS, called.key)[0]
            if body.startswith(b"bad"):
                return 200, {"state": "refused", "reason": REASON}
            if body.startswith(b"deadly") and not cured.is_set():
                return 500, {"reason": REASON}
            run = RUN.format(body.hex()[:8])
            store.put(keys.RESULTS, f"{run}/impact.json", body)
            return 200, {"state": "done", "run": run, "event_id": "20180220163351", "warnings": [REASON]}

        def print_(called):
            if not printing:
                return 503, ""
            run = called.key.rpartition("/")[0]
            store.put(keys.RESULTS, f"{run}/report.json", b"{}")
            return 200, {"state": "done", "run": run}

        gateway = Gateway(minio, tmp_path, STACK, SIAGA_SWEEP_SECONDS="0.3", SIAGA_PUBLIC_URL="http://siaga.example")
        port = gateway.settings.function_port
        running.extend([gateway, Function(port, analyse), Function(port + 1, print_), Function(port + 2, print_)])
        return gateway.start()

    yield start
    for one in running:
        one.kill() if isinstance(one, Gateway) else one.stop()


def told(store, key, kind):
    """The notice beside a map; "" while there is none."""
    try:
        return store.get(keys.SHAKEMAPS, key + kind)[0].decode()
    except NotFound:
        return ""


def test_a_refused_map_says_why_in_both_languages_until_a_good_one_comes(started, store):
    started()
    key = "20180220163351/GRID.XML"
    store.put(keys.SHAKEMAPS, key, b"bad")
    text = wait_for(lambda: told(store, key, keys.REFUSED), 20, "the refusal")
    indonesian, english = text.split("\n\n")
    assert indonesian.startswith(f"DITOLAK: {key}\nBerkas kosong\n")
    assert english.startswith(f"REFUSED: {key}\nThe file is empty\n")
    store.put(keys.SHAKEMAPS, key, b"good")
    text = wait_for(lambda: told(store, key, keys.PUBLISHED), 20, "the publication")
    link = "http://siaga.example/earthquakes/20180220163351/initial-v001-676f6f64"
    for part, word in zip(text.split("\n\n"), ("DITERBITKAN", "PUBLISHED"), strict=True):
        assert part.startswith(f"{word}: {key}\n")
        assert link in part
    assert "- Berkas kosong\n" in text
    assert not told(store, key, keys.REFUSED)
    store.put(keys.SHAKEMAPS, key, b"bad again")
    wait_for(lambda: told(store, key, keys.REFUSED), 20, "the second refusal")
    assert not told(store, key, keys.PUBLISHED)
    assert {(one["function"], one["key"]) for one in receipts(store) if one["bucket"] == keys.SHAKEMAPS} == {
        ("on-shakemap", key)
    }


def test_a_dead_map_says_why_in_both_languages_until_a_retry_publishes_it(started, store):
    cured = threading.Event()
    gateway = started(cured=cured)
    key = "20180220163351/grid.xml"
    store.put(keys.SHAKEMAPS, key, b"bad")
    wait_for(lambda: told(store, key, keys.REFUSED), 20, "the refusal")
    store.put(keys.SHAKEMAPS, key, b"deadly")
    text = wait_for(lambda: told(store, key, keys.FAILED), 20, "the notice of the dead")
    indonesian, english = text.split("\n\n")
    assert indonesian.startswith(f"GAGAL: {key}\nBerkas kosong\nDiterima: ")
    assert english.startswith(f"FAILED: {key}\nThe file is empty\nReceived: ")
    assert "Attempts: 3; Siaga gave up" in english
    assert not told(store, key, keys.REFUSED)
    cured.set()
    assert gateway.reprocess(input=f"{keys.SHAKEMAPS}/{key}").ok
    wait_for(lambda: told(store, key, keys.PUBLISHED), 20, "the publication")
    assert not told(store, key, keys.FAILED)


def test_the_same_map_again_and_a_new_start_write_no_notice_again(started, store):
    gateway = started()
    key = "20180220163351/grid.xml"
    store.put(keys.SHAKEMAPS, key, b"bad")
    wait_for(lambda: told(store, key, keys.REFUSED), 20)
    store.put(keys.SHAKEMAPS, key, b"bad")
    assert gateway.reprocess(bucket=keys.SHAKEMAPS, key=key).ok
    gateway.kill()
    gateway.start()
    for _ in range(4):  # each sweep would write one more if it did not look first
        before = gateway.jobs()["sweep"]["last"]
        wait_for(lambda before=before: gateway.jobs()["sweep"]["last"] not in (None, before), 20, "a sweep")
    wait_for(lambda: not gateway.jobs()["jobs"], 20)
    notices = [head.key for head in store.versions(keys.SHAKEMAPS) if keys.noticed(head.key)]
    assert len(notices) <= 3  # at most one for each time that the map was asked for, none of a sweep or a start
    assert set(notices) == {key + keys.REFUSED}


def test_a_notice_that_a_crash_left_out_is_left_by_the_sweep(started, store):
    run, now = RUN.format("aaaaaaaa"), stamp()
    store.put(keys.RESULTS, f"{run}/report.json", b"{}")
    for folder, state in (("1", "refused"), ("2", "done"), ("3", "dead"), ("4", "superseded"), ("5", "dropped")):
        key = f"{folder}/grid.xml"
        content = Notification(keys.SHAKEMAPS, key, store.put(keys.SHAKEMAPS, key, folder.encode()))
        receipt = Receipt("on-shakemap", content, state, REASON, run, "", (), 1, now, now, now, 1.0)
        store.put(keys.LEDGER, receipt.name, receipt.encode())
    started()
    wait_for(lambda: sum(bool(keys.noticed(head.key)) for head in store.list(keys.SHAKEMAPS)) == 3, 20)
    assert [head.key for head in store.list(keys.SHAKEMAPS) if keys.noticed(head.key)] == [
        "1/grid.xml.refused.txt",
        "2/grid.xml.published.txt",
        "3/grid.xml.failed.txt",
    ]


def test_nothing_is_called_published_before_its_report_stands(started, store):
    started(printing=False)
    key = "20180220163351/grid.xml"
    store.put(keys.SHAKEMAPS, key, b"good")
    wait_for(lambda: receipts(store), 20, "the receipt of the figures")
    assert not told(store, key, keys.PUBLISHED)
