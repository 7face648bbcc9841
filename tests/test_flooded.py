"""People and buildings under water: plain sums, exact areas, InaSAFE's golden cases."""

import json
from itertools import pairwise

import numpy as np
import pytest
import shapely
from fixtures import exposure
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osgeo import gdal, ogr, osr

from bench.golden import flood as golden_flood
from siaga.data import features
from siaga.exposure import vocabulary
from siaga.exposure.zones import INSTALLED, ZoneFields
from siaga.gis import ellipsoid, layers
from siaga.gis.assets import flood as flood_assets
from siaga.gis.people import by_class as people_by_class
from siaga.gis.people import flood_ground
from siaga.hazard.flood import read_flood
from siaga.impact import flood

WEST, NORTH, CELL = 106.8, -6.1, 0.01
CODED = ZoneFields("code", "code", None, None)


def count(water, population, zones=None, fields=INSTALLED):
    """Who lives under that water."""
    return people_by_class.people(flood_ground.polygons(water)[0], population, zones, fields)


def water(*areas):
    """A flood map of (state, shapely polygon)."""
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(shape),
            "properties": {"geom_id": f"rw{number}", "state": state},
        }
        for number, (state, shape) in enumerate(areas)
    ]
    return read_flood(json.dumps({"type": "FeatureCollection", "features": features}).encode())


def square(left, top, right, bottom):
    """A rectangle in units of cells from the grid's corner."""
    return shapely.box(WEST + left * CELL, NORTH - bottom * CELL, WEST + right * CELL, NORTH - top * CELL)


@pytest.fixture
def ten(tmp_path):
    """4 x 4 cells of ten people each."""
    path = tmp_path / "people.tif"
    exposure.population(path, np.full((4, 4), 10.0), WEST, NORTH, CELL)
    return path


def plain(areas, people, zones=()):
    """Truth by the book: cell by cell, state by state from the highest, zone by zone; (zones, 4)."""
    table = np.zeros((max(1, len(zones)), 4))
    for row, column in np.ndindex(people.shape):
        cell = square(column, row, column + 1, row + 1)
        above = shapely.Polygon()
        for state in (4, 3, 2, 1):
            wet = shapely.union_all([shape for one, shape in areas if one == state])
            left = shapely.intersection(shapely.difference(wet, above), cell)
            above = shapely.union(above, wet)
            for number, zone in enumerate(zones or [cell]):
                part = shapely.intersection(left, zone).area / cell.area
                table[number, state - 1] += part * people[row, column]
    return table


def test_a_cell_is_divided_by_area(ten):
    found = count(water((2, square(0, 0, 1, 1)), (3, square(1, 0, 1.25, 1))), ten)
    assert found.by_class == pytest.approx([0, 10, 2.5, 0], rel=1e-9)
    assert (found.table, found.zones, found.note, found.warnings) == (None, (), None, ())
    assert (found.nodata_cells, found.beyond_data) == (0, pytest.approx(0, abs=1e-9))


def test_where_areas_overlap_the_higher_state_holds(ten):
    low, high = square(0, 0, 2, 2), square(1, 1, 3, 3)
    for order in ([(2, low), (4, high)], [(4, high), (2, low)]):
        assert count(water(*order), ten).by_class == pytest.approx([0, 30, 0, 40], rel=1e-9)
    assert count(water((2, low), (2, low)), ten).by_class == pytest.approx([0, 40, 0, 0], rel=1e-9)


def test_a_hole_is_dry(ten):
    ring = shapely.difference(square(0, 0, 3, 3), square(1, 1, 2, 2))
    assert count(water((2, ring)), ten).by_class == pytest.approx([0, 80, 0, 0], rel=1e-9)


def test_zones_have_their_part_and_what_is_in_none_is_told(ten, tmp_path):
    zones = tmp_path / "zones.gpkg"
    halves = [square(0, 0, 1.5, 4), square(1.5, 0, 3, 4), square(3.5, 3.5, 4, 4)]
    rows = [{"code": code} for code in ("west", "middle", "dry")]
    layers.write(zones, "zones", "Polygon", halves, rows, {"code": str})
    found = count(water((1, square(0, 0, 4, 1)), (2, square(0, 1, 4, 2))), ten, zones, CODED)
    assert [(zone.code, zone.name) for zone in found.zones] == [("west", "west"), ("middle", "middle")]
    assert [zone.by_class.tolist() for zone in found.zones] == [
        pytest.approx([15, 15, 0, 0], rel=1e-9),
        pytest.approx([15, 15, 0, 0], rel=1e-9),
    ]
    assert found.by_class == pytest.approx([40, 40, 0, 0], rel=1e-9)
    assert found.table.outside == pytest.approx([10, 10, 0, 0], rel=1e-9)


