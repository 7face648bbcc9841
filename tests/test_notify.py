"""notify on a real store and a real SMTP server: who is told what, once, and what a crash in the middle leaves."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fixtures.alerts import EVENT, log, quake, subscribe
from support.mail_server import MailServer
from support.running import free_ports

from functions.notify import handler
from siaga import keys, moment
from siaga.alerts import delivery
from siaga.alerts.directory import Directory
from siaga.errors import Unavailable
from siaga.events import Notification
from siaga.function import frame
from siaga.inputs import decisions
from siaga.inputs.decisions import HIDDEN, Decision
from siaga.store import Store

V2, V3, CORRECTED = "initial-v002-bbbbbbbb", "initial-v003-cccccccc", "corrected-v001-eeeeeeee"


def mailed(settings, port):
    """The same with an SMTP server at that port."""
    outlets = replace(settings.outlets, mail_url=f"smtp://127.0.0.1:{port}", mail_from="siaga@bnpb.example.id")
    return replace(settings, outlets=outlets)


@pytest.fixture
def server():
    started = MailServer().start()
    yield started
    started.stop()


@pytest.fixture
def mailing(minio, server):
    minio.make_secret("alerts-key")
    return mailed(minio, server.port)


@pytest.fixture
def context(store, mailing):
    return frame.Context(Store.connect(mailing, "functions"), mailing)


def later(monkeypatch, **by):
    """From now on it is later by that."""
    now = moment.now
    monkeypatch.setattr(moment, "now", lambda: now() + timedelta(**by))


def decide(store, minio, event_id, value, when=None):
    """An operator hides that event (value True) or shows it again; what wakes notify."""
    what = Decision("earthquake", event_id, False, HIDDEN, value, "no quake", "ani", when or moment.stamp())
    decisions.decide(Store.connect(minio, "operators"), what)
    return Notification(keys.DECISIONS, what.key, store.head(keys.DECISIONS, what.key).etag)


def test_who_subscribed_hears_of_a_quake_once(store, context, server):
    subscribe(store, "Ani", language="id")
    subscribe(store, "Budi", language="en", zones="52.08")
    subscribe(store, "Citra", level="red")
    subscribe(store, "Dewi", created=timedelta(0))  # after the quake
    subscribe(store, "Eko", channel="telegram", address="@ekoeko")
    woken = quake(store)
    outcome = handler.run(woken, context)
    assert (outcome.timings["messages sent"], outcome.timings["messages skipped"]) == (2, 2)
    assert log(store) == {
        "Ani": ("first", "sent", ""),
        "Budi": ("first", "sent", ""),
        "Citra": ("", "skipped", "No threshold of the subscription is reached"),
        "Eko": ("", "skipped", "There is no server for channel telegram"),
    }
    handler.run(woken, context)
    with_report = quake(store, alert="yellow", magnitude=6.9)  # the same version, another ETag
    handler.run(with_report, context)
    assert sorted(to for to, _mail in server.letters) == ["ani@bpbd.example.id", "budi@bpbd.example.id"]
    ani, budi = server.of("ani@bpbd.example.id")[0], server.of("budi@bpbd.example.id")[0]
    assert ani["Subject"] == "Gempa M 6,9, Lombok, KUNING"
    assert budi["Subject"] == "M 6.9 earthquake, Lombok, YELLOW"
    assert ani["From"] == "Siaga <siaga@bnpb.example.id>"
    assert ani["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = ani["List-Unsubscribe"].strip("<>")
    assert stop.startswith(f"{context.settings.public_url}/subscriptions/stop/ani-")
    assert dict(ani.raw_items())["List-Unsubscribe"] == f"<{stop}>"  # neither encoded nor on two lines
    plain, page = (ani.get_body(kind).get_content() for kind in (("plain",), ("html",)))
    for text in (plain, page):
        assert f"/earthquakes/{EVENT}/initial-v001-aaaaaaaa?lang=id" in text
        assert "Perkiraan otomatis" in text
        assert "\\x" not in text  # the spaces within numbers stay spaces
        assert "(peluang 50\xa0%)" in text
        assert stop in text


@pytest.mark.parametrize("body", [b"{}", b"[]", b"7", b'{"messages": {"x": 1}}'])
def test_what_somebody_else_put_in_place_of_a_log_stops_no_message(store, context, server, body):
    subscribe(store, "Ani")
    first = quake(store)
    handler.run(first, context)
    (head,) = store.list(keys.NOTIFICATIONS, "log/")
    store.put(keys.NOTIFICATIONS, head.key, body)
    assert delivery.page(store, delivery.Wanted(datetime(2020, 1, 1, tzinfo=UTC)), 9, "") == ([], "")
    handler.run(quake(store, event_id="20261127110000"), context)
    assert len(server.of("ani@bpbd.example.id")) == 2
    handler.run(first, context)  # whose log it is: the record of the message says that it was sent
    assert len(server.of("ani@bpbd.example.id")) == 2


def test_versions_of_a_quake_from_the_first_to_its_withdrawal(store, context, server, minio):
    subscribe(store, "All", language="en")
    subscribe(store, "Orange", language="en", level="orange")
    moved = quake(store)
    handler.run(moved, context)
    rows = [log(store)]
    steps = (
        {"version": V2, "people": 2400.0},  # a small change
        {"version": V3, "people": 9e4, "alert": "orange"},
        {"version": CORRECTED, "people": 2000.0, "alert": "yellow"},
    )
    for step in steps:
        handler.run(quake(store, **step), context)
        rows.append(log(store))
    handler.run(moved, context)  # an old version, once more
    hidden = decide(store, minio, EVENT, True)
    handler.run(hidden, context)
    handler.run(hidden, context)
    rows.append(log(store))
    assert [{name: row[0] for name, row in one.items()} for one in rows] == [
        {"All": "first", "Orange": ""},
        {"All": "", "Orange": ""},
        {"All": "update", "Orange": "first"},
        {"All": "update", "Orange": "below"},
        {"All": "cancelled", "Orange": "cancelled"},
    ]
    subjects = [mail["Subject"] for mail in server.of("all@bpbd.example.id")]
    assert [one.partition(":")[0] for one in subjects[1:]] == ["UPDATE", "UPDATE", "CANCELLED"]
    orange = server.of("orange@bpbd.example.id")
    assert [one["Subject"].partition(":")[0] for one in orange[1:]] == ["CORRECTION", "CANCELLED"]
    below, gone = (mail.get_body(("plain",)).get_content() for mail in orange[1:])
    assert "The event no longer reaches what you subscribed to: level ORANGE → YELLOW" in " ".join(below.split())
    assert max(len(line) for line in below.splitlines() if "://" not in line) <= 76
    assert gone.startswith("CANCELLED: ")
    assert "people" not in gone  # figures that hold no longer


def test_a_hidden_quake_stays_hidden_under_another_id_until_the_last_decision_shows_it(store, context, server, minio):
    subscribe(store, "Ani", language="en")
    handler.run(quake(store), context)
    handler.run(decide(store, minio, EVENT, True, moment.stamp(moment.now() - timedelta(minutes=1))), context)
    again = "20261127100001"
    assert log(store)["Ani"][0] == "cancelled"
    handler.run(quake(store, CORRECTED, event_id=again), context)
    assert log(store)["Ani"] == ("", "skipped", "The event is hidden from readers")
    assert len(server.letters) == 2
    handler.run(decide(store, minio, again, False), context)
    assert [mail["Subject"].partition(":")[0] for _to, mail in server.letters[1:]] == ["CANCELLED", "UPDATE"]


def test_the_report_goes_to_who_waits_for_it_with_picture_and_pdf(store, context, server):
    subscribe(store, "Rapat", after_report="yes")
    handler.run(quake(store), context)
    assert log(store)["Rapat"][2] == "The subscription waits for the report"
    run = f"earthquake/{EVENT}/initial-v001-aaaaaaaa/12345678"
    store.put(keys.RESULTS, f"{run}/share-id.png", b"\x89PNG picture")
    store.put(keys.RESULTS, f"{run}/report-id.pdf", b"%PDF- report")
    handler.run(quake(store, report={"key": f"{run}/report.json"}), context)
    (mail,) = server.of("rapat@bpbd.example.id")
    kinds = [(part.get_content_type(), part["Content-ID"], part.get_filename()) for part in mail.walk()]
    assert ("image/png", "<picture>", "siaga.png") in kinds
    assert kinds[-1] == ("application/pdf", None, f"siaga-{EVENT}-initial-v001-aaaaaaaa-report-id.pdf")
    assert 'src="cid:picture"' in mail.get_body(("html",)).get_content()


def test_exercises_say_so_first_and_go_only_to_who_wants_them(store, context, server):
    subscribe(store, "Live")
    subscribe(store, "Latihan", drills="yes")
    handler.run(quake(store, drill=True), context)
    ((to, mail),) = server.letters
    assert (to, mail["Subject"][:8]) == ("latihan@bpbd.example.id", "LATIHAN:")


def test_names_of_events_begin_no_header(store, context, server):
    subscribe(store, 'Eva"\\<x>', address="eva@bpbd.example.id")
    handler.run(quake(store, description="Palu\r\nBcc: all@example.id\r\n\r\n<script>\u202e"), context)
    (mail,) = server.of("eva@bpbd.example.id")
    assert mail["Bcc"] is None
    assert "Bcc: all@example.id" in mail["Subject"]
    assert "\r\nBcc" not in mail.as_string()
    assert "<script>" not in mail.get_body(("html",)).get_content()


def test_old_quakes_and_a_backfill_wake_nobody(store, context, server):
    subscribe(store, "Ani", created=timedelta(days=90))
    handler.run(quake(store, minutes=60 * 24 * 30), context)
    assert list(store.list(keys.NOTIFICATIONS)) == []
    handler.run(quake(store, event_id="20261126100000", minutes=60 * 7), context)
    assert log(store)["Ani"][2] == "The map came more than 6 hours ago"
    assert server.letters == []


def test_without_a_subscription_to_its_hazard_nothing_but_the_entry_of_an_event_is_read(
    store, context, server, monkeypatch
):
    subscribe(store, "Banjir", hazards="flood")
    woken, read, get = quake(store), [], Store.get
    monkeypatch.setattr(
        Store, "get", lambda self, bucket, *key, **more: read.append(bucket) or get(self, bucket, *key, **more)
    )
    assert handler.run(woken, context).event_id == EVENT
    assert read.count(keys.RESULTS) == 1
    assert set(read) == {keys.RESULTS, keys.SUBSCRIPTIONS}
    subscribe(store, "Ani")
    handler.run(woken, context)
    assert log(store)["Ani"][1] == "sent"


def test_a_swarm_is_gathered_in_one_message(store, context, server, monkeypatch):
    subscribe(store, "Ani", language="en")
    for number in range(9):
        handler.run(quake(store, event_id=f"2026112710{number:02d}00", minutes=50 - 4 * number), context)
    assert len(server.letters) == 5
    assert log(store)["Ani"][1] == "held"
    assert handler.tick(moment.now(), context).event_id == "0 sent, 0 asked"
    later(monkeypatch, minutes=31)
    assert handler.tick(moment.now(), context).event_id == "1 sent, 0 asked"
    assert handler.tick(moment.now(), context).event_id == "0 sent, 0 asked"
    mail = server.letters[5][1]
    assert mail["Subject"] == "Siaga: 4 events"
    assert mail.get_body(("plain",)).get_content().count("/earthquakes/20261127") == 4


def test_a_server_that_refuses_is_tried_again_and_an_address_that_is_gone_is_marked(
    store, context, server, monkeypatch, caplog
):
    soon, gone = subscribe(store, "Soon"), subscribe(store, "Gone")
    subscribe(store, "Fine")
    server.answers = {"soon@bpbd.example.id": "451 later", "gone@bpbd.example.id": "550 5.1.1 nobody <b>"}
    woken = quake(store)
    with pytest.raises(Unavailable, match="1 of 3 messages wait"):
        handler.run(woken, context)
    states = {name: row[1] for name, row in log(store).items()}
    assert states == {"Soon": "retry", "Gone": "failed", "Fine": "sent"}
    assert log(store)["Gone"][2] == "The mail server says 550: 5.1.1 nobody <b>"
    assert handler.directory(context.store).returned() == {gone}
    server.answers = {}
    with pytest.raises(Unavailable):
        handler.run(woken, context)  # too soon
    later(monkeypatch, seconds=15)
    handler.run(woken, context)
    assert sorted(to.partition("@")[0] for to, _mail in server.letters) == ["fine", "soon"]
    record = json.loads(store.get(keys.NOTIFICATIONS, next(store.list(keys.NOTIFICATIONS, f"messages/{soon}/")).key)[0])
    assert (record["state"], record["attempts"]) == ("sent", 2)
    assert context.settings.secret("alerts-key") not in caplog.text


def test_an_odd_address_that_is_stored_holds_up_nobody_else(store, context, server):
    subscribe(store, "Ani")
    for name, channel, address in (("Odd", "email", "a..b@x.id"), ("Port", "webhook", "https://h:99999/")):
        known = Directory(store)
        known.change(
            subscribe(store, name), lambda one, to=(channel, address): replace(one, channel=to[0], address=to[1])
        )
    handler.run(quake(store), context)
    rows = log(store)
    assert [to for to, _mail in server.letters] == ["ani@bpbd.example.id"]
    assert {name: row[1] for name, row in rows.items()} == {"Ani": "sent", "Odd": "failed", "Port": "failed"}
    assert rows["Port"][2] == "The message cannot be made: ValueError"


def test_a_server_that_is_away_keeps_messages_waiting(store, context, monkeypatch):
    subscribe(store, "Ani")
    woken, port = quake(store), free_ports(1)
    context = frame.Context(context.store, mailed(context.settings, port))
    with pytest.raises(Unavailable, match="lets nobody in"):
        handler.run(woken, context)
    back = MailServer(port).start()
    later(monkeypatch, seconds=15)
    handler.run(woken, context)
    assert [to for to, _mail in back.letters] == ["ani@bpbd.example.id"]
    back.stop()
