"""zones.xlsx and event.gpkg: true to impact.json, the same bytes again, opened by QGIS under any name."""

import io
import json
import os
import subprocess
import sys

import openpyxl
import pytest
import shapely
from fixtures import exposure, features, installed
from fixtures.grids import make_grid

from siaga import language
from siaga.analysis.earthquake import of_earthquake
from siaga.data.analysis_data import AnalysisData
from siaga.gis import layers
from siaga.report import assembly
from siaga.report.earthquake import workbook
from siaga.timing import Timing

# Opens files as QGIS Desktop does where one is dropped on it: all that the provider finds, with its default style.
OPEN = """
import json, sys
from siaga.gis import application
application.start()
from qgis.core import QgsProject, QgsProviderRegistry, QgsProviderSublayerDetails
for path in sys.argv[1:]:
    told = {}
    for one in QgsProviderRegistry.instance().querySublayers(path):
        layer = one.toLayer(QgsProviderSublayerDetails.LayerOptions(QgsProject.instance().transformContext()))
        renderer = layer.renderer()
        found = {"kind": renderer.type(), "labels": layer.labelsEnabled(), "rows": layer.featureCount()}
        if found["kind"] == "RuleRenderer":
            rules = renderer.rootRule().children()
            found["rules"] = [[rule.label(), rule.filterExpression(), rule.active()] for rule in rules]
        if found["kind"] == "categorizedSymbol":
            found["colours"] = {str(c.value()): c.symbol().color().name() for c in renderer.categories()}
        told[one.name()] = found | {"valid": layer.isValid(), "abstract": layer.metadata().abstract()}
    print(json.dumps(told))
"""
MAKE = """
import sys
sys.path[:0] = ["tests"]
from pathlib import Path
import test_event_files as t
from siaga.gis import application
application.start()
made = t.make(Path(sys.argv[1]))
Path(sys.argv[2]).write_bytes(made["event.gpkg"] + made["zones.xlsx"])
"""


def make(folder):
    """Both files for a strong quake near Lombok, everything installed; {path: bytes}, and impact.json."""
    folder.mkdir(exist_ok=True)
    data = {}
    population = installed.population(folder)
    zones = exposure.zones(
        folder / "zones.geojson",
        [
            ("5", "Provinsi", "province", None, shapely.box(115.7, -9.1, 117.5, -7.5)),
            ("51", "Kabupaten Barat", "regency", "5", shapely.box(115.7, -9.1, 116.333, -7.5)),
            ("52", "Kabupaten Timur", "regency", "5", shapely.box(116.333, -9.1, 117.5, -7.5)),
        ],
    )
    towns = folder / "places.csv"
    towns.write_text(installed.PLACES, encoding="utf-8")
    named = [("health", "RSUD", shapely.Point(116.45, -8.3)), ("residential", None, shapely.Point(116.46, -8.3))]
    named.append(("residential", "far", shapely.Point(116.45, -8.95)))
    structures = features.structures(folder / "s.fgb", named)
    data = {"population": population, "zones": zones, "places": towns, "structures": structures}
    files = tuple(
        {
            "role": role,
            "path": path.name,
            "sha256": "0" * 64,
            "title": role,
            "year": None,
            "source": "t",
            "demonstration": False,
        }
        for role, path in data.items()
    )
    held = AnalysisData("0" * 64, "Test", files, data)
    found = of_earthquake(make_grid(), "initial", held, folder / "cache", Timing())
    bands = json.loads(next(one.body for one in found.products if one.path == "bands.geojson"))
    made = assembly.tables(found.impact, bands, make_grid(), held)
    return {one.path: one.body for one in made} | {"impact": found.impact}


@pytest.fixture(scope="module")
def made(tmp_path_factory, qgis):
    return make(tmp_path_factory.mktemp("event"))


def test_the_workbook_holds_what_impact_json_holds(made):
    book = openpyxl.load_workbook(io.BytesIO(made["zones.xlsx"]))
    impact = made["impact"]
    assert book.sheetnames == [
        "province Wilayah, Zones",
        "regency Wilayah, Zones",
        "Penduduk, People",
        "Korban jiwa, Deaths",
        "Kebutuhan, Needs",
        "Sumber, Sources",
    ]
    sheet = book["regency Wilayah, Zones"]
    assert sheet.freeze_panes == "A2"
    head, *rows = sheet.iter_rows(values_only=True)
    zones = [zone for zone in impact["zones"] if zone["level"] == "regency"]
    assert [row[0] for row in rows] == [zone["code"] for zone in zones]
    for row, zone in zip(rows, zones, strict=True):
        told = dict(zip(head, row, strict=True))
        numbers = (told["MMI VII"], row[3], *row[-3:])
        models = (zone["fatalities"][model]["expected"] for model in ("pager", "itb", "itb-bayesian"))
        # XLSX has sixteen digits
        assert numbers == pytest.approx((zone["by_mmi"]["7"], zone["people"], *models), rel=1e-15)
    assert sheet["D2"].number_format == "#,##0"
    deaths = {row[0]: row[1] for row in book["Korban jiwa, Deaths"].iter_rows(values_only=True, min_row=2)}
    assert deaths == pytest.approx({name: one["expected"] for name, one in impact["fatalities"].items()}, rel=1e-15)