def test_a_flooded_zone_in_which_nobody_lives_is_named(tmp_path):
    people, zones = tmp_path / "people.tif", tmp_path / "zones.gpkg"
    exposure.population(people, np.zeros((4, 4)), WEST, NORTH, CELL)
    layers.write(zones, "zones", "Polygon", [square(0, 0, 4, 4)], [{"code": "all"}], {"code": str})
    found = count(water((2, square(0, 0, 1, 1))), people, zones, CODED)
    assert [(zone.code, zone.by_class.tolist()) for zone in found.zones] == [("all", [0, 0, 0, 0])]


def test_levels_are_counted_each_and_the_finest_that_holds_everybody_makes_the_table(ten, tmp_path):
    zones = tmp_path / "zones.gpkg"
    shapes = [square(0, 0, 4, 4), square(0, 0, 2, 4), square(2, 0, 3, 4)]
    rows = [
        {"code": "31", "name": "Kota", "level": "kota", "parent": None},
        {"code": "31.1", "name": "Satu", "level": "rw", "parent": "31"},
        {"code": "31.2", "name": "Dua", "level": "rw", "parent": "31"},
    ]
    fields = {"code": str, "name": str, "level": str, "parent": str}
    layers.write(zones, "zones", "Polygon", shapes, rows, fields)
    found = count(water((3, square(0, 0, 4, 1))), ten, zones)
    assert [(zone.level, zone.name, zone.parent) for zone in found.zones] == [
        ("kota", "Kota", None),
        ("rw", "Satu", "31"),
        ("rw", "Dua", "31"),
    ]
    assert [float(zone.by_class.sum()) for zone in found.zones] == pytest.approx([40, 20, 10], rel=1e-9)
    assert found.by_class.sum() == pytest.approx(40, rel=1e-9)
    assert (found.table.level, found.table.covers) == ("kota", pytest.approx(1, rel=1e-9))
    assert "Zones of the level rw hold only 75 %" in found.warnings[-1]["text"]


def test_no_flood_is_nobody_and_known(ten):
    assert count(water(), ten).by_class.tolist() == [0, 0, 0, 0]


def test_outside_the_data_nothing_is_known(ten):
    found = count(water((2, square(10, 10, 11, 11))), ten)
    assert (found.by_class, found.beyond_data) == (None, 1.0)
    assert "wholly outside" in found.note["text"]


def test_what_lies_half_outside_is_told(ten):
    found = count(water((2, square(3, 0, 5, 1))), ten)
    assert found.by_class == pytest.approx([0, 10, 0, 0], rel=1e-9)
    assert found.beyond_data == pytest.approx(0.5, rel=1e-6)
    assert found.warnings[0]["text"].startswith("50 % of the map lies beyond")


def test_no_data_and_negative_counts_are_not_zero(tmp_path):
    people, path = np.full((4, 4), 10.0), tmp_path / "people.tif"
    people[0, 0], people[0, 1] = -99, -5
    exposure.population(path, people, WEST, NORTH, CELL, nodata=-99)
    found = count(water((2, square(0, 0, 3, 1))), path)
    assert found.by_class == pytest.approx([0, 10, 0, 0], rel=1e-9)
    assert found.nodata_cells == 2
    assert found.unknown_share == pytest.approx(2 / 3)
    assert (found.by_polygon[0].sum(), found.counted / found.area) == (pytest.approx(10), pytest.approx([1 / 3]))
    assert [warning["text"] for warning in found.warnings] == [
        "The population data have negative counts; they are taken as unknown",
        "67 % of the map's cells have no count in the population data, of those where harm is likely 67 %; how many "
        "people live there is not known",
    ]
    nothing = count(water((2, square(0, 0, 1, 1))), path)
    assert nothing.by_class is None
    assert "not known" in nothing.note["text"]


def test_without_a_zone_under_water_everybody_is_counted(ten, tmp_path):
    zones = tmp_path / "zones.gpkg"
    layers.write(zones, "zones", "Polygon", [square(3, 3, 4, 4)], [{"code": "dry"}], {"code": str})
    found = count(water((2, square(0, 0, 1, 1))), ten, zones, CODED)
    assert found.by_class == pytest.approx([0, 10, 0, 0], rel=1e-9)
    assert (found.table, found.zones) == (None, ())
    assert found.warnings[-1]["text"].startswith("No zone lies under the map")


