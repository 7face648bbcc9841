"""OpenFaaS's routes as faas-cli and its kin use them, and schedules as its cron connector keeps them."""

import json
import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from support.gateway_process import STACK, Function, Gateway, receipts
from support.running import free_ports, wait_for

from gateway.cron import Cron, latest
from siaga import events, stack
from siaga.errors import SiagaError

YEARLY = STACK.replace('{siaga.inputs: "res', '{topic: cron-function, schedule: "0 0 1 1 *", siaga.inputs: "res')


@pytest.fixture
def function(shakemap_slot):
    """The only slot of on-shakemap; answers {"ok": true} to whatever comes."""
    shakemap_slot.calls.clear()
    shakemap_slot.answer = lambda _: (200, {"ok": True})
    return shakemap_slot


@pytest.fixture
def receiver():
    """Somebody who waits for a callback."""
    played = Function(free_ports(1), lambda _: (200, ""))
    yield played
    played.stop()


def call(gateway, path, method="POST", **more):
    """One request of somebody who is logged in, redirects not followed."""
    more = {"auth": gateway.login} | more
    return requests.request(method, f"{gateway.url}{path}", timeout=20, allow_redirects=False, **more)


def covers(ours, theirs):
    """Whether each name of the recorded answer is in ours with a value of that type; empty ones may be left out."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        relied_on = [key for key, value in theirs.items() if value not in ("", {}, [])]
        return all(key in ours and covers(ours[key], theirs[key]) for key in relied_on)
    if isinstance(ours, list) and isinstance(theirs, list):
        return all(any(covers(one, wanted) for one in ours) for wanted in theirs)
    return type(ours) is type(theirs)


def test_the_real_faas_cli_would_be_content(gateway, function, store, shared):
    recorded = json.loads((shared / "data" / "faas-cli" / "requests.json").read_text())
    assert len(recorded) >= 13
    for entry in recorded:
        for exchange in entry["exchanges"]:
            sent, expected = exchange["request"], exchange["answer"]
            headers = {name: value for name, value in sent["headers"].items() if name != "Content-Length"}
            known = headers.pop("Authorization", None)
            if not known:  # invoke: to be given by -H "Authorization=Bearer …"
                assert call(gateway, sent["path"], sent["method"], headers=headers, auth=None).status_code == 401
                headers["Authorization"] = f"Bearer {gateway.login[1]}"
            body = iter([sent["body"].encode()]) if sent["body"] else None  # an iterator is sent in chunks
            login = gateway.login if known else None
            answer = call(gateway, sent["path"], sent["method"], headers=headers, data=body, auth=login)
            where = f"{entry['command']}: {sent['method']} {sent['path']}: {answer.text}"
            if sent["method"] in ("PUT", "DELETE") or entry["command"].startswith("faas-cli deploy"):
                assert answer.status_code == 405, where
                assert "stack.yml" in answer.text
                continue
            assert answer.status_code == expected["status"], where
            if expected["body"]:
                assert covers(answer.json(), json.loads(expected["body"])), where
    wait_for(lambda: len(function.calls) == 3, 10)
    plain, queried = function.calls[0], next(called for called in function.calls if "?" in called.path)
    assert plain.body == b'{"bucket":"shakemaps","key":"x/grid.xml"}\n'
    assert (queried.path, queried.headers["X-Test"]) == ("/?force=1", "1")
    assert queried.headers["Content-Type"] == "application/json"
    assert sum(b"Records" in called.body for called in function.calls) == 1  # the asynchronous one became a job
    wait_for(lambda: receipts(store), 10)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("", "/"),
        ("/", "/"),
        (".openfaas-fn", "/"),
        ("/a%20b/c?x=1&y=%C3%A9", "/a%20b/c?x=1&y=%C3%A9"),
        ("/a//b/", "/a//b/"),
    ],
)
def test_a_call_is_passed_on_as_it_is(gateway, function, method, path, seen):
    sent = {"X-Mine": "1", "X-Call-Id": "call-7", "Connection": "keep-alive, x-mine-too", "Content-Type": "a/b"}
    answer = call(gateway, f"/function/on-shakemap{path}", method, headers=sent, data=b"\x00body")
    called = function.calls[-1]
    assert (called.method, called.path, called.body) == (method, seen, b"\x00body")
    assert (called.headers["X-Mine"], called.headers["X-Call-Id"]) == ("1", "call-7")
    assert called.headers["X-Forwarded-Host"] == gateway.url.removeprefix("http://")
    assert called.headers["X-Forwarded-For"].startswith("127.0.0.1:")
    assert int(called.headers["X-Start-Time"]) > 1.7e18
    assert "keep-alive" not in called.headers["Connection"]
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert int(answer.headers["X-Start-Time"]) > 1.7e18


def test_an_answer_comes_back_as_it_is(gateway, function):
    function.answer = lambda _: (302, b"\xff" * 300_000)
    answer = call(gateway, "/function/on-shakemap", headers={"Content-Type": "image/png"})
    assert (answer.status_code, answer.content) == (302, b"\xff" * 300_000)
    assert answer.headers["Content-Type"] == "image/png"  # the function said none, so the request's
    assert len(answer.headers["X-Call-Id"]) == 36
    function.answer = lambda _: (503, {"reason": "away"})
    assert call(gateway, "/function/on-shakemap").json() == {"reason": "away"}


def test_who_cannot_be_called_is_named(gateway, function):
    for name in ("absent", "on-shakemap.elsewhere", "on-shakemap.openfaas-fn.x", "On-Shakemap", "..%2Fsystem"):
        answer = call(gateway, f"/function/{name}")
        assert answer.status_code in (404, 503), name
        assert call(gateway, f"/async-function/{name}").status_code == 404
    answer = call(gateway, "/function/absent")
    assert (answer.status_code, answer.text) == (503, "No endpoints available for: absent.")
    assert answer.headers["X-OpenFaaS-Internal"] == "proxy"
    assert call(gateway, "/function/on-shakemap", "TRACE").status_code == 405
    function.answer = lambda _: (0, "")
    assert call(gateway, "/function/on-shakemap").status_code == 502


def test_a_busy_slot_passes_a_call_to_the_next(gateway):
    assert call(gateway, "/function/render-report").status_code == 500  # nobody listens there
    first, second = (
        Function(gateway.settings.function_port + number, lambda _, status=status: (status, "said"))
        for number, status in ((1, 429), (2, 200))
    )
    try:
        assert call(gateway, "/function/render-report").status_code == 200
        second.answer = first.answer
        assert call(gateway, "/function/render-report").status_code == 429
    finally:
        first.stop()
        second.stop()


def test_an_asynchronous_call_is_answered_to_its_callback(gateway, function, receiver, store):
    function.answer = lambda _: (500, "boom") if len(function.calls) < 2 else (201, "the answer")
    headers = {"X-Callback-Url": f"http://u:p@127.0.0.1:{receiver.port}/got?it=1", "X-Call-Id": "7", "X-Mine": "1"}
    answer = call(gateway, "/async-function/on-shakemap/sub?q=1", headers=headers, data=b"not about an object")
    assert (answer.status_code, answer.headers["X-Call-Id"], answer.content) == (202, "7", b"")
    got = wait_for(lambda: receiver.calls, 15, "the callback")[0]
    assert (got.method, got.path, got.body) == ("POST", "/got?it=1", b"the answer")
    assert (got.headers["X-Call-Id"], got.headers["X-Function-Name"]) == ("7", "on-shakemap")
    assert (got.headers["X-Function-Status"], float(got.headers["X-Duration-Seconds"]) >= 0) == ("201", True)
    called = function.calls[-1]
    assert (called.path, called.body, called.headers["X-Mine"]) == ("/sub?q=1", b"not about an object", "1")
    assert len(function.calls) == 2  # the failed one was tried again
    assert not receipts(store)


def test_who_waits_for_an_answer_gets_it_also_for_what_was_done(gateway, function, receiver, store):
    store.put("shakemaps", "20260601000000/grid.xml", b"x")
    wait_for(lambda: receipts(store), 10)
    headers = {"X-Callback-Url": f"http://127.0.0.1:{receiver.port}/", "X-Call-Id": "again"}
    body = {"bucket": "shakemaps", "key": "20260601000000/grid.xml"}
    assert call(gateway, "/async-function/on-shakemap", headers=headers, json=body).status_code == 202
    got = wait_for(lambda: receiver.calls, 10, "the callback")[0]
    assert (got.headers["X-Call-Id"], json.loads(got.body)) == ("again", {"ok": True})


def dribble(listener):
    """Answer the first caller with one byte after another, for as long as it stays."""
    caller, _address = listener.accept()
    with caller:
        try:
            caller.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while True:
                caller.sendall(b"x")
                time.sleep(0.2)
        except OSError:
            return


def test_a_receiver_that_dawdles_holds_up_no_other_job(gateway, function, store):
    function.answer = lambda _: time.sleep(1) or (200, {"ok": True})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=dribble, args=(listener,), daemon=True).start()
        headers = {"X-Callback-Url": f"http://127.0.0.1:{listener.getsockname()[1]}/"}
        for number, more in enumerate(({}, headers, {})):  # the slot is taken, so the last two stand in the queue
            answer = call(gateway, "/async-function/on-shakemap", headers=more, data=b"%d" % number)
            assert answer.status_code == 202
            wait_for(lambda: function.calls, 20, "the first call")
        wait_for(lambda: [called.body for called in function.calls] == [b"0", b"1", b"2"], 60, "the third call")


@pytest.mark.parametrize(
    ("bucket", "key", "etag"),
    [
        ("shakemaps", "a/../grid.xml", ""),
        ("shakemaps", "x" * 1025, ""),
        ("Not a bucket!", "a/grid.xml", ""),
        ("shakemaps", "a/grid.xml", "é☂"),
        ("shakemaps", "a/grid.xml", '"'),
    ],
    ids=["dots", "too long", "no bucket", "unicode ETag", "quote"],
)
def test_what_is_called_by_an_odd_name_is_settled_under_it(gateway, function, store, bucket, key, etag):
    body = {"bucket": bucket, "key": key, "etag": etag}
    assert call(gateway, "/async-function/on-shakemap", json=body).status_code == 202
    receipt = wait_for(lambda: receipts(store), 10, "the receipt")[0]
    assert (receipt["bucket"], receipt["key"], receipt["etag"]) == (bucket, key, etag.strip('"'))


def test_names_that_are_no_text_name_nothing(gateway, function, store):
    # the function gets them as they came; as an object they could neither be found nor have a receipt
    for body in ('{"bucket": "shakemaps", "key": "\\ud800"}', '{"bucket": "b", "key": "k", "etag": "\\r\\nX: y"}'):
        assert call(gateway, "/async-function/on-shakemap", data=body).status_code == 202
    wait_for(lambda: len(function.calls) == 2, 10)
    wait_for(lambda: not gateway.jobs()["calls"], 10)
    assert not receipts(store)
    order = {"bucket": "shakemaps", "key": "\ud800/grid.xml"}
    assert gateway.reprocess(**order).status_code == 422


def test_idle_connections_keep_nobody_out(gateway):
    idle = [socket.create_connection(("127.0.0.1", gateway.settings.gateway_port), timeout=10) for _ in range(200)]
    try:
        for connection in idle:
            connection.sendall(b"POST /siaga/events HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert call(gateway, "/healthz", "GET").status_code == 200
    finally:
        for connection in idle:
            connection.close()


def test_every_record_of_an_asynchronous_call_becomes_a_job(gateway, function, store):
    etags = [store.put("floodmaps", f"{name}/flood.json", name.encode()) for name in "ab"]  # wakes nobody by itself
    records = [{"s3": {"bucket": {"name": "floodmaps"}, "object": {"key": f"{name}/flood.json"}}} for name in "ab"]
    assert call(gateway, "/async-function/on-shakemap", json={"Records": records}).status_code == 202
    wait_for(lambda: len(receipts(store)) == 2, 10)
    assert sorted(events.parse(called.body)[0].etag for called in function.calls) == sorted(etags)


def test_what_cannot_be_called_without_waiting_is_refused(gateway, function):
    for url in ("ftp://127.0.0.1/", "nonsense", "http://", "http://[::1", "http://127.0.0.1:0/"):
        assert call(gateway, "/async-function/on-shakemap", headers={"X-Callback-Url": url}).status_code == 400, url
    assert call(gateway, "/async-function/on-shakemap", data=b"x" * 1_000_001).status_code == 413
    assert call(gateway, "/async-function/on-shakemap", "GET").status_code == 405
    assert not function.calls


SYSTEM = ["info", "functions", "function/on-shakemap", "namespaces", "secrets", "logs?name=on-shakemap"]
CHANGES = [
    ("POST", "functions"), ("PUT", "functions"), ("DELETE", "functions"), ("POST", "scale-function/on-shakemap"),
    ("POST", "secrets"), ("PUT", "secrets"), ("DELETE", "secrets"), ("POST", "namespace/x"), ("POST", "namespace/"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), [("GET", path) for path in SYSTEM] + CHANGES)
def test_the_system_routes_take_a_password(gateway, method, path):
    user, password = gateway.login
    for login in (None, ("", ""), (user, ""), ("", password), (user, password + "x")):
        answer = call(gateway, f"/system/{path}", method, auth=login)
        assert (answer.status_code, answer.text) == (401, "invalid credentials")
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Restricted"'
    assert (
        call(gateway, f"/system/{path}", method, headers={"Authorization": "Basic %%%"}, auth=None).status_code == 401
    )
    allowed = call(gateway, f"/system/{path}", method)
    assert allowed.status_code == (200 if method == "GET" else 501 if "namespace/" in path else 405)


def test_the_status_of_a_function_is_told(gateway, function):
    def status():
        return call(gateway, "/system/function/on-shakemap", "GET").json()

    before = status()
    call(gateway, "/function/on-shakemap")
    after = status()
    assert after["invocationCount"] == before["invocationCount"] + 1
    assert (after["replicas"], after["availableReplicas"], after["namespace"]) == (1, 1, "openfaas-fn")
    assert after["annotations"]["siaga.inputs"].startswith("shakemaps/")
    assert call(gateway, "/system/function/absent", "GET").status_code == 404
    assert call(gateway, "/system/functions?namespace=other", "GET").json() == []


def test_the_log_of_a_function_is_its_own(gateway):
    folder = gateway.settings.home / "logs"
    folder.mkdir(exist_ok=True)
    (folder / "on-shakemap.log").write_text("2026-01-01T00:00:00Z one\n2026-01-02T00:00:00Z two\n")
    (folder / "on-shakemap-2.log").write_text("2026-01-03T00:00:00Z three\n")
    (folder / "gateway.log").write_text("2026-01-03T00:00:00Z not a function\n")

    def texts(query):
        answer = call(gateway, f"/system/logs?{query}", "GET")
        assert answer.headers["Content-Type"].startswith("application/x-ndjson")
        return [json.loads(line)["text"] for line in answer.text.splitlines()]

    assert texts("name=on-shakemap") == ["one", "two", "three"]
    assert texts("name=on-shakemap.openfaas-fn&tail=2&follow=false") == ["two", "three"]
    assert texts("name=on-shakemap&since=2026-01-02T07:00:00%2B07:00&instance=on-shakemap") == ["two"]
    for wrong, status in (
        ("name=gateway", 404),
        ("name=on-shakemap&namespace=x", 404),
        ("name=../up", 404),
        ("name=on-shakemap&since=soon", 422),
    ):
        assert call(gateway, f"/system/logs?{wrong}", "GET").status_code == status


def test_a_missed_tick_is_caught_up_once(minio, store, tmp_path):
    # yearly: the next tick is too far away to disturb the test
    port = free_ports(1)
    own = replace(minio, gateway_port=port, gateway_url=f"http://127.0.0.1:{port}")
    gateway = Gateway(own, tmp_path, YEARLY)
    function = Function(gateway.settings.function_port + 1, lambda _: (200, "OK"))
    gateway.start()
    wait_for(lambda: function.calls, 10, "the tick")
    called = function.calls[0]
    assert (called.method, called.path, called.body) == ("POST", "/", b"")
    assert (called.headers["X-Topic"], called.headers["X-Connector"]) == ("cron-function", "cron-connector")
    wait_for(lambda: not gateway.jobs()["calls"], 10)
    gateway.kill()
    gateway.start()
    time.sleep(1)
    gateway.kill()
    function.stop()
    assert len(function.calls) == 1


def test_a_tick_comes_when_its_minute_does(monkeypatch, tmp_path):
    (tmp_path / "stack.yml").write_text(YEARLY.replace("0 0 1 1 *", "* * * * *"))
    began = time.monotonic()

    class Clock(datetime):
        """0.8 s before the full minute."""

        @classmethod
        def now(cls, zone=None):
            return datetime(2026, 1, 1, 11, 59, 59, 200_000, zone) + timedelta(seconds=time.monotonic() - began)

    class Inbox:
        """Notes the ticks."""

        def __init__(self):
            self.ticks, self.kept = [], []

        def submit(self, job):
            self.ticks.append(job.received)

        def forget_ticks(self, _, until):
            self.kept.append(until)

    inbox, stop = Inbox(), threading.Event()
    monkeypatch.setattr("gateway.cron.datetime", Clock)
    thread = threading.Thread(target=Cron(stack.load(tmp_path / "stack.yml"), inbox).run, args=(stop,))
    thread.start()
    wait_for(lambda: "2026-01-01T12:00:00Z" in inbox.ticks, 5, "the tick")
    stop.set()
    thread.join(5)
    assert inbox.ticks[0] == "2026-01-01T11:59:00Z"
    assert inbox.kept[-1] == "tick|render-report|2026-01-01T12:00:00Z"  # older rows would pile up for ever
    assert latest("0 3 * * *", datetime(2026, 1, 1, 2, tzinfo=UTC)) == datetime(2025, 12, 31, 3, tzinfo=UTC)


@pytest.mark.parametrize("schedule", ["every day", "0 0 30 2 *", "* * *"])
def test_a_schedule_that_never_comes_is_refused_with_its_function(tmp_path, schedule):
    (tmp_path / "stack.yml").write_text(YEARLY.replace("0 0 1 1 *", schedule))
    with pytest.raises(SiagaError, match="render-report: schedule"):
        Cron(stack.load(tmp_path / "stack.yml"), None)
