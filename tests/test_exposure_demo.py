"""The demonstration exposure itself: built once per recipe (some 15 s), kept in the cache."""

import csv

import numpy as np
import pytest
import shapely
from osgeo import gdal

from siaga.data import analysis_data, demo
from siaga.data.demo import islands, matching, provinces, territory
from siaga.data.demo.packages import Packages
from siaga.data.demo.people import GRID
from siaga.exposure import places
from siaga.gis import cells, layers

gdal.UseExceptions()


@pytest.fixture(scope="session")
def built(settings):
    """Role -> path of the demonstration exposure."""
    return {file.role: file.path for file in demo.files(settings.cache, print)}


@pytest.fixture(scope="session")
def people(built):
    """People per cell, float64; negative where there is no data."""
    return gdal.Open(str(built["population"])).ReadAsArray().astype(np.float64)


@pytest.fixture(scope="session")
def zones(built):
    """level -> (polygons, attributes)."""
    polygons, rows = layers.read(built["zones"])
    levels = {}
    for level in ("province", "regency"):
        chosen = [number for number, row in enumerate(rows) if row["level"] == level]
        levels[level] = (polygons[chosen], [rows[number] for number in chosen])
    return levels


@pytest.fixture(scope="session")
def official(built, settings):
    """The official names, from the package."""
    return matching.official_names(Packages(settings.cache / "packages"))


def near(people, longitude, latitude, degrees=0.1):
    """People within a square around a point."""
    top, left = GRID.cell_of(longitude - degrees, latitude + degrees)
    bottom, right = GRID.cell_of(longitude + degrees, latitude - degrees)
    window = people[top:bottom, left:right]
    return window[window > 0].sum()


def test_each_province_has_the_people_of_the_census_to_the_person(people, zones):
    polygons, rows = zones["province"]
    owner = cells.burn(GRID, polygons, range(1, len(rows) + 1))
    totals = np.bincount(owner.ravel(), np.maximum(people, 0).ravel())
    counts = provinces.census()
    assert len(rows) == 34
    for number, row in enumerate(rows, start=1):
        assert totals[number] == pytest.approx(counts[provinces.CENSUS_OF[row["code"]]], abs=0.5), row["name"]
    assert totals[0] == 0
    assert totals.sum() == 270_203_917  # Indonesia, Sensus Penduduk 2020


def test_the_census_table_is_the_one_handed_over(shared):
    with (shared / "data" / "census-2020-province.csv").open(encoding="utf-8") as file:
        assert provinces.census() == {row["province"]: int(row["population"]) for row in csv.DictReader(file)}


def test_every_name_of_the_four_lists_is_matched(official):
    table = provinces.PROVINCES
    assert {province.code: province.name.upper() for province in table} == official.provinces
    assert {province.polygon for province in table} == set(territory.outlines()[0])
    assert {province.census for province in table} == set(provinces.census())
    assert len({province.geonames for province in table}) == 38


def test_every_kabupaten_and_kota_has_ground_and_its_official_name(zones, official):
    _, rows = zones["regency"]
    assert {row["code"]: row["name"].upper() for row in rows} == official.regencies
    assert len(rows) == 514
    assert {row["parent"] for row in rows} == {row["code"] for row in zones["province"][1]}


@pytest.mark.parametrize("level", ["province", "regency"])
def test_zones_are_valid_and_do_not_overlap(zones, level):
    polygons, _ = zones[level]
    assert shapely.is_valid(polygons).all()
    assert shapely.area(polygons).sum() == pytest.approx(shapely.area(shapely.union_all(polygons)), rel=1e-9)


def test_a_regency_lies_in_its_province(zones):
    polygons, rows = zones["province"]
    province = {row["code"]: polygon for row, polygon in zip(rows, polygons, strict=True)}
    for polygon, row in zip(*zones["regency"], strict=True):
        assert polygon.difference(province[row["parent"]]).area < 1e-9, row["name"]


def test_cells_with_people_lie_whole_in_zones(people, zones):
    # a cell on the shore or at a foreign border reaches into no ground that belongs to nobody
    covered = shapely.union_all(zones["regency"][0])
    rows, columns = np.nonzero(people > 0)
    chosen = np.random.default_rng(1).choice(len(rows), 20_000, replace=False)
    west = GRID.west + columns[chosen] * GRID.cell
    north = GRID.north - rows[chosen] * GRID.cell
    boxes = shapely.box(west, north - GRID.cell, west + GRID.cell, north)
    shapely.prepare(covered)
    outside = ~shapely.covers(covered, boxes)
    lost = sum(1 - covered.intersection(box).area / box.area for box in boxes[outside]) / len(boxes)
    assert lost < 1e-4


