"""An ash fall: its request, its raster, its classes; what cannot be used is refused in one sentence."""

import itertools
import json
import math
import time
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import shapely
from fixtures import ash
from hypothesis import given
from hypothesis import strategies as st
from osgeo import gdal

from siaga import keys
from siaga.errors import BadInput
from siaga.gis.people import ash_ground
from siaga.hazard.ash import CLASSES, AshFall, away_degrees, classify, read_request, request_bytes
from siaga.keys import EruptionId

VRT = b"""<VRTDataset rasterXSize="20" rasterYSize="20"><SRS>EPSG:4326</SRS>
<GeoTransform>110,0.05,0,-7,0,-0.05</GeoTransform><VRTRasterBand dataType="Byte" band="1"><SimpleSource>
<SourceFilename>/etc/hostname</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"""


def test_a_request_says_what_it_says():
    one = read_request(ash.request())
    assert str(one.event_id) == "201702211904+0700_Merapi"
    assert (one.column_height_m, one.utc_offset_hours) == (3068, 7)
    assert one.expires == datetime(2017, 2, 22, 12, 4, tzinfo=UTC)
    assert read_request(ash.request(forecast_days=3)).expires == datetime(2017, 2, 24, 12, 4, tzinfo=UTC)
    assert read_request(ash.request(elevation_m=None)).column_height_m is None


def test_a_request_is_written_as_it_is_read():
    given = ash.request(submitted="2026-11-24T20:00:00+00:00", raster_sha256="a" * 64)
    one = read_request(given)
    assert (one.district, one.province) == ("", "")
    assert read_request(request_bytes(one)) == one
    placed = read_request(ash.request(district="Kabupaten Sleman", province="DI Yogyakarta"))
    assert read_request(request_bytes(placed)).province == "DI Yogyakarta"
    assert request_bytes(read_request(request_bytes(one))) == request_bytes(one)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("volcano", None, "lacks volcano"),
        ("volcano", "", "volcano is ''"),
        ("volcano", "x" * 51, "at most 50 characters"),
        ("volcano", "Mer\napi", "volcano is"),
        ("volcano", 7, "volcano is 7"),
        ("longitude", 181, "longitude is 181"),
        ("latitude", "7", "latitude is '7'"),
        ("latitude", math.nan, "latitude is nan"),
        ("elevation_m", True, "elevation_m is True"),
        ("eruption_height_m", -1, "eruption_height_m is -1"),
        ("alert_level", "SIAGA", "one of normal, waspada, siaga, awas"),
        ("alert_level", [], "alert_level is []"),
        ("forecast_days", 2, "it must be one of 1, 3"),
        ("forecast_days", True, "it must be one of 1, 3"),
        ("forecast_days", [1], "it must be one of 1, 3"),
        ("time", "2017-02-21T19:04", "write it with its zone"),
        ("time", "2017-02-30T19:04+07:00", "write it with its zone"),
        ("time", "2017-02-21T19:04+15:00", "write it with its zone"),
        ("time", "2017-02-21T19:04:00+07:00:30", "write it with its zone"),
        ("time", "1017-02-21T19:04+07:00", "write it with its zone"),
        ("time", 1487678640, "write it with its zone"),
        ("submitted", "now", "submitted is 'now'"),
        ("raster_sha256", "../../etc", "64 hexadecimal digits"),
    ],
)
def test_a_wrong_field_is_named(field, value, said):
    with pytest.raises(BadInput, match=r".") as refused:
        read_request(ash.request(**{field: value}))
    assert said in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 60_000, b"1e999", b" " * 70_000])
def test_what_is_no_request_is_refused(body):
    with pytest.raises(BadInput, match=r"request\.json"):
        read_request(body)


@given(body=st.binary(max_size=200))
def test_no_bytes_break_the_reader(body):
    with pytest.raises(BadInput):
        read_request(body)


