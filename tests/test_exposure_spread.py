"""The parts of the rule by which the demonstration exposure spreads people, on grids made here."""

from math import pi

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siaga.data.demo import guess, people
from siaga.data.demo.gazetteer import Town, plain
from siaga.data.demo.islands import Islands
from siaga.data.demo.matching import Names, with_regency
from siaga.data.demo.regencies import share_out
from siaga.gis import cells, layers
from siaga.gis.cells import Grid

NO_ISLANDS = Islands(np.empty((0, 2)), (), ())


def town(name, longitude, latitude, *, kind="district_seat", province="52", regency="", population=None):
    return Town(name, longitude, latitude, population, kind, province, regency, frozenset((plain(name),)))


@given(
    st.lists(st.floats(0.001, 1e6), min_size=1, max_size=50),
    st.integers(0, 50_000_000),
)
def test_people_add_up_to_the_person_whatever_the_weights(weights, total):
    shared = people._to_the_person(np.array(weights), total)
    assert shared.sum() == total
    assert (shared >= 0).all()
    assert (shared.astype(np.float32) * 64 % 1 == 0).all()


def test_people_follow_the_weights():
    assert people._to_the_person(np.array([1.0, 3.0, 0.0]), 8).tolist() == [2.0, 6.0, 0.0]


def test_what_rounding_leaves_over_goes_to_the_largest_remainders():
    # 1 person = 64 units over 3 equal cells: 21.33 each, one unit left for the first of the equals
    assert (people._to_the_person(np.array([1.0, 1.0, 1.0]), 1) * 64).tolist() == [22.0, 21.0, 21.0]


def test_a_towns_kernel_holds_about_its_people_and_is_highest_at_the_town():
    field = np.zeros((people.GRID.rows, people.GRID.columns))
    people._stamp(field, town("Palu", 119.87, -0.91), radius=3.0, height=100.0)
    cell_km2 = (111.2 / 120) ** 2
    # the whole of height / (1 + (d/r)^2)^2 is pi r^2 height; 1/65 of it lies beyond 8 radii, part of that in corners
    assert field.sum() * cell_km2 == pytest.approx(pi * 9 * 100, rel=0.02)
    row, column = people.GRID.cell_of(119.87, -0.91)
    assert field[row, column] == field.max()


def test_the_land_share_of_a_cell_counts_its_sixteen_parts():
    # land over the western half of one cell, the whole of the next to the south
    west, north = 110.0, -7.0
    cell = people.GRID.cell
    land = [
        shapely.box(west, north - cell, west + cell / 2, north),
        shapely.box(west, north - 2 * cell, west + cell, north - cell),
    ]
    share = people.land_share(np.array(land))
    row, column = people.GRID.cell_of(west + cell / 2, north - cell / 2)
    assert share[row, column] == 0.5
    assert share[row + 1, column] == 1.0
    assert share.sum() == 1.5


def test_a_guess_goes_by_districts_within_what_towns_and_land_allow():
    found = guess.people_by_regency(
        {"Bali": 1_000_000},
        ["Bali"] * 4,
        ["KABUPATEN", "KABUPATEN", "KOTA", "KABUPATEN"],
        districts=np.array([10.0, 10.0, 4.0, 1.0]),
        in_towns=np.array([0.0, 0.0, 400_000.0, 0.0]),
        land_km2=np.array([2_000.0, 2_000.0, 120.0, 1.0]),
    )
    assert found.sum() == pytest.approx(1_000_000)
    assert found[2] == pytest.approx(480_000, rel=0.02)  # 1.2 times its towns
    assert 0 < found[3] <= 3_000  # 3,000 per km2 at most, where its district's share would be 40,000
    assert found[0] == found[1]


def test_a_town_lies_in_the_regency_whose_district_has_its_name():
    names = Names(
        {"52": "NUSA TENGGARA BARAT"},
        {"52.01": "KABUPATEN LOMBOK BARAT", "52.08": "KABUPATEN LOMBOK UTARA", "52.71": "KOTA MATARAM"}
        | {"52.06": "KABUPATEN BIMA", "35.74": "KOTA PROBOLINGGO"},
        (("Pemenang", "52.08"), ("Gerung", "52.01"), ("Tanjung", "52.08"), ("Tanjung", "52.06")),
    )
    towns = [
        town("Mataram", 116.12, -8.58, kind="city"),
        town("Pemenang", 116.10, -8.40),
        town("Gerung", 116.12, -8.68),
        town("Tanjung", 116.15, -8.36),
        town("Nowhere", 116.30, -8.40),
    ]
    placed = with_regency(towns, names, by_hand=[])
    assert [place.regency for place in placed] == ["52.71", "52.08", "52.01", "52.08", ""]


def test_regencies_share_out_the_whole_ground_and_do_not_overlap():
    zone = shapely.box(116, -9, 117, -8)
    towns = [town("A", 116.2, -8.5, regency="52.01"), town("B", 116.8, -8.5, regency="52.08")]
    regencies = share_out({"Nusa Tenggara Barat": zone}, towns, NO_ISLANDS)
    assert shapely.area(regencies.land["52.01"]) == pytest.approx(0.5)
    assert shapely.union_all(list(regencies.land.values())).equals(zone)
    (line,) = regencies.borders.values()
    assert line.equals(shapely.LineString([(116.5, -9), (116.5, -8)]))


def test_a_cell_belongs_to_the_polygon_that_holds_its_centre():
    grid = Grid(west=100.0, north=0.0, cell=1.0, columns=4, rows=2)
    burnt = cells.burn(grid, [shapely.box(100, -2, 101.4, 0), shapely.box(101.4, -2, 103.4, 0)], [7, 9])
    assert burnt.tolist() == [[7, 9, 9, 0], [7, 9, 9, 0]]
    touched = cells.burn(grid, [shapely.box(101.4, -2, 103.4, 0)], [1], touched=True)
    assert touched.tolist() == [[0, 1, 1, 1], [0, 1, 1, 1]]


@pytest.mark.parametrize("suffix", [".fgb", ".gpkg"])
def test_a_layer_comes_back_as_it_was_written_and_has_the_same_bytes_each_time(tmp_path, suffix):
    shapes = [shapely.box(100, -1, 101, 0), shapely.box(103, -1, 104, 0)]
    rows = [{"code": "11", "people": 1.5}, {"code": "12", "people": None}]
    for name in ("one", "two"):
        layers.write(tmp_path / f"{name}{suffix}", "zones", "Polygon", shapes, rows, {"code": str, "people": float})
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    geometries, attributes = layers.read(tmp_path / f"one{suffix}", "zones", "code = '11'")
    assert geometries[0].equals(shapes[0])
    assert [(row["code"], row["people"]) for row in attributes] == [("11", 1.5)]
