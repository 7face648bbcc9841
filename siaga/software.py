"""Which software makes a run: the release, and a hash over the code and data that reckon, as they lie on disk."""

import os
import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path

import siaga
from siaga.settings import REPOSITORY

_ASIDE = ("accounts", "alerts", "cli", "inspection", "machine")  # they run Siaga and put nothing into a run
# Not stack.yml: it says how many run. Not what Python compiles and editors leave meanwhile: it comes and goes.
_KINDS = {".py", ".css", ".csv", ".html", ".json", ".po"}
_SIGNS = 8  # of the hash


@cache
def version() -> str:
    """Such as 0.1.0+3f2a9c1d: the same in checkout, wheel and image of the same code, another after each change."""
    digest, home = sha256(), Path(__file__).parent
    for path in sorted(home.rglob("*")):
        within = path.relative_to(home)
        if path.suffix in _KINDS and within.parts[0] not in _ASIDE and path.is_file():
            digest.update(within.as_posix().encode() + b"\0" + path.read_bytes())
    return f"{siaga.__version__}+{digest.hexdigest()[:_SIGNS]}"


def commit() -> str:
    """From which it was built or in which it lies, marked where something was changed since; "" where nobody knows."""
    if built := os.environ.get("SIAGA_COMMIT"):
        return built
    command = ["git", "-C", str(REPOSITORY), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):  # no git, or no checkout
        return ""