@given(
    minutes=st.integers(0, 100_000_000),
    offset=st.integers(-56, 56),
    volcano=st.text(max_size=60),
)
def test_an_id_is_read_back_and_is_an_event_id(minutes, offset, volcano):
    zone = timezone(timedelta(minutes=15 * offset))
    one = EruptionId.of(datetime(1900, 1, 2, tzinfo=zone) + timedelta(minutes=minutes), volcano)
    assert EruptionId.parse(one.request) == EruptionId.parse(one.raster) == one
    assert keys.check_event_id(str(one)) == str(one)


def test_a_catalogue_entry_of_ash_is_read_back():
    one = keys.CatalogEntry(
        "ash",
        datetime(2017, 2, 21, 12, 4, tzinfo=UTC),
        "201702211904+0700_Anak-Krakatau",
        keys.Version("initial", 1, "0a1b2c3d"),
    )
    assert keys.CatalogEntry.parse(str(one)) == one
    assert keys.Run.parse(f"ash/{one.event_id}/{one.version}/0a1b2c3d/impact.json").event_id == one.event_id


@pytest.mark.parametrize(
    "text", ["", "20170221190+0700_Merapi", "201702311904+0700_Merapi", "201702211904+0700_a/../b"]
)
def test_what_is_no_eruption_is_refused(text):
    if text.endswith("/b"):
        assert str(EruptionId.parse(text)) == "201702211904+0700_a"  # a folder's first part alone counts
        return
    with pytest.raises(BadInput, match="is not an eruption"):
        EruptionId.parse(text)


def test_classes_begin_above_their_limit():
    limits = np.array([0.01, 0.1, 2, 5, 10])
    assert classify(limits).tolist() == [0, 1, 2, 3, 4]
    assert classify(limits.astype(np.float32).astype(float)).tolist() == [0, 1, 2, 3, 4]  # a raster's own floats
    assert classify(limits + 1e-5).tolist() == [1, 2, 3, 4, 5]
    assert classify(np.array([0.0, np.nan, 1999.0])).tolist() == [0, 0, 5]


def test_away_is_the_way_to_the_rectangle_round_the_globe_too():
    box = (179.0, -8.0, 181.0, -6.0)
    assert away_degrees(box, -179.5, -7) == 0
    assert away_degrees(box, -178.0, -7) == pytest.approx(1)
    assert away_degrees((109, -8, 111, -6), 112, -9) == pytest.approx(math.sqrt(2))


def test_a_raster_is_read_as_it_lies():
    values = ash.cone()
    values[0, 0] = -9999
    fall = ash_ground.read(ash.raster(values), read_request(ash.request()))
    assert fall.edges == pytest.approx((110, -8, 111, -7))
    assert np.isnan(fall.thickness[0, 0])
    assert np.nanmax(np.abs(fall.thickness - np.where(values < 0, np.nan, values))) < 1e-5
    assert fall.warnings == ()
    middle = fall.at(np.array([110.026, 110.525, 109.9, 110.5]), np.array([-7.01, -7.525, -7.5, -8.001]))
    assert np.isnan(middle[[0, 2, 3]]).all()
    assert middle[1] == fall.thickness[10, 10]


@pytest.mark.parametrize("kind", [gdal.GDT_Byte, gdal.GDT_Int16, gdal.GDT_UInt32, gdal.GDT_Float64])
def test_any_type_of_number_serves(kind):
    values = np.round(ash.cone())
    assert (ash_ground.read(ash.raster(values, kind=kind, nodata=None)).thickness == values).all()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The file is empty"),
        (b"hello", "no GeoTIFF"),
        (VRT, "no GeoTIFF"),
        (ash.raster(driver="PNG", kind=gdal.GDT_Byte, nodata=None), "no GeoTIFF"),
        (ash.raster()[:600], "cut off"),
        (ash.raster(bands=3), "3 bands"),
        (ash.raster(epsg=0), "names no coordinate system"),
        (ash.raster(transform=(110, 0.05, 0.01, -7, 0, -0.05)), "rotated"),
        (ash.raster(transform=(111, -0.05, 0, -7, 0, -0.05)), "mirrored"),
        (ash.raster(np.full((20, 20), 9999.0), unit="mm", nodata=None), "400 cells hold 9999, which no ash has"),
        (ash.raster(np.where(ash.cone() < 1, 255, ash.cone()), kind=gdal.GDT_Byte, nodata=None), "cells hold 255"),
        (ash.raster(np.full((1, 5), 1.0)), "1 by 5 cells"),
        (ash.raster(np.full((20, 20), -9999.0)), "all of it is no-data"),
        (ash.raster(np.full((20, 20), 2001.0)), "between 0 and 2000 cm"),
        (ash.raster(ash.cone() - 1), "between 0 and 2000 cm"),
        (ash.raster(kind=gdal.GDT_CFloat32, nodata=None), "complex"),
        (ash.raster(cell=2.0), "40 by 40 degrees"),
        (ash.raster(west=500_000.0), "beyond the world"),
        (ash.raster(west=120.0), "more than 3 degrees away from Merapi"),
    ],
)
def test_a_raster_that_cannot_serve_is_refused_in_one_sentence(body, said):
    with pytest.raises(BadInput, match=r".") as refused:
        ash_ground.read(body, read_request(ash.request()))
    assert said in str(refused.value)


