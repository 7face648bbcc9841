"""Analysis data: what a hazard meets, installed once in a bucket and described by its manifest.

The bucket holds manifest.json, written last, and the files that it names. A file's key carries its
hash, so files of an older manifest stay whole while a new one is being installed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from siaga import diskcache, keys
from siaga.data import manifest
from siaga.data.manifest import Draft, Manifest, ManifestFile
from siaga.errors import NotFound, SiagaError, Unavailable
from siaga.exposure.zones import INSTALLED, ZoneFields
from siaga.impact.stored.head import SourceFile, Stationery
from siaga.inputs import texts

if TYPE_CHECKING:  # its S3 client takes a third of a second to import, and files need none
    from siaga.store import Store

_FOLDER = {
    "population": "exposure",
    "zones": "boundaries",
    "places": "places",
    "volcanoes": "places",
    "airports": "places",
    "structures": "exposure",
    "roads": "exposure",
    "land_cover": "exposure",
    "basemap": "basemap",
    "history": "history",
}
ROLES = tuple(_FOLDER)
_MANIFESTS = "manifests"  # folder beside the files on disk
_MEDIA_TYPE = {
    ".tif": "image/tiff",
    ".csv": "text/csv",
    ".fgb": "application/flatgeobuf",
    ".gpkg": "application/geopackage+sqlite3",
    ".pmtiles": "application/vnd.pmtiles",
}
_verified: set[tuple[str, int, int]] = set()  # (path, size, time in ns) whose hash this process has checked


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file to install.

    role: one of ROLES. year: of what it describes, None if of no year.
    title, source, licence: one line of English each.
    """

    role: str
    path: Path
    title: str
    source: str
    licence: str
    year: int | None = None
    demonstration: bool = False


@dataclass(frozen=True, slots=True)
class AnalysisData:
    """The installed analysis data, the files of some of its roles at hand on disk.

    files: what an impact says of its sources: role, path, sha256, title, year, source, demonstration; of all roles.
    zone_fields: how the zones' fields are named. installed: False for files that are used once.
    roles: those that were asked for. stationery: what of a hazard's reports is the agency's own; of the hazard that was
    asked for.
    """

    manifest_sha256: str
    title: str
    files: tuple[SourceFile, ...]
    _paths: dict[str, Path]
    zone_fields: ZoneFields = INSTALLED
    installed: bool = True
    roles: tuple[str, ...] = ROLES
    stationery: Mapping[str, Stationery] = field(default_factory=dict)

    def path(self, role: str) -> Path | None:
        """Where the file of that role lies on this machine; None when there is none.

        Raises ValueError for a role that was not asked for: whether there is a file is not known then.
        """
        if role not in self.roles:
            raise ValueError(f"{role} is not among the roles that were opened: {', '.join(self.roles)}")
        return self._paths.get(role)


def open(store: "Store", cache: Path, roles: Sequence[str] = ROLES, hazard: str = "") -> AnalysisData:
    """The analysis data as the bucket has it now; whatever of these roles is missing on disk is fetched first.

    hazard: whose layouts of reports are read too. A warm process pays one HEAD, and a LIST for these. Files lie in
    `cache`/analysis-data/<sha256>/<name>, shared by all processes of a machine; one without its hash is fetched again.
    Raises NotFound when nothing is installed; Unavailable.
    """
    folder = cache / diskcache.ANALYSIS_DATA
    body = _manifest(store, folder)
    installed = manifest.parse(body)
    wanted = [entry for entry in installed["files"] if entry["role"] in roles]
    return AnalysisData(
        manifest_sha256=hashlib.sha256(body).hexdigest(),
        title=installed["title"],
        files=tuple(map(_source, installed["files"])),
        _paths={entry["role"]: fetched(store, cache, entry) for entry in wanted},
        roles=tuple(roles),
        stationery={hazard: texts.stationery(store, hazard)} if hazard else {},
    )


def awaited(store: "Store", cache: Path, roles: Sequence[str], hazard: str = "") -> AnalysisData:
    """The same for an input that has arrived: where nothing is installed yet it waits, and is not refused for ever.

    Raises Unavailable, then too.
    """
    try:
        return open(store, cache, roles, hazard)
    except NotFound as error:
        raise Unavailable(error.template, **error.values) from error


def thin(cache: Path, exposure: AnalysisData) -> None:
    """Let go of what lies on disk and no manifest names any more; see siaga.diskcache for when."""
    diskcache.evict(cache, {_MANIFESTS, *(file["sha256"] for file in exposure.files)})


