"""The demonstration exposure: a stand-in for national data, built from public packages and the census."""

import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import siaga.gis.cells
import siaga.gis.layers
from siaga.data import analysis_data, points
from siaga.data.analysis_data import DataFile
from siaga.data.demo import recipe
from siaga.data.demo.packages import WORLD_MAP, Packages
from siaga.settings import Settings
from siaga.store import Store

TITLE = "Demonstration exposure"
_CODE = (Path(__file__).parent, *map(Path, (points.__file__, siaga.gis.cells.__file__, siaga.gis.layers.__file__)))


def install(settings: Settings, store: Store, say: Callable[[str], None]) -> str:
    """Build the demonstration exposure, unless it was built before, and upload it; returns the manifest's sha256.

    say: is told each step. Quick when the bucket has this very build. What an operator has imported stays.
    """
    found = files(settings.cache, say)
    sha256 = analysis_data.add_demonstration(store, found, TITLE)
    say(f"demonstration exposure installed, {sum(file.path.stat().st_size for file in found) / 1e6:.0f} MB")
    return sha256


def files(cache: Path, say: Callable[[str], None]) -> list[DataFile]:
    """The files of the demonstration exposure, built once per recipe into `cache`/demo-exposure/<recipe>."""
    folder = cache / "demo-exposure" / recipe_hash()
    if not folder.exists():
        started = time.monotonic()
        packages = Packages(cache / "packages")
        packages.fetch(say)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as scratch:
            build = Path(scratch) / "build"
            build.mkdir()
            recipe.build(packages, build, say)
            _move(build, folder)
        say(f"demonstration exposure built in {time.monotonic() - started:.0f} s")
    return recipe.describe(folder)


def _move(build: Path, folder: Path) -> None:
    try:
        build.replace(folder)
    except OSError:
        if not folder.exists():  # else another process was first, with the same bytes
            raise


def recipe_hash() -> str:
    """Sixteen hex digits that change with the code, the tables and the world map that the build is made with."""
    digest = hashlib.sha256()
    for path in _CODE:
        for part in sorted(path.iterdir()) if path.is_dir() else [path]:
            if part.is_file():
                digest.update(part.name.encode() + b"\0" + part.read_bytes())
    if WORLD_MAP.exists():
        digest.update(WORLD_MAP.read_bytes())
    return digest.hexdigest()[:16]