def test_a_bomb_is_refused_before_it_is_unpacked():
    big = gdal.GetDriverByName("GTiff").Create(
        "/vsimem/bomb.tif", 60_000, 60_000, 1, gdal.GDT_Float64, ["SPARSE_OK=YES"]
    )
    big = None  # noqa: F841 - closes the file
    file = gdal.VSIFOpenL("/vsimem/bomb.tif", "rb")
    body = bytes(gdal.VSIFReadL(1, gdal.VSIStatL("/vsimem/bomb.tif").size, file))
    gdal.VSIFCloseL(file)
    gdal.Unlink("/vsimem/bomb.tif")
    with pytest.raises(BadInput, match="60,000 by 60,000 cells"):
        ash_ground.read(body)


def test_a_raster_in_metres_is_brought_to_degrees():
    values = np.zeros((40, 40))
    values[10:30, 10:30] = 3.0
    fall = ash_ground.read(ash.raster(values, west=420_000, north=9_180_000, cell=1000, epsg=32749))
    assert set(np.unique(fall.thickness[~np.isnan(fall.thickness)])) == {0.0, 3.0}  # no thickness is invented
    assert "by the nearest cell" in fall.warnings[0]["text"]
    classed = ash_ground.polygons(fall)
    polygons, classes = classed.polygons, classed.classes
    assert classes.tolist() == [3]
    # 20 km by 20 km near 7.6° S: 0.18° by 0.18°
    assert shapely.area(polygons).sum() == pytest.approx(400e6 / (110_600 * 110_350), rel=0.02)


def test_no_ash_is_said_not_refused():
    fall = ash_ground.read(ash.raster(np.full((5, 5), 0.005)))
    assert "nowhere thicker than 0.01 cm" in fall.warnings[0]["text"]
    assert len(ash_ground.polygons(fall).polygons) == 0


@given(seed=st.integers(0, 1000))
def test_the_ground_is_the_cells_of_each_class(seed):
    values = np.random.default_rng(seed).choice([0.0, 0.05, 1.0, 3.0, 7.0, 30.0, np.nan], (6, 7))
    fall = AshFall(110.0, -7.0, 0.1, 0.2, values)
    classed = ash_ground.polygons(fall)
    polygons, classes = classed.polygons, classed.classes
    assert shapely.is_valid(polygons).all()
    for kind in range(1, 6):
        covered = shapely.union_all(polygons[classes == kind])
        cells = shapely.union_all(
            [
                shapely.box(110 + c * 0.1, -7 - (r + 1) * 0.2, 110 + (c + 1) * 0.1, -7 - r * 0.2)
                for r, c in np.argwhere(classify(values) == kind)
            ]
        )
        assert shapely.symmetric_difference(covered, cells).area < 1e-12
    assert shapely.area(polygons).sum() == pytest.approx(np.count_nonzero(classify(values)) * 0.02)


