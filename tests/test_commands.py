"""Every command that a page tells to type is one that Siaga takes, with all its options."""

import re
import shlex

import pytest
import test_readme

from siaga import cli

PAGES = (*test_readme.PAGES, *(test_readme.ROOT / "deployment").rglob("*.md"))


def told(page):
    """The commands of Siaga in its code blocks, whole, without those that leave something to be filled in."""
    for block in page.read_text(encoding="utf-8").split("```")[1::2]:
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r" && | \| ", line):
                called = re.match(r"(?:sudo )?(?:\.venv/bin/)?siaga (.*)", part.strip())
                if called and not re.search(r"[…\[<]|\bROLE\b", called[1]):
                    yield shlex.split(called[1], comments=True)


def test_each_command_of_a_page_is_one_that_siaga_takes(capsys):
    parser, tried = cli._parser(), 0
    for page in PAGES:
        for words in told(page):
            try:
                parser.parse_args(words)
            except SystemExit:
                pytest.fail(f"{page}: siaga {' '.join(words)}: {capsys.readouterr().err}")
            tried += 1
    assert tried > 40
