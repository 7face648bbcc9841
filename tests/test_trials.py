"""Trial messages: asked for on the page or by the API, sent by notify, once, and no message of any event."""

import re
from dataclasses import replace

import pytest
from fixtures import accounts
from fixtures.alerts import EVENT, quake, subscribe
from fixtures.pages import NOBODY, text
from support.mail_server import MailServer

from functions.notify import handler
from siaga import keys, moment
from siaga.alerts import naming
from siaga.alerts.directory import Directory
from siaga.events import Notification
from siaga.function import frame
from siaga.store import Store
from web import UploadAccess, bearer, create_app
from web.index import Index

NAME = "trial-0123456789"


@pytest.fixture
def server():
    started = MailServer().start()
    yield started
    started.stop()


@pytest.fixture
def context(store, minio, server):
    minio.make_secret("alerts-key")
    outlets = replace(minio.outlets, mail_url=f"smtp://127.0.0.1:{server.port}", mail_from="siaga@bnpb.example.id")
    return frame.Context(Store.connect(minio, "functions"), replace(minio, outlets=outlets))


@pytest.fixture
def app(store, minio, tmp_path):
    minio.make_secret("alerts-key")
    own = (*accounts.access(minio), "a key")
    uploads = UploadAccess(Store.connect(minio, "ash"), *own, alerts_key=minio.secret("alerts-key"))
    return create_app(Store.connect(minio, "web"), Index(Store.connect(minio, "web"), tmp_path / "i"), NOBODY, uploads)


@pytest.fixture
def client(app):
    client = app.test_client()
    accounts.entered(client)
    return client


def woken(store, name):
    """What the store announces of the trial of that subscription."""
    key = naming.trial(name, NAME)
    return Notification(keys.NOTIFICATIONS, key, store.head(keys.NOTIFICATIONS, key).etag)


def asked(client, name, trial=NAME):
    return client.post(
        "/subscriptions/trial", data={"token": accounts.token(client, "/account"), "id": name, "trial": trial}
    )


def test_a_trial_goes_out_once_says_so_first_and_its_answer_is_shown(store, context, server, client, minio):
    name = subscribe(store, "Ani", language="en")
    page = text(client, f"/subscriptions?edit={name}")[1]
    assert re.search(r'name="trial"\s+value="[a-z0-9-]{8,40}"', page)
    answers = [asked(client, name) for _ in range(2)]
    assert {one.status_code for one in answers} == {302}
    shown = answers[0].location
    assert "http-equiv" in text(client, shown)[1]
    for _ in range(2):
        handler.run(woken(store, name), context)
    ((to, mail),) = server.letters
    assert (to, mail["Subject"][:17]) == ("ani@bpbd.example.id", "TRIAL: EXERCISE: ")
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert plain.startswith("TRIAL: ")
    for body in (plain, html):
        assert "made up: nothing has happened" in " ".join(body.split())
        assert "/earthquakes/trial" not in body
    assert "250 2.0.0 taken" in text(client, f"{shown}?lang=en")[1]
    assert "http-equiv" not in text(client, shown)[1]


def test_a_trial_of_the_newest_event_leaves_what_was_heard_of_it_as_it_was(store, context, server, client, app):
    name = subscribe(store, "Ani")
    entry = quake(store)
    app.extensions["siaga"].index.refresh()
    asked(client, name)
    handler.run(woken(store, name), context)
    assert server.letters[0][1]["Subject"] == "CONTOH: Gempa M 6,9, Lombok, KUNING"
    assert f"/earthquakes/{EVENT}/" in server.letters[0][1].get_body(("plain",)).get_content()
    handler.run(entry, context)
    assert [mail["Subject"][:7] for _to, mail in server.letters] == ["CONTOH:", "Gempa M"]


@pytest.mark.parametrize(
    ("answer", "sentence"), [("550 no such user", "550: no such user"), ("451 later", "451: later")]
)
def test_a_trial_that_fails_is_tried_once_and_says_why(store, context, server, client, answer, sentence):
    name = subscribe(store, "Ani")
    server.answers["ani@bpbd.example.id"] = answer
    shown = asked(client, name).location
    handler.run(woken(store, name), context)
    handler.run(woken(store, name), context)
    assert sentence in text(client, f"{shown}?lang=en")[1]
    assert list(store.list(keys.NOTIFICATIONS, naming.FAILED)) == []  # whoever asked was told
    assert (name in Directory(store).returned()) == answer.startswith("550")


def test_who_stopped_gets_no_trial_and_no_stranger_asks_for_one(store, client, app):
    name = subscribe(store, "Ani")
    stranger = app.test_client()
    token = accounts.token(stranger, "/login")
    answer = stranger.post("/subscriptions/trial", data={"token": token, "id": name, "trial": NAME})
    assert answer.location.startswith("/login")
    assert client.post("/subscriptions/trial", data={"id": name, "trial": NAME}).status_code == 403
    assert asked(client, name, "../../x").status_code == 404
    Directory(store).change(name, lambda one: replace(one, standing="stopped"))
    assert "dihentikan" in asked(client, name).get_data(as_text=True)
    assert list(store.list(keys.NOTIFICATIONS)) == []


def test_a_channel_without_trials_offers_none_and_says_why(store, client):
    name = subscribe(store, "Hub", channel="cap", address="https://hub.example.id/cap")
    assert "/subscriptions/trial" not in text(client, f"/subscriptions?edit={name}")[1]
    assert "tidak memiliki percobaan" in asked(client, name).get_data(as_text=True)
    assert list(store.list(keys.NOTIFICATIONS)) == []


def test_programs_ask_for_a_trial_by_its_name_and_read_what_became_of_it(store, context, server, app, minio):
    name = subscribe(store, "Ani")
    with app.app_context():
        given = bearer.installed().add(accounts.of(minio).get("op"), "x", ("read:alerts", "write:alerts"), 1)[1]
    path, headers = f"/api/v1/subscriptions/{name}/trials/{NAME}", {"Authorization": f"Bearer {given}"}
    client = app.test_client()
    assert client.get(path, headers=headers).status_code == 404
    first, again = (client.put(path, headers=headers).get_json() for _ in range(2))
    assert (first, first["state"], first["answer"]) == (again, "waiting", None)
    handler.run(woken(store, name), context)
    after = client.get(path, headers=headers).get_json()
    assert (after["state"], after["answer"], after["reason"]) == ("sent", "250 2.0.0 taken", None)
    assert moment.parse(after["asked"]) <= moment.now()
    assert len(server.letters) == 1
