"""`siaga analyse ash`: people by exact area, what lies under ash, InaSAFE's golden cases AS-1 to AS-5."""

import csv
import hashlib
import itertools
import json
from datetime import timedelta

import jsonschema
import numpy as np
import pytest
import shapely
from fixtures import ash, exposure, features
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osgeo import gdal, ogr
from qgis.core import QgsCoordinateReferenceSystem, QgsDistanceArea, QgsGeometry, QgsPointXY, QgsProject

from siaga import cli
from siaga.analysis.ash import of_ash
from siaga.data import features as given_features
from siaga.data.analysis_data import AnalysisData
from siaga.exposure.zones import ZoneFields
from siaga.gis import layers
from siaga.gis.assets import ash as ash_assets
from siaga.gis.people import ash_ground
from siaga.gis.people import by_class as people_by_class
from siaga.hazard.ash import CLASSES, AshFall, classify
from siaga.impact import schemas
from siaga.impact.ash import SCALE
from siaga.report import words
from siaga.timing import Timing

SCHEMA = schemas.of("ash")
PRODUCTS = {"impact.json", "hazard.tif", "classes.geojson", "zones.csv", "zones.geojson"}
CELL = 0.02


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Ash of 20 x 20 cells, 60 x 60 smaller cells of ten people each, two zones."""
    monkeypatch.setenv("SIAGA_CACHE", str(tmp_path / "cache"))
    (tmp_path / "ash.tif").write_bytes(ash.raster())
    (tmp_path / "request.json").write_bytes(ash.request())
    exposure.population(tmp_path / "people.tif", np.full((60, 60), 10.0), 110.0, -7.0, CELL)
    halves = [shapely.box(109, -9, 110.512, -6), shapely.box(110.512, -9, 112, -6)]
    rows = [{"KODE": 3308, "NAMOBJ": "Barat"}, {"KODE": 3310, "NAMOBJ": "Timur"}]
    layers.write(tmp_path / "zones.gpkg", "desa", "Polygon", halves, rows, {"KODE": int, "NAMOBJ": str})
    return tmp_path


def analyse(folder, *more, rasters=("ash.tif",), out="out"):
    command = ["analyse", "ash", *(str(folder / one) for one in rasters), "--population", str(folder / "people.tif")]
    return cli.main([*command, *(str(one) for one in more), "--out", str(folder / out)])


def impact(folder, out="out"):
    return json.loads((folder / out / "impact.json").read_bytes())


def in_order(by_class):
    """From the thinnest ash to the thickest; JSON's keys are sorted by letter."""
    return [by_class[name] for name in CLASSES]


