"""A whole Siaga as one stream: secrets, then every object with its older contents, as a tar that ends with its counts.

What points comes before what it points at: receipts, catalogue, runs, inputs. So a stream that is written while
Siaga runs holds no receipt and no entry whose run is not in it; an input that came meanwhile has no receipt and is
done again.
"""

import io
import json
import os
import tarfile
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from siaga import generation, keys, moment, software
from siaga.errors import BadInput, NotFound
from siaga.inputs.listing import listed
from siaga.settings import Settings
from siaga.store import Head, Store

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SCHEMA = "siaga/backup/1"
READS = (  # bucket and prefix, in this order; what a prefix before has brought is not brought again
    (keys.LEDGER, ""),
    (keys.RESULTS, keys.CATALOG),
    (keys.RESULTS, ""),
    *((bucket, "") for bucket in (keys.ACCOUNTS, keys.AUDIT, keys.ANNOUNCEMENTS, keys.DECISIONS, keys.TEXTS)),
    *((bucket, "") for bucket in (*keys.ALERTS, *keys.INPUTS)),
    (keys.ANALYSIS_DATA, keys.MANIFEST),
    (keys.ANALYSIS_DATA, ""),
)
VERSIONED = (*keys.INPUTS, keys.AUDIT)
_WHOLE_BYTES = 8 << 20  # larger objects pass in pieces
_READERS, _AHEAD = 8, 32
_HEADER = "SIAGA.member"  # of each member of the tar: the record that it stands for
_BEGIN, _END = "begin", "end"
SECRET, FILE, OBJECT = "secret", "file", "object"


@dataclass(frozen=True, slots=True)
class Member:
    """One part of the stream.

    kind: secret, file (below the home) or object. name: of the secret, path of the file, key of the object.
    last: no newer content of that key follows; deleted: the key shows nothing, its contents are old ones.
    """

    kind: str
    name: str
    size: int
    modified: str
    bucket: str = ""
    media_type: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    last: bool = True
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """What a stream holds. objects: by bucket, older contents counted."""

    secrets: int
    objects: dict[str, int]
    size: int


def write(settings: Settings, store: Store, stream: IO[bytes], say: Callable[[str, int], None]) -> Totals:
    """Write everything to the stream. store: with the rights of root. say: bucket, and how many objects so far.

    Raises Unavailable; then the stream has no end and must not be kept.
    """
    counts: Counter[str] = Counter()
    size = 0
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        _add_record(tar, _BEGIN, {"schema": SCHEMA, "software": software.version(), "made": moment.stamp()})
        for member, body in _files(settings):
            counts[member.kind] += 1
            _add(tar, member, io.BytesIO(body))
        for member, content in _objects(store):
            counts[member.bucket] += 1
            size += member.size
            say(member.bucket, counts[member.bucket])
            _add(tar, member, content)
        totals = Totals(counts[SECRET], {bucket: counts[bucket] for bucket in keys.BUCKETS}, size)
        _add_record(tar, _END, asdict(totals))
    return totals


def read(stream: IO[bytes]) -> Iterator[tuple[Member, IO[bytes]]]:
    """The members of a stream, each with its content, which must be read before the next one is asked for.

    Raises BadInput where it is none of ours, one of a newer Siaga, or has no end.
    """
    counts: Counter[str] = Counter()
    ended = False
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for entry in tar:
                kind, record = _record(entry)
                content = tar.extractfile(entry)
                if content is None:
                    raise BadInput("The backup holds something that is no file: {name}", name=entry.name)
                if kind == _BEGIN:
                    _check(record)
                elif kind == _END:
                    ended = True
                    _compare(counts, record)
                else:
                    member = Member(**record)
                    counts[member.bucket or member.kind] += 1
                    yield member, content
    except tarfile.TarError as error:
        raise BadInput("The backup cannot be read: {detail}", detail=error) from error
    if not ended:
        raise BadInput("The backup has no end: it was cut off, and is not whole")


def _files(settings: Settings) -> Iterator[tuple[Member, bytes]]:
    """Secrets, and the SFTP door's records."""
    for path in sorted(settings.secrets.glob("[!.]*")):
        if path.is_file():
            yield _of_file(SECRET, path.name, path)
    for path in sorted((settings.home / "audit").glob("*")):
        if path.is_file():
            yield _of_file(FILE, f"audit/{path.name}", path)
    said = "".join(f"{name}={os.environ[name]}\n" for name in sorted(os.environ) if name.startswith("SIAGA_")).encode()
    yield Member(FILE, "settings-of-backup.env", len(said), moment.stamp()), said


def _of_file(kind: str, name: str, path: Path) -> tuple[Member, bytes]:
    body = path.read_bytes()
    return Member(kind, name, len(body), _stamp(path.stat().st_mtime)), body


def _stamp(seconds: float) -> str:
    return moment.stamp(datetime.fromtimestamp(seconds, UTC))


