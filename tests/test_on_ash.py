"""on-ash on a real store: request and raster in either order, versions, earlier falls, the catalogue."""

import hashlib
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import jsonschema
import numpy as np
import pytest
import shapely
from fixtures import ash, exposure, installed
from support import typed

from functions.on_ash import handler as on_ash
from siaga import keys
from siaga.analysis.ash import of_ash
from siaga.data import analysis_data
from siaga.impact import schemas
from siaga.store import Store
from siaga.timing import Timing
from web.index import Filter, Index

SCHEMA = schemas.of("ash")
EVENT = "201702211904+0700_Merapi"


@pytest.fixture
def call(store, minio, tmp_path, qgis):
    """Put a request and perhaps a raster and let on-ash have the request; returns (status, answer, impact or None)."""
    people = exposure.population(tmp_path / "people.tif", np.full((60, 60), 10.0), 110.0, -7.0, 0.02)
    parts = [("33", "Jawa Tengah", "province", None, shapely.box(109, -9, 112, -6))]
    towns = tmp_path / "places.csv"
    towns.write_text("name,longitude,latitude,population,kind,zone\nBoyolali,110.6,-7.53,60000,regency_seat,Boyolali\n")
    files = [
        exposure.data_file("population", people),
        exposure.data_file("zones", exposure.zones(tmp_path / "zones.geojson", parts)),
        exposure.data_file("places", towns),
    ]
    exposure.install(store, files, "Test exposure")
    functions = Store.connect(minio, "functions")

    def go(request=None, raster=b"", folder=EVENT):
        if raster:
            store.put(keys.ASHMAPS, f"{folder}/{keys.ASH_RASTER}", raster)
        etag = store.put(keys.ASHMAPS, f"{folder}/{keys.ASH_REQUEST}", request or ash.request())
        status, answer = installed.call(
            on_ash.run, functions, minio, keys.ASHMAPS, f"{folder}/{keys.ASH_REQUEST}", etag
        )
        return status, answer, installed.result(store, answer)

    return go


def test_the_record_keeps_its_schema_and_every_product_its_hash(call, store):
    status, answer, impact = call(raster=ash.raster())
    assert (status, answer["state"], answer["event_id"]) == (200, "done", EVENT)
    jsonschema.validate(impact, SCHEMA)
    assert {one["path"] for one in impact["products"]} == {
        *("hazard.tif", "classes.geojson", "zones.csv", "zones.geojson", "request.json")
    }
    for product in impact["products"]:
        body = store.get(keys.RESULTS, f"{answer['run']}/{product['path']}")[0]
        assert (len(body), hashlib.sha256(body).hexdigest()) == (product["size"], product["sha256"])
    assert [zone["name"] for zone in impact["zones"]] == ["Jawa Tengah"]
    assert [town["name"] for town in impact["places"]] == ["Boyolali"]


def test_the_catalogue_shows_the_run_and_what_a_list_shows(call, store):
    _status, answer, impact = call(raster=ash.raster())
    (entry,) = installed.catalogue(store)
    jsonschema.validate(entry, typed.schema("catalog"))
    assert (entry["run"], entry["volcano"]["name"], entry["alert_level"]) == (answer["run"][-8:], "Merapi", "siaga")
    assert entry["people"]["by_class"] == impact["people"]["by_class"]
    assert entry["arrival"]["folder_id"] == EVENT
    (head,) = store.list(keys.RESULTS, keys.CATALOG)
    assert head.key.startswith("catalog/ash/2017/02/20170221T120400Z_201702211904+0700_Merapi_")


def test_the_same_again_gives_the_same_keys_and_bytes(call, store):
    call(raster=ash.raster())
    before = {head.key: head.etag for head in store.list(keys.RESULTS)}
    call(raster=ash.raster())
    assert {head.key: head.etag for head in store.list(keys.RESULTS)} == before


