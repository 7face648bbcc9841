"""What cannot be in a ShakeMap is said; what may be is not."""

import doctest

import numpy as np
import pytest
from fixtures.grids import make_grid

from siaga.hazard.gridxml import read_shakemap
from siaga.impact import plausible, record

SMALL = {"nlon": 9, "nlat": 7, "spacing": 0.5}


def said(**more):
    return " | ".join(one["text"] for one in plausible.doubts(read_shakemap(make_grid(**SMALL | more))))


def test_the_examples_hold():
    assert doctest.testmod(plausible).failed == 0


@pytest.mark.parametrize(
    ("magnitude", "depth", "peak"),
    [(6.9, 15, 8.4), (5.5, 10, 8.4), (9.1, 30, 9.8), (4.2, 5, 6.0), (7.6, 80, 8.9), (7.0, 580, 3.0), (8.3, 600, 5.5)],
)
def test_what_has_been_seen_is_not_doubted(magnitude, depth, peak):
    assert said(magnitude=magnitude, depth=depth, peak=peak) == ""


@pytest.mark.parametrize(
    ("magnitude", "depth", "peak"), [(4.0, 10, 8.0), (3.0, 10, 6.5), (6.5, 600, 8.0), (5.0, 10, 9.9), (6.0, 300, 9.0)]
)
def test_a_map_that_its_quake_cannot_have_made_is_doubted(magnitude, depth, peak):
    assert "is not known to shake harder than" in said(magnitude=magnitude, depth=depth, peak=peak)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"mmi": np.full((7, 9), 5.0)}, "MMI 5.0 at every node"),
        ({"mmi": np.where(np.arange(63).reshape(7, 9) > 30, 5.0, np.nan)}, "MMI 5.0 at every node"),
        ({"magnitude": 9.9}, "magnitude of 9.9 is odd"),
        ({"magnitude": 0, "peak": 2.0}, "magnitude of 0.0 is odd"),
        ({"depth": 800, "peak": 2.0}, "depth of 800.0 km is odd"),
        ({"peak": 11.5}, "reaches MMI 11.5; the scale"),
        ({"mmi": np.where(np.arange(63).reshape(7, 9) > 30, 5.0, 0.0)}, "MMI is 0 at 31 nodes"),
        ({"process_time": "2013-01-01T00:00:00Z"}, "made at 2013-01-01T00:00:00Z, before the quake at 2018"),
    ],
)
def test_each_doubt_has_its_sentence(more, words):
    assert words in said(**more)


def test_a_flat_map_of_class_one_is_no_wonder():
    assert said(magnitude=4.0, mmi=np.ones((7, 9))) == ""


def test_an_epicentre_off_the_map_is_said_and_one_on_a_masked_node_is_not():
    body = make_grid(**SMALL)
    away = body.replace(b'lon="116.450000"', b'lon="111.0"')
    assert "lies outside the map" in plausible.doubts(read_shakemap(away))[0]["text"]
    turned = body.replace(b'lon="116.450000"', b'lon="476.45"')
    assert plausible.doubts(read_shakemap(turned)) == []
    mmi = np.linspace(2, 6, 63).reshape(7, 9)
    mmi[3, 4] = np.nan
    assert said(mmi=mmi) == ""


def test_a_masked_map_says_which_share_is_not_known():
    mmi = np.full((7, 9), 3.0)
    mmi[:, 5:] = np.nan
    shakemap = read_shakemap(make_grid(mmi=mmi, **SMALL))
    assert record.shaking(shakemap)["unknown_share"] == pytest.approx(4 / 9)
    assert sum(record.shaking(shakemap)["nodes_by_mmi"].values()) == 35
    assert "gives no MMI for 44 % of its ground" in record.warnings(shakemap, [])[0]["text"]
