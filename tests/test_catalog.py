"""The catalogue beside a report: which version ranks just below, whatever else lies there."""

import json
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from fixtures import entries, impacts, installed
from fixtures.grids import make_grid

from functions.on_shakemap import handler as on_shakemap
from functions.render_report import handler as render_report
from siaga import catalog, keys, language, neighbours
from siaga.alerts import brief
from siaga.data import analysis_data
from siaga.store import Store

QUAKE = datetime(2018, 7, 31, 23, 59, 40, tzinfo=UTC)  # versions of it lie in two of the catalogue's months


def entry(event_id, version, seconds=0, **more):
    time = (QUAKE + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return entries.entry(event_id, version, time=time, **more)


LADDER = [
    entry("short", "initial-v001-aaaaaaaa"),
    entry("short", "initial-v002-bbbbbbbb", 5),
    entry("long", "corrected-v001-cccccccc", 40),
    entry("long", "corrected-v002-dddddddd", 40),
]
OTHERS = [
    entry("drill", "corrected-v001-eeeeeeee", drill=True),
    entry("far", "initial-v001-eeeeeeee", longitude=120.0),
    entry("later", "initial-v001-eeeeeeee", 3600),
    entry("small", "initial-v001-eeeeeeee", magnitude=4.0),
]


@pytest.mark.parametrize("seed", range(4))
def test_the_version_below_is_found_among_all_maps_of_the_quake(store, seed):
    for one in random.Random(seed).sample(LADDER + OTHERS, 8):
        entries.put(store, one)
    store.put(keys.RESULTS, "catalog/earthquake/2018/07/20180731T235945Z_x_initial-v001-ffffffff.json", b"{}")
    store.put(keys.RESULTS, "catalog/earthquake/2018/07/readme.txt", b"not an entry")
    assert neighbours.version_below(store, LADDER[0]) is None
    for lower, higher in pairwise(LADDER):
        assert neighbours.version_below(store, higher) == lower
    assert all(neighbours.version_below(store, one) is None for one in OTHERS)


def test_an_entry_is_read_once_until_it_changes(store, monkeypatch):
    for one in LADDER:
        entries.put(store, one)
    read = []
    real = store.get
    monkeypatch.setattr(store, "get", lambda bucket, key, **more: read.append(key) or real(bucket, key, **more))
    for _ in range(2):
        assert neighbours.version_below(store, LADDER[3]) == LADDER[2]
    assert len(read) == len(set(read)) == len(LADDER)
    changed = {**LADDER[2], "description": "elsewhere"}
    entries.put(store, changed)
    assert neighbours.version_below(store, LADDER[3]) == changed
    assert len(read) == len(LADDER) + 1


def test_a_report_is_shown_whether_it_or_the_entry_comes_first_and_when_its_run_is_shown_again(store):
    version = keys.Version.parse("initial-v001-cccccccc")
    early, other = (keys.Run("earthquake", "quake", version, run) for run in ("aaaaaaaa", "bbbbbbbb"))
    key = str(keys.CatalogEntry.of(early, QUAKE))
    store.put(keys.RESULTS, early.key(keys.REPORT), b"made while the store took no entry")
    report = catalog.report_of(early, b"made while the store took no entry")
    assert not catalog.add_report(store, key, early.run, report)

    def shown(run):
        made = {"key": run.key(keys.IMPACT), "sha256": "0" * 64}
        catalog.switch_to(store, key, entry("quake", str(version), run=run.run, impact=made, report=None))
        return json.loads(store.get(keys.RESULTS, key)[0])["report"]

    assert [shown(early), shown(other), shown(early)] == [report, None, report]


@pytest.mark.parametrize("role", analysis_data.ROLES)
def test_figures_of_the_demonstration_say_so_and_towns_and_coasts_around_an_agencys_own_do_not(role):
    impact = impacts.full()[0]
    files = impact["provenance"]["analysis_data"]["files"]
    files.append(files[0] | {"role": role, "demonstration": True})
    run = keys.Run(impact["hazard"], impact["event_id"], keys.Version.parse(impact["version"]), impact["run"])
    entry = catalog.entry(impact, run, b"", {}, ())
    assert entry["demonstration"] is (role not in ("basemap", "places", "volcanoes"))
    band = "population or borders are stand-ins" in brief.of(entry, language.load("en")).lines[-1]
    assert band is entry["demonstration"]


def test_a_report_names_the_version_that_it_compares_with(store, minio, tmp_path, qgis):
    installed.install(store, tmp_path)
    functions = Store.connect(minio, "functions")
    runs = []
    for bucket, body in (
        (keys.SHAKEMAPS, make_grid(version="6")),
        (keys.SHAKEMAPS, make_grid(version="1", process_time="2018-08-25T12:00:00Z", lat=-8.25)),
    ):
        etag = store.put(bucket, "x/grid.xml", body, "application/xml")
        told = installed.call(on_shakemap.run, functions, minio, bucket, "x/grid.xml", etag)[1]
        key = f"{told['run']}/impact.json"
        status, _answer = installed.call(
            render_report.run, functions, minio, keys.RESULTS, key, store.head(keys.RESULTS, key).etag
        )
        assert status == 200
        runs.append((told["run"], json.loads(store.get(keys.RESULTS, f"{told['run']}/report.json")[0])))
    (first, alone), (_second, compared) = runs
    assert alone["compared_with"] is None
    named = compared["compared_with"]
    assert f"earthquake/{named['event_id']}/{named['version']}/{named['run']}" == first
    assert named["counter_restarted"] is True
    page = store.get(keys.RESULTS, f"{runs[1][0]}/report-en.html")[0].decode()
    assert "version 1 was made after version 6 and counts." in page


def test_a_green_quakes_one_page_says_what_changed_too(store, minio, tmp_path, qgis):
    installed.install(store, tmp_path)
    functions = Store.connect(minio, "functions")
    for bucket, body in (
        (keys.SHAKEMAPS, make_grid(peak=3.0, depth=200)),
        (keys.SHAKEMAPS_CORRECTED, make_grid(event_id="long", lat=-8.25, peak=3.0, depth=204)),
    ):
        etag = store.put(bucket, "x/grid.xml", body, "application/xml")
        run = installed.call(on_shakemap.run, functions, minio, bucket, "x/grid.xml", etag)[1]["run"]
    key = f"{run}/impact.json"
    installed.call(render_report.run, functions, minio, keys.RESULTS, key, store.head(keys.RESULTS, key).etag)
    page = store.get(keys.RESULTS, f"{run}/report-en.html")[0].decode()
    assert page.count('<section class="page') == 1
    assert "The level stays GREEN; depth +4\u00a0km; epicentre moved 6 km to the north; corrected map." in page
    assert page.count("WHAT CHANGED SINCE") == 1
