"""Bands of a map are cut to the land piece by piece; none is dissolved."""

import numpy as np
import pytest
import shapely

from siaga.gis.map import drawing

LAND = shapely.box(0.0, 0.0, 10.0, 10.0)


def test_a_speckled_band_keeps_its_pieces_and_loses_what_is_at_sea():
    column, row = (one.ravel() for one in np.mgrid[-3:13, -3:13])
    black = (column + row) % 2 == 0
    cells = shapely.box(column[black] + 0.5, row[black] + 0.5, column[black] + 1.5, row[black] + 1.5)
    found = drawing._on_land(shapely.multipolygons(cells), LAND)
    inside = shapely.area(shapely.intersection(cells, LAND))
    assert len(shapely.get_parts(found)) == np.count_nonzero(inside)
    assert found.area == pytest.approx(inside.sum())
    assert shapely.covers(LAND, found)


@pytest.mark.parametrize("band", [shapely.box(20, 20, 30, 30), shapely.box(10, 0, 12, 5), shapely.MultiPolygon()])
def test_a_band_that_only_touches_land_or_is_none_has_no_piece_on_it(band):
    assert shapely.get_parts(drawing._on_land(band, LAND)).size == 0


def test_a_band_that_is_cut_in_two_has_both():
    bow = shapely.Polygon([(2, 5), (2, 15), (8, 15), (8, 5), (7, 5), (7, 12), (3, 12), (3, 5)])
    kept = shapely.get_parts(drawing._on_land(bow, LAND))
    assert sorted(one.bounds for one in kept) == [
        (2, 5, 3, 10),
        (7, 5, 8, 10),
    ]
