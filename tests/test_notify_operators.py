"""Operators hear of what failed in Siaga itself: once, an hour apart at the least, in their language."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from support.mail_server import MailServer
from test_notify import later, mailed

from functions.notify import handler
from gateway.operators import Operators
from siaga import keys, moment
from siaga.alerts.allowance import Allowance
from siaga.errors import reason
from siaga.events import Notification
from siaga.function import frame
from siaga.inputs import canary
from siaga.inputs.announcements import Announcements
from siaga.inputs.canary import Standing
from siaga.inputs.flood_hours import FloodHours
from siaga.inputs.petabencana import Empty, Suspect
from siaga.outlets import Outlets
from siaga.receipt import Receipt
from siaga.settings import Settings
from siaga.store import Store

TO = "jaga@bnpb.example.id"


@pytest.fixture
def server(minio):
    minio.make_secret("alerts-key")
    started = MailServer().start()
    yield started
    started.stop()


@pytest.fixture
def context(store, minio, server, monkeypatch):
    monkeypatch.setattr(handler, "Allowance", lambda: Allowance(lambda: 0.0))  # however slow the machine
    return serving(minio, server.port)


def serving(minio, port, language="id", *more):
    settings = mailed(minio, port)
    outlets = replace(settings.outlets, operators=(("email", TO), *more), operators_language=language)
    settings = replace(settings, outlets=outlets, canary_minutes=10)
    return frame.Context(Store.connect(settings, "functions"), settings)


def receipt(state, key="20261127100000/grid.xml", function="on-shakemap", bucket=keys.SHAKEMAPS, etag="e"):
    why = reason("{field} is missing", field="magnitude")
    now = moment.stamp()
    content = Notification(bucket, key, etag)
    return Receipt(function, content, state, why, "", "", (), 1, now, now, now, 0.1)


def tick(context):
    return handler.tick(moment.now(), context)


def test_uploads_that_were_refused_are_told_once_and_what_follows_an_hour_later(context, minio, server, monkeypatch):
    gateway = Operators(Store.connect(minio, "gateway"), wanted=True)
    gateway.hear(receipt("refused"))
    gateway.hear(receipt("done", "a/grid.xml"))
    gateway.hear(receipt("refused", "canary/grid.xml", bucket=keys.CANARY))
    assert tick(context).event_id == "1 sent, 0 asked"
    assert tick(context).event_id == "0 sent, 0 asked"
    ((to, mail),) = server.letters
    assert (to, mail["Subject"]) == (TO, "Siaga: 1 unggahan ke shakemaps ditolak")
    assert mail["List-Unsubscribe"] is None
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        assert "shakemaps/20261127100000/grid.xml" in text
        assert f"{context.settings.public_url}/status?lang=id" in text
        assert "Refused" not in text
    for number in range(25):
        gateway.hear(receipt("refused", f"b{number}/grid.xml"))
    gateway.hear(receipt("dead"))  # another matter
    assert tick(context).event_id == "1 sent, 0 asked"
    assert server.letters[1][1]["Subject"] == "Siaga: on-shakemap menyerah pada 1 masukan"
    later(monkeypatch, minutes=61)
    assert tick(context).event_id == "1 sent, 0 asked"
    text = server.letters[2][1].get_body(("plain",)).get_content()
    assert text.startswith("25 unggahan ke shakemaps ditolak")
    assert text.count("/grid.xml") == 20
    assert "5 lagi dari jenis yang sama" in text
    assert list(context.store.list(keys.NOTIFICATIONS, keys.ASKED)) == []


def test_silent_sources_and_a_late_canary_are_told_once_for_as_long_as_they_last_and_their_end_once(
    store, context, minio, server, monkeypatch
):
    context = serving(minio, server.port, "en")
    now = moment.now()
    Announcements(store).note(now - timedelta(minutes=30), None)
    Announcements(store).note(now, reason("{url} did not answer in time", url="https://bmkg.example.id"))
    FloodHours(store, "ID-JK").write(now, Suspect(reason("{url} did not answer in time", url="https://pb.example.id")))
    store.put(keys.CANARY, "20261127100000_se/grid.xml", b"<grid/>")
    later(monkeypatch, minutes=2)
    assert tick(context).event_id == "3 sent, 0 asked"
    assert [mail["Subject"] for _to, mail in server.letters] == [
        "Siaga: The trial map has no report in time",
        "Siaga: BMKG sends no data",
        "Siaga: PetaBencana (ID-JK) sends no data",
    ]
    text = server.letters[2][1].get_body(("plain",)).get_content()
    assert "https://pb.example.id did not answer in time" in " ".join(text.split())
    later(monkeypatch, hours=2)
    assert tick(context).event_id == "0 sent, 0 asked"
    now = moment.now()
    Announcements(store).note(now, None)
    FloodHours(store, "ID-JK").write(now, Empty("https://pb.example.id", ()))
    sent = canary.look(store).sent
    monkeypatch.setattr(canary, "look", lambda _store: Standing(sent, now, 120.0))
    assert [tick(context).event_id for _ in range(2)] == ["3 sent, 0 asked", "0 sent, 0 asked"]
    assert [mail["Subject"] for _to, mail in server.letters[3:]] == [
        "Siaga: The trial map has its report again",
        "Siaga: BMKG sends data again",
        "Siaga: PetaBencana (ID-JK) sends data again",
    ]
    text = server.letters[5][1].get_body(("plain",)).get_content()
    assert re.search(rf"{now:%H:%M} UTC\)\.\s+The outage lasted\s+12\d\s+min\s+at\s+most\.", text)
    assert left(store, "told/") == 0


def test_a_message_is_tried_again_and_goes_to_each_operator_once(store, context, minio, server, monkeypatch):
    context = serving(minio, server.port, "id", ("email", "kedua@bnpb.example.id"), ("telegram", "@jaga_siaga"))
    Operators(Store.connect(minio, "gateway"), wanted=True).hear(receipt("dead"))
    server.answers = {"kedua@bnpb.example.id": "451 later"}
    outcome = tick(context)
    assert outcome.event_id == "0 sent, 0 asked"
    assert [one["text"] for one in outcome.warnings] == ["SIAGA_OPERATORS names telegram, for which there is no server"]
    server.answers = {}
    later(monkeypatch, seconds=15)
    assert tick(context).event_id == "2 sent, 0 asked"
    assert [to for to, _mail in server.letters] == [TO, "kedua@bnpb.example.id"]


def left(store, prefix):
    """How many objects lie there."""
    return len(list(store.list(keys.NOTIFICATIONS, prefix)))


def test_of_many_uploads_twenty_are_read_and_all_are_counted(store, context, minio, server, monkeypatch):
    read, get = [], Store.get
    monkeypatch.setattr(Store, "get", lambda it, bucket, key, **more: read.append(key) or get(it, bucket, key, **more))
    gateway = Operators(Store.connect(minio, "gateway"), wanted=True)
    store.put(keys.NOTIFICATIONS, f"{keys.ASKED}refused-shakemaps/0.json", b"{")
    for number in range(24):
        gateway.hear(receipt("refused", f"b{number}/grid.xml"))
    tick(context)
    assert len([key for key in read if key.startswith(keys.ASKED)]) == 20
    assert server.letters[0][1]["Subject"] == "Siaga: 24 unggahan ke shakemaps ditolak"
    assert (left(store, keys.ASKED), left(store, "told/")) == (0, 0)
    gateway.hear(receipt("refused", "c/grid.xml"))
    read.clear()
    tick(context)
    assert [key for key in read if key.startswith(keys.ASKED)] == []
    assert left(store, keys.ASKED) == 1


def test_no_message_is_begun_after_some_seconds_and_the_rest_comes_a_minute_later(
    store, context, minio, server, monkeypatch
):
    for function in ("on-ash", "on-flood", "on-shakemap"):
        Operators(Store.connect(minio, "gateway"), wanted=True).hear(receipt("dead", function=function))
    monkeypatch.setattr(handler, "Allowance", lambda: Allowance(lambda: 6.0 * len(server.letters)))
    for count in (1, 2, 3, 3):
        tick(context)
        assert len(server.letters) == count
    assert left(store, keys.ASKED) == 0


def test_a_channel_that_fails_is_left_alone_until_the_next_minute(store, context, minio, server, monkeypatch):
    for function in ("on-ash", "on-flood"):
        Operators(Store.connect(minio, "gateway"), wanted=True).hear(receipt("dead", function=function))
    server.answers = {TO: "451 later"}
    tick(context)
    assert left(store, "messages/operator-") == 1
    server.answers = {}
    later(monkeypatch, minutes=1)
    assert tick(context).event_id == "2 sent, 0 asked"


def test_without_operators_nothing_is_asked_or_looked_for(store, context, minio):
    Operators(Store.connect(minio, "gateway"), wanted=False).hear(receipt("dead"))
    outlets = replace(context.settings.outlets, operators=())
    tick(frame.Context(context.store, replace(context.settings, outlets=outlets)))
    assert list(store.list(keys.NOTIFICATIONS)) == []


def test_what_the_store_does_not_take_is_asked_again(store, minio, monkeypatch):
    away = replace(minio, store_url="http://127.0.0.1:9")
    gateway = Operators(Store.connect(away, "gateway", 1), wanted=True)
    gateway.hear(receipt("dead"))
    gateway._store = Store.connect(minio, "gateway")
    gateway.hear(receipt("dead", "b/grid.xml"))
    heads = list(store.list(keys.NOTIFICATIONS, keys.ASKED))
    assert len(heads) == 2
    assert json.loads(store.get(keys.NOTIFICATIONS, heads[0].key)[0])["about"] == "on-shakemap"


def test_whom_the_settings_name_is_checked():
    wrong = []
    Outlets.of({"SIAGA_OPERATORS": "email:a@b.id fax:12 telegram:x y", "SIAGA_OPERATORS_LANGUAGE": "fr"}, "h", wrong)
    assert [one.partition(",")[0] for one in wrong] == [
        "SIAGA_OPERATORS_LANGUAGE is fr; there are id",
        "SIAGA_OPERATORS names fax:12",
        "SIAGA_OPERATORS names telegram:x",
        "SIAGA_OPERATORS names y",
    ]
    assert Settings.load({"SIAGA_OPERATORS": "email:a@b.id"}).outlets.operators == (("email", "a@b.id"),)
