"""Who may import whom: parts never each other, and in the library only downwards, floor by floor."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# From the ground up. Rooms of one floor know nothing of each other; a name stands for its module or folder.
FLOORS = (
    ("errors",),
    ("edition", "events", "filehash", "keys", "language", "moment", "palette", "product", "timing"),
    ("settings",),
    ("modes", "stack", "store"),
    ("exposure", "hazard"),
    ("impact",),
    ("catalog", "gis", "inputs"),
    ("gis.people",),
    ("gis.assets",),
    ("gis.map",),
    ("data", "machine"),
    ("analysis", "report"),
    ("report.classed", "report.earthquake"),
    ("report.assembly",),
    ("function",),
    ("cli",),
)
PURE = ("hazard", "exposure", "impact")
PURE_MAY = {"numpy", "defusedxml", "siaga"}
MAY_NEVER = {  # folder: parts that it knows nothing of
    "siaga": {"functions", "gateway", "web", "bench", "tests"},
    "functions": {"gateway", "web", "bench", "tests"},
    "gateway": {"functions", "web", "bench", "tests"},
    "web": {"functions", "gateway", "bench", "tests"},
    "template": {"gateway", "web", "bench", "tests"},
    "bench": {"tests"},
}


@cache
def modules():
    """The library's modules by dotted name, without `siaga.` before it; the top is ''."""
    found = {}
    for path in (ROOT / "siaga").rglob("*.py"):
        parts = path.relative_to(ROOT / "siaga").with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


def imported(path):
    """Dotted names of all that a file imports, wherever in it, for types alone too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports name their place in full"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


@cache
def within(name):
    """The modules of the library that a module of it imports; of a folder and a module in it only the module."""
    met = {one.removeprefix("siaga.") for one in imported(modules()[name]) if one.startswith("siaga.")}
    met &= modules().keys()
    return {one for one in met if not any(other.startswith(f"{one}.") for other in met)}


def floor(name):
    """(which, room): the floor of a module, and the room on it."""
    for number, rooms in reversed(list(enumerate(FLOORS))):
        for room in rooms:
            if name == room or name.startswith(f"{room}."):
                return number, room
    return pytest.fail(f"siaga/{name.replace('.', '/')} stands on no floor")


def test_in_the_library_imports_go_down():
    for name in modules():
        if not name:
            continue
        above, room = floor(name)
        for met in within(name):
            below, other = floor(met)
            assert below < above or other == room, f"siaga.{name} imports siaga.{met}"


def test_no_two_files_of_the_library_import_each_other_on_whatever_way():
    done, way = set(), []

    def visit(name):
        assert name not in way, " -> ".join((*way[way.index(name) :], name))
        if name not in done:
            way.append(name)
            for met in within(name):
                visit(met)
            done.add(way.pop())

    for name in modules():
        visit(name)


def test_every_room_is_there():
    for room in (room for rooms in FLOORS for room in rooms):
        assert room in modules(), room


@pytest.mark.parametrize(("folder", "strangers"), MAY_NEVER.items())
def test_parts_import_the_library_and_never_each_other(folder, strangers):
    for path in (ROOT / folder).rglob("*.py"):
        if "node_modules" not in path.parts:
            met = {name for name in imported(path) if name.partition(".")[0] in strangers}
            assert not met, (path, met)


def test_pure_rooms_know_nothing_of_stores_and_settings():
    for part in PURE:
        for path in (ROOT / "siaga" / part).rglob("*.py"):
            for name in imported(path):
                assert name.partition(".")[0] in PURE_MAY | set(sys.stdlib_module_names), (path, name)
                assert not name.startswith(("siaga.store", "siaga.settings")), (path, name)
