"""What an image is made of, as CycloneDX 1.5 JSON: the packages of Debian and of Python, and their versions."""

import json
import subprocess
import sys
from importlib.metadata import distributions


def debian() -> list[dict[str, object]]:
    """A component for each installed package of Debian."""
    form = "${Package} ${Version} ${Architecture}\n"
    listed = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in sorted(listed.splitlines()))
    return [_component(name, version, f"pkg:deb/debian/{name}@{version}?arch={arch}") for name, version, arch in rows]


def python() -> list[dict[str, object]]:
    """A component for each distribution that this interpreter finds, Debian's as well; the first found of a name."""
    found: dict[str, str] = {}
    for one in distributions():
        found.setdefault(one.metadata["Name"].lower().replace("_", "-"), one.version)
    return [_component(name, version, f"pkg:pypi/{name}@{version}") for name, version in sorted(found.items())]


def _component(name: str, version: str, purl: str) -> dict[str, object]:
    return {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}


if __name__ == "__main__":
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": debian() + python()}
    json.dump(bom, sys.stdout, indent=1)
