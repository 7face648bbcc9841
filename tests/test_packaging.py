"""The wheel: it holds every file of every part, and its commands run where there is no checkout."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fixtures import exposure
from fixtures.grids import make_grid

from siaga import software
from web.maps import pages as maps

ROOT = Path(__file__).parent.parent
PARTS = ("siaga", "functions", "gateway", "web", "template")
IMPORTS = """
import importlib, sys
for name in sys.stdin.read().split():
    module = importlib.import_module(name)
    assert module.__file__.startswith(sys.argv[1]), module.__file__
"""


def tracked(*folders):
    """The files that git knows there, as they are now on disk."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built without network from a copy of what git knows, so that nothing else on this machine comes in."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in tracked():
        copy = folder / "source" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_symlink():
            copy.symlink_to((ROOT / name).readlink())
        else:
            copy.write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "-w", folder, folder / "source"], check=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder into which the wheel is unpacked."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return folder


@pytest.fixture
def run(installed, tmp_path):
    """Run Python with the unpacked wheel in an empty folder, with a home of its own."""

    def python(*arguments, said=""):
        environment = os.environ | {"PYTHONPATH": str(installed), "HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=tmp_path,
            env={name: value for name, value in environment.items() if not name.startswith("SIAGA_")},
            input=said,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return python


@pytest.fixture
def siaga(run):
    """Run the command `siaga` of the unpacked wheel."""
    return lambda *arguments: run("-c", "import sys, siaga.cli; sys.exit(siaga.cli.main())", *arguments)


def test_the_wheel_holds_every_file_of_every_part_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as packed:
        held = {name for name in packed.namelist() if ".dist-info/" not in name}
    assert held == {name for name in tracked(*PARTS) if not Path(name).name.startswith(".")}


def test_the_wheel_holds_the_stack_file_itself(installed):
    assert not (installed / "siaga/stack.yml").is_symlink()
    assert (installed / "siaga/stack.yml").read_bytes() == (ROOT / "stack.yml").read_bytes()


def test_every_module_is_imported_outside_of_a_checkout(installed, run):
    paths = sorted(path.relative_to(installed) for part in PARTS[:-1] for path in (installed / part).rglob("*.py"))
    assert paths
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]
    done = run("-c", IMPORTS, installed, said=" ".join(names))
    assert done.returncode == 0, done.stderr


def test_commands_run_outside_of_a_checkout(siaga, tmp_path, installed):
    helped = siaga("--help")
    assert helped.returncode == 0, helped.stderr
    assert "analyse" in helped.stdout
    (tmp_path / "grid.xml").write_bytes(make_grid(lon=116.5, lat=-8.5, nlon=61, nlat=61, spacing=0.025))
    exposure.population(tmp_path / "people.tif", np.full((20, 20), 10.0), 116.0, -8.0, 0.05)
    analysed = siaga("analyse", "earthquake", "grid.xml", "--population", "people.tif", "--report", "--out", "out")
    assert analysed.returncode == 0, analysed.stderr
    assert {"impact.json", "report-id.pdf", "report-en.html", "map-id.png"} <= {
        path.name for path in (tmp_path / "out").iterdir()
    }


def test_home_functions_and_runtime_are_found_outside_of_a_checkout(run, installed, tmp_path):
    looked = run(
        "-c",
        "from siaga import stack, machine; from siaga.settings import Settings; s = Settings.load();"
        "print(s.home); print(machine.RUNTIME); print(*(f.module for f in stack.load(s.stack)))",
    )
    assert looked.returncode == 0, looked.stderr
    home, runtime, modules = looked.stdout.splitlines()
    assert Path(home) == tmp_path / ".local/share/siaga"
    assert Path(runtime) == installed / "template/python3-qgis/index.py"
    assert {"index.py", "slot.py", "pace.py"} <= {path.name for path in Path(runtime).parent.iterdir()}
    for module in modules.split():
        assert (installed / module.replace(".", "/")).with_suffix(".py").is_file(), module


def test_wheel_and_checkout_are_the_same_software_until_what_reckons_is_changed(run, installed):
    def version():
        return run("-c", "from siaga import software; print(software.version())").stdout.strip()

    first = version()
    assert first == software.version()
    assert re.fullmatch(r"0\.1\.0\+[0-9a-f]{8}", first)
    for path, reckons in (("siaga/cli/progress.py", False), ("siaga/impact/mmi.py", True)):
        before = (installed / path).read_bytes()
        (installed / path).write_bytes(before + b"# changed\n")
        assert (version() != first) is reckons, path
        (installed / path).write_bytes(before)
    for name in ("__pycache__/mmi.cpython-311.pyc.140231", ".mmi.py.swp", "mmi.py~"):  # that is being written just now
        (installed / "siaga/impact" / name).parent.mkdir(exist_ok=True)
        (installed / "siaga/impact" / name).write_bytes(b"half")
        assert version() == first, name


def test_a_store_without_a_server_is_said_in_a_sentence(siaga):
    done = siaga("up")
    assert done.returncode == 1
    assert "SIAGA_MINIO" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_web_takes_from_npm_is_packed_with_its_licences():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["web"]
    packed = {path for pattern in patterns for path in (ROOT / "web").glob(pattern)}
    assert all(any((ROOT / "web").glob(pattern)) for pattern in patterns)
    assert {ROOT / "web/node_modules" / path for path in maps._LIBRARY.values()} <= packed
    for name in json.loads((ROOT / "web/package.json").read_text())["dependencies"]:
        folder = ROOT / "web/node_modules" / name
        assert packed & {folder / "LICENSE", folder / "LICENSE.txt", folder / "package.json"}, name