def contents(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def plain(fall, people, west, north, cell, zones=()):
    """Truth by the book: each population cell with each ash cell, and each zone: (zones, 5)."""
    table = np.zeros((max(1, len(zones)), 5))
    kinds = classify(fall.thickness)
    for row, column in np.ndindex(people.shape):
        home = shapely.box(
            west + column * cell, north - (row + 1) * cell, west + (column + 1) * cell, north - row * cell
        )
        left, right = (int(np.floor((x - fall.west) / fall.width)) for x in home.bounds[::2])
        bottom, top = (int(np.floor((fall.north - y) / fall.height)) for y in home.bounds[1::2])
        for r, c in itertools.product(range(top - 1, bottom + 2), range(left - 1, right + 2)):
            if not (0 <= r < kinds.shape[0] and 0 <= c < kinds.shape[1]) or not kinds[r, c]:
                continue
            x, y = fall.west + c * fall.width, fall.north - r * fall.height
            part = home.intersection(shapely.box(x, y - fall.height, x + fall.width, y))
            for number, zone in enumerate(zones or [home]):
                table[number, kinds[r, c] - 1] += people[row, column] * part.intersection(zone).area / home.area
    return table


def test_the_record_and_its_products(folder):
    zones = ("--zones", folder / "zones.gpkg", "--zone-code", "KODE", "--zone-name", "NAMOBJ")
    assert analyse(folder, *zones, "--request", folder / "request.json") == 0
    found = impact(folder)
    jsonschema.validate(found, SCHEMA)
    assert {path.name for path in (folder / "out").iterdir()} == PRODUCTS | {"request.json"}
    listed = {product["path"]: product["sha256"] for product in found["products"]}
    assert listed == {name: sha for name, sha in contents(folder / "out").items() if name != "impact.json"}
    assert found["event_id"] == "201702211904+0700_Merapi"
    assert found["event"]["expires"] == "2017-02-22T12:04:00Z"
    assert found["event"]["column_height_m"] == 3068
    assert found["people"]["total"] == pytest.approx(sum(found["people"]["by_class"].values()), rel=1e-12)
    assert found["affected"] == pytest.approx(found["people"]["total"], rel=1e-12)
    by_class = found["people"]["by_class"]
    assert found["displaced"] == pytest.approx(by_class["high"] + by_class["very_high"], rel=1e-12)
    assert [(zone["code"], zone["name"], zone["level"]) for zone in found["zones"]] == [
        ("3308", "Barat", None),
        ("3310", "Timur", None),
    ]
    for name in CLASSES:
        assert sum(zone["by_class"][name] for zone in found["zones"]) == pytest.approx(by_class[name], rel=1e-9)
    with (folder / "out" / "zones.csv").open(encoding="utf-8") as file:
        assert [float(row["class_medium"]) for row in csv.DictReader(file)] == [
            zone["by_class"]["medium"] for zone in found["zones"]
        ]
    drawn = json.loads((folder / "out" / "classes.geojson").read_bytes())
    assert [one["properties"]["class"] for one in drawn["features"]] == list(CLASSES)


def test_same_bytes_in_same_bytes_out_wherever_they_lie(folder):
    assert analyse(folder, "--request", folder / "request.json") == 0
    moved = folder / "elsewhere"
    moved.mkdir()
    for name in ("ash.tif", "people.tif", "request.json"):
        (moved / name).write_bytes((folder / name).read_bytes())
    assert analyse(moved, "--request", moved / "request.json") == 0
    assert contents(folder / "out") == contents(moved / "out")


def test_a_raster_alone_is_analysed_and_the_rest_is_null(folder):
    assert analyse(folder) == 0
    found = impact(folder)
    jsonschema.validate(found, SCHEMA)
    assert set(found["event"].values()) == {None}
    assert found["event_id"].startswith("ash-")
    assert (found["zones"], found["places"], found["airports"], found["roads"]) == ([], None, None, None)
    assert len(found["layers_missing"]) == 5


def test_several_falls_add_up(folder):
    (folder / "half.tif").write_bytes(ash.raster(ash.cone() / 2))
    (folder / "sum.tif").write_bytes(ash.raster(ash.cone() / 2 + np.float32(ash.cone())))
    assert analyse(folder, rasters=("ash.tif", "half.tif")) == 0
    assert analyse(folder, rasters=("sum.tif",), out="one") == 0
    assert impact(folder)["people"] == impact(folder, "one")["people"]
    assert len(impact(folder)["provenance"]["input"]["files"]) == 2


def test_off_the_population_data_figures_are_null(folder):
    exposure.population(folder / "people.tif", np.full((5, 5), 10.0), 100.0, 5.0, CELL)
    assert analyse(folder, "--zones", folder / "zones.gpkg", "--zone-code", "KODE") == 0
    found = impact(folder)
    jsonschema.validate(found, SCHEMA)
    assert (found["people"]["total"], found["affected"], found["displaced"], found["planning"]) == (None,) * 4
    assert set(found["people"]["by_class"].values()) == {None}
    assert "wholly outside" in found["people"]["note"]["text"]


def test_no_ash_counts_nobody(folder):
    (folder / "ash.tif").write_bytes(ash.raster(np.full((20, 20), 0.01)))
    assert analyse(folder, "--zones", folder / "zones.gpkg", "--zone-code", "KODE") == 0
    found = impact(folder)
    jsonschema.validate(found, SCHEMA)
    assert (found["people"]["total"], found["affected"], found["zones"]) == (0, 0, [])
    assert "nowhere thicker" in found["warnings"][0]["text"]


def test_without_population_data_figures_are_null():
    nothing = AnalysisData("0" * 64, "Nothing", (), {})
    found = of_ash([ash.raster()], ash.request(), nothing, Timing()).impact
    jsonschema.validate(found, SCHEMA)
    assert (found["people"]["total"], found["affected"]) == (None, None)
    assert found["people"]["note"]["text"] == "No population data are installed"


def test_what_cannot_serve_is_refused_in_one_sentence(folder, capsys):
    (folder / "ash.tif").write_bytes(ash.raster(bands=2))
    assert analyse(folder) == 1
    said = capsys.readouterr().err
    assert "2 bands" in said
    assert said.count("\n") == 1
    assert not (folder / "out").exists()


def test_old_population_data_are_told(folder):
    assert analyse(folder, "--request", folder / "request.json", "--population-year", "2000") == 0
    assert "are of 2000, more than 10 years" in impact(folder)["warnings"][0]["text"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000), cell=st.floats(0.01, 0.3), west=st.floats(109.7, 110.3), north=st.floats(-7.2, -6.8)
)
def test_people_are_those_of_the_plain_reckoning(tmp_path, seed, cell, west, north):
    random = np.random.default_rng(seed)
    fall = AshFall(110.0, -7.0, 0.1, 0.07, random.choice([0.0, 0.05, 1.0, 3.0, 7.0, 30.0, np.nan], (5, 6)))
    people = random.uniform(0, 100, (8, 9))
    exposure.population(tmp_path / "people.tif", people, west, north, cell)
    people = people.astype(np.float32).astype(float)
    classed = ash_ground.polygons(fall)
    whole = people_by_class.people(classed, tmp_path / "people.tif", None)
    truth = plain(fall, people, west, north, cell)[0]
    if whole.by_class is None:
        assert truth.sum() == pytest.approx(0, abs=1e-6)
    else:
        assert whole.by_class == pytest.approx(truth, rel=1e-6, abs=1e-6)


