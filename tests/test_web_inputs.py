"""The web app's index of inputs: in parts, complete at the end of a tour, recent ones at once."""

from datetime import UTC, datetime

import pytest
from fixtures.pages import opened, text

from siaga import keys
from web.index import inputs

OLD = [f"201809{day:02d}120000/grid.xml" for day in range(1, 8)]


@pytest.fixture
def web(store, minio, tmp_path):
    return opened(store, minio, tmp_path)


def waiting(index):
    index.inputs.join()
    return sorted(content.key for content, _function, _modified in index.inputs.waiting(100))


def test_a_tour_in_parts_sees_all_and_what_is_recent_comes_with_the_first(web, monkeypatch):
    store, index, _ = web
    monkeypatch.setattr(inputs, "_PAGE", 2)
    recent = f"{datetime.now(UTC):%Y%m%d%H%M%S}/grid.xml"
    for key in (*OLD, recent):
        store.put(keys.SHAKEMAPS, key, b"x")
    index.inputs.refresh(0)
    assert waiting(index) == [*OLD[:2], recent]
    for part in (4, 6, 7):
        index.inputs.refresh(0)
        assert waiting(index) == [*OLD[:part], recent]
    store.delete(keys.SHAKEMAPS, OLD[0])
    store.put(keys.SHAKEMAPS, OLD[3], b"another")
    index.inputs.refresh()  # the rest of that tour
    index.inputs.refresh()
    assert waiting(index) == [*OLD[1:], recent]
    assert [one.etag for one, *_ in index.inputs.waiting(9) if one.key == OLD[3]] == [
        store.head(keys.SHAKEMAPS, OLD[3]).etag
    ]


def test_a_map_below_an_object_named_like_its_folder_waits_on_the_status_page(web):
    store, index, client = web
    store.put(keys.SHAKEMAPS, "20180805194635", b"what a client left")
    store.put(keys.SHAKEMAPS, "20180805194635/grid.xml", b"x")
    index.refresh()
    assert waiting(index) == ["20180805194635/grid.xml"]
    assert "20180805194635/grid.xml" in text(client, "/status?lang=en")[1]


def test_what_wakes_nothing_is_told_once_a_tour_was_whole(web, monkeypatch):
    store, index, _ = web
    monkeypatch.setattr(inputs, "_PAGE", 2)
    for name in ("a.txt", "b/c.pdf", "b/d.pdf", "z.txt"):
        store.put(keys.SHAKEMAPS, name, b"x")
    index.inputs.refresh(0)
    assert index.inputs.ignored(9) == ([], 0)
    index.inputs.refresh()
    shown, files = index.inputs.ignored(9)
    assert files == 4
    assert sorted((one.key, one.count) for one in shown) == [("a.txt", 2), ("b/c.pdf", 2)]
