"""Doing it again: what is named at once, ranges slice by slice, stopped and gone on with; and what is dropped."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from support.gateway_process import Function, Gateway, done, receipts
from support.running import wait_for

from gateway.ledger import Ledger
from gateway.wanted import Wanted
from siaga import cli, keys
from siaga.errors import BadInput
from siaga.events import Notification
from siaga.receipt import Receipt
from siaga.settings import Settings

WORDS = {"text": "the grid is cut off", "template": "the grid is cut off", "values": {}}


@pytest.fixture
def started(minio, store, tmp_path, monkeypatch):
    """A gateway with its on-shakemap, and the command siaga on it: `started(answer)` gives gateway and function."""
    running = []

    def start(answer=done):
        gateway = Gateway(minio, tmp_path, SIAGA_ATTEMPTS="1")
        monkeypatch.setattr(Settings, "load", lambda *_: gateway.settings)
        function = Function(gateway.settings.function_port, answer)
        running.append((gateway, function))
        return gateway.start(), function

    yield start
    for gateway, function in running:
        gateway.kill()
        function.stop()


class Gate:
    """An answer that is held back until the gate is opened."""

    def __init__(self):
        self.open = threading.Event()

    def __call__(self, called):
        self.open.wait(20)
        return done(called)


def put(store, *ids, bucket=keys.SHAKEMAPS):
    """A map in a folder of each of those ids."""
    for name in ids:
        store.put(bucket, f"{name}/grid.xml", name.encode())


def states(store):
    """{folder: state} of all receipts."""
    return {one["key"].split("/")[0]: one["state"] for one in receipts(store)}


def settled(store, **wanted):
    wait_for(lambda: states(store) == {name.lstrip("_"): state for name, state in wanted.items()}, 20, str(wanted))


def orders(gateway):
    return requests.get(f"{gateway.url}/siaga/orders", auth=gateway.login, timeout=20).json()["orders"]


def over(gateway, state="done"):
    """The newest order, once it is over."""
    return wait_for(lambda: next((one for one in orders(gateway) if one["state"] == state), None), 20, state)


YEARS = {f"_{year}0220163351": "done" for year in (2016, 2017, 2018)}
FOLDERS = [name.lstrip("_") for name in YEARS]


def by_folder(called):
    """What the function says: refused or dead, by the name of the folder."""
    folder = called.key.split("/")[0]
    if folder.startswith("refused"):
        return 200, {"state": "refused", "reason": WORDS}
    return (500, "boom") if folder.startswith("dead") else done(called)


WRONG = {  # what is sent: the field that the sentence names
    "nothing": ({}, "event_id"),
    "two": ({"all": True, "failed": True}, "event_id"),
    "no time": ({"since": "yesterday"}, "since is 'yesterday'"),
    "no period": ({"since": "2018-08-05", "until": "2018-08-05"}, "until itself is left out"),
    "no number": ({"latest": "ten"}, "latest is 'ten'"),
    "no age": ({"older": ["model"]}, "older is"),
    "no key": ({"inputs": [{"bucket": "shakemaps"}]}, "inputs: each"),
    "no text": ({"event_id": 7}, "event_id is 7"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_order_is_answered_with_its_field(case):
    sent, said = WRONG[case]
    with pytest.raises(BadInput, match=said):
        Wanted.parse(sent)


def test_the_same_order_has_the_same_name_and_survives_its_storing():
    for sent in (
        {"all": True, "report": True, "who": "somebody"},
        {"since": "2018-08-01", "until": "2018-09-01T07:00:00+07:00"},
        {"inputs": [{"function": "on-shakemap", "bucket": "shakemaps", "key": "x/grid.xml"}]},
        {"older": "exposure", "function": "on-flood"},
    ):
        wanted = Wanted.parse(sent)
        assert Wanted.parse(wanted.stored()) == wanted
        assert Wanted.parse(sent | {"dry_run": True}).id == wanted.id
    assert Wanted.parse({"until": "2018-09-01T07:00:00+07:00"}).until == "2018-09-01T00:00:00Z"


def test_dead_and_refused_inputs_are_named_by_key_folder_and_line(started, store, capsys):
    _gateway, function = started(by_folder)
    assert cli.main(["status"]) == 0
    assert "no input has come yet\n" in capsys.readouterr().out
    put(store, "dead-one", "refused-one", "good-one")
    settled(store, **{"dead-one": "dead", "refused-one": "refused", "good-one": "done"})
    assert cli.main(["dead"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("the grid is cut off" in line for line in lines)
    line = next(line for line in lines if "shakemaps/dead-one" in line)
    assert cli.main(["status"]) == 0
    same = next(line for line in capsys.readouterr().out.splitlines() if "shakemaps/dead-one" in line)
    names = ("dead-one", "dead-one/grid.xml", "shakemaps/dead-one/grid.xml", line, same)
    for count, name in enumerate(names, 2):
        assert cli.main(["reprocess", name]) == 0
        wait_for(lambda count=count: function.keys.count("dead-one/grid.xml") == count, 10)
        settled(store, **{"dead-one": "dead", "refused-one": "refused", "good-one": "done"})
    assert cli.main(["reprocess", "absent-one"]) == 1
    assert "absent-one" in capsys.readouterr().err
    assert len(function.keys) == 3 + len(names)


def test_an_event_is_named_by_the_id_inside_whatever_its_folder(started, store):
    gateway, function = started()
    put(store, "some-folder")
    settled(store, **{"some-folder": "done"})
    entry = {"arrival": {"bucket": keys.SHAKEMAPS, "key": "some-folder/grid.xml"}, "impact": {"key": "x"}}
    store.put(
        keys.RESULTS,
        "catalog/earthquake/2018/02/20180220T093351Z_us7000n05d_initial-v001-aaaaaaaa.json",
        json.dumps(entry).encode(),
    )
    assert gateway.reprocess(event_id="us7000n05d").json()["enqueued"] == 1
    wait_for(lambda: function.keys == ["some-folder/grid.xml"] * 2, 10)


def test_what_failed_is_refused_and_dead_and_a_dry_run_does_nothing(started, store, capsys):
    gateway, function = started(by_folder)
    put(store, "dead-one", "refused-one", "good-one")
    settled(store, **{"dead-one": "dead", "refused-one": "refused", "good-one": "done"})
    calls = len(function.calls)
    assert cli.main(["reprocess", "--failed", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "2 to be done again: 2 × on-shakemap" in said
    assert "shakemaps/refused-one/grid.xml" in said
    assert cli.main(["reprocess", "--failed"]) == 2  # nobody can be asked
    assert not orders(gateway)
    assert cli.main(["reprocess", "--orders"]) == 0
    assert capsys.readouterr().out.endswith("\nno range was ordered\n")
    assert len(function.calls) == calls
    function.answer = done
    assert cli.main(["reprocess", "--failed", "--yes"]) == 0
    assert "2 of 2 done" in capsys.readouterr().out
    assert states(store) == {"dead-one": "done", "refused-one": "done", "good-one": "done"}
    assert len(function.calls) == calls + 2


RANGES = {  # what is ordered: the folders that it means
    "all": ({"all": True}, FOLDERS),
    "period": ({"since": "2017-01-01", "until": "2018-01-01"}, FOLDERS[1:2]),
    "open": ({"since": "2017-01-01"}, FOLDERS[1:]),
    "latest": ({"latest": 1}, FOLDERS[2:]),
    "made before": ({"older_than": "2000-01-01"}, []),
    "made until now": ({"older_than": "2999-01-01"}, FOLDERS),
    "of another function": ({"all": True, "function": "render-report"}, []),
    "missing": ({"missing": True}, []),
}


def test_each_range_means_what_it_says(started, store):
    gateway, _function = started()
    put(store, *FOLDERS)
    settled(store, **YEARS)
    for sent, meant in RANGES.values():
        plan = gateway.reprocess(**sent, dry_run=True).json()["plan"]
        assert plan["inputs"] == [f"shakemaps/{name}/grid.xml" for name in meant], sent
    assert plan["seconds"] is None
    assert gateway.reprocess(all=True, dry_run=True).json()["plan"]["seconds"] >= 0


def test_shown_runs_are_found_by_what_they_were_made_with(started, store):
    gateway, _function = started()
    put(store, *FOLDERS[:1])
    store.put(keys.ANALYSIS_DATA, keys.MANIFEST, b"{}")
    run = f"earthquake/{FOLDERS[0]}/initial-v001-aaaaaaaa/0a1b2c3d"
    made_with = {
        "provenance": {
            "analysis_data": {"manifest_sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
            "software": {"version": "0.0.0", "templates_sha256": "x"},
        }
    }
    store.put(keys.RESULTS, f"{run}/impact.json", json.dumps(made_with).encode())
    entry = {
        "arrival": {"bucket": keys.SHAKEMAPS, "key": f"{FOLDERS[0]}/grid.xml"},
        "impact": {"key": f"{run}/impact.json"},
    }
    name = f"catalog/earthquake/2016/02/20160220T093351Z_{FOLDERS[0]}_initial-v001-aaaaaaaa.json"
    store.put(keys.RESULTS, name, json.dumps(entry).encode())
    for sent, meant in (
        ({"older": "exposure"}, []),
        ({"older": "software"}, [f"shakemaps/{FOLDERS[0]}/grid.xml"]),
        ({"older": ["exposure", "edition"]}, [f"shakemaps/{FOLDERS[0]}/grid.xml"]),
        ({"all": True, "report": True}, [f"results/{run}/impact.json"]),
        ({"since": "2017-01-01", "report": True}, []),
    ):
        assert gateway.reprocess(**sent, dry_run=True).json()["plan"]["inputs"] == meant, sent


def test_a_range_goes_in_slices_below_live_and_is_stopped_and_gone_on_with(started, store, capsys):
    old = [f"20160220{number:06d}" for number in range(26)]
    gateway, function = started()
    put(store, *old)
    settled(store, **dict.fromkeys(old, "done"))
    function.calls.clear()
    function.answer = gate = Gate()
    order = gateway.reprocess(all=True).json()["order"]
    assert (order["state"], order["wanted"]) == ("open", {"all": True})
    assert gateway.reprocess(all=True).json()["order"]["id"] == order["id"]  # it is under way
    wait_for(lambda: orders(gateway)[0]["enqueued"] == 20, 20, "the first slice")
    assert len(gateway.jobs()["jobs"]) <= 20
    live = f"{datetime.now(UTC) - timedelta(minutes=5):%Y%m%d%H%M%S}"
    put(store, live)
    wait_for(lambda: any(job["key"] == f"{live}/grid.xml" for job in gateway.jobs()["jobs"]), 10)
    assert cli.main(["reprocess", "--stop", order["id"]]) == 0
    assert "20 were handed over and are still done, 6 are withdrawn" in capsys.readouterr().out
    gate.open.set()
    wait_for(lambda: len(function.keys) == 21 and len(states(store)) == 27, 30, "what was handed over")
    assert f"{live}/grid.xml" in function.keys[:3]  # before all that was not under way
    assert cli.main(["reprocess", "--all", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "6 of 6 done" in said
    assert said.endswith(": all\n")
    assert sorted(function.keys) == sorted(f"{name}/grid.xml" for name in (*old, live))


def test_an_order_outlives_its_gateway(started, store):
    gateway, function = started()
    put(store, *FOLDERS)
    settled(store, **YEARS)
    function.calls.clear()
    function.answer = gate = Gate()
    gateway.reprocess(all=True)
    wait_for(lambda: function.calls, 10)
    gateway.kill()
    gate.open.set()
    gateway.start()
    assert over(gateway)["wanted"] == {"all": True}
    settled(store, **YEARS)
    assert {one.split("/")[0] for one in function.keys} == set(FOLDERS)


def test_what_is_dropped_stays_dropped_until_it_is_named(started, store, capsys):
    gateway, function = started(by_folder)
    put(store, "dead-one", "good-one")
    settled(store, **{"dead-one": "dead", "good-one": "done"})
    assert cli.main(["drop", "good-one", "--why", "x"]) == 1  # it did not fail
    assert cli.main(["drop", "dead-one", "--why", "a test map of 2016"]) == 0
    (receipt,) = [one for one in receipts(store) if one["key"].startswith("dead")]
    assert receipt["state"] == "dropped"
    assert receipt["reason"]["values"]["why"] == "a test map of 2016"
    assert receipt["reason"]["values"]["who"]
    assert "boom" in receipt["warnings"][-1]["text"]  # why it had failed
    capsys.readouterr()
    assert cli.main(["dead"]) == 0
    assert capsys.readouterr().out == "none\n"
    assert cli.main(["dead", "--dropped"]) == 0
    assert "a test map of 2016" in capsys.readouterr().out
    for sent in ({"all": True}, {"failed": True}, {"missing": True}):
        named = gateway.reprocess(**sent, dry_run=True).json()["plan"]["inputs"]
        assert "shakemaps/dead-one/grid.xml" not in named
    calls = function.keys.count("dead-one/grid.xml")
    function.answer = done
    assert cli.main(["reprocess", "dead-one"]) == 0
    settled(store, **{"dead-one": "done", "good-one": "done"})
    assert function.keys.count("dead-one/grid.xml") == calls + 1


def test_another_content_of_a_dropped_key_is_an_input_of_its_own(started, store):
    gateway, function = started(by_folder)
    put(store, "dead-one")
    settled(store, **{"dead-one": "dead"})
    assert requests.post(
        f"{gateway.url}/siaga/drop",
        json={"input": "dead-one", "why": "test", "who": "me"},
        auth=gateway.login,
        timeout=20,
    ).ok
    function.answer = done
    store.put(keys.SHAKEMAPS, "dead-one/grid.xml", b"mended")
    wait_for(lambda: sorted(one["state"] for one in receipts(store)) == ["done", "dropped"], 10)


def test_orders_take_a_login_and_the_route_of_faas_cli_takes_the_same_json(started, store):
    gateway, _function = started()
    put(store, *FOLDERS)
    settled(store, **YEARS)
    for path in ("/siaga/reprocess", "/function/reprocess", "/siaga/drop", "/siaga/orders/stop"):
        for login in (None, ("", ""), (gateway.login[0], "wrong")):
            assert requests.post(gateway.url + path, json={"all": True}, auth=login, timeout=20).status_code == 401
        assert requests.post(gateway.url + path, data=b"{", auth=gateway.login, timeout=20).status_code == 422
    assert requests.get(f"{gateway.url}/siaga/orders", timeout=20).status_code == 401
    assert gateway.reprocess(all=True, function="on-nothing").status_code == 404
    token = {"Authorization": f"Bearer {gateway.login[1]}"}  # as faas-cli invoke -H sends it
    url = f"{gateway.url}/function/reprocess"
    answer = requests.post(url, data=b'{"latest": 2, "dry_run": true}', headers=token, timeout=20)
    assert (answer.status_code, answer.json()["plan"]["count"]) == (200, 2)  # with 202 faas-cli would print nothing
    answer = requests.post(url, data=b'{"latest": 2}', headers=token, timeout=20)
    assert answer.json()["order"]["state"] == "open"
    assert over(gateway)["done"] == 2


def test_a_receipt_that_was_written_after_the_look_stays(store):
    ledger = Ledger(store)
    content = Notification(keys.SHAKEMAPS, "x/grid.xml", "0a")
    before = Receipt("on-shakemap", content, "dead", WORDS, "", "", (), 3, "1", "1", "1", 1.0)
    ledger.write(before)
    seen = ledger.look(before.name)
    assert seen.receipt == before
    ledger.write(replace(before, state="done"))
    assert not ledger.remove("on-shakemap", content, seen.etag)
    assert not ledger.remove("on-shakemap", content, "")  # of whoever saw none
    assert ledger.read(before.name).state == "done"
    assert ledger.knows("on-shakemap", content)
    assert ledger.remove("on-shakemap", content, ledger.look(before.name).etag)
    assert ledger.remove("on-shakemap", content, "")
    assert not store.exists(keys.LEDGER, before.name)


def test_orders_that_come_while_a_map_is_being_done_leave_it_its_receipt(started, store):
    gateway, function = started()
    names = [f"raced-{number}" for number in range(3)]
    put(store, *names)

    def order(name):
        for _ in range(12):
            assert gateway.reprocess(input=f"{name}/grid.xml").ok

    crowd = [threading.Thread(target=order, args=(name,)) for name in names * 2]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    wait_for(lambda: not gateway.jobs()["jobs"], 20, "the end of all jobs")
    assert states(store) == dict.fromkeys(names, "done")  # no sweep comes by in the time of this test
    assert set(function.keys) == {f"{name}/grid.xml" for name in names}


def test_what_has_a_receipt_that_nobody_can_read_is_done_again(started, store):
    gateway, function = started()
    put(store, "odd")
    settled(store, odd="done")
    wait_for(lambda: not gateway.jobs()["jobs"], 10)
    store.put(keys.LEDGER, next(head.key for head in store.list(keys.LEDGER)), b"{")
    content = {"function": "on-shakemap", "bucket": keys.SHAKEMAPS, "key": "odd/grid.xml"}
    assert gateway.reprocess(inputs=[content]).ok
    over(gateway)
    assert states(store) == {"odd": "done"}
    assert function.keys == ["odd/grid.xml"] * 2


def test_a_map_below_an_object_that_is_named_like_its_folder_is_meant_too(started, store):
    gateway, _function = started()
    folder = FOLDERS[0]
    store.put(keys.SHAKEMAPS, folder, b"no folder")
    put(store, folder)
    for sent in ({"all": True}, {"latest": 1}, {"until": "2017-01-01"}, {"input": folder}):
        named = gateway.reprocess(**sent, dry_run=True).json()["plan"]["inputs"]
        assert named == [f"shakemaps/{folder}/grid.xml"], sent
