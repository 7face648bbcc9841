"""A second site: compared to the last object, kept up to date, switched over to and back from."""

import json
import re

import pytest
from fixtures import entries, pages, receipts
from support.site import Site, contents

from siaga import keys
from siaga.errors import SiagaError
from siaga.events import Notification
from siaga.keeping import sites
from siaga.keeping.comparison import compared
from siaga.keeping.replica import Replica
from siaga.store import Store

QUAKE = "20180805194635"
FIGURES = re.compile(r"copied ([\d,]+)  pending ([\d,]+)  failed ([\d,]+)  verified ([\d,]+)")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """(site, its store, the second site's store)."""
    here, there = Site(tmp_path_factory.mktemp("here")), Site(tmp_path_factory.mktemp("there"))
    with here.store() as store, there.store() as copy:
        site = {"url": there.settings.store_url, "key": there.settings.secret("store-root-key")}
        site["secret"] = there.settings.secret("store-root-secret")
        (here.settings.secrets / sites.FILE).write_text(json.dumps({"sites": {"standby": site}}))
        yield here, store, copy, there


def quietly(*_):
    pass


def test_a_copy_has_a_definite_end_and_is_the_same_to_the_last_byte(pair, tmp_path):
    here, store, copy, there = pair
    store.put(keys.SHAKEMAPS, f"{QUAKE}/grid.xml", b"a map", "application/xml", metadata={"sha256": "x"})
    store.put(keys.SHAKEMAPS, "20180805194636", b"named like a folder")
    store.put(keys.SHAKEMAPS, "20180805194636/grid.xml", b"below it, which no store lists")
    store.put(keys.SHAKEMAPS, "empty/", b"")
    store.put(keys.ANALYSIS_DATA, "people/large.tif", b"x" * (9 << 20))
    entries.put(store, entries.entry())
    receipt = receipts.receipt(Notification(keys.SHAKEMAPS, f"{QUAKE}/grid.xml", "e"))
    receipts.write(store, receipt)
    said = here.run("verify", "here", "standby", status=1)
    assert f"missing    shakemaps/{QUAKE}/grid.xml" in said
    assert "7 missing, 0 different, 0 the same" in said

    rounds = FIGURES.findall(here.run("replicate", "standby", "--once"))
    assert rounds == [("7", "0", "0", "7"), ("0", "0", "0", "7")]
    assert "0 missing, 0 different, 7 the same" in here.run("verify", "here", "standby", "--contents")
    assert contents(copy) == contents(store)
    assert json.loads((here.settings.home / "replication.json").read_text())["verified"] == 7
    shown = [page(here, tmp_path / "here"), page(there, tmp_path / "there")]
    assert shown[0].count("Lombok") == shown[1].count("Lombok") > 0

    # what is overwritten, taken back, damaged and made over there is told apart
    store.put(keys.SHAKEMAPS, f"{QUAKE}/grid.xml", b"A map")  # of the same size
    store.delete(keys.LEDGER, receipt.name)
    copy.put(keys.DECISIONS, "made/there", b"{}")
    kinds = {(one.bucket, one.key): one.kind for one in compared(store, copy) if one.kind != "same"}
    assert kinds == {
        (keys.SHAKEMAPS, f"{QUAKE}/grid.xml"): "different",
        (keys.LEDGER, receipt.name): "extra",
        (keys.DECISIONS, "made/there"): "extra",
    }
    result = Replica(store, copy, quietly).round()
    assert (result.copied, result.removed, result.extra, result.failed) == (1, 1, 1, {})
    assert not copy.exists(keys.LEDGER, receipt.name)
    assert copy.exists(keys.DECISIONS, "made/there")  # never removed: it may be somebody's work


def page(site, folder):
    folder.mkdir()
    return pages.serving(site.settings, folder)[1].get("/earthquakes").text


def test_switch_over_and_back(pair):
    here, store, copy, _there = pair
    Replica(store, copy, quietly).round()
    store.put(keys.DECISIONS, "shown", b"the first site's, from before")
    copy.put(keys.DECISIONS, "shown", b"the second site's, newer")
    copy.put(keys.ASHMAPS, f"{keys.CANDIDATES}1.tif", b"no work")
    assert Replica(store, copy, quietly).round().failed == {}  # a raster that was only looked at holds up nothing
    copy.put(keys.DECISIONS, "shown", b"the second site's, newer")
    copy.put(keys.SHAKEMAPS, "20260101000000/grid.xml", b"came while the first site was down")
    said = here.run("replicate", "standby", "--once", status=2)  # as of a first site that wakes up
    assert "shakemaps/20260101000000/grid.xml is at the copy alone: it has worked by itself" in said
    assert copy.get(keys.DECISIONS, "shown")[0] == b"the second site's, newer"
    assert FIGURES.findall(here.run("replicate", "standby", "--once", "--back"))[-1][1:3] == ("0", "0")
    assert store.get(keys.DECISIONS, "shown")[0] == b"the second site's, newer"
    assert store.get(keys.SHAKEMAPS, "20260101000000/grid.xml")[0] == b"came while the first site was down"
    assert here.run("verify", "here", "standby").startswith("0 missing, 0 different")


def test_what_points_is_copied_after_what_it_points_at(pair):
    _here, store, copy, _there = pair
    came = []

    class Watched(Store):
        def __init__(self):
            self._client = copy._client

        def put(self, bucket, key, *more, **other):
            came.append(f"{bucket}/{key}")
            return super().put(bucket, key, *more, **other)

    run = "earthquake/20260101000000/initial-v001-aaaaaaaa/12345678"
    names = [f"{keys.LEDGER}/on-shakemap/zz.json", f"{keys.RESULTS}/{keys.CATALOG}z.json"]
    names += [f"{keys.RESULTS}/{run}/{keys.IMPACT}", f"{keys.RESULTS}/{run}/report-id.pdf"]
    for name in names:
        store.put(*name.split("/", 1), b"{}")
    Replica(store, Watched(), quietly).round()
    assert came == list(reversed(names))


def test_what_goes_wrong_is_said_and_nothing_is_copied_the_wrong_way_round(pair, tmp_path):
    here, store, copy, _there = pair

    class Lying(Store):
        def __init__(self):
            self._client = copy._client

        def put(self, *more, **other):
            super().put(*more, **other)
            return "0" * 32

    store.put(keys.TEXTS, "lines/earthquake/id/000001.json", b"{}")
    result = Replica(store, Lying(), quietly).round()
    assert "something else than was sent" in result.failed[f"{keys.TEXTS}/lines/earthquake/id/000001.json"]
    assert result.pending == 1
    assert "no site elsewhere, only here, standby" in here.run("verify", "here", "elsewhere", status=2)
    (here.settings.secrets / "sites.yml").write_text("sites: {standby: {url: x}}")
    assert "the site standby needs url, key, secret" in here.run("replicate", "standby", status=1)

    class Empty(Store):
        def __init__(self):
            pass

        def list(self, *_more, **_other):
            return iter(())

    with pytest.raises(SiagaError, match="the right way round"):
        Replica(Empty(), copy, quietly).round()
