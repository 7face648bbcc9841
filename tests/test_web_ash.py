"""Ash falls in the web app: list, page, requests under way, who may upload, what an attacker tries."""

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest
from fixtures import accounts, ash, ashfalls, receipts
from fixtures.ashfalls import EVENT
from fixtures.pages import NOBODY, opened, text
from flask import render_template

from siaga import keys, moment
from siaga.errors import BadInput
from siaga.events import Notification
from siaga.hazard.ash import CLASSES
from siaga.inputs import ash_uploads
from siaga.store import Store
from web import UploadAccess, create_app
from web.ash import upload as web_ash
from web.ash.volcanoes import Volcano
from web.index import Index
from web.index.lists import ASH_ORDERS

NOW = datetime(2017, 2, 21, 14, 0, tzinfo=UTC)


@pytest.fixture
def web(store, minio, tmp_path, monkeypatch):
    """(store, index, client): an app whose index is refreshed by the test; it is two hours after the eruption."""
    monkeypatch.setattr(moment, "now", lambda: NOW)
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio), "a key of the sessions")
    return opened(store, minio, tmp_path, uploads)


def test_an_empty_list_says_so_in_both_languages(web):
    _store, index, client = web
    index.refresh()
    assert "No ash fall has been analysed yet." in text(client, "/ash?lang=en")[1]
    assert "Belum ada hujan abu yang dianalisis." in text(client, "/ash?lang=id")[1]


def test_the_list_tells_a_fall_in_the_volcanos_own_time(web, monkeypatch):
    store, index, client = web
    ashfalls.put(store)
    other = {"event_id": "201702211904+0900_Ibu", "utc_offset_hours": 9.0, "time_zone": "WIT", "column_height_m": None}
    volcano = {"name": "Ibu", "longitude": 127.63, "latitude": 1.49, "elevation_m": None}
    volcano |= {"district": "Halmahera Barat", "province": "Maluku Utara"}
    ashfalls.put(store, **other, volcano=volcano, time="2017-02-21T10:04:00Z", affected=None, highest_class=None)
    index.refresh()
    page = text(client, "/ash?lang=en")[1]
    assert "19:04 WIB" in page
    assert "19:04 WIT" in page
    assert "3,068 m" in page
    assert page.count("not known") >= 2  # column and people of the other
    assert page.count("Halmahera Barat, Maluku Utara") == 1
    assert "2 active" in page
    assert "chip orange" in page
    assert "quiet" not in page
    assert "Ibu" not in text(client, "/ash?lang=en&q=merapi")[1].split("<tbody>")[1]
    assert "No ash fall answers to this search." in text(client, "/ash?lang=en&q=krakatau")[1]

    def names(query):
        return re.findall(r">(Merapi|Ibu)</a\s*>", text(client, f"/ash?{query}")[1].split("<tbody>")[1])

    assert names("") == ["Merapi", "Ibu"]
    for order in ASH_ORDERS:
        assert sorted(names(f"order={order}")) == ["Ibu", "Merapi"], order
    assert names("order=top&way=asc") == names("order=place&way=asc") == ["Ibu", "Merapi"]  # not known is least
    assert names("box=126,0,128,2") == names("q=ibu&level=siaga") == ["Ibu"]
    assert names("since=2017-02-21&until=2017-02-21&size=30&clock=UTC") == ["Merapi", "Ibu"]
    assert "12:04 UTC" in text(client, "/ash?clock=UTC&days=1")[1]
    drawn = client.get("/ash/map.json?level=siaga&q=merapi").json
    (place,) = drawn["features"]
    assert drawn["whole"]
    assert (place["geometry"]["coordinates"], place["properties"]["rank"]) == ([110.446, -7.54], 2)
    popup = text(client, f"/ash/{EVENT}/{place['properties']['version']}/popup?lang=en")[1]
    assert "SIAGA" in popup
    assert "report-en.pdf" in popup
    rows = list(csv.DictReader(client.get("/ash.csv?order=place&way=asc").text.splitlines()))
    assert [(one["volcano"], one["column_height_m"]) for one in rows] == [("Ibu", ""), ("Merapi", "3068")]
    archive = text(client, "/ash?lang=en")[1].split('class="panel archive"')[1]
    assert "since=2017-02-01&amp;until=2017-02-28" in archive
    monkeypatch.setattr(moment, "now", lambda: NOW + timedelta(days=3))
    assert text(client, "/ash")[1].count("chip orange quiet") == 2  # a level of the past fills nothing with colour


