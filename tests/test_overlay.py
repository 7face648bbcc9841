"""Structures, roads and land cover by MMI class, against plain reckonings."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import shapely
from fixtures import exposure, features
from fixtures.grids import make_grid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osgeo import gdal, ogr
from qgis.core import QgsCoordinateReferenceSystem, QgsDistanceArea, QgsGeometry, QgsPointXY, QgsProject

from siaga.data import features as given_features
from siaga.gis import ellipsoid
from siaga.gis.assets import earthquake
from siaga.hazard.gridxml import read_shakemap
from siaga.hazard.shakemap import Nodes, ShakeMap
from siaga.impact.mmi import classify

TYPES = ("house", "school", "hospital", "jembatan", "something odd", "masjid")


def shaking(**more):
    return read_shakemap(make_grid(lon=116.5, lat=-8.5, nlon=41, nlat=41, spacing=0.05, **more))


def ready(role, given_file, tmp_path):
    """As `siaga data import` would install it."""
    target = tmp_path / f"{role}.fgb"
    given_features.convert(role, given_file, target)
    return target


def measure():
    found = QgsDistanceArea()
    found.setSourceCrs(QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance().transformContext())
    found.setEllipsoid("EPSG:7030")
    return found


@given(
    longitude=st.floats(95, 141),
    latitude=st.floats(-11, 6),
    east=st.floats(-0.002, 0.002),
    north=st.floats(-0.002, 0.002),
)
def test_lengths_are_those_of_qgis(qgis, longitude, latitude, east, north):
    start, end = np.array([[longitude, latitude]]), np.array([[longitude + east, latitude + north]])
    true = measure().measureLine(QgsPointXY(*start[0]), QgsPointXY(*end[0]))
    assert ellipsoid.lengths(start, end)[0] == pytest.approx(true, rel=1e-6, abs=1e-4)


@given(longitude=st.floats(95, 141), latitude=st.floats(-11, 6), size=st.floats(0.0005, 0.02), sides=st.integers(3, 9))
def test_areas_are_those_of_qgis(qgis, longitude, latitude, size, sides):
    angles = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    ring = np.column_stack((longitude + size * np.cos(angles), latitude + size * np.sin(angles)))
    hole = np.column_stack((longitude + size / 4 * np.cos(angles), latitude + size / 4 * np.sin(angles)))
    polygon = shapely.Polygon(ring, [hole])
    true = measure().measureArea(QgsGeometry.fromWkt(polygon.wkt))
    assert ellipsoid.areas(np.array([polygon]))[0] == pytest.approx(true, rel=1e-5)


def test_the_whole_ellipsoid_has_its_area():
    # 510,065,621.724 km²: area of the WGS 84 ellipsoid
    halves = np.array([shapely.box(-180, -90, 180, 0), shapely.box(-180, 0, 180, 90)])
    fine = shapely.segmentize(halves, 1.0)
    assert ellipsoid.areas(fine).sum() / 1e6 == pytest.approx(510_065_621.724, rel=1e-9)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 60))
def test_every_structure_is_counted_once_in_its_class(tmp_path, seed, count):
    random = np.random.default_rng(seed)
    points = np.column_stack((random.uniform(115, 118, count), random.uniform(-10, -7, count)))
    named = [
        (TYPES[k], f"n{i}", shapely.Point(p))
        for i, (k, p) in enumerate(zip(random.integers(0, 6, count), points, strict=True))
    ]
    shakemap = shaking()
    found = earthquake.structures(
        shakemap, ready("structures", features.structures(tmp_path / "in.geojson", named), tmp_path)
    )
    expected = {}
    for kind, _name, point in named:
        mmi = shakemap.at(np.array([point.x]), np.array([point.y]))
        if not np.isnan(mmi[0]):
            said = {"house": "residential", "school": "education", "hospital": "health", "jembatan": "bridge"}
            key = (said.get(kind, "worship" if kind == "masjid" else "other"), str(classify(mmi)[0]))
            expected[key] = expected.get(key, 0) + 1
    got = {
        (kind, mmi): number
        for kind, one in (found["by_class"] if found else {}).items()
        for mmi, number in one["by_mmi"].items()
        if number
    }
    assert got == expected
    assert found is None or found["total"] == sum(expected.values())


def test_a_polygon_counts_where_its_middle_is_or_a_point_on_it(tmp_path):
    u = shapely.box(116, -8.6, 117, -8.4) - shapely.box(116.02, -8.58, 117.1, -8.42)  # its centroid is outside
    named = [("house", "square", shapely.box(116.49, -8.51, 116.51, -8.49)), ("house", "hook", u)]
    made = ready("structures", features.structures(tmp_path / "in.geojson", named), tmp_path)
    source = ogr.Open(str(made))
    points = [shapely.from_wkb(bytes(one.GetGeometryRef().ExportToWkb())) for one in source.GetLayer(0)]
    assert sorted(shapely.distance(points, shapely.Point(116.5, -8.5)))[0] == pytest.approx(0, abs=1e-9)
    assert any(u.intersects(point) for point in points)


def test_notable_are_the_hardest_shaken_named_ones_first_with_their_place(tmp_path):
    shakemap = shaking(peak=9.0)
    many = [("hospital", f"Clinic {i:03}", shapely.Point(116.4 + i * 0.001, -8.5)) for i in range(60)]
    named = [*many, ("school", None, shapely.Point(116.5, -8.5)), ("school", "SD 1", shapely.Point(116.5, -8.501))]
    named += [("bridge", "far", shapely.Point(115.6, -9.4)), ("house", "home", shapely.Point(116.5, -8.5))]
    zones = exposure.zones(
        tmp_path / "z.geojson",
        [
            ("5", "Province", "province", None, shapely.box(115, -10, 118, -7)),
            ("51", "West", "regency", "5", shapely.box(115, -10, 116.4305, -7)),
            ("52", "East", "regency", "5", shapely.box(116.4305, -10, 118, -7)),
        ],
    )
    made = ready("structures", features.structures(tmp_path / "in.geojson", named), tmp_path)
    found = earthquake.describe(shakemap, {"structures": made}, zones)["structures"]
    assert found["notable_rest"] == {"health": 20, "education": 0, "bridge": 0}
    health = [one for one in found["notable"] if one["type"] == "health"]
    assert len(health) == 40
    assert [round(one["mmi"], 6) for one in health] == sorted((round(one["mmi"], 6) for one in health), reverse=True)
    schools = [(one["name"], one["zone"]) for one in found["notable"] if one["type"] == "education"]
    assert schools == [("SD 1", "East"), (None, "East")]
    assert {one["zone"] for one in health} == {"West", "East"}
    assert all((one["zone"] == "West") == (one["longitude"] < 116.4305) for one in health)


def test_roads_are_cut_where_the_class_changes(tmp_path, qgis):
    shakemap = shaking(peak=9.0)
    lines = [
        ("primary", "across", shapely.LineString([(115.0, -8.5), (118.0, -8.5)])),
        ("residential", "bend", shapely.LineString([(116.2, -8.2), (116.5, -8.9), (116.9, -8.3)])),
    ]
    found = earthquake.roads(shakemap, ready("roads", features.roads(tmp_path / "in.geojson", lines), tmp_path))
    west, _south, east, _north = shakemap.nodes.edges
    expected = Counter()
    steps = np.linspace(0, 1, 20_001)[:, None]  # a plain walk in very small steps
    for kind, line in (("primary", shapely.clip_by_rect(lines[0][2], west, -90, east, 90)), ("local", lines[1][2])):
        for start, end in itertools.pairwise(line.coords):
            points = np.add(start, np.subtract(end, start) * steps)
            a, b = points[:-1], points[1:]
            classes = classify(shakemap.at(*((a + b) / 2).T))
            for mmi in np.unique(classes):
                here = classes == mmi
                expected[kind, str(mmi)] += ellipsoid.lengths(a[here], b[here]).sum()
    step_km = 0.05 / 20 * 111.4
    for (kind, mmi), metres in expected.items():
        assert found["by_class"][kind]["by_mmi"][mmi] == pytest.approx(metres / 1000, abs=2 * step_km)
    total = measure().measureLine([QgsPointXY(*point) for point in lines[1][2].coords]) / 1000
    assert found["by_class"]["local"]["total_km"] == pytest.approx(total, rel=1e-5)


def test_land_cover_is_shared_by_area_and_nothing_is_lost(tmp_path):
    shakemap = shaking(peak=9.0)
    west, south, east, north = shakemap.nodes.edges
    random = np.random.default_rng(5)
    plots = [shapely.Point(x, y).buffer(0.004) for x, y in random.uniform((116.1, -8.9), (116.9, -8.1), (40, 2))]
    named = [("sawah", None, plot) for plot in plots]
    named += [("forest", None, shapely.box(115, -10, 118, -8.5)), ("lake", None, shapely.box(115, -8.5, 118, -7))]
    found = earthquake.land_cover(
        shakemap, ready("land_cover", features.land_cover(tmp_path / "in.geojson", named), tmp_path)
    )
    halves = np.array([shapely.box(west, south, east, -8.5), shapely.box(west, -8.5, east, north)])
    whole = ellipsoid.areas(halves) / 1e4
    assert found["by_class"]["forest"]["total_ha"] == pytest.approx(whole[0], rel=1e-9)
    assert found["by_class"]["water"]["total_ha"] == pytest.approx(whole[1], rel=1e-9)
    assert found["by_class"]["rice field"]["total_ha"] == pytest.approx(
        ellipsoid.areas(np.array(plots)).sum() / 1e4, rel=1e-9
    )
    # the plain way: 4 million points, each with the area of its cell
    x = np.linspace(west, east, 4001)[:-1] + (east - west) / 8000
    y = np.linspace(south, -8.5, 1001)[:-1] + (-8.5 - south) / 2000
    classes = classify(shakemap.at(*np.meshgrid(x, y)))
    rows = np.array(
        [
            ellipsoid.areas(np.array([shapely.box(0, a - (-8.5 - south) / 2000, 1, a + (-8.5 - south) / 2000)]))[0]
            for a in y
        ]
    )
    for mmi in range(1, 11):
        expected = ((classes == mmi).sum(axis=1) * rows).sum() * (east - west) / 4000 / 1e4
        assert found["by_class"]["forest"]["by_mmi"][str(mmi)] == pytest.approx(expected, abs=whole[0] * 2e-4)


def test_what_is_not_there_is_a_sentence_never_nought(tmp_path):
    far = features.structures(tmp_path / "in.geojson", [("house", None, shapely.Point(100, 0))])
    found = earthquake.describe(shaking(), {"structures": ready("structures", far, tmp_path), "roads": None}, None)
    assert (found["structures"], found["roads"], found["land_cover"]) == (None, None, None)
    assert [one["text"] for one in found["layers_missing"]] == [
        "The structures data have nothing on the map; how many buildings were shaken is not known",
        "No roads are installed; how many kilometres were shaken is not known",
        "No land cover is installed; how many hectares were shaken is not known",
    ]


@pytest.fixture
def jakarta(shared):
    """InaSAFE's earthquake.tif as a shaking; a pixel's centre is a node."""
    source = gdal.Open(str(shared / "data/inasafe/hazard/earthquake.tif"))
    west, width, _, north, _, height = source.GetGeoTransform()
    rows, columns = source.RasterYSize, source.RasterXSize
    nodes = Nodes(
        west + width / 2,
        west + (columns - 0.5) * width,
        north + (rows - 0.5) * height,
        north + height / 2,
        columns,
        rows,
    )
    blank = shaking()
    more = {name: getattr(blank, name) for name in blank.__dataclass_fields__}
    return ShakeMap(**more | {"nodes": nodes, "mmi": source.ReadAsArray().astype(float)})


def test_golden_eq6_buildings(jakarta, shared, tmp_path):
    """InaSAFE: 181 affected, all VIII: health 5, commercial 32, worship 9, government 18, education 7, residential 110.

    The truth here: each building's class at its centroid, by the plain formula; its type by the field TYPE.
    """
    path = shared / "data/inasafe/exposure/buildings.shp"
    target = tmp_path / "structures.fgb"
    given_features.convert("structures", path, target, type_field="TYPE")
    found = earthquake.structures(jakarta, target)
    expected = {}
    source = ogr.Open(str(path))
    for building in source.GetLayer(0):
        said = building["TYPE"].lower()
        kind = next(
            kind
            for word, kind in (
                ("residential", "residential"),
                ("worship", "worship"),
                ("government", "government"),
                ("school", "education"),
                ("education", "education"),
                ("clinic", "health"),
                ("hospital", "health"),
                ("health", "health"),
                ("commercial", "commercial"),
                ("industrial", "commercial"),
            )
            if word in said
        )
        centre = building.GetGeometryRef().Centroid()
        mmi = plain_bilinear(jakarta, centre.GetX(), centre.GetY())
        expected.setdefault(kind, {}).setdefault(str(math.ceil(round(mmi, 6) - 0.5)), []).append(mmi)
    got = {kind: {k: n for k, n in one["by_mmi"].items() if n} for kind, one in found["by_class"].items()}
    assert got == {kind: {k: len(v) for k, v in one.items()} for kind, one in expected.items()}
    inasafe = {"health": 5, "commercial": 32, "worship": 9, "government": 18, "education": 7, "residential": 110}
    assert {kind: one["total"] for kind, one in found["by_class"].items()} == inasafe
    assert {kind: one["by_mmi"]["8"] for kind, one in found["by_class"].items()} == inasafe


def test_golden_eq7_roads(jakarta, shared, tmp_path, qgis):
    """InaSAFE: 71054 m at VIII and 484 m "not exposed", of 71538 m.

    The truth here: every segment in a thousand pieces, measured by QGIS: all 71538 m lie on the map and at
    VIII, by bilinear MMI and by the pixel beneath alike. The 484 m lie outside the area to which InaSAFE
    cuts its analysis. It also rounds each part to whole metres, so sums differ by half a metre a part.
    """
    path = shared / "data/inasafe/exposure/roads.shp"
    target = tmp_path / "roads.fgb"
    given_features.convert("roads", path, target, type_field="TYPE")
    found = earthquake.roads(jakarta, target)
    total, parts, at_eight, by_type = 0.0, 0, 0.0, {}
    source = ogr.Open(str(path))
    for road in source.GetLayer(0):
        points = road.GetGeometryRef().GetPoints()
        parts += 1
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            metres = measure().measureLine(QgsPointXY(x0, y0), QgsPointXY(x1, y1))
            total += metres
            by_type[road["TYPE"]] = by_type.get(road["TYPE"], 0.0) + metres
            t = (np.arange(1000) + 0.5) / 1000
            classes = classify(jakarta.at(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t))
            at_eight += metres * (classes == 8).mean()
    assert total == pytest.approx(71_538, abs=parts / 2)
    assert at_eight == pytest.approx(total, rel=1e-12)
    assert pytest.approx(total, abs=parts / 2) == 71_054 + 484  # InaSAFE's own sum
    assert found["total_km"] * 1000 == pytest.approx(total, rel=1e-6)
    assert sum(one["by_mmi"]["8"] for one in found["by_class"].values()) == found["total_km"]
    ours = {kind: one["total_km"] * 1000 for kind, one in found["by_class"].items()}
    primary = by_type["Primary road"] + by_type["Primary link"]
    assert ours["primary"] == pytest.approx(primary, rel=1e-6)
    assert ours["secondary"] == pytest.approx(by_type["Secondary"], rel=1e-6)
    # InaSAFE's layer maps tertiary roads to secondary; they are local here.
    assert by_type["Secondary"] + by_type["Tertiary"] == pytest.approx(10_645, abs=15 / 2)


def plain_bilinear(shakemap, x, y):
    nodes = shakemap.nodes
    column, row = (x - nodes.west) / nodes.lon_step, (nodes.north - y) / nodes.lat_step
    c, r = int(column), int(row)
    a, b = column - c, row - r
    m = shakemap.mmi
    return (m[r, c] * (1 - a) + m[r, c + 1] * a) * (1 - b) + (m[r + 1, c] * (1 - a) + m[r + 1, c + 1] * a) * b
