"""The supervisor: parts are started, restarted when they die, and never outlive it."""

import io
import os
import signal
import sys

import psutil
import pytest
from running import wait_for

from siaga.supervisor import Part, Supervisor

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


def test_what_is_not_ready_in_time_is_named(supervisor):
    with pytest.raises(TimeoutError, match="never"):
        supervisor.start(Part("never", SLEEPER, ready=lambda: False), seconds=0.3)
