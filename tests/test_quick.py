"""The rule by which `make check` chooses its tests, and that nothing chosen needs what it leaves out."""

import importlib
import sys

import pytest
from support import quick


@pytest.mark.parametrize("name", ["keys", "promises", "impact", "stack"])
def test_pure_tests_are_quick(name):
    assert quick.is_quick_file(quick.TESTS / f"test_{name}.py")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("people", "GDAL, by its own import"),
        ("forecast", "QGIS, by an import within a function of siaga.cli"),
        ("browser", "a browser"),
        ("runtime", "a process"),
    ],
)
def test_what_meets_something_slow_anywhere_below_is_not(name, why):
    assert not quick.is_quick_file(quick.TESTS / f"test_{name}.py"), why


def test_a_store_behind_another_fixture_is_not_quick(request):
    assert quick.is_quick_test(request.fixturenames)
    assert not quick.is_quick_test([*request.fixturenames, "minio"])


def test_a_quick_test_that_meets_qgis_after_all_fails(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [quick.Forbid(), *sys.meta_path])
    for name in [name for name in sys.modules if name.partition(".")[0] in quick.SLOW_LIBRARIES]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ModuleNotFoundError, match=r"quick\.py"):
        importlib.import_module("qgis.core")
