"""One event's story: which lines of which logs belong to it, in which order, and what the store adds."""

import json
from datetime import UTC, datetime

import pytest

from siaga import keys
from siaga.cli import main
from siaga.events import Notification
from siaga.inspection import story
from siaga.receipt import Receipt
from siaga.settings import Settings

EVENT = "20180805194635"
RUN = f"earthquake/{EVENT}/initial-v001-3fa91c07/0a1b2c3d"
OF_GATEWAY = {
    "function": "on-shakemap",
    "bucket": "shakemaps",
    "key": f"{EVENT}/grid.xml",
    "state": "done",
    "reason": None,
}
OF_SLOT = {"status": 200, "event_id": EVENT, "run": RUN, "timings": {"fetch": 0.1}}
OF_DOOR = {"time": "2018-08-05T12:50:00Z", "user": "bmkg", "path": f"/shakemaps/{EVENT}/grid.xml", "result": "stored"}
OF_ANOTHER = {"key": f"{EVENT}9/grid.xml", "state": "done"}


def line(time, facts):
    return f"{time} {json.dumps(facts)}"


@pytest.mark.parametrize(
    ("written", "part", "time"),
    [
        (line("2018-08-05T12:50:02Z", OF_GATEWAY), "gateway", "12:50:02"),
        (f"gateway-1  | {line('2018-08-05T12:50:02.123456Z', OF_GATEWAY)}", "gateway-1", "12:50:02"),
        (f"2018-08-05T19:50:02+0700 box siaga-web[77]: {json.dumps(OF_GATEWAY)}", "web", "12:50:02"),
        (json.dumps(OF_DOOR), "gateway", "12:50:00"),
    ],
    ids=["log", "compose", "journal", "record"],
)
def test_a_line_is_read_as_the_supervisor_compose_journal_and_the_door_write_it(written, part, time):
    (step,) = story.spoken([written], [EVENT], "gateway")
    assert step.part == part
    assert f"{step.time:%H:%M:%S}" == time
    assert f"{EVENT}/grid.xml" in step.text
    assert "reason" not in step.text


@pytest.mark.parametrize(
    "written",
    [
        line("2018-08-05T12:50:02Z", OF_ANOTHER),
        f"2018-08-05T12:50:02Z {EVENT} is no JSON",
        f"{EVENT}",
        '{"a": "' + EVENT,
    ],
)
def test_what_is_of_another_event_or_no_line_of_ours_is_left_out(written):
    assert list(story.spoken([written], [EVENT])) == []


def test_what_a_line_says_is_told_in_few_words():
    (step,) = story.spoken(
        [line("2018-08-05T12:50:02Z", OF_SLOT | {"reason": {"text": "Cut off"}})], [EVENT], "on-ash-2"
    )
    assert step.text == f'status=200 event_id={EVENT} run={RUN} timings={{"fetch": 0.1}} reason=Cut off'


def test_logs_old_logs_and_the_record_of_a_home_are_read(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "audit").mkdir()
    (tmp_path / "logs/gateway.log").write_text(line("2018-08-05T12:50:02Z", OF_GATEWAY) + "\n")
    (tmp_path / "logs/on-shakemap-0.log.1").write_text(line("2018-08-05T12:50:01Z", OF_SLOT) + "\n")
    (tmp_path / "audit/sftp.jsonl.3").write_text(json.dumps(OF_DOOR) + "\n")
    assert {step.part for step in story.logged(tmp_path, [EVENT])} == {"gateway", "on-shakemap-0", "sftp"}


def test_the_store_tells_of_an_event_whose_map_came_in_a_folder_of_another_name(store, minio, capsys, monkeypatch):
    given = store.put(keys.SHAKEMAPS, "odd/grid.xml", b"x")
    run = keys.Run.parse(RUN)
    happened = {keys.EVENT_TIME: "2018-08-05T11:46:35Z"}
    store.put(keys.RESULTS, run.key(keys.IMPACT), b"{}", "application/json", metadata=happened)
    arrival = {"bucket": keys.SHAKEMAPS, "key": "odd/grid.xml", "etag": given, "received": "2018-08-05T12:50:00Z"}
    entry = {"arrival": arrival, "process_time": "2018-08-05T12:46:00Z"}
    place = keys.CatalogEntry.of(run, datetime(2018, 8, 5, 11, 46, 35, tzinfo=UTC))
    store.put(keys.RESULTS, str(place), json.dumps(entry).encode())
    content = Notification(keys.SHAKEMAPS, "odd/grid.xml", given)
    told = "2018-08-05T12:50:0{}Z"
    receipt = Receipt(
        "on-shakemap", content, "done", None, RUN, EVENT, (), 1, told.format(0), told.format(1), told.format(3), 2.0
    )
    store.put(keys.LEDGER, receipt.name, receipt.encode())
    held = story.traces(EVENT, store, store)
    assert held.names == {EVENT, "odd"}
    assert [step.text for step in sorted(held.steps, key=lambda step: step.time)] == [
        f"earthquake {EVENT} happened",
        "its map initial-v001-3fa91c07 was made",
        "shakemaps/odd/grid.xml came",
        "on-shakemap began with shakemaps/odd/grid.xml, try 1",
        "on-shakemap done after 2.0 s",
    ]
    monkeypatch.setattr(Settings, "load", classmethod(lambda *_: minio))
    assert main(["log", EVENT, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["text"] == f"earthquake {EVENT} happened"
    assert main(["log", "20180805000000"]) == 1
    assert "Nothing is known of 20180805000000" in capsys.readouterr().err
