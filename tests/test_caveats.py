"""What a quake may set off besides shaking; where its epicentre lies to the coast."""

import doctest

import pytest
import shapely

from siaga.gis import layers
from siaga.gis.map import coast
from siaga.impact import caveats
from siaga.impact.caveats import Shore

SEA, BAY, INLAND = Shore(True, 30.0), Shore(False, 25.0), Shore(False, 80.0)


@pytest.mark.parametrize(
    ("magnitude", "depth", "shore", "tsunami"),
    [
        (7.5, 20, SEA, True),
        (7.5, 20, BAY, True),  # Palu 2018
        (7.5, 20, INLAND, False),
        (6.5, 99.9, SEA, True),
        (6.4, 20, SEA, False),
        (7.5, 100, SEA, False),
        (7.5, 20, None, None),
        (5.0, 20, None, False),
    ],
)
def test_a_tsunami_by_magnitude_depth_and_coast(magnitude, depth, shore, tsunami):
    assert caveats.caveats(magnitude, depth, {}, 9.0, shore)["tsunami"] is tsunami


@pytest.mark.parametrize(
    ("magnitude", "people", "landslide", "liquefaction"),
    [
        (6.0, {"6": 10.0, "7": 0.0}, True, False),
        (6.0, {"6": 0.0, "7": 10.0}, True, True),
        (4.5, {"6": 10.0, "7": 10.0}, True, False),
        (3.9, {"6": 10.0, "7": 10.0}, False, False),
        (6.0, {"6": 0.4, "7": 0.0}, False, False),
    ],
)
def test_slopes_and_soils_by_the_shaking_that_met_people(magnitude, people, landslide, liquefaction):
    found = caveats.caveats(magnitude, 10, people, 9.0, SEA)
    assert (found["landslide"], found["liquefaction"]) == (landslide, liquefaction)


def test_where_people_are_unknown_the_map_counts():
    unknown = {str(mmi): None for mmi in range(1, 11)}
    for people in ({}, unknown):
        assert caveats.caveats(6.0, 10, people, 6.4, SEA)["landslide"]
        assert not caveats.caveats(6.0, 10, people, 6.4, SEA)["liquefaction"]


def test_examples_in_the_docstrings_hold():
    assert doctest.testmod(caveats).failed == 0


def test_distance_to_the_coast_from_both_sides(qgis, tmp_path):
    path = tmp_path / "ground.gpkg"
    layers.write(path, "land", "Polygon", [shapely.box(116, -9, 117, -8), shapely.box(130, -5, 131, -4)])
    sea = coast.of(path, 116.5, -7.5)
    assert sea.offshore
    assert sea.distance_km == pytest.approx(55.3, abs=0.1)  # half a degree of latitude
    land = coast.of(path, 116.1, -8.5)
    assert not land.offshore
    assert land.distance_km == pytest.approx(11.0, abs=0.1)  # a tenth of a degree of longitude there
    assert coast.of(path, 60.0, 30.0) is None
