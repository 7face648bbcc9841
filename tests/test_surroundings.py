"""Places around an epicentre: distance, and bearing from the place's point of view, correctly rounded."""

import json
from dataclasses import replace

import numpy as np
import pytest
from fixtures.grids import make_grid
from hypothesis import given
from hypothesis import strategies as st

from siaga.exposure.places import Places
from siaga.gis import geodesy
from siaga.gis.assets import surroundings
from siaga.hazard.gridxml import read_shakemap
from siaga.impact import landmark


@given(st.floats(0, 360, exclude_max=True))
def test_a_wind_is_the_nearest_of_sixteen(bearing):
    found = geodesy.WINDS.index(geodesy.wind(bearing)) * 22.5
    assert abs((bearing - found + 180) % 360 - 180) <= 11.25 + 1e-9


@pytest.mark.parametrize(
    ("bearing", "wind"),
    [
        (0, "N"),
        (11.24, "N"),
        (11.25, "NNE"),
        (33.74, "NNE"),
        (191.25, "SSW"),
        (348.74, "NNW"),
        (348.75, "N"),
        (359.9, "N"),
    ],
)
def test_half_a_sector_is_the_border(bearing, wind):
    assert geodesy.wind(bearing) == wind


def test_both_points_of_view_are_told():
    """On a sphere's parallel the two bearings are not opposite: each is the azimuth where one stands."""
    shakemap = replace(read_shakemap(make_grid()), longitude=100.0, latitude=-60.0)
    far = places_of([("Far", 140.0, -60.0)])
    (place,) = surroundings.describe(shakemap, far)["nearest"]
    # By the sphere: the great circle leaves a parallel at 60° S towards the pole, 17.6° off east for 40° of longitude.
    half = np.degrees(np.arctan(np.tan(np.radians(20)) * np.sin(np.radians(60))))
    assert place["bearing_deg"] == pytest.approx(90 + half, abs=0.1)
    assert place["from_place_deg"] == pytest.approx(270 - half, abs=0.1)
    assert (place["direction"], place["from_place"]) == ("ESE", "WSW")


def test_golden_places(shared, qgis):
    """InaSAFE: Central City Square 6952.97 m, −107.709°, WSW; Alubarna 10543.65 m, −123.51°, SW.

    The epicentre is where both of its distances and bearings meet. Its distances are ours. Its bearings are
    angles on the plane of degrees, and it takes the floor of bearing / 22.5 where we round, so that Alubarna's
    236.5° (10.51 sectors) is SW to InaSAFE and WSW, the nearer one, here.
    """
    features = json.loads((shared / "data/inasafe/exposure/places.geojson").read_text(encoding="utf-8"))["features"]
    named = [(one["properties"]["Name"], *one["geometry"]["coordinates"][:2]) for one in features]
    shakemap = replace(read_shakemap(make_grid()), longitude=106.7486, latitude=-6.2078)
    found = surroundings.describe(shakemap, places_of(named))["nearest"]
    told = {place["name"]: place for place in found}
    assert found[0]["name"] == "Central City Square"
    assert told["Central City Square"]["distance_km"] == pytest.approx(6.95297, abs=0.0005)
    assert told["Central City Square"]["from_place"] == "WSW"
    (alubarna,) = [one for one in named if one[0] == "Alubarna"]
    km, _ = geodesy.distance_bearing(106.7486, -6.2078, *alubarna[1:])
    _, back = geodesy.distance_bearing(*alubarna[1:], 106.7486, -6.2078)
    assert km == pytest.approx(10.54365, abs=0.0005)
    planar = np.degrees(np.arctan2(106.7486 - alubarna[1], -6.2078 - alubarna[2]))
    assert planar == pytest.approx(-123.51, abs=0.01)
    assert geodesy.WINDS[int(planar // 22.5) % 16] == "SW"  # as InaSAFE does it
    assert geodesy.wind(back) == "WSW"


def test_the_most_shaken_are_ordered_by_class_then_size(qgis):
    shakemap = read_shakemap(make_grid())
    near, middle = (116.45, -8.3), (116.7, -8.3)
    named = [("small", *near), ("large", *near), ("far", *middle), ("off", 130.0, 0.0)]
    towns = replace(places_of(named), population=np.array([100.0, 5000.0, 1e6, 1e7]))
    found = surroundings.describe(shakemap, towns)
    assert [place["name"] for place in found["most_shaken"]] == ["large", "small", "far"]
    assert [place["mmi"] is None for place in found["nearest"]] == [False, False, False, True]


def places_of(named):
    names, longitude, latitude = zip(*named, strict=True)
    blank = np.full(len(named), "")
    unknown = np.full(len(named), np.nan)
    return Places(np.array(names), np.array(longitude), np.array(latitude), unknown, blank, blank)


@pytest.mark.parametrize(("km", "named"), [(1999.0, True), (2001.0, False)])
def test_a_place_at_the_other_end_of_the_world_is_no_landmark(km, named):
    place = {"name": "London", "distance_km": km}
    assert (landmark.choose(place, []) == place) is named
    assert (landmark.choose(place, [place]) == place) is named
