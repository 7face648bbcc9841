"""A searchable copy of the catalogue, the ledger and the list of inputs.

It is made by listing the bucket and fetching what has another ETag than before; so it can be wiped, and
it is right again after one round. Which entries are versions of one event, and which of them counts, is
reckoned anew from all of them whenever one has changed: the order in which they came leaves no trace.
Rounds over each of them follow each other closely while it is small and take at most a tenth of the time
once it is large.
"""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siaga import keys
from siaga.errors import BadInput, NotFound, Reason, SiagaError
from siaga.events import Notification
from siaga.receipt import Receipt
from siaga.store import Head, Store
from web.index import lists
from web.index.floods import TABLES as FLOOD_TABLES
from web.index.floods import FloodIndex
from web.index.inputs import TABLES as INPUT_TABLES
from web.index.inputs import InputIndex
from web.index.lists import LARGE, EventLists, Filter
from web.index.quakes import beside, refresh
from web.index.rows import of_entry, of_receipt

__all__ = ["LARGE", "Filter", "Index", "Unsettled"]

_log = logging.getLogger(__name__)
_FORM = 8  # of the tables; another one is thrown away and made anew
_LEAST_SECONDS, _SHARE_OF_TIME = 0.3, 10
_LEAST_APART, _LOOK_SHARE = 0.05, 2  # seconds between looks that a reader asks for; times as long as the last one took
_FETCHES = 8
_TABLES = """
create table entry (key text primary key, etag text, hazard text, event_id text, version text, source_type text,
    number integer, process_time text, time text, longitude real, latitude real, magnitude real, depth real, alert text,
    rank integer, mmi integer, people real, felt integer, published integer, received text, expires text, drill integer,
    title text, words text, body text, identity text, event text, place integer);
create index entry_known on entry (key, etag);
create index entry_shown on entry (hazard, place, time);
create index entry_time on entry (hazard, time);
create index entry_id on entry (hazard, identity);
create index entry_event on entry (event);
create table beside (event text primary key, level text, rank integer, body text);
create table receipt (key text primary key, etag text, function text, bucket text, input text, input_etag text,
    state text, received text, finished text, body text);
create index receipt_known on receipt (key, etag);
create index receipt_input on receipt (bucket, input, input_etag);
create index receipt_state on receipt (state, finished);
"""
# what counts of a flood hour or an ash fall: what spellings of its id have in common says which event it is
_RANKED = """update entry set event = ranked.name, place = ranked.rank from (
    select key, hazard || ' ' || identity || ' ' || drill as name, row_number() over (
        partition by hazard, identity, drill
        order by source_type = 'corrected' desc, number desc, received desc, version desc) as rank
    from entry where hazard != 'earthquake' and (hazard, identity) in (select hazard, identity from touched)) as ranked
    where entry.key = ranked.key and (event is not ranked.name or place is not ranked.rank)"""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An input that became no result, and when it came in (UTC). receipt: None while it is under way."""

    key: str
    modified: str
    receipt: Receipt | None


class Index:
    """The copy, in one SQLite file; readers on any thread, one writer at a time."""

    def __init__(self, store: Store, path: Path) -> None:
        """Open the file, or make it anew when its form is an older one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._store, self._path = store, path
        self._local = threading.local()
        self._writing = threading.Lock()
        self.floods = FloodIndex(store, self._connection)
        self._look_from = 0.0  # when a reader may ask for a look again, on the clock of time.monotonic()
        self.lists = EventLists(self._connection)
        self.inputs = InputIndex(store, self._connection)
        self._parts: dict[str, Callable[[], None]] = {
            "inputs": self.inputs.refresh,
            "catalogue": self._copy_events,
            "ledger": lambda: self._copy("receipt", keys.LEDGER, "", of_receipt),
        }
        self._began: dict[str, float] = dict.fromkeys(self._parts, 0.0)
        self.fresh = 0.0  # when the last round over the catalogue began, on the clock of time.time()
        self.trouble: Reason | None = None  # why the last round failed
        with closing(sqlite3.connect(path)) as connection:
            another = connection.execute("pragma user_version").fetchone()[0] != _FORM
        if another:
            for name in ("", "-wal", "-shm"):
                path.with_name(path.name + name).unlink(missing_ok=True)
            with self._connection() as connection:
                connection.executescript(_TABLES + INPUT_TABLES + FLOOD_TABLES + lists.TABLES)
                connection.execute(f"pragma user_version = {_FORM}")

    def follow(self) -> None:
        """Refresh for ever; a store that does not answer is told to readers and tried again.

        Each part at a pace of its own: a ledger of years must not keep a new event from its list.
        """
        due = dict.fromkeys(self._parts, 0.0)
        while True:
            for name in due:
                began = time.monotonic()
                if began < due[name]:
                    continue
                try:
                    self._refresh(name)
                except SiagaError as error:
                    _log.warning("the index stays as it is: %s", error)
                except Exception:  # a bug must not stop the page from growing older in plain sight
                    _log.exception("the index stays as it is")
                ended = time.monotonic()
                due[name] = ended + _SHARE_OF_TIME * (ended - began)
            time.sleep(_LEAST_SECONDS)

    def refresh(self) -> None:
        """One round over catalogue, ledger and inputs; raises SiagaError when the store does not answer."""
        for name in self._parts:
            self._refresh(name)

    def _refresh(self, name: str) -> None:
        with self._writing:
            began = time.time()
            try:
                self._parts[name]()
                if name != "catalogue":
                    self.inputs.join()
            except SiagaError as error:
                self.trouble = error.reason()
                raise
            self._began[name] = began
            self.fresh, self.trouble = self._began["catalogue"], None

    def look(self) -> bool:
        """Copy the catalogue at once, since somebody asks for an event that is not here; whether it was looked at.

        However many ask, that takes at most a third of the time, and nobody waits for another's look.
        """
        if time.monotonic() < self._look_from or not self._writing.acquire(blocking=False):
            return False
        began = time.monotonic()
        try:
            self._copy_catalogue()
        except SiagaError:
            return False  # the next round tells it
        finally:
            now = time.monotonic()
            self._look_from = now + max(_LEAST_APART, _LOOK_SHARE * (now - began))
            self._writing.release()
        return True

    def _copy_catalogue(self) -> None:
        self._copy("entry", keys.RESULTS, keys.CATALOG, lambda body: of_entry(json.loads(body)), self._join)

    def events(self, hazard: str, wanted: Filter, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Each event by the version that counts, in the order that is wanted, and how many there are in all."""
        return self.lists.events(hazard, wanted, limit, offset)

    def page(self, hazard: str, wanted: Filter, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str]:
        """The same from a cursor on, and the cursor of what follows, "" at the end. Raises BadInput.

        What comes or goes meanwhile moves nothing: a cursor stands behind an event, not behind a number of them.
        """
        return self.lists.page(hazard, wanted, limit, cursor)

    def versions(self, event_id: str, version: str = "", hazard: str = "earthquake") -> list[dict[str, Any]]:
        """All versions of the event that this id, or this version of it, belongs to; the one that counts first.

        Versions of a quake may carry other ids. Where an exercise has a real event's id, the id alone means the
        real one.
        """
        of = """select event from entry where hazard = ? and identity = ? and ? in ('', version)
            order by drill, place limit 1"""
        with self._connection() as connection:
            rows = connection.execute(
                f"select body from entry where event = ({of}) order by place",
                [hazard, keys.identity(hazard, event_id), version],
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def beside(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """What stands beside a quake: higher levels of its other maps, and quakes that may be the same one."""
        with self._connection() as connection:
            return beside(connection, entry)

    def unsettled(self, function: str, bucket: str, name: str, limit: int) -> list["Unsettled"]:
        """Inputs of that name that became no result, newest first."""
        rows = "select i.key, i.modified, r.body from input i left join receipt r"
        same = "r.bucket = i.bucket and r.input = i.key and r.input_etag = i.etag and r.function = ?"
        where = "i.bucket = ? and i.key like ? and (r.state is null or r.state in ('refused', 'dead'))"
        with self._connection() as connection:
            found = connection.execute(
                f"{rows} on {same} where {where} order by i.modified desc limit ?",
                [function, bucket, f"%/{name}", limit],
            ).fetchall()
        return [Unsettled(key, modified, Receipt.decode(body) if body else None) for key, modified, body in found]

    def counts(self, now: str) -> dict[str, Any]:
        """The live figure of each tab: alerts of the last day by level, ash falls whose forecast runs, failures.

        now: as times are stored. The floods' is their own (FloodIndex.now).
        """
        with self._connection() as connection:
            alerts = connection.execute(
                """select coalesce(beside.level, alert) as highest, count(*)
                from entry left join beside on beside.event = entry.event
                where hazard = 'earthquake' and place = 1 and drill = 0 and highest is not null
                and time > strftime('%Y-%m-%dT%H:%M:%SZ', ?, '-1 day') and time <= ? group by highest""",
                [now, now],
            ).fetchall()
            (ash,) = connection.execute(
                "select count(*) from entry where hazard = 'ash' and place = 1 and drill = 0 and expires > ?", [now]
            ).fetchone()
        return {"alerts": dict(alerts), "ash": ash, "failed": self.failed(0)[1]}

    def receipts(self, states: Sequence[str], limit: int) -> tuple[list[Receipt], int]:
        """What has been settled in one of those states, newest first, and how many in all."""
        marks = ",".join("?" * len(states))
        with self._connection() as connection:
            total = connection.execute(f"select count(*) from receipt where state in ({marks})", states).fetchone()[0]
            rows = connection.execute(
                f"select body from receipt where state in ({marks}) order by finished desc limit ?", [*states, limit]
            ).fetchall()
        return [Receipt.decode(row[0]) for row in rows], total

    def failed(self, limit: int) -> tuple[list[Receipt], int]:
        """What was refused or given up and is still what stands under its key, newest first, and how many in all."""
        base = """from receipt r left join input i on i.bucket = r.bucket and i.key = r.input
            where r.state in ('refused', 'dead') and (r.bucket = ? or i.etag = r.input_etag)"""
        with self._connection() as connection:
            total = connection.execute(f"select count(*) {base}", [keys.RESULTS]).fetchone()[0]
            rows = connection.execute(
                f"select r.body {base} order by r.finished desc limit ?", [keys.RESULTS, limit]
            ).fetchall()
        return [Receipt.decode(row[0]) for row in rows], total

    def receipt_of(self, function: str, notification: Notification) -> Receipt | None:
        """The receipt of one content, or None."""
        with self._connection() as connection:
            row = connection.execute(
                "select body from receipt where bucket = ? and input = ? and input_etag = ? and function = ?",
                [notification.bucket, notification.key, notification.etag, function],
            ).fetchone()
        return Receipt.decode(row[0]) if row else None

    def report_receipt(self, impact_key: str) -> Receipt | None:
        """The receipt of the report on that analysis, or None."""
        with self._connection() as connection:
            row = connection.execute(
                "select body from receipt where bucket = ? and input = ? and function = ? order by finished desc",
                [keys.RESULTS, impact_key, "render-report"],
            ).fetchone()
        return Receipt.decode(row[0]) if row else None

    def _copy_events(self) -> None:
        self._copy_catalogue()
        self.floods.refresh()

    def _copy(self, table: str, bucket: str, prefix: str, row: Any, after: Any = None) -> None:
        """Bring a table up to date with a bucket; `after` puts the changed table in order, in one step with it."""
        with self._connection() as connection:
            known = dict(connection.execute(f"select key, etag from {table}").fetchall())
        there = {head.key: head for head in self._store.list(bucket, prefix) if not head.key.startswith(keys.ORDERS)}
        changed = [head for key, head in there.items() if known.get(key) != head.etag]
        gone = [key for key in known if key not in there]
        if not changed and not gone:
            return
        with ThreadPoolExecutor(_FETCHES) as pool:
            rows = [made for made in pool.map(lambda head: self._row(bucket, head, row), changed) if made]
        with self._connection() as connection:
            replaced = [made["key"] for made in rows]
            connection.executemany(f"delete from {table} where key = ?", [[key] for key in [*gone, *replaced]])
            for made in rows:
                names = ", ".join(made)
                marks = ", ".join("?" * len(made))
                connection.execute(f"insert into {table} ({names}) values ({marks})", list(made.values()))
            if after is not None:
                after(connection)

    def _row(self, bucket: str, head: Head, row: Any) -> dict[str, Any] | None:
        try:
            body, got = self._store.get(bucket, head.key)
            found: dict[str, Any] = {"key": head.key, "etag": got.etag, "body": body.decode()} | row(body)
            return found
        except NotFound:
            return None  # deleted since it was listed
        except (ValueError, KeyError, TypeError, BadInput):
            _log.warning("%s/%s is not of a known form; it is not shown", bucket, head.key)
            return None

    def _join(self, connection: sqlite3.Connection) -> None:
        """Write beside each entry which event it shows, its place among that event's versions, and the lists."""
        connection.execute(_RANKED)
        refresh(connection)
        if lists.refresh(connection):
            self.lists.change()

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self._path, timeout=30)
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = off")  # it can be made anew from the bucket
            self._local.connection = connection
        opened: sqlite3.Connection = self._local.connection
        return opened
