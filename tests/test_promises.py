"""What the code promises: how long things are, what says what it is, that lists agree with each other."""

import ast
import configparser
import re
import tomllib
from pathlib import Path

import yaml

from siaga import keys, stack

ROOT = Path(__file__).parent.parent
CODE = sorted(
    path
    for folder in ("siaga", "functions", "gateway", "web", "template", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
)


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def lines(node):
    return node.end_lineno - node.lineno + 1


def test_modules_and_functions_are_short():
    for path in CODE:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
        for node in ast.walk(tree(path)):
            if isinstance(node, FUNCTIONS):
                assert lines(node) < 60, f"{path}:{node.name}"
                for inner in ast.walk(node):
                    if inner is not node and isinstance(inner, FUNCTIONS):
                        assert lines(inner) <= 10, f"{path}:{inner.name} within {node.name}"


def test_routes_stand_at_the_top_of_their_module():
    found = set()
    for path in CODE:
        module = tree(path)
        for node in ast.walk(module):
            if isinstance(node, FUNCTIONS) and any(hooks(node)):
                assert node in module.body, f"{path}:{node.name}"
                found.add(path.relative_to(ROOT).parts[0])
    assert found == {"web", "gateway", "template"}


def hooks(node):
    """Those decorators of a function by which Flask calls it."""
    for one in node.decorator_list:
        called = one.func if isinstance(one, ast.Call) else one
        if isinstance(called, ast.Attribute) and getattr(called.value, "id", "") in ("app", "pages", "routes"):
            yield one


def test_modules_and_their_public_parts_say_what_they_are():
    for path in CODE:
        module = tree(path)
        assert ast.get_docstring(module), path
        for node in module.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                if any(getattr(one, "id", "") == "overload" for one in node.decorator_list):
                    continue  # its types alone; the function below them says what it is
                assert ast.get_docstring(node), f"{path}:{node.name}"
        assert path.stem not in ("utils", "util", "helpers", "common", "misc"), path


def test_stack_folders_and_docstrings_name_the_same_functions():
    listed = {function.name: function for function in stack.load(ROOT / "stack.yml")}
    folders = {path.parent.name.replace("_", "-") for path in (ROOT / "functions").glob("*/handler.py")}
    assert set(listed) == folders
    for name in listed:
        said = ast.get_docstring(tree(ROOT / "functions" / name.replace("-", "_") / "handler.py"))
        assert re.search(r"^reads\s", said, re.MULTILINE), name
        assert re.search(r"^writes\s", said, re.MULTILINE), name


def test_every_input_bucket_has_its_function_or_none_yet():
    functions = stack.load(ROOT / "stack.yml")
    for bucket in (keys.SHAKEMAPS, keys.SHAKEMAPS_CORRECTED, keys.SHAKEMAPS_BNPB):
        for key in ("20180805194635/grid.xml", "20180805194635/output/grid.xml"):
            assert [function.name for function in stack.waking(functions, bucket, key)] == ["on-shakemap"]
        assert not stack.waking(functions, bucket, "20180805194635/grid.xml.bak")
    fall = "201702211904+0700_Merapi"
    assert [one.name for one in stack.waking(functions, keys.ASHMAPS, f"{fall}/request.json")] == ["on-ash"]
    for key in (f"{fall}/ash_fall.tif", keys.ash_candidate("a" * 64), "request.json"):
        assert not stack.waking(functions, keys.ASHMAPS, key)
    for event in (f"ash/{fall}", "flood/2017022105-6-rw", "earthquake/20180805194635"):
        key = f"{event}/initial-v001-12345678/12345678/impact.json"
        assert [one.name for one in stack.waking(functions, keys.RESULTS, key)] == ["render-report"]
    flood = "2017022105-6-rw"
    for folder in (flood, f"{flood}-ID-JB"):
        assert [one.name for one in stack.waking(functions, keys.FLOODMAPS, f"{folder}/flood_data.json")] == [
            "on-flood"
        ]
    for key in (f"hours/{flood}/same.json", f"suspect/{flood}/20170221T050700Z", f"outages/{flood}.json"):
        assert not stack.waking(functions, keys.FLOODMAPS, key)
    run = "earthquake/a/initial-v001-12345678/12345678"
    assert [f.name for f in stack.waking(functions, keys.RESULTS, f"{run}/impact.json")] == ["render-report"]
    assert not stack.waking(functions, keys.RESULTS, f"{run}/report.json")


def test_a_commit_is_checked_by_the_programs_of_make_lint():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]  # no other needs no network
    called = {hook["entry"].split()[0] for hook in hooks[0]["hooks"]}
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    make = make.replace("$(prettier)", re.search(r"^prettier := (.*)", make, re.MULTILINE)[1])
    lint = re.search(r"^lint:\n((?:\t.*\n)+)", make, re.MULTILINE)[1]
    assert called == {line.split()[0].lstrip("@") for line in lint.splitlines()} - {"deployment/local/setup.sh"}


def test_editors_and_formatters_know_the_same_widths():
    editor = configparser.ConfigParser()
    editor.read_string("[top]\n" + (ROOT / ".editorconfig").read_text(encoding="utf-8"))
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert {tools["ruff"]["line-length"], tools["djangofmt"]["line-length"]} == {editor.getint("*", "max_line_length")}
    assert tools["djangofmt"]["indent-width"] == editor.getint("*", "indent_size")
