"""How soon a slot gets a processor: what it does for backfill goes below all others, and gets back up where it may."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from support.running import answers, free_ports, wait_for

from siaga import machine

FOLDER = machine.RUNTIME.parent
GROUPED = Path("/proc/self/autogroup")
SHOWN = """
import sys, time, threading
child = os.fork()
if child == 0:
    os.closerange(0, 3)  # or whoever reads this script's output would wait for the child, too
    time.sleep(60)
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()

def niceness():
    each = {os.getpriority(os.PRIO_PROCESS, int(one)) for one in (*os.listdir("/proc/self/task"), child)}
    return max(each) if len(each) == 1 else each

def session():
    words = _AUTOGROUP.read_text().split() if _AUTOGROUP.exists() else ()
    return int(words[2]) if words else None  # the kernel says nothing of what is in no session's group

pace = Pace("spare" in sys.argv)
try:
    for slow in (False, True, True, False, True):
        pace.set(slow, for_good="practice" not in sys.argv)
        wanted = session() if "guest" in sys.argv or session() is None else 5 * slow
        until = time.monotonic() + 5
        while session() != wanted and time.monotonic() < until:
            time.sleep(0.01)  # whoever is not root may have to try again
        print(niceness(), session())
finally:
    os.kill(child, 9)
"""
STAYS = ["0", "5", "5", "5", "5"]
FOLLOWS = ["0", "5", "5", "0", "5"]


def shown(*arguments, root, own=True, group=GROUPED):
    """Niceness of all threads and children, and of the session, as it is told to be quick, slow, slow, quick, slow.

    group: where this kernel tells the niceness of a session and takes it, if it does.
    """
    if root and os.geteuid() != 0:
        pytest.skip("only root is root")
    plain = [] if root or os.geteuid() != 0 else ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    source = (FOLDER / "pace.py").read_text() + f"_AUTOGROUP = Path({str(group)!r})\n" + SHOWN
    done = subprocess.run(
        [*plain, "/usr/bin/python3", "-", *arguments],
        input=source,
        capture_output=True,
        text=True,
        start_new_session=own,
        cwd="/",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(zip(*(line.split() for line in done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize(
    ("arguments", "root", "niceness"),
    [
        ((), True, FOLLOWS),
        (("spare",), True, FOLLOWS),
        ((), False, ["0"] * 5),
        (("spare",), False, STAYS),
        (("spare", "practice"), False, ["0"] * 5),
    ],
)
def test_threads_children_and_session_follow_as_far_as_there_is_a_way_back(arguments, root, niceness):
    own, session = shown(*arguments, root=root)
    assert list(own) == niceness
    assert list(session) == (FOLLOWS if GROUPED.exists() else ["None"] * 5)


# A kernel without sessions' groups, and one that says nothing of a process in none, as in some containers.
SILENT = (Path("/absent/autogroup"), Path("/dev/null"))


@pytest.mark.parametrize("group", SILENT)
@pytest.mark.parametrize(("root", "niceness"), [(True, FOLLOWS), (False, STAYS)])
def test_threads_and_children_follow_where_the_kernel_tells_of_no_session(group, root, niceness):
    own, session = shown("spare", root=root, group=group)
    assert list(own) == niceness
    assert set(session) == {"None"}


@pytest.mark.parametrize("group", [GROUPED, *SILENT])
def test_a_session_that_is_not_its_own_is_left_alone(group):
    before = group.read_text() if group.exists() else ""
    own, session = shown("guest", root=False, own=False, group=group)
    assert set(own) == {"0"}
    assert len(set(session)) == 1
    assert (group.read_text() if before else "") == before


HANDLER = """
import os, subprocess, sys, time
from pathlib import Path

child = subprocess.Popen(["sleep", "60"])

def niceness():
    group = Path("/proc/self/autogroup")
    return [os.getpriority(os.PRIO_PROCESS, 0), os.getpriority(os.PRIO_PROCESS, child.pid),
            int(group.read_text().split()[2]) if group.exists() else None]

def handle(event, context):
    first = niceness()
    Path("begun").touch()
    while event.path == "/long" and niceness() == first:
        time.sleep(0.01)
    return [first, niceness()]
"""


@pytest.fixture
def slot(tmp_path):
    """A slot in a session of its own; its URL."""
    (tmp_path / "handling.py").write_text(HANDLER)
    (tmp_path / "token").write_text("a secret\n")
    port = free_ports(1)
    own = {"PORT": str(port), "HOST": "127.0.0.1", "FUNCTION_MODULE": "handling", "exec_timeout": "40s", "qgis": "no"}
    env = os.environ | own | {"slot_token_file": str(tmp_path / "token")}
    process = subprocess.Popen([sys.executable, machine.RUNTIME], cwd=tmp_path, env=env, start_new_session=True)
    url = f"http://127.0.0.1:{port}"

    def call(path="", **headers):
        answer = requests.post(f"{url}/{path}", headers={"X-Slot-Token": "a secret"} | headers, timeout=60)
        assert answer.ok, answer.text
        return answer

    wait_for(lambda: answers(f"{url}/_/ready"), 30)
    yield call
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_slot_is_slow_for_backfill_until_it_is_hurried_or_something_live_comes(slot, tmp_path):
    nice, session = 5 * (os.geteuid() == 0), 5 if GROUPED.exists() else None
    slow, quick = [nice, nice, session], [0, 0, session and 0]
    backfill = {"X-Backfill": "yes"}
    assert slot(**backfill).json() == [slow, slow]
    assert slot().json() == [quick, quick]
    if slow == quick:
        return  # neither root nor sessions: there is no way back, so that the only slot of a function keeps its pace
    assert slot("long", **backfill | {"X-Limit": "8s"}).json() == [slow, quick]  # after a fourth of its limit
    (tmp_path / "begun").unlink()
    found = []
    long = threading.Thread(target=lambda: found.append(slot("long", **backfill).json()))
    long.start()
    wait_for((tmp_path / "begun").exists, 20)
    slot("_/hurry")
    long.join(20)
    assert found == [[slow, quick]]