def test_noise_is_refused():
    values = np.random.default_rng(1).choice([0.0, 30.0], (900, 900))
    with pytest.raises(BadInput, match="like noise"):
        ash_ground.polygons(AshFall(110.0, -7.0, 0.001, 0.001, values))


def plume(particles, cells=1000):
    """A particle model's deposit, cm: dense near the vent, speckled with single cells far away."""
    random = np.random.default_rng(1)
    far = random.exponential(0.25, particles)
    x = 0.2 * cells + far * cells * 0.6 + random.normal(0, 0.12, particles) * cells * far
    y = 0.5 * cells + random.normal(0, 0.15, particles) * cells * far
    return np.histogram2d(y, x, bins=cells, range=((0, cells), (0, cells)))[0] * 0.02


def test_the_speckled_plume_of_a_particle_model_is_no_noise():
    fall = AshFall(109.0, -6.0, 0.003, 0.003, plume(300_000, 500))
    begun = time.thread_time()
    classed = ash_ground.polygons(fall)
    drawn = json.loads(ash_ground.geojson(fall))
    assert time.thread_time() - begun < 4
    count = np.bincount(classify(fall.thickness).ravel(), minlength=6)
    for number, feature in enumerate(drawn["features"], 1):
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert feature["properties"]["class"] == CLASSES[number - 1]
        assert shape.area == pytest.approx(count[number] * 9e-6)
        assert shapely.area(classed.polygons[classed.classes == number]).sum() == pytest.approx(count[number] * 9e-6)


CM = ash.cone()
UNITS = [
    ("mm", CM * 10),
    ("MM", CM * 10),
    (" Millimetres ", CM * 10),
    ("milimeter", CM * 10),
    ("cm", CM),
    ("Centimeters", CM),
    ("m", CM / 100),
    ("metre", CM / 100),
    ("inches", CM / 2.54),
]


@pytest.mark.parametrize(("unit", "values"), UNITS)
@pytest.mark.parametrize("where", ["type", "band", "file", "name"])
def test_the_unit_that_a_raster_names_is_read(unit, values, where):
    more = {
        "type": {"unit": unit},
        "band": {"band": {"NETCDF_VARNAME": "deposit", "units": unit}},
        "file": {"file": {"lat#units": "degrees_north", "ash_thickness#units": unit, "time#units": "hours since"}},
        "name": {"names": [f"ash thickness ({unit})"]},
    }[where]
    fall = ash_ground.read(ash.raster(values, **more))
    np.testing.assert_allclose(fall.thickness, CM, rtol=1e-6)
    assert len(fall.warnings) == (unit.strip().lower() not in ("cm", "centimeters"))


def test_the_unit_of_a_vertical_system_is_that_of_heights_and_not_of_ash():
    fall = ash_ground.read(ash.raster(epsg="4326+5773"))
    np.testing.assert_allclose(fall.thickness, CM, rtol=1e-6)
    assert fall.warnings == ()


@pytest.mark.parametrize(
    ("more", "scale"),
    [
        ({"file": {"TIFFTAG_IMAGEDESCRIPTION": "Ash thickness in mm"}}, 0.1),
        ({"file": {"TIFFTAG_IMAGEDESCRIPTION": "Model run of a ground level of 100 m"}}, 1),
        ({"file": {"TIFFTAG_IMAGEDESCRIPTION": "Ash above 100 m"}}, 1),
        ({"band": {"long_name": "tephra thickness [mm]"}}, 0.1),
        ({"band": {"NETCDF_VARNAME": "thickness_mm"}}, 0.1),
    ],
)
def test_a_description_may_name_the_unit_but_no_height_is_one(more, scale):
    fall = ash_ground.read(ash.raster(CM, **more))
    np.testing.assert_allclose(fall.thickness, CM * scale, rtol=1e-6)


