"""Readers who stay: a store that hangs, lists that are made anew, what is pushed, what goes packed over the wire."""

import gzip
import json
import re
import socket
import time
from datetime import UTC, datetime

import pytest
from fixtures import ashfalls, floodhours, receipts
from fixtures.entries import entry, put
from fixtures.pages import NOBODY, opened, text

from siaga import dates, keys
from siaga.errors import Unavailable, reason
from siaga.events import Notification
from siaga.store import Store
from web import create_app, shell
from web import packed as packed_answers
from web.patient import PatientStore

EVENT = "20180805194635"


@pytest.fixture
def web(store, minio, tmp_path):
    """(store, index, client): an app whose index is refreshed by the test."""
    return opened(store, minio, tmp_path)


@pytest.fixture
def silent():
    """A store that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield PatientStore(f"http://127.0.0.1:{server.getsockname()[1]}", "key", "secret", patience=0.3)


def test_a_silent_store_holds_one_caller_for_its_patience_and_the_next_not_at_all(silent):
    began = time.monotonic()
    with pytest.raises(Unavailable):
        silent.get(keys.RESULTS, "x")
    assert 0.3 <= time.monotonic() - began < 3
    began = time.monotonic()
    for ask in (
        lambda: silent.head(keys.RESULTS, "x"),
        lambda: list(silent.list(keys.RESULTS)),
        lambda: list(silent.versions(keys.RESULTS)),
        lambda: silent.put(keys.DECISIONS, "x", b""),
        lambda: silent.delete(keys.SUBSCRIPTIONS, "x"),
    ):
        with pytest.raises(Unavailable, match="does not answer just now"):
            ask()
    assert time.monotonic() - began < 1


def test_an_event_page_tells_what_was_last_known_while_the_store_is_silent(web, silent):
    store, index, _client = web
    put(store, entry())
    index.refresh()
    reader = create_app(silent, index, NOBODY).test_client()
    status, page = text(reader, f"/earthquakes/{EVENT}?lang=en")
    assert status == 503
    for said in ("Lombok", "Orange", "3,200,000", "As it was on", "corrected" if "corrected" in page else "initial"):
        assert said in page
    assert silent.url not in page
    assert text(reader, "/earthquakes")[0] == 200


def test_hours_of_floods_and_ash_falls_are_told_while_the_store_is_silent(web, silent):
    store, index, _client = web
    ashfalls.put(store)
    floodhours.put_data(store, 0, dict(zip(floodhours.RWS, (1, 2, 4), strict=True)))
    index.refresh()
    reader = create_app(silent, index, NOBODY).test_client()
    for path, told in (
        (f"/ash/{ashfalls.EVENT}", ("Ash of Merapi", "SIAGA", "3,068 m", "1,900")),
        (f"/floods/{floodhours.snapshot(0)}", ("Flood, 07:00", "2 RW", "2,000")),
    ):
        status, page = text(reader, f"{path}?lang=en")
        assert status == 503
        assert all(said in page for said in ("As it was on", *told)), page
        assert silent.url not in page


def test_a_list_says_since_when_the_store_has_not_answered(web, monkeypatch):
    index, client = web[1], web[2]
    monkeypatch.setattr(index, "trouble", reason("away"))
    assert "The store does not answer: the lists are not whole yet" in text(client, "/ash?lang=en")[1]
    index.refresh()
    monkeypatch.setattr(shell, "_BROKEN", -1)
    began = dates.dated(datetime.fromtimestamp(index.fresh, UTC), "en", seconds=True)
    assert f"The store has not answered since {began}" in text(client, "/earthquakes?lang=en")[1]


def test_while_the_index_is_made_anew_nothing_is_said_to_be_missing(web, monkeypatch):
    store, index, client = web
    put(store, entry())
    assert "Daftar sedang dibaca ulang dari penyimpanan" in text(client, "/earthquakes")[1]
    assert "Belum ada ShakeMap" not in text(client, "/earthquakes")[1]
    monkeypatch.setattr(index, "look", lambda: False)
    assert text(client, f"/earthquakes/{EVENT}")[0] == 503
    index.refresh()
    assert "Daftar sedang dibaca ulang" not in text(client, "/earthquakes")[1]
    assert text(client, "/earthquakes/20180805194636")[0] == 404


def test_a_change_is_pushed_to_as_many_as_may_be_told(web, minio):
    store, index, _client = web
    index.refresh()
    app = create_app(Store.connect(minio, "web"), index, NOBODY, streams=1)
    stream = app.test_client().get("/live", buffered=False)
    said = stream.iter_encoded()
    assert next(said) == b"retry: 2000\n\n"
    first = json.loads(next(said).removeprefix(b"data: "))
    assert first["state"] == "live"
    assert app.test_client().get("/live").status_code == 204
    put(store, entry())
    index.refresh()
    began = time.monotonic()
    second = json.loads(next(said).removeprefix(b"data: "))
    assert second["revision"] != first["revision"]
    assert time.monotonic() - began < 1
    assert app.test_client().get("/live.json").get_json()["revision"] == second["revision"]
    stream.close()
    freed = app.test_client().get("/live", buffered=False)
    assert freed.status_code == 200
    freed.close()


def test_pages_styles_and_data_go_packed_but_not_to_who_is_logged_in(web, monkeypatch):
    store, index, client = web
    fall = ashfalls.put(store, report=None)
    for number in range(20):
        put(store, entry(f"201808050000{number:02}", time=f"2018-08-05T{number:02}:00:00Z"))
    index.refresh()
    asks = {"Accept-Encoding": "gzip, br"}
    for path in ("/earthquakes", "/static/siaga.css"):
        plain, packed = client.get(path, buffered=True), client.get(path, headers=asks, buffered=True)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        shown = re.sub(rb"\d+ (s|dtk)", b"", gzip.decompress(packed.data))
        assert len(shown) == pytest.approx(len(plain.data), abs=40)
        assert len(packed.data) < len(plain.data) / 3
    assert "Content-Encoding" not in client.get("/healthz", headers=asks).headers
    monkeypatch.setattr(packed_answers, "_LEAST", 10)  # the areas of a fall of these tests are short
    for path in (f"/ash/{ashfalls.EVENT}/{fall['version']}/files/classes.geojson", "/earthquakes/map.json"):
        plain, packed = client.get(path), client.get(path, headers=asks)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert int(packed.headers["Content-Length"]) == len(packed.data)
    client.set_cookie("session", "x")
    assert "Content-Encoding" not in client.get("/earthquakes", headers=asks).headers


def test_a_packed_style_that_the_reader_has_is_not_sent_again(web):
    client = web[2]
    asks = {"Accept-Encoding": "gzip"}
    tag = client.get("/static/siaga.css", headers=asks, buffered=True).headers["ETag"]
    again = client.get("/static/siaga.css", headers=asks | {"If-None-Match": tag}, buffered=True)
    assert again.status_code == 304


def test_a_mended_upload_is_no_failure_any_more(web):
    store, index, client = web
    bad = Notification(keys.SHAKEMAPS, "1/grid.xml", store.put(keys.SHAKEMAPS, "1/grid.xml", b"bad"))
    reason = {"text": "The file is empty", "template": "The file is empty", "values": {}}
    receipts.write(store, receipts.receipt(bad, "refused", reason=reason, received="2018-08-05T12:00:00Z"))
    index.refresh()
    assert "1 gagal" in text(client, "/earthquakes")[1]
    good = Notification(keys.SHAKEMAPS, "1/output/grid.xml", store.put(keys.SHAKEMAPS, "1/output/grid.xml", b"good"))
    receipts.write(store, receipts.receipt(good, received="2018-08-05T12:10:00Z"))
    index.refresh()
    assert "1 gagal" not in text(client, "/earthquakes")[1]
