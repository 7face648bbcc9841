"""Floods: people's figures by hand, what changed, when it was wet, how often."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.floodruns import frequencies

from siaga.hazard.flood import FloodMap, read_flood
from siaga.impact import flood, floodtrend, needs
from siaga.impact.breakdown import ZoneExposure
from siaga.impact.floodtrend import Episode, episodes, histogram, trend

FLOODS = (Path(__file__).parent / "fixtures" / "petabencana" / "floods.json").read_bytes()
START = datetime(2026, 11, 21, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_figures_are_inasafes_and_unrounded():
    found = flood.SCALE.estimate(np.array([1000.0, 100.5, 20.0, 3.0]))
    assert found["affected"] == pytest.approx(123.5, rel=1e-12)  # state 1 is not affected
    assert found["displaced"] == pytest.approx(1.005 + 0.6 + 0.15, rel=1e-12)
    assert found["planning"]["people"] == found["displaced"]
    assert found["planning"]["needs"]["rice_kg_week"] == pytest.approx(2.8 * 1.755, rel=1e-12)
    assert found["planning"]["groups"] == needs.groups(found["displaced"])


def test_what_is_not_known_is_null():
    assert flood.SCALE.estimate(None) == {"affected": None, "displaced": None, "planning": None}


def test_a_zones_record_has_all_classes():
    zone = ZoneExposure("3174", "Jakarta Barat", "kabupaten", "31", np.array([0.0, 50.0, 0.0, 2.0]))
    record = flood.SCALE.zone(zone)
    assert record["by_class"] == {"1": 0.0, "2": 50.0, "3": 0.0, "4": 2.0}
    assert (record["people"], record["affected"]) == (52.0, 52.0)
    assert record["displaced"] == pytest.approx(0.6, rel=1e-12)
    assert [record[name] for name in ("code", "name", "level", "parent")] == [
        "3174",
        "Jakarta Barat",
        "kabupaten",
        "31",
    ]


def test_the_map_is_described_also_when_all_is_dry():
    record = flood.flooding(read_flood(FLOODS))
    assert (record["areas"], record["highest_class"]) == (4, "4")
    assert (record["west"], record["south"], record["east"], record["north"]) == (106.8, -6.23, 106.88, -6.19)
    assert record["depths_cm"]["3"] == [71, 150]
    dry = flood.flooding(FloodMap(()))
    assert (dry["areas"], dry["highest_class"], dry["west"]) == (0, None, None)


def test_what_changed_between_two_snapshots():
    before = {"a": 2, "b": 3, "c": 4, "d": 2, "e": 1}
    now = {"b": 4, "c": 2, "d": 2, "e": 2, "f": 1, "g": 3}
    found = trend(before, now)
    assert found.newly_flooded == ("e", "g")
    assert found.receded == ("a",)
    assert found.worse == ("b",)
    assert found.better == ("c",)


STATES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 4))


@given(STATES, STATES)
def test_the_way_back_is_the_other_way_round(before, now):
    there, back = trend(before, now), trend(now, before)
    assert (there.newly_flooded, there.receded, there.worse, there.better) == (
        back.receded,
        back.newly_flooded,
        back.better,
        back.worse,
    )
    assert trend(now, now) == floodtrend.Trend((), (), (), ())


def series(text):
    """Hours by a letter each: a digit is the highest state, "?" unknown, " " left out."""
    return [
        (START + number * HOUR, None if letter == "?" else int(letter))
        for number, letter in enumerate(text)
        if letter != " "
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("00110", []),  # caution is no flood
        ("0230", [(1, 2, 3, 2, 0)]),
        ("20000003", [(0, 7, 3, 2, 0)]),  # six dry hours between: one flood
        ("200000003", [(0, 0, 2, 1, 0), (8, 8, 3, 1, 0)]),  # seven: two
        ("2??0?2", [(0, 5, 2, 2, 3)]),
        ("2    02", [(0, 6, 2, 2, 4)]),
        ("2???????2", [(0, 0, 2, 1, 0), (8, 8, 2, 1, 0)]),
        ("4000000200000020", [(0, 14, 4, 3, 0)]),
        ("??2??", [(2, 2, 2, 1, 0)]),
    ],
)
def test_episodes_are_runs_of_wet_hours(text, expected):
    assert episodes(series(text)) == [
        Episode(START + first * HOUR, START + last * HOUR, peak, wet, unknown)
        for first, last, peak, wet, unknown in expected
    ]


def test_an_episode_lasts_to_the_end_of_its_last_hour():
    assert [one.hours for one in episodes(series("2030"))] == [3]


@given(st.text(alphabet="0124? ", max_size=60))
def test_no_wet_hour_is_lost_and_no_two_episodes_touch(text):
    found = episodes(series(text))
    assert sum(one.wet_hours for one in found) == sum(letter in "24" for letter in text)
    for one in found:
        assert 1 <= one.wet_hours + one.unknown_hours <= one.hours
    for one, after in pairwise(found):
        assert after.first - one.last > 7 * HOUR


def test_how_often_each_area_was_flooded():
    history = [
        (START, {"a": 2, "b": 1}),
        (START + HOUR, {"a": 3}),
        (START + 2 * HOUR, None),
        (START + 20 * HOUR, {"a": 2, "c": 4}),
    ]
    found = frequencies(history)
    assert [(one.geom_id, one.episodes, one.hours, one.peak) for one in found] == [("a", 2, 3, 3), ("c", 1, 1, 4)]
    assert found[0].by_state == {2: 2, 3: 1}
    assert histogram(found)[:2] == [(1, 1, 1), (2, 2, 1)]
    assert sum(areas for _, _, areas in histogram(found)) == 2


def test_bins_leave_no_number_out():
    for episodes_of_one in range(1, 40):
        one = floodtrend.Frequency("a", episodes_of_one, 1, 2, {})
        assert sum(areas for _, _, areas in histogram([one])) == 1