@pytest.mark.parametrize(
    ("name", "longitude", "latitude"),
    [
        ("Mataram", 116.117, -8.583),
        ("Palu", 119.871, -0.908),
        ("Padang", 100.354, -0.949),
        ("Manado", 124.849, 1.482),
        ("Denpasar", 115.217, -8.65),
        ("Ambon", 128.183, -3.696),
        ("Kupang", 123.607, -10.171),
        ("Banda Aceh", 95.333, 5.542),
        ("Bengkulu", 102.266, -3.8),
        ("Ternate", 127.367, 0.783),
    ],
)
def test_towns_on_the_coast_have_people(people, name, longitude, latitude):
    assert near(people, longitude, latitude) > 60_000


@pytest.mark.parametrize(("longitude", "latitude"), [(110, -5.2), (118.5, -4), (100, -9), (129, -5.6), (107, 1.5)])
def test_nobody_lives_in_open_sea(people, longitude, latitude):
    row, column = GRID.cell_of(longitude, latitude)
    assert (people[row - 12 : row + 12, column - 12 : column + 12] == 0).all()


@pytest.mark.parametrize(
    ("where", "longitude", "latitude"),
    [
        ("Kuching", 110.34, 1.55),
        ("Dili", 125.57, -8.58),
        ("Singapore", 103.82, 1.36),
        ("Christmas Island", 105.63, -10.49),
    ],
)
def test_foreign_land_has_no_data_rather_than_nobody(people, where, longitude, latitude):
    assert people[GRID.cell_of(longitude, latitude)] == -1


def test_java_is_the_densest_island_and_jakarta_its_densest_part(people, zones):
    polygons, rows = zones["province"]
    owner = cells.burn(GRID, polygons, range(1, len(rows) + 1))
    totals = np.bincount(owner.ravel(), np.maximum(people, 0).ravel())[1:]
    land = np.bincount(owner.ravel(), (people > 0).ravel())[1:]
    order = [rows[number]["name"] for number in np.argsort(-totals / land)]
    assert order[0] == "DKI Jakarta"
    assert set(order[1:7]) >= {"Banten", "Jawa Barat", "Jawa Tengah", "Jawa Timur", "Daerah Istimewa Yogyakarta"}


def test_the_raster_is_a_cog_of_30_arcsec(built):
    raster = gdal.Open(str(built["population"]))
    assert raster.GetGeoTransform() == pytest.approx((95.0, 1 / 120, 0, 6.1, 0, -1 / 120), abs=1e-12)
    assert raster.GetMetadata("IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert raster.GetRasterBand(1).GetBlockSize() == [256, 256]
    assert raster.GetRasterBand(1).GetNoDataValue() == -1


def test_places_are_towns_with_their_regency(built):
    towns = places.read(built["places"])
    assert 1_500 < len(towns) < 5_000
    zone = dict(zip(towns.name.tolist(), towns.zone.tolist(), strict=True))
    assert zone["Palu"] == "Kota Palu"
    assert zone["Takengon"] == "Kabupaten Aceh Tengah"
    assert zone["Cibinong"] == "Kabupaten Bogor"
    assert {"Jakarta", "Yogyakarta", "Jambi", "Tangerang Selatan"} <= set(towns.name.tolist())
    assert set(towns.kind.tolist()) <= set(places.KINDS)
    assert not [name for name in towns.zone if not name]


def test_the_107_volcanoes_of_the_smithsonian_are_there(built):
    volcanoes = places.read_volcanoes(built["volcanoes"])
    assert len(volcanoes) == 107
    merapi = volcanoes.name.tolist().index("Merapi")
    assert volcanoes.elevation_m[merapi] == 2910
    assert (volcanoes.longitude[merapi], volcanoes.latitude[merapi]) == (110.446, -7.54)


def test_islands_off_the_outlines_carry_their_own_regency(built, settings):
    found = islands.read(Packages(settings.cache / "packages"), territory.outlines()[1])
    assert "31.01" in found.regencies  # Kepulauan Seribu, nearer to Banten's outline than to Jakarta's
    assert len(found.points) == len(found.regencies) > 3_000


def test_the_base_map_has_its_layers_and_is_small(built):
    assert built["basemap"].stat().st_size < 12_000_000
    source = gdal.OpenEx(str(built["basemap"]))
    counts = {source.GetLayer(n).GetName(): source.GetLayer(n).GetFeatureCount() for n in range(source.GetLayerCount())}
    assert set(counts) == {"land", "lakes", "country_lines", "province_lines", "regency_lines", "land_overview"}
    assert all(counts.values())


def test_the_recipe_builds_once(built, settings):
    said = []
    again = demo.files(settings.cache, said.append)
    assert said == []
    assert {file.role: file.path for file in again} == built
    assert all(file.demonstration for file in again)


def test_install_is_only_a_look_when_the_bucket_has_this_build(built, settings, store):
    first = demo.install(settings, store, print)
    before = {head.key: head.modified for head in store.list("analysis-data")}
    assert demo.install(settings, store, print) == first
    assert {head.key: head.modified for head in store.list("analysis-data")} == before
    data = analysis_data.open(store, settings.home / "cache")
    assert data.manifest_sha256 == first
    assert analysis_data.manifest_of(store)["demonstration"]
    assert {entry["role"] for entry in data.files} == {"population", "zones", "places", "volcanoes", "basemap"}
