"""A gateway of another version: whatever it answers, pages, status.json and commands say what is known, and stand."""

import copy
import json
import math
from datetime import UTC, datetime

import pytest
import requests
from fixtures import accounts
from fixtures.pages import opened, text

from siaga import cli, keys, understood
from siaga.cli import ingest
from siaga.errors import BadInput, NotFound, Unavailable, reason
from siaga.settings import Settings
from siaga.store import Head
from web import UploadAccess

WHOLE = {
    "jobs": [
        {
            "function": "on-shakemap",
            "bucket": "shakemaps",
            "key": "20180805194635/grid.xml",
            "etag": "e",
            "version_id": "",
            "state": "retrying",
            "attempt": 2,
            "next": "2018-08-05T12:10:00Z",
            "reason": reason("The server answered with {status}", status=500),
            "received": "2018-08-05T12:00:00Z",
        }
    ],
    "sweep": {
        "last": "2018-08-05T12:00:00Z",
        "last_full": "2018-08-05T11:00:00Z",
        "recent": {"keys": 12, "seconds": 0.5},
        "tour": {"keys": 100, "seconds": 60.0},
    },
    "canary": {
        "minutes": 5.0,
        "sent": "2018-08-05T12:00:00Z",
        "published": "2018-08-05T12:00:10Z",
        "seconds": 9.5,
        "late": False,
    },
}
ODD = [None, True, -1, 10**400, math.nan, "\ud800", "9999-12-31T23:59:59Z", [], ["x"], {}, {"text": "{x.y}", "a": []}]
REASONS = [
    {"text": "t", "template": "{x.y}", "values": {"x": 1}},
    {"text": "t", "template": "{x[a]:>3}", "values": {"x": None}},
    {"text": "t", "template": "{x}", "values": {"x": ["\ud800", 3]}},
    {"text": "t", "template": 3, "values": []},
]


def places(told, way=()):
    """The way to each value in an answer, the answer itself too."""
    yield way
    inner = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ()
    for name, value in inner:
        yield from places(value, (*way, name))


def spoilt(whole):
    """That answer with one value after another gone, or of another kind."""
    for way in places(whole):
        for odd in (*ODD, ...):
            if not way:
                yield None if odd is ... else odd
                continue
            told = copy.deepcopy(whole)
            inner = told
            for name in way[:-1]:
                inner = inner[name]
            if odd is ...:
                del inner[way[-1]]
            else:
                inner[way[-1]] = odd
            yield told
    (name, (first, *_more)) = next(iter(whole.items()))
    for one in REASONS:
        yield whole | {name: [first | {"reason": one}]}


ORDERS = {
    "orders": [
        {
            "id": "0a1b2c3d4e5f",
            "wanted": {"older": ["exposure"], "since": "2018-08-01T00:00:00Z", "report": True},
            "who": "op",
            "state": "open",
            "placed": "2018-08-05T12:00:00Z",
            "ended": "",
            "total": 12,
            "enqueued": 7,
            "done": 5,
            "reason": reason("The server answered with {status}", status=500),
        }
    ],
    "plan": {"count": 2, "functions": {"on-shakemap": 2}, "inputs": ["shakemaps/a/grid.xml"], "seconds": 8.0},
}


@pytest.fixture
def told(store, minio, tmp_path, monkeypatch):
    """(say, client): what the gateway of this app answers from now on, as it would come over the wire."""
    _store, index, client = opened(store, minio, tmp_path)
    index.refresh()
    return spoken(monkeypatch, "get"), client


def spoken(monkeypatch, name):
    """What makes the gateway answer, asked in that way."""
    answer = requests.Response()
    monkeypatch.setattr(requests, name, lambda *_, **_more: answer)

    def say(body, status=200):
        answer.status_code = status
        answer._content = body if isinstance(body, bytes) else json.dumps(body).encode()

    return say


@pytest.fixture
def ordering(store, minio, tmp_path, monkeypatch):
    """(say, client, forms): an operator before the page of orders."""
    _store, index, client = opened(store, minio, tmp_path, UploadAccess(store, *accounts.access(minio), "a key"))
    index.refresh()
    say = spoken(monkeypatch, "request")
    say({"orders": []})
    return say, client, {"token": accounts.entered(client), "what": "all"}


def test_what_is_told_in_a_known_form_is_read_whole():
    found = understood.under_way(WHOLE)
    assert (found.jobs, found.sweep, found.canary) == (WHOLE["jobs"], WHOLE["sweep"], WHOLE["canary"])
    assert (found.answers, found.unread_jobs, found.other_form) == (True, 0, ())


def test_a_gateway_that_is_older_than_canaries_lacks_nothing():
    assert understood.under_way({name: WHOLE[name] for name in ("jobs", "sweep")}).other_form == ()


def test_whatever_the_gateway_answers_the_pages_stand(told):
    say, client = told
    for number, body in enumerate([b"", b"<html>", b"\xff", *spoilt(WHOLE)]):
        say(body)
        paths = ("/status?lang=en", "/status.json") if number % 4 else ("/status?lang=id",)
        assert {client.get(path).status_code for path in paths} == {200}, body


