"""The supervisor: parts are started, restarted when they die, and never outlive it."""

import io
import os
import signal
import subprocess
import sys

import psutil
import pytest
from running import wait_for

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


def test_what_is_not_ready_in_time_is_named(supervisor):
    with pytest.raises(TimeoutError, match="never"):
        supervisor.start(Part("never", SLEEPER, ready=lambda: False), seconds=0.3)
