"""`siaga analyse`: files in, files out, no store; what cannot be used is refused in one sentence."""

import csv
import hashlib
import json

import jsonschema
import numpy as np
import pytest
import shapely
from fixtures import exposure
from fixtures.grids import make_grid
from osgeo import ogr

from siaga import cli
from siaga.gis import layers
from siaga.impact import schemas

SCHEMA = schemas.of("earthquake")
PRODUCTS = {"impact.json", "hazard.tif", "contours.geojson", "bands.geojson", "zones.csv", "grid.xml"}


@pytest.fixture
def given(tmp_path, monkeypatch):
    """A map, 20 x 20 cells of ten people each, two zones with fields of another's naming."""
    monkeypatch.setenv("SIAGA_CACHE", str(tmp_path / "cache"))
    (tmp_path / "grid.xml").write_bytes(make_grid(lon=116.5, lat=-8.5, nlon=61, nlat=61, spacing=0.025))
    exposure.population(tmp_path / "people.tif", np.full((20, 20), 10.0), 116.0, -8.0, 0.05)
    halves = [shapely.box(115, -10, 116.512, -7), shapely.box(116.512, -10, 118, -7)]
    rows = [{"KODE": 5201, "NAMOBJ": "Barat"}, {"KODE": 5202, "NAMOBJ": "Timur"}]
    layers.write(tmp_path / "zones.gpkg", "desa", "Polygon", halves, rows, {"KODE": int, "NAMOBJ": str})
    return tmp_path


def analyse(folder, *more, population="people.tif", grid="grid.xml", out="out"):
    command = ["analyse", "earthquake", str(folder / grid), "--population", str(folder / population)]
    return cli.main([*command, *(str(one) for one in more), "--out", str(folder / out)])


def impact(folder, out="out"):
    return json.loads((folder / out / "impact.json").read_bytes())


def contents(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_files_are_those_that_the_function_would_write(given):
    zones = ("--zones", given / "zones.gpkg", "--zone-code", "KODE", "--zone-name", "NAMOBJ")
    assert analyse(given, *zones) == 0
    found = impact(given)
    jsonschema.validate(found, SCHEMA)
    assert {path.name for path in (given / "out").iterdir()} == PRODUCTS
    listed = {product["path"]: product["sha256"] for product in found["products"]}
    assert listed == {name: sha for name, sha in contents(given / "out").items() if name != "impact.json"}
    assert [(zone["code"], zone["name"], zone["level"]) for zone in found["zones"]] == [
        ("5201", "Barat", None),
        ("5202", "Timur", None),
    ]
    assert found["people"]["total"] == pytest.approx(4000, rel=1e-9)
    assert [zone["people"] for zone in found["zones"]] == pytest.approx([2048, 1952], rel=1e-9)
    with (given / "out" / "zones.csv").open(encoding="utf-8") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["Barat", "Timur"]


def test_same_bytes_in_same_bytes_out_wherever_they_lie(given):
    zones = ("--zone-code", "KODE")
    assert analyse(given, "--zones", given / "zones.gpkg", *zones) == 0
    moved = given / "elsewhere"
    moved.mkdir()
    for name in ("grid.xml", "people.tif", "zones.gpkg"):
        (moved / name).write_bytes((given / name).read_bytes())
    assert analyse(moved, "--zones", moved / "zones.gpkg", *zones) == 0
    assert contents(given / "out") == contents(moved / "out")


def test_without_zones_everybody_on_the_map_counts(given):
    assert analyse(given) == 0
    found = impact(given)
    assert found["people"]["total"] == pytest.approx(4000, rel=1e-9)
    assert (found["people"]["unmapped"], found["zones"]) == (None, [])
    assert list(found["people"]["by_mmi"]) == sorted(str(mmi) for mmi in range(1, 11))


def test_the_report_holds_without_zones_places_and_base_map(given, qgis):
    assert analyse(given, "--report") == 0
    names = {path.name for path in (given / "out").iterdir()} - PRODUCTS
    assert {"report.json", "report-id.pdf", "report-en.pdf", "map-id.png", "report-en.html"} <= names
    report = json.loads((given / "out" / "report.json").read_bytes())
    assert {product["path"] for product in report["products"]} == names - {"report.json"}
    page = (given / "out" / "report-en.html").read_text(encoding="utf-8")
    assert "4,000" in page


def test_places_are_described_from_the_file(given, qgis):
    towns = given / "towns.csv"
    towns.write_text("name,kind,zone,longitude,latitude,population\nMataram,city,Barat,116.1,-8.58,430000\n")
    assert analyse(given, "--places", towns) == 0
    assert [place["name"] for place in impact(given)["places"]["nearest"]] == ["Mataram"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--zones", "zones.gpkg"], "zones.gpkg has no field code; its fields are KODE, NAMOBJ"),
        (["--zones", "zones.gpkg", "--zone-code", "KODE", "--zone-name", "NAMA"], "has no field NAMA; its fields are"),
        (["--zones", "none.shp", "--zone-code", "KODE"], "none.shp: No such file"),
        (["--zones", "grid.xml", "--zone-code", "KODE"], "grid.xml is no vector file that GDAL reads"),
        (["--zone-code", "KODE"], "say nothing without --zones"),
    ],
)
def test_a_file_that_cannot_serve_is_refused_in_one_sentence(given, capsys, more, said):
    more = [given / one if "." in one else one for one in more]
    assert analyse(given, *more) == 1
    written = capsys.readouterr().err
    assert written.startswith("siaga: ")
    assert said in written
    assert written.count("\n") == 1
    assert not (given / "out").exists()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"population": "grid.xml"}, "grid.xml is no raster that GDAL can open"),
        ({"population": "none.tif"}, "none.tif: No such file"),
        ({"grid": "none.xml"}, "none.xml: No such file"),
        ({"grid": "people.tif"}, "not XML"),
    ],
)
def test_a_missing_or_strange_file_too(given, capsys, files, said):
    assert analyse(given, **files) == 1
    assert said in capsys.readouterr().err


