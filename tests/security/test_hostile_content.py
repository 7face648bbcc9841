"""Maps, answers, rasters and layers of strangers: nothing in them is obeyed, fetched, or larger than it may be."""

import io
import json
import re
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import pytest
import shapely
from fixtures import ash
from fixtures.grids import make_grid
from fixtures.impacts import make_impact
from osgeo import gdal

from siaga import language
from siaga.errors import BadInput
from siaga.gis.people import ash_ground
from siaga.hazard import gridxml
from siaga.hazard.ash import read_request
from siaga.hazard.flood import read_flood
from siaga.report.earthquake import paper as earthquake_paper
from siaga.report.earthquake import workbook
from siaga.report.paper import Atlas

SMALL = {"nlon": 5, "nlat": 4}
DTD = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)><svg onload=alert(1)>",
    "{{ 7*7 }}{% import os %}${7*7}{0}%s[% env('HOME') %]",
    '=HYPERLINK("http://evil.example","x")',
    '@SUM(1)+cmd|" /C calc"!A0',
    '<link rel=attachment href="file:///etc/passwd"><iframe src="file:///etc/passwd">',
    "{\\rtf1 \\input{/etc/passwd}} $(id) `id`",
]


def grid(found="", put="", **more):
    body = make_grid(**SMALL, **more)
    assert found.encode() in body
    return body.replace(found.encode(), put.encode(), 1)


@pytest.mark.parametrize(
    "body",
    [
        make_grid(**SMALL).replace(b"<shakemap_grid", DTD.encode() + b"<shakemap_grid", 1),
        make_grid(**SMALL).replace(
            b"<shakemap_grid", b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://x/">%p;]><shakemap_grid', 1
        ),
        ('<?xml version="1.0" encoding="utf-16"?>' + DTD + "<shakemap_grid/>").encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x+AD4-<shakemap_grid/>',
        b"<!DOCTYPE x ["
        + b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n + 1, n, n) for n in range(30))
        + b"]><shakemap_grid/>",
    ],
    ids=["entity", "parameter", "utf-16", "utf-7", "laughs"],
)
def test_pa_01_no_entity_is_read(body):
    with pytest.raises(BadInput):
        gridxml.read_shakemap(body)


def test_pa_02_nothing_is_included():
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    body = grid("<event ", f"{include}<event ")
    assert "root:" not in str(gridxml.read_shakemap(body).description)


@pytest.mark.parametrize(
    ("found", "put"),
    [
        ('nlon="5"', 'nlon="10000000"'),
        ('nlat="4"', 'nlat="99999999999999999999"'),
        ('nlon="5"', f'nlon="{"9" * 400}"'),
        ('magnitude="6.9"', f'magnitude="{"9" * 400}"'),
        ('magnitude="6.9"', 'magnitude="1e999"'),
        ("</grid_data>", "1 " * 1_000_000 + "</grid_data>"),
    ],
)
def test_pa_03_no_number_is_too_large(found, put):
    with pytest.raises(BadInput):
        gridxml.read_shakemap(grid(found, put))


def test_pa_11_a_control_mark_is_no_xml():
    with pytest.raises(BadInput, match="not XML"):
        gridxml.read_shakemap(grid('magnitude="6.9"', 'magnitude="6.9" event_description="&#27;[2J"'))


@pytest.mark.parametrize("length", [20_000, 5_000_000])
def test_pa_12_a_description_is_short(length):
    body = make_grid(**SMALL)
    told = re.sub(rb'event_description="[^"]*"', b'event_description="' + b"x" * length + b'"', body)
    with suppress(BadInput):
        assert len(gridxml.read_shakemap(told).description) <= 200