def test_zones_are_cut_from_cells_and_classes_alike(folder):
    fall = ash_ground.read(ash.raster())
    zone = shapely.Polygon([(110.3, -7.2), (110.81, -7.37), (110.66, -7.83), (110.22, -7.71)])
    layers.write(folder / "one.gpkg", "z", "Polygon", [zone], [{"code": "a"}], {"code": str})
    found = people_by_class.people(
        ash_ground.polygons(fall), folder / "people.tif", folder / "one.gpkg", ZoneFields("code", "code", None, None)
    )
    truth = plain(fall, np.full((60, 60), 10.0), 110.0, -7.0, CELL, [zone])[0]
    assert found.zones[0].by_class == pytest.approx(truth, rel=1e-6)
    everybody = people_by_class.people(ash_ground.polygons(fall), folder / "people.tif", None).by_class
    assert found.by_class.tolist() == everybody.tolist()
    assert found.table.outside == pytest.approx(everybody - truth, rel=1e-6, abs=1e-6)


def test_people_in_a_projected_grid_are_the_same_people(folder):
    fall = ash_ground.read(ash.raster())
    memory = gdal.Warp("", str(folder / "people.tif"), format="MEM", dstSRS="EPSG:32749", xRes=500, yRes=500)
    flat = np.full((memory.RasterYSize, memory.RasterXSize), 1.0)
    path = folder / "flat.tif"
    made = gdal.GetDriverByName("GTiff").Create(str(path), flat.shape[1], flat.shape[0], 1, gdal.GDT_Float32)
    made.SetGeoTransform(memory.GetGeoTransform())
    made.SetProjection(memory.GetProjection())
    made.GetRasterBand(1).WriteArray(flat)
    del made  # writes the file
    found = people_by_class.people(ash_ground.polygons(fall), path, None).by_class
    classed = ash_ground.polygons(fall)
    measure = ellipsoid_measure()
    for number in range(1, 6):
        shape = shapely.union_all(classed.polygons[classed.classes == number])
        square_metres = measure.measureArea(QgsGeometry.fromWkt(shape.wkt))
        assert found[number - 1] == pytest.approx(square_metres / 250_000, rel=2e-3)  # UTM's scale


def ellipsoid_measure():
    found = QgsDistanceArea()
    found.setSourceCrs(QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance().transformContext())
    found.setEllipsoid("EPSG:7030")
    return found


