"""Versions of the file of each role: all that were imported, what they hold, and that one of them is made to count.

Each is an object of its own, `versions/<role>/<sha256>.json`; the manifest alone says which one counts, so that to go
back is to activate the earlier one. What population and zones hold together lies beside them, in `versions/coverage/`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, cast

from siaga import keys
from siaga.data import manifest
from siaga.data.manifest import ManifestFile
from siaga.errors import BadInput, NotFound, Reason
from siaga.exposure.extent import Extent

if TYPE_CHECKING:
    from siaga.store import Store

COVERAGE = "coverage"  # beside the roles
_LARGEST = 1 << 22  # bytes of what is told of one version


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file holds. counts: its features by kind. people: persons, None where it counts none.

    cells, unknown: of a raster, and those without a count. edges: west, south, east, north in degrees.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    people: float | None = None
    cells: int = 0
    unknown: int = 0
    edges: tuple[float, float, float, float] | None = None
    extent: Extent | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One file that was imported for a role. imported: the moment, as stored."""

    file: ManifestFile
    imported: str
    facts: Facts

    @property
    def key(self) -> str:
        """Where it lies in bucket analysis-data."""
        return _key(self.file["role"], self.file["sha256"])

    def encode(self) -> bytes:
        """As it is stored."""
        facts = asdict(self.facts) | {"extent": None}
        if self.facts.extent:
            frame = self.facts.extent.frame
            grid = [frame.west, frame.north, frame.step, frame.columns, frame.rows]
            facts["extent"] = {"frame": grid, "rows": self.facts.extent.rows}
        return json.dumps({"file": self.file, "imported": self.imported, "facts": facts}, ensure_ascii=False).encode()

    @classmethod
    def decode(cls, body: bytes) -> "Version":
        """Read it back. Raises BadInput."""
        try:
            stored = json.loads(body)
            facts, file = stored["facts"], manifest.checked(stored["file"])
            extent = facts.pop("extent")
            edges = facts.pop("edges")
            placed = Extent.stored(extent["frame"], extent["rows"]) if extent else None
            whole = Facts(**facts, edges=cast("tuple[float, float, float, float]", tuple(edges)) if edges else None)
            return cls(file, str(stored["imported"]), replace(whole, extent=placed))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput("A version of analysis data cannot be read: {detail}", detail=str(error)) from error


@dataclass(frozen=True, slots=True)
class LevelCoverage:
    """The zones of a level upon a population grid.

    people: in all of them. nobody: zones in which nobody is counted; beyond: those that lie off the grid; with codes
    and names of some. zones: code, name and people of each, None off the grid; () where there are too many for a page.
    """

    level: str
    count: int
    people: float
    nobody: int
    beyond: int
    nobody_named: tuple[str, ...]
    beyond_named: tuple[str, ...]
    zones: tuple[tuple[str, str, float | None], ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What zones hold of a population. people: of the whole grid. warnings: what is wrong with zones."""

    people: float
    levels: tuple[LevelCoverage, ...]
    warnings: tuple[Reason, ...]

    def encode(self) -> bytes:
        """As it is stored."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def decode(cls, body: bytes) -> "Coverage":
        """Read it back. Raises BadInput."""
        try:
            stored = json.loads(body)
            levels = tuple(_level(one) for one in stored["levels"])
            return cls(float(stored["people"]), levels, tuple(stored["warnings"]))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput("A version of analysis data cannot be read: {detail}", detail=str(error)) from error


def record(store: "Store", file: ManifestFile, facts: Facts, imported: str) -> Version:
    """Keep what a file holds; when it was imported first stays. store: with the rights of root."""
    before = stored(store, file["role"], file["sha256"])
    version = Version(file, before.imported if before else imported, facts)
    if version != before:
        store.put(keys.ANALYSIS_DATA, version.key, version.encode(), "application/json")
    return version


def stored(store: "Store", role: str, sha256: str) -> Version | None:
    """What is kept of that file; None where there is nothing, or nothing that can be read."""
    try:
        return Version.decode(store.get(keys.ANALYSIS_DATA, _key(role, sha256), at_most=_LARGEST)[0])
    except (NotFound, BadInput):
        return None


def listed(store: "Store") -> dict[str, list[Version]]:
    """By role all versions that can be read, the newest first. store: with the rights of role operators."""
    versions: dict[str, list[Version]] = {}
    for head in store.list(keys.ANALYSIS_DATA, keys.DATA_VERSIONS):
        role, _, name = head.key.removeprefix(keys.DATA_VERSIONS).partition("/")
        version = None if role == COVERAGE else stored(store, role, name.removesuffix(".json"))
        if version:
            versions.setdefault(role, []).append(version)
    return {role: sorted(those, key=lambda one: one.imported, reverse=True) for role, those in versions.items()}


def activate(store: "Store", role: str, sha256: str, instead_of: str | None = None) -> Version:
    """Let that version count from now on. store: with the rights of role operators.

    instead_of: the sha256 of the file that counted when the operator looked, "" for none; None where nobody looked.
    Raises NotFound for a version that is none or whose file is gone, Conflict where another one counts by now.
    """
    version = stored(store, role, sha256)
    if version is None:
        raise NotFound("There is no version {name} of {role}", name=repr(sha256[:16]), role=repr(role[:20]))
    path = version.file["path"]
    if not any(head.key == path for head in store.list(keys.ANALYSIS_DATA, path)):
        raise NotFound("The file {path} is gone from the store; import it again", path=path)
    manifest.publish(store, manifest.with_file(version.file, instead_of))
    return version


def keep_coverage(store: "Store", population: str, zones: str, coverage: Coverage) -> None:
    """Keep what these zones hold of that population, both named by their sha256. store: with the rights of root."""
    store.put(keys.ANALYSIS_DATA, _pair(population, zones), coverage.encode(), "application/json")


def coverage(store: "Store", population: str, zones: str) -> Coverage | None:
    """What these zones hold of that population; None where nobody has reckoned it."""
    try:
        return Coverage.decode(store.get(keys.ANALYSIS_DATA, _pair(population, zones), at_most=_LARGEST)[0])
    except (NotFound, BadInput):
        return None


def _key(folder: str, name: str) -> str:
    """name: a sha256, of which at most 64 characters count, whatever is sent for one."""
    return f"{keys.DATA_VERSIONS}{folder}/{name[:64]}.json"


def _pair(population: str, zones: str) -> str:
    return _key(COVERAGE, f"{population[:16]}-{zones[:16]}")


def _level(stored: dict[str, object]) -> LevelCoverage:
    zones = cast("list[tuple[str, str, float | None]]", stored["zones"])
    nobody_named, beyond_named = (tuple(cast("list[str]", stored[name])) for name in ("nobody_named", "beyond_named"))
    count, nobody, beyond = (int(str(stored[name])) for name in ("count", "nobody", "beyond"))
    rows = tuple((str(code), str(name), None if people is None else float(people)) for code, name, people in zones)
    level, people = str(stored["level"]), float(str(stored["people"]))
    return LevelCoverage(level, count, people, nobody, beyond, nobody_named, beyond_named, rows)
