"""Each function opens those roles of the analysis data that it uses, no more and no fewer."""

import os
from dataclasses import replace

import pytest
from fixtures import ash, exposure, floods, installed
from fixtures.grids import make_grid

from functions.on_ash import handler as on_ash
from functions.on_flood import handler as on_flood
from functions.on_shakemap import handler as on_shakemap
from functions.render_report import handler as render_report
from siaga import analysis, diskcache, hazards, keys
from siaga.data import analysis_data
from siaga.data.analysis_data import AnalysisData
from siaga.report import assembly
from siaga.store import Store

FALL = "201805110740+0700_Merapi"
INPUTS = {  # hazard: its function, its bucket, (key, body), the last of which wakes it
    "earthquake": (on_shakemap, keys.SHAKEMAPS, lambda: [("20180805194635/grid.xml", make_grid())]),
    "flood": (on_flood, keys.FLOODMAPS, lambda: [(f"2017022105-6-rw/{keys.FLOOD_DATA}", floods.answer())]),
    "ash": (
        on_ash,
        keys.ASHMAPS,
        lambda: [(f"{FALL}/{keys.ASH_RASTER}", ash.raster()), (f"{FALL}/{keys.ASH_REQUEST}", ash.request())],
    ),
}


@pytest.fixture
def asked(monkeypatch):
    """The roles whose file somebody has asked for."""
    found, path = set(), AnalysisData.path

    def noted(self, role):
        found.add(role)
        return path(self, role)

    monkeypatch.setattr(AnalysisData, "path", noted)
    return found


def on_disk(settings):
    """Names of the files of analysis data on that machine."""
    folder = settings.cache / "analysis-data"
    return {path.name.partition("-")[0] for path in folder.glob("*/*") if path.parent.name != "manifests"}


def test_every_hazard_is_tested():
    assert set(INPUTS) == set(assembly.ROLES) == set(hazards.HAZARDS)


@pytest.mark.parametrize("hazard", INPUTS)
def test_a_function_fetches_what_it_uses(store, minio, tmp_path, qgis, asked, hazard):
    installed.install(store, tmp_path)
    unread = tmp_path / "volcanoes.csv"  # no function reads it, so its content does not matter
    unread.write_text("not a list of volcanoes")
    exposure.add(store, exposure.data_file("volcanoes", unread))
    functions = Store.connect(minio, "functions")
    handler, bucket, inputs = INPUTS[hazard]
    for key, body in inputs():
        etag = store.put(bucket, key, body)
    here = replace(minio, cache=tmp_path / "analysis")
    status, answer = installed.call(handler.run, functions, here, bucket, key, etag)
    assert (status, answer["state"]) == (200, "done")
    assert asked == set(handler.ROLES)
    assert on_disk(here) == asked & {"population", "zones", "places"}
    asked.clear()
    here = replace(minio, cache=tmp_path / "report")
    key = f"{answer['run']}/{keys.IMPACT}"
    etag = store.head(keys.RESULTS, key).etag
    status, answer = installed.call(render_report.run, functions, here, keys.RESULTS, key, etag)
    assert (status, answer["state"]) == (200, "done")
    assert asked == set(assembly.ROLES[hazard])
    assert on_disk(here) == asked & {"zones", "places"}


def test_the_run_goes_by_all_that_is_installed(store, tmp_path):
    installed.install(store, tmp_path)
    few, all_of_it = (
        analysis_data.open(store, tmp_path / "cache", roles) for roles in (["places"], ["zones", "places"])
    )
    assert few.files == all_of_it.files
    runs = {analysis.run_of("flood", "2017022105-6-rw", "initial", 1, b"{}", data) for data in (few, all_of_it)}
    assert len(runs) == 1


def test_a_role_that_was_not_opened_is_no_role_that_is_not_installed(store, tmp_path):
    installed.install(store, tmp_path)
    data = analysis_data.open(store, tmp_path / "cache", ["places", "roads"])
    assert data.path("roads") is None
    with pytest.raises(ValueError, match="population is not among the roles that were opened: places, roads"):
        data.path("population")


def test_a_function_lets_go_of_what_was_replaced_long_ago(store, minio, tmp_path, qgis):
    here = replace(minio, cache=tmp_path / "cache")

    def hour():
        etag = store.put(keys.FLOODMAPS, f"2017022105-6-rw/{keys.FLOOD_DATA}", floods.answer())
        key = f"2017022105-6-rw/{keys.FLOOD_DATA}"
        assert (
            installed.call(on_flood.run, Store.connect(minio, "functions"), here, keys.FLOODMAPS, key, etag)[0] == 200
        )
        return {path.name for path in (here.cache / diskcache.ANALYSIS_DATA).iterdir()}

    installed.install(store, tmp_path)
    old = hour()
    for path in here.cache.glob("*/*"):
        os.utime(path, (0, 0))
    (here.cache / ".evicted").unlink()
    assert hour() == old  # installed, and in use
    installed.install(store, tmp_path, scale=2.0)
    assert len(hour()) == len(old) + 1  # the zones stay the same
    for path in here.cache.glob("*/*"):
        os.utime(path, (0, 0))
    (here.cache / ".evicted").unlink()
    new = hour()
    assert (len(new), len(old & new)) == (len(old), len(old) - 1)
