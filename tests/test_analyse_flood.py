"""`siaga analyse flood`: PetaBencana's answer in, files out; what cannot be used is refused in one sentence."""

import csv
import hashlib
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import shapely
from fixtures import exposure

from siaga import cli
from siaga.analysis.flood import of_flood
from siaga.data.analysis_data import AnalysisData
from siaga.gis import layers
from siaga.impact import schemas
from siaga.keys import Snapshot
from siaga.timing import Timing

ANSWERS = Path(__file__).parent / "fixtures" / "petabencana"
SCHEMA = schemas.of("flood")
PRODUCTS = {"impact.json", "flood.geojson", "zones.csv", "flood_data.json"}


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Cells of 0.005 degrees with ten people each around the four RWs of our own answer; two zones."""
    monkeypatch.setenv("SIAGA_CACHE", str(tmp_path / "cache"))
    exposure.population(tmp_path / "people.tif", np.full((20, 20), 10.0), 106.79, -6.14, 0.005)
    halves = [shapely.box(106.7, -6.3, 106.81, -6.1), shapely.box(106.81, -6.3, 106.9, -6.1)]
    rows = [{"KODE": 3174, "NAMOBJ": "Barat, Kota"}, {"KODE": 3173, "NAMOBJ": "Pusat"}]
    layers.write(tmp_path / "zones.gpkg", "kota", "Polygon", halves, rows, {"KODE": int, "NAMOBJ": str})
    houses = [shapely.Point(106.815, -6.195), shapely.Point(106.865, -6.215), shapely.Point(106.852, -6.205)]
    layers.write(tmp_path / "houses.gpkg", "b", "Point", houses, [{"type": "house"}] * 3, {"type": str})
    return tmp_path


def analyse(folder, *more, flood="floods.json", out="out"):
    command = ["analyse", "flood", str(ANSWERS / flood), "--population", str(folder / "people.tif")]
    return cli.main([*command, *(str(one) for one in more), "--out", str(folder / out)])


def impact(folder, out="out"):
    return json.loads((folder / out / "impact.json").read_bytes())


def contents(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_figures_by_hand(given):
    """An RW of 0.01 degrees square has four cells, so forty people; RW 3 has two such, RW 4 eight."""
    zones = ("--zones", given / "zones.gpkg", "--zone-code", "KODE", "--zone-name", "NAMOBJ")
    assert analyse(given, *zones, "--structures", given / "houses.gpkg") == 0
    found = impact(given)
    jsonschema.validate(found, SCHEMA)
    assert found["people"]["by_class"] == pytest.approx({"1": 40, "2": 40, "3": 80, "4": 320}, rel=1e-9)
    assert found["people"]["total"] == pytest.approx(480, rel=1e-9)
    assert found["affected"] == pytest.approx(440, rel=1e-9)
    assert found["displaced"] == pytest.approx(0.4 + 2.4 + 16, rel=1e-9)
    assert found["structures"]["by_class"] == {"1": 0, "2": 1, "3": 0, "4": 1}  # one stands in the hole of RW 4
    assert [(zone["code"], zone["name"]) for zone in found["zones"]] == [("3174", "Barat, Kota"), ("3173", "Pusat")]
    assert found["zones"][0]["by_class"] == pytest.approx({"1": 40, "2": 0, "3": 40, "4": 0}, abs=1e-6)
    assert (found["hazard"], found["event_id"]) == ("flood", "2026112121-6-rw")
    assert found["event"]["last_updated"] == "2026-11-21T21:04:00Z"
    with (given / "out" / "zones.csv").open(encoding="utf-8") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["Barat, Kota", "Pusat"]


def test_the_products_are_listed_and_the_answer_is_among_them_as_it_came(given):
    assert analyse(given) == 0
    assert {path.name for path in (given / "out").iterdir()} == PRODUCTS
    listed = {product["path"]: product["sha256"] for product in impact(given)["products"]}
    assert listed == {name: sha for name, sha in contents(given / "out").items() if name != "impact.json"}
    assert (given / "out" / "flood_data.json").read_bytes() == (ANSWERS / "floods.json").read_bytes()
    shapes = json.loads((given / "out" / "flood.geojson").read_bytes())["features"]
    assert [shape["properties"]["class"] for shape in shapes] == ["4", "3", "2", "1"]
    assert shapely.geometry.shape(shapes[0]["geometry"]).area == pytest.approx(0.0008, rel=1e-9)


@pytest.mark.parametrize("form", ["floods_topojson.json", "floods_topojson_transform.json"])
def test_every_form_of_an_answer_gives_the_same_figures(given, form):
    assert analyse(given) == 0
    assert analyse(given, flood=form, out="other") == 0
    one, other = impact(given), impact(given, "other")
    assert one["people"]["by_class"] == pytest.approx(other["people"]["by_class"], rel=1e-6)
    assert one["map"]["states_sha256"] == other["map"]["states_sha256"]


def test_the_same_again_is_the_same_bytes(given):
    assert analyse(given) == 0
    assert analyse(given, out="again") == 0
    assert contents(given / "out") == contents(given / "again")


def test_a_snapshot_is_named_or_told_by_the_answer(given, capsys):
    assert analyse(given, "--snapshot", "2017022105-6-rw") == 0
    assert impact(given)["event"]["time"] == "2017-02-21T05:00:00Z"
    assert analyse(given, "--snapshot", "today") == 1
    assert "is not a snapshot" in capsys.readouterr().err
    assert analyse(given, flood="floods_empty.json") == 1
    assert "The answer tells no time; name its hour with --snapshot" in capsys.readouterr().err


def test_a_dry_answer_counts_nobody(given):
    zones = ("--zones", given / "zones.gpkg", "--zone-code", "KODE")
    assert analyse(given, *zones, "--snapshot", "2017022105-6-rw", flood="floods_empty.json") == 0
    found = impact(given)
    jsonschema.validate(found, SCHEMA)
    assert (found["people"]["total"], found["affected"], found["zones"]) == (0, 0, [])


def test_what_is_no_flood_is_refused_in_one_sentence(given, capsys):
    assert analyse(given, flood="cities.json") == 1
    assert "Feature 1 has no state" in capsys.readouterr().err
    assert not (given / "out").exists()


def test_without_population_data_figures_are_null():
    nothing = AnalysisData("0" * 64, "Nothing", (), {})
    body = (ANSWERS / "floods.json").read_bytes()
    found = of_flood(body, Snapshot.parse("2017022105-6-rw"), nothing, Timing()).impact
    jsonschema.validate(found, SCHEMA)
    assert found["people"]["by_class"] == dict.fromkeys("1234")
    assert (found["affected"], found["displaced"]) == (None, None)
    assert found["people"]["note"]["text"] == "No population data are installed"


def test_golden_fl13_and_fl12_by_the_command(shared, tmp_path, monkeypatch):
    monkeypatch.setenv("SIAGA_CACHE", str(tmp_path / "cache"))
    inasafe = shared / "data" / "inasafe"
    command = ["analyse", "flood", str(shared / "data/flood/petabencana-20170221.json")]
    command += ["--population", str(inasafe / "exposure/population.asc"), "--out", str(tmp_path / "out")]
    zones = ["--zones", str(inasafe / "aggregation/district_osm_jakarta.geojson"), "--zone-code", "KAB_NAME"]
    laid = ["--structures", str(inasafe / "exposure/buildings.shp"), "--roads", str(inasafe / "exposure/roads.shp")]
    assert cli.main([*command, *zones, *laid]) == 0
    found = impact(tmp_path)
    jsonschema.validate(found, SCHEMA)
    assert found["displaced"] == pytest.approx(16.916, abs=0.0005)
    assert found["displaced"] - found["table"]["outside"]["displaced"] == pytest.approx(16.867, abs=0.0005)
    assert found["structures"]["by_class"] == {"1": 0, "2": 39, "3": 0, "4": 0}
    assert found["roads"]["total_km"] == pytest.approx(6.636, abs=0.001)
    assert found["map"]["areas_by_class"] == {"1": 3, "2": 151, "3": 7, "4": 0}
    assert cli.main(command) == 0
    assert impact(tmp_path)["displaced"] == pytest.approx(16.916, abs=0.0005)


def test_the_report_is_made_too_when_there_is_water_to_report(given, qgis):
    assert analyse(given, "--report") == 0
    made = json.loads((given / "out" / "report.json").read_bytes())
    assert {product["path"] for product in made["products"]} < {path.name for path in (given / "out").iterdir()}
    for code in ("id", "en"):
        assert (given / "out" / f"report-{code}.pdf").read_bytes().startswith(b"%PDF")
