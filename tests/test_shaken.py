"""Who stands in which class, zone by zone: nobody is lost, nobody is counted twice."""

import itertools

import numpy as np
import pytest
import shapely
from fixtures import exposure
from fixtures.grids import make_grid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siaga.exposure.zones import ZoneFields
from siaga.gis.people import by_mmi
from siaga.gis.people import shares as zone_shares
from siaga.gis.people.population import PopulationGrid, Window
from siaga.hazard.gridxml import read_shakemap

WEST, NORTH, CELL = 116.0, -8.0, 0.05


@pytest.fixture
def people():
    """20 x 20 cells of people, one of them unknown, one negative."""
    counts = np.random.default_rng(3).uniform(0, 5000, (20, 20)).round(1)
    counts[4, 4], counts[5, 5] = exposure.NODATA, -7
    return counts


def whole_map(**more):
    """A map that reaches beyond the 20 x 20 cells on all sides."""
    return read_shakemap(make_grid(lon=116.5, lat=-8.5, nlon=41, nlat=41, spacing=0.05, **more))


def prepared(population, zones, cache):
    return zone_shares.prepare(PopulationGrid.open(population), zones, ZoneFields(), cache)


def shares_of_cells(level, shape):
    """(zones, rows, columns): the part of each cell that each zone has."""
    shares = np.zeros((len(level.zones) + 1, *shape))
    window = Window(slice(0, shape[0]), slice(0, shape[1]))
    begin = 0
    for owner, stop in zip(*level.segments(window), strict=True):
        shares[owner].ravel()[begin:stop] = 1
        begin = stop
    for cell, owner, share in zip(*level.divided(window), strict=True):
        shares[owner].ravel()[cell] += share
    return shares[:-1]


def known(counts):
    stored = counts.astype(np.float32).astype(float)
    return np.where(stored > 0, stored, 0.0)


def test_without_zones_everybody_on_the_map_is_counted_once(tmp_path, people):
    grid = exposure.population(tmp_path / "p.tif", people, WEST, NORTH, CELL)
    found = by_mmi.people(whole_map(), grid, None, tmp_path)
    assert found.by_mmi.sum() == pytest.approx(known(people).sum(), rel=1e-12)
    assert found.zones == ()
    assert [warning["text"] for warning in found.warnings] == [
        "The population data have negative counts; they are taken as unknown",
        "74 % of the map lies beyond the population data; how many people are there is not known",
    ]


def test_zones_that_tile_the_land_conserve_everybody(tmp_path, people):
    grid = exposure.population(tmp_path / "p.tif", people, WEST, NORTH, CELL)
    # borders cut through cells at odd places
    halves = {"51": shapely.box(115, -10, 116.333, -7), "52": shapely.box(116.333, -10, 118, -7)}
    found = by_mmi.people(whole_map(), grid, exposure.zones(tmp_path / "z.geojson", halves), tmp_path)
    assert found.by_mmi.sum() == pytest.approx(known(people).sum(), rel=1e-9)
    assert (found.table.level, found.table.covers) == ("regency", pytest.approx(1, rel=1e-9))
    assert found.table.outside.tolist() == [0.0] * 10
    by_zone = sum(zone.by_class for zone in found.zones)
    assert by_zone == pytest.approx(found.by_mmi, rel=1e-12)


