"""The function runtime, as real processes."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

TOKEN = {"X-Slot-Token": "a secret"}
INDEX = Path(__file__).parent.parent / "template" / "python3-qgis" / "index.py"
HANDLER = """
import ctypes, os, time

def handle(event, context):
    kind, _, rest = event.path.strip("/").partition("/")
    if kind == "sleep":
        time.sleep(float(rest))
        return "slept"
    if kind == "holds":
        ctypes.PyDLL(None).sleep(60)
    if kind == "raise":
        raise ValueError("defect")
    if kind == "grow":
        handle.kept = bytearray(os.urandom(1)) * (400 << 20)
        return "grown"
    if kind == "thread":
        import threading
        return str(threading.current_thread() is threading.main_thread())
    if kind == "frozen":
        import gc
        return str(gc.get_freeze_count())
    if kind == "cycle":
        import weakref
        class Cycle: pass
        gone = str(handle.before() is None) if hasattr(handle, "before") else ""
        made = Cycle()
        made.itself, handle.before = made, weakref.ref(made)
        return gone
    if kind == "qgis":
        from qgis.core import QgsApplication
        return str(QgsApplication.instance() is not None)
    return FORMS[kind]

FORMS = {
    "none": None,
    "str": "text",
    "bytes": b"\\x00\\xff",
    "list": [1],
    "tuple": ("made", 201, {"X-Made": "yes"}),
    "dict": {"statusCode": "202", "body": {"a": 1}, "headers": [["X-A", "b"]]},
    "dict-none": {"statusCode": 204, "body": None},
    "dict-bytes": {"body": b"\\x00", "headers": {"Content-Type": "application/octet-stream"}},
    "int": 3,
}
"""


BARE = {"qgis": "no"}  # a slot is ready a second sooner without it, and calls are the same


def surroundings(folder, port, **more):
    """The environment of a slot that runs in `folder`."""
    (folder / "token").write_text(TOKEN["X-Slot-Token"] + "\n")
    own = {"PORT": str(port), "HOST": "127.0.0.1", "FUNCTION_MODULE": "handling"}
    return os.environ | own | {"slot_token_file": str(folder / "token")} | more


@pytest.fixture
def slot(tmp_path):
    (tmp_path / "handling.py").write_text(HANDLER)
    (tmp_path / "practising.py").write_text(PRACTISING)
    started = []

    def start(**environment):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        env = surroundings(tmp_path, port, **environment)
        process = subprocess.Popen([sys.executable, INDEX], cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
        started.append(process)
        url = f"http://127.0.0.1:{port}"
        wait(lambda: status(f"{url}/_/ready") == 200)
        return url, process

    yield start
    for process in started:
        process.kill()
        process.wait()


def status(url):
    try:
        return requests.get(url, timeout=2).status_code
    except requests.RequestException:
        return 0


def wait(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def ask(url, method="GET", headers=None):
    """Call a slot with its token."""
    return requests.request(method, url, headers=TOKEN | (headers or {}), timeout=30)


def in_background(url):
    thread = threading.Thread(target=ask, args=(url,))
    thread.start()
    return thread


def test_answers_take_the_forms_of_python3_http(slot):
    url, _ = slot(**BARE)
    assert ask(f"{url}/none").text == ""
    assert ask(f"{url}/str").text == "text"
    assert ask(f"{url}/bytes").content == b"\x00\xff"
    assert ask(f"{url}/list").json() == [1]
    made = ask(f"{url}/tuple")
    assert (made.status_code, made.text, made.headers["X-Made"]) == (201, "made", "yes")
    answer = ask(f"{url}/dict", "POST")
    assert (answer.status_code, answer.json(), answer.headers["X-A"]) == (202, {"a": 1}, "b")
    assert float(answer.headers["X-Duration-Seconds"]) >= 0
    assert ask(f"{url}/dict-none").status_code == 204
    assert ask(f"{url}/dict-bytes").content == b"\x00"
    assert ask(f"{url}/int").status_code == 500
    failed = ask(f"{url}/raise")
    assert failed.status_code == 500
    assert "Traceback" not in failed.text


def test_the_handler_runs_in_the_main_thread_with_qgis_up(slot):
    url, _ = slot()
    assert ask(f"{url}/thread").text == "True"
    assert ask(f"{url}/qgis").text == "True"


def test_garbage_of_each_call_goes_and_what_the_first_one_left_is_not_looked_through_again(slot):
    url, _ = slot()
    assert ask(f"{url}/frozen").text == "0"
    assert int(ask(f"{url}/frozen").text) > 1000
    ask(f"{url}/cycle")
    assert ask(f"{url}/cycle").text == "True"


def test_it_listens_before_it_is_ready(tmp_path):
    (tmp_path / "handling.py").write_text("import time; time.sleep(30)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = surroundings(tmp_path, port)
    process = subprocess.Popen([sys.executable, INDEX], cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait(lambda: status(f"{url}/_/health") == 200)
        assert status(f"{url}/_/ready") == 503
        assert ask(f"{url}/str").status_code == 503
    finally:
        process.kill()
        process.wait()


def test_a_busy_slot_answers_429_at_once(slot):
    url, _ = slot(**BARE)
    running = in_background(f"{url}/sleep/1.5")
    wait(lambda: status(f"{url}/_/ready") == 429)
    assert ask(f"{url}/str").status_code == 429
    assert running.is_alive()  # it did not wait for the call that runs
    assert status(f"{url}/_/health") == 200
    running.join()
    assert ask(f"{url}/str").status_code == 200


def test_a_time_out_answers_504_and_the_process_ends(slot):
    url, process = slot(exec_timeout="1s")
    assert ask(f"{url}/sleep/30").status_code == 504
    assert process.wait(5) == 1


def test_a_caller_may_wait_for_less_but_not_for_longer(slot):
    url, process = slot(**BARE, exec_timeout="3s")
    assert ask(f"{url}/sleep/0.1", headers={"X-Timeout": "1h"}).status_code == 200
    assert ask(f"{url}/sleep/30", headers={"X-Timeout": "1h"}).status_code == 504
    assert process.wait(5) == 1


def test_a_call_may_bring_a_shorter_limit_and_hears_what_it_used(slot):
    url, process = slot(**BARE, exec_timeout="60s")
    answer = ask(f"{url}/sleep/30", headers={"X-Limit": "1s"})
    assert answer.status_code == 504
    assert float(answer.headers["X-Processor-Seconds"]) < 0.5  # it slept
    assert process.wait(5) == 1


def test_a_call_is_ended_by_its_name_when_others_wait(slot):
    url, process = slot(**BARE, exec_timeout="60s")
    answers = []
    running = threading.Thread(target=lambda: answers.append(ask(f"{url}/sleep/30", headers={"X-Try-Id": "mine"})))
    running.start()
    wait(lambda: status(f"{url}/_/ready") == 429)
    assert ask(f"{url}/_/end?try=another", "POST").text == "no"
    assert ask(f"{url}/_/end?try=mine", "POST").text == "yes"
    running.join()
    assert (answers[0].status_code, answers[0].headers["X-Ended-Early"]) == (504, "yes")
    assert process.wait(5) == 1


def test_a_call_that_lets_no_other_thread_run_ends_the_process_after_its_patience(slot):
    url, process = slot(exec_timeout="60s")
    assert ask(f"{url}/sleep/2.5", headers={"X-Patience": "2s"}).text == "slept"  # others can run
    with pytest.raises(requests.ConnectionError):
        ask(f"{url}/holds", headers={"X-Patience": "2s"})
    assert process.wait(5) == 1


def test_after_n_analyses_it_answers_drains_and_exits(slot):
    url, process = slot(max_analyses="2")
    assert ask(f"{url}/str").text == "text"
    assert ask(f"{url}/str").text == "text"
    assert process.wait(5) == 0


def test_with_too_much_memory_it_answers_drains_and_exits(slot):
    url, process = slot(max_memory_mb="500")
    assert ask(f"{url}/str").text == "text"
    assert ask(f"{url}/grow").text == "grown"
    assert process.wait(5) == 0


def test_sigterm_lets_the_running_call_finish(slot):
    url, process = slot()
    answers = []
    running = threading.Thread(target=lambda: answers.append(ask(f"{url}/sleep/1.5").text))
    running.start()
    wait(lambda: status(f"{url}/_/ready") == 429)
    process.send_signal(signal.SIGTERM)
    running.join()
    assert answers == ["slept"]
    assert process.wait(5) == 0


PRACTISING = """
import os, time
from pathlib import Path