def test_a_request_waits_for_its_raster_and_says_so(call, store):
    status, answer, _ = call()
    assert status == 503
    assert answer["reason"]["text"].endswith(f"{EVENT}/ash_fall.tif has not come yet; the request waits for it")
    assert not list(store.list(keys.RESULTS))
    assert call(raster=ash.raster())[1]["state"] == "done"


def test_only_the_raster_that_the_request_names_serves(call):
    right = ash.raster()
    request = ash.request(raster_sha256=hashlib.sha256(right).hexdigest())
    status, answer, _ = call(request, ash.raster(ash.cone(peak=5)))
    assert status == 503
    assert "another one than the request names" in answer["reason"]["text"]
    assert call(request, right)[1]["state"] == "done"


def test_a_request_does_not_wait_for_ever(call):
    with patch.object(on_ash, "_PATIENCE", timedelta(days=-1)):
        status, answer, _ = call()
    assert (status, answer["state"]) == (200, "refused")
    assert "within -1 days" in answer["reason"]["text"]


def test_a_waiting_request_gives_way_to_a_newer_one(call, store, minio):
    call()
    newer = store.put(keys.ASHMAPS, f"{EVENT}/request.json", ash.request(alert_level="awas"))
    old = next(head for head in store.versions(keys.ASHMAPS, f"{EVENT}/request.json") if head.etag != newer)
    functions = Store.connect(minio, "functions")
    where = (keys.ASHMAPS, f"{EVENT}/request.json")
    status, answer = installed.call(on_ash.run, functions, minio, *where, old.etag, old.version_id)
    assert (status, answer["state"]) == (200, "superseded")


@pytest.mark.parametrize(
    ("request_body", "raster", "said"),
    [
        (b"{}", ash.raster(), "lacks volcano"),
        (ash.request(), b"no raster", "no GeoTIFF"),
        (ash.request(longitude=120.0), ash.raster(), "more than 3 degrees"),
    ],
)
def test_what_cannot_serve_is_refused_and_leaves_nothing(call, store, request_body, raster, said):
    status, answer, _ = call(request_body, raster)
    assert (status, answer["state"]) == (200, "refused")
    assert said in answer["reason"]["text"]
    assert not list(store.list(keys.RESULTS))


def test_a_folder_of_another_name_is_told(call):
    _status, answer, impact = call(raster=ash.raster(), folder="upload-7")
    assert impact["event_id"] == EVENT
    assert "The folder is named upload-7" in answer["warnings"][-1]["text"]


def test_earlier_falls_of_the_eruption_lie_below(call, store):
    for time, peak in (
        ("2017-02-13T19:04+07:00", 9.0),
        ("2017-02-16T01:00+00:00", 4.0),
        ("2017-02-20T19:04+07:00", 2.0),
    ):
        told = ash.request(time=time)
        folder = str(on_ash.read_request(told).event_id)
        call(told, ash.raster(ash.cone(peak=peak)), folder)
    call(ash.request(volcano="Merbabu", time="2017-02-20T20:00+07:00"), ash.raster(), "201702202000+0700_Merbabu")
    store.put(keys.ASHMAPS, "201702202100+0700_Merapi/request.json", ash.request(time="2017-02-20T21:00+07:00"))
    _status, answer, impact = call(raster=ash.raster())
    jsonschema.validate(impact, SCHEMA)
    total = impact["cumulative"]
    assert total["events"] == ["201702160100+0000_Merapi", "201702201904+0700_Merapi"]
    assert total["max_cm"] == pytest.approx(impact["map"]["max_cm"] * (20 + 4 + 2) / 20, rel=1e-5)
    assert total["people"]["total"] > impact["people"]["total"]
    assert total["displaced"] > impact["displaced"]
    assert store.exists(keys.RESULTS, f"{answer['run']}/cumulative.tif")


