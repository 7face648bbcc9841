"""What an operator installs: checked with a sentence, converted, beside what is there."""

import csv
import json

import jsonschema
import numpy as np
import pytest
import shapely
from fixtures import exposure, features, installed
from fixtures.grids import make_grid
from osgeo import gdal, ogr, osr

from functions.on_shakemap import handler as on_shakemap
from siaga import keys
from siaga.data import analysis_data, imports, points
from siaga.data.imports import Fields
from siaga.errors import BadInput, NotFound
from siaga.exposure import places
from siaga.gis import layers
from siaga.gis.people.population import PopulationGrid
from siaga.impact import schemas
from siaga.store import Store

SCHEMA = schemas.of("earthquake")


def ready(role, path, tmp_path, before=None, **fields):
    folder = tmp_path / f"ready-{role}"
    folder.mkdir(exist_ok=True)
    return imports.ROLES[role].ready(path, folder, Fields(**fields), before)


def put(store, role, path, cache=None, **fields):
    more = {"title": None, "source": "a test", "licence": "none", "year": 2024}
    return imports.install(store, role, path, **more, fields=Fields(**fields), cache=cache)


def utm(path, named, zone=32750):
    """[(values, geometry in degrees)] written in a UTM zone, with the fields of the first."""
    reference, wgs84 = osr.SpatialReference(), osr.SpatialReference()
    reference.ImportFromEPSG(zone)
    wgs84.ImportFromEPSG(4326)
    wgs84.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    there = osr.CoordinateTransformation(wgs84, reference)
    target = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = target.CreateLayer("given", reference, ogr.wkbUnknown)
    for name in named[0][0]:
        layer.CreateField(ogr.FieldDefn(name, ogr.OFTString))
    for values, shape in named:
        feature = ogr.Feature(layer.GetLayerDefn())
        for name, value in values.items():
            feature.SetField(name, value)
        geometry = ogr.CreateGeometryFromWkb(shapely.to_wkb(shape))
        geometry.Transform(there)
        feature.SetGeometry(geometry)
        layer.CreateFeature(feature)
    del layer, target
    return path


def test_a_population_grid_keeps_its_cells(tmp_path):
    counts = np.random.default_rng(1).uniform(0, 900, (300, 270))
    counts[:9] = exposure.NODATA
    given = exposure.population(tmp_path / "in.tif", counts, 116, -8, 0.01)
    made, said = ready("population", given, tmp_path)
    before, after = (gdal.Open(str(path)) for path in (given, made))
    assert (before.ReadAsArray() == after.ReadAsArray()).all()
    assert before.GetGeoTransform() == after.GetGeoTransform()
    assert after.GetRasterBand(1).GetNoDataValue() == exposure.NODATA
    assert after.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE") == "COG"
    assert said == f"{counts[9:].astype(np.float32).sum(dtype=float):,.0f} people in 300 by 270 cells"
    assert PopulationGrid.open(made).nodata == exposure.NODATA


@pytest.mark.parametrize(
    ("bands", "value", "said"),
    [
        (3, 1.0, "has 3 bands; give a raster of one band"),
        (1, 0.0, "counts 0 people; a raster of persons per cell is needed"),
        (1, 1e9, "holds 1e\\+09 in a cell, which is more people than can be there"),
    ],
)
def test_a_raster_that_counts_no_people_is_refused(tmp_path, bands, value, said):
    path = tmp_path / "in.tif"
    made = gdal.GetDriverByName("GTiff").Create(str(path), 10, 10, bands, gdal.GDT_Float32)
    made.SetGeoTransform((116, 0.1, 0, -8, 0, -0.1))
    made.GetRasterBand(1).Fill(value)
    del made
    with pytest.raises(BadInput, match=said):
        ready("population", path, tmp_path)