def test_what_lies_under_ash(folder, qgis):
    fall = ash_ground.read(ash.raster())
    points = [("school", f"n{i}", shapely.Point(110.013 + i * 0.02, -7.513)) for i in range(60)]
    line = shapely.LineString([(109.9, -7.52), (110.53, -7.513), (110.91, -7.1), (110.91, -7.9)])
    edge = shapely.LineString([(110.3, -7.5), (110.7, -7.5)])  # runs along the border of two rows
    square = shapely.Polygon([(110.2, -7.3), (110.91, -7.33), (110.5, -7.95)])
    made = {}
    for role, given_file in (
        ("structures", features.structures(folder / "s.geojson", points)),
        ("roads", features.roads(folder / "r.geojson", [("primary", "a", line), ("path", "b", edge)])),
    ):
        made[role] = folder / f"{role}.fgb"
        given_features.convert(role, given_file, made[role])
    layers.write(folder / "l.geojson", "l", "Polygon", [square], [{"type": "forest"}], {"type": str})
    made["land_cover"] = folder / "land_cover.fgb"
    given_features.convert("land_cover", folder / "l.geojson", made["land_cover"])
    found = ash_assets.describe(fall, ash_ground.polygons(fall), made)
    measure = ellipsoid_measure()
    counted = np.bincount(classify(fall.at(*np.array([point.coords[0] for *_, point in points]).T)), minlength=6)
    assert in_order(found["structures"]["by_type"]["education"]) == counted[1:].tolist()
    for kind, road in (("primary", line), ("path", edge)):
        truth = np.zeros(6)
        for start, end in itertools.pairwise(road.coords):
            t = (np.arange(20_000) + 0.5) / 20_000
            middle = np.outer(1 - t, start) + np.outer(t, end)
            metres = measure.measureLine(QgsPointXY(*start), QgsPointXY(*end))
            truth += np.bincount(classify(fall.at(*middle.T)), minlength=6) / 20_000 * metres / 1000
        assert in_order(found["roads"]["by_type"][kind]) == pytest.approx(truth[1:], abs=0.02)
    hectares = np.zeros(6)
    for r, c in np.ndindex(fall.thickness.shape):
        x, y = fall.west + c * fall.width, fall.north - r * fall.height
        part = square.intersection(shapely.box(x, y - fall.height, x + fall.width, y))
        hectares[classify(fall.thickness)[r, c]] += measure.measureArea(QgsGeometry.fromWkt(part.wkt)) / 10_000
    assert in_order(found["land_cover"]["by_type"]["forest"]) == pytest.approx(hectares[1:], rel=1e-5, abs=0.01)
    assert found["layers_missing"] == []


def test_towns_and_airports_are_listed_the_worst_first(folder, qgis):
    (folder / "towns.csv").write_text(
        "name,kind,zone,longitude,latitude,population\nFar,city,A,120,-7,9\nNear,town,A,110.52,-7.52,5\n"
        "Beside,city,A,110.3,-7.52,50\n"
    )
    (folder / "airports.csv").write_text(
        "name,longitude,latitude,code\nAdisumarmo,110.5,-7.5,SOC\nKupang,123,-10,KOE\n"
    )
    more = ("--request", folder / "request.json", "--places", folder / "towns.csv")
    assert analyse(folder, *more, "--airports", folder / "airports.csv") == 0
    found = impact(folder)
    jsonschema.validate(found, SCHEMA)
    assert [town["name"] for town in found["places"]] == ["Near", "Beside"]
    assert found["places"][0]["class"] == "very_high"
    (airport,) = found["airports"]
    assert (airport["code"], airport["direction"]) == ("SOC", "NE")
    assert airport["distance_km"] == pytest.approx(7.4, abs=0.1)


def test_every_class_says_what_it_may_bring():
    assert set(words.ASH_EFFECTS) == set(words.ASH_CLASSES) == set(CLASSES)
    assert all(set(said) == set(words.ASH_TOPICS) for said in words.ASH_EFFECTS.values())
    assert len({sentence for said in words.ASH_EFFECTS.values() for sentence in said.values()}) == 30


def test_inasafes_rates():
    assert SCALE.estimate(np.array([1.0, 10, 100, 1000, 10_000]))["affected"] == 11_111
    assert SCALE.estimate(np.array([1.0, 10, 100, 1000, 10_000]))["displaced"] == 11_000
    assert SCALE.estimate(np.array([0, 0, 0, 1000.0, 0]))["planning"]["needs"]["rice_kg_week"] == 2800


def golden(shared, tmp_path, monkeypatch, *more):
    """impact.json of InaSAFE's ash raster with its own population raster."""
    monkeypatch.setenv("SIAGA_CACHE", str(tmp_path / "cache"))
    inasafe = shared / "data/inasafe"
    command = ["analyse", "ash", str(shared / "data/ash/ash_raster_wgs84.tif")]
    command += ["--population", str(inasafe / "exposure/pop_binary_raster_20_20.asc"), *map(str, more)]
    assert cli.main([*command, "--out", str(tmp_path / "out")]) == 0
    found = impact(tmp_path)
    jsonschema.validate(found, SCHEMA)
    return found, ash_ground.read((shared / "data/ash/ash_raster_wgs84.tif").read_bytes())


def vectors(path):
    source = ogr.Open(str(path))
    return [(shapely.from_wkb(bytes(one.GetGeometryRef().ExportToWkb())), one.items()) for one in source.GetLayer(0)]


