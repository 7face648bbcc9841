"""The pages of alerts: operators write subscriptions, who gets messages ends them, and what became of each is shown."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from fixtures import accounts
from fixtures.alerts import quake, subscribe
from fixtures.pages import opened, text
from support.running import wait_for

from functions.notify import handler
from siaga import keys, moment
from siaga.accounts.account import VIEWER
from siaga.alerts import naming
from siaga.alerts.directory import Directory, Tokens
from siaga.function import frame
from siaga.store import Store
from web import UploadAccess
from web.outlook import Outlook

FORM = {"name": "BPBD <NTB>", "channel": "email", "address": "posko@bpbd.example.id", "hazards": ["earthquake"]}


@pytest.fixture
def web(store, minio, tmp_path):
    """(store, client): a browser of an operator."""
    minio.make_secret("alerts-key")
    own = accounts.access(minio)
    uploads = UploadAccess(Store.connect(minio, "ash"), *own, "a key", alerts_key=minio.secret("alerts-key"))
    store, _index, client = opened(store, minio, tmp_path, uploads)
    accounts.entered(client)
    return store, client


def send(client, path, **more):
    """What that form answers."""
    return client.post(f"/subscriptions/{path}", data={"token": accounts.token(client, "/account")} | more)


def test_an_operator_writes_changes_and_stops_a_subscription(web):
    store, client = web
    assert "Belum ada yang berlangganan" in text(client, "/subscriptions?lang=id")[1]
    answer = send(client, "save", **FORM, level="orange", drills="yes")
    assert answer.status_code == 302
    (one,) = Directory(store).all()
    assert (one.name, one.hazards, one.level, one.drills, one.standing, one.by) == (
        "BPBD <NTB>",
        ("earthquake",),
        "orange",
        True,
        "active",
        "op",
    )
    page = text(client, f"/subscriptions?edit={one.id}&lang=en")[1]
    assert "BPBD &lt;NTB&gt;" in page
    assert 'value="posko@bpbd.example.id"' in page
    assert send(client, "save", **FORM, id=one.id, people="5000").status_code == 302
    changed = Directory(store).get(one.id)
    assert (changed.people, changed.drills, changed.created) == (5000.0, False, one.created)
    wrong = send(client, "save", **FORM, id=one.id, people="many")
    assert wrong.status_code == 422
    assert "people" in wrong.get_data(as_text=True)
    assert Directory(store).get(one.id) == changed
    send(client, "stand", id=one.id)
    assert Directory(store).active() == []
    send(client, "stand", id=one.id, go_on="yes")
    assert Directory(store).active() == [changed]
    kept = send(client, "remove?lang=en", id=one.id)
    assert (kept.status_code, "stop it before" in kept.get_data(as_text=True)) == (409, True)
    send(client, "stand", id=one.id)
    assert send(client, "remove", id=one.id).status_code == 302
    assert list(Directory(store).all()) == []


def test_whoever_gets_messages_ends_them_by_one_click_and_nobody_else_does(web, minio):
    store, client = web
    name, tokens = subscribe(store, "Ani"), Tokens(minio.secret("alerts-key"))
    reader, path = client.application.test_client(), tokens.address("", "stop", name)
    assert reader.get(path).status_code == 200  # what opens links beforehand ends nothing
    assert Directory(store).get(name).standing == "active"
    for wrong in (path[:-1] + ("0" if path[-1] != "0" else "1"), path.replace(name, "other-00000000"), path[:-3]):
        assert reader.get(wrong).status_code == 404
        assert reader.post(wrong).status_code == 404
    answer = reader.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert Directory(store).get(name).standing == "stopped"
    assert not [head for head in store.list(keys.SUBSCRIPTIONS) if path.rpartition("/")[2] in str(head)]


def test_a_table_goes_out_and_comes_in_again_whole_or_not_at_all(web):
    store, client = web
    subscribe(store, "Ani", zones="52.71")
    table = client.get("/subscriptions/export.csv").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert (rows[0]["name"], rows[0]["zones"]) == ("Ani", "52.71")
    more = table + ',,"Budi, Kota",webhook,https://bpbd.example.id/siaga\r\n'

    def given(body):
        return send(client, "import", table=(io.BytesIO(body.encode()), "t.csv"))

    assert given(more).status_code == 302
    assert sorted(one.name for one in Directory(store).all()) == ["Ani", "Budi, Kota"]
    again = given(more + ',,"Budi, Kota",webhook,https://bpbd.example.id/other\r\n')  # as after one that broke off
    assert "1 baris" in text(client, again.location)[1]
    assert {one.address[-6:] for one in Directory(store).all() if one.channel == "webhook"} == {"/siaga", "/other"}
    assert len(Directory(store).all()) == 3
    bad = given(more + ",,Citra,fax,1\r\n")
    assert bad.status_code == 422
    assert "4" in bad.get_data(as_text=True)
    assert len(Directory(store).all()) == 3
    assert given("").status_code == 422


def test_what_became_of_alerts_is_shown_with_the_reason(web, minio):
    store, client = web
    subscribe(store, "Citra", level="red")
    subscribe(store, "Eko", channel="telegram", address="@ekoeko")
    handler.run(quake(store, description="Palu <b>"), frame.Context(Store.connect(minio, "functions"), minio))
    page = text(client, "/notifications?lang=en")[1]
    assert "M 6.9 earthquake, Palu &lt;b&gt;" in page
    assert "1 not told: There is no server for channel telegram" in page
    assert "1 not told: No threshold of the subscription is reached" in page


def test_a_viewer_sees_no_addresses(web, minio):
    _store, client = web
    accounts.of(minio, "viewer", role=VIEWER)
    accounts.entered(client, "viewer")
    for path in ("/subscriptions", "/notifications", "/subscriptions/export.csv"):
        assert client.get(path).status_code == 403


def test_what_failed_is_overdue_or_takes_nothing_is_told_to_who_looks_after_it(web):
    store, client = web
    name, now = subscribe(store, "Gusti"), moment.now()
    record = f"messages/{name}/a.json"
    marks = [naming.failed(now, record), naming.failed(now - timedelta(days=2), record)]
    marks += [naming.held(now - timedelta(hours=1), record), naming.held(now + timedelta(hours=1), record)]
    for mark in (*marks, naming.returned(name), naming.returned("removed-00000000")):
        store.put(keys.NOTIFICATIONS, mark, record.encode())
    told = wait_for(lambda: client.get("/status.json").get_json()["alerts"], 30, "the marks")
    assert told == {"failed": 1, "held": 2, "overdue": 1, "returned": 1}
    page = text(client, "/status?lang=en")[1]
    assert "of these 1 are overdue" in page
    outlook = Outlook(store)
    wait_for(outlook.counts, 30, "the marks")
    assert {one.name: one.samples[0].value for one in outlook.collect()} == {
        "siaga_messages_failed": 1,
        "siaga_messages_held": 2,
        "siaga_messages_overdue": 1,
        "siaga_addresses_returned": 1,
    }
    Directory(store).change(name, lambda one: replace(one, address="gusti@example.id"))
    assert Directory(store).returned() == set()  # nobody has tried the new address


def test_how_alerts_stand_is_not_known_while_the_store_is_away():
    outlook = Outlook(Store("http://127.0.0.1:9", "key", "secret", patience=1))
    assert (outlook.counts(), list(outlook.collect())) == (None, [])