def test_our_own_rasters_name_their_unit():
    fall = ash_ground.read(ash.raster(CM * 10, unit="mm"))
    again = ash_ground.read(ash_ground.write(fall))
    np.testing.assert_allclose(again.thickness, fall.thickness, rtol=1e-6)
    assert again.warnings == ()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"unit": "kg/m2"}, "gives a load in kg/m2 and no thickness"),
        ({"band": {"units": "kg m-2"}}, "gives a load in kg/m2"),
        ({"file": {"deposit#units": "g/cm²"}}, "gives a load in g/cm2"),
        ({"unit": "mg/m3"}, "unit is mg/m3, which is none of"),
        ({"unit": "1"}, "unit is 1, which is none of"),
        ({"band": {"units": "furlongs"}}, "unit is furlongs"),
        ({"unit": "mm", "band": {"units": "cm"}}, "names two units, cm and mm"),
    ],
)
def test_a_unit_that_is_no_thickness_is_refused_by_name(more, said):
    with pytest.raises(BadInput, match=r".") as refused:
        ash_ground.read(ash.raster(**more), read_request(ash.request()))
    assert said in str(refused.value)


def test_a_load_is_thick_by_the_density_that_the_request_states():
    one = read_request(ash.request(density_kg_m3=1000))
    fall = ash_ground.read(ash.raster(CM * 10, unit="kg/m2"), one)  # 10 kg of it on a square metre are 1 cm
    np.testing.assert_allclose(fall.thickness, CM, rtol=1e-6)
    assert "density of 1000.0 kg/m3" in fall.warnings[0]["text"]
    assert read_request(request_bytes(one)) == one


def test_the_request_may_name_the_unit_and_must_not_name_another():
    one = read_request(ash.request(unit="Millimetres"))
    assert one.unit == "mm"
    assert read_request(request_bytes(one)) == one
    np.testing.assert_allclose(ash_ground.read(ash.raster(CM * 10), one).thickness, CM, rtol=1e-6)
    np.testing.assert_allclose(ash_ground.read(ash.raster(CM * 10, unit="mm"), one).thickness, CM, rtol=1e-6)
    with pytest.raises(BadInput, match="raster's unit is cm and the request's unit is mm"):
        ash_ground.read(ash.raster(unit="cm"), one)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"unit": "furlong"}, "unit is 'furlong'; write cm"),
        ({"unit": 3}, "unit is 3"),
        ({"density_kg_m3": 1}, "density_kg_m3 is 1; it must be a number from 100.0 to 3000.0"),
        ({"density_kg_m3": "1000"}, "density_kg_m3 is '1000'"),
    ],
)
def test_a_unit_or_density_that_is_none_is_refused(more, said):
    with pytest.raises(BadInput, match=said):
        read_request(ash.request(**more))


def test_of_several_bands_the_one_that_is_named_as_ash_is_taken():
    fall = ash_ground.read(ash.raster(bands=2, names=["air concentration", "Ash thickness"], unit="cm"))
    np.testing.assert_allclose(fall.thickness, CM, rtol=1e-6)
    assert "named ash thickness was taken" in fall.warnings[0]["text"]
    with pytest.raises(BadInput, match="2 bands"):
        ash_ground.read(ash.raster(bands=2, names=["ash at 12 UTC", "ash at 18 UTC"]))


def test_a_raster_whose_first_row_is_the_southernmost_is_turned():
    plain = ash_ground.read(ash.raster(CM + np.linspace(0, 1, 20)[:, np.newaxis]))
    south_up = ash.raster(
        (CM + np.linspace(0, 1, 20)[:, np.newaxis])[::-1], transform=(ash.WEST, ash.CELL, 0, ash.NORTH - 1, 0, ash.CELL)
    )
    turned = ash_ground.read(south_up)
    np.testing.assert_array_equal(turned.thickness, plain.thickness)
    assert turned.edges == pytest.approx(plain.edges)


def test_a_skew_of_float_noise_is_no_rotation():
    skewed = ash.raster(transform=(ash.WEST, ash.CELL, 1e-17, ash.NORTH, -1e-17, -ash.CELL))
    np.testing.assert_array_equal(ash_ground.read(skewed).thickness, ash_ground.read(ash.raster()).thickness)


