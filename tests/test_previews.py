"""Previews of layouts on paper: each person's one, made behind all that is live, kept for minutes and in no bucket."""

import json
import threading

import pytest
from support.running import wait_for

from gateway import previews
from gateway.invoke import Answer, BrokenOff
from gateway.previews import DONE, FAILED, GONE, WAITING, Previews
from siaga.errors import BadInput, Conflict, NotFound, Unavailable
from siaga.hazards import RENDERER


def answered(status=200, **told):
    body = json.dumps({"state": "done", "files": {"png": "UE5H", "pdf": "UERG"}} | told).encode()
    return Answer(status, [("Content-Type", "application/json")], body)


class Slots:
    """Those of the renderer: they hold each call until they are told what comes of it."""

    def __init__(self):
        self.functions, self.calls, self._open = {RENDERER: None}, [], threading.Event()

    def call(self, call):
        self.calls.append(call)
        assert self._open.wait(20)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def end(self, answer):
        self.answer = answer
        self._open.set()


@pytest.fixture
def slots():
    made = Slots()
    yield made
    made.end(answered())


def order(kept, who="ani", wanted="a layout"):
    return kept.order({"order": wanted}, who)


def settled(kept, name, state):
    wait_for(lambda: kept.look(name, "")["state"] != WAITING, 20)
    told = kept.look(name, "png")
    assert told["state"] == state
    return told


def test_one_is_made_behind_all_that_is_live_and_forgotten_after_minutes(slots):
    clock = [0.0]
    kept = Previews(slots, lambda: clock[0])
    one = order(kept)
    assert one == order(kept) == kept.look(one["id"], "png")
    wait_for(lambda: slots.calls, 20)
    (call,) = slots.calls
    assert (call.function, call.target, call.body) == (RENDERER, "/preview", b"a layout")
    assert call.is_backfill
    assert not call.about_object
    slots.end(answered())
    assert settled(kept, one["id"], DONE)["file"] == "UE5H"
    assert order(kept)["state"] == DONE
    clock[0] += previews._KEPT_SECONDS + 1
    assert kept.look(one["id"], "png")["state"] == GONE


def test_each_person_has_one_and_one_at_a_time_is_made(slots, monkeypatch):
    monkeypatch.setattr(previews, "_MOST", 2)
    kept = Previews(slots)
    first, second = order(kept), order(kept, "budi")
    assert first["id"] != second["id"]
    with pytest.raises(Conflict, match="still being made"):
        order(kept, wanted="another layout")
    with pytest.raises(Unavailable, match="Too many"):
        order(kept, "citra")
    wait_for(lambda: slots.calls, 20)
    assert len(slots.calls) == 1
    slots.end(answered())
    for one in (first, second):
        settled(kept, one["id"], DONE)
    third = order(kept, wanted="another layout")
    settled(kept, third["id"], DONE)
    assert kept.look(first["id"], "")["state"] == GONE


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answered(state="refused", reason={"text": "no run", "template": "no run", "values": {}}), "no run"),
        (answered(504), "took too long"),
        (BrokenOff("broke off"), "took too long"),
        (answered(files={}), ""),
        (Answer(200, [], b'{"state": "done", "files": []'), ""),
        (answered(files={"png": "x" * previews._MOST_MADE}), "too large"),
    ],
)
def test_one_that_cannot_be_made_says_why_and_is_tried_again(slots, answer, said):
    kept = Previews(slots)
    slots.end(answer)
    told = settled(kept, order(kept)["id"], FAILED)
    assert said in (told["reason"] or {"text": ""})["text"]
    assert told["file"] == ""
    slots.answer = answered()
    settled(kept, order(kept)["id"], DONE)


def test_what_is_no_order_is_refused(slots):
    kept = Previews(slots)
    for wrong in ("", "x" * previews._MOST_ASKED):
        with pytest.raises(BadInput):
            order(kept, wanted=wrong)
    slots.functions = {}
    with pytest.raises(NotFound):
        order(kept)
