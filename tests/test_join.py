"""Subscribing by mail without an operator: only who has the mail subscribes, and nobody learns who is subscribed."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from fixtures import accounts
from fixtures.alerts import subscribe
from fixtures.pages import NOBODY, text
from support.mail_server import MailServer

from functions.notify import handler
from siaga import keys, moment
from siaga.alerts import naming, optin
from siaga.alerts.allowance import Allowance
from siaga.alerts.channels.mail import Mail
from siaga.alerts.directory import Directory
from siaga.errors import SiagaError
from siaga.function import frame
from siaga.settings import Settings
from siaga.store import Store
from web import UploadAccess, create_app
from web.index import Index

ENTERED = {"address": "ani@example.id", "language": "en", "area": "java", "level": "red"}


@pytest.fixture
def server():
    started = MailServer().start()
    yield started
    started.stop()


@pytest.fixture
def tick(store, minio, server, monkeypatch):
    """Lets a minute of notify come."""
    minio.make_secret("alerts-key")
    outlets = replace(minio.outlets, mail_url=f"smtp://127.0.0.1:{server.port}", mail_from="siaga@bnpb.example.id")
    context = frame.Context(Store.connect(minio, "functions"), replace(minio, outlets=outlets))
    monkeypatch.setattr(handler, "Allowance", lambda: Allowance(lambda: 0.0))  # however slow the machine
    return lambda: handler.tick(moment.now(), context)


@pytest.fixture
def opened(store, minio, tmp_path):
    """Another reader's browser at each call, each from an address of its own."""
    minio.make_secret("alerts-key")
    uploads = UploadAccess(
        Store.connect(minio, "ash"),
        *accounts.access(minio),
        "a key",
        alerts_key=minio.secret("alerts-key"),
        is_open=True,
        has_mail=True,
    )
    app = create_app(Store.connect(minio, "web"), Index(Store.connect(minio, "web"), tmp_path / "i"), NOBODY, uploads)
    counted = iter(range(1, 250))

    def browser():
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"198.51.100.{next(counted)}"
        return client

    return browser


def enter(client, **more):
    """What the form answers."""
    form = {"token": accounts.token(client, "/subscriptions/join")} | ENTERED | more
    return client.post("/subscriptions/join?lang=en", data=form)


def wait(store, digit, address, minutes):
    """Let an address wait for its mail since so long, under a digest of that digit."""
    name = f"{digit * 32}-{naming.clock(moment.now() - timedelta(minutes=minutes))}"
    body = replace(optin.wanted(address, "en", "java", "red"), id=name, standing="pending").encode()
    store.put(keys.NOTIFICATIONS, f"{naming.ENTERED}{name}.json", body)


def link(mail):
    """The path of the link in a mail."""
    found = re.search(r"http://[^/]+(/subscriptions/confirm/\S+)", mail.get_body(("plain",)).get_content())
    return found[1]


def later(monkeypatch, **by):
    """From now on it is later by that."""
    now = moment.now
    monkeypatch.setattr(moment, "now", lambda: now() + timedelta(**by))


def test_whoever_has_the_mail_subscribes_by_its_button_and_once(store, opened, tick, server):
    reader = opened()
    assert enter(reader).status_code == 200
    assert Directory(store).all() == []
    for _ in range(2):
        tick()
    ((to, mail),) = server.letters
    assert (to, mail["Subject"], mail["List-Unsubscribe"]) == ("ani@example.id", "Siaga: Is this your address?", None)
    path = link(mail)
    assert path in mail.get_body(("html",)).get_content()
    assert "Area: Java" in mail.get_body(("plain",)).get_content()
    page = text(reader, f"{path}?lang=en")[1]
    assert "Yes, send me alerts" in page
    assert Directory(store).all() == []  # what opens links beforehand confirms nothing
    answers = {opened().post(f"{path}?lang=en").status_code for _ in range(2)}
    assert answers == {200}
    (one,) = Directory(store).all()
    assert (one.address, one.standing, one.level, one.state, one.ash_class) == (
        "ani@example.id", "active", "red", 4, "very_high")  # fmt: skip
    assert one.rectangle == optin.AREAS["java"][1]
    assert "You are subscribed: ani@example.id" in opened().post(f"{path}?lang=en").get_data(as_text=True)
    Directory(store).change(one.id, lambda it: replace(it, standing="stopped"))
    assert "was stopped meanwhile" in opened().post(f"{path}?lang=en").get_data(as_text=True)
    assert Directory(store).active() == []


