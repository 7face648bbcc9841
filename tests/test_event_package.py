"""The event GeoPackage's figures: they add up, and unknown is null."""

import shapely
from fixtures.grids import make_grid
from fixtures.impacts import make_impact

from siaga.gis import layers
from siaga.gis.map import eventpackage
from siaga.hazard.gridxml import read_shakemap

WORDS = dict.fromkeys(("bands", "zones", "contours", "structures", "places", "epicentre"), "x")


def zones_of(impact, bands, path):
    """(shape, row) of each zone in the package of that impact."""
    outlines = {zone["code"]: shapely.MultiPolygon([shapely.box(115, -9, 117, -8)]) for zone in impact["zones"]}
    contents = eventpackage.Contents(impact, read_shakemap(make_grid()), bands, outlines, None, WORDS)
    eventpackage.make(path, contents)
    return list(zip(*layers.read(path, "zones"), strict=True))


def test_zones_and_who_lives_outside_add_up(tmp_path, qgis):
    impact, bands = make_impact([0, 0, 0, 0, 0, 4e5, 0, 1e4, 0, 0], [("Kota X", 0.5), ("Kota Y", 0.25)])
    rows = [row for _shape, row in zones_of(impact, bands, tmp_path / "event.gpkg")]
    assert [row["name"] for row in rows] == ["Kota X", "Kota Y", "outside these zones"]
    assert {row["level"] for row in rows} == {"regency"}
    for name, total in (("people", 410_000), ("mmi_6", 400_000), ("mmi_8", 10_000)):
        assert sum(row[name] for row in rows) == total
    assert rows[-1]["known"] is None


def test_a_zone_without_a_count_is_null_and_says_what_share_is_known(tmp_path, qgis):
    impact, bands = make_impact([0, 0, 0, 0, 0, 4e5, 0, 1e4, 0, 0], [("Kota X", 0.5), ("Kota Y", 0.5)])
    impact["zones"][0]["known"] = 0.4
    unknown = impact["zones"][1]
    unknown |= {"known": 0.0, "people": None, "affected": None, "displaced": None}
    unknown["by_mmi"] = dict.fromkeys(unknown["by_mmi"])
    unknown["fatalities"] = {model: {"expected": None} for model in impact["zones"][0]["fatalities"]}
    (_shape, half), (_other, none) = zones_of(impact, bands, tmp_path / "event.gpkg")
    assert half["known"] == 0.4
    assert half["people"] > 0
    figures = {value for name, value in none.items() if name not in ("code", "name", "level", "parent", "known")}
    assert (none["known"], figures) == (0.0, {None})


def test_an_older_result_keeps_its_zones(tmp_path, qgis):
    impact, bands = make_impact([0, 0, 0, 0, 0, 4e5, 0, 0, 0, 0], [("Kota X", 0.5)])
    del impact["table"], impact["zones"][0]["known"]
    ((_shape, row),) = zones_of(impact, bands, tmp_path / "event.gpkg")
    assert (row["people"], row["known"]) == (200_000, None)
