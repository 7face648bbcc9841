"""Doing it again in the operator's browser: who may, what is looked at first, what is retried, dropped, stopped."""

import re

import pytest
from fixtures import accounts, receipts
from fixtures.accounts import entered
from support.gateway_process import Function, Gateway
from support.running import wait_for

from siaga import keys
from siaga.events import Notification
from siaga.receipt import Receipt
from siaga.store import Store
from web import UploadAccess, create_app
from web.index import Index


@pytest.fixture
def web(store, minio, tmp_path):
    """(store, index, client, gateway, function): the app of a gateway that runs, its index refreshed by the test."""
    gateway = Gateway(minio, tmp_path, SIAGA_ATTEMPTS="1")
    function = Function(gateway.settings.function_port, lambda _: (500, "boom"))
    index = Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")
    token = minio.secret("orders-token")
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio), "a key", orders_token=token)
    app = create_app(Store.connect(minio, "web"), index, gateway.url, uploads, minio.secret("jobs-token"))
    yield store, index, app.test_client(), gateway, function
    if gateway.process:
        gateway.kill()
    function.stop()


def page(client, path="/reprocess"):
    return client.get(f"{path}{'&' if '?' in path else '?'}lang=en").get_data(as_text=True)


def token(text):
    return re.search(r'name="token" value="([^"]+)"', text)[1]


def state(store):
    """The states of all receipts."""
    return sorted(one.state for one in written(store))


def written(store):
    names = [head.key for head in store.list(keys.LEDGER) if not head.key.startswith(keys.ORDERS)]
    return [Receipt.decode(store.get(keys.LEDGER, name)[0]) for name in names]


CHANGING = ("look", "order", "retry", "drop", "stop")


def test_only_the_operator_comes_in_and_only_with_the_forms_token(web):
    _store, _index, client, _gateway, _function = web
    assert client.get("/reprocess").headers["Location"].startswith("/login")
    forms = token(page(client, "/login"))
    for name in CHANGING:
        assert client.post(f"/reprocess/{name}", data={"token": forms}).headers["Location"].startswith("/login")
    entered(client)
    for name in CHANGING:
        assert client.post(f"/reprocess/{name}", data={"what": "all"}).status_code == 403
    assert client.get("/reprocess").headers["Cache-Control"] == "no-store"


def test_what_failed_is_told_tried_again_and_dropped(web):
    store, index, client, gateway, function = web
    key = "20180220163351/grid.xml"
    store.put(keys.SHAKEMAPS, key, b"x")
    old = receipts.receipt(Notification(keys.SHAKEMAPS, key, "0" * 32), "dead")  # of a content that was overwritten
    receipts.write(store, old)
    gateway.start()
    wait_for(lambda: len(state(store)) == 2, 20)
    index.refresh()
    forms = entered(client)
    text = page(client)
    assert text.count("/reprocess/drop") == 1
    assert "boom" in text
    assert "/reprocess" in page(client, "/status")
    sent = {"token": forms, "bucket": keys.SHAKEMAPS, "key": key, "function": "on-shakemap"}
    assert client.post("/reprocess/retry", data=sent).status_code == 302
    wait_for(lambda: len(function.calls) == 2, 10)
    wait_for(lambda: len(state(store)) == 2, 10)
    assert client.post("/reprocess/drop?lang=en", data=sent | {"why": " "}).status_code != 302
    assert client.post("/reprocess/drop", data=sent | {"why": "a test map"}).status_code == 302
    assert state(store) == ["dead", "dropped"]
    index.refresh()
    text = page(client)
    assert "Dropped by op: a test map" in text
    assert "Nothing was refused or failed." in text
    assert "Dropped by op: a test map" in page(client, "/status")
    assert "Dibatalkan oleh op: a test map" in client.get("/reprocess?lang=id").get_data(as_text=True)


def test_a_range_is_looked_at_and_then_done(web):
    store, _index, client, gateway, function = web
    function.answer = lambda _: (200, {"state": "done", "run": ""})
    for year in (2016, 2017, 2018):
        store.put(keys.SHAKEMAPS, f"{year}0220163351/grid.xml", b"x")
    gateway.start()
    wait_for(lambda: state(store) == ["done"] * 3, 20)
    forms = {"what": "latest", "count": "2", "name": "", "since": "", "until": "", "report": ""}
    forms["token"] = entered(client)
    looked = client.post("/reprocess/look?lang=en", data=forms).get_data(as_text=True)
    assert "2 to be done again" in looked
    assert "shakemaps/20180220163351/grid.xml" in looked
    assert "shakemaps/20160220163351/grid.xml" not in looked
    assert len(function.calls) == 3
    assert client.post("/reprocess/order", data=forms).status_code == 302
    wait_for(lambda: "2 of 2" in page(client), 20)
    assert "The latest 2 events" in page(client)
    assert len(function.calls) == 5


WRONG = {  # what the form says: what the page answers
    "what": ({"what": "everything"}, "choose one of the list"),
    "count": ({"what": "latest", "count": "many"}, "write how many events"),
    "period": ({"what": "period"}, "Write from when"),
    "day": ({"what": "period", "since": "2018-08-05", "until": "2018-08-05"}, "write the day after the last"),
    "name": ({"what": "named"}, "Write the name"),
    "unknown": ({"what": "named", "name": "19990101000000"}, "Nothing that was processed answers to"),
    "since": ({"what": "all", "since": "yesterday"}, "write a time such as"),
}


def test_a_wrong_form_comes_back_with_the_reason(web):
    _store, _index, client, gateway, _function = web
    forms = entered(client)
    away = client.post("/reprocess/order?lang=en", data={"token": forms, "what": "all"})
    assert (away.status_code, "nothing was ordered" in away.get_data(as_text=True)) == (503, True)
    gateway.start()
    for sent, said in WRONG.values():
        answer = client.post("/reprocess/order?lang=en", data=sent | {"token": forms})
        assert answer.status_code >= 400
        assert said in answer.get_data(as_text=True), sent


def test_an_order_is_stopped(web):
    store, _index, client, gateway, function = web
    gateway.start()
    function.answer = lambda _: (200, {"state": "done", "run": ""}) if len(function.calls) < 2 else (429, "busy")
    store.put(keys.SHAKEMAPS, "20160220163351/grid.xml", b"x")
    wait_for(lambda: state(store) == ["done"], 20)
    gateway.reprocess(all=True)
    forms = entered(client)
    name = wait_for(lambda: re.search(r'name="id" value="(\w+)"', re.sub(r"\s+", " ", page(client))), 10)[1]
    assert client.post("/reprocess/stop", data={"token": forms, "id": name}).status_code == 302
    assert "Stopped" in page(client)
