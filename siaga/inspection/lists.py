"""The lists that are compared: inputs, receipts, catalogue entries and runs, copied into a database of their own.

They are read as streams; the database is SQLite's temporary one, which keeps on disk what does not fit a few MiB of
memory. So a hundred thousand receipts take little more memory than a hundred.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from siaga import archived, keys
from siaga.errors import BadInput, NotFound
from siaga.events import Notification
from siaga.foreign import SqlRow
from siaga.inputs import canary
from siaga.inputs.listing import listed
from siaga.receipt import Receipt
from siaga.stack import Function, waking
from siaga.store import Store

_READERS, _AT_ONCE = 16, 512
_TABLES = """
create table input (receipt text primary key, function text, bucket text, key text, etag text) without rowid;
create table receipt (name text primary key, function text, bucket text, key text, etag text, version_id text,
    state text, run text, version text) without rowid;
create index receipt_run on receipt (run);
create table entry (key text primary key, run text, version text, impact text, report text, told text) without rowid;
create index entry_run on entry (run);
create index entry_version on entry (version);
create table run (folder text primary key, impact text, printed integer) without rowid;
"""


class Lists:
    """The copy; `say` hears what is being read and how many there are so far."""

    def __init__(
        self, store: Store, inputs: Store, functions: Sequence[Function], say: Callable[[str, int], None]
    ) -> None:
        """store: with the rights of role web; inputs: of role functions. functions: which say what an input is."""
        self._store, self._inputs, self._functions, self._say = store, inputs, tuple(functions), say
        self._connection = sqlite3.connect("")
        self._connection.executescript(_TABLES)

    def rows(self, question: str, *values: str) -> Iterator[SqlRow]:
        """The answers to a question in SQL, one by one."""
        yield from self._connection.execute(question, values)

    def first(self, question: str, *values: str) -> SqlRow | None:
        """The first answer, or None."""
        return next(self.rows(question, *values), None)

    def read_inputs(self) -> None:
        """Inputs and runs; a run's impact.json is an input too. Raises Unavailable."""
        for bucket in keys.INPUTS:
            for head in listed(self._inputs, bucket):
                self._add_input(bucket, head.key, head.etag)
        folder, impact, printed = "", "", False
        for head in self._store.list(keys.RESULTS):
            if head.key.startswith((keys.CATALOG, keys.CANARIES, archived.PREFIX)) or canary.is_of_one(
                Notification(keys.RESULTS, head.key)
            ):
                continue
            here, _, name = head.key.rpartition("/")
            if here != folder:
                self._add_run(folder, impact, printed)
                folder, impact, printed = here, "", False
            if name == keys.IMPACT:
                impact = head.etag
                self._add_input(keys.RESULTS, head.key, head.etag)
            printed = printed or name == keys.REPORT
        self._add_run(folder, impact, printed)

    def read_receipts(self) -> None:
        """All receipts; one that cannot be read has the state "". Raises Unavailable."""
        marks = "insert or replace into receipt values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        names = (head.key for head in self._store.list(keys.LEDGER) if not head.key.startswith(keys.ORDERS))
        for number, (name, found) in enumerate(self._bodies(keys.LEDGER, names), 1):
            row = _receipt(name, found)
            if not canary.is_of_one(Notification(row[2], row[3])):
                self._connection.execute(marks, row)
            self._say("receipts", number)

    def read_entries(self) -> None:
        """All catalogue entries; one that cannot be read shows no run. Raises Unavailable."""
        names = (head.key for head in self._store.list(keys.RESULTS, keys.CATALOG))
        for number, (name, found) in enumerate(self._bodies(keys.RESULTS, names), 1):
            self._connection.execute("insert or replace into entry values (?, ?, ?, ?, ?, ?)", _entry(name, found))
            self._say("catalogue entries", number)

    def _add_input(self, bucket: str, key: str, etag: str) -> None:
        for function in waking(self._functions, bucket, key):
            name = keys.receipt(function.name, Notification(bucket, key, etag).receipt_id)
            row = (name, function.name, bucket, key, etag)
            self._connection.execute("insert or replace into input values (?, ?, ?, ?, ?)", row)

    def _add_run(self, folder: str, impact: str, printed: bool) -> None:
        if folder:
            self._connection.execute("insert or replace into run values (?, ?, ?)", (folder, impact, printed))

    def _bodies(self, bucket: str, names: Iterator[str]) -> Iterator[tuple[str, bytes]]:
        """Each object; those that are gone meanwhile are left out."""
        with ThreadPoolExecutor(_READERS) as readers:
            while part := list(islice(names, _AT_ONCE)):
                for name, body in zip(part, readers.map(lambda name: self._body(bucket, name), part), strict=True):
                    if body is not None:
                        yield name, body

    def _body(self, bucket: str, name: str) -> bytes | None:
        try:
            return self._store.get(bucket, name)[0]
        except NotFound:
            return None
        except BadInput:  # larger than anything of ours
            return b""


def _receipt(name: str, body: bytes) -> tuple[str, ...]:
    try:
        found = Receipt.decode(body)
        version = _version(found.run) if found.run else ""
        if name == found.name:
            given = found.notification
            content = (given.bucket, given.key, given.etag, given.version_id)
            return (name, found.function, *content, found.state, found.run, version)
    except BadInput:
        pass
    return (name, name.partition("/")[0], *[""] * 7)


def _entry(name: str, body: bytes) -> tuple[str, ...]:
    try:
        found = json.loads(body)
        key = keys.CatalogEntry.parse(name)
        run = keys.Run(key.hazard, key.event_id, key.version, found["run"])
        told = json.dumps(_arrived(found["arrival"]))
        impact, report = found["impact"], found["report"]
        if impact["key"] == run.key(keys.IMPACT):
            return (name, str(run), _version(str(run)), impact["sha256"], report["sha256"] if report else "", told)
    except (ValueError, KeyError, TypeError, BadInput):
        pass
    return (name, *[""] * 5)


def _arrived(arrival: Mapping[str, object]) -> list[str]:
    """Bucket, key, ETag and version id of the content that an entry speaks of."""
    return [str(arrival[field]) for field in ("bucket", "key", "etag", "version_id")]


def _version(run: str) -> str:
    """What an entry is of: the run's folder without the run itself. Raises BadInput."""
    keys.Run.parse(run)
    return run.rpartition("/")[0]
