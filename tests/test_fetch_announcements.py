"""fetch-announcements on a real store, and what status page, event page and lists tell of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fixtures.entries import entry, put
from fixtures.pages import opened, text
from support.lists_server import Lists

from functions.fetch_announcements import handler
from siaga import keys
from siaga.errors import BadInput
from siaga.function import frame
from siaga.inputs import announcements
from siaga.moment import stamp
from siaga.store import Store
from web.index import Filter

NOW = datetime(2026, 4, 6, 2, 0, tzinfo=UTC)
JAILOLO, LOMBOK, AMBON = "20260406T015646Z.json", "20180805T114635Z.json", "20251201T165959Z.json"


@pytest.fixture
def source():
    played = Lists()
    yield played
    played.stop()


@pytest.fixture
def context(store, minio, source):
    return frame.Context(Store.connect(minio, "functions"), replace(minio, bmkg_url=source.url))


def told(store, key):
    return json.loads(store.get(keys.ANNOUNCEMENTS, key)[0])


def test_three_lists_become_one_object_for_each_quake_and_again_nothing_is_written(context, store):
    outcome = handler.run(NOW, context)
    assert outcome.warnings == []
    assert {head.key for head in store.list(keys.ANNOUNCEMENTS)} == {JAILOLO, LOMBOK, AMBON, announcements.SOURCE}
    lombok = told(store, LOMBOK)
    assert (lombok["longitude"], lombok["latitude"], lombok["magnitude"], lombok["depth_km"]) == (
        116.48,
        -8.37,
        7.0,
        15,
    )
    assert lombok["felt"] == "VII Mataram, VI Karangasem"  # of one list
    assert lombok["tsunami"] is True  # of another
    assert told(store, AMBON)["tsunami"] is False
    assert told(store, AMBON)["felt"] == ""
    assert handler.run(NOW + timedelta(minutes=1), context).event_id == "0 written"
    assert told(store, announcements.SOURCE)["answered"] == stamp(NOW + timedelta(minutes=1))


def test_a_list_that_fails_takes_nothing_from_the_others_and_a_source_that_is_away_is_told(context, store, source):
    source.answers["autogempa"] = b"<html>busy</html>"
    outcome = handler.run(NOW, context)
    assert len(outcome.warnings) == 1
    assert LOMBOK in {head.key for head in store.list(keys.ANNOUNCEMENTS)}
    source.answers = dict.fromkeys(source.answers)
    handler.run(NOW + timedelta(minutes=5), context)
    record = told(store, announcements.SOURCE)
    assert (record["asked"], record["answered"]) == (stamp(NOW + timedelta(minutes=5)), stamp(NOW))
    assert "503" in record["reason"]["text"]


@pytest.mark.parametrize("body", [b"[]", b"7", b'{"asked": 1}', b"<html>"])
def test_what_somebody_else_put_in_place_of_the_sources_record_stops_neither_page_nor_source(
    context, store, minio, tmp_path, body
):
    store.put(keys.ANNOUNCEMENTS, announcements.SOURCE, body)
    _store, index, client = opened(store, minio, tmp_path)
    index.refresh()
    sources = client.get("/status.json").get_json()["sources"]
    assert [one["state"] for one in sources if one["name"] == "BMKG"] == ["off"]
    handler.run(NOW, context)
    assert told(store, announcements.SOURCE)["answered"] == stamp(NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("DateTime", "06 Apr 2026"),
        ("DateTime", "2026-04-06T01:56:46"),
        ("DateTime", "9999-12-31T23:59:59+00:00"),
        ("Coordinates", "126.40"),
        ("Coordinates", "126.40,1.42"),
        ("Magnitude", "nan"),
        ("Kedalaman", "deep"),
    ],
)
def test_a_quake_that_cannot_be_read_is_named_and_the_others_are_taken(source, field, value):
    listed = json.loads(source.answers["gempadirasakan"])
    listed["Infogempa"]["gempa"][0][field] = value
    found, reasons = announcements.read(json.dumps(listed).encode())
    assert len(found) == 1
    assert [field in reason["text"] for reason in reasons] == [True]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"Infogempa": 1}', b'{"Infogempa": {"gempa": 3}}', b"[" * 100_000])
def test_what_is_no_such_list_is_refused_in_a_sentence(body):
    with pytest.raises(BadInput, match=r"Infogempa\.gempa"):
        announcements.read(body)


def test_pages_tell_what_was_announced_and_which_quakes_have_no_map(context, store, minio, tmp_path, source):
    now = datetime.now(UTC).replace(microsecond=0)
    listed = json.loads(source.answers["autogempa"])
    listed["Infogempa"]["gempa"] |= {
        "DateTime": (now - timedelta(hours=1)).isoformat(),
        "Dirasakan": "III <b>Ternate</b>",
    }
    source.answers["autogempa"] = json.dumps(listed).encode()
    weak = {"people_max_mmi": 2, "time": "2018-08-05T11:46:35Z", "longitude": 116.45, "latitude": -8.3}
    put(store, entry(**weak))
    _store, index, client = opened(store, minio, tmp_path)
    index.refresh()
    assert index.events("earthquake", Filter(felt=True), 9, 0)[1] == 0
    handler.run(now, context)
    index.refresh()
    assert index.events("earthquake", Filter(felt=True), 9, 0)[1] == 1  # since BMKG says so
    put(store, entry(version="initial-v002-bbbbbbbb", **weak))
    index.refresh()
    assert index.events("earthquake", Filter(felt=True), 9, 0)[1] == 1  # of a later version too
    page = text(client, "/status?lang=id")[1]
    assert "Diumumkan BMKG, petanya belum datang" in page
    assert "126 km barat Jailolo" in page
    assert "III &lt;b&gt;Ternate" in page
    assert "LOMBOKTIMUR" not in page  # has its map
    status = client.get("/status.json").get_json()
    assert status["announced_without_map"] == ["Pusat gempa berada di laut 126 km barat Jailolo"]
    assert [one["state"] for one in status["sources"] if one["name"] == "BMKG"] == ["fine"]
    assert status["backlog"] is None  # nobody answers there
    put(
        store,
        entry(
            event_id="20260406085646",
            time=stamp(now - timedelta(hours=1)),
            longitude=126.4,
            latitude=1.4,
            magnitude=4.4,
        ),
    )
    index.refresh()
    assert client.get("/status.json").get_json()["announced_without_map"] == []
