"""Which maps show one quake, which of them counts, and what one changed: by any order of arrival."""

import copy
import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fixtures.grids import make_grid
from hypothesis import given
from hypothesis import strategies as st

from siaga import language
from siaga.gis.people.by_mmi import Shaken
from siaga.hazard.gridxml import read_shakemap
from siaga.impact import earthquake, quakes, record, versions
from siaga.impact.versions import Revision
from siaga.report.earthquake import changes

START = datetime(2018, 2, 20, 9, 29, 28, tzinfo=UTC)
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


def joined(maps):
    return [list(quake.versions) for quake in quakes.join(maps)]


sets = st.lists(revisions, max_size=14, unique_by=lambda one: (one.event_id, one.version))


@given(sets, st.randoms())
def test_quakes_do_not_depend_on_the_order_of_arrival(given_, order):
    other = list(given_)
    order.shuffle(other)
    assert quakes.join(other) == quakes.join(given_)


@given(sets)
def test_each_version_is_of_one_quake_and_no_pair_of_ids_breaks_the_rule(given_):
    found = quakes.join(given_)
    assert sorted(repr(one) for quake in found for one in quake.versions) == sorted(map(repr, given_))
    for quake in found:
        assert list(quake.versions) == versions.newest_first(quake.versions)
        assert len({one.drill for one in quake.versions}) == 1
        newest = {}
        for one in quake.versions:
            newest.setdefault(one.event_id, {}).setdefault(one.source_type, one)
        for one, other in itertools.combinations(newest.values(), 2):
            shared = one.keys() & other.keys()
            assert all(quakes.surely_one(one[kind], other[kind]) for kind in shared)
            if not shared:
                assert all(quakes.same_quake(a, b) for a in one.values() for b in other.values())


@given(sets)
def test_quakes_in_doubt_name_each_other_and_exercises_name_no_real_ones(given_):
    found = quakes.join(given_)
    shown = {quake.versions[0]: quake for quake in found}
    for quake in found:
        for other in quake.doubtful:
            assert quake.versions[0] in shown[other].doubtful
            assert other.drill == quake.versions[0].drill
            assert other not in quake.versions


@given(sets, st.randoms())
def test_the_order_of_versions_is_one_whatever_came_first(given_, order):
    ranked = versions.newest_first(given_)
    assert versions.newest_first(order.sample(given_, len(given_))) == ranked
    sources = [one.source_type for one in ranked]
    assert sources == sorted(sources)  # corrected, then initial
    for source in set(sources):
        made = [one for one in ranked if one.source_type == source and one.process_time]
        assert [one.process_time for one in made] == sorted((one.process_time for one in made), reverse=True)


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
    assert quakes.same_quake(INITIAL, other) is quakes.same_quake(other, INITIAL) is same
    assert len(quakes.join([INITIAL, other])) == (1 if same else 2)


def test_a_difference_of_one_is_one_also_in_binary():
    assert quakes.same_quake(moved(magnitude=6.9), replace(INITIAL, magnitude=5.9))


def first(name, seconds=0, **more):
    """An initial map of its own id."""
    more = {"longitude": 124.42, "latitude": 1.34, "magnitude": 5.0} | more
    version = f"initial-v001-{ord(name[-1]):08x}"
    return replace(INITIAL, event_id=name, version=version, time=START + timedelta(seconds=seconds), **more)


def corrected(name, seconds=0, **more):
    """A corrected map of its own id."""
    one = first(name, seconds, **more)
    return replace(one, source_type="corrected", version=one.version.replace("initial", "corrected"))


def ids(maps):
    return sorted(sorted({one.event_id for one in quake}) for quake in joined(maps))


def doubts(maps):
    return {quake.versions[0].event_id: [one.event_id for one in quake.doubtful] for quake in quakes.join(maps)}


@pytest.mark.parametrize(
    ("more", "same", "doubtful"),
    [
        ({"seconds": 15}, True, False),
        ({"seconds": 16}, False, True),
        ({"seconds": -60}, False, True),
        ({"seconds": 61}, False, False),
        ({"latitude": 1.34 + 49.9 / 111.195}, True, False),
        ({"latitude": 1.34 + 50.1 / 111.195}, False, True),
        ({"latitude": 1.34 + 100.1 / 111.195}, False, False),
        ({"magnitude": 5.5}, True, False),
        ({"magnitude": 5.6}, False, True),
        ({"magnitude": 6.1}, False, False),
        ({"longitude": 124.42 - 360}, True, False),
        ({"drill": True}, False, False),
    ],
)
@pytest.mark.parametrize("kind", [first, corrected])
def test_two_maps_of_one_kind_are_one_quake_only_as_revisions_of_one_solution(kind, more, same, doubtful):
    pair = [kind("a"), kind("b", **more)]
    assert ids(pair) == ([["a", "b"]] if same else [["a"], ["b"]])
    if not same:
        assert doubts(pair) == ({"a": ["b"], "b": ["a"]} if doubtful else {"a": [], "b": []})


