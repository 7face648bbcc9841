"""Everybody on the map counts: zones break totals down and never change one, for earthquake, flood and ash."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import shapely
from fixtures import exposure
from fixtures.grids import make_grid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siaga import language
from siaga.gis import layers
from siaga.gis.people import by_class, by_mmi, gaps
from siaga.gis.people.by_class import ClassedPolygons
from siaga.gis.people.gaps import Land
from siaga.hazard.gridxml import read_shakemap
from siaga.impact import ash, breakdown, earthquake, flood, record
from siaga.impact.breakdown import LevelExposure, ZoneExposure
from siaga.report import listed

WEST, NORTH, CELL = 116.0, -8.0, 0.05
EAST, SOUTH = WEST + 20 * CELL, NORTH - 20 * CELL
RAMP = np.repeat([np.linspace(4.0, 8.4, 25)], 25, axis=0)  # MMI from IV in the west to VIII in the east
MAP = read_shakemap(make_grid(lon=116.5, lat=-8.5, nlon=25, nlat=25, spacing=0.05, mmi=RAMP))
GROUND = ClassedPolygons(
    np.array([shapely.box(116.1, -8.9, 116.4, -8.1), shapely.box(116.4, -8.9, 116.93, -8.1)], dtype=object),
    np.array([2, 3]),
    4,
)
AROUND = [shapely.box(100, -12, 101, -11), shapely.box(130, -7, 131, -6)]  # land far from the map, on all its sides
PEOPLE = np.random.default_rng(9).uniform(0, 1000, (20, 20))
several = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def counted(hazard, folder, zones=None, people=PEOPLE, basemap=None, whole=True):
    """(everybody by class, what was found) of a map or of ground over the same people."""
    grid = folder / "people.tif"
    if not grid.exists():
        exposure.population(grid, people, WEST, NORTH, CELL)
    if hazard == "earthquake":
        found = by_mmi.people(MAP, grid, zones, folder, whole=whole, basemap=basemap)
        return found.by_mmi, found
    classed, harmed_from = (GROUND, 1) if hazard == "flood" else (replace(GROUND, count=5), 0)
    found = by_class.people(classed, grid, zones, harmed_from=harmed_from, basemap=basemap)
    return found.by_class, found


def squares(level, side, west=WEST, south=SOUTH, east=EAST, north=NORTH):
    """A rectangle in side × side zones of a level."""
    x, y = np.linspace(west, east, side + 1), np.linspace(south, north, side + 1)
    return [
        (
            f"{level}{row}.{column}",
            f"{level} {row}.{column}",
            level,
            None,
            shapely.box(x[column], y[row], x[column + 1], y[row + 1]),
        )
        for row in range(side)
        for column in range(side)
    ]


def box(x, y, row, column):
    """One cell between edges."""
    return shapely.box(x[column], y[row], x[column + 1], y[row + 1])


HAZARDS = pytest.mark.parametrize("hazard", ["earthquake", "flood", "ash"])
SHAPES = st.tuples(
    st.sampled_from(["province", "regency", "village"]),
    st.floats(WEST - 0.3, EAST),
    st.floats(SOUTH - 0.3, NORTH),
    st.floats(0.03, 1.2),
    st.floats(0.03, 1.2),
)


@HAZARDS
@given(drawn=st.lists(SHAPES, min_size=1, max_size=7))
@several
def test_no_set_of_zones_changes_a_total(tmp_path_factory, hazard, drawn):
    """Several levels, gaps, overlaps, zones off the map: rows of any level and the rest are the whole."""
    folder = tmp_path_factory.mktemp("zones")
    named = [
        (str(number), f"Zone {number}", level, None, shapely.box(x, y, x + width, y + height))
        for number, (level, x, y, width, height) in enumerate(drawn)
    ]
    alone, _ = counted(hazard, folder)
    with_zones, found = counted(hazard, folder, exposure.zones(folder / "z.geojson", named))
    assert with_zones == pytest.approx(alone, rel=1e-12)
    if found.table is None:
        assert found.zones == ()
        return
    rows = sum(zone.by_class for zone in found.zones if zone.level == found.table.level)
    assert rows + found.table.outside == pytest.approx(alone, rel=1e-9)
    assert found.table.covers == pytest.approx(rows.sum() / alone.sum(), rel=1e-9)


@HAZARDS
def test_a_corner_in_many_villages_hides_nobody_else(tmp_path, hazard):
    zones = [*squares("regency", 2), *squares("village", 10, 116.7, -8.4, 116.9, -8.2)]
    alone, _ = counted(hazard, tmp_path)
    everybody, found = counted(hazard, tmp_path, exposure.zones(tmp_path / "z.geojson", zones))
    assert everybody.tolist() == pytest.approx(alone.tolist(), rel=1e-12)
    assert (found.table.level, found.table.covers) == ("regency", pytest.approx(1, rel=1e-9))
    assert "Zones of the level Village hold only" in found.warnings[-1]["text"]
    in_indonesian = language.load("id").reason(found.warnings[-1])
    assert in_indonesian.startswith("Wilayah tingkat Desa/kelurahan hanya memuat")
    assert in_indonesian.endswith("tingkat Kabupaten/kota")


@HAZARDS
def test_the_finest_level_far_away_says_nothing(tmp_path, hazard):
    zones = [*squares("regency", 2), *squares("village", 10, 120, -8.4, 121, -8.2)]
    everybody, found = counted(hazard, tmp_path, exposure.zones(tmp_path / "z.geojson", zones))
    assert found.table.level == "regency"
    assert not any("village" in warning["text"] for warning in found.warnings)
    assert everybody.sum() == pytest.approx(sum(zone.by_class.sum() for zone in found.zones), rel=1e-9)


@HAZARDS
def test_the_finest_level_that_holds_all_makes_the_table(tmp_path, hazard):
    zones = [*squares("province", 1), *squares("village", 9), *squares("regency", 3)]
    _, found = counted(hazard, tmp_path, exposure.zones(tmp_path / "z.geojson", zones))
    assert (found.table.level, found.table.outside.sum()) == ("village", 0)
    assert not any("level" in warning["text"] for warning in found.warnings)


@HAZARDS
def test_a_regency_on_a_quarter_of_the_map_leaves_the_rest_counted_and_told(tmp_path, hazard):
    quarter = [("1", "Satu", "regency", None, shapely.box(WEST, NORTH - 0.5, WEST + 0.5, NORTH))]
    alone, _ = counted(hazard, tmp_path)
    everybody, found = counted(hazard, tmp_path, exposure.zones(tmp_path / "z.geojson", quarter))
    assert everybody == pytest.approx(alone, rel=1e-12)
    assert found.table.outside.sum() == pytest.approx(alone.sum() - found.zones[0].by_class.sum(), rel=1e-9)
    assert "live in none of the zones listed" in found.warnings[-1]["text"]


@HAZARDS
def test_a_zone_without_any_count_is_unknown_and_half_of_one_is_said(tmp_path, hazard):
    people = PEOPLE.copy()
    people[:, 10:15] = exposure.NODATA  # the third quarter of four
    strips = [
        (str(n), f"Strip {n}", "regency", None, shapely.box(WEST + n * 0.25, SOUTH, WEST + (n + 1) * 0.25, NORTH))
        for n in range(2)
    ]
    strips += [
        ("2", "Blank", "regency", None, shapely.box(116.5, SOUTH, 116.75, NORTH)),
        ("3", "Half", "district", None, shapely.box(116.25, SOUTH, 116.75, NORTH)),
    ]
    _, found = counted(hazard, tmp_path, exposure.zones(tmp_path / "z.geojson", strips), people)
    known = {zone.name: zone.known_share for zone in found.zones}
    assert known == {"Strip 0": 1.0, "Strip 1": 1.0, "Blank": 0.0, "Half": pytest.approx(0.5)}
    to_record = {"earthquake": earthquake.zone_record, "flood": flood.SCALE.zone, "ash": ash.SCALE.zone}[hazard]
    records = [to_record(zone) for zone in found.zones]
    blank = next(one for one in records if one["name"] == "Blank")
    key = "by_mmi" if hazard == "earthquake" else "by_class"
    assert {blank["people"], blank["affected"], blank["displaced"], *blank[key].values()} == {None}
    made = {"earthquake": record, "flood": flood.SCALE, "ash": ash.SCALE}[hazard].zones_csv(records, None)
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(made.decode()))}
    assert (rows["Blank"]["people"], rows["Blank"]["displaced"], rows["Blank"]["known"]) == ("", "", "0.0")
    assert float(rows["Half"]["people"]) > 0
    share = found.unknown_share
    assert any(f"{round(100 * share)} % of the land on the map has no count" in w["text"] for w in found.warnings)


@HAZARDS
@pytest.mark.parametrize("part", [False, True])
def test_ground_of_a_zone_beyond_the_data_is_not_known(tmp_path, monkeypatch, hazard, part):
    """The grid ends at 116.5 within the map: one zone lies across its edge, one beyond it, one on it."""
    monkeypatch.setattr(by_mmi, "MAX_CELLS", 50 if part else by_mmi.MAX_CELLS)
    west_half = PEOPLE[:, :10]
    named = [
        ("1", "On", "regency", None, shapely.box(116.2, -8.8, 116.4, -8.4)),
        ("2", "Across", "regency", None, shapely.box(116.4, -8.8, 116.8, -8.4)),
        ("3", "Beyond", "regency", None, shapely.box(116.8, -8.8, 116.9, -8.4)),
    ]
    _, found = counted(hazard, tmp_path, exposure.zones(tmp_path / "z.geojson", named), west_half, whole=not part)
    assert {zone.name: zone.known_share for zone in found.zones} == {
        "On": 1.0,
        "Across": pytest.approx(0.25, rel=1e-6),
        "Beyond": 0.0,
    }


@HAZARDS
def test_each_reason_for_not_known_names_its_own_cause(tmp_path, hazard):
    empty = np.full((20, 20), exposure.NODATA)
    everybody, found = counted(hazard, tmp_path, people=empty)
    assert (everybody, found.beyond_data) == (None, pytest.approx(0, abs=0.4))
    assert "no count for any cell of this map" in found.note["text"]
    assert found.unknown_share == 1
    villages = exposure.zones(tmp_path / "z.geojson", squares("village", 2))
    everybody, found = counted(hazard, tmp_path, villages)
    assert (everybody, {zone.known_share for zone in found.zones}, found.table) == (None, {0.0}, None)


@HAZARDS
def test_a_map_at_sea_where_the_data_have_no_count_is_nobody(tmp_path, hazard):
    empty = np.full((20, 20), exposure.NODATA)
    around, near, beside = (tmp_path / f"{name}.gpkg" for name in ("around", "near", "beside"))
    layers.write(around, "land", "Polygon", AROUND)
    layers.write(near, "land", "Polygon", [*AROUND, shapely.box(116.2, -8.3, 116.21, -8.29)])
    layers.write(beside, "land", "Polygon", AROUND[:1])
    everybody, found = counted(hazard, tmp_path, people=empty, basemap=around)
    assert everybody.sum() == 0
    assert "lies at sea" in found.note["text"]
    for basemap in (near, beside):  # land on the map, and a map beyond what the base map covers
        everybody, found = counted(hazard, tmp_path, people=empty, basemap=basemap)
        assert everybody is None
        assert "no count for any cell" in found.note["text"]


@HAZARDS
def test_the_sea_without_counts_is_no_gap(tmp_path, hazard):
    people = PEOPLE.copy()
    people[:, 12:] = exposure.NODATA
    coast = tmp_path / "coast.gpkg"
    layers.write(coast, "land", "Polygon", [*AROUND, shapely.box(115, -10, WEST + 12 * CELL, -7)])
    _, found = counted(hazard, tmp_path, people=people, basemap=coast)
    assert found.unknown_share > 0.2
    assert not any("no count" in warning["text"] for warning in found.warnings)
    assert any("no count" in warning["text"] for warning in counted(hazard, tmp_path)[1].warnings)


def test_land_beyond_180_degrees_is_where_the_map_is(tmp_path):
    path = tmp_path / "fiji.gpkg"
    layers.write(path, "land", "Polygon", [shapely.box(-180, -17, -179, -16), shapely.box(170, -20, 171, -14)])
    land = Land.within(path, (178, -18, 182, -15))
    assert land.holds(np.array([180.5, 179.5]), np.array([-16.5, -16.5])).tolist() == [True, False]


def level(name, mean_area, *inside):
    """Zones that hold so many people of two classes each."""
    zones = tuple(ZoneExposure(str(n), str(n), name, None, np.array(people, float)) for n, people in enumerate(inside))
    return LevelExposure(name, zones, mean_area)


@pytest.mark.parametrize(
    ("levels", "chosen"),
    [
        ([level("coarse", 9, (1000, 100)), level("fine", 1, (990, 99))], "fine"),
        ([level("coarse", 9, (1000, 100)), level("fine", 1, (980, 100))], "coarse"),  # 98 % of all
        ([level("coarse", 9, (1000, 100)), level("fine", 1, (1000, 98))], "coarse"),  # 98 % of those who are harmed
        ([level("coarse", 9, (500, 50)), level("fine", 1, (400, 40))], "coarse"),  # none holds enough
        ([level("one", 1, (500, 50), (500, 50)), level("more", 1, (500, 50), (400, 50), (100, 0))], "more"),
        ([level("first", 1, (1000, 100)), level("second", 1, (1000, 100))], "first"),
        ([level("coarse", 9, (990, 100)), level("fine", 1)], "coarse"),  # not one zone under the map
    ],
)
def test_the_level_of_the_table(levels, chosen):
    assert breakdown.choose(np.array([1000.0, 100.0]), levels, 1).level == chosen


def test_where_nobody_lives_the_finest_level_is_listed_and_covers_nothing():
    nobody = np.zeros(2)
    table = breakdown.choose(nobody, [level("coarse", 9, (0, 0)), level("fine", 1, (0, 0))], 1)
    assert (table.level, table.covers, table.outside.tolist()) == ("fine", None, [0, 0])
    assert breakdown.warnings(nobody, [level("fine", 1, (0, 0))], table) == []
    assert breakdown.choose(nobody, [], 1) is None


def test_half_a_per_cent_of_a_class_outside_all_zones_is_a_warning():
    everybody = np.array([1e6, 1000.0])
    for inside, said in (((1e6, 994), 1), ((1e6, 996), 0)):
        levels = [level("only", 1, inside)]
        assert len(breakdown.warnings(everybody, levels, breakdown.choose(everybody, levels, 1))) == said


def test_people_in_no_zone_have_a_last_row(tmp_path):
    quarter = [("1", "Satu", "regency", None, shapely.box(WEST, NORTH - 0.5, WEST + 0.5, NORTH))]
    everybody, found = counted("earthquake", tmp_path, exposure.zones(tmp_path / "z.geojson", quarter))
    zones, table = [earthquake.zone_record(zone) for zone in found.zones], earthquake.table_record(found.table)
    rows = list(csv.DictReader(io.StringIO(record.zones_csv(zones, table).decode())))
    assert (rows[-1]["level"], rows[-1]["code"]) == ("regency", "")
    for column in ("people", "mmi_7", "affected", "displaced", "fatalities_pager"):
        whole = {"people": everybody.sum(), "mmi_7": everybody[6], "affected": everybody[1:].sum()}
        deaths = earthquake.estimate(everybody)
        whole |= {"displaced": deaths["displaced"], "fatalities_pager": deaths["fatalities"]["pager"]["expected"]}
        assert sum(float(row[column]) for row in rows) == pytest.approx(whole[column], rel=1e-9)


def test_a_record_without_a_table_lists_the_level_with_most_zones():
    zones = [
        {"level": "province", "people": 9.0},
        {"level": "regency", "people": 5.0},
        {"level": "regency", "people": 4.0},
    ]
    assert listed.counted({"hazard": "flood", "zones": zones}) == zones[1:]
    assert listed.counted({"hazard": "flood", "zones": zones, "table": {"level": "province"}}) == zones[:1]
    assert listed.counted({"hazard": "flood", "zones": [zones[0] | {"people": None}], "table": None}) == []


def test_a_gap_where_the_shaking_is_strong_is_told_however_small_it_is(tmp_path):
    people = PEOPLE.copy()
    people[8:10, 19] = exposure.NODATA  # two of 400 cells, in the strongest class
    _, found = counted("earthquake", tmp_path, people=people)
    assert found.nodata_cells == 2
    assert any("have no count" in warning["text"] for warning in found.warnings)


def test_gaps_count_nothing_of_a_map_without_cells():
    assert gaps.Gaps.of(None, 4).unknown_share is None
