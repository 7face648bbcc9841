"""The canary: goes the whole way, is shown to nobody, tells how long it took, and is thinned."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests
from support.gateway_process import receipts
from support.running import wait_for

from gateway.canary import Canary
from gateway.ledger import Ledger
from siaga import keys, moment
from siaga.cli import ingest
from siaga.events import Notification
from siaga.hazard import gridxml
from siaga.inputs import canary, invented_quake
from siaga.inputs.canary import Standing
from siaga.receipt import Receipt
from siaga.understood import UnderWay

NOW = datetime(2026, 11, 27, 8, 5, 9, tzinfo=UTC)
FOLDER = "20261127150509_se"
RUN = f"earthquake/{FOLDER}/canary-v001-3fa91c07/0a1b2c3d"


def test_status_says_why_a_canary_is_late():
    told = {"minutes": 10.0, "sent": "2026-11-27T08:00:00Z", "published": None, "seconds": None, "late": True}
    reason = {"text": "No analysis data is installed; run `siaga data demo`"}
    jobs = [{"bucket": keys.CANARY, "reason": reason}, {"bucket": keys.SHAKEMAPS, "reason": {"text": "another's"}}]
    under_way = UnderWay(answers=True, jobs=jobs, canary=told)
    late, why = ingest.canary(under_way).splitlines()
    assert late == "late       canary: the one of 2026-11-27T08:00:00Z is late"
    assert why.strip() == reason["text"]
    told["late"] = False
    assert ingest.canary(under_way) == "running    canary: the one of 2026-11-27T08:00:00Z is under way"
    told["sent"] = None  # after the very first start, where a page that says nothing would look like a failure
    assert ingest.canary(under_way) == "waiting    canary: none was sent yet; the first one goes within 10 minutes"


def test_it_goes_the_whole_way_and_nobody_sees_it(stack_up):
    gateway, sent = stack_up.store("gateway"), moment.now()
    canary.send(gateway, sent)
    fared = wait_for(lambda: (seen := canary.look(gateway)).published and seen, 150, "the canary's report")
    assert not fared.is_under_way
    assert 0 < fared.seconds < 150
    (head,) = gateway.list(keys.CANARY)
    name = keys.folder_id(head.key)
    entry = next(gateway.list(keys.RESULTS, keys.CANARIES))
    assert name in entry.key
    assert not [one.key for one in gateway.list(keys.RESULTS, keys.CATALOG) if name in one.key]
    wait_for(lambda: len(own(stack_up.store())) == 2, 30, "its receipts")
    story = stack_up.run("log", name).stdout
    for part in ("store", "gateway", "on-shakemap-0", "render-report-1", "ledger"):
        assert f"  {part} " in story, story
    web = f"http://127.0.0.1:{stack_up.settings.web_port}"
    lists = "/ /status /status.json /earthquakes.csv /feeds/earthquakes.id.atom /api/v1/earthquakes /stac".split()
    for path in lists:
        answer = requests.get(f"{web}{path}", timeout=20)
        assert answer.ok, path
        assert name not in answer.text, path
    assert requests.get(f"{web}/earthquakes/{name}", timeout=20).status_code == 404
    assert name not in stack_up.run("status").stdout
    assert name not in stack_up.run("ledger", "verify").stdout
    ledger = Ledger(gateway)
    for later in (1, 2, 3):  # two that are younger, and one more: the first goes, with what the gateway's rights allow
        gateway.put(keys.CANARY, f"2999010100000{later}_se/grid.txt", b"x")
    assert canary.thin(gateway, Canary(gateway, ledger, 0)._forget) == 1
    assert not [one.key for one in gateway.list(keys.RESULTS) if name in one.key]
    assert own(stack_up.store()) == []
    for left in list(gateway.list(keys.CANARY)):
        gateway.delete(keys.CANARY, left.key)


def own(store):
    """Its receipts."""
    return [one for one in receipts(store) if canary.is_of_one(Notification(one["bucket"], one["key"]))]


def test_one_comes_at_each_turn_and_none_while_another_is_on_its_way(store):
    sender = Canary(store, Ledger(store), 0.01)
    before = moment.now()
    wait_for(lambda: sender.attempt() or sender.figures()["sent"], 10, "a turn")
    (head,) = store.list(keys.CANARY)
    wait_for(lambda: moment.now() > before + timedelta(seconds=3), 10, "the next turns")
    sender.attempt()
    assert [one.key for one in store.list(keys.CANARY)] == [head.key]
    assert (sender.figures()["published"], sender.figures()["late"]) == (None, False)
    read = gridxml.read_shakemap(store.get(keys.CANARY, head.key)[0])
    assert read.drill_reason
    assert abs(read.time - head.modified) < timedelta(seconds=5)
    assert read.mmi.max() < 5


def test_none_is_sent_where_it_is_switched_off(store):
    off = Canary(store, Ledger(store), 0)
    off.run(threading.Event())  # comes back at once
    off.attempt()
    assert list(store.list(keys.CANARY)) == []
    assert {family.name for family in off.collect() if family.samples} == {"siaga_canary_interval_seconds"}


def test_how_the_last_ones_fared_is_known_after_a_restart_and_old_ones_go(store):
    ledger = Ledger(store)
    for second in range(5):
        folder = f"2026112715050{second}_se"
        store.put(keys.CANARY, f"{folder}/grid.xml", b"%d" % second)
        run = keys.Run.parse(f"earthquake/{folder}/canary-v001-3fa91c07/0a1b2c3d")
        store.put(keys.RESULTS, run.key(keys.IMPACT), b"{}")
        made = store.head(keys.RESULTS, run.key(keys.IMPACT))
        ledger.write(receipt("render-report", Notification(keys.RESULTS, made.key, made.etag)))
        came = '{"report": %s, "arrival": {"received": "2026-11-27T08:05:00Z"}}'
        entry = str(keys.CatalogEntry.of(run, NOW + timedelta(seconds=second)))
        assert entry.startswith("canary/earthquake/2026/11/")
        store.put(keys.RESULTS, entry, (came % ("null" if second == 4 else '{"key": ""}')).encode())
    fared = canary.look(store)
    newest = sorted(store.list(keys.RESULTS, keys.CANARIES), key=lambda head: head.key)[-2]
    assert (fared.published, fared.seconds) == (
        newest.modified,
        (newest.modified - NOW.replace(second=0)).total_seconds(),
    )
    assert canary.thin(store, Canary(store, ledger, 0)._forget) == 2
    for bucket, prefix in ((keys.CANARY, ""), (keys.RESULTS, "earthquake/"), (keys.RESULTS, keys.CANARIES)):
        assert len(list(store.list(bucket, prefix))) == 3, (bucket, prefix)
    assert len(own(store)) == 3


def receipt(function, notification):
    return Receipt(function, notification, "done", None, RUN, FOLDER, (), 1, "", "", "2026-11-27T08:05:06Z", 1.0)


@pytest.mark.parametrize(
    ("standing", "late"),
    [
        (Standing(), False),
        (Standing(NOW - timedelta(seconds=30)), False),
        (Standing(NOW - timedelta(seconds=120)), True),
        (Standing(NOW - timedelta(seconds=120), NOW - timedelta(seconds=600), 5.0), True),
        (Standing(NOW - timedelta(seconds=120), NOW - timedelta(seconds=115), 5.0), False),
    ],
)
def test_it_is_late_a_minute_and_a_half_after_its_upload(standing, late):
    assert standing.is_late(NOW) == late


@pytest.mark.parametrize(
    ("bucket", "key", "own"),
    [
        ("canary", f"{FOLDER}/grid.xml", True),
        ("results", f"{RUN}/impact.json", True),
        ("results", RUN.replace("canary", "initial") + "/impact.json", False),
        ("shakemaps", "canary/grid.xml", False),
        ("shakemaps", f"{FOLDER}_canary/grid.xml", False),
        ("results", "odd", False),
    ],
)
def test_no_upload_can_pass_for_one(bucket, key, own):
    assert canary.is_of_one(Notification(bucket, key)) is own


def test_an_invented_map_is_weakest_far_from_its_epicentre():
    read = gridxml.read_shakemap(invented_quake.shakemap(110.0, -7.0))
    assert read.mmi.shape == (41, 41)
    assert read.mmi[20, 20] == read.mmi.max() == pytest.approx(8.3)
    assert read.mmi[0, 0] == read.mmi.min()
    assert (read.longitude, read.latitude) == (110.0, -7.0)
