"""Which tests are quick: they meet no QGIS, GDAL or SciPy, no store, no browser and no process of their own.

Found from what a test file imports, through all that those modules import in turn, and from the fixtures of each
test; so no list can fall behind. `pytest --quick` collects those alone, also where QGIS is not installed.
"""

import ast
from functools import cache
from importlib.abc import MetaPathFinder
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
SLOW_LIBRARIES = frozenset({"qgis", "osgeo", "scipy", "playwright"})  # the first three come with Debian alone
SLOW_IN_TESTS = frozenset({"subprocess", "multiprocessing"})  # a test that starts processes
SLOW_FIXTURES = frozenset({"door", "minio", "qgis", "stack_up"})


class Forbid(MetaPathFinder):
    """Stands before all other finders: a quick test that meets a slow library after all fails and says so."""

    def find_spec(self, name, path=None, target=None):  # noqa: ARG002 - the import system names them
        if name.partition(".")[0] in SLOW_LIBRARIES:
            raise ModuleNotFoundError(f"{name} is not there for a quick test; see tests/support/quick.py", name=name)


def is_quick_file(path: Path) -> bool:
    """Whether all tests of that file may be quick, by what it imports."""
    todo, seen = [path], set()
    while todo:
        module = todo.pop()
        seen.add(module)
        slow = SLOW_LIBRARIES | SLOW_IN_TESTS if module.is_relative_to(TESTS) else SLOW_LIBRARIES
        if any(name in slow for name in _imported(module)):
            return False
        todo += {found for name in _imported(module) if (found := _file(name))} - seen
    return True


def is_quick_test(fixtures: list[str]) -> bool:
    """Whether a test of a quick file is quick, by all fixtures that it uses, their own included."""
    return SLOW_FIXTURES.isdisjoint(fixtures)


@cache
def _imported(path: Path) -> frozenset[str]:
    """Dotted names that a module imports anywhere, and of each the packages above it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names]
    return frozenset(".".join(words[:count]) for words in parts for count in range(1, len(words) + 1))


@cache
def _file(name: str) -> Path | None:
    """The file of one of our modules, None for any other."""
    for root in (ROOT, TESTS):
        module = root.joinpath(*name.split("."))
        for path in (module.with_suffix(".py"), module / "__init__.py"):
            if path.is_file():
                return path
    return None