def manifest_of(store: "Store") -> Manifest:
    """The manifest alone, for a page that names the sources; raises NotFound when nothing is installed."""
    return manifest.parse(manifest.read(store))


def add_demonstration(store: "Store", files: Sequence[DataFile], title: str) -> str:
    """Install demonstration files, but none in the place of an operator's own; returns the manifest's sha256."""
    entries: dict[str, ManifestFile] = {}

    def with_them(body: bytes | None) -> Draft:
        own = [one for one in manifest.parse(body)["files"] if not one["demonstration"]] if body else []
        free = [file for file in files if file.role not in {one["role"] for one in own}]
        for file in free:
            if file.role not in entries:
                entries[file.role] = send(store, file)
        return Draft(title, [*own, *(entries[file.role] for file in free)])

    return manifest.publish(store, with_them)


def remove(store: "Store", role: str) -> str:
    """Take a role out of what is installed; returns the manifest's sha256. Its file stays for runs that used it.

    Raises NotFound when there is none.
    """
    return manifest.publish(store, manifest.without(role))


def send(store: "Store", file: DataFile) -> ManifestFile:
    """Upload a file, unless the bucket has it; returns its entry, which no manifest names yet."""
    sha256, size = _sha256(file.path), file.path.stat().st_size
    key = f"{_FOLDER.get(file.role, file.role)}/{file.path.stem}-{sha256[:8]}{file.path.suffix}"
    upload(store, key, file.path, sha256)
    return {
        "role": file.role,
        "path": key,
        "sha256": sha256,
        "size": size,
        "title": file.title,
        "year": file.year,
        "source": file.source,
        "licence": file.licence,
        "demonstration": file.demonstration,
    }


def _source(file: ManifestFile) -> SourceFile:
    """What an impact says of a file."""
    return {
        "role": file["role"],
        "path": file["path"],
        "sha256": file["sha256"],
        "title": file["title"],
        "year": file["year"],
        "source": file["source"],
        "demonstration": file["demonstration"],
    }


def _manifest(store: "Store", folder: Path) -> bytes:
    """The manifest's bytes; from disk when its ETag has not changed."""
    try:
        etag = store.head(keys.ANALYSIS_DATA, keys.MANIFEST).etag
    except NotFound as error:
        raise manifest.nothing() from error
    path = folder / _MANIFESTS / f"{hashlib.sha256((store.url + etag).encode()).hexdigest()[:16]}.json"
    try:
        body = path.read_bytes()
        manifest.parse(body)
        return body
    except (FileNotFoundError, SiagaError):
        body = manifest.read(store)
    _write(path, body)
    return body


def fetched(store: "Store", cache: Path, entry: ManifestFile) -> Path:
    """A file of the bucket on this machine's disk, in the manifest or not. Raises NotFound, Unavailable."""
    folder = cache / diskcache.ANALYSIS_DATA
    path: Path = folder / entry["sha256"] / PurePosixPath(entry["path"]).name
    if diskcache.lease(path.parent) and _is_whole(path, entry["sha256"]):
        return path
    with diskcache.scratch(folder) as part:
        store.download(keys.ANALYSIS_DATA, entry["path"], part)
        if _sha256(part) != entry["sha256"]:
            raise Unavailable("{path} is not what the manifest says; install the data again", path=entry["path"])
        path.parent.mkdir(exist_ok=True)
        part.replace(path)
    return path


def _is_whole(path: Path, sha256: str) -> bool:
    """Whether the file has that hash; read once per process unless the file changes."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return False
    seen = (str(path), stat.st_size, stat.st_mtime_ns)
    if seen not in _verified:
        if _sha256(path) != sha256:
            return False
        _verified.add(seen)
    return True


def upload(store: "Store", key: str, path: Path, sha256: str) -> None:
    """Put a file into the bucket unless it lies there already. sha256: its own."""
    try:
        if store.head(keys.ANALYSIS_DATA, key).metadata.get("sha256") == sha256:
            return
    except NotFound:
        pass
    with path.open("rb") as file:
        store.put(
            keys.ANALYSIS_DATA,
            key,
            file,
            _MEDIA_TYPE.get(path.suffix, "application/octet-stream"),
            metadata={"sha256": sha256},
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with diskcache.scratch(path.parent) as part:
        part.write_bytes(body)
        part.replace(path)
