"""What operators decide of events: hidden ones leave all that is read, and felt is what they say."""

import json

import pytest
from fixtures import accounts, ashfalls
from fixtures.entries import entry, put
from fixtures.pages import opened, text

from siaga import keys
from siaga.accounts.account import ASH_EDITOR
from siaga.store import Store
from web import UploadAccess
from web.index import Filter, Index

QUAKE = "20180805194635"
VERSION = "initial-v001-aaaaaaaa"
CORRECTED = "20180805194635_69_8300_116450_20180805200000"
READ = (f"/earthquakes/{QUAKE}/{VERSION}/popup", f"/api/v1/earthquakes/{QUAKE}")


@pytest.fixture
def web(store, minio, tmp_path):
    """(store, index, client): a quake with an initial and a corrected map, another one, and an ash fall."""
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio), "a key of the sessions")
    store, index, client = opened(store, minio, tmp_path, uploads)
    put(store, entry(QUAKE, VERSION))
    put(store, entry(CORRECTED, "corrected-v001-cccccccc"))
    put(store, entry("20190101000000", VERSION, time="2019-01-01T00:00:00Z", people_max_mmi=2))
    ashfalls.put(store)
    index.refresh()
    return store, index, client


def shown(index, hazard="earthquake", **wanted):
    """Ids of the events of a list."""
    return [one["event_id"] for one in index.events(hazard, Filter(**wanted), 50, 0)[0]]


def send(client, what, event_id=QUAKE, version=VERSION, hazard="earthquake", **more):
    """What that form of an operator answers."""
    named = {"hazard": hazard, "event_id": event_id, "version": version, "why": "a test of the line"}
    named |= {"token": accounts.token(client, "/account")} | more
    return client.post(f"/decisions/{what}", data=named).status_code


def test_a_hidden_event_leaves_all_that_is_read_and_comes_back(web, minio, tmp_path):
    store, index, client = web
    reader = client.application.test_client()
    accounts.entered(client)
    before = index.revision
    assert send(client, "hide") == 302
    assert shown(index) == ["20190101000000"]
    assert index.lists.months("earthquake")[-1][1] == 1
    assert index.maps.maps({}, [("time", True)], 50)[1] == 1
    assert index.counts("2018-08-05T12:00:00Z")["alerts"] == {}
    assert index.revision != before
    assert [reader.get(path).status_code for path in READ] == [404, 404]
    assert QUAKE not in text(reader, "/feeds/earthquakes.id.atom")[1]
    assert client.get(READ[0]).status_code == 200
    assert client.get(READ[1]).status_code == 404  # a cookie opens nothing of the API
    assert QUAKE in text(client, "/hidden")[1]
    assert reader.get("/hidden").status_code == 302
    anew = Index(Store.connect(minio, "web"), tmp_path / "anew.sqlite")
    anew.refresh()
    assert shown(anew) == ["20190101000000"]
    stored = [head.etag for head in store.list(keys.DECISIONS)]
    assert send(client, "hide", why="again") == 302
    assert [head.etag for head in store.list(keys.DECISIONS)] == stored
    assert send(client, "show", CORRECTED, "corrected-v001-cccccccc") == 302
    assert shown(index) == ["20190101000000", CORRECTED]
    assert reader.get(READ[0]).status_code == 200
    assert index.decisions.hidden(5) == ([], 0)


def test_a_hidden_ash_fall_says_so_on_its_page_to_operators_alone(web):
    _store, index, client = web
    event_id = ashfalls.EVENT
    version = index.versions(event_id, hazard="ash")[0]["version"]
    accounts.entered(client)
    assert send(client, "hide", event_id, version, "ash") == 302
    assert shown(index, "ash") == []
    assert text(client, f"/ash/{event_id}?lang=en")[1].count("Hidden from readers.") == 1
    assert client.application.test_client().get(f"/ash/{event_id}").status_code == 404


def test_an_operators_word_on_what_was_felt_stands_over_the_map(web):
    _store, index, client = web
    accounts.entered(client)
    assert shown(index, felt=True) == [CORRECTED]
    assert [text(client, path)[1].count("/decisions/hide") for path in ("/earthquakes", "/ash")] == [2, 1]
    assert send(client, "felt", "20190101000000", felt="yes") == 302
    assert send(client, "felt", felt="no") == 302
    assert shown(index, felt=True) == ["20190101000000"]
    assert index.decisions.of(index.versions(QUAKE)[0])["felt"].who == "op"
    assert send(client, "felt", felt="") == 302
    assert shown(index, felt=True) == ["20190101000000", CORRECTED]


def test_nobody_decides_without_the_role_a_reason_and_an_event(web, minio):
    store, _index, client = web
    accounts.of(minio, "editor", role=ASH_EDITOR)
    accounts.entered(client, "editor")
    assert send(client, "hide") == 403
    accounts.entered(client)
    assert [send(client, "hide", why=why) for why in ("", " ", "x" * 501)] == [404] * 3
    assert send(client, "hide", "20010101000000") == 404
    assert send(client, "felt", felt="perhaps") == 404
    assert list(store.list(keys.DECISIONS)) == []


def test_what_is_no_decision_counts_for_nothing(web):
    store, index, _client = web
    store.put(keys.DECISIONS, f"earthquake/{QUAKE}/event/hidden.json", b"{}")
    wrong = {"hazard": "earthquake", "event_id": QUAKE, "drill": False, "kind": "hidden; drop", "value": True}
    body = json.dumps(wrong | {"why": "", "who": "", "when": "2026-11-27T00:00:00Z"}).encode()
    store.put(keys.DECISIONS, f"earthquake/{QUAKE}/event/x.json", body)
    index.refresh()
    assert CORRECTED in shown(index)
