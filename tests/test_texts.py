"""Texts that an agency writes above its lists: plain, in both languages, in versions, restored by admins alone."""

import pytest
from fixtures import accounts, floods, impacts, installed
from fixtures.pages import opened, text

from functions.on_flood import handler as on_flood
from siaga import analysis, keys
from siaga.accounts.account import ADMIN, OPERATOR
from siaga.data import analysis_data
from siaga.errors import BadInput, Conflict, Forbidden, Unavailable
from siaga.inputs import texts
from siaga.inputs.texts import LANDING, LONGEST, REPORT, Place, Text
from siaga.language import load
from siaga.report.earthquake import fit, pages
from siaga.store import Store
from web import UploadAccess

PLACE = Place(LANDING, "earthquake", "id")
HOUR = "2017022105-6-rw"
WHEN = Text(Place(REPORT, "flood", "id"), 1, "BPBD", "ani", "yesterday").encode()
NUMBER = Text(Place(REPORT, "flood", "id"), 1, "BPBD", "ani", "2026-11-27T00:00:00Z").encode().replace(b'"BPBD"', b"5")
FIRST = "Pusdalops: <b>117</b>, https://bnpb.go.id/siaga?a=1&b=2.\r\n\r\njavascript:alert(1)"


@pytest.fixture
def web(store, minio, tmp_path):
    """(store, index, client): a browser of an admin."""
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio, "ani"), "a key of the sessions")
    accounts.of(minio, "ani", role=ADMIN)
    store, index, client = opened(store, minio, tmp_path, uploads)
    index.refresh()
    accounts.entered(client, "ani")
    return store, index, client


def send(client, what, page="texts", **more):
    """What that form answers."""
    named = {"hazard": "earthquake", "of": "id", "token": accounts.token(client, "/account")} | more
    return client.post(f"/{page}/{what}", data=named).status_code


def test_a_text_stands_above_its_list_and_an_older_one_is_restored(web):
    _store, index, client = web
    reader = client.application.test_client()
    assert "landing" not in text(reader, "/earthquakes?lang=id")[1]
    assert send(client, "save", text=FIRST) == 302
    page = text(reader, "/earthquakes?lang=id")[1]
    address = "https://bnpb.go.id/siaga?a=1&amp;b=2"
    assert "&lt;b&gt;117&lt;/b&gt;" in page
    assert f'<a href="{address}" rel="noopener">{address}</a>.' in page
    assert 'href="javascript' not in page
    assert "117" not in text(reader, "/earthquakes?lang=en")[1]
    assert "117" not in text(reader, "/ash?lang=id")[1]
    assert send(client, "save", text="Kedua") == 302
    assert send(client, "restore", number="1") == 302
    assert [one.restores for one in texts.versions(_store, PLACE)] == [1, 0, 0]
    assert "117" in text(reader, "/earthquakes?lang=id")[1]
    index.forget()
    index.refresh()
    assert index.texts.newest(PLACE).number == 3
    assert send(client, "save", text="") == 302
    assert "landing" not in text(reader, "/earthquakes?lang=id")[1]
    assert send(client, "restore", number="9") == 404


def test_what_is_looked_at_is_not_written(web):
    store, _index, client = web
    form = {
        "hazard": "ash",
        "of": "en",
        "token": accounts.token(client, "/account"),
        "text": "Only a look",
    }
    assert client.post("/texts/look", data=form).get_data(as_text=True).count("Only a look") == 2
    assert send(client, "look", text="x" * (LONGEST + 1)) == 422
    assert send(client, "save", of="xx", text="a") == 404
    assert list(store.list(keys.TEXTS)) == []


def test_two_who_write_at_once_do_not_overwrite_each_other(store, monkeypatch):
    texts.write(store, Text(PLACE, 0, "one", "ani", "2026-11-27T00:00:00Z"))
    before = texts.all_versions(store, PLACE)
    texts.write(store, Text(PLACE, 0, "two", "ani", "2026-11-27T00:00:01Z"))
    with monkeypatch.context() as late:
        late.setattr(texts, "all_versions", lambda _store, _place: before)
        with pytest.raises(Conflict):
            texts.write(store, Text(PLACE, 0, "three", "budi", "2026-11-27T00:00:01Z"))
    assert [one.text for one in texts.versions(store, PLACE)] == ["two", "one"]


def test_an_operator_writes_no_text(web, minio):
    _store, _index, client = web
    accounts.of(minio, "op", role=OPERATOR)
    accounts.entered(client, "op")
    assert client.get("/texts").status_code == 403
    assert send(client, "save", text="x") == 403