def _objects(store: Store) -> Iterator[tuple[Member, IO[bytes]]]:
    with ThreadPoolExecutor(_READERS) as readers:
        ahead: deque[tuple[str, _Listed, Future[tuple[bytes | None, Head] | None]]] = deque()
        for bucket, one in _listed(store):
            ahead.append((bucket, one, readers.submit(_fetched, store, bucket, one.head)))
            if len(ahead) >= _AHEAD:
                yield from _member(store, *ahead.popleft())
        while ahead:
            yield from _member(store, *ahead.popleft())


@dataclass(frozen=True, slots=True)
class _Listed:
    head: Head
    last: bool
    deleted: bool


def _listed(store: Store) -> Iterator[tuple[str, _Listed]]:
    done: set[tuple[str, str]] = set()
    for bucket, prefix in READS:
        heads = _versions(store, bucket) if bucket in VERSIONED else _current(store, bucket, prefix)
        for one in heads:
            brought = any(bucket == other and one.head.key.startswith(start) for other, start in done)
            if not brought and one.head.key not in generation.OWN:
                yield bucket, one
        done.add((bucket, prefix))


def _current(store: Store, bucket: str, prefix: str) -> Iterator[_Listed]:
    return (_Listed(head, last=True, deleted=False) for head in store.list(bucket, prefix))


def _versions(store: Store, bucket: str) -> Iterator[_Listed]:
    """The contents of each key, oldest first; then maps below an object named like a folder, which no store lists."""
    key, newest_first = "", list[Head]()
    seen: set[str] = set()
    for head in store.versions(bucket):
        if head.key != key:
            yield from _oldest_first(newest_first)
            key, newest_first = head.key, []
            seen.add(key)
        newest_first.append(head)
    yield from _oldest_first(newest_first)
    for head in listed(store, bucket):
        if head.key not in seen:
            yield _Listed(head, last=True, deleted=False)


def _oldest_first(versions: list[Head]) -> Iterator[_Listed]:
    for place, head in enumerate(reversed(versions), 1):
        newest = place == len(versions)
        yield _Listed(head, last=newest, deleted=newest and not head.latest)


def _fetched(store: Store, bucket: str, head: Head) -> tuple[bytes | None, Head] | None:
    """The content and what the store says of it; no content where it is large, None where it is gone meanwhile."""
    try:
        if head.size > _WHOLE_BYTES:
            return None, store.head(bucket, head.key, version_id=head.version_id)
        return store.get(bucket, head.key, version_id=head.version_id)
    except NotFound:
        return None


def _member(
    store: Store, bucket: str, one: _Listed, fetched: Future[tuple[bytes | None, Head] | None]
) -> Iterator[tuple[Member, IO[bytes]]]:
    if (met := fetched.result()) is None:
        return
    body, head = met
    content: IO[bytes]
    if body is None:
        head, pieces = store.stream(bucket, one.head.key, version_id=one.head.version_id)
        content = io.BufferedReader(_Pieces(pieces))
    else:
        content = io.BytesIO(body)
    yield (
        Member(
            kind=OBJECT,
            name=one.head.key,
            size=head.size,
            modified=moment.stamp(head.modified),
            bucket=bucket,
            media_type=head.media_type,
            metadata=head.metadata,
            last=one.last,
            deleted=one.deleted,
        ),
        content,
    )


class _Pieces(io.RawIOBase):
    """Pieces as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._left, room = self._left or next(self._pieces, b""), memoryview(buffer)
        count = min(len(room), len(self._left))
        room[:count], self._left = self._left[:count], self._left[count:]
        return count


def _add(tar: tarfile.TarFile, member: Member, content: IO[bytes]) -> None:
    entry = tarfile.TarInfo(f"{member.kind}/{member.bucket}/{member.name}" if member.bucket else member.name)
    entry.size, entry.mode = member.size, 0o600
    entry.mtime = int(moment.parse(member.modified).timestamp())
    entry.pax_headers = {_HEADER: json.dumps(asdict(member), ensure_ascii=True)}
    tar.addfile(entry, content)


def _add_record(tar: tarfile.TarFile, kind: str, record: dict[str, Any]) -> None:
    entry = tarfile.TarInfo(f"{kind}.json")
    entry.pax_headers = {_HEADER: json.dumps({"kind": kind} | record)}
    tar.addfile(entry)


def _record(entry: tarfile.TarInfo) -> tuple[str, dict[str, Any]]:
    try:
        record: dict[str, Any] = json.loads(entry.pax_headers[_HEADER])
        return str(record["kind"]), record
    except (KeyError, ValueError, TypeError) as error:
        raise BadInput("The backup holds something that Siaga did not write: {name}", name=entry.name) from error


def _check(record: dict[str, Any]) -> None:
    if record["schema"] != SCHEMA:
        raise BadInput(
            "The backup was written by Siaga {software} in a form that this one does not know ({schema}); "
            "restore it with that one",
            software=record.get("software", ""),
            schema=record["schema"],
        )


def _compare(counts: Counter[str], end: dict[str, Any]) -> None:
    wanted = dict(end["objects"]) | {SECRET: end["secrets"]}
    if differing := [name for name, count in wanted.items() if counts[name] != count]:
        raise BadInput("The backup is not whole: it lacks parts of {names}", names=", ".join(differing))