def test_the_page_answers_who_how_thick_how_long(web):
    store, index, client = web
    ashfalls.put(store)
    index.refresh()
    status, page = text(client, f"/ash/{EVENT}?lang=en")
    assert status == 200
    for said in (
        "Ash of Merapi",
        "12.5 cm",
        "3,068 m",
        "District and province are not known",  # an entry of an older Siaga does not tell them
        "forecast until 19:04 WIB, 22 February 2017",
        "Life is at risk from collapsing buildings",
        "Boyolali",
        "No airport lies under the ash of this forecast.",
        "No roads are installed",
    ):
        assert said in page, said
    assert "Ash collects" not in page  # that class is not on the map
    assert "Abu Merapi" in text(client, f"/ash/{EVENT}?lang=id")[1]


def test_unknown_people_are_no_nought(web):
    store, index, client = web
    note = {"text": "No population data", "template": "No population data are installed", "values": {}}
    people = {"total": None, "by_class": dict.fromkeys(CLASSES), "note": note}
    ashfalls.put(
        store, ashfalls.impact(people=people, affected=None, displaced=None, zones=[], places=None, airports=None)
    )
    index.refresh()
    page = text(client, f"/ash/{EVENT}?lang=en")[1]
    assert page.count("not known") >= 6
    assert "No population data are installed" in page
    assert "<b>0</b>" not in page


def test_an_expired_forecast_says_so(web, monkeypatch):
    store, index, client = web
    ashfalls.put(store)
    index.refresh()
    monkeypatch.setattr(moment, "now", lambda: datetime(2017, 2, 23, tzinfo=UTC))
    assert "The forecast has expired" in text(client, f"/ash/{EVENT}?lang=en")[1]
    assert "1 active" not in text(client, "/ash?lang=en")[1]


def test_earlier_falls_are_told_and_linked(web):
    store, index, client = web
    earlier = "201702201904+0700_Merapi"
    people = {"total": 9000.0, "by_class": dict.fromkeys(CLASSES, 1800.0), "note": None}
    total = {"events": [earlier], "max_cm": 14.0, "people": people, "affected": 9000.0, "displaced": 800.0}
    ashfalls.put(store, ashfalls.impact(cumulative=total))
    index.refresh()
    page = text(client, f"/ash/{EVENT}?lang=en")[1]
    assert "Together with earlier falls" in page
    assert f'href="/ash/{earlier}"' in page


def test_a_request_without_figures_is_seen_with_its_reason(web):
    store, index, client = web
    etag = store.put(keys.ASHMAPS, f"{EVENT}/request.json", b"{}")
    store.put(keys.ASHMAPS, "201702220104+0800_Agung/request.json", b"{}")
    reason = {"text": "x", "template": "The request lacks {field}", "values": {"field": "volcano"}}
    sent = Notification(keys.ASHMAPS, f"{EVENT}/request.json", etag)
    receipts.write(store, receipts.receipt(sent, "refused", function="on-ash", reason=reason))
    index.refresh()
    page = text(client, "/ash?lang=en")[1]
    assert "The request lacks volcano" in page
    assert "Agung" in page
    assert "waiting for its raster" in page


def test_who_may_upload_sees_the_button_and_others_the_way_to_log_in(web):
    client = web[2]
    assert 'href="/login?next=/ash/upload"' in text(client, "/ash?lang=en")[1].replace("%2F", "/")
    accounts.entered(client)
    assert 'href="/ash/upload"' in text(client, "/ash?lang=en")[1]
    assert text(client, "/ash/upload?lang=en")[1].count("<h1>") == 1


def form(**more):
    """What the form of an ash fall sends."""
    told = {"volcano": "Merapi", "alert_level": "awas", "eruption_height_m": "3000", "time": "2017-02-21T19:04"}
    return told | {"zone": "WIB", "forecast_days": "1", "density_kg_m3": ""} | more


class Merapi:
    """A catalogue of one volcano."""

    def named(self, name):
        return Volcano(name, 110.446, -7.54, 2968.0, "Kabupaten Boyolali", "Jawa Tengah")


def test_the_form_states_a_density_where_the_raster_holds_a_load():
    plain = web_ash._eruption(form(), Merapi())
    assert (plain.density_kg_m3, plain.district, plain.province) == (None, "Kabupaten Boyolali", "Jawa Tengah")
    dense = web_ash._eruption(form(density_kg_m3="1200,5"), Merapi())
    assert dense.density_kg_m3 == 1200.5
    with pytest.raises(BadInput, match="density_kg_m3 is"):
        web_ash._eruption(form(density_kg_m3="heavy"), Merapi())


