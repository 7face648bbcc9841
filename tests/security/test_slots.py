"""A slot is called by the gateway alone, ends at its own limit alone, and its death costs nobody else anything."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest
import requests
from support.gateway_process import STACK, Function, Gateway, done, receipts
from support.running import free_ports, wait_for

from siaga import machine, stack
from siaga.events import Notification
from siaga.machine import supervisor
from siaga.machine.supervisor import Part, Supervisor
from siaga.settings import REPOSITORY

HANDLER = """
import ctypes, json, os, re, signal, time
from siaga import events

def handle(event, context):
    key = event.path if event.path != "/" else events.parse(event.body)[0].key
    if "kills" in key:
        os.kill(os.getpid(), signal.SIGKILL)
    if "crashes" in key:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "spins" in key:
        while True:
            pass
    if "holds" in key:
        re.match("(a+)+$", 64 * "a" + "b")  # nothing in this process runs beside it
    if "freezes" in key:
        ctypes.PyDLL(None).sleep(60)  # holds the interpreter, as a regular expression does that finds no end
    if "sleeps" in key:
        time.sleep(2)
    return {"statusCode": 200, "body": {"state": "done", "reason": None, "run": "", "event_id": "x"}}
"""


class RealSlot:
    """The runtime as a process under the supervisor, with the handler above."""

    def __init__(self, folder, port, token_file, handlers=None, **more):
        for name, text in (handlers or {"handling": HANDLER}).items():
            (folder / f"{name}.py").write_text(text)
        self.url = f"http://127.0.0.1:{port}"
        self.token = {"X-Slot-Token": token_file.read_text().strip()} if token_file.exists() else {}
        self._supervisor = Supervisor(folder / "logs", quiet=True)
        self.environment = {
            "PORT": str(port),
            "HOST": "127.0.0.1",
            "FUNCTION_MODULE": "handling",
            "PYTHONPATH": f"{folder}:{REPOSITORY}",
            "qgis": "no",  # a second of each start, and none of what is tried here
            "slot_token_file": str(token_file),
            "call_mark": str(folder / "slot.calls"),
        } | more
        command = [sys.executable, str(machine.RUNTIME)]
        ready, alive = lambda: self.stands() == 200, lambda: self.stands() > 0
        self._supervisor.start(Part("slot", command, self.environment, ready, alive))

    def stands(self):
        """How it answers those who watch over it; 0 while it does not."""
        try:
            return requests.get(f"{self.url}/_/ready", timeout=2).status_code
        except requests.RequestException:
            return 0

    def call(self, path, seconds=20, **headers):
        """Call it as the gateway does."""
        return requests.post(f"{self.url}/{path}", headers=self.token | headers, timeout=seconds)

    def call_in_vain(self, path):
        """Call it, and mind no answer."""
        with suppress(requests.RequestException):
            self.call(path, **{"X-Timeout": "1s"})

    def started(self):
        """How often it was started."""
        return (self._supervisor._logs / "slot.log").read_text().count(" ready on ")

    def signal(self, number):
        """Send its process a signal."""
        self._supervisor._runners[0].process.send_signal(number)

    def stop(self):
        self._supervisor.stop()


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """The supervisor looks more often than it needs to, and starts again what died with less patience."""
    monkeypatch.setattr(supervisor, "_LOOK", 0.2)
    monkeypatch.setattr(supervisor, "_FIRST_WAIT", 0.1)
    monkeypatch.setattr(supervisor, "_LONGEST_WAIT_OF_UP", 0.2)


@pytest.fixture(scope="module")
def slot(tmp_path_factory):
    """One slot for the tests that leave it alive."""
    folder = tmp_path_factory.mktemp("slot")
    (folder / "token").write_text("the secret\n")
    running = RealSlot(folder, free_ports(1), folder / "token", exec_timeout="20s")
    yield running
    running.stop()


@pytest.mark.parametrize("token", [None, "", "the secret x", "The secret", "é"])
@pytest.mark.parametrize("path", ["", "a/b", "_/took-up?try=x", "_/end?try=x", "_/hurry", "_/health/", "_/ready/x"])
def test_without_the_token_a_slot_does_nothing(slot, path, token):
    headers = {} if token is None else {"X-Slot-Token": token.encode()}
    for method in ("GET", "POST"):
        answer = requests.request(method, f"{slot.url}/{path}", headers=headers, timeout=5, allow_redirects=False)
        assert answer.status_code == 401
    assert requests.get(f"{slot.url}/_/health", timeout=5).status_code == 200


def test_a_slot_without_a_token_to_ask_for_does_not_start(tmp_path):
    for text in (None, "\n"):
        if text:
            (tmp_path / "token").write_text(text)
        env = os.environ | {"PORT": str(free_ports(1)), "slot_token_file": str(tmp_path / "token")}
        ended = subprocess.run(
            [sys.executable, machine.RUNTIME], env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 1
        assert "token" in ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("wish", ["0s", "0", "00h", "1ms", "-5s", "", "0h0m0s", "9" * 400, "½s"])
def test_no_wish_of_a_caller_ends_a_slot(slot, wish):
    before = slot.started()
    assert slot.call("quick", **{"X-Timeout": wish.encode()}).status_code == 200
    assert (slot.started(), slot.stands()) == (before, 200)


def test_a_caller_who_waits_no_longer_leaves_the_slot_to_its_work(slot):
    before = slot.started()
    for _ in range(2):
        assert slot.call("sleeps", **{"X-Timeout": "0s"}).status_code == 504
        assert slot.call("quick").status_code == 429  # that work goes on
        wait_for(lambda: slot.stands() == 200, 10, "the end of the work")
    assert slot.call("quick").status_code == 200
    assert slot.started() == before


@pytest.fixture
def started(minio, store, tmp_path):
    """A gateway, to be given its slot; stops both."""
    running = []

    def start(stack=STACK, **more):
        gateway = Gateway(minio, tmp_path, stack, **more)
        running.append(gateway)
        return gateway

    yield start
    for one in running:
        one.kill()


@pytest.mark.parametrize("slots", [1, 2])
def test_whatever_holds_all_slots_is_ended_early_for_a_map_of_now(started, store, tmp_path, slots):
    """One spins and answers, one holds the interpreter and hears nothing; neither has its time-out of 12 s."""
    several = STACK.replace("exec_timeout: 2s", "exec_timeout: 12s", 1).replace('min: "1"', f'min: "{slots}"', 1)
    gateway = started(several, SIAGA_ATTEMPTS="2", SIAGA_BACKOFF_SECONDS="30")
    token_file, first = gateway.settings.secrets / stack.SLOT_TOKEN, gateway.settings.function_port
    poisons = ("holds", "spins")[:slots]
    running = []
    try:
        for number in range(slots):
            (tmp_path / str(number)).mkdir()
            running.append(RealSlot(tmp_path / str(number), first + number, token_file, exec_timeout="12s"))
        gateway.start()
        for name in poisons:
            gateway.announce(Notification("shakemaps", f"{name}/grid.xml", "e").record())
        wait_for(lambda: sum(job["state"] == "running" for job in gateway.jobs()["jobs"]) == slots, 10)
        began = time.monotonic()
        gateway.announce(Notification("shakemaps", "innocent/grid.xml", "e").record())
        receipt = settled(store, 1, 30)["innocent/grid.xml"]
        took = time.monotonic() - began
        told = {job["key"]: job["attempt"] for job in gateway.jobs()["jobs"]}
    finally:
        for slot in running:
            slot.stop()
    assert (receipt["state"], receipt["attempts"]) == ("done", 1)
    assert took < 12  # a fourth of the time-out, and the start of a slot on a busy machine
    assert 2 in told.values()


def settled(store, count, seconds):
    wait_for(lambda: len(receipts(store)) >= count, seconds, f"{count} receipts")
    return {receipt["key"]: receipt for receipt in receipts(store)}


REASONS = {
    "kills": "was killed in the middle of this",
    "crashes": "crashed in the middle of this (SIGSEGV)",
    "spins": "took more than 1 seconds of processor time",
    "holds": "seconds of processor time and was ended",
}


def test_what_kills_or_freezes_a_slot_is_told_and_costs_the_next_map_no_attempt(started, store, tmp_path):
    gateway = started(STACK.replace("exec_timeout: 2s", "exec_timeout: 1s"), SIAGA_ATTEMPTS="1")
    token_file = gateway.settings.secrets / stack.SLOT_TOKEN
    slot = RealSlot(tmp_path, gateway.settings.function_port, token_file, exec_timeout="1s")
    innocent = [f"innocent-{number}" for number in range(3)]
    try:
        # whoever calls past the queue takes the slot from under the jobs; it ends at its own limit
        calling = threading.Thread(target=slot.call_in_vain, args=("freezes",))
        calling.start()
        wait_for(lambda: slot.stands() != 200, 10, "a frozen slot")
        for name in (*REASONS, *innocent):
            store.put("shakemaps", f"{name}/grid.xml", name.encode())
        gateway.start()
        found = settled(store, len(REASONS) + 3, 100)
        calling.join()
    finally:
        slot.stop()
    assert slot.started() >= 1 + len(REASONS)  # the last one may still be starting
    for name in innocent:
        receipt = found[f"{name}/grid.xml"]
        assert (receipt["state"], receipt["attempts"]) == ("done", 1), receipt
    for name, said in REASONS.items():
        receipt = found[f"{name}/grid.xml"]
        assert (receipt["state"], receipt["attempts"]) == ("dead", 1)
        assert said in receipt["reason"]["text"]


def test_a_slot_that_is_stopped_holds_up_no_map(started, store, tmp_path, monkeypatch):
    """Idle or at work: nobody inside can end it, so its supervisor does."""
    monkeypatch.setattr(supervisor, "_STILL_SECONDS", 1.0)
    gateway = started(STACK.replace("exec_timeout: 2s", "exec_timeout: 20s"), SIAGA_ATTEMPTS="3")
    slot = RealSlot(tmp_path, gateway.settings.function_port, gateway.settings.secrets / stack.SLOT_TOKEN)
    try:
        slot.signal(signal.SIGSTOP)
        store.put("shakemaps", "idle/grid.xml", b"1")
        gateway.start()
        assert settled(store, 1, 40)["idle/grid.xml"]["attempts"] == 1
        store.put("shakemaps", "sleeps/grid.xml", b"2")
        wait_for(lambda: slot.stands() == 429, 20, "the slot at work")
        slot.signal(signal.SIGSTOP)
        assert settled(store, 2, 40)["sleeps/grid.xml"]["attempts"] == 2
    finally:
        slot.stop()


@pytest.mark.parametrize(("said", "state", "attempts"), [("no", "done", 1), ("yes", "dead", 1)])
def test_a_call_that_broke_off_counts_if_the_slot_had_begun_with_it(started, store, said, state, attempts):
    gateway = started(SIAGA_ATTEMPTS="1")
    asked = []
    function = Function(
        gateway.settings.function_port,
        lambda called: (0, "") if said == "yes" or len(function.calls) < 4 else done(called),
    )
    function.took_up = lambda name: asked.append(name) or (200, said)
    gateway.start()
    gateway.announce(Notification("shakemaps", "20180220163351/grid.xml", "e").record())
    receipt = settled(store, 1, 20)["20180220163351/grid.xml"]
    function.stop()
    assert (receipt["state"], receipt["attempts"]) == (state, attempts)
    assert asked == [called.headers["X-Try-Id"] for called in function.calls][: len(asked)]
    assert len(set(asked)) == len(asked) == (3 if said == "no" else 1)


def test_a_slot_that_is_starting_is_not_handed_a_job(started, store):
    gateway = started(SIAGA_ATTEMPTS="1")
    starting = Function(gateway.settings.function_port)
    answer, starting.ready = starting.ready, 503
    gateway.start()
    gateway.announce(Notification("shakemaps", "20180220163351/grid.xml", "e").record())
    wait_for(lambda: gateway.jobs()["jobs"] and gateway.jobs()["jobs"][0]["state"] == "retrying", 20)
    assert not starting.calls
    starting.ready = answer
    assert settled(store, 1, 20)["20180220163351/grid.xml"]["attempts"] == 1
    starting.stop()


def test_the_slots_token_goes_to_slots_and_nowhere_else(started):
    gateway = started()
    function = Function(gateway.settings.function_port)
    function.answer = lambda called: (200, str(called.headers))
    gateway.start()
    sent = {"X-Slot-Token": "mine", "X-Try-Id": "mine", "X-Backfill": "yes", "X-Patience": "1s"}
    requests.post(f"{gateway.url}/function/on-shakemap", headers=sent, auth=gateway.login, timeout=20)
    function.stop()
    seen = function.calls[0].headers
    assert seen["X-Slot-Token"] == gateway.settings.secret(stack.SLOT_TOKEN)
    assert "X-Try-Id" not in seen
    assert "X-Backfill" not in seen
    assert "X-Patience" not in seen
    assert "Authorization" not in seen  # the gateway's own login is no business of a function