def test_nobody_learns_whether_an_address_is_subscribed(store, opened, tick):
    subscribe(store, "Ani", address="ani@example.id")
    pages = {}
    for address in ("ani@example.id", "budi@example.id"):
        answer = enter(opened(), address=address)
        pages[address] = (answer.status_code, answer.get_data(as_text=True).replace(address, "-"))
    for _ in range(optin.MOST_AN_HOUR + 1):  # nor whether it was asked too often
        answer = enter(opened())
        pages["more"] = (answer.status_code, answer.get_data(as_text=True).replace("ani@example.id", "-"))
    assert len({re.sub(r"[\w-]{40,}|\d+", "", page) for _status, page in pages.values()}) == 1
    assert {status for status, _page in pages.values()} == {200}
    assert not [head.key for head in store.list(keys.NOTIFICATIONS) if "ani" in head.key]


def test_an_address_is_asked_so_often_in_an_hour_and_no_oftener(store, opened, tick, server, monkeypatch):
    for _ in range(optin.MOST_AN_HOUR + 2):
        later(monkeypatch, seconds=1)
        enter(opened(), address="Ani@example.id")
        tick()
    assert len(server.letters) == optin.MOST_AN_HOUR
    enter(opened(), address="budi@example.id")
    later(monkeypatch, hours=1)
    enter(opened())
    tick()
    assert sorted(to for to, _mail in server.letters[optin.MOST_AN_HOUR :]) == ["ani@example.id", "budi@example.id"]


def test_a_link_is_good_for_a_day_for_its_own_address_alone(store, opened, tick, server, monkeypatch):
    enter(opened())
    tick()
    path, reader = link(server.letters[0][1]), opened()
    name, _slash, token = path.removeprefix("/subscriptions/confirm/").partition("/")
    other = f"{'0' * 32}-{name.partition('-')[2]}"
    for wrong in (
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        path.replace(name, other),
        f"/subscriptions/stop/{name}/{token}",
    ):
        assert (reader.get(wrong).status_code, reader.post(wrong).status_code) == (404, 404)
    later(monkeypatch, hours=optin.HOURS, minutes=1)
    assert (reader.get(path).status_code, reader.post(path).status_code) == (404, 404)
    assert Directory(store).all() == []
    tick()
    assert list(store.list(keys.NOTIFICATIONS)) == []  # the address is forgotten


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "ani@example.id\r\nBcc: all@example.id"),
        ("address", "ani@example.id, budi@example.id"),
        ("address", "nobody"),
        ("address", ""),
        ("language", "fr"),
        ("area", "mars"),
        ("level", "green"),
    ],
)
def test_what_cannot_be_asked_is_told_and_no_header_is_begun(store, opened, tick, server, field, value):
    answer = enter(opened(), **{field: value})
    assert answer.status_code == 422
    assert field in answer.get_data(as_text=True)
    tick()
    assert (server.letters, list(store.list(keys.NOTIFICATIONS))) == ([], [])


def test_another_sites_page_enters_nothing_and_who_enters_many_waits(store, opened):
    assert opened().post("/subscriptions/join", data=ENTERED).status_code == 403
    reader = opened()
    answers = [enter(reader, address=f"a{number}@example.id").status_code for number in range(7)]
    assert answers.count(429) >= 1
    assert len(list(store.list(keys.NOTIFICATIONS, naming.ENTERED))) == answers.count(200)


def test_a_server_that_is_away_is_tried_again_and_alerts_do_not_wait_for_strangers(
    store, opened, tick, server, monkeypatch
):
    enter(opened())
    server.answers["ani@example.id"] = "451 later"
    tick()
    assert server.letters == []
    assert Directory(store).returned() == set()
    server.answers.clear()
    later(monkeypatch, minutes=1)
    tick()
    assert len(server.letters) == 1


def test_an_address_that_its_server_puts_off_holds_up_no_other(store, tick, server, monkeypatch):
    for digit, minutes in (("0", 9), ("1", 8), ("f", 7), ("2", 6)):
        wait(store, digit, f"a{digit}@example.id", minutes)
    server.answers = dict.fromkeys(("a0@example.id", "a1@example.id"), "451 later")
    monkeypatch.setattr(optin, "_MOST_AT_ONCE", 3)
    tick()
    assert [to for to, _mail in server.letters] == ["af@example.id"]
    tick()  # those that wait for their time take nobody's place
    assert [to for to, _mail in server.letters] == ["af@example.id", "a2@example.id"]
    later(monkeypatch, minutes=1)
    server.answers.clear()
    tick()
    assert [to for to, _mail in server.letters[2:]] == ["a0@example.id", "a1@example.id"]


def test_after_three_in_a_row_that_fail_the_server_is_taken_to_be_away(store, tick, server):
    for digit in "01234":
        wait(store, digit, f"a{digit}@example.id", 9)
        server.answers[f"a{digit}@example.id"] = "451 later"
    tick()
    assert len(list(store.list(keys.NOTIFICATIONS, naming.of_entered("").removesuffix(".json")))) == 3


