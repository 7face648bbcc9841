"""The operator's uploads: login, tokens, form and API; what strangers try."""

import base64
import hashlib
import io
import json
import re
import stat

import pytest
import requests
from fixtures import ash, exposure

from siaga import ashuploads, keys, operatoraccount
from siaga.errors import BadInput, SiagaError
from siaga.exposure import analysis_data
from siaga.hazard.ash import read_request
from siaga.store import Store
from web import Desk, create_app
from web.index import Index
from web.login import TooOften, Tries

NAME, PASSWORD = "petugas", "gunung berapi 17"
NOBODY = "http://127.0.0.1:9"
FORM = {
    "volcano": "merapi",
    "alert_level": "siaga",
    "eruption_height_m": "100",
    "time": "2017-02-21T19:04",
    "zone": "WIB",
    "forecast_days": "3",
}
EVENT = "201702211904+0700_Merapi"


@pytest.fixture
def desk(store, minio, tmp_path):
    """(store, client, folder of secrets): an app with an operator and a catalogue of two volcanoes."""
    catalogue = tmp_path / "volcanoes.csv"
    catalogue.write_text(
        "name,longitude,latitude,elevation_m,type\nMerapi,110.446,-7.54,2910,x\nAwu,125.447,3.689,,x\n"
    )
    analysis_data.install(store, [exposure.data_file("volcanoes", catalogue)], "Test", demonstration=False)
    operatoraccount.write(tmp_path / "secrets", NAME, PASSWORD)
    web = Store.connect(minio, "web")
    app = create_app(
        web,
        Index(web, tmp_path / "i.sqlite"),
        NOBODY,
        Desk(Store.connect(minio, "ash"), tmp_path / "secrets", "k" * 32),
    )
    return store, app.test_client(), tmp_path / "secrets"


def token(client, path="/login"):
    return re.search(r'name="token" value="([^"]+)"', client.get(path).get_data(as_text=True))[1]


def log_in(client, name=NAME, password=PASSWORD, **more):
    told = {"token": token(client), "name": name, "password": password} | more
    return client.post("/login?lang=en", data=told)


def upload(client, body=None, **more):
    raster = ash.raster() if body is None else body
    told = FORM | {"token": token(client, "/ash/upload"), "raster": (io.BytesIO(raster), "x.tif")} | more
    return client.post("/ash/upload?lang=en", data=told, content_type="multipart/form-data")


def basic(name=NAME, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def inputs(store):
    return sorted(head.key for head in store.list(keys.ASHMAPS))


def test_from_the_form_to_the_bucket(desk):
    store, client, _ = desk
    log_in(client)
    page = client.get("/ash/upload").get_data(as_text=True)
    assert '<option value="Awu">' in page
    answer = upload(client)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "3,010 m" in page  # 2910 m and 100 m above it
    assert "data:image/png;base64," in page
    digest = hashlib.sha256(ash.raster()).hexdigest()
    assert inputs(store) == [keys.ash_candidate(digest)]  # nothing that wakes anybody
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    answer = client.post("/ash/submit", data=hidden)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/status?sent=201702211904%2B0700_Merapi")
    assert store.get(keys.ASHMAPS, f"{EVENT}/ash_fall.tif")[0] == ash.raster()
    one = read_request(store.get(keys.ASHMAPS, f"{EVENT}/request.json")[0])
    assert (one.volcano, one.elevation_m, one.forecast_days, one.time_zone) == ("Merapi", 2910, 3, "WIB")
    assert one.raster_sha256 == digest
    assert one.submitted is not None
    assert f"{EVENT} is submitted" in client.get("/status?lang=en&sent=201702211904%2B0700_Merapi").get_data(
        as_text=True
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"volcano": "Vesuvius"}, "There is no volcano Vesuvius"),
        ({"volcano": "<script>"}, "There is no volcano &lt;script&gt;"),
        ({"alert_level": "red"}, "one of normal, waspada, siaga, awas"),
        ({"eruption_height_m": "high"}, "eruption_height_m is"),
        ({"time": "yesterday"}, "time is"),
        ({"zone": "WIBB"}, "zone is"),
        ({"forecast_days": "2"}, "forecast_days is"),
        ({"volcano": "Awu"}, "more than three degrees away from Awu"),
        ({"body": b"no raster"}, "no GeoTIFF"),
        ({"body": b""}, "The file is empty"),
        ({"body": ash.raster(bands=2)}, "2 bands"),
    ],
)
def test_what_cannot_serve_is_told_and_the_form_keeps_what_was_filled_in(desk, more, said):
    store, client, _ = desk
    log_in(client)
    answer = upload(client, **more)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert 'value="2017-02-21T19:04"' in page or "time" in more
    assert inputs(store) == []


