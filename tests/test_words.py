"""One word, one thing: names that the field does not use, or uses for something else, are gone from the code."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GONE = {  # what is said in its place
    "_figures": "_estimates",
    "ClassGround": "ClassAreas",
    "Desk": "UploadAccess",
    "disturb": "invalidate",
    "Fate": "InputState",
    "fate": "state_of",
    "Ground": "ClassedPolygons",
    "hard_shaken": "strongly_shaken",
    "Look": "ClassStyle",
    "lying": "deposit",
    "ObjectEvent": "Notification",
    "settle": "refresh",
    "whereabouts": "short_location",
}


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


@pytest.fixture(scope="module")
def used():
    """{name: a file that has it}."""
    return {
        name: path.relative_to(ROOT)
        for part in ("siaga", "functions", "gateway", "web", "template", "bench", "tests")
        for path in (ROOT / part).rglob("*.py")
        if "node_modules" not in path.parts
        for name in names(path)
    }


@pytest.mark.parametrize("word", GONE)
def test_a_word_is_gone_and_the_one_in_its_place_is_used(word, used):
    assert word not in used, f"{used[word]}: say {GONE[word]}"
    assert GONE[word] in used
