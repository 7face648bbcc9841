"""Shares prepared at an import serve every machine: no quake makes them, wherever its function runs."""

import os
import subprocess
from dataclasses import replace

import pytest
from fixtures import installed
from fixtures.grids import make_grid
from support.running import SIAGA

from functions.on_shakemap import handler as on_shakemap
from siaga import diskcache, keys
from siaga.data import analysis_data, imports, prepared_shares
from siaga.gis.people import shares
from siaga.store import Store

MAP = "20180805194635/grid.xml"


@pytest.fixture
def imported(store, tmp_path):
    """Population and zones, imported on a machine of the operator's."""
    installed.install(store, tmp_path)
    imports.share_out(store, tmp_path / "operator", lambda _line: None)
    return store


@pytest.fixture
def made(monkeypatch):
    """How often shares were made since."""
    times, make = [], shares._make
    monkeypatch.setattr(shares, "_make", lambda *given: times.append(1) or make(*given))
    return times


def quake(store, settings, machine):
    """impact.json of a quake on a machine that has nothing yet."""
    etag = store.put(keys.SHAKEMAPS, MAP, make_grid(), "application/xml")
    functions = Store.connect(settings, "functions")
    here = replace(settings, cache=machine)
    status, answer = installed.call(on_shakemap.run, functions, here, keys.SHAKEMAPS, MAP, etag)
    assert (status, answer["state"]) == (200, "done")
    return store.get(keys.RESULTS, f"{answer['run']}/{keys.IMPACT}")[0]


def archives(store):
    return [head.key for head in store.list(keys.ANALYSIS_DATA, keys.SHARES)]


def prepared(machine):
    """Every file of the shares on a machine."""
    folder = machine / diskcache.SHARES
    return {path.relative_to(folder): path.read_bytes() for path in folder.glob("*/**/*") if path.is_file()}


def test_no_quake_makes_them_and_its_figures_are_the_same(imported, minio, tmp_path, qgis, made):
    fetched = quake(imported, minio, tmp_path / "container")
    assert made == []
    assert prepared(tmp_path / "container") == prepared(tmp_path / "operator") != {}
    for key in archives(imported):
        imported.delete(keys.ANALYSIS_DATA, key)
    assert quake(imported, minio, tmp_path / "another") == fetched  # the run too is the same
    assert made == [1]


def test_the_second_quake_asks_the_store_for_none(imported, minio, tmp_path, qgis, monkeypatch):
    quake(imported, minio, tmp_path / "container")
    monkeypatch.setattr(Store, "download", lambda *given: pytest.fail(f"downloads {given}"))
    quake(imported, minio, tmp_path / "container")


def test_the_same_data_are_the_same_archive(imported, tmp_path):
    (before,) = imported.list(keys.ANALYSIS_DATA, keys.SHARES)
    imports.share_out(imported, tmp_path / "another operator", lambda _line: None)
    (after,) = imported.list(keys.ANALYSIS_DATA, keys.SHARES)
    assert after == before  # not even sent again


def test_those_of_data_that_were_replaced_go_a_day_later(imported, tmp_path, monkeypatch):
    (old,) = archives(imported)
    installed.install(imported, tmp_path, scale=2.0)
    imports.share_out(imported, tmp_path / "operator", lambda _line: None)
    assert len(archives(imported)) == 2  # another operator may have just put it there
    monkeypatch.setattr(prepared_shares, "_STAY", -prepared_shares._STAY)
    imports.share_out(imported, tmp_path / "operator", lambda _line: None)
    assert old not in archives(imported)
    assert len(archives(imported)) == 1


@pytest.mark.parametrize("how", ["cut off", "bits", "a foreign part"])
def test_a_damaged_archive_is_not_used(imported, minio, tmp_path, qgis, made, caplog, how):
    (key,) = archives(imported)
    body = imported.get(keys.ANALYSIS_DATA, key)[0]
    name = b"whole.json"
    damaged = {
        "cut off": body[: len(body) // 2],
        "bits": body.replace(b'"warnings"', b'"wornings"'),
        "a foreign part": body.replace(name, b"../../../x"),
    }
    assert damaged[how] != body
    imported.put(keys.ANALYSIS_DATA, key, damaged[how])
    quake(imported, minio, tmp_path / "container")
    assert made == [1]
    assert prepared(tmp_path / "container") == prepared(tmp_path / "operator")
    assert f"{key} is damaged and not used" in caplog.text
    assert [path.name for path in (tmp_path / "container").glob("shares/.*")] == [".lock"]
    assert not list(tmp_path.rglob("x"))


def test_without_zones_there_are_none(store, tmp_path):
    installed.install(store, tmp_path)
    analysis_data.remove(store, "zones")
    said = []
    imports.share_out(store, tmp_path / "operator", said.append)
    prepared_shares.fetch(store, analysis_data.open(store, tmp_path / "operator"), tmp_path / "operator")
    assert (said, archives(store)) == ([], [])
    assert not (tmp_path / "operator" / diskcache.SHARES).exists()


@pytest.mark.parametrize("first", ["population", "zones"])
def test_whichever_import_comes_second_prepares_them(store, minio, tmp_path, first):
    installed.install(store, tmp_path)
    paths = {role: analysis_data.open(store, tmp_path / "given").path(role) for role in ("population", "zones")}
    for role in ("population", "zones", "places"):
        analysis_data.remove(store, role)
    environment = os.environ | {
        "SIAGA_HOME": str(minio.home),
        "SIAGA_STORE_URL": minio.store_url,
        "SIAGA_CACHE": str(tmp_path / "operator"),
        "SIAGA_SECRETS": str(minio.secrets),
    }
    for number, role in enumerate(sorted(paths, key=lambda role: role != first)):
        command = [str(SIAGA), "data", "import", role, str(paths[role])]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
        assert ("population cells shared out among the zones" in done.stdout) is (number == 1)
        assert len(archives(store)) == number