def test_an_old_result_does_not_stand_beside_a_new_one(given, qgis):
    assert analyse(given, "--report") == 0
    assert analyse(given) == 0
    assert not (given / "out" / "report.json").exists()
    assert (given / "out" / "impact.json").exists()


def test_structures_roads_and_land_cover_are_read_from_any_layer(given, capsys):
    point, line = shapely.Point(116.5, -8.5), shapely.LineString([(116.4, -8.5), (116.6, -8.5)])
    fields = {"JENIS": str}
    layers.write(given / "b.gpkg", "b", "Polygon", [point.buffer(0.001)], [{"JENIS": "Puskesmas"}], fields)
    layers.write(given / "r.gpkg", "r", "LineString", [line], [{"JENIS": "Jalan Nasional"}], fields)
    layers.write(given / "l.gpkg", "l", "Polygon", [point.buffer(0.01)], [{"JENIS": "Sawah"}], fields)
    options = ("--structures", given / "b.gpkg", "--structures-type", "JENIS", "--roads", given / "r.gpkg")
    options += ("--roads-type", "jenis", "--land-cover", given / "l.gpkg", "--land-cover-type", "JENIS")
    zones = ("--zones", given / "zones.gpkg", "--zone-code", "KODE", "--zone-name", "NAMOBJ")
    assert analyse(given, *options, *zones) == 0
    found = impact(given)
    jsonschema.validate(found, SCHEMA)
    assert found["layers_missing"] == []
    assert found["structures"]["by_class"]["health"]["total"] == 1
    assert found["structures"]["notable"][0]["zone"] == "Barat"
    assert found["roads"]["by_class"]["primary"]["total_km"] == pytest.approx(22.0, rel=0.01)
    assert found["land_cover"]["by_class"]["rice field"]["total_ha"] == pytest.approx(382, rel=0.02)
    assert {file["role"] for file in found["provenance"]["analysis_data"]["files"]} >= {"structures", "roads"}
    first = contents(given / "out")
    assert analyse(given, *options, *zones) == 0  # from the cache
    assert contents(given / "out") == first
    assert analyse(given, "--structures", given / "b.gpkg") == 1
    assert "b.gpkg has no field type; name one with --type-field; there are: JENIS" in capsys.readouterr().err
    assert analyse(given, "--roads-type", "JENIS") == 1
    assert "--roads-type says nothing without --roads" in capsys.readouterr().err


def test_a_shapefile_whose_table_changes_is_another_file(given):
    """The shapes stay, the codes change: shares and figures that were kept must not be used again."""
    for code in ("A", "B"):
        write_shapefile(given / "z.shp", shapely.box(116, -9, 117, -8), code)
        assert analyse(given, "--zones", given / "z.shp", "--zone-code", "KODE", out=code) == 0
    assert [[zone["code"] for zone in impact(given, out)["zones"]] for out in ("A", "B")] == [["A"], ["B"]]
    assert impact(given, "A")["run"] != impact(given, "B")["run"]


def write_shapefile(path, shape, code):
    driver = ogr.GetDriverByName("ESRI Shapefile")
    if path.exists():
        driver.DeleteDataSource(str(path))
    source = driver.CreateDataSource(str(path))
    layer = source.CreateLayer("z", None, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("KODE", ogr.OFTString))
    feature = ogr.Feature(layer.GetLayerDefn())
    feature["KODE"] = code
    feature.SetGeometry(ogr.CreateGeometryFromWkb(shapely.to_wkb(shape)))
    layer.CreateFeature(feature)
