"""Nothing is written twice: no run of eight equal lines stands in two places of code, tests, templates or styles."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTS = ("siaga", "functions", "gateway", "web", "template", "bench", "tests")
KINDS = {".py", ".html", ".css", ".js"}
RUN = 8
# says nothing by itself: punctuation, closing tags, imports
THIN = re.compile(r"[\W_]*|(</\w+>\s*)+|(from|import) .*|\{%-? *(end\w+|else) *-?%\}")


def spoken(path):
    """(number, text) of the lines that say something."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(number, line.strip()) for number, line in enumerate(lines, 1) if not THIN.fullmatch(line.strip())]


def runs(files):
    """Pairs of places, each (file, first line), where the same run of lines begins."""
    seen = {}
    for path in files:
        lines = spoken(path)
        for start in range(len(lines) - RUN + 1):
            run = tuple(text for _number, text in lines[start : start + RUN])
            place = path, lines[start][0], start
            first = seen.setdefault(run, place)
            if first[0] != path or start - first[2] >= RUN:
                yield first[:2], place[:2]


def test_no_run_of_eight_equal_lines_stands_twice():
    files = sorted(
        path
        for part in PARTS
        for path in (ROOT / part).rglob("*")
        if path.suffix in KINDS and "node_modules" not in path.parts
    )
    assert {path.suffix for path in files} == KINDS
    found = [f"{one[0]}:{one[1]} and {other[0]}:{other[1]}" for one, other in runs(files)]
    assert not found, "\n".join(found)


def test_a_run_that_stands_twice_is_seen(tmp_path):
    body = "".join(f"line {number}\n\n" for number in range(RUN))
    (tmp_path / "one.py").write_text(f"before\n{body}after\n", encoding="utf-8")
    (tmp_path / "other.py").write_text(f"    {body}", encoding="utf-8")
    (tmp_path / "less.py").write_text(body.replace("line 3", "another"), encoding="utf-8")
    files = sorted(tmp_path.iterdir())
    assert [(one[0].name, one[1], other[0].name, other[1]) for one, other in runs(files)] == [
        ("one.py", 2, "other.py", 1)
    ]