def test_nothing_is_shown_or_taken_without_a_login(desk):
    store, client, _ = desk
    answer = client.get("/ash/upload")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/ash/upload")
    sent = {"token": token(client)} | FORM
    assert client.post("/ash/upload", data=sent).status_code == 302
    assert client.post("/ash/submit", data=sent | {"sha256": "a" * 64}).status_code == 302
    assert client.post("/ash/upload", data=sent | {"more": "x" * 70_000}).status_code == 403  # not even read
    assert inputs(store) == []


@pytest.mark.parametrize("path", ["/login", "/logout", "/ash/upload", "/ash/submit"])
@pytest.mark.parametrize("sent", [{}, {"token": ""}, {"token": "wrong"}, {"token": "ü"}])
def test_no_changing_request_without_the_sessions_token(desk, path, sent):
    _store, client, _ = desk
    log_in(client)
    assert client.post(path, data=FORM | {"name": NAME, "password": PASSWORD} | sent).status_code == 403


def test_a_stranger_without_a_session_has_no_token_at_all(desk):
    assert desk[1].post("/login", data={"name": NAME, "password": PASSWORD}).status_code == 403
    assert desk[1].post("/login", data={"name": NAME, "password": PASSWORD, "token": "-"}).status_code == 403


def test_the_session_is_closed_to_scripts_and_other_sites_and_is_new_after_the_login(desk):
    _store, client, _ = desk
    before = token(client)
    cookie = log_in(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert token(client, "/ash/upload") != before
    assert client.get("/ash/upload").headers["Cache-Control"] == "no-store"


def test_a_forged_session_is_none(desk):
    client = desk[1]
    client.set_cookie("siaga-session", "eyJvcGVyYXRvciI6InBldHVnYXMifQ.aaaa.bbbb")
    assert client.get("/ash/upload").status_code == 302


def test_after_logging_out_or_a_new_password_the_session_is_over(desk):
    _store, client, folder = desk
    log_in(client)
    assert client.get("/ash/upload").status_code == 200
    operatoraccount.write(folder, NAME, "another password")
    assert client.get("/ash/upload").status_code == 302
    log_in(client, password="another password")
    assert client.get("/ash/upload").status_code == 200
    client.post("/logout", data={"token": token(client, "/ash/upload")})
    assert client.get("/ash/upload").status_code == 302


@pytest.mark.parametrize(
    "after", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "/a\nb"]
)
def test_a_login_leads_to_pages_of_ours_alone(desk, after):
    assert log_in(desk[1], next=after).headers["Location"] == "/ash/upload"


def test_a_login_leads_back(desk):
    assert log_in(desk[1], next="/status").headers["Location"] == "/status"


def test_wrong_passwords_are_counted(desk):
    _store, client, _ = desk
    for _ in range(5):
        assert log_in(client, password="wrong").status_code == 403
    answer = log_in(client)
    assert answer.status_code == 429
    assert "five minutes" in answer.get_data(as_text=True)
    assert client.post("/api/ash", json={}, headers=basic()).status_code == 429


def test_tries_are_forgotten_after_five_minutes_and_counted_by_address():
    clock = [0.0]
    tries = Tries(lambda: clock[0])
    for _ in range(5):
        tries.wrong("a")
    with pytest.raises(TooOften):
        tries.check("a")
    tries.check("b")
    clock[0] = 301
    tries.check("a")
    for number in range(50):
        tries.wrong(f"bot {number}")
    with pytest.raises(TooOften):
        tries.check("somebody else")


def test_without_an_operator_the_page_says_what_to_do(desk):
    _store, client, folder = desk
    (folder / operatoraccount.FILE).unlink()
    assert "siaga operator NAME" in client.get("/login?lang=en").get_data(as_text=True)
    assert log_in(client).status_code == 403