@pytest.mark.parametrize("epsg", [4326, 32749])
def test_scale_and_unit_hold_in_any_coordinate_system(epsg):
    place = {"west": 420_000, "north": 9_180_000, "cell": 1000} if epsg == 32749 else {}
    raster = ash.raster(np.full((20, 20), 300), epsg=epsg, kind=gdal.GDT_Int16, scale=0.1, unit="mm", **place)
    fall = ash_ground.read(raster)
    assert np.nanmax(fall.thickness) == np.nanmin(fall.thickness) == pytest.approx(3.0)


@pytest.mark.parametrize("nodata", [-9999.0, 0.0, 1e20, float("nan"), -3.4028234663852886e38])
def test_any_declared_no_data_is_unknown(nodata):
    values = np.where(CM < 1, nodata, CM)
    fall = ash_ground.read(ash.raster(values, nodata=nodata))
    np.testing.assert_allclose(fall.thickness, np.where(CM < 1, np.nan, CM), rtol=1e-6)


def test_falls_are_added_over_the_ground_of_all():
    first = AshFall(110.0, -7.0, 0.1, 0.1, np.array([[1.0, 2.0], [3.0, np.nan]]))
    second = AshFall(110.1, -6.9, 0.1, 0.1, np.array([[10.0, np.nan], [20.0, 30.0]]))
    total = ash_ground.added([first, second])
    assert total.edges == pytest.approx((110.0, -7.2, 110.3, -6.9))
    expected = np.array([[np.nan, 10, np.nan], [1, 22, 30], [3, np.nan, np.nan]])
    np.testing.assert_allclose(total.thickness, expected)
    assert ash_ground.added([first]) is first
    with pytest.raises(BadInput, match="so far apart"):
        ash_ground.added([AshFall(0.0, 50.0, 0.01, 0.01, np.ones((2, 2))), first])


def test_a_sum_does_not_depend_on_the_order_of_its_falls():
    chance = np.random.default_rng(3)
    falls = [
        AshFall(110.0, -7.0, 0.1, 0.1, chance.uniform(0, 9, (6, 6))),
        AshFall(110.03, -7.02, 0.07, 0.05, chance.uniform(0, 9, (8, 8))),
        AshFall(109.9, -6.9, 0.1, 0.1, chance.uniform(0, 9, (7, 7))),
        AshFall(110.0, -7.0, 0.1, 0.1, chance.uniform(0, 9, (5, 6))),
    ]
    sums = [ash_ground.added(list(order)) for order in itertools.permutations(falls)]
    for total in sums:
        assert total.edges == sums[0].edges
        assert total.thickness.tobytes() == sums[0].thickness.tobytes()
    assert (sums[0].width, sums[0].height) == (0.07, 0.05)  # the finest cells


def test_falls_on_both_spellings_of_a_longitude_are_added():
    first = AshFall(179.9, -7.0, 0.1, 0.1, np.array([[1.0, 2.0], [3.0, 4.0]]))
    second = AshFall(-180.1, -7.0, 0.1, 0.1, np.array([[10.0, 10.0], [10.0, 10.0]]))
    np.testing.assert_allclose(ash_ground.added([first, second]).thickness, [[11, 12], [13, 14]])


def test_a_written_raster_is_read_back_and_the_same_again():
    fall = ash_ground.read(ash.raster())
    again = ash_ground.read(ash_ground.write(fall))
    np.testing.assert_array_equal(again.thickness, fall.thickness)
    assert (again.west, again.north) == (fall.west, fall.north)
    assert ash_ground.write(fall) == ash_ground.write(again)


def test_the_real_rasters(shared):
    merapi = ash_ground.read((shared / "data/ash/merapi-ashfall.tif").read_bytes(), read_request(ash.request()))
    assert merapi.max_cm == pytest.approx(98.497, abs=5e-4)
    jakarta = ash_ground.read((shared / "data/ash/ash_raster_wgs84.tif").read_bytes())
    assert np.bincount(classify(jakarta.thickness).ravel(), minlength=6)[1:].tolist()[1:4] == [21714, 859, 26]


def test_requests_are_json_with_nothing_left_out():
    assert json.loads(request_bytes(read_request(ash.request())))["elevation_m"] == 2968
