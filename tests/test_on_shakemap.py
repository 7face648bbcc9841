"""on-shakemap and render-report on a real store: figures, products, catalogue, the same again."""

import csv
import gzip
import hashlib
import io
import json
import zipfile

import jsonschema
import numpy as np
import pytest
from fixtures import installed
from fixtures.grids import make_grid
from osgeo import gdal
from support import typed

from functions.on_shakemap import handler as on_shakemap
from functions.render_report import handler as render_report
from siaga import keys
from siaga.impact import forecast, schemas
from siaga.store import Store

SCHEMA = schemas.of("earthquake")


@pytest.fixture
def analyse(store, minio, tmp_path, qgis):
    """Put a grid.xml and let on-shakemap have it; returns (status, answer, impact or None)."""
    installed.install(store, tmp_path)
    functions = Store.connect(minio, "functions")

    def go(body, key="20180805194635/grid.xml", bucket=keys.SHAKEMAPS, etag=None):
        put = store.put(bucket, key, body, "application/xml")
        status, answer = installed.call(on_shakemap.run, functions, minio, bucket, key, put if etag is None else etag)
        run = answer.get("run")
        impact = json.loads(store.get(keys.RESULTS, f"{run}/impact.json")[0]) if run else None
        return status, answer, impact

    return go


def listing(store, prefix):
    return {head.key: head.etag for head in store.list(keys.RESULTS, prefix)}


def catalogue(store):
    return [json.loads(store.get(keys.RESULTS, head.key)[0]) for head in store.list(keys.RESULTS, keys.CATALOG)]


def test_the_record_keeps_its_schema_and_every_product_its_hash(analyse, store):
    status, answer, impact = analyse(make_grid())
    assert (status, answer["state"]) == (200, "done")
    jsonschema.validate(impact, SCHEMA)
    assert {product["path"] for product in impact["products"]} == {
        "hazard.tif",
        "contours.geojson",
        "bands.geojson",
        "zones.csv",
        "grid.xml",
    }
    for product in impact["products"]:
        body = store.get(keys.RESULTS, f"{answer['run']}/{product['path']}")[0]
        assert (len(body), hashlib.sha256(body).hexdigest()) == (product["size"], product["sha256"])


def test_people_zones_and_table_are_the_same_people(analyse, store):
    _status, answer, impact = analyse(make_grid())
    by_mmi = impact["people"]["by_mmi"]
    assert impact["people"]["total"] == pytest.approx(sum(by_mmi.values()))
    for mmi, people in by_mmi.items():
        assert sum(zone["by_mmi"][mmi] for zone in impact["zones"]) == pytest.approx(people, rel=1e-9)
    rows = list(csv.DictReader(io.StringIO(store.get(keys.RESULTS, f"{answer['run']}/zones.csv")[0].decode())))
    assert [row["name"] for row in rows] == [zone["name"] for zone in impact["zones"]]
    assert [float(row["people"]) for row in rows] == [zone["people"] for zone in impact["zones"]]


def test_siagas_forecast_knows_the_depth_and_the_loss_its_year(analyse):
    _status, _answer, impact = analyse(make_grid(peak=8.5))
    people = {int(mmi): count for mmi, count in impact["people"]["by_mmi"].items()}
    expected = forecast.estimate(people, impact["event"]["depth_km"])
    assert impact["fatalities"]["siaga"]["p95"] == pytest.approx(expected.quantiles["p95"])
    assert expected.quantiles["p95"] != forecast.estimate(people).quantiles["p95"]
    assert impact["economic"]["gdp_year"] == int(impact["event"]["time"][:4]) == 2018
    assert impact["economic"]["exposed_usd"] > 0


def test_the_same_input_gives_the_same_objects(analyse, store):
    _status, first, _impact = analyse(make_grid())
    before = listing(store, "")
    _status, again, _impact = analyse(make_grid())
    assert again["run"] == first["run"]
    assert listing(store, "") == before


def test_other_exposure_gives_another_run_beside_the_old_one(analyse, store, tmp_path):
    _status, first, _impact = analyse(make_grid())
    installed.install(store, tmp_path, scale=2.0)
    _status, second, impact = analyse(make_grid())
    assert first["run"] != second["run"]
    assert first["run"].rpartition("/")[0] == second["run"].rpartition("/")[0]
    assert listing(store, first["run"])
    (entry,) = catalogue(store)
    assert entry["run"] == impact["run"]


