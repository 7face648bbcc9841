"""Everything that an attacker tried on Siaga has a test: by its number in the name of one, or in cases.txt."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
# How many things were tried: on S3, webhook, gateway, SFTP, parsers, imports, web, secrets, sources, catalogue.
TRIED = {
    "s3": 41, "wh": 7, "gw": 24, "sf": 26, "pa": 26, "im": 7, "we": 26, "se": 8, "sc": 5, "ca": 1,
}  # fmt: skip
NUMBER = re.compile(rf"(?<![a-z0-9])({'|'.join(TRIED)})_(\d\d)(?!\d)")
LISTED = re.compile(r"([A-Z][A-Z0-9]-\d\d)  (\S.*?)  +(\S+)")


@cache
def functions_of(path):
    """Names of the test functions of a file."""
    return frozenset(re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE))


@cache
def named():
    """Numbers in the names of tests."""
    files = [*FOLDER.glob("test_*.py"), *FOLDER.parent.glob("test_*.py")]
    found = {
        f"{kind}_{number}" for path in files for name in functions_of(path) for kind, number in NUMBER.findall(name)
    }
    return {number.upper().replace("_", "-") for number in found}


def listed():
    """(number, what was tried, test or reason) of cases.txt."""
    lines = [line for line in (FOLDER / "cases.txt").read_text(encoding="utf-8").splitlines() if line]
    found = [LISTED.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(found), lines[found.index(None)]
    return [match.groups() for match in found]


def test_everything_that_was_tried_is_a_test():
    tried = {f"{kind.upper()}-{number:02d}" for kind, most in TRIED.items() for number in range(1, most + 1)}
    assert len(tried) == 171
    there = named() | {number for number, _what, _test in listed()}
    assert sorted(tried - there) == []
    assert sorted(there - tried) == []


def test_every_test_that_the_list_names_is_there():
    for number, _what, test in listed():
        file, _, name = test.partition("::")
        assert name in functions_of(FOLDER.parents[1] / file), number
