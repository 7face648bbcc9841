"""No text, however long and strange, holds a reader up: every pattern and every time is linear."""

import ast
import re
import time
from pathlib import Path

import pytest
from fixtures.grids import make_grid

from siaga.cli.ingest import key_for
from siaga.errors import BadInput
from siaga.exposure import vocabulary
from siaga.hazard.gridxml import read_shakemap

ROOT = Path(__file__).parents[2]
MANY = 100_000
HOSTILE = [
    word * (MANY // len(word))
    for word in (
        " ",
        "\t",
        "\n",
        "0",
        "9",
        "a",
        "Z",
        "_",
        "-",
        ".",
        "a-",
        "0h",
        "<a:",
        "<shakemap_grid ",
        "${a:-",
        "9°",
    )
] + [
    "2020-01-01T00:00:00a" + " " * MANY + "\nb",
    "2020-01-01T00:00:00." + "0" * MANY + "x",
    "catalog/a/2020/01/20200101T000000Z_" + "_" * MANY + "\n",
    "catalog/a/2020/01/20200101T000000Z_" + "a_" * (MANY // 2) + "!",
    "<shakemap_grid event_id" + " " * MANY,
    "<shakemap_grid" + " event_id" * (MANY // 9),
    "202001010000+0000_" + "a" * MANY + "!",
    "{00000000" + "-0000" * (MANY // 5),
    "<?xml" + " " * MANY + "encoding",
]
CALLS = {"compile", "match", "search", "fullmatch", "sub", "split", "findall", "finditer"}


def patterns():
    """Every pattern that is written out in the program: (where, pattern)."""
    for folder in ("siaga", "gateway", "web", "functions", "template"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            written = "" if "node_modules" in path.parts else path.read_text(encoding="utf-8")
            if "import re\n" not in written:  # to take apart what cannot have one takes a second
                continue
            for node in ast.walk(ast.parse(written)):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                    continue
                of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
                given = node.args[0]
                if of_re and node.func.attr in CALLS and isinstance(given, ast.Constant):
                    yield pytest.param(given.value, id=f"{path.relative_to(ROOT)}:{node.lineno}")


def spent(work):
    """Seconds of this thread's processor."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


@pytest.mark.parametrize("written", list(patterns()))
def test_a_pattern_takes_no_time_whatever_the_text(written):
    pattern = re.compile(written)
    for text in HOSTILE:
        given = text.encode() if isinstance(written, bytes) else text
        assert spent(lambda given=given: (pattern.fullmatch(given), pattern.search(given))) < 0.1, text[:40]


@pytest.mark.parametrize("words", [vocabulary.STRUCTURES, vocabulary.ROADS, vocabulary.LAND])
def test_the_type_of_a_thing_is_found_in_no_time_whatever_its_attributes_say(words):
    for text in HOSTILE:
        assert spent(lambda text=text: words.type_of([text])) < 0.1, text[:40]


@pytest.mark.parametrize("attribute", ["event_timestamp", "process_timestamp", "event_id", "magnitude", "nlon", "name"])
def test_a_long_attribute_of_a_grid_xml_holds_nobody_up(attribute):
    small = make_grid(nlon=5, nlat=4).decode()
    for text in HOSTILE:
        hostile = text.replace("\n", "&#10;").replace("<", "&lt;").replace("&&", "")
        body = re.sub(rf' {attribute}="[^"]*"', lambda _, text=hostile: f' {attribute}="{text}"', small).encode()

        def read(body=body):
            try:
                return read_shakemap(body)
            except BadInput as error:
                return str(error)

        assert spent(read) < 0.1, text[:40]
        said = read()
        assert len(said if isinstance(said, str) else str(said.warnings)) < 1000


def test_a_file_to_be_put_by_hand_is_named_in_no_time():
    for text in HOSTILE:
        assert spent(lambda text=text: key_for(Path("a/grid.xml"), text.encode())) < 0.1, text[:40]


@pytest.mark.parametrize("between", ["<a/>", "<a>", "a='1' ", "<!---->", "<?a?>", "<![CDATA[]]>"])
def test_a_file_of_many_elements_is_refused_before_it_is_parsed(between):
    body = b"<shakemap_grid>" + between.encode() * 20_000
    begun = time.thread_time()
    with pytest.raises(BadInput, match="fewer than 100"):
        read_shakemap(body)
    assert time.thread_time() - begun < 0.1


def test_what_the_file_says_of_itself_is_short_and_of_one_line():
    long = "Lombok\u2028Utara&#9;\u202e" + "x" * 5000
    shakemap = read_shakemap(make_grid(nlon=5, nlat=4, description=long))
    assert shakemap.description.startswith("Lombok Utara x")
    assert len(shakemap.description) == 200
    assert shakemap.description.isprintable()
