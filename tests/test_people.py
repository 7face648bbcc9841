"""People on any raster and in any zones: whatever the files look like, each person counts once."""

import json

import numpy as np
import pytest
import shapely
from fixtures.grids import make_grid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osgeo import gdal, ogr, osr

from siaga.errors import BadInput
from siaga.exposure.zones import ZoneFields
from siaga.gis import layers
from siaga.gis.people import by_mmi, coverage, zones
from siaga.gis.people import shares as zone_shares
from siaga.gis.people.population import PopulationGrid
from siaga.hazard.gridxml import read_shakemap

FIELDS = ZoneFields("code", None, None, None)
MAP = read_shakemap(make_grid(lon=116.5, lat=-8.5, nlon=41, nlat=41, spacing=0.05))
COUNTS = np.arange(400.0).reshape(20, 20)
several = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def raster(path, counts, west=116.0, north=-8.0, cell=0.05, epsg=4326, kind=gdal.GDT_Float32, nodata=None, **more):
    """A GeoTIFF of counts. more: south_up, skew, driver options, scale."""
    rows, columns = counts.shape
    target = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, 1, kind, more.get("options", []))
    if more.get("south_up"):
        target.SetGeoTransform((west, cell, 0, north - rows * cell, 0, cell))
        counts = counts[::-1]
    else:
        target.SetGeoTransform((west, cell, more.get("skew", 0), north, 0, -cell))
    if epsg:
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(epsg)
        target.SetProjection(reference.ExportToWkt())
    band = target.GetRasterBand(1)
    if nodata is not None:
        band.SetNoDataValue(nodata)
    if "scale" in more:
        band.SetScale(more["scale"])
    band.WriteArray(counts)
    target.FlushCache()
    return path


def polygons(path, shapes, codes=None, epsg=4326, fields=None, driver="GPKG"):
    """A file of polygons with a field code."""
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(epsg)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    source = ogr.GetDriverByName(driver).CreateDataSource(str(path))
    layer = source.CreateLayer("zones", reference, ogr.wkbUnknown)
    layer.CreateField(ogr.FieldDefn("code", ogr.OFTString))
    for number, shape in enumerate(shapes):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["code"] = codes[number] if codes else str(number)
        if shape is not None:
            geometry = ogr.CreateGeometryFromWkt(shape) if isinstance(shape, str) else None
            feature.SetGeometry(geometry or ogr.CreateGeometryFromWkb(shapely.to_wkb(shape)))
        layer.CreateFeature(feature)
    source.FlushCache()
    return path


def count(population, cache, zones_file=None, shakemap=MAP, fields=FIELDS, **more):
    return by_mmi.people(shakemap, population, zones_file, cache, fields, **more)


@pytest.mark.parametrize(
    ("kind", "nodata"),
    [
        (gdal.GDT_Byte, 255),
        (gdal.GDT_Byte, -9999),  # cannot occur in bytes
        (gdal.GDT_UInt16, 65535),
        (gdal.GDT_Int32, -1),
        (gdal.GDT_UInt32, None),
        (gdal.GDT_Float32, -9999),
        (gdal.GDT_Float64, float("nan")),
        (gdal.GDT_Float32, None),
    ],
)
def test_any_type_and_any_mark_of_no_data(tmp_path, kind, nodata):
    counts = COUNTS % 200
    hidden = (nodata is not None and nodata != -9999) or (kind == gdal.GDT_Float32 and nodata == -9999)
    if hidden:
        counts = counts.copy()
        counts[3, 4] = nodata
    found = count(raster(tmp_path / "p.tif", counts, kind=kind, nodata=nodata), tmp_path)
    assert found.by_mmi.sum() == np.nansum(np.where(counts == nodata, 0, counts))
    assert found.nodata_cells == (1 if hidden else 0)


def test_values_that_are_no_numbers_are_unknown_without_being_declared(tmp_path):
    counts = COUNTS.copy()
    counts[0, 0], counts[0, 1] = np.nan, np.inf
    found = count(raster(tmp_path / "p.tif", counts), tmp_path)
    assert (found.by_mmi.sum(), found.nodata_cells) == (COUNTS.sum() - 1, 2)


