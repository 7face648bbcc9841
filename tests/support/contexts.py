"""The folder that `faas-cli build --shrinkwrap` makes of a function, made as it does."""

import shutil
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
_LEFT_OUT = shutil.ignore_patterns("build", "template", "__pycache__", "*.pyc")


def shrinkwrapped(name: str, into: Path, stack: Path = ROOT / "stack.yml") -> Path:
    """The context of that function: its template, its handler in function/, what `copy` names beside it."""
    told = yaml.safe_load(stack.read_text(encoding="utf-8"))
    function, context = told["functions"][name], into / name
    shutil.copytree(ROOT / "template" / function["lang"], context, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(stack.parent / function["handler"], context / "function", dirs_exist_ok=True, ignore=_LEFT_OUT)
    for path in told["configuration"]["copy"]:
        shutil.copytree(stack.parent / path, context / "function" / path, ignore=_LEFT_OUT)
    return context
