"""packages.py LOCK: install what a lock pins and this environment lacks, each package by its hash.

uv does in seconds what takes pip a minute. What pip is told by its files and its environment holds for uv, too; where
that is something uv has no word for, or uv does not manage, pip installs as ever.
"""

import ast
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
PIP = (sys.executable, "-m", "pip")
BY_HASH = ("install", "--quiet", "--require-hashes")

# Settings of pip by what they are for uv: options, variables, and nothing at all.
OPTIONS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
}
SWITCHES = {"no-index": "--no-index", "no-cache-dir": "--no-cache"}
VARIABLES = {
    "timeout": ("UV_HTTP_TIMEOUT",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
    "retries": ("UV_HTTP_RETRIES",),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"),
}
WITHOUT_EFFECT = {
    *("disable-pip-version-check", "no-python-version-warning", "root-user-action", "break-system-packages"),
    *("quiet", "verbose", "no-color", "no-input", "progress-bar", "no-warn-script-location", "no-warn-conflicts"),
    *("require-virtualenv", "compile", "no-compile", "prefer-binary", "cert"),
}
_SECTIONS = ("global", "install", ":env:")  # the later goes first
_NO = ("", "0", "n", "no", "f", "false", "off")


def settings(listed: str) -> dict[str, str]:
    """What `pip config list` says that `pip install` is told: the environment goes first, then [install]."""
    told: dict[str, tuple[int, str]] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in _SECTIONS and _SECTIONS.index(section) >= told.get(key, (0, ""))[0]:
            told[key] = _SECTIONS.index(section), str(ast.literal_eval(value))
    return {key: value for key, (_rank, value) in told.items()}


def for_uv(told: Mapping[str, str], environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]] | None:
    """Options and environment by which uv asks whom pip would ask, as pip would; None where that cannot be said."""
    if told.keys() - {*OPTIONS, *SWITCHES, *VARIABLES, *WITHOUT_EFFECT}:
        return None
    options = [part for key, option in OPTIONS.items() for one in told.get(key, "").split() for part in (option, one)]
    options += [switch for key, switch in SWITCHES.items() if told.get(key, "").lower() not in _NO]
    # Hashes say what a package is; thus any index may bring it, and nothing may say that they do not count.
    changed = {name: value for name, value in environment.items() if name != "UV_NO_VERIFY_HASHES"}
    changed |= {"UV_SYSTEM_CERTS": "true", "UV_INDEX_STRATEGY": "unsafe-best-match"}
    for key, names in VARIABLES.items():
        changed |= dict.fromkeys(names, told[key]) if key in told else {}
    trusted = told.get("cert") or environment.get("REQUESTS_CA_BUNDLE") or environment.get("CURL_CA_BUNDLE")
    if trusted:
        changed["SSL_CERT_DIR" if os.path.isdir(trusted) else "SSL_CERT_FILE"] = trusted
    return options, changed


def missing(lock: str) -> str:
    """The part of a lock that neither this environment nor Debian's packages below it have."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)
    return "".join(block for block in blocks if not _stands(block))


def _stands(block: str) -> bool:
    pinned = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", block)
    try:
        return pinned is None or version(pinned[1]) == pinned[2]
    except PackageNotFoundError:
        return False


def by_uv(wanted: str) -> bool:
    """Have uv install that part of a lock; whether it did."""
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False)
    found = for_uv(settings(listed.stdout), os.environ) if listed.returncode == 0 else None
    if found is None:
        return False
    options, environment = found
    itself = [*PIP, *BY_HASH, "--no-compile", "--only-binary", ":all:", "-r", str(HERE / "requirements-uv.lock")]
    if subprocess.run(itself, stderr=subprocess.DEVNULL, check=False).returncode:
        return False
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder, "wanted.lock")
        lock.write_text(wanted, encoding="utf-8")
        uv = [str(Path(sys.executable).with_name("uv")), "pip", *BY_HASH, "--no-deps", "--python", sys.executable]
        return not subprocess.run([*uv, *options, "-r", str(lock)], env=environment, check=False).returncode


def main() -> int:
    """Install; ends as pip does where pip had to."""
    wanted = missing(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if not wanted or by_uv(wanted):
        return 0
    print("setup: by pip, which takes longer", flush=True)
    return subprocess.run([*PIP, *BY_HASH, "--no-compile", "-r", sys.argv[1]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