def test_hundredths_of_people_are_people(tmp_path):
    path = raster(tmp_path / "p.tif", COUNTS * 100, kind=gdal.GDT_Int32, scale=0.01)
    assert count(path, tmp_path).by_mmi.sum() == pytest.approx(COUNTS.sum(), rel=1e-12)


def test_a_raster_that_begins_in_the_south_is_the_same_raster(tmp_path):
    half = polygons(tmp_path / "z.gpkg", [shapely.box(115, -8.52, 118, -7)])
    north = count(raster(tmp_path / "n.tif", COUNTS), tmp_path, half)
    south = count(raster(tmp_path / "s.tif", COUNTS, south_up=True), tmp_path, half)
    assert south.by_mmi.tolist() == north.by_mmi.tolist()
    assert south.table.outside.tolist() == north.table.outside.tolist()


@pytest.mark.parametrize("options", [["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"], ["BLOCKYSIZE=20"], []])
def test_however_its_blocks_lie(tmp_path, options):
    path = raster(tmp_path / "p.tif", COUNTS, options=options)
    small = read_shakemap(make_grid(lon=116.5, lat=-8.5, nlon=9, nlat=9, spacing=0.05))
    plain = raster(tmp_path / "q.tif", COUNTS)
    assert (
        count(path, tmp_path, shakemap=small).by_mmi.tolist() == count(plain, tmp_path, shakemap=small).by_mmi.tolist()
    )


def test_a_raster_in_metres_is_met_where_it_is(tmp_path):
    """UTM zone 50 S; each cell's centre is brought to longitude and latitude, the zone to metres."""
    path = raster(tmp_path / "p.tif", COUNTS, 390000, 9110000, 2000, epsg=32750)
    west_half = polygons(tmp_path / "z.gpkg", [shapely.segmentize(shapely.box(115, -10, 116.18, -7), 0.01)])
    found = count(path, tmp_path, west_half)
    to_lonlat = osr.CoordinateTransformation(utm(), lonlat())
    by_hand = np.zeros(10)
    inside = 0.0
    for row in range(20):
        for column in range(20):
            x, y = 390000 + column * 2000 + 1000, 9110000 - row * 2000 - 1000
            longitude, latitude, _ = to_lonlat.TransformPoint(x, y)
            mmi = MAP.at(np.array([longitude]), np.array([latitude]))[0]
            by_hand[min(max(int(np.ceil(round(mmi, 6) - 0.5)), 1), 10) - 1] += COUNTS[row, column]
            corners = [(x - 1000, y - 1000), (x + 1000, y - 1000), (x + 1000, y + 1000), (x - 1000, y + 1000)]
            ring = shapely.Polygon([to_lonlat.TransformPoint(*corner)[:2] for corner in corners])
            part = shapely.area(shapely.intersection(ring, shapely.box(115, -10, 116.18, -7))) / shapely.area(ring)
            inside += COUNTS[row, column] * part
    assert count(path, tmp_path).by_mmi == pytest.approx(by_hand)
    assert found.zones[0].by_class.sum() == pytest.approx(inside, rel=1e-5)
    assert found.by_mmi.sum() == pytest.approx(COUNTS.sum(), rel=1e-12)


def utm():
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32750)
    return reference


def lonlat():
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def test_a_raster_without_a_coordinate_system_is_taken_for_degrees_aloud(tmp_path):
    found = count(raster(tmp_path / "p.tif", COUNTS, epsg=None), tmp_path)
    assert found.by_mmi.sum() == COUNTS.sum()
    assert "names no coordinate system" in found.warnings[0]["text"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"epsg": None, "west": 400000}, "names no coordinate system"),
        ({"skew": 0.01}, "is rotated"),
        ({"kind": gdal.GDT_CFloat32}, "complex numbers"),
    ],
)
def test_a_raster_that_cannot_serve_is_refused_in_words(tmp_path, more, said):
    with pytest.raises(BadInput, match=said):
        count(raster(tmp_path / "p.tif", COUNTS, **more), tmp_path)