def test_reports_carry_the_lines_of_the_agency_and_are_other_runs_with_others(store, tmp_path):
    installed.install(store, tmp_path)

    def made():
        exposure = analysis_data.open(store, tmp_path / "cache", (), "earthquake")
        run = analysis.run_of("earthquake", "20180805194635", "initial", 1, b"a map", exposure)
        return run.run, analysis.head(run, b"a map", exposure)["provenance"]

    bare, ours = made(), Place(REPORT, "earthquake", "id")
    texts.write(store, Text(ours, 0, "BPBD <NTB>\nPusdalops 117", "ani", "2026-11-27T00:00:00Z"))
    texts.write(store, Text(Place(REPORT, "ash", "id"), 0, "PVMBG", "ani", "2026-11-27T00:00:00Z"))
    lined = made()
    assert (bare[1].get("letterhead"), lined[1]["letterhead"]) == (None, {"id": ["BPBD <NTB>", "Pusdalops 117"]})
    assert lined[0] != bare[0]
    texts.write(store, Text(ours, 0, "Salah", "ani", "2026-11-27T00:00:01Z"))
    assert made()[0] not in (bare[0], lined[0])
    texts.write(store, Text(ours, 0, "BPBD <NTB>\nPusdalops 117", "ani", "2026-11-27T00:00:02Z", restores=1))
    assert made() == lined
    texts.write(store, Text(ours, 0, "", "ani", "2026-11-27T00:00:03Z"))
    assert made() == bare
    for wrong in ("a\nb\nc", "x" * 81):
        with pytest.raises(BadInput):
            texts.write(store, Text(ours, 0, wrong, "ani", "2026-11-27T00:00:04Z"))


class Closed(Store):
    """A store whose policies give no right to list texts, or to read them."""

    def __init__(self, other, *, lists):
        self.__dict__ = dict(other.__dict__)
        self._lists = lists

    def list(self, bucket, prefix="", **more):
        if bucket == keys.TEXTS and not self._lists:
            raise Forbidden("no right to list")
        return super().list(bucket, prefix, **more)

    def get(self, bucket, key, **more):
        if bucket == keys.TEXTS:
            raise Forbidden("no right to read")
        return super().get(bucket, key, **more)


@pytest.mark.parametrize(
    "broken", [b"{", b'"x"', b" " * (1 << 17), NUMBER, WHEN], ids=["cut", "other", "large", "number", "when"]
)
def test_lines_that_cannot_be_read_make_inputs_of_their_hazard_wait_and_no_others(store, minio, tmp_path, broken):
    installed.install(store, tmp_path)
    functions = Store.connect(minio, "functions")
    texts.write(store, Text(Place(REPORT, "earthquake", "id"), 0, "BMKG", "ani", "2026-11-27T00:00:00Z"))
    store.put(keys.TEXTS, "report/flood/id/000001.json", broken)
    own = analysis_data.awaited(functions, tmp_path / "cache", (), "earthquake").stationery
    assert own == {"earthquake": {"letterhead": {"id": ["BMKG"]}}}
    etag = store.put(keys.FLOODMAPS, f"{HOUR}/{keys.FLOOD_DATA}", floods.answer())
    status, answer = installed.call(on_flood.run, functions, minio, keys.FLOODMAPS, f"{HOUR}/{keys.FLOOD_DATA}", etag)
    assert (status, answer.get("state")) == (503, None)  # it is tried again, and not refused
    assert "on the page /layouts, or delete texts/report/flood/id/000001.json: " in answer["reason"]["text"]


@pytest.mark.parametrize("lists", [False, True], ids=["list", "get"])
def test_a_store_that_gives_no_right_to_the_lines_holds_up_no_report(store, lists):
    texts.write(store, Text(Place(REPORT, "earthquake", "id"), 0, "BMKG", "ani", "2026-11-27T00:00:00Z"))
    assert texts.stationery(Closed(store, lists=lists), "earthquake") == {}


@pytest.mark.parametrize("more", [{}, {"drill": True, "drill_reason": "a test"}], ids=["real", "exercise"])
def test_the_lines_stand_at_head_and_foot_of_each_page_as_plain_text(more):
    impact = impacts.full()[0] | more
    impact["provenance"] = impact["provenance"] | {"letterhead": {"id": ["BPBD <NTB>", "W" * 80]}}
    for code, count in (("id", 1), ("en", 0)):
        language = load(code)
        fitted = fit.first(impact, False, language)
        page = pages.html(impact, "https://siaga.example", language, fitted, None)
        assert page.count('<p class="letterhead">BPBD &lt;NTB&gt;</p>') == count * fitted.pages
        assert page.count(f'<p class="newest">{"W" * 80}</p>') == count * fitted.pages
        assert ("LATIHAN" in page or "EXERCISE" in page) == bool(more)


def test_a_version_that_cannot_be_read_is_told_and_another_takes_its_place(web):
    store, _index, client = web
    place = Place(REPORT, "flood", "id")
    assert send(client, "save", "layouts", hazard="flood", head="BPBD") == 302
    store.put(keys.TEXTS, f"{place}/000002.json", WHEN)
    for stray in ("zz.txt", "1.json", "999999.json/x", "notes/000009.json"):
        store.put(keys.TEXTS, f"{place}/{stray}", b"x")
    store.put(keys.TEXTS, f"{LANDING}/flood/id/000001.json", b"x")
    with pytest.raises(Unavailable, match="/layouts"):
        texts.stationery(store, "flood")
    page = text(client, "/layouts?hazard=flood&of=id&lang=en")
    assert (page[0], "This version cannot be read" in page[1]) == (200, True)
    assert send(client, "restore", "layouts", hazard="flood", number="1") == 302
    assert [(number, one and one.text) for number, one in texts.all_versions(store, place)] == [
        (3, "BPBD"),
        (2, None),
        (1, "BPBD"),
    ]
    assert texts.stationery(store, "flood") == {"letterhead": {"id": ["BPBD"]}}
