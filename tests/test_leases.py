"""Who gets a slot next: a flow of live jobs keeps nobody out for ever, and is held up by no more than one job."""

import threading
import time
from datetime import UTC, datetime

import pytest
from support.running import wait_for

from gateway import leases as module
from gateway import urgency
from gateway.leases import Call, Leases

LIVE, OLD = urgency.at_once(), urgency.backfill(datetime(2018, 2, 20, tzinfo=UTC))
MAY_WAIT = LIVE + (1 << 29)


class Machine:
    """Leases, and threads that each hold a slot until they are told to let it go."""

    def __init__(self, slots=1):
        self.leases = Leases({name: [f"{name}{number}" for number in range(slots)] for name in ("maps", "reports")})
        self.began, self.places = [], {}
        self._ends = {}
        self._threads = []

    def ask(self, name, priority, function="maps", **more):
        """Wait for a slot in a thread."""
        call = Call(function, name, priority, "POST", "/", (), b"", about_object=True, **more)
        self._ends[name] = threading.Event()

        def work():
            with self.leases.lease(call) as url:
                self.places[name] = url
                self.began.append(name)
                self._ends[name].wait(20)

        self._threads.append(threading.Thread(target=work, daemon=True))
        before = len(self.leases._waiting[function])
        self._threads[-1].start()
        wait_for(lambda: name in self.began or len(self.leases._waiting[function]) > before, 10)
        return call

    def end(self, name):
        """Let it give its slot back."""
        self._ends[name].set()

    def started(self, *names):
        """Wait until these have a slot; no others may have come before the last of them."""
        wait_for(lambda: set(names) <= set(self.began), 10, names)

    def stop(self):
        for end in self._ends.values():
            end.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def machine():
    made = []

    def make(slots=1):
        made.append(Machine(slots))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def test_a_flow_that_never_ends_leaves_each_class_its_share(machine, monkeypatch):
    """At every moment a live job holds the slot and another waits for it, and so it is with the reports."""
    monkeypatch.setattr(module, "_SHARE_SECONDS", 0.4)
    machine = machine()
    machine.ask("live-0", LIVE)
    machine.started("live-0")
    for name, priority in (("old-0", OLD), ("old-1", OLD + 1), ("small-0", MAY_WAIT), ("small-1", MAY_WAIT + 1)):
        machine.ask(name, priority)
    began, number = time.monotonic(), 0
    while len(machine.began) < 60 and not {"old-1", "small-1"} <= set(machine.began):
        machine.ask(f"live-{number + 1}", LIVE + number + 1)
        last = machine.began[-1]
        time.sleep(0.05)  # how long each works
        machine.end(last)
        wait_for(lambda last=last: machine.began[-1] != last, 10)
        number += 1
    took = time.monotonic() - began
    others = [name for name in machine.began if not name.startswith("live")]
    assert sorted(others) == ["old-0", "old-1", "small-0", "small-1"]
    assert others.index("old-0") < others.index("old-1")
    assert took >= 2 * 0.4  # one of a class, then as long again for its next
    assert len(machine.began) - len(others) > len(others)


def test_before_its_share_backfill_waits_for_all_that_is_live_of_whatever_function(machine):
    machine = machine(2)
    machine.ask("report", LIVE, "reports")
    machine.ask("old", OLD)
    machine.ask("live", LIVE)
    machine.started("report", "live")
    machine.end("live")
    machine.ask("newer", LIVE)
    machine.started("newer")
    assert "old" not in machine.began
    machine.end("newer")
    machine.end("report")
    machine.started("old")


def test_what_broke_the_only_slot_claims_no_share(machine, monkeypatch):
    monkeypatch.setattr(module, "_SHARE_SECONDS", 0.1)
    machine = machine()
    machine.ask("live-0", LIVE)
    machine.ask("poison", OLD, suspect=True)
    machine.ask("live-1", LIVE)
    time.sleep(0.2)
    machine.end("live-0")
    machine.started("live-1")
    machine.end("live-1")
    machine.started("poison")


def test_what_broke_one_of_several_slots_has_its_share_of_a_flow_that_never_ends_one_at_a_time(machine, monkeypatch):
    monkeypatch.setattr(module, "_SHARE_SECONDS", 0.1)
    machine = machine(2)
    machine.ask("live-0", LIVE)
    machine.ask("live-1", LIVE)
    machine.started("live-0", "live-1")
    machine.ask("suspect-0", LIVE, suspect=True)
    machine.ask("suspect-1", OLD, suspect=True)
    wait_for(lambda: machine.leases._seconds_to_share("maps", module._SUSPECTS) is None, 10)
    machine.ask("live-2", LIVE)
    machine.end("live-0")
    machine.started("suspect-0")
    time.sleep(0.2)
    machine.end("live-1")
    machine.started("live-2")
    assert "suspect-1" not in machine.began
    machine.ask("live-3", LIVE)
    machine.end("suspect-0")
    machine.started("suspect-1")


def test_backfill_takes_the_last_of_several_slots_and_a_live_call_knows_whom_it_waits_for(machine):
    machine = machine(2)
    old = machine.ask("old", OLD)
    machine.started("old")
    live = machine.ask("live-0", LIVE)
    machine.started("live-0")
    assert machine.places == {"old": "maps1", "live-0": "maps0"}
    assert machine.leases.held_up(live) == ["maps1"]
    assert machine.leases.held_up(old) == []
    machine.end("live-0")
    wait_for(lambda: machine.leases.held_up(live) == [], 10)


def test_the_next_backfill_is_at_hand_and_takes_no_slot_that_is_kept_for_what_comes_now(machine, monkeypatch):
    """However long it waits: a live job begins in the other slot, before it."""
    monkeypatch.setattr(module, "_SHARE_SECONDS", 0.1)
    machine = machine(slots=2)
    machine.ask("old-0", OLD)
    machine.started("old-0")
    machine.ask("old-1", OLD + 1)
    wait_for(lambda: machine.leases._seconds_to_share("maps", 2) is None, 10)
    machine.ask("live", LIVE)
    machine.started("live")
    assert machine.began == ["old-0", "live"]
    machine.end("live")
    machine.end("old-0")
    machine.started("old-1")
    assert machine.places["old-1"] == machine.places["old-0"] != machine.places["live"]