def test_the_hazard_raster_holds_the_nodes_at_its_pixels_centres(analyse, store, tmp_path):
    mmi = np.linspace(3, 7, 61 * 81).reshape(61, 81).round(2)
    _status, answer, _impact = analyse(make_grid(mmi=mmi))
    path = tmp_path / "hazard.tif"
    path.write_bytes(store.get(keys.RESULTS, f"{answer['run']}/hazard.tif")[0])
    source = gdal.Open(str(path))
    assert np.allclose(source.ReadAsArray(), mmi, atol=1e-5)
    band = source.GetRasterBand(1)
    assert (band.GetUnitType(), np.isnan(band.GetNoDataValue())) == ("MMI", True)
    west, width, _, north, _, height = source.GetGeoTransform()
    assert (west + width / 2, north + height / 2) == pytest.approx((115.45, -7.55), abs=1e-6)
    assert (width, -height) == pytest.approx((0.025, 0.025))


def test_the_catalogue_names_the_run_and_what_a_list_shows(analyse, store):
    _status, _answer, impact = analyse(make_grid())
    (entry,) = catalogue(store)
    jsonschema.validate(entry, typed.schema("catalog"))
    by_mmi = impact["people"]["by_mmi"]
    assert entry["people"]["mmi6_plus"] == pytest.approx(sum(by_mmi[str(mmi)] for mmi in range(6, 11)))
    assert (entry["alert"], entry["run"], entry["clock_zone"]) == (impact["alert"]["level"], impact["run"], "WITA")
    own = impact["fatalities"][impact["alert"]["model"]]
    assert impact["alert"]["model"] == "siaga"
    assert entry["fatalities"] == {name: own[name] for name in ("median", "p05", "p25", "p75", "p95")}
    assert entry["alert_probability"] == own["probability"]
    assert entry["report"] is None
    assert entry["arrival"]["key"] == "20180805194635/grid.xml"


def test_a_corrected_map_is_another_version(analyse, store):
    analyse(make_grid())
    _status, answer, impact = analyse(make_grid(peak=7.0), bucket=keys.SHAKEMAPS_CORRECTED)
    assert impact["source_type"] == "corrected"
    assert "/corrected-v001-" in answer["run"]
    assert len(catalogue(store)) == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"order": "shuffled"}, "placed by LON and LAT"),
        ({"event_id": "20180805194636"}, "The folder is named 20180805194635"),
        ({"time": "2099-08-05T18:46:35", "process_time": ""}, "lies after the arrival"),
        ({"time": "2013-08-05T18:46:35", "process_time": ""}, "names another day than the quake's time"),
        ({"lon": 20.0}, "outside the population data"),
        ({"floor": 6.0}, "The map ends where the shaking is still MMI 6.0"),
        ({"time": "2031-08-05T18:46:35", "process_time": ""}, "more than 10 years"),
    ],
)
def test_what_is_odd_is_taken_with_a_warning(analyse, store, more, said):
    status, answer, impact = analyse(make_grid(**more))
    assert (status, answer["state"]) == (200, "done")
    (entry,) = catalogue(store)
    texts = [warning["text"] for warning in [*answer["warnings"], impact["people"]["note"] or {"text": ""}]]
    assert any(said in text for text in texts), texts
    assert {w["text"] for w in entry["warnings"]} >= {w["text"] for w in impact["warnings"]}


def test_outside_the_exposure_every_figure_is_unknown_never_nought(analyse):
    _status, _answer, impact = analyse(make_grid(lon=20.0))
    jsonschema.validate(impact, SCHEMA)
    assert impact["people"]["by_mmi"] == {str(mmi): None for mmi in range(1, 11)}
    assert impact["people"]["total"] is None
    assert (impact["affected"], impact["displaced"], impact["fatalities"]) == (None, None, None)
    assert impact["alert"]["level"] is None