def test_a_doublet_stays_two_quakes_that_name_each_other():
    pair = [first("main", magnitude=6.4), first("after", 45, magnitude=5.5, latitude=1.74, longitude=124.82)]
    assert ids(pair) == [["after"], ["main"]]
    assert doubts(pair) == {"main": ["after"], "after": ["main"]}


def test_each_initial_map_of_a_doublet_goes_with_its_own_corrected_one():
    main, after = first("main", magnitude=6.4), first("after", 45, magnitude=5.5, latitude=1.74)
    of_main, of_after = corrected("c1", 2, magnitude=6.2), corrected("c2", 40, magnitude=5.7, latitude=1.70)
    assert ids([main, after, of_main, of_after]) == [["after", "c2"], ["c1", "main"]]
    assert ids([main, after, of_main]) == [["after"], ["c1", "main"]]
    assert ids([main, after, of_after]) == [["after", "c2"], ["main"]]
    assert doubts([main, after, of_after]) == {"c2": ["main"], "main": ["c2"]}


def test_a_row_of_quakes_each_near_the_next_is_not_one_quake():
    row = [first(f"q{n}", seconds) for n, seconds in enumerate((0, 12, 22, 36))]
    assert ids(row) == [["q0"], ["q1", "q2"], ["q3"]]
    assert doubts(row)["q0"] == ["q2", "q3"]


def test_places_on_both_sides_of_180_degrees_are_near():
    assert ids([first("a", longitude=179.9), corrected("b", longitude=-179.9)]) == [["a", "b"]]
    assert ids([first("a", longitude=179.9), first("b", longitude=-179.9)]) == [["a", "b"]]


def test_an_id_in_other_letters_is_the_same_id():
    assert ids([first("us7000N05D"), first("us7000n05d", 3000)]) == [["us7000N05D", "us7000n05d"]]


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
        assert versions.newest_first(shuffled) == ladder[::-1]


def made(number, day):
    process_time = f"2018-05-{day:02d}T00:00:00Z" if day else ""
    return replace(INITIAL, number=number, version=f"initial-v{number:03d}-{day:08x}", process_time=process_time)


@pytest.mark.parametrize(
    ("maps", "newest"),
    [
        ([(6, 5), (1, 25)], [(1, 25), (6, 5)]),  # USGS: v3.5's sixth map, v4's first
        ([(6, 5), (1, 25), (7, 4)], [(1, 25), (6, 5), (7, 4)]),
        ([(6, 5), (1, 25), (2, 26), (7, 5)], [(2, 26), (1, 25), (7, 5), (6, 5)]),
        ([(2, 0), (10, 0)], [(10, 0), (2, 0)]),
        ([(6, 5), (1, 25), (2, 0)], [(2, 0), (1, 25), (6, 5)]),
    ],
)
def test_a_counter_that_began_again_does_not_hide_what_was_made_later(maps, newest):
    for order in itertools.permutations(maps):
        found = versions.newest_first(made(*one) for one in order)
        assert found == [made(*one) for one in newest]


def test_a_counter_that_began_again_is_said():
    before = impact(version="6", process_time="2018-08-06T00:00:00Z")
    after = impact(version="1", process_time="2018-08-26T00:00:00Z", sha="bbbbbbbb")
    assert quakes.below(after, [before, after]) is before
    assert (
        "version 1 was made after version 6 and counts." in changes.change(before, after, language.load("en")).sentence
    )
    said = changes.change(before, after, language.load("id")).sentence
    assert "versi 1 dibuat setelah versi 6 dan berlaku." in said
    assert "number again" not in changes.change(after, before, language.load("en")).sentence


def test_an_exercise_under_a_real_events_id_stays_apart():
    drill = replace(INITIAL, drill=True, version="initial-v009-cccccccc", number=9)
    assert [[one.version for one in quake] for quake in joined([drill, INITIAL])] in (
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
        **earthquake.estimate(by_mmi),
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
        assert quakes.below(corrected, records) is second
        assert quakes.below(second, records) is first
        assert quakes.below(first, records) is None
        assert quakes.below(foreign, records) is None
    assert quakes.below(corrected, []) is None


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
    assert joined([initial, corrected]) == joined([corrected, initial]) == [[corrected, initial]]
