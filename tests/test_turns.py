"""Around 180°: zones, ground and rasters count alike, however their longitudes are counted."""

import numpy as np
import pytest
import shapely
from fixtures import exposure
from fixtures import features as given_features
from fixtures.grids import make_grid
from osgeo import ogr, osr

from siaga.data import features
from siaga.data.features import ZoneOptions
from siaga.exposure.zones import ZoneFields
from siaga.gis import ellipsoid, layers, turns
from siaga.gis.assets import earthquake
from siaga.gis.people import by_class, by_mmi, zones
from siaga.gis.people.by_class import ClassedPolygons
from siaga.hazard.gridxml import read_shakemap

FIELDS = ZoneFields("code", "name", None, None)
SPELT = {  # one degree on each side of the line
    "east": shapely.box(179, -18, 181, -17),
    "west": shapely.box(-181, -18, -179, -17),
    "split": shapely.MultiPolygon([shapely.box(179, -18, 180, -17), shapely.box(-180, -18, -179, -17)]),
    "torn": shapely.box(-179, -18, 179, -17),
}
GRIDS = {
    "world": (-180.0, 360),
    "pacific": (0.0, 360),
    "strip": (178.0, 4),
    "beyond": (-182.0, 4),
    "half": (-180.3, 360),
}


@pytest.fixture
def grid(request, tmp_path):
    """Five people in each cell of a tenth of a degree."""
    west, degrees = GRIDS[request.param]
    return exposure.population(tmp_path / "p.tif", np.full((50, degrees * 10), 5.0), west, -15.0, 0.1)


def of_zones(path, shape):
    rows = [{"code": "X", "name": "X"}, {"code": "far", "name": "far"}]
    layers.write(path, "z", "MultiPolygon", [shape, shapely.box(10, -18, 11, -17)], rows, {"code": str, "name": str})
    return path


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(-180, -90, 180, 90),
        shapely.box(-170, -20, 60, 20),
        shapely.box(-100, -20, 50, 20),
        shapely.box(95, -11, 141, 6),
        shapely.Point(180, 0),
        shapely.Polygon(),
    ],
)
def test_what_is_whole_is_not_torn(shape):
    assert not turns.is_torn(shape)


@pytest.mark.parametrize("grid", GRIDS, indirect=True)
@pytest.mark.parametrize("spelling", SPELT)
def test_a_zone_across_the_line_has_its_people(tmp_path, grid, spelling):
    shakemap = read_shakemap(make_grid(lon=180.0, lat=-17.5, nlon=41, nlat=31, spacing=0.1))
    path = of_zones(tmp_path / "z.gpkg", SPELT[spelling])
    found = by_mmi.people(shakemap, grid, path, tmp_path, FIELDS)
    (zone,) = [one for one in found.zones if one.code == "X"]
    assert zone.by_class.sum() == pytest.approx(1000)


@pytest.mark.parametrize("grid", GRIDS, indirect=True)
@pytest.mark.parametrize("spelling", ["east", "west", "split"])
@pytest.mark.parametrize("classed", ["east", "west", "split"])
def test_ground_across_the_line_too(tmp_path, grid, spelling, classed):
    path = of_zones(tmp_path / "z.gpkg", SPELT[spelling])
    water = ClassedPolygons(np.array([SPELT[classed]], dtype=object), np.array([1]), 1)
    found = by_class.people(water, grid, path, FIELDS)
    assert found.by_class.sum() == pytest.approx(1000)
    assert found.beyond_data == pytest.approx(0)
    assert [(zone.code, round(zone.by_class.sum(), 6)) for zone in found.zones] == [("X", 1000)]


@pytest.mark.parametrize("west", [178.0, -182.0])
def test_structures_roads_and_land_across_the_line_count_once(tmp_path, west):
    """Spelt from −180 to 180, beyond it and split; the map in both spellings."""
    xml = make_grid(lon=west + 2, lat=-17.5, nlon=41, nlat=31, spacing=0.1)
    shakemap = read_shakemap(xml)
    line = shapely.MultiLineString([[(179.5, -17.5), (180, -17.5)], [(-180, -17.5), (-179.5, -17.5)]])
    beyond = shapely.LineString([(179.5, -17.4), (180.5, -17.4)])
    land = [("sawah", None, part) for part in SPELT["split"].geoms]
    made = {}
    points = [("house", "a", shapely.Point(179.9, -17.5)), ("house", "b", shapely.Point(-179.9, -17.5))]
    points.append(("house", "c", shapely.Point(180.2, -17.5)))
    for role, given in (
        ("structures", given_features.structures(tmp_path / "s.geojson", points)),
        ("roads", given_features.roads(tmp_path / "r.geojson", [("primary", "x", line), ("primary", "y", beyond)])),
        ("land_cover", given_features.land_cover(tmp_path / "l.geojson", land)),
    ):
        made[role] = tmp_path / f"{role}.fgb"
        features.convert(role, given, made[role])
    structures = earthquake.structures(shakemap, made["structures"])
    assert sum(one["total"] for one in structures["by_class"].values()) == 3
    km = earthquake.roads(shakemap, made["roads"])["by_class"]["primary"]["total_km"]
    assert km == pytest.approx(2 * 106.2, rel=0.01)
    hectares = earthquake.land_cover(shakemap, made["land_cover"])["by_class"]["rice field"]["total_ha"]
    assert hectares == pytest.approx(ellipsoid.areas([shapely.box(0, -18, 2, -17)])[0] / 1e4, rel=0.01)


def test_nothing_is_touched_where_nothing_crosses():
    shapes = np.array([shapely.box(95, -10, 141, 6), None, shapely.Polygon()], dtype=object)
    assert turns.onto(shapes, 95, 141) is shapes
    assert turns.onto(shapes, -180, 180) is shapes


def test_a_zone_in_metres_across_the_line_is_not_torn(tmp_path):
    """UTM zone 60 S holds 174 to 180°; Fiji's maps reach over its edge."""
    utm, wgs84 = osr.SpatialReference(), osr.SpatialReference()
    utm.ImportFromEPSG(32760)
    wgs84.ImportFromEPSG(4326)
    wgs84.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "u.gpkg"))
    layer = source.CreateLayer("z", utm, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("code", ogr.OFTString))
    layer.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    feature = ogr.Feature(layer.GetLayerDefn())
    feature["code"] = feature["name"] = "X"
    shape = ogr.CreateGeometryFromWkb(shapely.to_wkb(shapely.segmentize(SPELT["east"], 0.01)))
    shape.Transform(osr.CoordinateTransformation(wgs84, utm))
    feature.SetGeometry(shape)
    layer.CreateFeature(feature)
    del feature, layer, source
    read, _ = zones.read(tmp_path / "u.gpkg", FIELDS, wgs84.ExportToWkt(), across=(-180.0, 180.0))
    assert shapely.area(read[0].polygons)[0] == pytest.approx(2, rel=1e-6)
    assert features.zones(tmp_path / "u.gpkg", tmp_path / "z.fgb", ZoneOptions()) == {"zones": 1}
    (shape,), _ = layers.read(tmp_path / "z.fgb")
    assert shapely.bounds(shape) == pytest.approx([179, -18, 181, -17])