def test_zones_in_another_crs_are_found_near_the_flood(ten, tmp_path):
    path, reference = tmp_path / "zones.gpkg", osr.SpatialReference()
    reference.ImportFromEPSG(32748)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = source.CreateLayer("zones", reference, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("code", ogr.OFTString))
    lonlat = osr.SpatialReference()
    lonlat.ImportFromEPSG(4326)
    lonlat.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    there = osr.CoordinateTransformation(lonlat, reference)
    for code, shape in (("near", square(0, 0, 4, 4)), ("far", square(400, 0, 404, 4))):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["code"] = code
        geometry = ogr.CreateGeometryFromWkb(shapely.to_wkb(shape))
        geometry.Transform(there)
        feature.SetGeometry(geometry)
        layer.CreateFeature(feature)
    del source
    found = count(water((2, square(1, 1, 2, 2))), ten, path, CODED)
    assert [zone.code for zone in found.zones] == ["near"]
    assert found.by_class == pytest.approx([0, 10, 0, 0], rel=1e-6)


def test_a_projected_grid_has_the_same_people(tmp_path):
    """50 m cells in UTM 48 S with one person each: an RW has as many people as its area has cells."""
    path = tmp_path / "utm.tif"
    raster = gdal.GetDriverByName("GTiff").Create(str(path), 100, 100, 1, gdal.GDT_Float64)
    raster.SetGeoTransform((700_000, 50, 0, 9_320_000, 0, -50))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32748)
    raster.SetProjection(reference.ExportToWkt())
    raster.GetRasterBand(1).WriteArray(np.ones((100, 100)))
    del raster
    back = osr.CoordinateTransformation(reference, osr.SpatialReference(osr.SRS_WKT_WGS84_LAT_LONG))
    corners = [(701_010, 9_318_990), (702_035, 9_318_990), (702_035, 9_317_000), (701_010, 9_317_000)]
    shape = shapely.Polygon([back.TransformPoint(*corner)[1::-1] for corner in corners])
    found = count(water((2, shape)), path)
    assert found.by_class[1] == pytest.approx(1025 * 1990 / 2500, rel=1e-6)


BOXES = st.tuples(
    st.integers(1, 4), *[st.floats(-0.5, 4.5).map(lambda value: round(value, 3)) for _ in range(4)]
).filter(lambda box: abs(box[1] - box[3]) > 0.01 and abs(box[2] - box[4]) > 0.01)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(BOXES, min_size=1, max_size=5))
def test_any_flood_counts_as_by_the_book(tmp_path, boxes):
    areas = [(state, square(min(a, c), min(b, d), max(a, c), max(b, d))) for state, a, b, c, d in boxes]
    people = np.arange(16.0).reshape(4, 4)
    path, zones = tmp_path / "people.tif", tmp_path / "zones.gpkg"
    halves = [square(0, 0, 1.3, 4), square(1.3, 0, 4, 2.7)]
    if not path.exists():
        exposure.population(path, people, WEST, NORTH, CELL)
        layers.write(zones, "zones", "Polygon", halves, [{"code": "0"}, {"code": "1"}], {"code": str})
    if not any(shape.intersects(square(0, 0, 4, 4)) for _, shape in areas):
        return
    found = count(water(*areas), path)
    truth = plain(areas, people)[0]
    if found.by_class is not None:
        assert found.by_class == pytest.approx(truth, rel=1e-6, abs=1e-6)
    in_zones = plain(areas, people, halves)
    for zone in count(water(*areas), path, zones, CODED).zones:
        assert zone.by_class == pytest.approx(in_zones[int(zone.code)], rel=1e-6, abs=1e-6)


def jakarta(shared):
    return read_flood((shared / "data/flood/petabencana-20170221.json").read_bytes())


def figures(by_class, *more):
    """As golden_flood names them."""
    found = {f"people at state {state}": by_class[state - 1] for state in (1, 2, 3)}
    of = {"affected": flood.SCALE.count_affected, "displaced": flood.SCALE.count_displaced}
    return found | {name: of[name](by_class) for name in (*more, "displaced")}


def written(table):
    return pytest.approx({name: exact for name, (_, exact) in table.items()}, abs=6e-6)