def test_a_map_across_the_antimeridian_meets_people_on_both_sides(tmp_path):
    counts = np.full((18, 360), 1.0)
    world = raster(tmp_path / "p.tif", counts, -180.0, 9.0, 1.0)
    shakemap = read_shakemap(make_grid(lon=179.8, lat=0.5, nlon=9, nlat=9, spacing=1.0))
    found = count(world, tmp_path, shakemap=shakemap)
    assert (found.by_mmi.sum(), found.beyond_data) == (81, 0)
    turned = raster(tmp_path / "q.tif", counts, 0.0, 9.0, 1.0)
    assert count(turned, tmp_path, shakemap=shakemap).by_mmi.sum() == 81


def test_zones_in_metres_are_brought_to_a_raster_in_degrees(tmp_path):
    path = raster(tmp_path / "p.tif", COUNTS)
    cut = shapely.segmentize(shapely.box(115.5, -9.2, 116.437, -7.8), 0.002)
    there = osr.CoordinateTransformation(lonlat(), utm())
    metres = shapely.transform(cut, lambda points: np.array(there.TransformPoints(points))[:, :2])
    in_degrees = count(path, tmp_path, polygons(tmp_path / "d.gpkg", [cut]))
    in_metres = count(path, tmp_path, polygons(tmp_path / "m.gpkg", [metres], epsg=32750))
    assert in_metres.zones[0].by_class == pytest.approx(in_degrees.zones[0].by_class, rel=1e-6)


def test_shapefile_geojson_and_geopackage_say_the_same(tmp_path):
    path = raster(tmp_path / "p.tif", COUNTS)
    shapes = [shapely.box(116, -9, 116.31, -8), shapely.box(116.31, -9, 117, -8)]
    drivers = {"z.gpkg": "GPKG", "z.geojson": "GeoJSON", "z.shp": "ESRI Shapefile", "z.fgb": "FlatGeobuf"}
    for name, driver in drivers.items():
        found = count(path, tmp_path, polygons(tmp_path / name, shapes, driver=driver))
        people = {zone.code: zone.by_class.sum() for zone in found.zones}
        assert people == pytest.approx({"0": 23884, "1": 55916}, rel=1e-9), driver


def test_where_zones_overlap_even_within_one_cell_the_first_has_the_area(tmp_path):
    """Both have the cell's western half; the second must not get it again, though half the cell is free."""
    path = raster(tmp_path / "p.tif", np.full((2, 2), 100.0), 116.0, -8.0, 0.5)
    both = [shapely.box(116, -9, 116.25, -8), shapely.box(116, -9, 116.25, -8), shapely.box(116.1, -9, 116.3, -8)]
    found = count(path, tmp_path, polygons(tmp_path / "z.gpkg", both))
    assert [zone.by_class.sum() for zone in found.zones] == pytest.approx([100, 20])
    assert [zone.code for zone in found.zones] == ["0", "2"]  # nothing is left of the second
    assert "1 zones lie wholly within others of their level and have nobody: 1" in found.warnings[0]["text"]


