"""A gateway of another version: whatever it answers, status page and status.json say what is known, and stand."""

import copy
import json
import math

import pytest
import requests
from fixtures.pages import opened, text

from siaga.errors import reason
from web import underway

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


def spoilt():
    """The whole answer with one value after another gone, or of another kind."""
    for way in places(WHOLE):
        for odd in (*ODD, ...):
            if not way:
                yield None if odd is ... else odd
                continue
            told = copy.deepcopy(WHOLE)
            inner = told
            for name in way[:-1]:
                inner = inner[name]
            if odd is ...:
                del inner[way[-1]]
            else:
                inner[way[-1]] = odd
            yield told
    for one in REASONS:
        yield WHOLE | {"jobs": [WHOLE["jobs"][0] | {"reason": one}]}


@pytest.fixture
def told(store, minio, tmp_path, monkeypatch):
    """(say, client): what the gateway of this app answers from now on, as it would come over the wire."""
    _store, index, client = opened(store, minio, tmp_path)
    index.refresh()
    answer = requests.Response()
    answer.status_code = 200
    monkeypatch.setattr(underway.requests, "get", lambda *_, **_more: answer)

    def say(body):
        answer._content = body if isinstance(body, bytes) else json.dumps(body).encode()

    return say, client


def test_what_is_told_in_a_known_form_is_read_whole():
    found = underway.read(WHOLE)
    assert (found.jobs, found.sweep, found.canary) == (WHOLE["jobs"], WHOLE["sweep"], WHOLE["canary"])
    assert (found.answers, found.unread_jobs, found.other_form) == (True, 0, ())


def test_a_gateway_that_is_older_than_canaries_lacks_nothing():
    assert underway.read({name: WHOLE[name] for name in ("jobs", "sweep")}).other_form == ()


def test_whatever_the_gateway_answers_the_pages_stand(told):
    say, client = told
    for number, body in enumerate([b"", b"<html>", b"\xff", *spoilt()]):
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
