"""A map without MMI at some nodes: analysed where it is known, and the rest is unknown, never class I."""

import json

import numpy as np
import pytest
import shapely
from fixtures import exposure, hazards
from fixtures.grids import make_grid
from osgeo import gdal

from siaga.analysis.earthquake import of_earthquake
from siaga.gis import contour
from siaga.gis.assets import landcover
from siaga.gis.people import by_mmi
from siaga.hazard.gridxml import read_shakemap
from siaga.timing import Timing

MAP = {"lon": 116.5, "lat": -8.5, "nlon": 21, "nlat": 21, "spacing": 0.05}


@pytest.fixture(scope="module")
def body():
    """MMI VII, rising to the north; the eleven eastern columns are masked, the middle one among them."""
    mmi = np.full((21, 21), 7.0) + np.linspace(0.4, 0, 21)[:, np.newaxis]
    mmi[:, 10:] = np.nan
    return make_grid(mmi=mmi, **MAP)


def test_people_are_counted_where_the_shaking_is_known(body, tmp_path):
    grid = exposure.population(tmp_path / "p.tif", np.full((100, 100), 10.0), 116.0, -8.0, 0.01)
    found = by_mmi.people(read_shakemap(body), grid, None, tmp_path)
    known = 100 * 47.5 * 10  # columns from 116 to the border of the last known cell, 116.475
    assert found.by_mmi[6] == pytest.approx(known, rel=0.02)
    assert found.by_mmi.sum() == found.by_mmi[6]


def test_pictures_and_land_cover_end_where_the_shaking_is_known(body):
    shakemap = read_shakemap(body)
    west, south, _, north = shakemap.nodes.edges
    bands = [shapely.geometry.shape(one["geometry"]) for one in contour.bands(shakemap)["features"]]
    (band,) = bands
    assert band.bounds == pytest.approx((west, south, 116.475, north), abs=0.026)
    assert contour.lines(shakemap)["features"]
    class_areas = landcover.ClassAreas(shakemap)
    whole = np.array([shapely.box(115.9, -9.1, 117.1, -7.9)])
    owner, classes, square_metres = class_areas.divide(whole)
    assert set(classes.tolist()) == {7}
    known = shapely.box(west, south, 116.475, north)
    _, _, expected = class_areas.divide(np.array([known]))
    assert square_metres.sum() == pytest.approx(expected.sum(), rel=0.01)
    assert len(owner)


def test_the_record_says_which_share_is_not_known(body, tmp_path):
    given = hazards.data(tmp_path, np.full((60, 60), 100.0), 116.0, -8.0, 0.02, (115.9, -9.2, 117.2, -7.9))
    made = of_earthquake(body, "initial", given, tmp_path, Timing())
    impact = json.loads(made.to_bytes())
    assert impact["map"]["unknown_share"] == pytest.approx(11 / 21)
    assert impact["map"]["epicentre_mmi"] is None
    assert impact["people"]["by_mmi"]["1"] == 0
    assert "The map gives no MMI for 52 % of its ground; people there are not counted" in [
        one["text"] for one in impact["warnings"]
    ]
    hazard = next(one.body for one in made.products if one.path == "hazard.tif")
    gdal.FileFromMemBuffer("/vsimem/masked.tif", hazard)
    raster = gdal.Open("/vsimem/masked.tif")
    assert np.isnan(raster.GetRasterBand(1).GetNoDataValue())
    assert np.isnan(raster.ReadAsArray()).sum() == 11 * 21
    raster = None
    gdal.Unlink("/vsimem/masked.tif")