def test_structures_come_from_any_crs_and_openstreetmaps_fields(tmp_path):
    square = shapely.box(116.4999, -8.5001, 116.5001, -8.4999)
    path = utm(
        tmp_path / "in.gpkg",
        [
            ({"building": "yes", "amenity": "school", "name": "SD Negeri\n1 \x00"}, square),
            ({"building": "yes", "amenity": "", "name": ""}, square),
            ({"building": "house", "amenity": "", "name": "Rumah"}, square.centroid),
        ],
    )
    made, said = ready("structures", path, tmp_path)
    assert said == "1 education, 1 other, 1 residential"
    shapes, rows = layers.read(made)
    assert {(row["type"], row["name"]) for row in rows} == {
        ("education", "SD Negeri 1"),
        ("other", None),
        ("residential", "Rumah"),
    }
    assert shapely.distance(shapes, shapely.Point(116.5, -8.5)).max() < 1e-6
    _made, said = ready("structures", path, tmp_path, type="building")
    assert said == "2 other, 1 residential"


@pytest.mark.parametrize(
    ("role", "fields", "said"),
    [
        ("structures", {"type": "kind"}, r"has no field kind; name one with --type-field; there are: building, nm"),
        ("roads", {}, r"has no field highway; name one with --type-field; there are: building, nm"),
        ("roads", {"type": "building"}, "has features that are no lines; roads must be lines"),
        ("land_cover", {"type": "building"}, "has features that are no polygons"),
        ("zones", {}, "has no field code; name one with --code-field; there are: building, nm"),
        ("places", {}, "has no field name; name one with --name-field"),
        ("history", {}, "UTF-8|columns|EXPO"),
        ("basemap", {}, "it must be a GeoPackage with the layers land, lakes"),
    ],
)
def test_a_file_that_cannot_serve_is_told_in_a_sentence(tmp_path, role, fields, said):
    path = utm(tmp_path / "in.gpkg", [({"building": "house", "nm": "x"}, shapely.Point(116.5, -8.5))])
    with pytest.raises(BadInput, match=said):
        ready(role, path, tmp_path, **fields)


def test_what_is_no_layer_or_lies_nowhere_is_refused(tmp_path):
    with pytest.raises(BadInput, match="There is no file"):
        ready("structures", tmp_path / "nothing.gpkg", tmp_path)
    text = tmp_path / "text.gpkg"
    text.write_text("no layer")
    with pytest.raises(BadInput, match="is no vector file that GDAL reads"):
        ready("structures", text, tmp_path)
    inside = utm(tmp_path / "in.gpkg", [({"type": "house"}, shapely.Point(116.5, -8.5))])
    virtual = tmp_path / "v.vrt"
    virtual.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="given"><SrcDataSource>{inside}</SrcDataSource></OGRVRTLayer>'
        "</OGRVRTDataSource>"
    )
    with pytest.raises(BadInput, match="points at other files"):
        ready("structures", virtual, tmp_path)
    metres = tmp_path / "metres.geojson"  # metres that claim to be degrees
    metres.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": {"type": "house"},
                        "geometry": {"type": "Point", "coordinates": [500000, 9060000]},
                    }
                ],
            }
        )
    )
    with pytest.raises(BadInput, match="coordinates outside the world"):
        ready("structures", metres, tmp_path)
    for far in (1e300, -3e8):
        path = tmp_path / "far.gpkg"
        path.unlink(missing_ok=True)
        mercator = osr.SpatialReference()
        mercator.ImportFromEPSG(3857)
        made = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
        layer = made.CreateLayer("given", mercator, ogr.wkbPoint)
        layer.CreateField(ogr.FieldDefn("type", ogr.OFTString))
        feature = ogr.Feature(layer.GetLayerDefn())
        point = ogr.Geometry(ogr.wkbPoint)
        point.AddPoint_2D(far, 0)
        feature.SetGeometry(point)
        layer.CreateFeature(feature)
        del layer, made, feature
        with pytest.raises(BadInput, match="coordinates that are none in its coordinate reference system"):
            ready("structures", path, tmp_path)
    shape = tmp_path / "s.shp"
    made = ogr.GetDriverByName("ESRI Shapefile").CreateDataSource(str(shape))
    layer = made.CreateLayer("s", None, ogr.wkbPoint)
    layer.CreateField(ogr.FieldDefn("type", ogr.OFTString))
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromWkt("POINT (116 -8)"))
    layer.CreateFeature(feature)
    del layer, made, feature
    with pytest.raises(BadInput, match="does not say its coordinate reference system"):
        ready("structures", shape, tmp_path)