def test_golden_fl13_jakarta_2017(shared):
    """InaSAFE: displaced 17.77 unrounded, 7 stored; low 1668.18, medium 36.36, use caution 12.74.

    The truth here: each of the 400 cells cut with each state's union by shapely. InaSAFE counts slivers
    twice at borders of polygons (docs: reference 11.11), so that its "low" is 86 people too many.
    """
    population = shared / "data/inasafe/exposure/population.asc"
    districts = shared / "data/inasafe/aggregation/district_osm_jakarta.geojson"
    found = jakarta(shared)
    source = gdal.Open(str(population))
    people = source.ReadAsArray().astype(float)
    people[people < 0] = 0
    west, width, _, north, _, height = source.GetGeoTransform()
    areas = [
        (area.state, shapely.make_valid(shapely.MultiPolygon([(r[0], r[1:]) for r in area.polygons])))
        for area in found.areas
    ]
    outlines, rows = layers.read(districts)
    outlines = shapely.make_valid(outlines)
    for number in range(1, len(outlines)):  # they overlap by slivers; the first in the file has the area
        outlines[number] = shapely.difference(outlines[number], shapely.union_all(outlines[:number]))
    truth, everywhere = np.zeros((len(rows), 4)), np.zeros(4)
    above = shapely.Polygon()
    for state in (4, 3, 2, 1):
        wet = shapely.union_all([shape for one, shape in areas if one == state])
        only, above = shapely.difference(wet, above), shapely.union(above, wet)
        for row, column in np.ndindex(people.shape):
            left, top = west + column * width, north + row * height
            part = shapely.intersection(only, shapely.box(left, top + height, left + width, top))
            if part.is_empty:
                continue
            density = people[row, column] / (width * -height)
            everywhere[state - 1] += part.area * density
            for number, outline in enumerate(outlines):
                truth[number, state - 1] += shapely.intersection(part, outline).area * density
    whole = count(found, population)
    assert whole.by_class == pytest.approx(everywhere, rel=1e-9)
    assert flood.SCALE.count_displaced(whole.by_class) == pytest.approx(16.916, abs=0.0005)
    assert figures(whole.by_class) == written(golden_flood.FL_13_WHOLE)
    inside = count(found, population, districts, ZoneFields("KAB_NAME", "KAB_NAME", None, None))
    assert inside.by_class.tolist() == whole.by_class.tolist()
    in_districts = sum(zone.by_class for zone in inside.zones)
    assert flood.SCALE.count_displaced(in_districts) == pytest.approx(16.867, abs=0.0005)
    by_name = {zone.name: zone.by_class for zone in inside.zones}
    assert len(by_name) == 5
    affected = {
        f"affected in {name.title().replace('ú', 'u').replace('í', 'i')}": flood.SCALE.count_affected(by_class)
        for name, by_class in by_name.items()
    }
    assert figures(in_districts, "affected") | affected == written(golden_flood.FL_13)
    for number, row in enumerate(rows):
        assert by_name[row["KAB_NAME"]] == pytest.approx(truth[number], rel=1e-9, abs=1e-9)


def test_golden_fl12_buildings(shared):
    """InaSAFE: 39 of 181 buildings in class low. The truth here: each building against each RW, by OGR."""
    path = shared / "data/inasafe/exposure/buildings.shp"
    found = jakarta(shared)
    counts = flood_assets.structures(found, path, installed=False)
    assert counts.sum(axis=0).tolist() == [142, 0, 39, 0, 0]
    assert [exact for _, exact in golden_flood.FL_12.values()] == [39, 142]
    areas = [
        (area.state, ogr.CreateGeometryFromWkb(shapely.to_wkb(shapely.MultiPolygon([(r[0], r[1:])]))))
        for area in found.areas
        for r in area.polygons
    ]
    truth = [0] * 5
    source = ogr.Open(str(path))
    for building in source.GetLayer(0):
        shape = building.GetGeometryRef()
        truth[max((state for state, area in areas if area.Intersects(shape)), default=0)] += 1
    assert counts.sum(axis=0).tolist() == truth


def test_golden_fl12_roads(shared):
    """InaSAFE: 6636 m of 71536 m in class low. The truth here: each stretch in 2000 pieces, wet by the middle."""
    path = shared / "data/inasafe/exposure/roads.shp"
    found = jakarta(shared)
    km = flood_assets.roads(found, path, installed=False)
    assert km.sum() == pytest.approx(71.538, abs=0.001)
    (written_metres,) = (exact for _, exact in golden_flood.FL_12_ROADS.values())
    assert km.sum(axis=0)[1:] * 1000 == pytest.approx([0, written_metres, 0, 0], abs=0.006)
    polygons, states, _ids = flood_ground.shapes(found)
    wet = shapely.union_all(polygons[states == 2])
    shapely.prepare(wet)
    truth = 0.0
    geometries, _ = layers.read(path)
    for road in shapely.get_parts(geometries):
        points = shapely.get_coordinates(road)
        for start, end in pairwise(points):
            part = np.linspace(start, end, 2001)
            middle = (part[1:] + part[:-1]) / 2
            lengths = ellipsoid.lengths(part[:-1], part[1:])
            truth += lengths[shapely.contains_xy(wet, middle[:, 0], middle[:, 1])].sum()
    assert km[:, 2].sum() == pytest.approx(truth / 1000, rel=1e-4)


