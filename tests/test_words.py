"""One word, one thing: names that the field does not use, or uses for something else, are gone from the code."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STORED = ROOT / "siaga" / "impact" / "stored"  # what is stored keeps its names
PARTS = ("siaga", "functions", "gateway", "web", "template", "bench")
GONE = {  # what is said in its place
    "_figures": "_estimates",
    "Arrived": "Input",
    "ClassGround": "ClassAreas",
    "Desk": "UploadAccess",
    "disturb": "invalidate",
    "Fate": "InputState",
    "fate": "state_of",
    "Ground": "ClassedPolygons",
    "ground": "land",
    "hard_shaken": "strongly_shaken",
    "Look": "ClassStyle",
    "lying": "deposit",
    "milliard": "billion",
    "ObjectEvent": "Notification",
    "people_said": "people_text",
    "said_moment": "moment_text",
    "settle": "refresh",
    "share_map": "picture_map",
    "Sheets": "TypesetPages",
    "whereabouts": "short_location",
    "Workbench": "Context",
    "zone_of": "time_zone_of",
}
RESULTS = {"told", "known", "found", "made", "said", "one"}  # tell nothing: say the noun of what it is


def names(path):
    """Every name that a module gives or uses: not what it says in prose, nor what it stores."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=other):
                yield from (*name.split("."), other)


def public(tree):
    """(name, line) of what the readers of a module meet: functions, their parameters, classes, fields."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if not name.startswith("_"):
                given = node.args
                yield name, node.lineno
                for one in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
                    if one is not None:
                        yield one.arg, one.lineno
            case ast.ClassDef(name=name) if not name.startswith("_"):
                yield name, node.lineno
                yield from public(node)
            case ast.AnnAssign(target=ast.Name(id=name)) if not name.startswith("_"):
                yield name, node.lineno
            case ast.If() | ast.Try() | ast.With():
                yield from public(node)


def sources(*parts):
    return [path for part in parts for path in (ROOT / part).rglob("*.py") if "node_modules" not in path.parts]


@pytest.fixture(scope="module")
def used():
    """{name: a file that has it}."""
    return {name: path.relative_to(ROOT) for path in sources(*PARTS, "tests") for name in names(path)}


@pytest.mark.parametrize("word", GONE)
def test_a_word_is_gone_and_the_one_in_its_place_is_used(word, used):
    assert word not in used, f"{used[word]}: say {GONE[word]}"
    assert GONE[word] in used


def test_what_others_call_is_named_by_a_noun():
    for path in sources(*PARTS):
        if path.is_relative_to(STORED):
            continue
        for name, line in public(ast.parse(path.read_text(encoding="utf-8"))):
            assert name not in RESULTS, f"{path.relative_to(ROOT)}:{line}: {name}"


def test_a_zone_by_whose_clock_something_is_told_is_a_time_zone():
    for path in (ROOT / "siaga" / "moment.py", ROOT / "siaga" / "report" / "figures.py"):
        named = {name for name, _line in public(ast.parse(path.read_text(encoding="utf-8")))}
        assert "time_zone" in named
        assert not named & {"zone", "zones"}, path


def test_a_report_has_pages_and_a_picture():
    for path in sources("siaga/report"):
        assert not {"sheet", "sheets"} & set(names(path)), path
        assert not {"share", "share_map"} & {name for name, _line in public(ast.parse(path.read_text()))}, path


def test_what_the_store_announces_is_a_notification_and_no_event():
    for path in sources(*PARTS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="Notification"))):
                    assert name != "event", path
                case ast.arg(arg=name, annotation=ast.Name(id="Notification")):
                    assert name != "event", path
