"""The supervisor: parts are started, restarted when they die, and never outlive it."""

import io
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta

import psutil
import pytest
from support.running import wait_for

from siaga import moment, standing
from siaga.machine import supervisor as module
from siaga.machine.supervisor import Part, Supervisor

SLEEPER = [sys.executable, "-c", "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"]


def pids(out):
    return [int(line.rsplit(" ", 1)[1]) for line in out.getvalue().splitlines() if "pid" in line]


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def supervisor(tmp_path, out):
    made = Supervisor(tmp_path / "logs", out=out)
    yield made
    made.stop()


def test_what_dies_is_started_again_and_its_lines_are_kept(supervisor, out, tmp_path):
    supervisor.start(Part("sleeper", SLEEPER))
    wait_for(lambda: len(pids(out)) == 1, 20, "the first start")
    os.kill(pids(out)[0], signal.SIGKILL)
    wait_for(lambda: len(pids(out)) == 2, 20, "the second start")
    assert "starting again" in (tmp_path / "logs" / "sleeper.log").read_text()
    supervisor.stop()
    assert not any(psutil.pid_exists(pid) for pid in pids(out))


def test_a_part_that_keeps_failing_waits_longer_each_time(supervisor, out):
    supervisor.start(Part("failing", [sys.executable, "-c", "raise SystemExit(3)"]))
    wait_for(lambda: out.getvalue().count("ended with 3") >= 2, 20, "two failures")
    waits = [line.rsplit(" in ", 1)[1] for line in out.getvalue().splitlines() if "starting again" in line]
    assert float(waits[1].split()[0]) > float(waits[0].split()[0])


class Gone(io.StringIO):
    """A terminal that was closed."""

    def write(self, _):
        raise BrokenPipeError


def test_neither_a_full_disk_nor_a_closed_terminal_stops_a_part(tmp_path):
    # nobody would read what the part prints any more, and at 64 kB it would stand still
    told = tmp_path / "told"
    loud = (
        f"import time; print('many words\\n' * 20_000, flush=True); open({str(told)!r}, 'a').write('.'); time.sleep(9)"
    )
    made = Supervisor(tmp_path / "logs", out=Gone())
    (tmp_path / "logs").rmdir()
    try:
        made.start(Part("loud", [sys.executable, "-c", loud]))
        wait_for(lambda: told.exists() and told.read_text() == ".", 20, "the end of its print")
    finally:
        made.stop()


def test_a_part_that_cannot_be_started_just_now_is_tried_again(supervisor, out, monkeypatch):
    started, real = [], subprocess.Popen

    def starved(*args, **kwargs):
        started.append(1)
        if len(started) == 1:
            raise BlockingIOError("no memory")
        return real(*args, **kwargs)

    monkeypatch.setattr(subprocess, "Popen", starved)
    supervisor.start(Part("sleeper", SLEEPER))
    wait_for(lambda: pids(out), 20, "the second try")
    assert "cannot be started: no memory" in out.getvalue()


def test_what_is_not_ready_in_time_is_named_and_stops_no_other(supervisor, out, tmp_path):
    late = supervisor.start(Part("never", SLEEPER, ready=lambda: False), Part("sleeper", SLEEPER), seconds=1)
    assert late == ["never"]
    assert "never | not ready after 1 s; it goes on or is tried again, and stops no other" in out.getvalue()
    told = {one.name: one.state for one in standing.read(tmp_path)}
    assert told == {"never": "starting", "sleeper": "up"}


def test_what_does_not_get_ready_is_started_anew_and_given_more_time_until_it_is_up(
    supervisor, out, tmp_path, monkeypatch
):
    """A starved machine is not made worse: a start that failed for want of time is not tried with as little again."""
    monkeypatch.setattr(module, "START_SECONDS", 0.3)
    monkeypatch.setattr(module, "LONGEST_START_SECONDS", 1.0)
    monkeypatch.setattr(module, "_HUNGRY", 2.0)  # more than there is: whatever the machine does besides
    killed = []

    def given():
        return re.findall(r"it is ended; the next start is given (\S+) s", out.getvalue())

    supervisor.start(Part("late", SLEEPER, ready=lambda: len(given()) == 2 and not killed), seconds=0.1)
    why = wait_for(lambda: standing.read(tmp_path)[0].text, 60, "the first reason")
    assert re.fullmatch(r"It was not ready after \d+ s and was ended; the next start is given (0.6|1) s", why)
    assert standing.read(tmp_path)[0].is_news(moment.now())
    wait_for(lambda: standing.read(tmp_path)[0].state == "up", 60, "the third start")
    pid = wait_for(lambda: [one for one in pids(out) if psutil.pid_exists(one)], 60, "its number")[0]
    killed.append(pid)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(given()) == 3, 60, "the end of a start after it")
    assert given() == ["0.6", "1", "0.6"]  # up to the longest; one that was up begins anew


