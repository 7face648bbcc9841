"""From a notification to the receipt: tried until settled, kept over crashes, found when nobody announced it."""

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from support import typed
from support.gateway_process import STACK, Function, Gateway, done, receipts
from support.running import wait_for

from gateway.job import Policy, Progress
from gateway.sweep import Sweep
from gateway.verdict import Verdict
from siaga import events, stack
from siaga.errors import NotFound
from siaga.events import Notification
from siaga.settings import REPOSITORY
from siaga.store import Head

SWEPT = STACK.replace("shakemaps/*grid.xml ", "aaa-no-such-bucket/*x results/*grid.xml ")
UNTOLD = STACK.replace("shakemaps/*grid.xml ", "results/*grid.xml ")  # which the store does not announce
WORDS = {"text": "the grid is cut off", "template": "the grid is cut off", "values": {}}


@pytest.fixture
def started(minio, store, tmp_path):
    """Start a gateway with its on-shakemap: `started(answer, stack, SETTING=…)` gives both."""
    running = []

    def start(answer=done, stack=STACK, **more):
        gateway = Gateway(minio, tmp_path, stack, **more)
        function = Function(gateway.settings.function_port, answer)
        running.append((gateway, function))
        return gateway.start(), function

    yield start
    for gateway, function in running:
        gateway.kill()  # a second quicker than SIGTERM, which has a test of its own
        function.stop()


class Gate:
    """An answer that is held back until the gate is opened."""

    def __init__(self, answer=done):
        self._answer, self.open = answer, threading.Event()

    def __call__(self, called):
        self.open.wait(20)
        return self._answer(called)


def event(key, bucket="shakemaps", etag="0f343b0931126a20f133d67c2b018a3b"):
    """One content of one key."""
    return Notification(bucket, key, etag)


def settled(store, count, seconds=20):
    """Wait for that many receipts; gives them by key."""
    wait_for(lambda: len(receipts(store)) >= count, seconds, f"{count} receipts")
    written = receipts(store)
    for receipt in written:
        jsonschema.validate(receipt, typed.schema("receipt"))
    return {receipt["key"]: receipt for receipt in written}


def test_an_upload_calls_its_function_once_and_leaves_a_receipt(started, store):
    gateway, function = started()
    key = "20180220163351/grid.xml"
    before = time.time()
    etag = store.put("shakemaps", key, b"<grid/>")
    receipt = settled(store, 1)[key]
    called = function.calls[0]
    assert (called.method, called.path) == ("POST", "/")
    assert called.headers["Content-Type"] == "application/json"
    assert len(called.headers["X-Call-Id"]) == 36
    assert abs(int(called.headers["X-Start-Time"]) / 1e9 - before) < 30  # nanoseconds, as OpenFaaS counts
    version = store.head("shakemaps", key).version_id
    assert events.parse(called.body) == [Notification("shakemaps", key, etag, version)]
    assert receipt["schema"] == "siaga/receipt/1"
    assert (receipt["function"], receipt["bucket"], receipt["etag"]) == ("on-shakemap", "shakemaps", etag)
    assert (receipt["state"], receipt["reason"], receipt["attempts"]) == ("done", None, 1)
    assert receipt["event_id"] == "20180220163351"
    assert receipt["received"] <= receipt["started"] <= receipt["finished"]
    wait_for(lambda: not gateway.jobs()["jobs"], 10)
    assert len(function.calls) == 1


ANSWERS = {  # by the folder of the key: what the function says -> state, attempts, what the reason holds
    "done": ((200, {"state": "done", "run": "earthquake/x"}), "done", 1, None),
    "refused": ((200, {"state": "refused", "reason": WORDS}), "refused", 1, "cut off"),
    "superseded": ((200, {"state": "superseded", "reason": WORDS}), "superseded", 1, "cut off"),
    "defect": ((500, {"reason": {"text": "boom", "template": "boom", "values": {}}}), "dead", 3, "boom"),
    "traceback": ((500, "Traceback …"), "dead", 3, "Traceback"),
    "timed-out": ((504, "too slow"), "dead", 3, "504"),
    "unknown": ((404, "no such path"), "dead", 3, "404"),
    "broken": ((0, ""), "dead", 3, "broke off"),
    # functions of other make
    "words": ((200, {"state": "refused", "reason": "in words", "warnings": "beware"}), "refused", 1, "in words"),
    "numbers": ((200, {"state": "refused", "reason": 7, "warnings": 5, "run": 3}), "refused", 1, "7"),
    "surrogate": ((200, b'{"state": "refused", "reason": "half \\ud800"}'), "refused", 1, "half"),
    "plain": ((200, "OK"), "done", 1, None),
    "deep": ((200, "[" * 50_000), "done", 1, None),
}


