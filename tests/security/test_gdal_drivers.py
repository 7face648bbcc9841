"""A file that sends GDAL to other files or to a network is refused before anything of that is opened."""

import json
import socket
from contextlib import suppress

import pytest

from siaga.errors import BadInput
from siaga.exposure.zones import INSTALLED
from siaga.gis import basemap, crs, intake, layers
from siaga.gis.people import intake as people_intake
from siaga.gis.people import zones
from siaga.gis.people.population import PopulationGrid


@pytest.fixture
def listener():
    """A server that has been asked for nothing when the test ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server.getsockname()[1]
        with pytest.raises(BlockingIOError):
            server.accept()


def wms(port):
    url = f"http://127.0.0.1:{port}/?"
    return (
        f'<GDAL_WMS><Service name="WMS"><ServerUrl>{url}</ServerUrl><Layers>x</Layers></Service><DataWindow>'
        "<UpperLeftX>-180</UpperLeftX><UpperLeftY>90</UpperLeftY><LowerRightX>180</LowerRightX>"
        "<LowerRightY>-90</LowerRightY><SizeX>10</SizeX><SizeY>10</SizeY></DataWindow></GDAL_WMS>"
    )


def vrt(port):
    return (
        '<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        f"<SourceFilename>/vsicurl/http://127.0.0.1:{port}/p.tif</SourceFilename></SimpleSource></VRTRasterBand>"
        "</VRTDataset>"
    )


@pytest.mark.parametrize("made", [wms, vrt])
@pytest.mark.parametrize("name", ["p.tif", "p.vrt", "p.xml"])
def test_a_raster_that_leads_elsewhere(tmp_path, listener, made, name):
    path = tmp_path / name
    path.write_text(made(listener))
    for use in (PopulationGrid.open, lambda path: people_intake.convert(path, tmp_path / "out.tif")):
        with pytest.raises(BadInput, match="points at other files or is of a kind that is not taken"):
            use(path)


def ogr_vrt(port):
    source = f"/vsicurl/http://127.0.0.1:{port}/z.gpkg"
    layer = f'<OGRVRTLayer name="land"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer>'
    return f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"


def wfs(port):
    return f"<OGRWFSDataSource><URL>http://127.0.0.1:{port}/wfs</URL></OGRWFSDataSource>"


@pytest.mark.parametrize("made", [ogr_vrt, wfs])
@pytest.mark.parametrize("name", ["z.gpkg", "z.vrt", "z.xml"])
def test_a_layer_that_leads_elsewhere(tmp_path, listener, made, name):
    path = tmp_path / name
    path.write_text(made(listener))
    uses = (intake.open_layer, basemap.check, layers.read, lambda path: zones.read(path, INSTALLED, ""))
    for use in uses:
        with pytest.raises(BadInput):
            use(path)


def test_a_coordinate_system_is_not_fetched(tmp_path, listener):
    collection = {
        "type": "FeatureCollection",
        "crs": {"type": "link", "properties": {"href": f"http://127.0.0.1:{listener}/crs", "type": "ogcwkt"}},
        "features": [
            {
                "type": "Feature",
                "properties": {"code": "A", "name": "A"},
                "geometry": {"type": "Polygon", "coordinates": [[[116, -8], [117, -8], [117, -9], [116, -8]]]},
            }
        ],
    }
    path = tmp_path / "z.geojson"
    path.write_text(json.dumps(collection))
    (level,), _ = zones.read(path, INSTALLED, crs.wgs84().ExportToWkt())
    assert level.codes == ["A"]


def test_a_base_map_is_a_geopackage_itself(tmp_path):
    """It is installed as it is, so that a kind which may point elsewhere later must not pass."""
    path = tmp_path / "base.geojson"
    path.write_text('{"type": "FeatureCollection", "name": "land", "features": []}')
    with pytest.raises(BadInput, match="it must be a GeoPackage with the layers"):
        basemap.check(path)


def gml(port):
    return (
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><gml:FeatureCollection '
        'xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="http://x http://127.0.0.1:{port}/x.xsd"><gml:featureMember><a><name>&e;</name>'
        f'<g xlink:href="http://127.0.0.1:{port}/g.gml#x"/></a></gml:featureMember></gml:FeatureCollection>'
    )


def kml(port):
    return (
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link>'
        f"<href>http://127.0.0.1:{port}/x.kml</href></Link></NetworkLink></Document></kml>"
    )


def laughs(_port):
    entities = "".join(f'<!ENTITY a{n + 1} "&a{n};&a{n};&a{n};&a{n};">' for n in range(20))
    return f'<!DOCTYPE kml [<!ENTITY a0 "x">{entities}]><kml xmlns="http://www.opengis.net/kml/2.2"><name>&a20;</name></kml>'


def esri(port):
    return json.dumps({"url": f"http://127.0.0.1:{port}/x", "geometryType": "esriGeometryPolygon", "features": []})


def georss(port):
    link = f"<link>http://127.0.0.1:{port}/</link>"
    return f'<rss version="2.0" xmlns:georss="http://www.georss.org/georss"><channel>{link}</channel></rss>'


@pytest.mark.parametrize("made", [gml, kml, laughs, esri, georss])
@pytest.mark.parametrize("name", ["z.gml", "z.kml", "z.json", "z.xml"])
def test_im_01_im_04_links_in_a_layer_are_not_followed(tmp_path, listener, made, name):
    path = tmp_path / name
    path.write_text(made(listener))
    for use in (basemap.check, lambda path: zones.read(path, INSTALLED, "")):
        with pytest.raises(BadInput):
            use(path)
    with suppress(BadInput):  # GDAL may find a layer without anything in it
        assert "root:" not in repr(intake.open_layer(path))