def test_a_start_that_works_is_given_time_at_once(supervisor, out, tmp_path, monkeypatch):
    """It has a processor or waits for one: to end it would waste what it has done, and take as much from others."""
    monkeypatch.setattr(module, "START_SECONDS", 0.3)
    come = tmp_path / "come"
    busy = [sys.executable, "-c", "any(False for _ in iter(int, 1))"]
    supervisor.start(Part("slow", busy, ready=come.exists), seconds=0.1)
    longer = f"it works or waits for a processor, and is given {module.LONGEST_START_SECONDS:g} s"
    slow = wait_for(lambda: [one for one in standing.read(tmp_path) if one.text.endswith(longer)], 60, "more time")[0]
    assert longer in out.getvalue()
    assert (slow.state, slow.is_news(moment.now())) == ("starting", True)
    come.touch()
    up = wait_for(lambda: [one for one in standing.read(tmp_path) if one.state == "up"], 60, "the part")[0]
    assert (up.restarts, longer in up.text) == (
        slow.restarts,
        False,
    )  # the same process, of which nothing is to be said


SILENT = {  # how a part falls silent, and what it does then
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "holding the interpreter": "ctypes.PyDLL(None).sleep(60)",
    "working without an end": "any(False for _ in iter(int, 1))",
}


@pytest.mark.parametrize("how", SILENT)
def test_a_part_that_falls_silent_is_killed_and_started_again(supervisor, out, tmp_path, monkeypatch, how):
    """It is up, then answers no more: ended soon when it stands still, else after its patience whatever it does."""
    works = how == "working without an end"
    monkeypatch.setattr(module, "_STILL_SECONDS", 600 if works else 0.5)
    monkeypatch.setattr(module, "_LOOK", 0.1)
    code = f"import ctypes, os, signal, time; print('pid', os.getpid(), flush=True); time.sleep(0.3); {SILENT[how]}"
    alive = iter([True] * 2)
    command = [sys.executable, "-c", code]
    supervisor.start(Part("silent", command, alive=lambda: next(alive, False), patience=1 if works else 600))
    wait_for(lambda: len(pids(out)) >= 2, 60, "its successor")
    assert not psutil.pid_exists(pids(out)[0])
    (silent,) = standing.read(tmp_path)
    assert (silent.restarts >= 1, "silent for" in silent.text) == (True, True)


def test_what_awaits_a_processor_is_not_silent():
    """It cannot answer as long as others have both, and to start it again would take more of them."""
    hungry = subprocess.Popen([sys.executable, "-c", "any(False for _ in iter(int, 1))"])
    idle = subprocess.Popen(["sleep", "600"])
    try:
        wait_for(lambda: module._awaits(hungry.pid), 60, "a process that would work")
        wait_for(lambda: not module._awaits(idle.pid), 60, "one that has nothing to do")
        hungry.send_signal(signal.SIGSTOP)
        wait_for(lambda: not module._awaits(hungry.pid), 60, "one that is stopped")
    finally:
        for one in (hungry, idle):
            one.kill()
            one.wait()
    assert not module._awaits(hungry.pid)  # gone


def test_how_parts_stand_is_told_while_there_is_a_supervisor(supervisor, out, tmp_path):
    supervisor.start(Part("sleeper", SLEEPER))
    assert not standing.read(tmp_path)[0].is_news(moment.now())  # all is well
    os.kill(wait_for(lambda: pids(out), 20)[0], signal.SIGKILL)
    wait_for(lambda: len(pids(out)) == 2, 20, "the second start")
    (sleeper,) = standing.read(tmp_path)
    assert sleeper.text == "It was ended by signal SIGKILL"
    assert sleeper.is_news(moment.now())
    assert not sleeper.is_news(moment.now() + timedelta(hours=2)) or sleeper.state != "up"
    supervisor.stop()
    assert standing.read(tmp_path) == []