def test_the_clock_is_that_of_the_volcano_unless_another_is_chosen():
    class Ibu:
        def named(self, name):
            return Volcano(name, 127.63, 1.49, None)

    assert web_ash._eruption(form(zone=""), Merapi()).time_zone == "WIB"
    assert web_ash._eruption(form(zone=""), Ibu()).time_zone == "WIT"
    assert web_ash._eruption(form(zone="WITA"), Ibu()).time_zone == "WITA"
    with pytest.raises(BadInput, match="zone is"):
        web_ash._eruption(form(zone="CET"), Ibu())


def test_a_look_at_a_raster_says_the_sentence_of_its_unit():
    load = ash.raster(ash.cone() * 10, unit="kg/m2")
    with pytest.raises(BadInput, match="gives a load in kg/m2 and no thickness"):
        ash_uploads.look(web_ash._eruption(form(), Merapi()), load)
    seen = ash_uploads.look(web_ash._eruption(form(density_kg_m3="1000"), Merapi()), load)
    assert seen["map"]["max_cm"] == pytest.approx(ash.cone().max(), rel=1e-6)
    assert "by the request's density of 1000.0 kg/m3" in seen["warnings"][0]["text"]


def test_the_page_of_a_look_names_the_volcano_and_what_was_asked(web):
    app, eruption = web[2].application, web_ash._eruption(form(zone=""), Merapi())
    shown = ash_uploads.look(eruption, ash.raster())
    with app.test_request_context("/ash/upload?lang=en"):
        app.preprocess_request()
        page = render_template(
            "ash_preview.html", tab="ash", **web_ash._shown(eruption, shown), sha256="0" * 64, told=form(zone="")
        )
    assert "Merapi, Kabupaten Boyolali, Jawa Tengah · AWAS" in page
    assert "2017-02-21 19:04 WIB" in page, "the clock of the volcano is named where nobody chose one"


def test_names_are_only_text_and_odd_addresses_get_words(web):
    store, index, client = web
    evil = '<script>alert("x")</script>'
    spot = {"name": evil, "zone": evil, "thickness_cm": 1.0, "class": "low", "distance_km": None}
    volcano = {"name": evil, "longitude": 110.4, "latitude": -7.5, "elevation_m": None}
    ashfalls.put(store, ashfalls.impact(places=[spot]), volcano=volcano)
    index.refresh()
    for path in ("/ash", f"/ash/{EVENT}", "/ash?q=%3Cscript%3Ealert"):
        assert "<script>alert" not in text(client, path)[1]
    for gone in ("nothing", "..%2f..", f"{EVENT}/initial-v009-aaaaaaaa", f"{EVENT}/x", "%3Cscript%3Ealert(1)"):
        status, page = text(client, f"/ash/{gone}")
        assert status == 404, gone
        assert "<script>alert" not in page
    assert client.get(f"/ash/{EVENT}/initial-v001-aaaaaaaa/files/impact.json").status_code == 200
    assert client.get(f"/ash/{EVENT}/initial-v001-aaaaaaaa/files/secret.txt").status_code == 404


def test_apps_of_one_process_do_not_mix(web, minio, tmp_path, monkeypatch):
    store, index, client = web
    ashfalls.put(store)
    index.refresh()
    empty = Index(Store.connect(minio, "web"), tmp_path / "other.sqlite")
    monkeypatch.setattr(empty, "look", lambda: False)  # else it would find the fall in the store
    reader = create_app(Store.connect(minio, "web"), empty, NOBODY).test_client()
    for _turn in range(2):
        assert text(client, f"/ash/{EVENT}")[0] == 200
        assert text(reader, f"/ash/{EVENT}")[0] == 503  # its index has read nothing yet
        assert 'href="/login' in text(client, "/ash")[1]
        assert 'href="/login' not in text(reader, "/ash")[1]
        assert (client.get("/login").status_code, reader.get("/login").status_code) == (200, 404)
        assert (client.get("/ash/upload").status_code, reader.get("/ash/upload").status_code) == (302, 503)
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio), "another key")
    second = create_app(Store.connect(minio, "web"), empty, NOBODY, uploads).test_client()
    accounts.entered(client)
    second.set_cookie("siaga-session", client.get_cookie("siaga-session").value)
    assert client.get("/account").status_code == 200
    assert second.get("/account").status_code == 302