def test_every_answer_ends_in_a_receipt_that_says_why(started, store):
    gateway, function = started(lambda called: ANSWERS[called.key.split("/")[0]][0])
    for folder in ANSWERS:
        assert gateway.announce(event(f"{folder}/grid.xml").record()).ok
    found = settled(store, len(ANSWERS))
    for folder, (_, state, attempts, reason) in ANSWERS.items():
        receipt = found[f"{folder}/grid.xml"]
        assert (receipt["state"], receipt["attempts"]) == (state, attempts), receipt
        assert (reason in receipt["reason"]["text"]) if reason else receipt["reason"] is None
        assert all(warning["text"] for warning in receipt["warnings"])
        assert function.keys.count(receipt["key"]) == attempts
    wait_for(lambda: not gateway.jobs()["jobs"], 10)


def test_a_failing_function_gets_time_and_the_operator_sees_why(started, store):
    gate = Gate()

    def answer(called):
        return (500, {"reason": WORDS}) if len(function.calls) < 3 else gate(called)

    gateway, function = started(answer, SIAGA_BACKOFF_SECONDS="0.2")
    gateway.announce(event("20180220163351/grid.xml").record())
    wait_for(lambda: len(function.calls) == 3, 10)
    job = gateway.jobs()["jobs"][0]
    assert (job["state"], job["attempt"], job["reason"]["text"]) == ("running", 3, WORDS["text"])
    first, second, third = (called.at for called in function.calls)
    assert second - first >= 0.1  # 0.2 s, then 0.4 s, less half of it by jitter
    assert third - second >= 0.2
    gate.open.set()
    assert settled(store, 1)["20180220163351/grid.xml"]["attempts"] == 3


def test_a_function_that_says_not_now_is_asked_again_and_loses_no_attempt(started, store):
    # with one attempt allowed, a single one that counted would be the input's death
    away = {"busy": (429, "busy"), "draining": (503, "draining"), "neighbour": (503, {"reason": WORDS})}

    def answer(called):
        return away[called.key.split("/")[0]] if function.keys.count(called.key) < 3 else done(called)

    gateway, function = started(answer, SIAGA_ATTEMPTS="1")
    for folder in away:
        gateway.announce(event(f"{folder}/grid.xml").record())
    for receipt in settled(store, 3).values():
        assert (receipt["state"], receipt["attempts"]) == ("done", 1), receipt
    assert all(function.keys.count(f"{folder}/grid.xml") == 3 for folder in away)


def test_waiting_does_not_count_however_long():
    policy = Policy(attempts=2, backoff_seconds=1.0)
    progress = Progress()
    for _ in range(200):
        progress, wait = progress.after(Verdict("not now", "", "", 0.0, reason=WORDS), policy)
        assert 0 < wait <= 10
    assert (progress.attempt, progress.reason) == (1, WORDS)
    progress, _ = progress.after(Verdict("failed", "", "", 0.0), policy)
    assert progress.after(Verdict("failed", "", "", 0.0), policy) is None


def test_each_failure_doubles_the_wait_up_to_ten_minutes():
    policy, failed = Policy(attempts=100, backoff_seconds=2.0), Verdict("failed", "", "", 0.0)
    for attempt, full in ((1, 2), (2, 4), (5, 32), (9, 512), (10, 600), (99, 600)):
        waits = {Progress(attempt=attempt).after(failed, policy)[1] for _ in range(50)}
        assert full / 2 <= min(waits) < max(waits) <= full  # jitter: many that fail at once must not return at once


LONG = STACK.replace("exec_timeout: 2s", "exec_timeout: 8s", 1)
TWO = LONG.replace('min: "1"', 'min: "2"')