def test_pa_06_pa_07_pa_08_pa_09_pa_10_a_description_is_text_wherever_it_is_printed(qgis):
    """One report whose description is everything at once; and its workbook."""
    told = " ".join(EVIL)
    impact, bands = make_impact([0, 0, 0, 0, 0, 4e5, 0, 1e4, 0, 0], [(name[:60], 0.1) for name in EVIL], **SMALL)
    impact["event"]["description"] = told
    english = [language.load("en")]
    made = {
        one.path: one.body
        for one in earthquake_paper.render(impact, bands, Atlas(None, None), "https://siaga.example.go.id", english)
    }
    book = workbook.make(impact, english)
    page = made["report-en.html"].decode()
    for raw in ("<script>alert", "<img src=x", "<svg onload", "<iframe", "<link rel=attachment"):
        assert raw not in page, raw
    assert b"EmbeddedFile" not in made["report-en.pdf"]
    with zipfile.ZipFile(io.BytesIO(book)) as files:
        for name in files.namelist():
            text = files.read(name).decode("utf-8", "replace")
            assert not re.search(r"<f>[^<]*(HYPERLINK\(\"http://evil|cmd)", text), name
            assert "evil.example" not in text or "hyperlink" not in name.lower()


@pytest.mark.parametrize("name", EVIL)
def test_pa_17_a_neighbourhoods_name_is_text(tmp_path, name):
    told = json.dumps({"type": "FeatureCollection", "features": [_area(area_name=name)]}).encode()
    area = read_flood(told).areas[0]
    assert area.area_name.startswith(name.split()[0][:20])
    assert area.area_name.isprintable()


def _area(**more):
    ring = [[106.8, -6.2], [106.81, -6.2], [106.81, -6.21], [106.8, -6.2]]
    said = {"geom_id": "3174040004001000", "area_id": 1, "state": 2, "area_name": "RW 01", "parent_name": "X"} | more
    return {"type": "Feature", "properties": said, "geometry": {"type": "Polygon", "coordinates": [ring]}}


@pytest.mark.parametrize("text", ["\x1b[2J", "\x00", "a\u202eb", "\u2028", "../../etc/passwd\n", "\ud800"])
def test_pa_17_pa_18_marks_that_act_are_taken_out_of_names(text):
    told = json.dumps({"type": "FeatureCollection", "features": [_area(area_name=text + "RW", geom_id="3174" + text)]})
    try:
        area = read_flood(told.encode()).areas[0]
    except BadInput:
        return
    assert area.area_name.isprintable()
    area.area_name.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b'{"type": "FeatureCollection", "features": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"type": "FeatureCollection", "crs": ' + b'{"crs":' * 50_000 + b"1" + b"}" * 50_000 + b', "features": []}',
        b'{"type": ' + b"[" * 50_000 + b"]" * 50_000 + b', "features": []}',
    ],
    ids=["brackets", "braces", "features", "crs", "type"],
)
def test_pa_13_depth_ends(body):
    with pytest.raises(BadInput):
        read_flood(body)


@pytest.mark.parametrize(
    "text",
    [
        '"state": NaN', '"state": Infinity', '"state": 1e999', '"state": ' + "9" * 5000, '"state": -1',
        '"state": "2\\u0000"',
    ],
)  # fmt: skip
def test_pa_14_odd_numbers_are_refused_in_words(text):
    body = json.dumps({"type": "FeatureCollection", "features": [_area()]}).replace('"state": 2', text)
    with pytest.raises(BadInput):
        read_flood(body.encode())


def test_pa_14_of_a_key_that_comes_twice_the_last_counts():
    body = json.dumps({"type": "FeatureCollection", "features": [_area()]}).replace(
        '"state": 2', '"state": 2, "state": 4'
    )
    assert read_flood(body.encode()).areas[0].state == 4


def test_pa_16_many_points_end():
    ring = [[106.8 + n * 1e-7, -6.2] for n in range(100_000)]
    one = _area()
    one["geometry"]["coordinates"] = [[*ring, ring[0]]]
    with suppress(BadInput):  # in words, or it is read
        read_flood(json.dumps({"type": "FeatureCollection", "features": [one]}).encode())


def looped():
    """A raster whose directory of pages leads back to itself."""
    body = bytearray(ash.raster())
    first = int.from_bytes(body[4:8], "little")
    count = int.from_bytes(body[first : first + 2], "little")
    at = first + 2 + 12 * count
    body[at : at + 4] = first.to_bytes(4, "little")
    return bytes(body)


