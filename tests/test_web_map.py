"""What maps in the browser ask for: the library, the style in a language, the tiles' archive in parts."""

import gzip
import json
from hashlib import sha256

import pytest
from fixtures import entries
from fixtures.pages import opened

from siaga import keys
from siaga.data import map_tiles
from web.index import Filter


@pytest.fixture
def client(store, minio, tmp_path):
    return opened(store, minio, tmp_path)[2]


@pytest.fixture
def digest(store):
    """The archive that the bucket names, of a thousand bytes that tell where they are."""
    body = bytes(number % 251 for number in range(1000))
    found = sha256(body).hexdigest()
    store.put(keys.ANALYSIS_DATA, keys.tiles(found), body, "application/vnd.pmtiles", metadata={"sha256": found})
    said = {"sha256": found, "size": 1000, "bounds": [95, -11, 141, 6], "credit": "BIG <b>2026</b>"}
    store.put(keys.ANALYSIS_DATA, keys.MAP_TILES, json.dumps(said).encode(), "application/json")
    return found


def test_a_part_of_the_archive_is_read_and_kept_for_a_year(client, digest):
    path = f"/map/{digest}.pmtiles"
    part = client.get(path, headers={"Range": "bytes=250-259"})
    assert (part.status_code, part.data) == (206, bytes([250, *range(9)]))
    assert part.headers["Content-Range"] == "bytes 250-259/1000"
    assert "immutable" in part.headers["Cache-Control"]
    assert client.get(path, headers={"Range": "bytes=990-"}).headers["Content-Range"] == "bytes 990-999/1000"
    assert len(client.get(path).data) == 1000
    beyond = client.get(path, headers={"Range": "bytes=1000-1001"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, "bytes */1000")
    for other in ("0" * 64, digest[:16], "..", f"{digest[:16]}{'0' * 48}"):
        assert client.get(f"/map/{other}.pmtiles").status_code == 404


def test_the_style_names_places_in_the_language_and_asks_nobody_else(client, digest):
    for code in ("id", "en"):
        answer = client.get(f"/map/style.json?lang={code}")
        style = answer.json
        assert style["sources"]["base"]["url"] == f"pmtiles:///map/{digest}.pmtiles"
        assert style["sources"]["base"]["attribution"] == "BIG &lt;b&gt;2026&lt;/b&gt;"
        assert f"name:{code}" in answer.text
        assert "http" not in answer.text
        assert "glyphs" not in style, "letters are the page's own"
        assert {one["source"] for one in style["layers"] if "source" in one} == {"base"}
        names = [one["id"] for one in style["layers"]]
        at = [names.index(name) for name in ("land", "offshore", "coast")]  # pages put tints below the second
        assert at == sorted(at)


def test_without_tiles_a_map_has_plain_ground(client, store):
    assert map_tiles.current(store) is None
    assert client.get("/map/style.json").json["sources"] == {}


def test_the_library_comes_packed_from_here(client):
    packed = client.get("/map/lib/maplibre-gl.mjs", headers={"Accept-Encoding": "gzip"})
    assert packed.content_type.startswith("text/javascript")
    assert len(packed.data) < 310_000
    assert gzip.decompress(packed.data) == client.get("/map/lib/maplibre-gl.mjs").data
    assert client.get("/map/lib/package.json").status_code == 404
    again = client.get(
        "/map/lib/pmtiles.js", headers={"If-None-Match": client.get("/map/lib/pmtiles.js").headers["ETag"]}
    )
    assert again.status_code == 304


def quakes(opened, count, **more):
    """Put so many quakes into the bucket, a tenth of a degree apart, and have the index read them."""
    store, index, client = opened
    for number in range(count):
        hour = len(list(store.list(keys.RESULTS, keys.CATALOG)))  # those of one hour could be one quake
        there = {"longitude": 110 + number / 10, "latitude": -8.0, "time": f"2018-08-05T{hour:02d}:46:35Z"}
        entries.put(store, entries.entry(f"20180805{hour:02d}0000", **(there | more)))
    index.refresh()
    return client


def test_the_map_has_what_the_list_has(store, minio, tmp_path):
    client = quakes(opened(store, minio, tmp_path), 4, magnitude=4.0)
    quakes((store, client.application.extensions["siaga"].index, client), 1, longitude=120.0, alert="red")
    told = client.get("/earthquakes/map.json").json
    assert told["whole"]
    assert {one["properties"]["rank"] for one in told["features"]} == {2, 3}

    def found(query):
        return [
            one["geometry"]["coordinates"][0] for one in client.get(f"/earthquakes/map.json?{query}").json["features"]
        ]

    assert found("kind=large") == [120.0]
    assert found("level=red") == [120.0]
    assert sorted(found("box=110.05,-9,110.25,-7")) == [110.1, 110.2]
    assert sorted(found("bbox=110.15,-9,111,-7")) == [110.2, 110.3]
    assert len(found("box=nothing")) == 5
    page = client.get("/earthquakes?box=110.05,-9,110.25,-7").text
    assert page.count('class="c-place"') == 2
    one = told["features"][0]["properties"]
    popup = client.get(f"/earthquakes/{one['event']}/{one['version']}/popup")
    assert "grid.xml" in popup.text


def test_more_than_a_map_holds_are_summed_and_none_is_lost(store, minio, tmp_path):
    _store, index, client = opened(store, minio, tmp_path)
    quakes((store, index, client), 6)
    found, whole = index.lists.points("earthquake", Filter(), None, 3)
    assert not whole
    assert sum(one.count for one in found) == 6
    assert max(one.rank for one in found) == 2
