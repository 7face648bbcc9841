"""README, CONTRIBUTING and docs say what is there: paths, names, settings, commands."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from siaga import settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*(path for path in ROOT.glob("*.md") if path.name != "CHANGELOG.md"), *(ROOT / "docs").rglob("*.md")]
PARTS = "siaga|gateway|web|functions|template|deployment|docs|tests|bench"


def rows(heading):
    """The cells of each row of the first table below a heading of README."""
    table = README.split(f"\n## {heading}\n")[1].split("\n|---")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


@cache
def names_in(path):
    """What can be found by name there: top names of a module, paths of keys of YAML or JSON, files of a folder."""
    if path.is_dir():
        return {file.name for file in path.iterdir()}
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".yml", ".json"):
        return set(key_paths(yaml.safe_load(text)))
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found


def key_paths(tree, above=""):
    for key, below in tree.items() if isinstance(tree, dict) else ():
        yield f"{above}.{key}"
        yield from key_paths(below, f"{above}.{key}")


def holds(path, name):
    """Whether that file or folder has the name."""
    if name.startswith("<language>"):
        return any(there.endswith(name.removeprefix("<language>")) for there in names_in(path))
    return any(there == name or there.endswith(f".{name}") for there in names_in(path))


@cache
def code():
    return "".join(
        path.read_text(encoding="utf-8") for part in ("siaga", "gateway") for path in (ROOT / part).rglob("*.py")
    )


@pytest.mark.parametrize("row", rows("Where to change what"), ids=lambda row: row[0])
def test_each_thing_to_change_is_in_its_file_under_its_name(row):
    _what, files, names = row[0], quoted(row[1]), quoted(row[2])
    assert files
    assert names
    kept = [file for file in files if file.startswith("$SIAGA_HOME/secrets/")]
    if kept:  # made when Siaga runs: the code must know the file, and what is to be written in it or called
        words = {Path(file).name for file in kept if not file.endswith("/")} | set(names)
        for word in words:
            command = re.fullmatch(r"siaga (\w+) NAME", word)
            looked_for = rf'add_parser\("{command[1]}"' if command else rf"""["']{re.escape(word)}["']"""
            assert re.search(looked_for, code()), word
        return
    for name in names:
        assert any(holds(ROOT / file, name) for file in files), name
    for file in files:
        assert any(holds(ROOT / file, name) for name in names), file


def test_the_readme_names_every_setting():
    for name in re.findall(r"^    (SIAGA_\w+)", settings.Settings.__doc__, re.MULTILINE):
        assert f"`{name}`" in README, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_points_at_what_is_there(page):
    said = page.read_text(encoding="utf-8")
    for path in re.findall(r"\]\(([^)#:]+)\)", said):
        assert (page.parent / path).exists(), path
    for path in re.findall(rf"`((?:{PARTS})/[\w./-]+)`", said):
        assert (ROOT / path).exists(), path


def test_the_index_of_docs_names_every_file():
    index = ROOT / "docs" / "README.md"
    said = {
        (index.parent / path).resolve() for path in re.findall(r"\]\(([^)#:]+)\)", index.read_text(encoding="utf-8"))
    }
    assert {path for path in index.parent.rglob("*") if path.is_file()} - {index} <= said


def test_contributing_names_tests_targets_and_commands_that_there_are():
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tests = re.findall(r"(tests/\w+\.py)(?:::(\w+))?", said)
    for path, name in tests:
        assert not name or name in names_in(ROOT / path), f"{path}::{name}"
    targets = set(re.findall(r"^make ([\w-]+)|`make ([\w-]+)", said, re.MULTILINE))
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in {one or other for one, other in targets}:
        assert re.search(rf"^{target}:", make, re.MULTILINE), target
        assert re.search(rf'@echo "make [^"]*\b{target}\b', make), f"make help does not say {target}"
    for command in set(re.findall(r"(?:bin/|`)siaga (\w+)", said)):
        assert f'add_parser("{command}"' in code(), command
    for module, name in re.findall(r'-c "import ([\w.]+) as module" -c "b module\.(\w+)"', said):
        assert name in names_in(ROOT / f"{module.replace('.', '/')}.py"), f"{module}.{name}"
    assert tests
    assert targets
