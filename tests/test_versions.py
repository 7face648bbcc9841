"""Which maps show one quake, which of them counts, and what one changed: by any order of arrival."""

import copy
import random
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from fixtures.grids import make_grid
from hypothesis import given
from hypothesis import strategies as st

from siaga import language
from siaga.gis.shaken import Shaken
from siaga.hazard.gridxml import read_shakemap
from siaga.impact import earthquake, record, versions
from siaga.impact.versions import Revision
from siaga.report import changes

START = datetime(2018, 2, 20, 9, 29, 28)
INITIAL = Revision(
    "20180220163351", "initial-v001-aaaaaaaa", "initial", 1, "2018-02-20T09:36:46Z", START, 124.42, 1.34, 5.0, False
)
CORRECTED = replace(INITIAL, event_id="long", version="corrected-v001-bbbbbbbb", source_type="corrected", latitude=1.40)

revisions = st.builds(
    lambda number, source, name, seconds, where, magnitude, drill: Revision(
        f"id{name}",
        f"{source}-v{number % 4:03d}-{number:08x}",
        source,
        number % 4,
        "" if number % 3 else f"2018-02-20T09:{number % 60:02d}:00Z",
        START + timedelta(seconds=seconds),
        124.0 + where,
        1.0,
        magnitude,
        drill,
    ),
    st.integers(0, 10_000),
    st.sampled_from(["initial", "corrected"]),
    st.integers(0, 6),
    st.integers(0, 240),
    st.floats(0, 2),
    st.sampled_from([4.0, 4.8, 5.0, 5.9, 6.4]),
    st.booleans(),
)
sets = st.lists(revisions, max_size=14, unique_by=lambda one: (one.event_id, one.version))


@given(sets, st.randoms())
def test_quakes_do_not_depend_on_the_order_of_arrival(given_, order):
    other = list(given_)
    order.shuffle(other)
    assert versions.join(other) == versions.join(given_)


@given(sets)
def test_each_version_is_of_one_quake_the_newest_first_and_no_pair_breaks_the_rule(given_):
    quakes = versions.join(given_)
    assert sorted(repr(one) for quake in quakes for one in quake) == sorted(map(repr, given_))
    for quake in quakes:
        assert [one.rank for one in quake] == sorted((one.rank for one in quake), reverse=True)
        assert len({one.drill for one in quake}) == 1
        stand_in = {}
        for one in quake:
            stand_in.setdefault(one.event_id, one)
        assert all(versions.same_quake(one, other) for one in stand_in.values() for other in stand_in.values())


@given(sets)
def test_what_comes_late_changes_the_shown_version_only_if_it_outranks_it(given_):
    """For one event, whose joining the newcomer cannot change."""
    seen = []
    for one in given_:
        one = replace(one, event_id="id0", drill=False)
        if any(other.version == one.version for other in seen):
            continue
        shown = versions.join(seen)[0][0] if seen else None
        seen.append(one)
        assert versions.join(seen)[0][0] == (one if shown is None or one.rank > shown.rank else shown)


def moved(**more):
    return replace(CORRECTED, **more)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (CORRECTED, True),
        (moved(time=START + timedelta(seconds=60)), True),
        (moved(time=START - timedelta(seconds=61)), False),
        (moved(latitude=1.34 + 99.9 / 111.195), True),
        (moved(latitude=1.34 + 100.1 / 111.195), False),
        (moved(magnitude=6.0), True),
        (moved(magnitude=3.9), False),
        (moved(drill=True), False),
        (moved(longitude=124.42 - 360), True),
    ],
)
def test_the_rule_of_joining(other, same):
    assert versions.same_quake(INITIAL, other) is versions.same_quake(other, INITIAL) is same
    assert len(versions.join([INITIAL, other])) == (1 if same else 2)


def test_a_difference_of_one_is_one_also_in_binary():
    assert versions.same_quake(moved(magnitude=6.9), moved(event_id="x", magnitude=5.9))


