"""Where each thing stands, and who may import whom: parts never each other, in the library only downwards."""

import ast
import importlib.util
import re
import sys
from functools import cache
from pathlib import Path

import pytest
from support import quick

import siaga

ROOT = Path(__file__).parent.parent
PARTS = ("siaga", "functions", "gateway", "web", "template", "bench")
# Each stands above the folders beside it, which use other modules of its folder; the test of circles counts them all.
ABOVE = {"siaga.catalog", "siaga.neighbours", "siaga.report.assembly", "web"}
# From the ground up. Rooms of one floor know nothing of each other; a name stands for its module or folder.
FLOORS = (
    (
        "commands",
        "conventions",
        "errors",
        "foreign",
        "hazards",
        "listener",
        "moment",
        "nightly",
        "others",
        "printable",
        "roles",
    ),
    ("dates", "environment", "openid", "outlets"),
    (
        "answers",
        "diskcache",
        "edition",
        "events",
        "filehash",
        "gaps",
        "keys",
        "language",
        "palette",
        "product",
        "standing",
        "timing",
        "vitals",
    ),
    ("outgoing", "receipt", "settings", "understood"),
    ("archived", "modes", "software", "stack", "store"),
    ("accounts", "exposure", "generation", "hazard", "ignored"),
    ("impact",),
    ("catalog", "gis", "inputs"),
    ("gis.people", "neighbours"),
    ("gis.assets",),
    ("gis.map",),
    ("data", "machine"),
    ("analysis", "report"),
    ("report.classed", "report.earthquake"),
    ("report.assembly",),
    ("alerts", "function"),
    ("inspection", "keeping", "watch"),
    ("cli",),
)
PURE = ("hazard", "exposure", "impact")
PURE_MAY = {"numpy", "defusedxml", "siaga"}
MAY_NEVER = {  # folder: parts that it knows nothing of
    "siaga": {"functions", "gateway", "web", "bench", "tests"},
    "functions": {"gateway", "web", "bench", "tests"},
    "gateway": {"functions", "web", "bench", "tests"},
    "web": {"functions", "gateway", "bench", "tests"},
    "template": {"functions", "gateway", "web", "bench", "tests"},
    "bench": {"functions", "gateway", "tests"},
}


@cache
def modules():
    """The modules of all parts by dotted name."""
    found = {}
    for part in PARTS:
        for path in (ROOT / part).rglob("*.py"):
            if "node_modules" not in path.parts:
                names = path.relative_to(ROOT).with_suffix("").parts
                found[".".join(name for name in names if name != "__init__")] = path
    return found


@cache
def rooms():
    """The library's modules by dotted name, without `siaga.` before it and without its top."""
    return {name.removeprefix("siaga.") for name in modules() if name.startswith("siaga.")}


def folder(name):
    """The package in which a module stands; a package itself stands in itself."""
    return name if modules()[name].name == "__init__.py" else name.rpartition(".")[0]


@cache
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
    """The modules of any part that a module imports; of a package and a module in it only the module."""
    met = imported(modules()[name]) & modules().keys()
    return {one for one in met if not any(other.startswith(f"{one}.") for other in met)}


def floor(name):
    """(which, room): the floor of a module, and the room on it."""
    for number, rooms in reversed(list(enumerate(FLOORS))):
        for room in rooms:
            if name == room or name.startswith(f"{room}."):
                return number, room
    return pytest.fail(f"siaga/{name.replace('.', '/')} stands on no floor")


def test_in_the_library_imports_go_down():
    for name in rooms():
        above, room = floor(name)
        for met in within(f"siaga.{name}"):
            if met.startswith("siaga."):  # the top of the library tells its version, and imports nothing
                below, other = floor(met.removeprefix("siaga."))
                assert below < above or other == room, f"siaga.{name} imports {met}"
    assert not within("siaga")


def test_no_two_files_import_each_other_on_whatever_way():
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


def test_no_two_folders_import_each_other():
    ways = {}
    for name in modules().keys() - ABOVE:
        for met in within(name) - ABOVE:
            ways.setdefault((folder(name), folder(met)), f"{name} imports {met}")
    for (one, other), way in ways.items():
        assert one == other or (other, one) not in ways, f"{way}, {ways[other, one]}"


def test_every_room_is_there():
    for room in (room for floor_of in FLOORS for room in floor_of):
        assert room in rooms(), room


def test_docstring_and_page_of_the_layout_tell_the_floors():
    told = "\n".join(", ".join(floor_of) for floor_of in FLOORS)
    indented = "\n".join(f"    {line}" for line in told.splitlines())
    assert f"\n\n{indented}\n\n" in siaga.__doc__
    assert f"\n```\n{told}\n```\n" in page("docs/layout.md", "Floors")


