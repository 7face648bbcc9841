"""The API for programs: its document, what it answers from real records, what it refuses, who may ask."""

import csv
import io
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote

import pytest
import schemathesis
from fixtures import analysed
from fixtures.pages import NOBODY
from hypothesis import HealthCheck, given
from hypothesis import settings as drawn
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from support.stores import emptied_store

from siaga import moment
from siaga.errors import SiagaError
from siaga.hazards import HAZARDS
from siaga.language import load
from siaga.settings import Settings
from siaga.store import Store
from web import create_app
from web.api import document, documents
from web.api.access import Access, Rates, TooMany
from web.api.operations import OPERATIONS
from web.index import Index

NOW = datetime(2018, 8, 5, 13, 0, tzinfo=UTC)
ORIGIN = "https://peta.example.id"
NOT_BY_SCHEMA = ("box", "cursor")  # whose values hold more than a schema can say: south below north, what was given
READS = [one for one in OPERATIONS if not one.scope]  # test_api_changes has the others
HOUR = "2017022104-6-rw"


@pytest.fixture(scope="module")
def shown(minio, tmp_path_factory):
    """(app, entries): an app over a quake, a flooded hour and hours around it, and an ash fall."""
    folder = tmp_path_factory.mktemp("api")
    entries = analysed.put_all(emptied_store(minio), folder)
    index = Index(Store.connect(minio, "web"), folder / "index.sqlite")
    index.refresh()
    app = create_app(Store.connect(minio, "web"), index, NOBODY, api_access=Access((ORIGIN,)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moment, "now", lambda: NOW)
        yield app, entries


@pytest.fixture(scope="module")
def openapi(shown):
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json?lang=en", shown[0])


@pytest.fixture
def client(shown):
    return shown[0].test_client()


@pytest.fixture
def quake(shown):
    return shown[1][0]


def told(client, path, status=200, **more):
    """What the API answers in JSON."""
    answer = client.get(f"/api/v1{path}", **more)
    assert answer.status_code == status, answer.get_data(as_text=True)[:300]
    return answer.get_json(force=True)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", [one.path for one in READS])
def test_nothing_that_can_be_asked_breaks_it(openapi, path, mode):
    """Whatever is drawn from the document, right or wrong, is answered as it says; the same is drawn each time."""

    @drawn(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(openapi[path]["GET"].as_strategy(generation_mode=mode))
    def ask(case):
        for name in NOT_BY_SCHEMA if mode is GenerationMode.POSITIVE else ():
            (case.query or {}).pop(name, None)
        case.call_and_validate(headers={"Accept-Encoding": "identity"})  # its client unpacks nothing

    ask()


def places(entry):
    """The parts of paths that lead to an event."""
    names = {"earthquake": "earthquakes", "flood": "floods", "ash": "ash"}
    return {"hazard": names[entry["hazard"]], "event_id": entry["event_id"], "version": entry["version"]}


@pytest.mark.parametrize("name", [one.name for one in READS])
def test_what_is_there_is_answered_as_the_document_says(shown, client, name):
    one = next(one for one in OPERATIONS if one.name == name)
    whole = document.document(load("en"))
    answers = whole["paths"][one.path]["get"]["responses"]["200"]["content"]
    form = {"components": whole["components"], **answers[one.media_type]["schema"]}
    wanted = [entry for entry in shown[1] if "hazard" in one.path or entry["hazard"] == "earthquake"]
    for entry in wanted if "event_id" in one.path else [None]:
        path = one.path.format_map((places(entry) if entry else {}) | {"snapshot": HOUR, "document": "report"})
        answer = client.get(f"/api/v1{quote(path)}")
        assert (answer.status_code, answer.mimetype) == (200, one.media_type), path
        if answer.is_json or "json" in one.media_type:
            assert not list(Draft202012Validator(form).iter_errors(answer.get_json(force=True))), path


def test_each_stored_document_has_its_schema_here_and_keeps_it(client, quake):
    assert set(told(client, "/schemas")["schemas"]) == {*(f"impact-{one}" for one in HAZARDS), *documents.FILES}
    form = told(client, "/schemas/impact-earthquake")
    Draft202012Validator.check_schema(form)
    impact = client.get(told(client, f"/earthquakes/{quake['event_id']}")["links"]["impact"]).get_json()
    assert not list(Draft202012Validator(form).iter_errors(impact))
    assert "impact-flood" in told(client, "/schemas/x", status=400)["detail"]


def test_pages_of_a_list_follow_each_other_by_their_cursors(client):
    first = told(client, "/floods?limit=1")
    assert (len(first["events"]), first["next"]) == (1, None)
    hours = told(client, "/flood-hours?limit=2")
    kinds = [one["kind"] for one in hours["hours"]]
    while hours["next"]:
        hours = client.get(hours["next"]).get_json()
        kinds += [one["kind"] for one in hours["hours"]]
    assert kinds == ["empty", "gap", "suspect", "same", "data"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", 1),
        ("least_magnitude=9", 0),
        ("box=115,-10,118,-7", 1),
        ("box=95,0,96,1", 0),
        ("since=2018-08-06", 0),
        ("until=2018-08-06T00:00:00%2B07:00", 1),
        ("level=green", 0),
        ("source_type=corrected", 0),
        ("drill=true", 0),
        ("felt=true&order=magnitude&descending=false", 1),
    ],
)
def test_lists_are_filtered(client, asked, found):
    assert len(told(client, f"/earthquakes?{asked}")["events"]) == found
    assert len(told(client, f"/earthquakes.geojson?{asked}")["features"]) == found


def test_impact_json_is_byte_for_byte_what_is_stored_and_may_be_kept_by_its_hash(client, quake):
    link = told(client, f"/earthquakes/{quake['event_id']}")["links"]["impact"]
    answer = client.get(link)
    assert sha256(answer.data).hexdigest() == quake["impact"]["sha256"] == answer.get_etag()[0]
    pinned = client.get(f"{link}?sha256={quake['impact']['sha256']}")
    kept = pinned.cache_control  # by the reader alone: a cache before the app would serve what is hidden later
    assert (kept.private, kept.public, kept.immutable) == (True, False, True)
    assert client.get(f"{link}?sha256={'0' * 64}").status_code == 404


@pytest.mark.parametrize("path", ["/earthquakes", "/earthquakes/{event_id}/versions/{version}/impact", "/volcanoes"])
def test_who_has_an_answer_is_not_sent_it_again(client, quake, path):
    path = "/api/v1" + path.format_map(quake)
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.head(path).headers["ETag"] == first.headers["ETag"]


def test_zones_carry_the_numbers_of_bps_and_borders_once_the_report_is_there(client, quake):
    base = f"/earthquakes/{quake['event_id']}/versions/{quake['version']}"
    zones = told(client, f"{base}/zones?level=regency")["zones"]
    assert len(zones) == 14
    assert (zones[7]["code"], zones[7]["bps_code"], zones[7]["p_code"]) == ("07", "07", "ID07")
    assert told(client, f"{base}/zones?level=village&lang=en", 404)["detail"].endswith("there are regency")
    drawn_zones = told(client, f"{base}/zones.geojson")
    assert drawn_zones["features"][0]["geometry"]["type"] == "Polygon"
    assert drawn_zones["unknown"] == []
    rows = list(csv.DictReader(io.StringIO(client.get(f"/api/v1{base}/zones.csv").get_data(as_text=True))))
    assert (rows[7]["p_code"], float(rows[7]["mmi_7"])) == ("ID07", zones[7]["by_mmi"]["7"])


@pytest.mark.parametrize(("hazard", "number"), [("floods", 1), ("ash", 2)])
def test_zones_of_floods_and_ash_falls_have_borders_without_a_report(client, shown, hazard, number):
    entry = shown[1][number]
    base = f"/{hazard}/{entry['event_id']}/versions/{entry['version']}"
    drawn_zones = told(client, f"{base}/zones.geojson?level=regency")
    assert drawn_zones["unknown"] == []
    assert {one["geometry"]["type"] for one in drawn_zones["features"]} == {"Polygon"}
    assert [one["properties"] for one in drawn_zones["features"]] == told(client, f"{base}/zones")["zones"]


def test_of_an_hour_that_nobody_knows_nothing_is_said_to_be_dry(client):
    for number, why in ((6, "could not be believed"), (7, "Nobody asked in that hour")):
        hour = told(client, f"/flood-hours/20170221{number:02d}-6-rw?lang=en")
        assert (hour["areas_by_state"], hour["areas_flooded"], hour["affected"]) == (None, None, None)
        assert all(why in one["reason"] for one in hour["unknown"])
        assert told(client, f"/flood-hours/20170221{number:02d}-6-rw/areas")["areas"] is None
    told(client, "/flood-hours/2017022108-6-rw", 404)
    dry = told(client, "/flood-hours/2017022109-6-rw")
    assert (dry["areas_flooded"], dry["affected"], dry["unknown"]) == (0, 0, [])
    areas = told(client, f"/flood-hours/{HOUR}/areas.geojson")["features"]
    assert areas
    assert all(one["properties"]["people"] > 0 for one in areas)
    assert told(client, "/flood-hours/2017022105-6-rw/areas")["areas"] == [one["properties"] for one in areas]


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/earthquakes?limit=0", 400, "limit"),
        ("/earthquakes?limit=5&limit=6", 400, "limit"),
        ("/earthquakes?minimum_magnitude=5", 400, "minimum_magnitude"),
        ("/earthquakes?since=yesterday", 400, "since"),
        ("/earthquakes?box=1,2,3", 400, "box"),
        ("/earthquakes?cursor=x", 400, "cursor"),
        ("/earthquakes?lang=fr", 400, "lang"),
        ("/earthquakes?q=" + "a" * 101, 400, "q"),
        ("/earthquakes?felt=1", 400, "felt"),
        ("/floods?level=red", 400, "level"),
        ("/volcanos", 404, None),
        ("/earthquakes/20180805194635/versions/1", 400, "version"),
        ("/earthquakes/none-of-that-id", 404, None),
        ("/floods/2017022199-6-rw", 404, None),
        ("/flood-hours?region=ID-XX", 404, None),
    ],
)
def test_what_is_wrong_is_told_with_its_field_and_what_to_do(client, path, status, field):
    for lang in ("en", "id"):
        sign = "&" if "?" in path else "?"
        answer = client.get(f"/api/v1{path}" + ("" if "lang=" in path else f"{sign}lang={lang}"))
        problem = answer.get_json(force=True)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert (problem["status"], problem.get("field")) == (status, field)
        assert len(problem["detail"]) > 20