def test_a_row_of_quakes_each_within_a_minute_of_the_next_is_not_one_quake():
    row = [
        moved(event_id=f"q{n}", version=f"initial-v001-0000000{n}", time=START + timedelta(seconds=50 * n))
        for n in range(4)
    ]
    row[2] = replace(row[2], time=START + timedelta(seconds=90))  # nearer to the second than that to the first
    assert [sorted(one.event_id for one in quake) for quake in versions.join(row)] == [["q3"], ["q1", "q2"], ["q0"]]


def test_rank_is_by_source_number_process_time_and_content():
    low = Revision("a", "initial-v001-00000001", "initial", 1, "", START, 0, 0, 5, False)
    ladder = [
        low,
        replace(low, process_time="2018-02-20T09:00:00Z"),
        replace(low, process_time="2018-02-20T09:10:00Z", version="initial-v001-00000000"),
        replace(low, process_time="2018-02-20T09:10:00Z"),
        replace(low, number=2, version="initial-v002-00000001"),
        replace(low, number=10, version="initial-v010-00000001"),
        replace(low, source_type="corrected", version="corrected-v001-00000000"),
    ]
    for _round in range(5):
        shuffled = random.Random(_round).sample(ladder, len(ladder))
        assert sorted(shuffled, key=lambda one: one.rank) == ladder


def test_an_exercise_under_a_real_events_id_stays_apart():
    drill = replace(INITIAL, drill=True, version="initial-v009-cccccccc", number=9)
    assert [[one.version for one in quake] for quake in versions.join([drill, INITIAL])] in (
        [[drill.version], [INITIAL.version]],
        [[INITIAL.version], [drill.version]],
    )


def impact(people=(0, 0, 0, 0, 0, 2e5, 1e5, 3e4, 0, 0), source="initial", sha="aaaaaaaa", **grid):
    """An impact.json's parts that versions compare."""
    shakemap = read_shakemap(make_grid(**grid))
    by_mmi = None if people is None else np.array(people, dtype=float)
    return {
        "event_id": shakemap.event_id,
        "version": f"{source}-v{shakemap.number:03d}-{sha}",
        "version_number": shakemap.number,
        "source_type": source,
        "drill": bool(shakemap.drill_reason),
        "event": record.event(shakemap),
        "map": record.shaking(shakemap),
        "people": record.people(by_mmi, None, Shaken(by_mmi)),
        **earthquake.figures(by_mmi),
    }


def test_what_changed_is_one_sentence_and_the_numbers():
    before = impact(magnitude=6.8, depth=18)
    after = impact((0, 0, 0, 0, 0, 2e5, 9e5, 142_400, 3e4, 0), "corrected", "bbbbbbbb", lat=-8.25)
    kept = copy.deepcopy((before, after))
    found = versions.difference(before, after)
    assert found.changed["people_mmi8_plus"].difference == 142_400
    assert found.changed["magnitude"].difference == pytest.approx(0.1)
    assert found.moved_km == pytest.approx(5.56, abs=0.01)
    told = changes.change(before, after, language.load("en"))
    assert told.sentence.startswith("The level rises from YELLOW to ORANGE; ")
    assert "142\u00a0thousand more people at MMI VIII and above; magnitude +0.1; depth −3\u00a0km" in told.sentence
    assert told.sentence.endswith("epicentre moved 6 km to the north; corrected map.")
    assert (told.before, told.after) == ("Version 1, initial", "Version 1, corrected")
    row = told.row("people_mmi8_plus")
    assert (row.before, row.after, row.difference) == ("30,000", "172,400", "+142,400")
    assert told.rows[0].difference == "one level up"
    indonesian = changes.change(before, after, language.load("id"))
    assert (
        "142\u00a0ribu orang lebih banyak di MMI VIII ke atas; magnitudo +0,1; kedalaman −3\u00a0km"
        in indonesian.sentence
    )
    assert (before, after) == kept