@pytest.mark.parametrize("installed", [False, True])
def test_a_road_counts_once_where_waters_meet_and_at_the_higher_state(tmp_path, installed):
    path, target = tmp_path / "roads.gpkg", tmp_path / "roads.fgb"
    road = shapely.LineString([(WEST, NORTH - CELL), (WEST + 4 * CELL, NORTH - CELL)])  # along the border of two RWs
    layers.write(path, "r", "LineString", [road], [{"highway": "primary"}], {"highway": str})
    features.convert("roads", path, target)
    flood_map = water((2, square(0, 0, 2, 1)), (3, square(0, 1, 1, 2)), (2, square(0, 1, 2, 2)))
    counts = flood_assets.roads(flood_map, target if installed else path, installed=installed)
    whole = ellipsoid.lengths(np.array([road.coords[0]]), np.array([road.coords[1]]))[0] / 1000
    record = flood.roads_record(vocabulary.ROAD_CLASSES, counts, whole=True)
    assert record["by_class"] == pytest.approx({"1": 0, "2": whole / 4, "3": whole / 4, "4": 0}, abs=1e-9)
    assert (record["affected_km"], record["dry_km"]) == pytest.approx((whole / 2, whole / 2), rel=1e-6)
    assert list(record["by_type"]) == ["primary"]


def test_a_building_has_the_highest_state_that_touches_it(tmp_path):
    path = tmp_path / "buildings.gpkg"
    houses = [square(0.1, 0.1, 0.2, 0.2), square(0.9, 0.1, 1.1, 0.2), square(1, 0.1, 1.2, 0.2), square(3, 3, 3.1, 3.1)]
    kinds = ["house", "school", "weird", "school"]
    layers.write(path, "b", "Polygon", houses, [{"type": kind} for kind in kinds], {"type": str})
    flood_map = water((2, square(0, 0, 1, 1)), (4, square(1.05, 0, 2, 1)))
    record = flood.structures_record(
        vocabulary.STRUCTURE_TYPES, flood_assets.structures(flood_map, path, installed=False), whole=True
    )
    assert record["by_class"] == {"1": 0, "2": 1, "3": 0, "4": 2}
    assert (record["total"], record["affected"], record["dry"]) == (3, 3, 1)
    assert record["by_type"] == {
        "residential": {"1": 0, "2": 1, "3": 0, "4": 0},
        "education": {"1": 0, "2": 0, "3": 0, "4": 1},
        "other": {"1": 0, "2": 0, "3": 0, "4": 1},
    }


def test_buildings_without_a_type_are_counted(tmp_path):
    path = tmp_path / "points.geojson"
    layers.write(path, "b", "Point", [shapely.Point(WEST, NORTH)], [{"number": 1}], {"number": int})
    assert flood_assets.structures(water((3, square(-1, -1, 1, 1))), path, installed=False).sum(axis=0).tolist() == [
        0,
        0,
        0,
        1,
        0,
    ]


def test_nothing_stands_in_no_flood(tmp_path):
    path = tmp_path / "points.geojson"
    layers.write(path, "b", "Point", [shapely.Point(WEST, NORTH)], [{"number": 1}], {"number": int})
    assert flood_assets.structures(water(), path, installed=False).sum(axis=0).tolist() == [1, 0, 0, 0, 0]


def test_installed_structures_are_wet_where_their_point_is(tmp_path):
    path, target = tmp_path / "buildings.gpkg", tmp_path / "structures.fgb"
    houses = [square(0.1, 0.1, 0.2, 0.2), square(0.9, 0.1, 1.3, 0.2), square(2, 2, 2.1, 2.1), square(50, 50, 51, 51)]
    kinds = ["house", "school", "mosque", "school"]
    layers.write(path, "b", "Polygon", houses, [{"type": kind} for kind in kinds], {"type": str})
    features.convert("structures", path, target)
    flood_map = water((2, square(0, 0, 1, 1)), (4, square(2, 2, 3, 3)), (3, square(2, 2, 3, 3)))
    counts = flood_assets.structures(flood_map, target, installed=True)
    record = flood.structures_record(vocabulary.STRUCTURE_TYPES, counts, whole=False)
    assert record["by_class"] == {"1": 0, "2": 1, "3": 0, "4": 1}  # the school's middle is dry
    assert {kind: sum(one.values()) for kind, one in record["by_type"].items()} == {"residential": 1, "worship": 1}
    assert record["dry"] is None
    assert not flood_assets.structures(water(), target, installed=True).any()
