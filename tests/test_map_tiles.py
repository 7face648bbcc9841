"""Vector tiles of the base map: what they hold, the same bytes again, and which archive the bucket names."""

import gzip
import json

import pytest
import shapely
from fixtures import exposure
from osgeo import ogr
from pmtiles.reader import MmapSource, Reader

from siaga import cli, keys
from siaga.data import analysis_data, imports, map_tiles, prepared_tiles
from siaga.gis import layers, tiles
from siaga.store import Store

LOMBOK = shapely.box(115.8, -9.0, 116.8, -8.2)
FAR = shapely.box(100.0, -1.0, 101.0, 0.0)
TOWNS = """name,longitude,latitude,population,kind,zone
Mataram,116.12,-8.58,441000,city,Kabupaten Barat
Suela,116.6,-8.5,,district_seat,Kabupaten Timur
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A base map and towns."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "places.csv").write_text(TOWNS, encoding="utf-8")
    return exposure.basemap(folder / "basemap.gpkg", [LOMBOK, FAR]), folder / "places.csv"


@pytest.fixture(scope="module")
def archive(files, tmp_path_factory):
    made = tmp_path_factory.mktemp("tiles") / "made.pmtiles"
    tiles.write(made, *files)
    return made


def features(archive, folder, zoom, column, row):
    """Layer -> attributes of the features of one tile, as OGR reads them."""
    with archive.open("rb") as file:
        body = Reader(MmapSource(file)).get(zoom, column, row)
    path = folder / f"{row}.mvt"
    path.write_bytes(gzip.decompress(body))
    tile = ogr.Open(str(path))
    found = {}
    for number in range(tile.GetLayerCount()):
        layer = tile.GetLayer(number)
        found[layer.GetName()] = [dict(one.items()) for one in layer]
    return found


def test_a_tile_holds_land_borders_towns_and_names_in_both_languages(archive, tmp_path):
    held = features(archive, tmp_path, 8, 210, 134)
    assert {"land", "sea", "country_lines", "province_lines", "regency_lines", "places", "names"} <= set(held)
    assert {one["name"]: one["rank"] for one in held["places"]} == {"Mataram": 1, "Suela": 3}
    assert {"kind": "island", "name:id": "Lombok", "name:en": "Lombok"}.items() <= held["names"][0].items()
    far_out = features(archive, tmp_path, 4, 13, 8)
    assert [one["name"] for one in far_out["places"]] == ["Mataram"], "a seat of a district is for closer maps"
    names = {one["name:id"]: one["name:en"] for one in far_out["names"]}
    assert names["Laut Flores"] == "Flores Sea"
    assert names["Sulawesi Selatan"] == "South Sulawesi"


def test_sea_and_land_are_all_within_the_bounds_and_nothing_is_both(files, tmp_path):
    tiles._sea(tmp_path / "sea.gpkg", files[0])
    sea = shapely.union_all(layers.read(tmp_path / "sea.gpkg", "sea_from_5")[0])
    land = shapely.union_all(layers.read(files[0], "land")[0])
    assert shapely.intersection(sea, land).area == pytest.approx(0, abs=1e-9)
    assert shapely.union(sea, land).area == pytest.approx(shapely.box(*land.bounds).area)


def test_the_archive_says_what_it_covers_and_is_the_same_again(archive, files, tmp_path):
    assert tiles.bounds(archive) == pytest.approx((100.0, -9.0, 116.8, 0.0))
    tiles.write(tmp_path / "again.pmtiles", *files)
    assert (tmp_path / "again.pmtiles").read_bytes() == archive.read_bytes()


def test_it_is_drawn_at_an_import_and_named_where_the_web_may_read_it(
    store, minio, files, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(cli.Settings, "load", lambda _env: minio)
    assert cli.main(["data", "import", "places", str(files[1])]) == 0
    assert "tiles" not in capsys.readouterr().out, "there is no base map yet"
    assert cli.main(["data", "basemap"]) == 1
    assert "Nothing is installed as basemap" in capsys.readouterr().err
    assert cli.main(["data", "import", "basemap", str(files[0])]) == 0
    assert "base map drawn as tiles" in capsys.readouterr().out
    web = Store.connect(minio, "web")
    said = map_tiles.current(web)
    body = web.get(keys.ANALYSIS_DATA, keys.tiles(said.sha256))[0]
    assert (len(body), body[:7]) == (said.size, b"PMTiles")
    manifest = analysis_data.manifest_of(store)
    assert {one["role"] for one in manifest["files"]} == {"basemap", "places"}, "no run's id knows of tiles"
    monkeypatch.setattr(tiles, "write", None)  # the same again draws nothing anew
    assert cli.main(["data", "basemap"]) == 0
    assert map_tiles.current(web) == said
    assert cli.main(["data", "remove", "basemap"]) == 0
    assert map_tiles.current(web) is None


def test_archives_of_former_data_go_after_a_day(store, files, tmp_path, monkeypatch):
    store.put(keys.ANALYSIS_DATA, keys.tiles("0" * 64), b"of before", "application/vnd.pmtiles")
    exposure.install(store, [exposure.data_file("basemap", files[0])], "Test")
    assert imports.draw_tiles(store, tmp_path, print)
    assert store.exists(keys.ANALYSIS_DATA, keys.tiles("0" * 64)), "an open page still reads from it"
    monkeypatch.setattr(prepared_tiles, "_STAY", -prepared_tiles._STAY)
    assert imports.draw_tiles(store, tmp_path, print)
    left = {head.key for head in store.list(keys.ANALYSIS_DATA, keys.TILES)}
    assert left == {keys.MAP_TILES, keys.tiles(map_tiles.current(store).sha256)}


def test_what_is_no_archive_is_none(store):
    assert map_tiles.current(store) is None
    store.put(keys.ANALYSIS_DATA, keys.MAP_TILES, json.dumps({"sha256": 1}).encode(), "application/json")
    assert map_tiles.current(store) is None