@pytest.mark.parametrize(("name", "said"), [("Lombok", 0), (None, 0), ("Bali", 1)])
def test_zones_of_one_code_and_two_names_are_one_and_named_whatever_the_case_of_a_field(tmp_path, name, said):
    path = raster(tmp_path / "p.tif", np.full((2, 2), 100.0), 116.0, -8.0, 0.5)
    features = [
        {
            "type": "Feature",
            "properties": {"code": "1", "name": called},
            "geometry": json.loads(shapely.to_geojson(shapely.box(west, -9, west + 0.5, -8))),
        }
        for west, called in ((116.0, "Lombok"), (116.5, name))
    ]
    (tmp_path / "z.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    found = count(path, tmp_path, tmp_path / "z.geojson", fields=ZoneFields("CODE", "name", None, None))
    assert [zone.by_class.sum() for zone in found.zones] == pytest.approx([400])
    told = ["z.geojson: zones of different names have the same CODE and count as one: Bali (Lombok)"]
    assert [warning["text"] for warning in found.warnings if "names" in warning["text"]] == told * said


def test_zones_of_one_code_are_one_zone_and_order_within_the_file_still_holds(tmp_path):
    path = raster(tmp_path / "p.tif", np.full((2, 2), 100.0), 116.0, -8.0, 0.5)
    shapes = [shapely.box(116, -9, 116.2, -8), shapely.box(116.2, -9, 116.6, -8), shapely.box(116.5, -9, 117, -8)]
    found = count(path, tmp_path, polygons(tmp_path / "z.gpkg", shapes, ["A", "B", "A"]))
    assert {zone.code: zone.by_class.sum() for zone in found.zones} == pytest.approx({"A": 240, "B": 160})


def test_a_bow_tie_a_height_and_a_line_are_mended_and_a_missing_shape_is_told(tmp_path):
    path = raster(tmp_path / "p.tif", np.full((2, 2), 100.0), 116.0, -8.0, 0.5)
    bow = "POLYGON ((116 -9, 117 -8, 117 -9, 116 -8, 116 -9))"
    high = "POLYGON Z ((118 -9 5, 119 -9 5, 119 -8 5, 118 -9 5))"
    odd = [bow, high, "LINESTRING (116 -8, 117 -9)", None]
    found = count(path, tmp_path, polygons(tmp_path / "z.gpkg", odd))
    assert found.zones[0].by_class.sum() == pytest.approx(200)
    texts = [warning["text"] for warning in found.warnings]
    assert "z.gpkg: 1 zones have no geometry and are left out" in texts
    assert "z.gpkg: 1 zones have no area and are left out" in texts


def test_a_hole_belongs_to_who_fills_it(tmp_path):
    path = raster(tmp_path / "p.tif", COUNTS)
    hole = shapely.Point(116.5, -8.5).buffer(0.2)
    ring = shapely.difference(shapely.box(115.9, -9.1, 117.1, -7.9), hole)
    found = count(path, tmp_path, polygons(tmp_path / "z.gpkg", [ring, hole]))
    assert found.by_mmi.sum() == pytest.approx(COUNTS.sum(), rel=1e-9)
    assert found.table.outside.sum() == 0


def test_zones_with_ground_under_the_map_are_listed_even_without_people(tmp_path):
    counts = np.zeros((20, 20))
    counts[:, :10] = 5
    shapes = [shapely.box(116, -9, 116.5, -8), shapely.box(116.5, -9, 117, -8), shapely.box(120, -9, 121, -8)]
    found = count(raster(tmp_path / "p.tif", counts), tmp_path, polygons(tmp_path / "z.gpkg", shapes))
    assert [(zone.code, zone.by_class.sum()) for zone in found.zones] == [("0", pytest.approx(1000)), ("1", 0)]


def test_without_a_zone_under_the_map_everybody_is_counted_and_that_is_told(tmp_path):
    elsewhere = polygons(tmp_path / "z.gpkg", [shapely.box(100, 0, 101, 1)])
    found = count(raster(tmp_path / "p.tif", COUNTS), tmp_path, elsewhere)
    assert found.by_mmi.sum() == COUNTS.sum()
    assert (found.table, found.note, found.unmapped) == (None, None, None)
    assert "No zone lies under the map" in found.warnings[-1]["text"]


def test_more_zones_than_a_short_number_can_count(tmp_path):
    """190 x 190 = 36,100 zones of four cells each; the last one is where it should be."""
    counts = np.ones((380, 380))
    edges = 116 + np.arange(191) * 0.02, -8 - np.arange(191) * 0.02
    shapes = [shapely.box(w, s, w + 0.02, s + 0.02) for s in edges[1][1:] for w in edges[0][:-1]]
    path = raster(tmp_path / "p.tif", counts, 116.0, -8.0, 0.01)
    shares = zone_shares.prepare(
        PopulationGrid.open(path), polygons(tmp_path / "z.fgb", shapes, driver="FlatGeobuf"), FIELDS, tmp_path
    )
    people = np.array([zone.people for zone in shares.levels[0].zones])
    assert len(people) == 36100
    assert people == pytest.approx(np.full(36100, 4.0), rel=1e-9)


def test_a_raster_used_once_and_very_large_is_shared_out_under_the_map_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(by_mmi, "MAX_CELLS", 100)
    path = raster(tmp_path / "p.tif", COUNTS)
    small = read_shakemap(make_grid(lon=116.5, lat=-8.5, nlon=9, nlat=9, spacing=0.05))
    zone = polygons(tmp_path / "z.gpkg", [shapely.box(116, -9, 116.43, -8), shapely.box(116.43, -9, 117, -8)])
    part = count(path, tmp_path, zone, shakemap=small, whole=False)
    whole = count(path, tmp_path, zone, shakemap=small)
    assert [zone.by_class.tolist() for zone in part.zones] == [
        pytest.approx(zone.by_class.tolist(), rel=1e-9) for zone in whole.zones
    ]
    assert (part.unmapped, whole.unmapped) == (None, pytest.approx(COUNTS.sum() - whole.by_mmi.sum(), rel=1e-9))
    assert any("were not counted" in warning["text"] for warning in part.warnings)


shapes_of = st.lists(
    st.tuples(st.floats(116.0, 116.9), st.floats(-9.0, -8.1), st.floats(0.02, 0.5), st.integers(3, 9)),
    min_size=1,
    max_size=6,
)


def stars(drawn):
    """Overlapping stars of some points, anywhere upon the 20 x 20 cells and beyond."""
    found = []
    for x, y, size, points in drawn:
        angle = np.arange(2 * points) * np.pi / points
        radius = np.where(np.arange(2 * points) % 2, size, size / 3)
        found.append(shapely.Polygon(np.column_stack((x + radius * np.cos(angle), y + radius * np.sin(angle)))))
    return found


@given(drawn=shapes_of, seed=st.integers(0, 99))
@several
def test_people_are_conserved_whatever_the_zones(tmp_path_factory, drawn, seed):
    folder = tmp_path_factory.mktemp("conserved")
    counts = np.random.default_rng(seed).uniform(0, 100, (20, 20))
    path = raster(folder / "p.tif", counts, kind=gdal.GDT_Float64)
    shapes = stars(drawn)
    found = count(path, folder, polygons(folder / "z.gpkg", shapes))
    assert found.by_mmi == pytest.approx(count(path, folder).by_mmi, rel=1e-12)
    if found.table is None:
        return
    inside = sum(zone.by_class for zone in found.zones)
    assert inside + found.table.outside == pytest.approx(found.by_mmi, rel=1e-9, abs=1e-9)
    # the union of all zones has these people, cell by cell
    union = shapely.union_all(shapes)
    cells = [
        shapely.box(116 + c * 0.05, -8.05 - r * 0.05, 116.05 + c * 0.05, -8 - r * 0.05)
        for r in range(20)
        for c in range(20)
    ]
    part = shapely.area(shapely.intersection(union, np.array(cells))) / shapely.area(cells)
    assert inside.sum() == pytest.approx((part * counts.ravel()).sum(), rel=1e-9, abs=1e-6)


@given(drawn=shapes_of, order=st.randoms(use_true_random=False))
@several
def test_the_order_of_zones_that_do_not_overlap_is_of_no_matter(tmp_path_factory, drawn, order):
    folder = tmp_path_factory.mktemp("order")
    path = raster(folder / "p.tif", COUNTS)
    shapes = zones.disjoint(np.array(stars(drawn), dtype=object)).tolist()
    named = [(str(number), shape) for number, shape in enumerate(shapes) if not shape.is_empty]
    first = count(path, folder, polygons(folder / "a.gpkg", [s for _, s in named], [c for c, _ in named]))
    order.shuffle(named)
    other = count(path, folder, polygons(folder / "b.gpkg", [s for _, s in named], [c for c, _ in named]))
    one, two = ({zone.code: zone.by_class.tolist() for zone in found.zones} for found in (first, other))
    assert one.keys() == two.keys()
    for code, people in one.items():
        assert two[code] == pytest.approx(people, rel=1e-9, abs=1e-6)


@given(cells=st.integers(1, 500))
@several
def test_the_size_of_strips_is_of_no_matter(tmp_path_factory, cells):
    folder = tmp_path_factory.mktemp("strips")
    grid = PopulationGrid.open(raster(folder / "p.tif", COUNTS))
    (level,) = zone_shares.prepare(
        grid, polygons(folder / "z.gpkg", stars([(116.5, -8.5, 0.4, 5)])), FIELDS, folder
    ).levels

    def summed(*cells):
        table = np.zeros((len(level.zones), 11))
        for strip in grid.strips(grid.whole, *cells):
            tally = level.tally(strip.window, np.ones(strip.people.shape, np.uint8), strip.people)
            table[tally.zones] += tally.by_zone
        return table

    assert summed(cells) == pytest.approx(summed(), rel=1e-12)


@given(raised=st.floats(0, 5), seed=st.integers(0, 99))
@several
def test_classes_only_rise_when_the_shaking_is_raised(tmp_path_factory, raised, seed):
    folder = tmp_path_factory.mktemp("raised")
    path = raster(folder / "p.tif", COUNTS)
    mmi = np.random.default_rng(seed).uniform(0, 6.5, (41, 41)).round(2)
    low, high = (
        count(
            path,
            folder,
            shakemap=read_shakemap(make_grid(lon=116.5, lat=-8.5, nlon=41, nlat=41, spacing=0.05, mmi=field)),
        )
        for field in (mmi, mmi + raised)
    )
    assert high.by_mmi.sum() == pytest.approx(low.by_mmi.sum(), rel=1e-12)
    above_low, above_high = (np.cumsum(found.by_mmi[::-1]) for found in (low, high))
    assert (above_high >= above_low - 1e-6).all()


def test_half_a_cell_is_seen(tmp_path):
    """MMI rises by 2 per degree; half a node's cell off, a quarter of the people would change their class."""
    lons = 116.5 + (np.arange(41) - 20) * 0.05
    field = np.repeat([(lons - 116.0) * 2 + 4], 41, axis=0)
    shakemap = read_shakemap(make_grid(lon=116.5, lat=-8.5, nlon=41, nlat=41, spacing=0.05, mmi=field))
    counts = np.ones((100, 100))
    found = count(raster(tmp_path / "p.tif", counts, cell=0.01), tmp_path, shakemap=shakemap)
    truth = np.zeros(10)
    for column in range(100):
        mmi = (116.0 + (column + 0.5) * 0.01 - 116.0) * 2 + 4
        truth[next(k for k in range(1, 11) if round(mmi, 6) <= k + 0.5) - 1] += 100
    assert found.by_mmi.tolist() == truth.tolist()


@given(drawn=shapes_of)
@several
def test_the_cover_is_that_of_plain_geometry(drawn):
    """Against the area of each cell's intersection, by GEOS; polygons that reach past every edge of the grid too."""
    polygon = np.array(stars(drawn)[:1], dtype=object)
    in_cells = shapely.transform(polygon, lambda points: (points - (116.2, -8.2)) / (0.05, -0.05))
    found = coverage.of(in_cells, np.array([0]), 8, 9)
    shares = np.zeros((8, 9))
    for row, start, stop in zip(found.span_row, found.span_start, found.span_stop, strict=True):
        shares[row, start:stop] += 1
    shares.ravel()[found.cell] += found.share
    for row in range(8):
        for column in range(9):
            cell = shapely.box(column, row, column + 1, row + 1)
            assert shares[row, column] == pytest.approx(shapely.area(shapely.intersection(in_cells[0], cell)), abs=2e-9)


def test_layers_of_zones_are_read_with_their_levels(tmp_path):
    path = raster(tmp_path / "p.tif", COUNTS)
    rows = [{"code": "5", "name": "NTB", "level": "province"}, {"code": "51", "name": "Barat", "level": "regency"}]
    box = shapely.box(116, -9, 117, -8)
    layers.write(tmp_path / "z.gpkg", "z", "Polygon", [box, box], rows, {"code": str, "name": str, "level": str})
    found = count(path, tmp_path, tmp_path / "z.gpkg", fields=ZoneFields())
    assert [(zone.level, zone.name) for zone in found.zones] == [("province", "NTB"), ("regency", "Barat")]
    assert [zone.by_class.sum() for zone in found.zones] == pytest.approx([COUNTS.sum()] * 2)
