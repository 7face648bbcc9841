"""Operators who import at the same moment, each in a process, and one whose process is killed half-way."""

import multiprocessing
import os
import signal

import pytest
import shapely
from fixtures import exposure

from siaga import keys
from siaga.data import analysis_data, imports
from siaga.exposure import places
from siaga.gis import layers
from siaga.store import Store

PATIENCE = 30
SPAWN = multiprocessing.get_context("spawn")
PROVINCE = ("52", "NTB", "province", None, shapely.box(116, -10, 118, -8))
REGENCY = ("5201", "Lombok", "regency", "52", shapely.box(116, -9, 117, -8.5))


class Operator(Store):
    """A store that does something before the operator's first change of the manifest; `then` says what."""

    def __init__(self, settings, then):
        self.__dict__ = dict(Store.connect(settings, "root").__dict__)
        self.then = then

    def put(self, bucket, key, *arguments, **more):
        if key == keys.MANIFEST and self.then:
            then, self.then = self.then, None
            then()
        return super().put(bucket, key, *arguments, **more)


def _import(settings, cache, role, path, then):
    imports.install(
        Operator(settings, then),
        role,
        path,
        title=None,
        source="a test",
        licence="none",
        year=2024,
        cache=cache,
    )


def _together(settings, cache, role, path, barrier):
    _import(settings, cache, role, path, lambda: barrier.wait(PATIENCE))


def _killed(settings, cache, role, path):
    _import(settings, cache, role, path, lambda: os.kill(os.getpid(), signal.SIGKILL))


def at_once(settings, tmp_path, given):
    """Import each (role, path) in a process of its own; all change the manifest at the same moment."""
    barrier = SPAWN.Barrier(len(given))
    operators = [
        SPAWN.Process(target=_together, args=(settings, tmp_path / f"cache-{number}", role, path, barrier))
        for number, (role, path) in enumerate(given)
    ]
    for one in operators:
        one.start()
    for one in operators:
        one.join(PATIENCE)
    assert [one.exitcode for one in operators] == [0] * len(given)


def towns(folder, name="Selong"):
    path = folder / f"{name}.csv"
    path.write_text(f"name,lon,lat\n{name},116.5,-8.6\n", encoding="utf-8")
    return path


def zones(folder, *named):
    return exposure.zones(folder / f"{named[0][2]}.geojson", list(named))


def roles(store):
    return [entry["role"] for entry in analysis_data.manifest_of(store)["files"]]


@pytest.mark.parametrize("empty", [True, False], ids=["the first of all", "beside others"])
def test_two_roles_at_once_are_both_installed(store, minio, tmp_path, empty):
    there = [] if empty else ["places"]
    for role in there:
        _import(minio, None, role, towns(tmp_path), None)
    at_once(minio, tmp_path, [("zones", zones(tmp_path, PROVINCE)), ("airports", towns(tmp_path))])
    assert roles(store) == sorted(["airports", "zones", *there])


def test_two_levels_of_zones_at_once_are_both_installed(store, minio, tmp_path):
    _import(minio, None, "places", towns(tmp_path), None)
    at_once(minio, tmp_path, [("zones", zones(tmp_path, level)) for level in (PROVINCE, REGENCY)])
    path = analysis_data.open(store, tmp_path / "cache").path("zones")
    assert sorted(row["name"] for row in layers.read(path)[1]) == ["Lombok", "NTB"]


def test_an_import_that_is_killed_half_way_leaves_the_former_data_in_force(store, minio, tmp_path):
    _import(minio, None, "places", towns(tmp_path), None)
    before = analysis_data.manifest_of(store)
    operator = SPAWN.Process(target=_killed, args=(minio, tmp_path / "cache", "places", towns(tmp_path, "Mataram")))
    operator.start()
    operator.join(PATIENCE)
    assert operator.exitcode == -signal.SIGKILL
    assert analysis_data.manifest_of(store) == before
    data = analysis_data.open(store, tmp_path / "cache")
    assert places.read(data.path("places")).name.tolist() == ["Selong"]
    _import(minio, None, "places", towns(tmp_path, "Mataram"), None)  # the same again is whole
    data = analysis_data.open(store, tmp_path / "cache")
    assert places.read(data.path("places")).name.tolist() == ["Mataram"]