@pytest.mark.parametrize(
    "body",
    [
        ash.raster(np.full((20, 20), np.inf)),
        ash.raster(np.full((20, 20), -5.0)),
        ash.raster(bands=200),
        ash.raster(kind=gdal.GDT_CFloat32, nodata=None),
        ash.raster()[: len(ash.raster()) // 2],
        b"/vsicurl/http://127.0.0.1:9/x.tif",
        b'<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>',
        b"<GDAL_WMS></GDAL_WMS>",
        b"II*\0" + b"\xff" * 100,
    ],
    ids=["inf", "negative", "200 bands", "complex", "cut", "path", "vrt", "wms", "noise"],
)
def test_pa_22_a_raster_that_is_none_is_refused_in_words(body):
    with pytest.raises(BadInput) as refused:
        ash_ground.read(body, read_request(ash.request()))
    assert str(refused.value)


def test_pa_22_a_loop_of_pages_ends():
    with suppress(BadInput):
        ash_ground.read(looped(), read_request(ash.request()))


def test_pa_24_an_oblique_system_is_refused_or_small():
    body = ash.raster(epsg=3375)  # oblique Mercator of Malaysia
    with pytest.raises(BadInput):
        ash_ground.read(body, read_request(ash.request()))


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "[% env() %]", "=1+1", "../../etc/passwd", "a\x1b[2J", "\ud800"]
)
def test_pa_25_pa_26_a_volcanos_name_is_text_and_its_id_plain(name):
    try:
        one = read_request(ash.request(volcano=name))
    except BadInput:
        return
    assert re.fullmatch(r"[A-Za-z0-9._+-]{1,64}", str(one.event_id))
    assert "/" not in str(one.event_id)


@pytest.mark.parametrize("field", ["volcano", "time", "alert_level", "raster_sha256", "unit", "density_kg_m3"])
@pytest.mark.parametrize("value", [None, [], {}, True, -1, 1e308, "x" * 100_000, "\0", "NaN"])
def test_pa_25_an_odd_request_is_refused_in_words(field, value):
    with suppress(BadInput):  # some of them are no more than unknown
        assert read_request(ash.request(**{field: value}))


def test_im_06_names_of_zones_are_text_in_the_package_for_qgis(tmp_path, qgis):
    from siaga.gis import layers
    from siaga.gis.map import eventpackage

    impact, bands = make_impact([0, 0, 0, 0, 0, 4e5, 0, 1e4, 0, 0], [(name, 0.1) for name in EVIL])
    outlines = {zone["code"]: shapely.MultiPolygon([shapely.box(115, -9, 117, -8)]) for zone in impact["zones"]}
    words = dict.fromkeys(
        ("bands", "zones", "contours", "structures", "places", "epicentre"), "x'); drop table zones; --"
    )
    shakemap = gridxml.read_shakemap(make_grid())
    eventpackage.make(tmp_path / "event.gpkg", eventpackage.Contents(impact, shakemap, bands, outlines, None, words))
    _shapes, rows = layers.read(tmp_path / "event.gpkg", "zones")
    assert {row["name"] for row in rows} >= set(EVIL)
    assert b"alert(1)</script>" in (tmp_path / "event.gpkg").read_bytes()  # as text of a table


def test_pa_23_a_small_file_of_huge_tiles_is_refused_before_one_is_unpacked(tmp_path):
    path = str(tmp_path / "tiles.tif")
    options = ["SPARSE_OK=YES", "TILED=YES", "BLOCKXSIZE=16384", "BLOCKYSIZE=16384", "COMPRESS=DEFLATE"]
    made = gdal.GetDriverByName("GTiff").Create(path, 1024, 1024, 1, gdal.GDT_Float32, options)
    made.SetGeoTransform((110, 0.001, 0, -7, 0, -0.001))
    made = None
    body = (tmp_path / "tiles.tif").read_bytes()
    assert len(body) < 10_000
    tracemalloc.start()
    with pytest.raises(BadInput):
        ash_ground.read(body, read_request(ash.request()))
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()
