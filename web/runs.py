"""What a run has left in the store, for the pages of all hazards: its figures and its files.

The catalogue entry names impact.json and report.json by their hashes, and these name all other files by theirs:
nothing is shown that is not what the functions wrote.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha1, sha256
from typing import Literal, NoReturn, TypedDict, overload

from flask import Response, g, request

from siaga import keys
from siaga.catalog import AshEntry, EarthquakeEntry, Entry, FloodEntry
from siaga.errors import NotFound, SiagaError, Unavailable
from siaga.impact.quakes import surely_one
from siaga.impact.stored import AshImpact, EarthquakeImpact, FloodImpact, Impact
from siaga.impact.versions import Revision
from siaga.language import LANGUAGES
from siaga.report.record import ReportRecord
from siaga.store import Head, Store
from web import downloads, login
from web.index import Index

_log = logging.getLogger("web")
_CACHED = 64  # analyses; they never change, so they are read once
_COMPARED = 4096  # files whose hashes are known to be right, by their ETags
SAFE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox allow-popups"


class Damaged(SiagaError):
    """A file is not what was published; it may be about to be published anew."""

    status = 503


class RunFile(TypedDict):
    """A file of a run, for programs. bytes: its size; sha256: of its content."""

    path: str
    media_type: str
    bytes: int
    sha256: str


class Runs:
    """Reads them, each once."""

    def __init__(self, store: Store) -> None:
        """store: with the rights of role web."""
        self._store = store
        self._impact = lru_cache(_CACHED)(self._read_impact)
        self._report = lru_cache(_CACHED)(self._read_report)
        self._right = lru_cache(_COMPARED)(self._compared)
        self._sha1 = lru_cache(_COMPARED)(lambda key, wanted: sha1(self.whole(key, wanted)).hexdigest())
        self._sizes = lru_cache(_COMPARED)(self._list)

    @overload
    def analysis(self, entry: EarthquakeEntry) -> EarthquakeImpact: ...

    @overload
    def analysis(self, entry: FloodEntry) -> FloodImpact: ...

    @overload
    def analysis(self, entry: AshEntry) -> AshImpact: ...

    def analysis(self, entry: Entry) -> Impact:
        """The impact.json of a catalogue entry. Raises Damaged."""
        return self.impact(entry["impact"]["key"], entry["impact"]["sha256"])

    def impact(self, key: str, wanted: str) -> Impact:
        """An impact.json by its key and its hash. Raises NotFound, Damaged."""
        return self._impact(key, wanted)

    def whole(self, key: str, wanted: str) -> bytes:
        """A file by its key and its hash, as `located` tells them. Raises NotFound, Damaged."""
        body = self._store.get(keys.RESULTS, key)[0]
        if sha256(body).hexdigest() != wanted:
            _damaged(key)
        return body

    def sha1(self, entry: Entry, path: str) -> str:
        """Of one of its files, for standards that know no other hash. Raises NotFound, Damaged."""
        return str(self._sha1(*self.located(entry, path)))

    def files(self, entry: Entry) -> list[dict[str, str]]:
        """What a reader may take along of it."""
        try:
            hashes = self.hashes(entry)
        except SiagaError:  # what lacks its record is still listed; whoever wants to take it is told
            hashes = {}
        return downloads.listed(entry["hazard"], self.sizes(entry), hashes, g.language)

    def sizes(self, entry: Entry) -> dict[str, int]:
        """Bytes of each file by its name; of a report that the catalogue does not name yet, none."""
        found = self._sizes(str(run_of(entry)), entry["report"] is not None)
        if entry["report"] is not None:
            return found
        published = self.hashes(entry)
        return {name: size for name, size in found.items() if name in published}

    def content(self, entry: Entry, path: str) -> bytes:
        """One of its files whole, as it was published; raises NotFound, Damaged."""
        return b"".join(self.checked(entry, path)[1])

    def products(self, entry: Entry) -> list[RunFile]:
        """The same for programs: path, media_type, bytes and sha256 of each file that a reader may take along."""
        sizes, hashes = self.sizes(entry), self.hashes(entry)
        return [
            {
                "path": path,
                "media_type": downloads.MEDIA_TYPES[path.rpartition(".")[2]],
                "bytes": sizes[path],
                "sha256": hashes[path],
            }
            for path in downloads.FILES[entry["hazard"]]
            if path in sizes and path in hashes
        ]

    def send(self, entry: Entry, path: str) -> Response:
        """One of its files; raises NotFound, Damaged."""
        if path not in downloads.FILES[entry["hazard"]] and path not in {f"thumbnail-{code}.png" for code in LANGUAGES}:
            raise NotFound("This event has no file {path}", path=path)
        head, body = self.checked(entry, path)
        response = Response(body, content_type=downloads.MEDIA_TYPES[path.rpartition(".")[2]])
        response.content_length = head.size
        response.set_etag(head.etag)
        response.headers["Content-Security-Policy"] = SAFE
        how = "inline" if path.rpartition(".")[2] in downloads.SHOWN_INLINE else "attachment"
        name = keys.download_name(entry["event_id"], entry["version"], path)
        response.headers["Content-Disposition"] = f'{how}; filename="{name}"'
        response.make_conditional(request)  # the same response, shortened where the reader has it already
        return response

    def send_archived(self, key: str) -> Response:
        """A file of an old server as it was migrated; raises NotFound."""
        head, body = self._store.stream(keys.RESULTS, key)
        kind = key.rpartition(".")[2].lower()
        shown = kind in ("pdf", "png")
        response = Response(body, content_type=downloads.MEDIA_TYPES[kind] if shown else "application/octet-stream")
        response.content_length = head.size
        response.set_etag(head.etag)
        response.headers["Content-Security-Policy"] = SAFE
        response.headers["Content-Disposition"] = "inline" if shown else "attachment"
        response.make_conditional(request)
        return response

    def checked(self, entry: Entry, path: str) -> tuple[Head, Iterable[bytes]]:
        """A file in pieces, after all of it was compared with its hash: the first time that its ETag is met.

        Raises NotFound, Damaged.
        """
        key, wanted = self.located(entry, path)
        head, body = self._store.stream(keys.RESULTS, key)
        if not self._right(key, head.etag, wanted):
            _damaged(key)
        return head, body

    def check(self, entry: Entry, path: str) -> None:
        """Compare it as above, for who will read it later."""
        key, wanted = self.located(entry, path)
        if not self._right(key, self._store.head(keys.RESULTS, key).etag, wanted):
            _damaged(key)

    def located(self, entry: Entry, path: str) -> tuple[str, str]:
        """The key and the hash of one of its files. Raises NotFound, Damaged."""
        wanted = entry["impact"]["sha256"] if path == keys.IMPACT else self.hashes(entry).get(path)
        if wanted is None:
            raise NotFound("This event has no file {path}", path=path)
        return run_of(entry).key(path), wanted

    def hashes(self, entry: Entry) -> dict[str, str]:
        """The sha256 that each file was published with, by its name."""
        listed = list(self.analysis(entry)["products"])
        if entry["report"] is not None:
            listed += self._report(entry["report"]["key"], entry["report"]["sha256"])["products"]
        return {one["path"]: one["sha256"] for one in listed} | {keys.IMPACT: entry["impact"]["sha256"]}

    def _compared(self, key: str, etag: str, wanted: str) -> bool:
        """Whether that content has the hash that is wanted."""
        head, body = self._store.stream(keys.RESULTS, key)
        digest = sha256()
        for piece in body:
            digest.update(piece)
        if head.etag != etag:  # written anew meanwhile
            raise Damaged("The file {key} is being written; try again", key=key)
        return digest.hexdigest() == wanted

    def _read_impact(self, key: str, wanted: str) -> Impact:
        impact: Impact = json.loads(self.whole(key, wanted))
        return impact

    def _read_report(self, key: str, wanted: str) -> ReportRecord:
        report: ReportRecord = json.loads(self.whole(key, wanted))
        return report

    def _list(self, run: str, _published: bool) -> dict[str, int]:
        return {head.key.rpartition("/")[2]: head.size for head in self._store.list(keys.RESULTS, f"{run}/")}


def _damaged(key: str) -> NoReturn:
    _log.error("%s is not what was published; its hash differs", key)
    raise Damaged("The file {key} is not what was published; try again, and tell the operator if it stays so", key=key)


def run_of(entry: Entry) -> keys.Run:
    """The run that a catalogue entry shows."""
    return keys.Run(entry["hazard"], entry["event_id"], keys.Version.parse(entry["version"]), entry["run"])


@overload
def find(
    index: Index, hazard: Literal["earthquake"], event_id: str, version: str
) -> tuple[list[EarthquakeEntry], EarthquakeEntry]: ...


@overload
def find(
    index: Index, hazard: Literal["flood"], event_id: str, version: str
) -> tuple[list[FloodEntry], FloodEntry]: ...


@overload
def find(index: Index, hazard: Literal["ash"], event_id: str, version: str) -> tuple[list[AshEntry], AshEntry]: ...


@overload
def find(
    index: Index, hazard: str, event_id: str, version: str, *, kept_back: bool = False
) -> tuple[list[Entry], Entry]: ...


def find(
    index: Index, hazard: str, event_id: str, version: str, *, kept_back: bool = False
) -> tuple[Sequence[Entry], Entry]:
    """All versions of an event, newest first, and the one that was asked for; raises NotFound with a sentence.

    What the index does not know may have come since its last round; then it looks again, if it may.

    An id alone means the newest version that is of its event beyond doubt. That of a quake may carry another id:
    the one of a corrected map. An event that an operator hid is there for operators alone, on pages, or
    with kept_back.
    """
    versions, entry = _find(index, hazard, event_id, version)
    if not kept_back and index.decisions.is_hidden(entry) and not login.sees_hidden():
        raise NotFound("An operator took event {event_id} out of sight", event_id=event_id)
    return versions, entry


def _find(index: Index, hazard: str, event_id: str, version: str) -> tuple[list[Entry], Entry]:
    versions = index.versions(keys.check_event_id(event_id), version, hazard)
    if not versions and index.look():
        versions = index.versions(event_id, version, hazard)
    if not versions and not index.whole:
        raise Unavailable("Event {event_id} is not here yet: the lists are being read anew", event_id=event_id)
    if not versions and not (version and index.versions(event_id, hazard=hazard)):
        raise NotFound("There is no event {event_id}", event_id=event_id)
    named = keys.identity(hazard, event_id)
    own = [entry for entry in versions if keys.identity(hazard, entry["event_id"]) == named]
    if own and not version:
        return versions, next(entry for entry in versions if hazard != "earthquake" or _sure(own[0], entry))
    for entry in sorted(own, key=lambda one: bool(one["event_id"] != event_id)):
        if entry["version"] == version:
            return versions, entry
    raise NotFound("Event {event_id} has no version {version}", event_id=event_id, version=version[:80])


def _sure(own: Entry, entry: Entry) -> bool:
    return surely_one(Revision.of(own), Revision.of(entry))