def test_golden_as1_buildings(shared, tmp_path, monkeypatch):
    """InaSAFE: low 120, medium 60, high 1, of 181. A building across a border has the highest class that it
    touches there; here it counts where its middle is, as all structures do: four stand with their middle in low.
    """
    path = shared / "data/inasafe/exposure/buildings.shp"
    found, fall = golden(shared, tmp_path, monkeypatch, "--structures", path, "--structures-type", "TYPE")
    middles = [building.centroid for building, _ in vectors(path)]
    truth = np.bincount(classify(fall.at(*np.array([(one.x, one.y) for one in middles]).T)), minlength=6)
    assert in_order(found["structures"]["by_class"]) == truth[1:].tolist() == [0, 124, 56, 1, 0]
    assert found["structures"]["total"] == 181
    classed = ash_ground.polygons(fall)
    highest = [max(classed.classes[shapely.intersects(classed.polygons, one)], default=0) for one, _ in vectors(path)]
    assert np.bincount(highest, minlength=6)[1:].tolist() == [0, 120, 60, 1, 0]  # InaSAFE's rule, InaSAFE's figures
    types = {kind: sum(row.values()) for kind, row in found["structures"]["by_type"].items()}
    inasafe = {"health": 5, "commercial": 32, "worship": 9, "government": 18, "education": 7, "residential": 110}
    assert types == inasafe


def test_golden_as2_roads(shared, tmp_path, monkeypatch, qgis):
    """InaSAFE: low 56306 m, medium 7956 m; it rounds each of its parts to whole metres."""
    path = shared / "data/inasafe/exposure/roads.shp"
    found, fall = golden(shared, tmp_path, monkeypatch, "--roads", path, "--roads-type", "TYPE")
    measure, truth = ellipsoid_measure(), np.zeros(6)
    for road, _ in vectors(path):
        for start, end in itertools.pairwise(road.coords):
            t = (np.arange(1000) + 0.5) / 1000
            classes = classify(fall.at(*(np.outer(1 - t, start) + np.outer(t, end)).T))
            metres = measure.measureLine(QgsPointXY(*start), QgsPointXY(*end))
            truth += np.bincount(classes, minlength=6) / 1000 * metres
    km = in_order(found["roads"]["by_class"])
    assert [one * 1000 for one in km] == pytest.approx(truth[1:], abs=2)
    assert [one * 1000 for one in km] == pytest.approx([0, 56_306, 7_956, 0, 0], abs=10)


def test_golden_as3_land_cover(shared, tmp_path, monkeypatch):
    """InaSAFE: low 1508.53 ha, medium 60.73, high 1.84, in all 1571.10: the same here."""
    path = shared / "data/inasafe/exposure/landcover.geojson"
    found, _ = golden(shared, tmp_path, monkeypatch, "--land-cover", path)
    ha = found["land_cover"]
    assert in_order(ha["by_class"]) == pytest.approx([0, 1508.53, 60.73, 1.84, 0], abs=0.005)
    assert ha["total_ha"] == pytest.approx(1571.10, abs=0.005)


def test_golden_as5_population(shared, tmp_path, monkeypatch):
    """InaSAFE: low 138, medium 6, high 0.16, "not exposed" 0.6.

    Its rule: a cell belongs to the class in which its middle lies, but where a class holds one middle or none
    its people are reckoned by area; so low and medium are whole cells and high is by area. Here all of them are.
    """
    found, fall = golden(shared, tmp_path, monkeypatch)
    source = gdal.Open(str(shared / "data/inasafe/exposure/pop_binary_raster_20_20.asc"))
    west, cell, _, north, _, _ = source.GetGeoTransform()
    people = source.ReadAsArray().astype(float)
    truth = plain(fall, np.where(people == -9999, 0, people), west, north, cell)[0]
    by_class = in_order(found["people"]["by_class"])
    assert by_class == pytest.approx(truth, rel=1e-6)
    assert by_class == pytest.approx([0, 139.432, 5.892, 0.163, 0], abs=5e-4)
    assert (by_class[1], by_class[2]) == pytest.approx((138, 6), rel=0.02)
    assert found["displaced"] == by_class[3]


def test_the_time_of_the_forecast_is_honoured():
    nothing = AnalysisData("0" * 64, "Nothing", (), {})
    ends = [
        of_ash([ash.raster()], ash.request(forecast_days=days), nothing, Timing()).hazard.eruption.expires
        for days in (1, 3)
    ]
    assert ends[1] - ends[0] == timedelta(days=2)


def test_the_report_is_made_too_where_the_eruption_is_known(folder, qgis, capsys):
    assert analyse(folder, "--report") == 1
    assert "--request" in capsys.readouterr().err
    assert analyse(folder, "--report", "--request", folder / "request.json") == 0
    made = json.loads((folder / "out" / "report.json").read_bytes())
    assert {product["path"] for product in made["products"]} < {path.name for path in (folder / "out").iterdir()}
