"""Names of objects: what is built can be parsed again, and nothing else can."""

import doctest
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siaga import ignored, keys, settings, stack
from siaga.errors import BadInput
from siaga.events import Notification, parse

event_ids = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True).filter(lambda text: text not in (".", ".."))
hexes = st.from_regex(r"[0-9a-f]{8}", fullmatch=True)
versions = st.builds(keys.Version, st.sampled_from(["initial", "corrected"]), st.integers(0, 99_999), hexes)
runs = st.builds(keys.Run, st.just("earthquake"), event_ids, versions, hexes)
times = st.datetimes(datetime(1970, 1, 1), datetime(2199, 1, 1)).map(lambda time: time.replace(microsecond=0))


@given(versions)
def test_a_version_is_read_back(version):
    assert keys.Version.parse(str(version)) == version


@given(runs, st.sampled_from(["impact.json", "report.json", "report-id.pdf", "a/b"]))
def test_a_run_is_read_back_from_any_of_its_objects(run, path):
    assert keys.Run.parse(run.key(path)) == run


@given(runs, times)
def test_a_catalogue_entry_is_read_back(run, time):
    entry = keys.CatalogEntry.of(run, time)
    assert keys.CatalogEntry.parse(str(entry)) == entry
    assert str(entry).startswith(keys.catalog_prefix("earthquake", time.year, time.month))
    assert entry.time == time.replace(tzinfo=UTC)


@pytest.mark.parametrize("bad", ["", "a b", "é", "x" * 65, "a/b", "..", "a\n", "'; drop"])
def test_an_id_outside_the_grammar_is_refused_and_named(bad):
    with pytest.raises(BadInput, match="event_id is"):
        keys.check_event_id(bad)


@pytest.mark.parametrize("bad", ["earthquake/a", "earthquake/../initial-v001-12345678/12345678/x y", "a/b/c/d"])
def test_what_is_no_run_is_refused(bad):
    with pytest.raises(BadInput):
        keys.Run.parse(bad if bad.count("/") < 4 else bad.replace("..", "é"))


def test_folders_as_uploaders_name_them():
    assert keys.folder_id("20180220163351/grid.xml") == "20180220163351"
    assert keys.folder_id("20180220163351/output/grid.xml") == "20180220163351"
    assert keys.folder_id("grid.xml") == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(alphabet="0123456789abcdef", max_size=32))
def test_a_record_is_unquoted_exactly_once(key, etag):
    notification = Notification("shakemaps", key, etag, "v1")
    assert parse(notification.record()) == [notification]


@given(st.text(min_size=1), st.text(min_size=1))
def test_receipts_of_different_contents_have_different_names(one, other):
    names = {Notification("b", key.encode(errors="replace").decode(), "e").receipt_id for key in (one, other)}
    assert len(names) == len({one.encode(errors="replace"), other.encode(errors="replace")})


@pytest.mark.parametrize(
    "odd",
    [
        {"key": "\ud800/grid.xml"},
        {"bucket": "\udfff"},
        {"etag": "a\r\nX-Other: b"},
        {"etag": "\ud800"},
        {"version_id": "\n"},
    ],
    ids=str,
)
def test_what_no_store_says_is_no_event(odd):
    # each would be sent back to the store, in an address or a header
    with pytest.raises(BadInput):
        Notification(**{"bucket": "b", "key": "k"} | odd)
    with pytest.raises(BadInput):
        parse(json.dumps({"bucket": "b", "key": "k"} | odd).encode())


def test_examples_in_the_docstrings_hold():
    assert [doctest.testmod(one).failed for one in (keys, ignored)] == [0, 0]


@pytest.mark.parametrize("bucket", keys.INPUTS)
def test_a_name_lacks_nothing_where_stack_yml_says_that_it_wakes_a_function(bucket):
    functions = stack.load(settings.REPOSITORY / "stack.yml")
    names = (
        "a/grid.xml",
        "grid.xml",
        "a/GRID.XML",
        "a/grid.xml.zip",
        "a/Grid.xml.GZ",
        "a/grid.xml.7z",
        "2017022105-6-rw/flood_data.json",
    )
    names += ("x/flood_data.json", "202602211904+0700_Merapi/request.json", "request.json", "a/other.txt")
    for name in names:
        assert bool(ignored.lacking(bucket, name)) != bool(stack.waking(functions, bucket, name)), name


def test_what_lies_beside_inputs_by_design_lacks_nothing():
    beside = [(keys.FLOODMAPS, f"{folder}x.json") for folder in (keys.HOURS, keys.SUSPECT, keys.OUTAGES)]
    beside += [(keys.SHAKEMAPS, f"a/{name}.txt") for name in ("grid.xml.refused", "GRID.XML.gz.published")]
    beside += [(keys.ASHMAPS, f"{keys.CANDIDATES}0a.tif"), (keys.ASHMAPS, f"202602211904+0700_M/{keys.ASH_RASTER}")]
    assert [ignored.lacking(*one) for one in [*beside, *((bucket, "folder/") for bucket in keys.INPUTS)]] == [""] * 12
