"""A layout on paper before it is in force: ordered of the gateway by operators, waited for, and kept in no bucket."""

import base64
import json
import re

import pytest
from fixtures import accounts, analysed
from fixtures.pages import text
from support.gateway_process import Function
from support.running import free_ports

from siaga import keys
from siaga.errors import BadInput, Conflict
from siaga.inputs import layouts
from siaga.inputs.layout_previews import Wanted
from siaga.inputs.layouts import Layout
from siaga.inputs.texts import REPORT, Place, Text
from siaga.store import Store
from web import UploadAccess, create_app
from web.index import Index

RUN = keys.Run("earthquake", "20180805194635", keys.Version("initial", 1, "0badcafe"), "0a1b2c3d")
PLACE = Place(REPORT, "earthquake", "id")
OURS = Layout(opening="Pembuka", order=("past", "towns"), left_out=("models",))


@pytest.fixture
def gateway(store, minio, tmp_path):
    """(client, Function): a browser of an operator over one stored quake; the test plays the gateway."""
    port = free_ports(1)
    played = Function(port)
    impact = analysed.quake()
    analysed.publish(store, impact)
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio), "a key", orders_token="orders")
    index = Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")
    index.refresh()
    client = create_app(Store.connect(minio, "web"), index, f"http://127.0.0.1:{port}", uploads).test_client()
    accounts.entered(client)
    yield client, played
    played.stop()


def ordered(client, **more):
    """The answer to the form of layouts, sent by its button for paper."""
    named = {"hazard": "earthquake", "of": "id", "token": accounts.token(client, "/account")} | more
    return client.post("/layouts/paper", data=named)


def test_a_layout_is_ordered_on_paper_and_the_page_waits_for_it(gateway):
    client, played = gateway
    told = {"id": "0a1b", "state": "waiting", "reason": None, "file": ""}
    played.answer = lambda _called: (200, {"preview": told})
    answer = ordered(client, opening="Pembuka", head="BPBD NTB", **{"place-models": "0"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/layouts/paper/0a1b")
    (called,) = played.calls
    assert (called.method, called.path, called.headers["Authorization"]) == ("POST", "/siaga/previews", "Bearer orders")
    sent = json.loads(called.body)
    wanted = Wanted.decode(sent["order"].encode())
    assert (sent["who"], wanted.mark, wanted.text.text) == ("op", "PRATINJAU, BELUM BERLAKU", "BPBD NTB")
    assert (wanted.text.layout.opening, wanted.text.layout.left_out) == ("Pembuka", ("models",))
    assert str(wanted.run).startswith("earthquake/")
    page = text(client, "/layouts/paper/0a1b?lang=en")[1]
    assert 'http-equiv="refresh"' in page
    assert client.get("/layouts/paper/0a1b.pdf").status_code == 404
    told |= {"state": "done", "file": base64.b64encode(b"%PDF").decode()}
    page = text(client, "/layouts/paper/0a1b?lang=en")[1]
    assert 'src="/layouts/paper/0a1b.png"' in page
    assert "refresh" not in page
    sent = client.get("/layouts/paper/0a1b.pdf")
    assert (sent.data, sent.content_type, sent.headers["Cache-Control"]) == (b"%PDF", "application/pdf", "no-store")
    assert client.get("/layouts/paper/0a1b.html").status_code == 404
    told["file"] = "no base64 é"
    assert client.get("/layouts/paper/a&file=png.pdf").status_code == 503
    assert played.calls[-1].path == "/siaga/previews?id=a%26file%3Dpng&file=pdf"
    told |= {"state": "failed", "reason": {"text": "x", "template": "There is no run", "values": {}}}
    assert "It could not be made. There is no run" in " ".join(text(client, "/layouts/paper/0a1b?lang=en")[1].split())
    told |= {"state": "gone"}
    assert "kept no longer" in text(client, "/layouts/paper/0a1b?lang=en")[1]


def test_a_wrong_layout_is_not_ordered_and_a_gateway_that_refuses_is_heard(gateway):
    client, played = gateway
    text(client, "/layouts?lang=en")
    for form, status, said in (({"foot": "117"}, 422, "at the foot"), ({"opening": "x" * 300}, 422, "too long")):
        answer = ordered(client, **form)
        assert answer.status_code == status
        assert said in re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)[1]
    assert ordered(client, hazard="flood").status_code == 404
    assert not played.calls
    busy = Conflict("A preview of yours is still being made; look at that one first, or wait a moment")
    played.answer = lambda _called: (409, {"error": str(busy), "reason": busy.reason()})
    answer = ordered(client, opening="Pembuka")
    assert answer.status_code == 409
    assert str(busy) in answer.text
    assert "Pembuka" in answer.text


def test_an_order_that_was_tampered_with_is_refused():
    good = json.loads(Wanted(RUN, Text(PLACE, 0, "", "ani", "2026-11-28T00:00:00Z", layout=OURS), "x").encode())
    assert Wanted.decode(json.dumps(good).encode()).text.layout == layouts.checked("earthquake", OURS)
    for wrong in (
        {"run": "../catalog"},
        {"text": good["text"] | {"text": "x" * 5000}},
        {"text": good["text"] | {"layout": {"left_out": ["preparing"]}}},
        {"text": 7},
    ):
        with pytest.raises(BadInput):
            Wanted.decode(json.dumps(good | wrong).encode())
    with pytest.raises(BadInput):
        Wanted.decode(b"[]")
