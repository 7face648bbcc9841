"""Addresses that stay: the newest event of a hazard, the newest version of one, never what is not shown."""

from datetime import UTC, datetime

import pytest
from fixtures import ashfalls
from fixtures import floodhours as hours
from fixtures.entries import entry, put
from fixtures.floodhours import A, B
from fixtures.pages import opened, text

from siaga import keys
from siaga.inputs.decisions import HIDDEN, Decision


@pytest.fixture
def web(store, minio, tmp_path):
    """(store, index, client): an app whose index is refreshed by the test."""
    return opened(store, minio, tmp_path)


def led_to(client, path):
    """Where it leads now: nobody may keep the answer."""
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store"), (path, answer.text)
    return answer.headers["Location"]


def hide(store, hazard, event_id):
    hidden = Decision(hazard, event_id, False, HIDDEN, True, "a test", "op", "2018-08-06T12:00:00Z")
    store.put(keys.DECISIONS, hidden.key, hidden.encode())


def test_while_nothing_is_there_a_sentence_says_so_and_the_lists_are_one_step_away(web):
    _store, index, client = web
    for path in ("/earthquakes/latest", "/floods/latest", "/ash/latest"):
        status, page = text(client, f"{path}?lang=en")
        assert (status, "The lists are being read anew from the store" in page) == (503, True)
    index.refresh()
    for path in ("/earthquakes/latest", "/floods/latest", "/ash/latest"):
        status, page = text(client, f"{path}?lang=en")
        assert (status, "this address leads to the newest event as soon as there is one" in page) == (404, True)
        assert 'href="/earthquakes"' in page
        assert "Belum ada apa-apa di daftar" in text(client, f"{path}?lang=id")[1]


def test_the_newest_quake_is_neither_an_exercise_nor_hidden_nor_what_came_last(web):
    store, index, client = web
    put(store, entry("20180805194635", time="2018-08-05T11:46:35Z"))
    put(store, entry("20180901000000", time="2018-09-01T00:00:00Z", longitude=100.0))
    put(store, entry("20181001000000_se", time="2018-10-01T00:00:00Z", longitude=125.0, drill=True))
    index.refresh()
    assert led_to(client, "/earthquakes/latest") == "/earthquakes/20180901000000"
    assert led_to(client, "/earthquakes/latest?lang=en") == "/earthquakes/20180901000000?lang=en"
    assert "<script" not in led_to(client, "/earthquakes/latest?lang=<script>")
    assert "/earthquakes/latest" in text(client, "/earthquakes?lang=en")[1]
    hide(store, "earthquake", "20180901000000")
    index.refresh()
    assert led_to(client, "/earthquakes/latest") == "/earthquakes/20180805194635"
    assert client.get("/earthquakes/20180901000000/latest").status_code == 404
    assert client.get("/earthquakes/nobody/latest").status_code == 404


def test_the_newest_version_of_a_quake_has_one_address_whatever_its_maps_are_called(web):
    store, index, client = web
    put(store, entry("20180805194635", "initial-v001-aaaaaaaa"))
    put(store, entry("20180805194635", "initial-v002-bbbbbbbb"))
    index.refresh()
    assert led_to(client, "/earthquakes/20180805194635/latest").endswith("/20180805194635/initial-v002-bbbbbbbb")
    put(store, entry("20180805114635", "corrected-v001-cccccccc"))
    index.refresh()
    newest = "/earthquakes/20180805114635/corrected-v001-cccccccc"
    for event_id in ("20180805194635", "20180805114635"):
        assert led_to(client, f"/earthquakes/{event_id}/latest") == newest


def test_the_newest_hour_is_the_newest_of_which_something_is_known(web):
    store, index, client = web
    hours.put_data(store, 0, {A: 2, B: 3})
    hours.put_told(store, 1, "suspect", reason=None)
    index.refresh()
    first = f"/floods/{hours.snapshot(0)}"
    assert led_to(client, "/floods/latest") == first
    assert led_to(client, f"{first}/latest").startswith(f"{first}/initial-v001-")
    hours.put_told(store, 2, "empty", proof=["x"])
    index.refresh()
    dry = led_to(client, "/floods/latest?lang=en")
    assert dry == f"/floods/{hours.snapshot(2)}?lang=en"
    assert text(client, dry)[0] == 200
    hours.put_data(store, 3, {A: 4})
    hide(store, "flood", str(hours.snapshot(3)))
    index.refresh()
    assert led_to(client, "/floods/latest") == f"/floods/{hours.snapshot(2)}"
    assert client.get("/floods/latest?region=ID-XX").status_code == 404


def test_the_newest_ash_fall_is_that_of_the_last_eruption(web):
    store, index, client = web
    late = datetime(2017, 3, 1, tzinfo=UTC)
    ashfalls.put(store)
    ashfalls.put(store, event_id="201703010700+0700_Merapi", time=f"{late:%Y-%m-%dT%H:%M:%SZ}")
    index.refresh()
    assert led_to(client, "/ash/latest").startswith("/ash/201703010700+0700_Merapi")
    assert led_to(client, f"/ash/{ashfalls.EVENT}/latest").startswith(f"/ash/{ashfalls.EVENT}/")