def test_the_account_is_hashed_and_its_owners_alone(desk):
    path = desk[2] / operatoraccount.FILE
    assert PASSWORD not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    account = operatoraccount.read(desk[2])
    assert account.fits(NAME, PASSWORD)
    assert not account.fits("other", PASSWORD)
    assert not account.fits(NAME, "")


@pytest.mark.parametrize(("name", "password"), [("", PASSWORD), ("a:b", PASSWORD), ("ü", PASSWORD), (NAME, "short")])
def test_a_poor_account_is_not_set(tmp_path, name, password):
    with pytest.raises(SiagaError):
        operatoraccount.write(tmp_path, name, password)
    assert operatoraccount.read(tmp_path) is None


def test_the_api_takes_a_request_a_raster_and_the_request_again(desk):
    store, client, _ = desk
    body = ash.raster()
    told = json.loads(ash.request(raster_sha256=hashlib.sha256(body).hexdigest()))
    answer = client.post("/api/ash", json=told, headers=basic())
    assert (answer.status_code, answer.json["state"]) == (202, "raster wanted")
    assert requests.put(answer.json["upload"]["url"], data=body, timeout=10).ok
    answer = client.post("/api/ash", json=told, headers=basic())
    assert (answer.status_code, answer.json["event_id"]) == (201, EVENT)
    assert answer.json["map"]["cells_by_class"]["very_high"] > 0
    assert f"{EVENT}/request.json" in inputs(store)


def test_a_link_is_for_one_key_and_other_content_there_is_not_taken(desk):
    store, client, _ = desk
    told = json.loads(ash.request(raster_sha256=hashlib.sha256(ash.raster()).hexdigest()))
    url = client.post("/api/ash", json=told, headers=basic()).json["upload"]["url"]
    elsewhere = url.replace(told["raster_sha256"], "b" * 64)
    assert requests.put(elsewhere, data=b"x", timeout=10).status_code == 403
    assert requests.get(url, timeout=10).status_code == 403
    assert requests.put(url, data=b"something else", timeout=10).ok
    assert client.post("/api/ash", json=told, headers=basic()).json["state"] == "raster wanted"
    assert all(not key.endswith("request.json") for key in inputs(store))


@pytest.mark.parametrize(
    ("headers", "body", "status", "said"),
    [
        ({}, {}, 401, "name and password"),
        (basic(password="wrong"), {}, 401, "name and password"),
        ({"Authorization": "Bearer x"}, {}, 401, "name and password"),
        (basic(), {}, 422, "lacks volcano"),
        (basic(), json.loads(ash.request()), 422, "lacks raster_sha256"),
        (basic(), json.loads(ash.request(raster_sha256="../x")), 422, "64 hexadecimal"),
    ],
)
def test_the_api_says_what_is_wrong_in_json(desk, headers, body, status, said):
    answer = desk[1].post("/api/ash", json=body, headers=headers)
    assert answer.status_code == status
    assert said in answer.json["error"]


def test_the_api_takes_json_alone_and_no_cookie_speaks_for_it(desk):
    _store, client, _ = desk
    assert (
        client.post("/api/ash", data=ash.request(), headers=basic()).status_code == 422
    )  # what a form of another site can send
    log_in(client)
    assert client.post("/api/ash", json=json.loads(ash.request())).status_code == 401


def test_a_raster_is_looked_at_in_a_process_of_its_own_with_limits(monkeypatch):
    one = read_request(ash.request())
    seen = ashuploads.look(one, ash.raster())
    assert base64.b64decode(seen["png"]).startswith(b"\x89PNG")
    assert seen["map"]["max_cm"] == pytest.approx(ash.cone().max(), rel=1e-6)
    monkeypatch.setattr(ashuploads, "_PATIENCE", 0.01)
    with pytest.raises(BadInput, match="limits of time"):
        ashuploads.look(one, ash.raster())


def test_a_site_without_a_desk_has_no_login(store, minio, tmp_path):
    web = Store.connect(minio, "web")
    client = create_app(web, Index(web, tmp_path / "i.sqlite"), NOBODY).test_client()
    assert client.get("/login").status_code == 404
    assert "/ash/upload" not in client.get("/status").get_data(as_text=True)