def test_confirming_mails_have_their_time_of_each_minute(store, tick, server, monkeypatch):
    for digit in "012":
        wait(store, digit, f"a{digit}@example.id", 9)
    monkeypatch.setattr(handler, "Allowance", lambda: Allowance(lambda: 3.0 * len(server.letters)))
    tick()
    assert len(server.letters) == 2
    tick()
    assert len(server.letters) == 3


def test_the_form_is_shut_by_what_waits_and_by_an_hour_without_answers(store, opened, tick, server, monkeypatch):
    monkeypatch.setattr(optin, "_MOST_WAITING", 1)
    assert enter(opened()).status_code == 200
    assert "try again in an hour" in enter(opened(), address="budi@example.id").get_data(as_text=True)
    tick()
    assert enter(opened(), address="budi@example.id").status_code == 429
    assert opened().post(link(server.letters[0][1])).status_code == 200
    assert enter(opened(), address="budi@example.id").status_code == 200
    tick()
    assert enter(opened(), address="citra@example.id").status_code == 429
    later(monkeypatch, hours=1, seconds=1)
    assert enter(opened(), address="citra@example.id").status_code == 200


def test_dots_capitals_and_what_follows_a_plus_bring_nobody_more_mails(opened, tick, server, monkeypatch):
    for address in ("ani@example.id", "ani+1@example.id", "a.ni+2@example.id", "A.N.I@Example.ID", "ani+3@example.id"):
        later(monkeypatch, seconds=1)
        assert enter(opened(), address=address).status_code == 200
    tick()
    assert len(server.letters) == optin.MOST_AN_HOUR


def test_a_second_click_after_an_operator_changed_it_shows_what_was_asked_and_how_it_stands(
    store, opened, tick, server
):
    enter(opened())
    tick()
    path = f"{link(server.letters[0][1])}?lang=en"
    opened().post(path)
    (one,) = Directory(store).all()
    Directory(store).change(one.id, lambda it: replace(it, level="", rectangle=(100.0, -5.0, 101.0, -4.0)))
    answer = opened().post(path)
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "You are subscribed: ani@example.id" in page
    assert "Area: Java" in page


@pytest.mark.parametrize("is_readable", [False, True])
def test_what_cannot_be_sent_is_forgotten_and_the_log_says_so(store, opened, tick, server, caplog, is_readable):
    name = f"{'0' * 32}-{naming.clock(moment.now())}"
    body = replace(optin.wanted("odd@example.id", "en", "java", "red"), rectangle=(100.0, -5.0, 101.0, -4.0)).encode()
    store.put(keys.NOTIFICATIONS, f"{naming.ENTERED}{name}.json", body if is_readable else b"{")
    enter(opened())
    tick()
    assert [to for to, _mail in server.letters] == ["ani@example.id"]
    assert list(store.list(keys.NOTIFICATIONS, naming.ENTERED)) == []
    assert f"{name} cannot be sent and is forgotten" in caplog.text


def test_connections_are_closed_whatever_breaks_a_tick(tick, monkeypatch):
    closed = []
    monkeypatch.setattr(Mail, "close", lambda channel: closed.append(channel))
    monkeypatch.setattr(optin, "send_asked", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tick()
    assert len(closed) == 1


def test_the_audit_has_what_a_stranger_entered_without_the_address(store, opened):
    enter(opened())
    bodies = [store.get(keys.AUDIT, head.key)[0] for head in store.list(keys.AUDIT)]
    (entry,) = [json.loads(body) for body in bodies if b"join.ask" in body]
    assert (entry["who"], entry["result"], entry["about"]) == ("", "done", "")
    assert b"ani@" not in b"".join(bodies)


def test_where_no_mail_goes_out_the_page_says_so_and_nobody_is_sent_to_it(store, minio, tmp_path):
    client = accounts.browser(minio, tmp_path, is_open=True)
    status, page = text(client, "/subscriptions/join?lang=en")
    assert status == 200
    assert "This Siaga sends no mail" in page
    assert "<form" not in page.partition("<main")[2]
    assert "/subscriptions/join" not in client.get("/earthquakes").get_data(as_text=True)
    form = ENTERED | {"token": accounts.token(client, "/login")}
    assert client.post("/subscriptions/join", data=form).status_code == 503
    assert list(store.list(keys.NOTIFICATIONS)) == []


def test_strangers_subscribe_only_where_a_setting_says_so(store, minio, tmp_path):
    client = accounts.browser(minio, tmp_path)
    assert client.get("/subscriptions/join").status_code == 404
    home = {"SIAGA_HOME": str(tmp_path)}
    assert not Settings.load(home).outlets.is_open
    assert Settings.load(home | {"SIAGA_OPEN_SUBSCRIPTIONS": "yes"}).outlets.is_open
    with pytest.raises(SiagaError, match="SIAGA_OPEN_SUBSCRIPTIONS is neither yes nor no"):
        Settings.load(home | {"SIAGA_OPEN_SUBSCRIPTIONS": "perhaps"})