def test_the_other_way_round_all_signs_turn():
    before, after = impact(), impact((0, 0, 0, 0, 0, 2e5, 9e5, 142_400, 3e4, 0), depth=20)
    there, back = (changes.change(*pair, language.load("en")) for pair in ((before, after), (after, before)))
    turn = str.maketrans("+−", "−+")
    for first, second in zip(there.rows[1:], back.rows[1:], strict=True):
        assert (first.before, first.after) == (second.after, second.before)
        assert first.difference.translate(turn) == second.difference
    assert "falls" in back.sentence
    assert "fewer people" in back.sentence


def test_nothing_changed_is_said():
    told = changes.change(impact(), impact(), language.load("en"))
    assert told.sentence == "The level stays YELLOW."
    assert {row.difference for row in told.rows} == {"unchanged"}
    assert versions.difference(impact(), impact()).changed == {}


@pytest.mark.parametrize("code", ["id", "en"])
def test_unknown_people_are_not_compared(code):
    known, unknown = impact(), impact(None)
    _ = language.load(code)
    for pair in ((known, unknown), (unknown, known), (unknown, unknown)):
        told = changes.change(*pair, _)
        row = told.row("people_mmi6_plus")
        assert _("not known") in (row.before, row.after)
        assert row.difference == (_("unchanged") if pair == (unknown, unknown) else _("not comparable"))
        assert "None" not in repr(told)


@given(st.floats(0, 3e6), st.floats(0, 3e6))
def test_a_printed_difference_is_that_of_the_printed_cells(before, after):
    told = changes.change(
        impact((0, 0, 0, 0, 0, 0, 0, before, 0, 0), nlon=9, nlat=9, spacing=0.1),
        impact((0, 0, 0, 0, 0, 0, 0, after, 0, 0), nlon=9, nlat=9, spacing=0.1),
        language.load("en"),
    )
    row = told.row("people_mmi8_plus")
    cells = [int(cell.replace(",", "").replace("<100", "0")) for cell in (row.before, row.after)]
    words = {"unchanged": 0, "hardly any": 0}
    said = row.difference.replace(",", "").replace("−", "-")
    assert (words[said] if said in words else int(said)) == cells[1] - cells[0]


def test_the_version_just_below():
    first, second = impact(version="1"), impact(version="2", sha="bbbbbbbb")
    corrected = impact(event_id="long_id", source="corrected", sha="cccccccc")
    foreign = impact(event_id="other", time="2018-08-05T18:48:35", sha="dddddddd")
    exercise = impact(event_id="x_se", event_type="SCENARIO", sha="eeeeeeee", version="3")
    for order in range(6):
        records = random.Random(order).sample([first, second, corrected, foreign, exercise], 5)
        assert versions.below(corrected, records) is second
        assert versions.below(second, records) is first
        assert versions.below(first, records) is None
        assert versions.below(foreign, records) is None
    assert versions.below(corrected, []) is None


def test_the_real_minahassa_pair_is_one_quake(shared):
    pair = {
        "initial": shared / "data/shakemap/20180220163351/grid.xml",
        "corrected": next((shared / "data/shakemap-corrected").glob("*/grid.xml")),
    }
    read = {source: read_shakemap(path.read_bytes()) for source, path in pair.items()}
    records = [
        {
            "event_id": shakemap.event_id,
            "version": f"{source}-v001-0000000a",
            "version_number": shakemap.number,
            "source_type": source,
            "drill": bool(shakemap.drill_reason),
            "event": record.event(shakemap),
        }
        for source, shakemap in read.items()
    ]
    initial, corrected = (Revision.of(one) for one in records)
    assert initial.event_id != corrected.event_id
    assert versions.join([initial, corrected]) == versions.join([corrected, initial]) == [[corrected, initial]]