def test_only_reading_is_answered(client):
    answer = client.post("/api/v1/floods")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.allow)


def test_pages_of_hosts_that_are_set_may_read_and_no_others(client):
    headers = client.get("/api/v1/earthquakes", headers={"Origin": ORIGIN}).headers
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    asked = client.options("/api/v1/earthquakes", headers={"Origin": ORIGIN})
    assert "GET" in asked.headers["Access-Control-Allow-Methods"]
    other = client.get("/api/v1/earthquakes", headers={"Origin": "https://other.example"}).headers
    assert "Access-Control-Allow-Origin" not in other
    assert "Origin" in other["Vary"]
    assert Settings.load({"SIAGA_API_ORIGINS": "* https://a.id:8000"}).api_origins == ("*", "https://a.id:8000")
    with pytest.raises(SiagaError, match="SIAGA_API_ORIGINS"):
        Settings.load({"SIAGA_API_ORIGINS": "a.id"})


def test_each_address_has_so_many_questions_a_minute():
    now = [0.0]
    rates = Rates(2, lambda: now[0])
    for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2"):
        rates.take(address)
    for address in ("10.0.0.1", "2001:db8::3"):
        with pytest.raises(TooMany):
            rates.take(address)
    now[0] = 31.0
    rates.take("10.0.0.1")


def test_who_asks_too_often_is_told_when_to_go_on(minio, tmp_path):
    app = create_app(Store.connect(minio, "web"), Index(Store.connect(minio, "web"), tmp_path / "i"), NOBODY,
        api_access=Access(per_minute=1))  # fmt: skip
    answers = [app.test_client().get("/api/v1/") for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 429]
    assert answers[1].headers["Retry-After"] == "60"


def test_the_page_shows_every_operation_and_record_in_both_languages(client):
    whole = document.document(load("en"))
    for lang, said in (("id", "API untuk program"), ("en", "API for programs")):
        page = client.get(f"/api?lang={lang}").get_data(as_text=True)
        assert said in page
        assert all(f"/api/v1{one.path}<" in page for one in OPERATIONS)
        assert all(f'id="record-{name}"' in page for name in whole["components"]["schemas"])