def page(file, heading):
    """What stands below a heading."""
    return (ROOT / file).read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]


def tree(block):
    """{path from the root: what is said of it} of a tree that is drawn by two blanks for each step down."""
    told, above = {}, []
    for line in block.split("```")[1].strip("\n").splitlines():
        blanks, name, said = re.fullmatch(r"( *)(\S+) *(.*)", line).groups()
        above[len(blanks) // 2 :] = [name.rstrip("/")]
        assert "/".join(above) not in told, line
        told["/".join(above)] = said
    return told


def test_the_page_of_the_layout_has_the_first_line_of_every_module_and_no_other():
    there = {}
    for path in modules().values():
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).splitlines()[0]
        place = path.relative_to(ROOT)
        for above in place.parents[:-1]:
            there.setdefault(above.as_posix(), "")
        there[(place.parent if place.name == "__init__.py" else place).as_posix()] = said
    told = tree(page("docs/layout.md", "Rooms"))
    assert told.keys() - there.keys() == set(), "no such module"
    for path, said in there.items():
        assert told.get(path) == said, f"docs/layout.md: {path} {said}"


def test_the_layout_of_the_readme_names_every_folder_and_no_other():
    block = page("README.md", "Layout")
    *lines, last = block.split("```")[1].strip("\n").splitlines()
    named = {path for path in tree("```".join(("", "\n".join(lines)))) if path != "stack.yml"}
    named |= {name.rstrip("/") for name in last.split()}
    top = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))}
    top -= {"build"} | {path.name for path in ROOT.glob("*.egg-info")}
    inner = {
        path.parent.relative_to(ROOT).as_posix()
        for part in set(PARTS) - {"functions", "template"}
        for path in (ROOT / part).glob("*/__init__.py")
    }
    assert named == top | inner


@pytest.mark.parametrize(("part", "strangers"), MAY_NEVER.items())
def test_parts_import_the_library_and_never_each_other(part, strangers):
    for path in (ROOT / part).rglob("*.py"):
        if "node_modules" not in path.parts:
            met = {name for name in imported(path) if name.partition(".")[0] in strangers}
            assert not met, (path, met)


@pytest.mark.parametrize(
    ("library", "folders"),
    [
        ("qgis", {"siaga/gis", "template/python3-qgis"}),
        ("osgeo", {"siaga/gis", "bench"}),
        ("boto3", {"siaga"}),
        ("botocore", {"siaga"}),
        ("dbos", {"gateway"}),
        ("asyncssh", {"gateway"}),
        ("weasyprint", {"siaga/report"}),
    ],
)
def test_a_library_is_met_in_one_place(library, folders):
    found = {
        path.relative_to(ROOT)
        for path in modules().values()
        if any(name.partition(".")[0] == library for name in imported(path))
    }
    elsewhere = {path for path in found if not any(path.is_relative_to(one) for one in folders)}
    assert not elsewhere
    assert found


@pytest.mark.parametrize("start", ["gateway.__main__", "gateway.sftp.__main__", "web.__main__"])
def test_what_only_serves_loads_neither_gis_nor_typesetter(start):
    """They cost a second and 150 MB in every process that loads them."""
    met, next_ones = set(), {start}
    while next_ones:
        met |= next_ones
        next_ones = {one for name in next_ones for one in within(name)} - met
    for name in met:
        libraries = {one.partition(".")[0] for one in imported(modules()[name])}
        assert not libraries & {"osgeo", "qgis", "weasyprint"}, name


def test_pure_rooms_know_nothing_of_stores_and_settings():
    for part in PURE:
        for path in (ROOT / "siaga" / part).rglob("*.py"):
            for name in imported(path):
                assert name.partition(".")[0] in PURE_MAY | set(sys.stdlib_module_names), (path, name)
                assert not name.startswith(("siaga.store", "siaga.settings")), (path, name)


def test_what_tests_share_lies_in_support_and_fixtures_and_is_there():
    tests = ROOT / "tests"
    folders = {path.parent.name for path in tests.glob("*/__init__.py")}
    assert folders == {"chaos", "fixtures", "support"}
    scripts = {"audit.py", "conftest.py", "fuzz.py", "translations.py"}  # called by name
    for path in tests.rglob("*.py"):
        if path.parent.name not in folders and not path.is_relative_to(tests / "chaos" / "shadow"):
            assert path.name.startswith("test_") or path.name in scripts, f"{path}: helpers lie in tests/support"
        for name in {name.partition(".")[0] for name in imported(path)} - quick.SLOW_LIBRARIES:
            there = path.with_name(f"{name}.py").is_file() or importlib.util.find_spec(name) is not None
            assert there, f"{path} imports {name}, which is not there; helpers lie in tests/support"