def test_an_earlier_fall_counts_in_the_unit_that_its_own_request_names(call, store):
    store.put(keys.ASHMAPS, "201702201904+0700_Merapi/ash_fall.tif", ash.raster(ash.cone(peak=40.0)))
    told = ash.request(time="2017-02-20T19:04+07:00", unit="mm")
    store.put(keys.ASHMAPS, "201702201904+0700_Merapi/request.json", told)
    impact = call(raster=ash.raster(ash.cone(peak=2.0)))[2]
    assert impact["cumulative"]["max_cm"] == pytest.approx(3 * ash.cone(peak=2.0).max(), rel=1e-6)


@pytest.mark.parametrize("turn", [1, -1])
def test_one_instant_in_two_time_zones_is_one_fall(call, store, minio, tmp_path, turn):
    spellings = [("2017-02-21T19:04+07:00", "Merapi"), ("2017-02-21T12:04+00:00", "merapi")]
    raster = ash.raster()
    names = []
    for time, volcano in spellings[::turn]:
        told = ash.request(time=time, volcano=volcano)
        names.append(str(on_ash.read_request(told).event_id))
        assert call(told, raster, names[-1])[2]["cumulative"] is None
    told = ash.request(time="2017-02-22T10:00+07:00")
    _status, _answer, impact = call(told, raster, "201702221000+0700_Merapi")
    total = impact["cumulative"]
    assert total["events"] in ([names[0]], [names[1]])
    assert total["max_cm"] == pytest.approx(2 * impact["map"]["max_cm"])
    assert "has the very same raster" in impact["warnings"][-1]["text"]
    index = Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")
    index.refresh()
    assert index.events("ash", Filter(), 50, 0)[1] == 2
    for name in (*names, "201702211304+0100_MERAPI"):
        assert sorted(one["event_id"] for one in index.versions(name, hazard="ash")) == sorted(names)


def test_the_same_raster_given_twice_adds_nothing(qgis):
    nothing = analysis_data.AnalysisData("0" * 64, "Nothing", (), {})
    first, second = ash.raster(), ash.raster(ash.cone(peak=3.0))
    alone = of_ash([first, second], ash.request(), nothing, Timing()).impact
    again = of_ash([second, first, first], ash.request(), nothing, Timing()).impact
    assert again["people"] == alone["people"]
    assert again["map"] == alone["map"]
    assert again["run"] == alone["run"]
    assert "The same raster is given twice; it is counted once" in [one["text"] for one in again["warnings"]]


def test_a_raster_that_was_written_anew_is_the_same_one(qgis):
    nothing = analysis_data.AnalysisData("0" * 64, "Nothing", (), {})
    once, anew = ash.raster(), ash.raster(nodata=-1.0, options=["COMPRESS=DEFLATE"])
    assert once != anew
    alone = of_ash([once], ash.request(), nothing, Timing()).impact
    again = of_ash([anew, once], ash.request(), nothing, Timing()).impact
    assert again["map"] == alone["map"]
    assert "The same raster is given twice; it is counted once" in [one["text"] for one in again["warnings"]]


def test_an_earlier_fall_that_cannot_be_read_is_left_out_with_a_warning(call, store):
    store.put(keys.ASHMAPS, "201702201904+0700_Merapi/request.json", ash.request(time="2017-02-20T19:04+07:00"))
    store.put(keys.ASHMAPS, "201702201904+0700_Merapi/ash_fall.tif", b"no raster")
    impact = call(raster=ash.raster())[2]
    assert impact["cumulative"] is None
    assert "201702201904+0700_Merapi is left out of the sum" in impact["warnings"][-1]["text"]


def test_a_later_request_of_the_same_event_is_another_version(call, store):
    now = datetime(2026, 11, 24, tzinfo=UTC)
    for minute, level in enumerate(("siaga", "awas")):
        told = ash.request(alert_level=level, submitted=(now + timedelta(minutes=minute)).isoformat())
        call(told, ash.raster())
    entries = sorted(installed.catalogue(store), key=lambda entry: entry["process_time"])
    assert [entry["alert_level"] for entry in entries] == ["siaga", "awas"]
    assert {entry["event_id"] for entry in entries} == {EVENT}
    assert len({entry["version"] for entry in entries}) == 2