practised = []

def warm(wanted):
    practised.append("begun")
    Path("begun").touch()
    if Path("breaks").exists():
        os._exit(9)
    if Path("fails").exists():
        raise ValueError("defect")
    while Path("lasts").exists() and not wanted():
        time.sleep(0.01)
    practised.append("stopped" if wanted() else "done")

def handle(event, context):
    return practised
"""


@pytest.mark.parametrize(
    ("how", "practised"), [(None, ["begun", "done"]), ("lasts", ["begun", "stopped"]), ("fails", ["begun"])]
)
def test_a_slot_gets_warm_while_nobody_calls_and_a_call_ends_that(slot, tmp_path, how, practised):
    if how:
        (tmp_path / how).touch()
    url, _ = slot(**BARE, FUNCTION_MODULE="practising", call_mark=str(tmp_path / "calls"))
    wait((tmp_path / "begun").exists)
    assert status(f"{url}/_/ready") == 200  # it is none of the calls
    wait(lambda: how == "lasts" or "practice" not in (tmp_path / "calls").read_text())
    assert ask(f"{url}/").json() == practised


def test_what_broke_a_slot_while_it_got_warm_is_not_tried_by_the_next_process(slot, tmp_path):
    (tmp_path / "breaks").touch()
    mark = str(tmp_path / "calls")
    _, process = slot(**BARE, FUNCTION_MODULE="practising", call_mark=mark)
    assert process.wait(10) == 9
    (tmp_path / "begun").unlink()
    url, _ = slot(**BARE, FUNCTION_MODULE="practising", call_mark=mark)
    for _look in range(5):
        assert ask(f"{url}/").json() == []
        time.sleep(0.2)
    assert not (tmp_path / "begun").exists()
    assert "practice" not in (tmp_path / "calls").read_text()  # the one after that tries again