@given(
    cuts=st.lists(st.floats(116.0, 117.0), min_size=1, max_size=5, unique=True),
    tilt=st.floats(-0.4, 0.4),
    seed=st.integers(0, 999),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_the_borders_run_shares_of_a_cell_sum_to_one(tmp_path_factory, cuts, tilt, seed):
    folder = tmp_path_factory.mktemp("shares")
    counts = np.random.default_rng(seed).uniform(0, 100, (20, 20))
    grid = exposure.population(folder / "p.tif", counts, WEST, NORTH, CELL)
    edges = [110.0, *sorted(cuts), 123.0]
    strips = {
        f"{number:02d}": shapely.Polygon([(a - tilt, -12), (b - tilt, -12), (b + tilt, -5), (a + tilt, -5)])
        for number, (a, b) in enumerate(itertools.pairwise(edges))
    }
    (level,) = prepared(grid, exposure.zones(folder / "z.geojson", strips), folder).levels
    covered = shares_of_cells(level, (20, 20)).sum(axis=0)
    assert covered == pytest.approx(np.ones((20, 20)), abs=1e-9)
    window = Window(slice(0, 20), slice(0, 20))
    table = level.tally(window, np.ones((20, 20), np.uint8), counts).by_zone
    assert table.sum() == pytest.approx(counts.sum(), rel=1e-9)


def test_a_border_cell_is_divided_by_area(tmp_path):
    counts = np.full((2, 2), 100.0)
    grid = exposure.population(tmp_path / "p.tif", counts, 0.0, 2.0, 1.0)
    parts = {"1": shapely.box(0, 0, 0.25, 2), "2": shapely.box(0.25, 0, 2, 2)}
    (level,) = prepared(grid, exposure.zones(tmp_path / "z.geojson", parts), tmp_path).levels
    assert [zone.people for zone in level.zones] == pytest.approx([50.0, 350.0])


def test_where_zones_overlap_the_first_in_the_file_has_the_people(tmp_path):
    counts = np.full((2, 2), 100.0)
    grid = exposure.population(tmp_path / "p.tif", counts, 0.0, 2.0, 1.0)
    parts = {"1": shapely.box(0, 0, 1.5, 2), "2": shapely.box(0.5, 0, 2, 2)}
    (level,) = prepared(grid, exposure.zones(tmp_path / "z.geojson", parts), tmp_path).levels
    assert [zone.people for zone in level.zones] == pytest.approx([300.0, 100.0])
    assert shares_of_cells(level, (2, 2)).sum(axis=0).max() <= 1


def test_mmi_is_taken_at_the_cells_centre(tmp_path):
    counts = np.full((1, 2), 10.0)
    grid = exposure.population(tmp_path / "p.tif", counts, 116.0, -8.0, 0.05)
    # MMI rises by one per 0.05 degrees from 4 at the first cell's west edge
    mmi = np.repeat([[3.0, 4.0, 5.0, 6.0, 7.0]], 5, axis=0)
    shakemap = read_shakemap(make_grid(lon=116.05, lat=-8.025, nlon=5, nlat=5, spacing=0.05, mmi=mmi))
    found = by_mmi.people(shakemap, grid, None, tmp_path)
    assert np.flatnonzero(found.by_mmi).tolist() == [3, 4]  # 4.5 is class IV, 5.5 class V
    assert shakemap.at(np.array([116.025]), np.array([-8.025]))[0] == pytest.approx(4.5)


def test_the_map_reaches_half_a_cell_past_its_outer_nodes_and_no_farther():
    shakemap = whole_map(mmi=np.full((41, 41), 6.0))
    west, south, east, north = shakemap.nodes.edges
    inside = shakemap.at(np.array([west, east, 116.5]), np.array([south, north, -8.5]))
    assert inside.tolist() == [6.0, 6.0, 6.0]
    assert np.isnan(shakemap.at(np.array([west - 1e-6, 116.5]), np.array([-8.5, north + 1e-6]))).all()


def test_people_off_the_map_and_in_no_zone_are_kept_apart_and_all_are_counted(tmp_path):
    counts = np.full((20, 20), 10.0)
    grid = exposure.population(tmp_path / "p.tif", counts, WEST, NORTH, CELL)
    half = {"52": shapely.box(116, -9, 116.5, -8)}  # the western 200 cells
    small = read_shakemap(make_grid(lon=116.5, lat=-8.5, nlon=11, nlat=11, spacing=0.05))
    found = by_mmi.people(small, grid, exposure.zones(tmp_path / "z.geojson", half), tmp_path)
    inside = found.zones[0].by_class
    assert inside.sum() + found.unmapped == pytest.approx(2000)
    assert found.table.outside.sum() > 0
    assert found.by_mmi == pytest.approx(by_mmi.people(small, grid, None, tmp_path).by_mmi)
    assert found.by_mmi == pytest.approx(inside + found.table.outside)


@pytest.mark.parametrize("lon", [30.0, 140.0])
def test_outside_the_exposure_nothing_is_known(tmp_path, lon):
    counts = np.full((20, 20), 10.0)
    grid = exposure.population(tmp_path / "p.tif", counts, WEST, NORTH, CELL)
    found = by_mmi.people(read_shakemap(make_grid(lon=lon)), grid, None, tmp_path)
    assert (found.by_mmi, found.unmapped, found.table) == (None, None, None)


def test_a_map_over_cells_without_data_is_unknown_over_empty_cells_nobody(tmp_path):
    shakemap = whole_map()
    holes = exposure.population(tmp_path / "h.tif", np.full((20, 20), exposure.NODATA), WEST, NORTH, CELL)
    assert by_mmi.people(shakemap, holes, None, tmp_path).by_mmi is None
    empty = exposure.population(tmp_path / "e.tif", np.zeros((20, 20)), WEST, NORTH, CELL)
    assert by_mmi.people(shakemap, empty, None, tmp_path).by_mmi.sum() == 0.0


def test_nodata_of_float32_extremes_is_nodata(tmp_path):
    counts = np.full((20, 20), 10.0)
    counts[:10] = np.finfo(np.float32).min
    grid = exposure.population(tmp_path / "p.tif", counts, WEST, NORTH, CELL, nodata=float(np.finfo(np.float32).min))
    found = by_mmi.people(whole_map(), grid, None, tmp_path)
    assert found.by_mmi.sum() == 2000.0
    assert "negative" not in str(found.warnings)


def test_every_level_of_zones_sums_to_the_same(tmp_path, people):
    grid = exposure.population(tmp_path / "p.tif", people, WEST, NORTH, CELL)
    named = [
        ("5", "NTB", "province", None, shapely.box(115, -10, 118, -7)),
        ("51", "Barat", "regency", "5", shapely.box(115, -10, 116.47, -7)),
        ("52", "Timur", "regency", "5", shapely.box(116.47, -10, 118, -7)),
    ]
    found = by_mmi.people(whole_map(), grid, exposure.zones(tmp_path / "z.geojson", named), tmp_path)
    province = next(zone for zone in found.zones if zone.code == "5")
    regencies = [zone for zone in found.zones if zone.level == "regency"]
    assert len(regencies) == 2
    assert sum(zone.by_class for zone in regencies) == pytest.approx(province.by_class, rel=1e-9)


def test_shares_are_prepared_once(tmp_path, people, monkeypatch):
    grid = exposure.population(tmp_path / "p.tif", people, WEST, NORTH, CELL)
    zones = exposure.zones(tmp_path / "z.geojson", {"52": shapely.box(115, -10, 118, -7)})
    first = prepared(grid, zones, tmp_path)
    monkeypatch.setattr(zone_shares, "_make", lambda *_: pytest.fail("prepared again"))
    again = prepared(grid, zones, tmp_path)
    assert [zone.people for zone in again.levels[0].zones] == [zone.people for zone in first.levels[0].zones]