def test_what_is_not_understood_is_said_to_be_unknown(told):
    say, client = told
    say({"tasks": []})
    page = text(client, "/status?lang=en")[1]
    assert "in a form that this page does not know" in page
    assert "does not answer" not in page
    assert page.count('<b class="unknown">not known</b>') == 2
    assert "When the inputs were last looked through is not known." in page
    assert client.get("/status.json").get_json()["backlog"] is None
    job = WHOLE["jobs"][0]
    say(WHOLE | {"jobs": [job | {"state": "paused", "received": 5}, {"name": job["key"]}], "canary": {"every": 5}})
    page = text(client, "/status?lang=en")[1]
    assert "1 inputs under way are told in a form" in page
    assert "Not known</td>" in page
    assert "How the last canaries fared is not known." in page
    assert client.get("/status.json").get_json()["backlog"] == {"unknown": 2}


def test_orders_and_plans_in_a_known_form_are_read_whole():
    found = understood.orders(ORDERS)
    assert (found.orders, found.unread, found.unclear) == (ORDERS["orders"], 0, frozenset())
    assert understood.plan(ORDERS) == ORDERS["plan"]


def test_whatever_the_gateway_answers_the_page_of_orders_stands(ordering):
    say, client, forms = ordering
    for number, body in enumerate([b"", b"<html>", b"\xff", *spoilt(ORDERS)]):
        say(body, 200 if number % 3 else 400)
        assert client.get("/reprocess").status_code == 200, body
        looked = client.post("/reprocess/look", data=forms)
        assert looked.status_code in (200, 422, 503), body
        assert "Traceback" not in looked.get_data(as_text=True)


def test_what_is_not_understood_of_orders_is_said_to_be_unknown(ordering):
    say, client, forms = ordering
    order = ORDERS["orders"][0]
    odd = {"done": "5", "state": "paused", "who": 5, "placed": 5, "wanted": {"volcano": "Merapi"}}
    say({"orders": [order | odd, {"name": "x"}]})
    page = text(client, "/reprocess?lang=en")[1]
    for said in ("1 orders are told in a form", "more than this page knows", "not known when", "not known by whom"):
        assert said in page
    assert "5 of 12" not in page
    assert "0 of" not in page
    say({"tasks": []})
    page = text(client, "/reprocess?lang=en")[1]
    assert "what was ordered is not known" in page
    assert "Nothing was ordered yet" not in page
    assert "nothing was ordered" in client.post("/reprocess/look?lang=en", data=forms).get_data(as_text=True)
    say(b"<html>")
    answer = client.post("/reprocess/order?lang=en", data=forms)
    assert (answer.status_code, "whether it does it is not known" in answer.get_data(as_text=True)) == (503, True)


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (404, {"error": "Nothing answers to x"}, NotFound, "Nothing answers to x"),
        (422, {"error": "e", "reason": reason("{field} is wrong", field="since")}, BadInput, "since is wrong"),
        (400, {"error": "e", "reason": {"text": "t", "template": "{x}", "values": {"template": 1}}}, BadInput, "t"),
        (401, {"error": {}}, Unavailable, "The gateway refuses it with 401 and no reason that is understood"),
        (502, None, Unavailable, "The gateway refuses it with 502 and no reason that is understood"),
    ],
)
def test_a_refusal_tells_what_it_can(status, body, kind, said):
    error = understood.refusal(status, body)
    assert (type(error), str(error)) == (kind, said)


@pytest.fixture
def status_of(tmp_path, monkeypatch, capsys):
    """What `siaga status` prints of one map without a receipt, after what the gateway answers."""
    settings = Settings.load({"SIAGA_HOME": str(tmp_path)})
    for name in ("gateway-user", "gateway-password"):
        settings.make_secret(name, "x")
    job, came = WHOLE["jobs"][0], datetime(2018, 8, 5, 12, tzinfo=UTC)
    functions = ingest.stack.load(settings.stack)
    monkeypatch.setattr(ingest.stack, "load", lambda _: functions)
    monkeypatch.setattr(ingest.Store, "connect", lambda *_: None)
    monkeypatch.setattr(ingest, "_receipt", lambda *_: None)
    head = Head(job["key"], job["etag"], 1, came)
    monkeypatch.setattr(ingest, "listed", lambda _store, bucket: [head] if bucket == keys.SHAKEMAPS else [])
    say = spoken(monkeypatch, "request")

    def printed(body, status=200):
        say(body, status)
        assert cli._status(settings, None) == 0
        return capsys.readouterr().out

    return printed


def test_whatever_the_gateway_answers_siaga_status_stands(status_of):
    for body in [b"", b"<html>", b"\xff", *spoilt(WHOLE)]:
        assert "shakemaps/20180805194635/grid.xml" in status_of(body), body


def test_siaga_status_says_what_it_does_not_know(status_of):
    job = WHOLE["jobs"][0]
    told = status_of(WHOLE)
    assert "retrying   2018-08-05 12:00:00  shakemaps/20180805194635/grid.xml" in told
    assert "unknown" not in told
    for said in (status_of({"tasks": []}), status_of(b"<html>"), status_of({}, 502)):
        assert "unknown    what is under way: the gateway" in said
        assert "unknown    2018-08-05 12:00:00  shakemaps/20180805194635/grid.xml" in said
    told = status_of(WHOLE | {"jobs": [job | {"state": 5}, {"name": "x"}], "canary": {"every": 5}})
    assert "unknown    1 more under way: told in a form" in told
    assert "unknown    canary: told in a form" in told
    assert "unknown    2018-08-05 12:00:00  shakemaps/20180805194635/grid.xml" in told