def test_a_scenario_is_a_drill(analyse):
    assert analyse(make_grid(event_type="SCENARIO"))[2]["drill"] is True
    assert analyse(make_grid())[2]["drill"] is False


def test_a_refused_map_says_why_and_leaves_nothing(analyse, store):
    status, answer, _impact = analyse(make_grid()[:5000])
    assert (status, answer["state"], answer["run"]) == (200, "refused", "")
    assert "cut off" in answer["reason"]["text"]
    assert listing(store, "") == {}


def test_older_content_under_the_key_is_superseded_and_a_deleted_one_refused(analyse, store, minio):
    status, answer, _impact = analyse(make_grid(), etag="0" * 32)
    assert (status, answer["state"]) == (200, "superseded")
    functions = Store.connect(minio, "functions")
    status, answer = installed.call(on_shakemap.run, functions, minio, keys.SHAKEMAPS, "nothing/grid.xml", "1" * 32)
    assert (status, answer["state"]) == (200, "refused")


def test_without_exposure_a_map_waits_and_says_for_what(store, minio, qgis):
    put = store.put(keys.SHAKEMAPS, "a/grid.xml", make_grid(), "application/xml")
    functions = Store.connect(minio, "functions")
    status, answer = installed.call(on_shakemap.run, functions, minio, keys.SHAKEMAPS, "a/grid.xml", put)
    assert "siaga data demo" in answer["reason"]["text"]
    assert status == 503  # not now: it is tried again, and published once data are there
    assert "state" not in answer


@pytest.mark.parametrize("more", [{}, {"lon": 20.0}, {"peak": 3.0}, {"event_type": "SCENARIO"}])
def test_a_report_is_made_in_both_languages_and_is_the_same_again(analyse, store, minio, more):
    _status, answer, impact = analyse(make_grid(**more))
    key = f"{answer['run']}/impact.json"
    functions = Store.connect(minio, "functions")
    etag = store.head(keys.RESULTS, key).etag
    status, told = installed.call(render_report.run, functions, minio, keys.RESULTS, key, etag)
    assert (status, told["state"], told["run"]) == (200, "done", answer["run"])
    report = json.loads(store.get(keys.RESULTS, f"{answer['run']}/report.json")[0])
    assert len(report["products"]) == 14
    for product in report["products"]:
        body = store.get(keys.RESULTS, f"{answer['run']}/{product['path']}")[0]
        assert hashlib.sha256(body).hexdigest() == product["sha256"]
    (entry,) = catalogue(store)
    jsonschema.validate(entry, typed.schema("catalog"))
    assert entry["report"]["languages"] == ["id", "en"]
    assert entry["drill"] == impact["drill"]
    before = listing(store, "")
    installed.call(render_report.run, functions, minio, keys.RESULTS, key, etag)
    assert listing(store, "") == before


def test_doing_a_map_again_keeps_its_report(analyse, store, minio):
    _status, answer, _impact = analyse(make_grid())
    key = f"{answer['run']}/impact.json"
    functions = Store.connect(minio, "functions")
    installed.call(render_report.run, functions, minio, keys.RESULTS, key, store.head(keys.RESULTS, key).etag)
    analyse(make_grid())
    (entry,) = catalogue(store)
    assert entry["report"] is not None


def test_a_packed_map_is_the_same_version_as_the_plain_one(analyse):
    body, other = make_grid(), io.BytesIO()
    with zipfile.ZipFile(other, "w") as packed:
        packed.writestr("20180805194635/GRID.XML", body)
        packed.writestr("intensity.jpg", b"")
    _, plain, impact = analyse(body)
    for name, sent in (("grid.xml.gz", gzip.compress(body)), ("GRID.XML.ZIP", other.getvalue())):
        status, answer, again = analyse(sent, key=f"20180805194635/{name}")
        assert (status, answer["state"], answer["run"]) == (200, "done", plain["run"])
        assert again == impact
    assert [one["text"] for one in answer["warnings"] if "zip" in one["text"]] == [
        "The zip holds other files too (1); only its grid.xml is read"
    ]
    _, answer, _ = analyse(gzip.compress(body)[:-30], key="20180805194635/grid.xml.gz")
    assert answer["state"] == "refused"
    assert "cut off" in answer["reason"]["text"]