def test_unknown_is_an_empty_cell_and_a_name_no_formula(made):
    impact = json.loads(json.dumps(made["impact"]))
    impact["people"] = {"by_mmi": None, "total": None, "unmapped": None, "outside_zones": None, "note": None}
    impact |= {"fatalities": None, "planning": None}
    impact["zones"][0]["name"] = "=1+1"
    book = openpyxl.load_workbook(io.BytesIO(workbook.make(impact, [language.load("en")])))
    assert [row[1] for row in book["People"].iter_rows(values_only=True, min_row=2)] == [None] * 11
    assert book["province Zones"]["B2"].value == "=1+1"
    assert book["province Zones"]["B2"].data_type == "s"


def test_the_package_holds_the_layers_with_their_figures(made, tmp_path):
    path = tmp_path / "event.gpkg"
    path.write_bytes(made["event.gpkg"])
    assert set(layers.names(path)) >= {"bands", "zones", "contours", "structures", "places", "epicentre"}
    shapes, rows = layers.read(path, "zones")
    expected = {zone["code"]: zone for zone in made["impact"]["zones"]}
    assert {row["code"] for row in rows} == set(expected)
    for shape, row in zip(shapes, rows, strict=True):
        zone = expected[row["code"]]
        assert row["mmi_7"] == zone["by_mmi"]["7"]
        assert row["deaths_itb_bayesian"] == zone["fatalities"]["itb-bayesian"]["expected"]
        assert shape.is_valid
    _points, rows = layers.read(path, "structures")
    assert [(row["name"], row["type"]) for row in rows] == [("RSUD", "health"), (None, "residential")]
    assert all(row["mmi"] > 6.5 for row in rows)


def test_another_process_opens_it_under_any_name_with_its_styles(made, tmp_path):
    names = ("event.gpkg", "siaga-20180805194635-event (1).gpkg", "Gempa Lombok für Büro.gpkg")
    paths = [tmp_path / str(number) / name for number, name in enumerate(names)]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(made["event.gpkg"])
    command = [sys.executable, "-c", OPEN, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    first, *others = [json.loads(line) for line in done.stdout.splitlines()[-len(names) :]]
    assert others == [first, first]
    assert {name: (one["kind"], one["labels"]) for name, one in first.items()} == {
        "bands": ("categorizedSymbol", False),
        "zones": ("RuleRenderer", True),
        "contours": ("singleSymbol", True),
        "structures": ("categorizedSymbol", False),
        "places": ("singleSymbol", True),
        "epicentre": ("singleSymbol", False),
    }
    assert {one["valid"] for one in first.values()} == {True}
    assert first["bands"]["colours"]["8"] == "#ff9e1f"
    rules = [["province", "\"level\" = 'province'", False], ["regency", "\"level\" = 'regency'", True]]
    assert first["zones"]["rules"] == rules
    assert first["places"]["rows"] == len(places_of(made["impact"]))
    assert first["structures"]["rows"] == 2


def places_of(impact):
    return {one["name"] for one in impact["places"]["nearest"] + impact["places"]["most_shaken"]}


def test_the_same_input_gives_the_same_bytes_in_another_process(made, tmp_path):
    for seed in ("1", "2"):
        out = tmp_path / seed
        environment = os.environ | {"QT_HASH_SEED": seed, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", MAKE, str(tmp_path / f"in{seed}"), str(out)]
        subprocess.run(command, check=True, env=environment, capture_output=True)
        assert out.read_bytes() == made["event.gpkg"] + made["zones.xlsx"]


def test_a_bare_impact_makes_both(tmp_path, qgis):
    held = AnalysisData("0" * 64, "Test", (), {})
    found = of_earthquake(make_grid(), "initial", held, tmp_path, Timing())
    bands = json.loads(next(one.body for one in found.products if one.path == "bands.geojson"))
    made = {one.path: one.body for one in assembly.tables(found.impact, bands, make_grid(), held)}
    path = tmp_path / "event.gpkg"
    path.write_bytes(made["event.gpkg"])
    assert set(layers.names(path)) == {"bands", "zones", "contours", "places", "epicentre", "layer_styles"}
    assert openpyxl.load_workbook(io.BytesIO(made["zones.xlsx"])).sheetnames[0] == "Wilayah, Zones"