def test_what_ended_a_slot_has_a_part_of_the_time_and_goes_last_until_its_last_attempt(started, store):
    """A map that times out is tried again behind an older one that came meanwhile."""
    now = datetime.now(UTC)
    poison, *others = (f"{now - timedelta(minutes=number):%Y%m%d%H%M%S}/grid.xml" for number in range(4))
    gate = Gate(lambda _: (504, "too slow"))

    def answer(called):
        return gate(called) if called.key == poison else done(called)

    gateway, function = started(answer, LONG, SIAGA_ATTEMPTS="4")
    gateway.announce(event(poison).record())
    wait_for(lambda: function.calls, 10)
    for key in others:
        gateway.announce(event(key).record())
    wait_for(lambda: len(gateway.jobs()["jobs"]) == 4, 10)
    gate.open.set()
    receipt = settled(store, 4)[poison]
    assert (receipt["state"], receipt["attempts"]) == ("dead", 4)
    tries = [called.headers["X-Limit"] for called in function.calls if called.key == poison]
    assert tries == ["8s", "2s", "2s", "8s"]
    assert set(function.keys[1:4]) == set(others)


@pytest.mark.parametrize("paced", [True, False])
def test_backfill_is_called_as_such_and_hurried_once_something_live_waits_for_it(started, store, paced):
    gate, old, now = Gate(), "20180220163351/grid.xml", f"{datetime.now(UTC):%Y%m%d%H%M%S}/grid.xml"
    hurried = threading.Event()

    def answer(called):
        if called.path == "/_/hurry":
            hurried.set()
            return 200, "OK"
        return gate(called) if called.key == old else done(called)

    gateway, function = started(answer)
    function.paced = paced
    gateway.announce(event(old).record())
    wait_for(lambda: function.calls, 10)
    gateway.announce(event(now).record())
    wait_for(lambda: len(gateway.jobs()["jobs"]) == 2, 10)
    assert hurried.wait(10 if paced else 0.5) == paced
    gate.open.set()
    assert {receipt["state"] for receipt in settled(store, 2).values()} == {"done"}
    told = {called.key: called.headers.get("X-Backfill") for called in function.calls if called.path == "/"}
    assert told == {old: "yes", now: None}


def test_what_ended_a_slot_leaves_one_of_two_to_the_others(started, store):
    gate, poison = Gate(), "poison/grid.xml"

    def answer(called):
        return gate(called) if "holds" in called.key else (504, "slow") if called.key == poison else done(called)

    gateway, first = started(answer, TWO, SIAGA_ATTEMPTS="2")
    second = Function(gateway.settings.function_port + 1, answer)
    calls = lambda: sorted(first.keys + second.keys)  # noqa: E731
    try:
        for key in ("holds/grid.xml", poison):
            gateway.announce(event(key).record())
        wait_for(lambda: len(calls()) == 2, 10, "both slots at work")
        wait_for(lambda: any(job["state"] == "retrying" for job in gateway.jobs()["jobs"]), 10)
        gateway.announce(event("other/grid.xml").record())
        assert settled(store, 1)["other/grid.xml"]["state"] == "done"
        assert calls().count(poison) == 1
        gate.open.set()
        assert settled(store, 3)[poison]["state"] == "dead"
    finally:
        second.stop()


def test_a_killed_gateway_takes_up_what_it_had_promised(started, store):
    # the objects are in no bucket, so that no sweep can help: what was answered with 200 must be on disk
    gate = Gate()
    gateway, function = started(gate)
    keys = [f"2018022016335{number}/grid.xml" for number in range(4)]
    for key in keys:
        assert gateway.announce(event(key).record()).json()["taken"] == 1
    wait_for(lambda: function.calls, 10)
    gateway.kill()
    function.answer = done
    gate.open.set()
    gateway.start()
    assert set(settled(store, 4)) == set(keys)
    assert sorted(function.keys) == sorted([*keys, function.keys[0]])  # the call that was cut off, again


