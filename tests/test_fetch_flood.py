"""fetch-flood on a real store: two days with outages, flips and changes, every hour accounted for."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.petabencana_server import PetaBencana

from functions.fetch_flood import handler
from siaga import keys, stack
from siaga.errors import SiagaError, Unavailable
from siaga.function import frame
from siaga.hazard.flood import read_flood
from siaga.inputs import flood_hours
from siaga.inputs.flood_hours import KINDS, FloodHours, account
from siaga.keys import FLOODMAPS, JAKARTA, Snapshot
from siaga.settings import REPOSITORY, Settings
from siaga.stack import Pattern
from siaga.store import Store

START = datetime(2026, 11, 21, 20, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST = START.replace(minute=0)


@pytest.fixture
def source():
    played = PetaBencana()
    yield played
    played.stop()


@pytest.fixture
def bench(store, minio, source):
    """A workbench with the rights of functions, whose PetaBencana is ours."""
    settings = replace(minio, petabencana_urls=(source.url,), petabencana_seconds=0.5)
    return frame.Context(Store.connect(minio, "functions"), settings)


def kinds(bench, hours, start=FIRST):
    return [hour.kind for hour in FloodHours(bench.store, JAKARTA).account(start, start + hours * HOUR)]


def told(bench, key):
    return json.loads(bench.store.get(FLOODMAPS, key)[0])


def outages(bench):
    return [told(bench, head.key) for head in bench.store.list(FLOODMAPS, keys.OUTAGES)]


def test_the_first_answer_is_kept_as_it_came(bench, source):
    source.wet(rw1=2, rw3=3)
    outcome = handler.run(START, bench)
    body, head = bench.store.get(FLOODMAPS, "2026112120-6-rw/flood_data.json")
    assert read_flood(body).states == source.states
    assert head.metadata["source"].startswith(f"{source.url}/floods?admin=ID-JK")
    assert outcome.event_id == "2026112120-6-rw data"
    assert outcome.warnings == []
    assert kinds(bench, 1) == ["data"]


def test_an_unchanged_flood_names_the_hour_that_holds_it(bench, source):
    source.wet(rw1=2)
    for hour in range(3):
        handler.run(START + hour * HOUR, bench)
    assert kinds(bench, 3) == ["data", "same", "same"]
    last = told(bench, "hours/2026112122-6-rw/same.json")
    assert last["same_as"] == "2026112120-6-rw"
    assert last["states_sha256"] == read_flood(bench.store.get(FLOODMAPS, "2026112120-6-rw/flood_data.json")[0]).sha256


def test_the_same_flood_after_a_dry_hour_is_a_new_one(bench, source):
    for hour, wet in enumerate((True, False, True)):
        source.wet(**{"rw1": 2} if wet else {})
        handler.run(START + hour * HOUR, bench)
    assert kinds(bench, 3) == ["data", "empty", "data"]


def test_a_second_answer_in_the_same_hour_is_a_new_version_if_the_flood_changed(bench, store, source):
    source.wet(rw1=2)
    for minute in (0, 10):
        handler.run(START + timedelta(minutes=minute), bench)
    key = "2026112120-6-rw/flood_data.json"
    assert len(list(store.versions(FLOODMAPS, key))) == 1
    source.wet(rw1=3)
    handler.run(START + timedelta(minutes=20), bench)
    assert len(list(store.versions(FLOODMAPS, key))) == 2
    assert read_flood(store.get(FLOODMAPS, key)[0]).highest == 3


def test_an_hour_that_was_flooded_in_part_stays_flooded(bench, source):
    source.wet(rw1=2)
    handler.run(START, bench)
    source.wet()
    handler.run(START + timedelta(minutes=20), bench)
    handler.run(START + HOUR, bench)
    assert kinds(bench, 2) == ["data", "empty"]


def test_an_hour_that_turned_wet_is_flooded(bench, source):
    handler.run(START, bench)
    source.wet(rw1=2)
    handler.run(START + timedelta(minutes=20), bench)
    assert kinds(bench, 1) == ["data"]


def test_a_suspect_answer_is_kept_apart_and_alarmed_once(bench, source):
    source.wet(rw1=2)
    source.moods["/floods"] = ["html"]
    for hour in range(3):
        outcome = handler.run(START + hour * HOUR, bench)
        assert "not JSON" in outcome.warnings[0]["text"]
    assert kinds(bench, 3) == ["suspect"] * 3
    hour = told(bench, "hours/2026112121-6-rw/suspect.json")
    assert bench.store.get(FLOODMAPS, hour["answer"])[0].startswith(b"<html>")
    assert [(one["since"], one["until"]) for one in outages(bench)] == [("2026-11-21T20:07:00Z", None)]
    source.moods.clear()
    handler.run(START + 3 * HOUR, bench)
    assert [(one["since"], one["until"]) for one in outages(bench)] == [
        ("2026-11-21T20:07:00Z", "2026-11-21T23:07:00Z")
    ]


def test_an_outage_that_comes_back_within_its_hour_is_one(bench, source):
    for minute, mood in enumerate(("broken", "fine", "broken")):
        source.moods["/floods"] = [mood]
        handler.run(START + timedelta(minutes=minute), bench)
    assert [(one["since"], one["until"]) for one in outages(bench)] == [("2026-11-21T20:07:00Z", None)]
    assert kinds(bench, 1) == ["empty"]


def test_a_gap_is_filled_from_the_archive(bench, source):
    handler.run(START, bench)
    source.wet(rw1=2)
    source.archive = [{"area_id": "2", "max_state": 2}, {"area_id": "4", "max_state": 4}]
    handler.run(START + 4 * HOUR, bench)
    assert kinds(bench, 5) == ["empty", "gap", "gap", "gap", "data"]
    gap = told(bench, "hours/2026112122-6-rw/gap.json")
    assert (gap["highest_state"], gap["areas"]) == (4, {"2": 2, "4": 4})
    assert (gap["from"], gap["until"]) == ("2026-11-21T21:00:00Z", "2026-11-22T00:00:00Z")
    asked = [parameters for path, parameters, _ in source.asked if path == "/floods/archive"]
    assert [one["start"] for one in asked] == ["2026-11-21T21:00:00+0000"]  # one question, and no second one
    handler.run(START + 5 * HOUR, bench)
    assert len([path for path, _, _ in source.asked if path == "/floods/archive"]) == 1


def test_an_archive_that_names_nothing_does_not_say_dry(bench, source):
    handler.run(START, bench)
    handler.run(START + 2 * HOUR, bench)
    assert told(bench, "hours/2026112121-6-rw/gap.json")["highest_state"] is None


def test_a_long_gap_is_asked_for_in_pieces_that_the_archive_answers(bench, source):
    handler.run(START, bench)
    handler.run(START + 200 * HOUR, bench)
    windows = [
        datetime.fromisoformat(one["end"]) - datetime.fromisoformat(one["start"])
        for path, one, _ in source.asked
        if path == "/floods/archive"
    ]
    assert windows == [timedelta(days=7), timedelta(hours=199 - 168)]
    assert set(kinds(bench, 201)[1:-1]) == {"gap"}


def test_a_foreign_object_under_a_snapshots_key_does_not_stop_the_hours(bench, store, source):
    store.put(FLOODMAPS, "2026112119-6-rw/flood_data.json", b"no flood map")
    store.put(FLOODMAPS, "2026112119-6-rw/notes.txt", b"")
    store.put(FLOODMAPS, "hours/what/same.json", b"")
    source.wet(rw1=2)
    handler.run(START, bench)
    assert kinds(bench, 1) == ["data"]


def test_regions_are_kept_apart(bench, source):
    bench = replace(bench, settings=replace(bench.settings, petabencana_regions=(("ID-JK", "jbd"), ("ID-JB", "bdg"))))
    source.wet(rw1=2)
    handler.run(START, bench)
    assert kinds(bench, 1) == ["data"]
    assert bench.store.exists(FLOODMAPS, "2026112120-6-rw-ID-JB/flood_data.json")
    asked = [parameters["admin"] for path, parameters, _ in source.asked if path == "/floods"]
    assert asked == ["ID-JK", "ID-JB"]


def test_without_servers_nobody_is_asked(bench, source):
    outcome = handler.run(START, replace(bench, settings=replace(bench.settings, petabencana_urls=())))
    assert outcome == frame.Outcome()
    assert list(bench.store.list(FLOODMAPS)) == []


# One step per hour: what the world is like, and what the hour must count as at the end.
_DAY = [
    ({}, "fine", "empty"),
    ({"rw1": 2}, "fine", "data"),
    ({"rw1": 2}, "fine", "same"),
    ({"rw1": 3, "rw2": 2}, "fine", "data"),
    ({"rw1": 3, "rw2": 2}, "forgets", "same"),  # empty out of a cache
    ({"rw1": 3, "rw2": 4}, "forgets", "data"),
    ({"rw1": 3, "rw2": 4}, "hang", "gap"),
    ({"rw1": 3, "rw2": 4}, "half", "gap"),
    ({"rw1": 3, "rw2": 4}, "busy", "gap"),
    ({"rw1": 3, "rw2": 4}, "fine", "same"),
    ({"rw1": 2}, "asleep", "gap"),  # nobody asks
    ({"rw1": 2}, "asleep", "gap"),
    ({"rw1": 2}, "fine", "data"),
    ({}, "fine", "empty"),
    ({}, "fine", "empty"),
    ({"rw3": 2}, "stranger", "gap"),  # empty, from a server that does not know the region
    ({"rw3": 2}, "html", "gap"),
    ({"rw3": 2}, "fine", "data"),
    ({}, "fine", "empty"),
    ({"rw3": 2, "rw4": 1}, "fine", "data"),
    ({"rw3": 2, "rw4": 1}, "broken", "suspect"),  # from here on the archive is shut
    ({"rw3": 2, "rw4": 1}, "lost", "suspect"),
    ({"rw3": 2, "rw4": 2}, "recovers", "data"),
    ({"rw3": 2, "rw4": 2}, "fine", "same"),
]


def live(source, bench, moment, states, mood):
    """One hour of the world."""
    source.wet(**states)
    source.forgets, source.knows = mood == "forgets", mood != "stranger"
    if mood == "stranger":
        source.wet()
    source.moods["/floods"] = [mood if mood in ("hang", "half", "busy", "html", "broken", "lost") else "fine"]
    if mood == "recovers":  # the first call fails, the one by hand half an hour later does not
        source.moods["/floods"] = ["broken"]
        handler.run(moment, bench)
        source.moods["/floods"] = ["fine"]
        moment += timedelta(minutes=30)
    if mood != "asleep":
        handler.run(moment, bench)


def test_two_days_are_accounted_for_hour_by_hour(bench, store, source):
    source.archive = [{"area_id": "2", "max_state": 4}]
    days = [*_DAY, *_DAY]
    for hour, (states, mood, _) in enumerate(days):
        source.moods["/floods/archive"] = ["shut" if hour >= 20 else "fine"]
        live(source, bench, START + hour * HOUR, states, mood)
    found = kinds(bench, 48)
    unfilled = ["suspect" if kind == "gap" and mood != "asleep" else kind for _, mood, kind in _DAY]
    assert found == [kind for _, _, kind in _DAY] + unfilled
    assert set(found) == set(KINDS)
    for (states, mood, _), kind in zip(days, found, strict=True):
        assert not (kind == "empty" and states), mood  # no false "no flood"
    raised = outages(bench)
    assert len(raised) == 6  # three a day, each once
    assert [one["until"] is not None for one in raised] == [True] * 6
    for hour in FloodHours(store, JAKARTA).account(FIRST, FIRST + 48 * HOUR):
        if hour.kind == "same":
            held = told(bench, hour.key)
            kept = Snapshot.parse(held["same_as"])
            assert read_flood(store.get(FLOODMAPS, kept.data)[0]).sha256 == held["states_sha256"]
        if hour.kind == "gap" and hour.key:
            assert told(bench, hour.key)["highest_state"] == 4
    wake = Pattern(FLOODMAPS, "2", keys.FLOOD_DATA)
    woken = {head.key for head in store.list(FLOODMAPS) if wake.matches(FLOODMAPS, head.key)}
    assert woken == {
        hour.key for hour in FloodHours(store, JAKARTA).account(FIRST, FIRST + 48 * HOUR) if hour.kind == "data"
    }


@given(st.sets(st.tuples(st.integers(0, 30), st.sampled_from(KINDS)), max_size=40))
def test_every_hour_is_there_once_with_the_best_that_is_known(objects):
    listed = []
    for number, kind in objects:
        snapshot = Snapshot(FIRST + number * HOUR)
        listed.append(snapshot.data if kind == "data" else snapshot.record(kind))
    hours = account([*listed, "suspect/x", "outages/2026112120-6-rw.json"], JAKARTA, FIRST, FIRST + 24 * HOUR)
    assert [hour.snapshot.hour for hour in hours] == [FIRST + number * HOUR for number in range(24)]
    for number, hour in enumerate(hours):
        known = [kind for there, kind in objects if there == number]
        assert hour.kind == (min(known, key=KINDS.index) if known else "gap")
        assert (hour.key in listed) == bool(known)


def test_a_listing_begins_with_the_hour_that_was_asked_for(store):
    for number in range(5):
        snapshot = Snapshot(FIRST + number * HOUR)
        store.put(FLOODMAPS, snapshot.data if number % 2 else snapshot.record("same"), b"{}")
    listed = set(FloodHours(store, JAKARTA).listed(FIRST + 2 * HOUR))
    assert {Snapshot.parse(key).hour for key in listed} == {FIRST + number * HOUR for number in (2, 3, 4)}


def test_schema_and_kinds_stand_in_each_record(bench, source):
    handler.run(START, bench)
    record = told(bench, "hours/2026112120-6-rw/empty.json")
    assert (record["schema"], record["kind"], record["region"]) == (flood_hours.SCHEMA, "empty", "ID-JK")
    assert len(record["proof"]) == 2


def test_a_tick_is_answered_as_openfaas_wants_it(monkeypatch):
    told = []

    def run(now, bench):
        told.append((now.tzinfo, bench))
        if len(told) > 1:
            raise Unavailable("The store sleeps")
        return frame.Outcome(event_id="2026112120-6-rw data")

    monkeypatch.setattr(frame, "open_context", lambda: "bench")
    handle = frame.on_tick(run)
    first, second = handle(None, None), handle(None, None)
    assert told[0] == (UTC, "bench")
    assert (first["statusCode"], json.loads(first["body"])["event_id"]) == (200, "2026112120-6-rw data")
    assert (second["statusCode"], json.loads(second["body"])["reason"]["text"]) == (503, "The store sleeps")


def test_regions_and_servers_are_settings(tmp_path):
    home = {"SIAGA_HOME": str(tmp_path)}
    loaded = Settings.load(home)
    assert loaded.petabencana_urls == ("https://data.petabencana.id", "https://api.petabencana.id")
    assert loaded.petabencana_regions == (("ID-JK", "jbd"),)
    loaded = Settings.load(
        home | {"SIAGA_PETABENCANA_REGIONS": "ID-JK=jbd ID-JB", "SIAGA_PETABENCANA_URLS": "http://a http://b"}
    )
    assert loaded.petabencana_regions == (("ID-JK", "jbd"), ("ID-JB", ""))
    assert loaded.petabencana_urls == ("http://a", "http://b")
    with pytest.raises(SiagaError, match="SIAGA_PETABENCANA_REGIONS is not like"):
        Settings.load(home | {"SIAGA_PETABENCANA_REGIONS": "jakarta"})


def test_the_schedule_stands_in_the_stack_file():
    (fetch,) = [one for one in stack.load(REPOSITORY / "stack.yml") if one.name == "fetch-flood"]
    assert fetch.schedule == "7 * * * *"
    assert fetch.inputs == ()
    assert fetch.timeout_seconds > 2 * Settings.load({}).petabencana_seconds  # the question and the archive
