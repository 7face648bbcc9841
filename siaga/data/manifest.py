"""The manifest of the analysis data: which file of each role counts; changed only as long as it is what was read."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from siaga import keys
from siaga.errors import Conflict, NotFound, SiagaError
from siaga.impact.stored.head import SourceFile, of_demonstration

if TYPE_CHECKING:  # its S3 client takes a third of a second to import, and files need none
    from siaga.store import Store

SCHEMA = "siaga/analysis-data/1"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TRIES = 10  # to change the manifest while others do


class ManifestFile(SourceFile):
    """A file as the manifest lists it. size: bytes."""

    size: int
    licence: str


class Manifest(TypedDict):
    """manifest.json. demonstration: whether figures that are made with it have to say so."""

    schema: str
    title: str
    demonstration: bool
    files: list[ManifestFile]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a manifest is to say."""

    title: str
    entries: list[ManifestFile]

    def to_bytes(self) -> bytes:
        """As it is stored."""
        entries = sorted(self.entries, key=lambda entry: str(entry["role"]))
        shown = of_demonstration(entries)
        manifest: Manifest = {"schema": SCHEMA, "title": self.title, "demonstration": shown, "files": entries}
        return json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False).encode()


Change = Callable[[bytes | None], Draft]  # from the present manifest, None where there is none


def publish(store: "Store", change: Change) -> str:
    """Put the manifest that comes of the present one, None where there is none; returns its sha256.

    Two operators who do so at the same moment lose nothing: whoever is second begins anew with what the first left.
    """
    for _try in range(_TRIES):
        before, etag = present(store)
        after = change(before).to_bytes()
        if after != before:
            try:
                store.put(
                    keys.ANALYSIS_DATA,
                    keys.MANIFEST,
                    after,
                    "application/json",
                    if_absent=before is None,
                    if_match=etag,
                )
            except Conflict:
                continue
        return hashlib.sha256(after).hexdigest()
    raise Conflict("The manifest of the analysis data is being changed by others all the time; try again")


def with_file(entry: ManifestFile, instead_of: str | None = None) -> Change:
    """That file in the place of its role.

    instead_of: sha256 of the one that is to be replaced, "" for none: Conflict when another one counts by now.
    """

    def change(body: bytes | None) -> Draft:
        before = parse(body) if body else None
        there = before["files"] if before else []
        counts = next((one["sha256"] for one in there if one["role"] == entry["role"]), "")
        if instead_of not in (None, counts):
            raise Conflict("Another file counts as {role} by now; look, and try again", role=entry["role"])
        kept = [one for one in there if one["role"] != entry["role"]]
        return Draft(before["title"] if before else entry["title"], [*kept, entry])

    return change


def without(role: str) -> Change:
    """What is installed but for that role. NotFound where there is none."""

    def change(body: bytes | None) -> Draft:
        if body is None:
            raise nothing()
        before = parse(body)
        kept = [one for one in before["files"] if one["role"] != role]
        if len(kept) == len(before["files"]):
            raise NotFound("Nothing is installed as {role}", role=role)
        return Draft(before["title"], kept)

    return change


def present(store: "Store") -> tuple[bytes | None, str]:
    """The manifest's bytes and its ETag; None and "" where nothing is installed."""
    try:
        body, head = store.get(keys.ANALYSIS_DATA, keys.MANIFEST)
    except NotFound:
        return None, ""
    return body, head.etag


def read(store: "Store") -> bytes:
    """The manifest's bytes; raises NotFound when nothing is installed."""
    body = present(store)[0]
    if body is None:
        raise nothing()
    return body


def nothing() -> NotFound:
    """That nothing is installed, and what to do."""
    return NotFound("No analysis data is installed; run `siaga data demo`")


def parse(body: bytes) -> Manifest:
    """What the manifest says. Raises SiagaError where it is none of ours."""
    try:
        manifest: Manifest = json.loads(body)
        ours = manifest["schema"] == SCHEMA and all(_SHA256.fullmatch(e["sha256"]) for e in manifest["files"])
    except (ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        raise SiagaError("The manifest of the analysis data is not {schema}; install the data again", schema=SCHEMA)
    return manifest


def checked(stored: ManifestFile) -> ManifestFile:
    """An entry that was stored beside the manifest, if it is whole. Raises ValueError."""
    if set(stored) != ManifestFile.__annotations__.keys() | SourceFile.__annotations__.keys():
        raise ValueError("an entry of other fields")
    if not _SHA256.fullmatch(stored["sha256"]):
        raise ValueError("a hash that is none")
    return stored
