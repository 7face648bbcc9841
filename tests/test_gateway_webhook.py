"""What the store announces: who may say it, what is read from it, and that nothing readable is missed."""

import json
from urllib.parse import quote_plus

import psutil
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.gateway_process import receipts
from support.running import wait_for

from gateway.events import Webhook
from siaga import events, stack
from siaga.events import Notification

LONG = "20260101000000/" + ("é" * 120 + "/") * 4 + "x" * 36 + "/grid.xml"  # 255 bytes a name is MinIO's own limit
assert len(LONG.encode()) == 1024  # S3 allows no more
ODD_KEYS = [
    "20260101000000/with space/grid.xml",
    "20260101000000/plus+and%41percent/grid.xml",  # unquoted twice, this would be "plus and A percent"
    "20260101000000/Gempa Bumi–Sulawesi 東京 🌋/grid.xml",
    "20260101000000/a&b=c;d?e#f'\"<>/grid.xml",
    LONG,
]


@pytest.fixture(autouse=True)
def function(shakemap_slot):
    """The only slot of on-shakemap; what was called before is no concern of the next test."""
    shakemap_slot.calls.clear()
    return shakemap_slot


def notice(*keys, bucket="shakemaps", etag="0f343b0931126a20f133d67c2b018a3b", name="s3:ObjectCreated:Put"):
    """A notification with one record per key, quoted as MinIO does."""
    records = [
        {
            "eventName": name,
            "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key), "eTag": etag, "size": 3}},
        }
        for key in keys
    ]
    return json.dumps({"EventName": name, "Key": f"{bucket}/…", "Records": records}).encode()


def test_the_gateway_listens_on_loopback_only(gateway):
    # /function is open by OpenFaaS's contract: another address, or another port, would open the functions to all
    listening = [one.laddr for one in psutil.Process(gateway.process.pid).net_connections() if one.status == "LISTEN"]
    assert listening == [("127.0.0.1", gateway.settings.gateway_port)]


def test_a_notification_without_the_token_is_refused(gateway, function, store):
    token = gateway.settings.secret("webhook-token")
    body = notice("20260102000000/no token/grid.xml")
    for wrong in ("", "wrong", token[:-1], f"{token}x", f"{token} {token}"):
        assert gateway.announce(body, wrong).status_code == 401, wrong
    assert requests.post(f"{gateway.url}/siaga/events", data=body, timeout=20).status_code == 401
    assert gateway.announce(notice("20260102000001/grid.xml")).json()["taken"] == 1
    wait_for(lambda: function.calls, 10)
    assert function.keys == ["20260102000001/grid.xml"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"not JSON",
        b"[]",
        b"null",
        b'{"Records": 5}',
        b'{"Records": []}',
        b'{"Records": ["x"]}',
        b'{"Records": [{"s3": {"bucket": {"name": "shakemaps"}, "object": {"key": 7}}}]}',
        b'{"Records": [{"s3": {"bucket": {"name": "shakemaps"}, "object": {"key": "%ff/grid.xml"}}}]}',
        b'{"Records": [{"s3": {"bucket": {"name": "shakemaps"}, "object": {"key": "\\ud800/grid.xml"}}}]}',
        b"[" * 100_000,
        b'{"n": ' + b"9" * 5_000 + b"}",
    ],
    ids=lambda body: body[:60].decode("latin-1"),
)
def test_what_nobody_can_read_is_taken_with_thanks_and_recorded(gateway, body):
    # a sender that hears of an error repeats the same bytes for ever
    answer = gateway.announce(body)
    assert answer.status_code == 200
    assert answer.json() == {"taken": 0, "ignored": 0, "unreadable": 1}
    recorded = gateway.jobs()["unreadable"][-1]
    assert recorded["reason"]["text"]
    assert recorded["time"]
    if body and body.isascii() and b"Records" not in body:
        assert recorded["body"] == body[:300].decode()


def test_a_bad_record_does_not_take_the_others_with_it(gateway, function, store):
    good = json.loads(notice("20260103000000/a/grid.xml", "20260103000000/b/grid.xml"))["Records"]
    body = json.dumps({"Records": [{"s3": None}, good[0], 17, good[1]]}).encode()
    assert gateway.announce(body).json() == {"taken": 2, "ignored": 0, "unreadable": 2}
    wait_for(lambda: len(function.calls) == 2, 10)
    assert sorted(function.keys) == ["20260103000000/a/grid.xml", "20260103000000/b/grid.xml"]


