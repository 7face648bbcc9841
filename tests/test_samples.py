"""What the demonstration sends: real where it is at hand, else made, and whole either way."""

import pytest

from siaga import keys, stack
from siaga.cli import samples
from siaga.gis.people import ash_ground
from siaga.hazard.ash import classify, read_request
from siaga.hazard.flood import read_flood
from siaga.settings import REPOSITORY


@pytest.fixture(params=["made", "real"])
def folder(request, tmp_path):
    """Without real inputs, and with them."""
    return tmp_path if request.param == "made" else request.getfixturevalue("shared") / "data"


def test_the_flood_can_be_reported_and_has_names(folder):
    ((key, body),) = samples.flood(folder).objects
    found = read_flood(body)
    assert found.highest >= 2
    assert all(area.parent_name and len(area.geom_id) == 16 for area in found.areas)
    assert len(found.states) == len(found.areas)
    assert [one.name for one in stack.waking(stack.load(REPOSITORY / "stack.yml"), keys.FLOODMAPS, key)] == ["on-flood"]


def test_the_ash_fall_reaches_every_class_near_its_volcano(folder):
    (first, raster), (last, told) = samples.ash(folder).objects
    eruption = read_request(told)
    fall = ash_ground.read(raster, eruption)
    assert set(classify(fall.thickness).ravel().tolist()) == {0, 1, 2, 3, 4, 5}
    assert (first, last) == (eruption.event_id.raster, eruption.event_id.request)


def test_what_is_made_says_so_and_is_the_same_each_time(tmp_path):
    assert samples.flood(tmp_path) == samples.flood(tmp_path)
    assert samples.ash(tmp_path) == samples.ash(tmp_path)
    assert all(area.city_name == "Contoh" for area in read_flood(samples.flood(tmp_path).objects[0][1]).areas)
    assert "contoh" in samples.ash(tmp_path).objects[1][0]