@pytest.mark.parametrize("loss", ["wiped", "damaged"])
def test_a_lost_job_database_loses_no_upload(started, store, loss):
    gate = Gate()
    gateway, function = started(gate)
    keys = [f"2018022016335{number}/grid.xml" for number in range(4)]
    for key in keys:
        store.put("shakemaps", key, key.encode())
    wait_for(lambda: len(gateway.jobs()["jobs"]) == 4, 10)
    if loss == "wiped":
        for file in gateway.database.parent.glob("jobs.sqlite*"):
            file.unlink()
        assert gateway.process.wait(10) == 3  # it notices, and ends, so that the supervisor starts it again
    else:
        gateway.kill()
        gateway.database.write_bytes(b"no database" * 1000)
    function.answer = done
    gate.open.set()
    gateway.start()
    assert set(settled(store, 4)) == set(keys)
    assert {receipt["state"] for receipt in receipts(store)} == {"done"}


def test_sigterm_lets_a_call_finish(started, store):
    gate = Gate()
    gateway, function = started(gate)
    gateway.announce(event("20180220163351/grid.xml").record())
    wait_for(lambda: function.calls, 10)
    threading.Timer(0.5, gate.open.set).start()
    assert gateway.stop() == 0
    assert receipts(store)[0]["state"] == "done"


def test_a_second_gateway_by_mistake_touches_nothing(started, store):
    gate = Gate()
    gateway, function = started(gate)
    gateway.announce(event("20180220163351/grid.xml").record())
    wait_for(lambda: function.calls, 10)
    second = subprocess.run(
        [sys.executable, "-m", "gateway"],
        cwd=REPOSITORY,
        env=os.environ | gateway._environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 1
    assert "cannot start" in second.stderr
    assert "Traceback" not in second.stderr
    gate.open.set()
    settled(store, 1)
    assert len(function.calls) == 1


def test_the_sweep_finds_what_no_notification_brought(started, store):
    # results has no rule in the store, and a bucket that is missing must not hide it
    now = datetime.now(UTC)
    old, recent = "20180220163351/grid.xml", f"{now:%Y%m%d%H%M%S}/grid.xml"
    store.put("results", old, b"put while nobody listened")
    _, function = started(stack=SWEPT, SIAGA_SWEEP_SECONDS="0.3")
    assert settled(store, 1)[old]["state"] == "done"
    store.put("results", recent, b"not announced")
    assert settled(store, 2)[recent]["received"] >= f"{now:%Y-%m-%dT%H:%M}"
    time.sleep(0.7)  # two sweeps more
    assert sorted(function.keys) == sorted([old, recent])


def test_where_no_notification_comes_an_old_clock_in_a_key_is_soon_found_too(started, store):
    # the test's gateway has been told a store that is not its own
    started(stack=UNTOLD, SIAGA_SWEEP_SECONDS="0.3")
    store.put("results", "19990101000000/grid.xml", b"x")
    settled(store, 1)
    store.put("results", "19990101000001/grid.xml", b"x")
    assert settled(store, 2)["19990101000001/grid.xml"]["state"] == "done"


def test_an_object_that_is_named_like_a_folder_hides_no_input(started, store):
    for key in ("20180220163351/grid.xml", "20180220163352/output/grid.xml"):
        store.put("results", key, b"x")
        store.put("results", key.partition("/")[0], b"sent as a file by mistake")
    started(stack=UNTOLD, SIAGA_SWEEP_SECONDS="0.3")
    assert {one["state"] for one in settled(store, 2).values()} == {"done"}


def test_old_inputs_give_way_and_missing_buckets_hide_none(tmp_path):
    (tmp_path / "stack.yml").write_text(SWEPT)
    now, taken = datetime.now(UTC), []

    class Fake:
        """A store, a ledger and an inbox in one: nothing settled, nothing pending."""

        def list(self, bucket, *_, **__):
            if bucket == "aaa-no-such-bucket":
                raise NotFound("no such bucket")
            if bucket == "results":
                yield Head("1/grid.xml", "e", 1, now - timedelta(hours=25))
                yield Head("2/grid.xml", "e", 1, now)

        def knows(self, *_):
            return False

        def refresh(self):
            pass

        tidy = refresh

        def active(self):
            return set()

        def submit(self, job):
            taken.append((job.notification.key, job.is_live))
            return True

    sweep = Sweep(Fake(), stack.load(tmp_path / "stack.yml"), Fake(), Fake(), None, 1, 1)
    assert not sweep.attempt(full=False)
    assert set(taken) == {("1/grid.xml", False), ("2/grid.xml", True)}