def test_a_file_that_is_cut_off_is_refused_not_taken_in_part(tmp_path):
    points = [("house", "x" * 50, shapely.Point(116 + i / 1000, -8)) for i in range(500)]
    whole = features.structures(tmp_path / "whole.fgb", points)
    cut = tmp_path / "cut.fgb"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    with pytest.raises(BadInput, match=r"is cut off or damaged: of 500 features|is damaged"):
        ready("structures", cut, tmp_path)


def test_zones_of_another_level_stay(tmp_path):
    province = utm(tmp_path / "p.gpkg", [({"kode": "52", "nama": "NTB"}, shapely.box(116, -9, 117, -8))])
    made, said = ready("zones", province, tmp_path, level="province")
    assert said == "1 province"
    kept = made.rename(tmp_path / "kept.fgb")
    bow = shapely.Polygon([(116, -9), (117, -8), (117, -9), (116, -8)])  # crosses itself
    regency = utm(tmp_path / "r.gpkg", [({"kode": "5201", "nama": "Lombok Barat", "up": "52"}, bow)])
    made, said = ready("zones", regency, tmp_path, before=kept, level="regency", parent="up")
    assert said == "1 regency, 1 province"
    shapes, rows = layers.read(made)
    assert {tuple(row.values()) for row in rows} == {
        ("52", "NTB", "province", None),
        ("5201", "Lombok Barat", "regency", "52"),
    }
    assert shapely.is_valid(shapes).all()
    again = utm(tmp_path / "r2.gpkg", [({"kode": "5271", "nama": "Mataram"}, shapely.box(116, -9, 117, -8))])
    kept = made.rename(tmp_path / "kept2.fgb")
    _made, said = ready("zones", again, tmp_path, before=kept, level="regency")
    assert said == "1 regency, 1 province"


def test_towns_come_from_a_table_or_a_layer(tmp_path):
    table = tmp_path / "in.csv"
    table.write_text(
        "Nama,Lat,Lon,Penduduk,Type,Kabupaten\n"
        "Selong,-8.65,116.53,92000,PPLA2,Lombok Timur\n,1,2,3,,\nAmpenan,-8.57,116.07,,hamlet,\n"
    )
    made, said = ready("places", table, tmp_path)
    assert said == "1 regency_seat, 1 town"
    found = places.read(made)
    assert found.name.tolist() == ["Ampenan", "Selong"]
    assert found.population.tolist()[1] == 92000
    assert np.isnan(found.population[0])
    assert found.zone.tolist() == ["", "Lombok Timur"]
    layer = utm(tmp_path / "in.gpkg", [({"name": "Mataram", "place": "city"}, shapely.Point(116.12, -8.58))])
    found = places.read(ready("places", layer, tmp_path)[0])
    assert (found.kind[0], round(found.longitude[0], 6), round(found.latitude[0], 6)) == ("city", 116.12, -8.58)
    table.write_bytes("name;lat;lon\nSão Tomé;-8,65;116,53\nRinjani;south;east\n".encode("latin-1"))
    made, said = ready("places", table, tmp_path)
    assert said.splitlines() == [
        "1 town",
        "note     in.csv: the encoding of 1 texts was guessed, São Tomé for one; if that is wrong, give the file in "
        "UTF-8",
        "note     in.csv: 1 features have no geometry or no coordinates; they are left out",
    ]
    found = places.read(made)
    assert (found.name.tolist(), found.longitude.tolist()) == (["São Tomé"], [116.53])
    table.write_text("name,latitude,longitude,population\nSelong,-8.65,116.53,many\n")
    with pytest.raises(BadInput, match="population is not a number: 'many'"):
        ready("places", table, tmp_path)
    table.write_text("name,population\nSelong,1\n")
    with pytest.raises(BadInput, match="has no columns longitude and latitude"):
        ready("places", table, tmp_path)
    table.write_text("name,lon,lat,elevation_m,type\nRinjani,116.47,-8.42,3726,Stratovolcano\n")
    made, said = ready("volcanoes", table, tmp_path)
    assert said.splitlines()[0] == "1 volcanoes"
    assert "import volcanoes after them" in said
    assert places.read_volcanoes(made).elevation_m.tolist() == [3726]


