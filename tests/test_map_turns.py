"""Maps around 180°: one piece, whichever way round the globe their longitudes are counted."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from fixtures.grids import make_grid
from PIL import Image, ImageColor

from siaga import palette
from siaga.exposure.places import Places
from siaga.gis import basemap, contour, layers, turns
from siaga.gis.map import drawing, eventpackage, sheet, symbols
from siaga.gis.map.scale import SHAKING
from siaga.hazard.gridxml import read_shakemap

TOWNS = {"Taveuni": (-179.95, -17.4), "Savu": (179.5, -17.5), "Lau": (-179.2, -17.5)}
WRITTEN = ((0.0, -179.9), (0.0, 180.1), (-360.0, -179.9), (-360.0, 180.1))  # turn of the grid, epicentre


def _towns():
    longitude, latitude = np.array(list(TOWNS.values())).T
    return Places(
        np.array(list(TOWNS)),
        longitude,
        latitude,
        np.full(3, 9000.0),
        np.array(["town"] * 3),
        np.array([""] * 3),
    )


def _shakemap(turn, epicentre):
    shakemap = read_shakemap(make_grid(lon=180.1, lat=-17.5, nlon=41, nlat=31, spacing=0.1))
    nodes = replace(shakemap.nodes, west=shakemap.nodes.west + turn, east=shakemap.nodes.east + turn)
    return replace(shakemap, longitude=epicentre, nodes=nodes)


def _bands(shakemap):
    return drawing.shapes(contour.bands(shakemap), SHAKING)


def _drawn(shakemap, zones=(), base_map=None):
    made = sheet.MapSheet(
        _bands(shakemap),
        shakemap.longitude,
        shakemap.latitude,
        base_map,
        _towns(),
        zones,
        sheet.NO_WORDS,
        dpi=110.0,
    )
    return np.asarray(Image.open(io.BytesIO(drawing.draw(made))).convert("RGB")).astype(int)


def test_longitudes_come_to_the_map_s_side():
    assert turns.near(-179.95, 180.0) == pytest.approx(180.05)
    assert turns.near(181.0, -180.0) == -179.0
    assert turns.near(106.8, 110.0) == 106.8


def test_the_map_is_the_same_however_its_longitudes_are_written(qgis):
    zones = [("Timur", shapely.box(-180, -18, -179, -17))]
    first, *others = [_drawn(_shakemap(*one), zones) for one in WRITTEN]
    hard = np.abs(first - ImageColor.getrgb(palette.MMI[8])).max(axis=2) < 12
    assert hard.sum() > 500, "the shaking is seen"
    for other in others:
        assert (np.abs(first - other).max(axis=2) > 40).mean() < 0.002


def test_towns_beyond_180_degrees_are_on_the_map(qgis):
    shakemap = _shakemap(0.0, -179.9)
    with_towns, none = _drawn(shakemap), None
    made = sheet.MapSheet(_bands(shakemap), -179.9, -17.5, None, None, (), sheet.NO_WORDS, dpi=110.0)
    none = np.asarray(Image.open(io.BytesIO(drawing.draw(made))).convert("RGB")).astype(int)
    changed = np.flatnonzero((np.abs(with_towns - none).max(axis=2) > 60).any(axis=0)) / with_towns.shape[1]
    assert changed.min() < 0.45
    assert changed.max() > 0.6, "Lau, at 179.2° W, lies east of the epicentre"


def _ground(path):
    def boxes(*given):
        return [shapely.MultiPolygon([shapely.box(*one)]) for one in given]

    both = boxes((178.5, -18, 180, -17), (-180, -18, -179, -17), (100, -10, 110, -5))
    for name, shapes in (("land", both), ("lakes", boxes()), ("land_overview", both)):
        layers.write(path, name, "MultiPolygon", shapes, [{} for _one in shapes], {})
    for name in ("country_lines", "province_lines", "regency_lines"):
        layers.write(path, name, "MultiLineString", [], [], {})
    return path


def test_land_on_both_sides_is_one_ground(tmp_path):
    path = _ground(tmp_path / "basemap.gpkg")
    for turn in (0.0, -360.0):
        base_map = basemap.within(path, (178.0 + turn, -19.0, 182.0 + turn, -16.0), 0.01)
        assert base_map.land.bounds == pytest.approx((178.5 + turn, -18, 181 + turn, -17))
        assert len(basemap.land_around(path, (178.0 + turn, -19.0, 182.0 + turn, -16.0))) == 2


def test_beyond_the_base_map_no_shaking_is_left_undrawn(tmp_path):
    base_map = basemap.within(_ground(tmp_path / "basemap.gpkg"), (178.0, 40.0, 182.0, 43.0), 0.01)
    assert base_map.land.bounds == (178.0, 40.0, 182.0, 43.0)


def test_the_package_lies_in_one_piece(tmp_path, qgis):
    shakemap = _shakemap(0.0, -179.9)
    place = {"name": "Lau", "longitude": -179.2, "latitude": -17.5, "zone": "", "population": 1.0, "mmi": 6.0}
    place |= {"distance_km": 1.0, "from_place": "N"}
    event = {"longitude": -179.9, "latitude": -17.5, "time": "2026-01-01T00:00:00Z", "magnitude": 7.0}
    event |= {"depth_km": 10.0, "description": "Fiji"}
    impact = {"zones": [], "event": event, "event_id": "1", "places": {"nearest": [place], "most_shaken": []}}
    words = dict.fromkeys(("bands", "zones", "contours", "structures", "places", "epicentre"), "x")
    path = tmp_path / "event.gpkg"
    bands = contour.bands(shakemap)
    eventpackage.make(path, eventpackage.Contents(impact, shakemap, bands, {}, None, words))
    for name, longitude in (("places", 180.8), ("epicentre", 180.1)):
        (point,), _rows = layers.read(path, name)
        assert point.x == pytest.approx(longitude)


def test_words_are_placed_the_same_each_time(qgis, monkeypatch):
    labelled = []

    def layers_of(*given):
        made = symbols.layers(*given)
        labelled.append([layer.labelsEnabled() for layer in made].count(True))
        return made

    words = sheet.Words("Epicentre", "N", "", "E", "W", "S", "N")
    zones = [("Timur", shapely.box(-180, -18, -179, -17)), ("Barat", shapely.box(178, -18, 180, -17))]
    shakemap = _shakemap(0.0, -179.9)
    made = sheet.MapSheet(_bands(shakemap), -179.9, -17.5, None, _towns(), zones, words, dpi=110.0)
    monkeypatch.setattr(drawing, "symbols", SimpleNamespace(layers=layers_of, WGS84=symbols.WGS84))
    for beside in (False, True):
        one = replace(made, scale=replace(SHAKING, names_beside=beside, clipped=False))
        assert len({drawing.draw(one) for _ in range(3)}) == 1
        assert drawing.draw(replace(one, zones=[])) != drawing.draw(one), "names of zones are seen"
        assert drawing.draw(replace(one, words=sheet.NO_WORDS)) != drawing.draw(one)
    assert set(labelled) == {2}, "QGIS goes through three layers with labels in an order of its own"
