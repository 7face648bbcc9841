"""The tour of all keys: part by part, new folders first seen by their names alone."""

from datetime import UTC, datetime

import pytest

from gateway.tour import Tour
from siaga import keys
from siaga.errors import NotFound
from siaga.inputs.listing import listed


def test_new_folders_are_seen_whatever_their_clock_and_known_ones_are_not_listed(store):
    for number in range(30):
        store.put(keys.SHAKEMAPS, f"2018022016{number:04d}/grid.xml", b"x")
    tour = Tour(store, [(keys.RESULTS, "earthquake/"), (keys.SHAKEMAPS, "")])
    assert list(tour.new_folders(60)) == []
    assert list(tour.new_folders(60)) == []
    store.put(keys.SHAKEMAPS, "19990101000000/intensity.jpg", b"x")
    store.put(keys.SHAKEMAPS, "us7000n05d/output/grid.xml", b"x")
    assert [head.key for _, head in tour.new_folders(60)] == [
        "19990101000000/intensity.jpg",
        "us7000n05d/output/grid.xml",
    ]
    assert list(tour.new_folders(60)) == []
    store.put(keys.SHAKEMAPS, "19990101000000/grid.xml", b"after its companions")
    assert "19990101000000/grid.xml" in [head.key for _, head in tour.touched(60)]


def test_names_of_folders_are_gone_through_part_by_part(store, monkeypatch):
    monkeypatch.setattr("gateway.tour._PAGE", 10)
    for number in range(25):
        store.put(keys.SHAKEMAPS, f"2018022016{number:04d}/grid.xml", b"x")
    tour = Tour(store, [(keys.SHAKEMAPS, "")])
    for _ in range(3):
        assert list(tour.new_folders(0)) == []
    store.put(keys.SHAKEMAPS, "us7000n05d/grid.xml", b"x")
    assert [[head.key for _, head in tour.new_folders(0)] for _ in range(3)] == [[], [], ["us7000n05d/grid.xml"]]


def test_folders_into_which_something_came_lately_are_looked_into_in_turn(store, monkeypatch):
    monkeypatch.setattr("gateway.tour._MOST_TOUCHED", 3)
    names = [f"2018022016{number:04d}/grid.xml" for number in range(3)]
    for name in [*names, f"{datetime.now(UTC):%Y%m%d%H%M%S}/grid.xml"]:
        store.put(keys.SHAKEMAPS, name, b"x")
    tour = Tour(store, [(keys.RESULTS, "earthquake/"), (keys.SHAKEMAPS, "")])
    assert list(tour.touched(60)) == []
    assert len(list(tour.part(60))) == 4
    etag = store.put(keys.SHAKEMAPS, names[1], b"a new version")
    assert [head.key for _, head in tour.touched(0)] == names[:1]
    assert [(head.key, head.etag) for _, head in tour.touched(0)] == [(names[1], etag)]
    assert [head.key for _, head in tour.touched(60)] == [names[2], *names[:2]]
    for number in range(8):
        store.put(keys.SHAKEMAPS, f"2019022016{number:04d}/grid.xml", b"x")
    list(tour.part(60))
    assert 3 <= len(list(tour.touched(60))) <= 6  # the newest, however many there are


def test_a_tour_goes_on_where_it_was_and_a_missing_bucket_makes_it_none(store, monkeypatch):
    monkeypatch.setattr("gateway.tour._PAGE", 10)
    names = [f"2018022016{number:04d}/grid.xml" for number in range(35)]
    for name in names:
        store.put(keys.SHAKEMAPS, name, b"x")
    tour = Tour(store, [(keys.SHAKEMAPS, "")])
    tour.begin()
    parts = [[head.key for _, head in tour.part(0)] for _ in range(4)]
    assert [len(part) for part in parts] == [10, 10, 10, 5]
    assert [name for part in parts for name in part] == names
    assert (tour.keys, tour.hurries) == (35, False)
    assert tour.last_full
    missing = Tour(store, [("aaa-no-such-bucket", ""), (keys.SHAKEMAPS, "")])
    missing.begin()
    seen = []
    with pytest.raises(NotFound):
        seen.extend(head.key for _, head in missing.part(60))
    assert (missing.last_full, missing.hurries) == (None, True)


def test_a_map_below_an_object_that_is_named_like_its_folder_is_listed_in_its_place_and_once(store):
    hiding = "20180220163351"
    names = ["2018", "20180101000000/grid.xml", hiding, f"{hiding}-b/grid.xml", f"{hiding}/grid.xml"]
    names += [f"{hiding}/output/grid.xml", "20190101000000/grid.xml", "us7000n05d/grid.xml"]
    for name in names:
        store.put(keys.SHAKEMAPS, name, name.encode())
    assert f"{hiding}/grid.xml" not in [head.key for head in store.list(keys.SHAKEMAPS)]
    for number, name in enumerate(names):
        rest = [head.key for head in listed(store, keys.SHAKEMAPS, start_after=name)]
        assert rest == names[number + 1 :], f"after {name}"
    assert [head.key for head in listed(store, keys.SHAKEMAPS, f"{hiding}/")] == names[4:6]
    tour = Tour(store, [(keys.SHAKEMAPS, "")])
    assert [head.key for _, head in tour.part(60)] == names