def test_other_news_and_other_objects_wake_nobody(gateway, function, store):
    removed = notice("20260104000000/grid.xml", name="s3:ObjectRemoved:Delete")
    assert gateway.announce(removed).json()["ignored"] == 1
    for body in (
        notice("20260104000000/readme.txt"),
        notice("20260104000000/grid.xml", bucket="ledger"),
        notice("20260104000000/grid.xml", etag=""),  # which content is meant? the sweep will know
    ):
        assert gateway.announce(body).json() == {"taken": 0, "ignored": 1, "unreadable": 0}
    assert gateway.announce(notice("20260104000001/grid.xml")).json()["taken"] == 1
    wait_for(lambda: function.calls, 10)
    assert function.keys == ["20260104000001/grid.xml"]


@pytest.mark.parametrize("key", ODD_KEYS, ids=["space", "plus", "unicode", "signs", "1024 bytes"])
def test_odd_keys_reach_function_and_receipt_unchanged(gateway, function, store, key):
    # from a real PUT through the store's own notification: no mock knows how MinIO quotes
    etag = store.put("shakemaps", key, key.encode())
    wait_for(lambda: function.calls, 10, "the notification")
    event = events.parse(function.calls[0].body)[0]
    assert (event.bucket, event.key, event.etag) == ("shakemaps", key, etag)
    assert event.version_id == store.head("shakemaps", key).version_id
    receipt = wait_for(lambda: receipts(store), 10)[0]
    assert (receipt["key"], receipt["etag"], receipt["state"]) == (key, etag, "done")
    assert store.exists("ledger", f"on-shakemap/{event.receipt_id}.json")


def test_the_same_content_said_in_many_ways_is_one_job(gateway, function, store):
    # a second announcement, quotes round the ETag, an upload of the same bytes: nothing new to know
    key = "20260105000000/grid.xml"
    etag = store.put("shakemaps", key, b"same")
    for said in (etag, f'"{etag}"', etag):
        assert gateway.announce(notice(key, etag=said)).status_code == 200
    store.put("shakemaps", key, b"same")
    wait_for(lambda: receipts(store), 10)
    store.put("shakemaps", key, b"other")
    wait_for(lambda: len(receipts(store)) == 2, 10)
    assert gateway.announce(notice(key, etag=etag)).status_code == 200
    wait_for(lambda: not gateway.jobs()["jobs"], 10)
    assert function.keys == [key, key]
    assert {receipt["etag"] for receipt in receipts(store)} == {etag, store.head("shakemaps", key).etag}


class Taken:
    """An inbox that only notes what it is given."""

    def __init__(self):
        self.jobs = []

    def submit(self, job):
        self.jobs.append(job)
        return True


@pytest.fixture(scope="module")
def functions(gateway):
    """The functions of the gateway's stack.yml."""
    return stack.load(gateway.settings.stack)


QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["Records", "s3", "bucket", "object", "name", "key", "eTag", "eventName"]), inner
        )
    ),
    max_leaves=12,
)


@settings(QUICK)
@given(body=st.binary(max_size=80) | JSON.map(lambda value: json.dumps({"Records": [value]}).encode()))
def test_no_body_breaks_the_webhook(functions, body):
    webhook = Webhook(functions, Taken())
    counts = webhook.take(body)
    assert sum(counts.values()) >= 1
    assert len(webhook.unreadable()) == counts["unreadable"]


@settings(QUICK)
@given(
    middle=st.text(st.characters(exclude_categories=["Cs"]), max_size=60), etag=st.text("0123456789abcdef-", min_size=1)
)
def test_a_key_is_unquoted_exactly_once(functions, middle, etag):
    inbox = Taken()
    webhook = Webhook(functions, inbox)
    key = f"2026/{middle}/grid.xml"
    assert webhook.take(notice(key, etag=f'"{etag}"'))["taken"] == 1
    assert inbox.jobs[0].notification == Notification("shakemaps", key, etag)
    assert events.parse(inbox.jobs[0].notification.record())[0].key == key


def test_a_map_in_capital_letters_or_packed_is_taken_from_its_notification(gateway, function, store):
    # the gateway of this test does not sweep; what the store did not announce would never come
    names = ["20260106000000/GRID.XML", "20260106000001/Grid.Xml", "20260106000002/grid.XML"]
    for name in [*names, "20260106000003/grid.xml.refused.txt", "20260106000004/readme.txt"]:
        store.put("shakemaps", name, b"x")
    wait_for(lambda: len(receipts(store)) == len(names), 10)
    assert sorted(function.keys) == names
