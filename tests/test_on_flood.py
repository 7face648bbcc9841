"""on-flood on a real store: figures, versions of one hour, what is not reported, the catalogue."""

import hashlib
import json

import jsonschema
import numpy as np
import pytest
import shapely
import shapely.geometry
from fixtures import exposure, floods, installed
from support import typed

from functions.on_flood import handler as on_flood
from siaga import keys
from siaga.impact import schemas
from siaga.product import ZONES
from siaga.store import Store

SCHEMA = schemas.of("flood")
HOUR = "2017022105-6-rw"


@pytest.fixture
def call(store, minio, tmp_path, qgis):
    """Put an answer and let on-flood have it; returns (status, answer, impact or None)."""
    people = np.full((40, 40), 10.0)
    people[:, 30:] = 0
    grid = exposure.population(tmp_path / "people.tif", people, floods.WEST, floods.NORTH, floods.CELL)
    parts = [("3174", "Jakarta Barat", "regency", None, shapely.box(106.6, -6.6, 107.4, -5.9))]
    files = [
        exposure.data_file("population", grid),
        exposure.data_file("zones", exposure.zones(tmp_path / "zones.geojson", parts)),
    ]
    exposure.install(store, files, "Test exposure")
    functions = Store.connect(minio, "functions")

    def go(body, folder=HOUR):
        key = f"{folder}/{keys.FLOOD_DATA}"
        etag = store.put(keys.FLOODMAPS, key, body)
        status, answer = installed.call(on_flood.run, functions, minio, keys.FLOODMAPS, key, etag)
        return status, answer, installed.result(store, answer)

    return go


def test_the_record_keeps_its_schema_and_every_product_its_hash(call, store):
    status, answer, impact = call(floods.answer())
    assert (status, answer["state"], answer["event_id"]) == (200, "done", HOUR)
    assert (answer["bucket"], answer["key"]) == (keys.FLOODMAPS, f"{HOUR}/{keys.FLOOD_DATA}")
    jsonschema.validate(impact, SCHEMA)
    assert {one["path"] for one in impact["products"]} == {
        *("flood.geojson", "zones.csv", "zones.geojson", "flood_data.json")
    }
    for product in impact["products"]:
        body = store.get(keys.RESULTS, f"{answer['run']}/{product['path']}")[0]
        assert (len(body), hashlib.sha256(body).hexdigest()) == (product["size"], product["sha256"])
    assert impact["people"]["by_class"] == pytest.approx({"1": 10, "2": 20, "3": 10, "4": 0})
    assert [zone["name"] for zone in impact["zones"]] == ["Jakarta Barat"]
    (drawn,) = json.loads(store.get(keys.RESULTS, f"{answer['run']}/{ZONES}")[0])["features"]
    assert drawn["properties"] == impact["zones"][0]
    assert shapely.geometry.shape(drawn["geometry"]).bounds == (106.6, -6.6, 107.4, -5.9)
    assert [(one["geom_id"], one["state"], one["people"]) for one in impact["areas"]] == [
        ("3174040007007000", 3, pytest.approx(10)),
        ("3174040007008000", 2, pytest.approx(20)),
        ("3174040008001000", 1, pytest.approx(10)),
    ]


def test_people_are_told_by_kelurahan_without_any_installed_ones(call):
    found = {one["name"]: one for one in call(floods.answer())[2]["villages"]}
    assert {name: (one["code"], one["district"]) for name, one in found.items()} == {
        "JELAMBAR BARU": ("3174040007", "3174040"),
        "JELAMBAR": ("3174040008", "3174040"),
    }
    assert found["JELAMBAR BARU"]["by_class"] == pytest.approx({"1": 0, "2": 20, "3": 10, "4": 0})
    assert found["JELAMBAR BARU"]["areas_by_class"] == {"1": 0, "2": 1, "3": 1, "4": 0}
    assert (found["JELAMBAR BARU"]["affected"], found["JELAMBAR"]["affected"]) == (pytest.approx(30), 0)
    edge = call(floods.answer(left=38))[2]  # the third lies beyond the grid's forty columns
    assert [one["people"] for one in edge["areas"]] == [None, 0, 0]
    assert [one["people"] for one in edge["villages"]] == [0, 0]
    outside = call(floods.answer(left=400))[2]["villages"]
    assert {(one["people"], one["affected"], one["by_class"]) for one in outside} == {(None, None, None)}