def test_volcanoes_lie_in_the_zones_that_are_installed(tmp_path):
    table = _text(
        tmp_path / "in.csv", "name,lon,lat,elevation_m\nRinjani,116.47,-8.42,3726\nFar,100.0,0.0,\nSea,117.5,-8.5,1\n"
    )
    box, wide = shapely.box(116.0, -9.0, 117.0, -8.0), shapely.box(116.0, -9.0, 118.0, -8.0)
    parts = [("52", "NTB", "province", None, wide), ("5203", "Lombok Timur", "regency", "52", box)]
    zones = exposure.zones(tmp_path / "zones.geojson", parts)
    told = []
    assert points.volcanoes(table, tmp_path / "volcanoes.csv", tell=told.append, zones=zones) == 3
    assert told == ["2 of 3 volcanoes lie in no zone whose level is called regency, kabupaten or kota"]
    found = places.read_volcanoes(tmp_path / "volcanoes.csv")
    placed = dict(
        zip(found.name.tolist(), zip(found.district.tolist(), found.province.tolist(), strict=True), strict=True)
    )
    assert placed == {"Far": ("", ""), "Rinjani": ("Lombok Timur", "NTB"), "Sea": ("", "NTB")}


def test_an_import_stands_beside_the_rest_and_is_idempotent(store, tmp_path):
    demo = exposure.data_file("places", _text(tmp_path / "places.csv", "name\n"), demonstration=True)
    other = exposure.data_file("population", _text(tmp_path / "p.tif", "x"), demonstration=True)
    analysis_data.add_demonstration(store, [demo, other], "Demonstration exposure")
    towns = _text(tmp_path / "towns.csv", "name,lon,lat\nSelong,116.5,-8.6\n")
    put(store, "places", towns)
    first = analysis_data.manifest_of(store)
    assert [(one["role"], one["demonstration"]) for one in first["files"]] == [("places", False), ("population", True)]
    assert first["demonstration"]  # of the population
    put(store, "places", towns)
    assert analysis_data.manifest_of(store) == first
    analysis_data.add_demonstration(store, [demo, other], "Demonstration exposure")  # leaves the operator's own
    assert analysis_data.manifest_of(store) == first
    analysis_data.remove(store, "population")
    assert not analysis_data.manifest_of(store)["demonstration"]
    with pytest.raises(NotFound, match="Nothing is installed as population"):
        analysis_data.remove(store, "population")
    with pytest.raises(BadInput):
        put(store, "roads", towns)
    assert [one["role"] for one in analysis_data.manifest_of(store)["files"]] == ["places"]


