"""Templates and styles: their lines can be read, and no break that keeps them short is printed."""

from pathlib import Path

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).parent.parent
FILES = [
    path
    for part in ("siaga", "web")
    for kind in ("html", "css", "js")
    for path in (ROOT / part).rglob(f"*.{kind}")
    if "node_modules" not in path.parts
]
LONGEST = 160  # characters; the formatters break at 120 what they can break


def test_no_line_of_a_template_or_style_is_long():
    assert {path.suffix for path in FILES} == {".html", ".css", ".js"}
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LONGEST
    ]
    assert not long


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".html"], ids=lambda path: path.name)
def test_no_sentence_of_a_template_holds_a_line_break(path):
    for said in Environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Const):
        assert not isinstance(said.value, str) or "\n" not in said.value, said.value