def test_the_catalogue_names_the_run_and_what_a_list_shows(call, store):
    _status, answer, impact = call(floods.answer())
    (entry,) = installed.catalogue(store)
    jsonschema.validate(entry, typed.schema("catalog"))
    assert (entry["hazard"], entry["event_id"], entry["run"]) == ("flood", HOUR, answer["run"][-8:])
    assert (entry["time"], entry["region"], entry["reported"]) == ("2017-02-21T05:00:00Z", "ID-JK", True)
    assert (entry["highest_class"], entry["highest_state"]) == ("3", 3)
    assert entry["areas_by_class"] == {"1": 1, "2": 1, "3": 1, "4": 0}
    assert entry["people"] == {"total": pytest.approx(40), "by_class": impact["people"]["by_class"]}
    assert (entry["affected"], entry["displaced"]) == (pytest.approx(30), pytest.approx(0.5))
    assert (entry["report"], entry["drill"], entry["demonstration"]) == (None, False, False)
    (head,) = store.list(keys.RESULTS, keys.CATALOG)
    assert head.key.startswith("catalog/flood/2017/02/20170221T050000Z_2017022105-6-rw_initial-v001-")


def test_the_same_again_gives_the_same_keys_and_bytes(call, store):
    call(floods.answer())
    before = {head.key: head.etag for head in store.list(keys.RESULTS)}
    call(floods.answer())
    assert {head.key: head.etag for head in store.list(keys.RESULTS)} == before


def test_another_answer_of_the_hour_is_another_version(call, store):
    call(floods.answer())
    call(floods.answer(states=(2, 2, 4)))
    entries = installed.catalogue(store)
    assert {entry["highest_state"] for entry in entries} == {3, 4}
    assert {entry["event_id"] for entry in entries} == {HOUR}
    assert len({entry["version"] for entry in entries}) == 2


def test_an_hour_of_caution_alone_is_recorded_and_not_reported(call, store):
    _status, answer, impact = call(floods.answer(states=(1, None, 1)))
    assert (answer["state"], impact["reported"], impact["affected"]) == ("done", False, 0)
    (entry,) = installed.catalogue(store)
    assert (entry["reported"], entry["highest_state"]) == (False, 1)


def test_a_dry_hour_is_recorded(call, store):
    _status, answer, impact = call(floods.answer(states=(None, None, None)))
    assert (answer["state"], impact["reported"], impact["areas"]) == ("done", False, [])
    (entry,) = installed.catalogue(store)
    assert (entry["highest_class"], entry["highest_state"], entry["people"]["total"]) == (None, 0, 0)


def test_flooded_where_nobody_lives_is_said(call, store):
    _status, answer, impact = call(floods.answer(left=32))
    assert impact["people"]["total"] == 0
    assert "nobody lives where it is flooded" in answer["warnings"][0]["text"]
    assert not call(floods.answer(states=(1, 1, 1), left=32))[1]["warnings"]  # caution is no flood
    assert answer["warnings"] in [entry["warnings"] for entry in installed.catalogue(store)]


def test_outside_the_population_data_every_figure_is_unknown(call, store):
    _status, _answer, impact = call(floods.answer(left=400))
    jsonschema.validate(impact, SCHEMA)
    assert (impact["people"]["total"], impact["affected"], impact["displaced"]) == (None, None, None)
    (entry,) = installed.catalogue(store)
    assert (entry["people"]["total"], entry["affected"], entry["highest_state"]) == (None, None, 3)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>502</html>", "not JSON"),
        (floods.answer()[:900], "cut off"),
        (floods.answer(states=(None, 7, None)), "state is 7"),
        (b"", "empty"),
        (b'{"statusCode": 400, "message": "no such city"}', "no such city"),
    ],
)
def test_what_cannot_serve_is_refused_and_leaves_nothing(call, store, body, said):
    status, answer, _impact = call(body)
    assert (status, answer["state"], answer["run"]) == (200, "refused", "")
    assert said in answer["reason"]["text"]
    assert not list(store.list(keys.RESULTS))


def test_a_folder_that_is_no_hour_is_refused(call):
    status, answer, _impact = call(floods.answer(), folder="2017-demo")
    assert (status, answer["state"]) == (200, "refused")
    assert "is not a snapshot" in answer["reason"]["text"]