def test_an_import_says_which_part_of_the_people_each_level_holds(store, tmp_path):
    """Provinces everywhere, regencies on a quarter of the people, districts that regencies' files do not touch."""
    quarter = shapely.box(116, -9, 117, -8.5)
    named = [
        ("52", "NTB", "province", None, shapely.box(116, -10, 118, -8)),
        ("5201", "Lombok", "regency", "52", quarter),
        ("5202", "Within", "regency", "52", quarter.buffer(-0.1)),
    ]
    people = exposure.population(tmp_path / "p.tif", np.full((20, 20), 10.0), 116, -8, 0.1)
    zones = exposure.zones(tmp_path / "z.fgb", named)
    files = [exposure.data_file("population", people), exposure.data_file("zones", zones)]
    exposure.install(store, files, "Test exposure")
    said = []
    imports.share_out(store, tmp_path / "cache", said.append)
    name = analysis_data.open(store, tmp_path / "cache").path("zones").name
    assert said == [
        "population cells shared out among the zones",
        "province: 100.0 % of 4,000 people",
        "regency: 12.5 % of 4,000 people",
        "note     3,500 people live outside all zones of the level regency; where a map holds too many of them, its "
        "tables use another level",
        f"note     {name}: 1 zones lie wholly within others of their level and have nobody: Within",
    ]


def test_installed_layers_stand_in_the_impact(store, minio, tmp_path, qgis):
    installed.install(store, tmp_path)
    grid = make_grid()
    functions = Store.connect(minio, "functions")

    def analyse():
        store.put(keys.SHAKEMAPS, "a/grid.xml", grid, "application/xml")
        _status, answer = installed.call(on_shakemap.run, functions, minio, keys.SHAKEMAPS, "a/grid.xml")
        impact = json.loads(store.get(keys.RESULTS, f"{answer['run']}/impact.json")[0])
        jsonschema.validate(impact, SCHEMA)
        return impact

    assert len(analyse()["layers_missing"]) == 3
    around = shapely.Point(116.45, -8.3)
    put(store, "structures", features.structures(tmp_path / "s.geojson", [("hospital", "RSUD", around)]), minio.cache)
    line = shapely.LineString([(116.3, -8.3), (116.6, -8.3)])
    put(store, "roads", features.roads(tmp_path / "r.geojson", [("primary", "Jalan Raya", line)]))
    put(store, "land_cover", features.land_cover(tmp_path / "l.geojson", [("sawah", None, around.buffer(0.1))]))
    impact = analyse()
    assert impact["layers_missing"] == []
    (hospital,) = impact["structures"]["notable"]
    assert (hospital["name"], hospital["zone"]) == ("RSUD", "Kabupaten Timur")
    assert impact["roads"]["total_km"] == pytest.approx(33.0, abs=0.2)
    assert impact["land_cover"]["by_class"]["rice field"]["total_ha"] == pytest.approx(38_000, rel=0.02)


def test_the_commands_list_import_and_remove(store, minio, tmp_path, monkeypatch, capsys):
    from siaga import cli

    monkeypatch.setattr(cli.Settings, "load", lambda _env: minio)
    towns = _text(tmp_path / "towns.csv", "name,lon,lat\nSelong,116.5,-8.6\n")
    assert cli.main(["data", "import", "places", str(towns), "--source", "BIG", "--licence", "CC BY"]) == 0
    assert capsys.readouterr().out == "places installed: 1 town\n"
    assert cli.main(["data", "list"]) == 0
    said = capsys.readouterr().out
    assert "places      own" in said
    assert "BIG; CC BY" in said
    assert "not installed: airports, basemap, history, land_cover" in said
    assert cli.main(["data", "import", "roads", str(towns)]) == 1
    assert "siaga: towns.csv has no field highway" in capsys.readouterr().err
    assert cli.main(["data", "remove", "places"]) == 0
    assert cli.main(["data", "remove", "places"]) == 1


def _text(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_written_towns_are_a_plain_table(tmp_path):
    towns = _text(tmp_path / "towns.csv", 'name,lon,lat\n"Kota, Baru",116.5,-8.6\n')
    made, _said = ready("places", towns, tmp_path)
    with made.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1] == ["Kota, Baru", "116.5", "-8.6", "", "town", ""]
