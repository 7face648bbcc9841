"""A searchable copy of the catalogue, the ledger, the list of inputs, what was announced and what was decided.

It is made by listing the bucket and fetching what has another ETag than before; so it can be wiped, and
it is right again after one round. Which entries are versions of one event, and which of them counts, is
reckoned anew from all of them whenever one has changed: the order in which they came leaves no trace.
Rounds over each of them follow each other closely while it is small and take at most a tenth of the time
once it is large.
"""

import json
import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import TypedDict

from siaga import keys, moment
from siaga.catalog import EarthquakeEntry, Entry
from siaga.errors import BadInput, NotFound, Reason, SiagaError
from siaga.hazards import HAZARDS
from siaga.store import Head, Store
from web.index import announced, decided, lists, texts
from web.index.announced import AnnouncementIndex
from web.index.arrivals import ArrivalIndex
from web.index.decided import DecisionIndex
from web.index.floods import TABLES as FLOOD_TABLES
from web.index.floods import FloodIndex
from web.index.inputs import PART_SECONDS, InputIndex
from web.index.inputs import TABLES as INPUT_TABLES
from web.index.lists import LARGE, EventLists, Filter
from web.index.maps import MapIndex
from web.index.quakes import Beside, beside, refresh
from web.index.receipts import ReceiptIndex, Unsettled
from web.index.rows import RANKED, Row, mark, of_entry, of_receipt
from web.index.rows import TABLES as ENTRY_TABLES

__all__ = ["LARGE", "Filter", "Index", "Unsettled"]

_log = logging.getLogger(__name__)
_FORM = 15  # of the tables; another one is thrown away and made anew
_LEAST_SECONDS, _SHARE_OF_TIME, _MOST_SECONDS = 0.3, 10, 60  # between rounds: at least; times the last; at most
_RECENT_SECONDS, _RECENT = 1.0, timedelta(days=2)  # between looks at the months of what is that old, or less
_AFTER_FAILURE = 1.0  # seconds: how long a round failed says nothing of how long the next one takes
_LEAST_APART, _LOOK_SHARE = 0.05, 2  # seconds between looks that a reader asks for; times as long as the last one took
_FETCHES, _AT_ONCE = 8, 512
_MOST_WAIT = 2.0  # seconds for a round that runs

MakeRow = Callable[[bytes], Row]  # of an object as it is stored; {} where it is not shown


class Counts(TypedDict):
    """The live figures of the tabs. alerts: quakes of the last day by level. ash: falls whose forecast runs."""

    alerts: dict[str, int]
    ash: int
    failed: int


class Index:
    """The copy, in one SQLite file; readers on any thread, one writer at a time."""

    def __init__(self, store: Store, path: Path) -> None:
        """Open the file, or make it anew when its form is an older one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._store, self._path = store, path
        self._local = threading.local()
        self._writing, self._writing_others = threading.Lock(), threading.Lock()
        self.floods = FloodIndex(store, self._connection)
        self._look_from = 0.0  # when a reader may ask for a look again, on the clock of time.monotonic()
        self.lists = EventLists(self._connection)
        self.events, self.page = self.lists.events, self.lists.page
        self.maps = MapIndex(self._connection)
        self.inputs = InputIndex(store, self._connection)
        self.announced = AnnouncementIndex(store, self._connection)
        self.decisions = DecisionIndex(store, self._connection)
        self.arrivals = ArrivalIndex(self._connection)
        self.texts = texts.TextIndex(store, self._connection)
        self.ledger = ReceiptIndex(self._connection)
        self._parts: dict[str, Callable[[float], None]] = {
            "inputs": lambda seconds: self.inputs.refresh(seconds),
            "catalogue": lambda _: self._copy_events(),
            "ledger": lambda _: self._copy("receipt", keys.LEDGER, "", of_receipt),
            "announcements": lambda _: self.announced.refresh(self.lists.change),
            "texts": lambda _: self.texts.refresh(),
        }
        self.trouble: Reason | None = None  # why the last round failed
        self.built = (0, 0)  # of how many entries so many are read, while the index is made from nothing
        with closing(sqlite3.connect(path)) as connection:
            another = connection.execute("pragma user_version").fetchone()[0] != _FORM
        if another:
            for name in ("", "-wal", "-shm"):
                path.with_name(path.name + name).unlink(missing_ok=True)
            with self._connection() as connection:
                for tables in (
                    ENTRY_TABLES,
                    INPUT_TABLES,
                    FLOOD_TABLES,
                    announced.TABLES,
                    decided.TABLES,
                    lists.TABLES,
                    texts.TABLES,
                ):
                    connection.executescript(tables)
                connection.execute(f"pragma user_version = {_FORM}")
        self._revision = 0
        with self._connection() as connection:
            for key, etag in connection.execute("select key, etag from entry"):
                self._revision ^= mark(key, etag)

    @property
    def fresh(self) -> float:
        """When the last round over the catalogue or its last months began, on the clock of time.time(); 0.0: never."""
        return max(self._rounds().values(), default=0.0)

    @property
    def whole(self) -> bool:
        """Whether all of the catalogue was read at least once, by whatever process wrote the file."""
        return "catalogue" in self._rounds()

    def _rounds(self) -> dict[str, float]:
        with self._connection() as connection:
            return dict(connection.execute("select name, began from round").fetchall())

    def forget(self) -> None:
        """Remove all that is known, so that the next rounds make it anew; readers are told so meanwhile."""
        named = """select name from sqlite_master where type = 'table' and (name not like '%!_%' escape '!'
            or name in ('event_box', 'event_words', 'event_month') or name like 'flood!_%' escape '!')"""
        with self._connection() as connection:
            for (table,) in connection.execute(named).fetchall():
                connection.execute(f"delete from {table}")
        self.inputs, self.floods = InputIndex(self._store, self._connection), FloodIndex(self._store, self._connection)
        self._revision = 0
        self.lists.change()

    def start(self) -> None:
        """Follow the bucket in threads that end with the process."""
        for names in (("catalogue",), ("inputs", "ledger", "announcements", "texts")):
            threading.Thread(target=self.follow, args=names, name=f"index of {names[0]}", daemon=True).start()

    def follow(self, *names: str) -> None:
        """Refresh those parts for ever; a store that does not answer is told to readers and tried again.

        Each part at a pace of its own: a ledger of years must not keep a new event from its list.
        """
        due = dict.fromkeys(names, 0.0)
        usual = dict.fromkeys(names, float(_MOST_SECONDS))  # a round that a hanging store drew out sets no pace
        while True:
            for name in due:
                began = time.monotonic()
                if began >= due[name]:
                    whole = self._attempt(partial(self._refresh, name, PART_SECONDS))
                    ended = time.monotonic()
                    pace = min(ended - began, 2 * usual[name])
                    due[name] = ended + (min(_MOST_SECONDS, _SHARE_OF_TIME * pace) if whole else _AFTER_FAILURE)
                    usual[name] = pace if whole else usual[name]
                elif name == "catalogue" and due[name] - began > _RECENT_SECONDS:
                    self._attempt(self._refresh_recent)
            time.sleep(_LEAST_SECONDS)

    def refresh(self) -> None:
        """One round over all of them; raises SiagaError when the store does not answer."""
        for name in self._parts:
            self._refresh(name)

    def _attempt(self, part: Callable[[], None]) -> bool:
        try:
            part()
        except SiagaError as error:
            _log.warning("the index stays as it is: %s", error)
        except Exception:  # a bug must not stop the page from growing older in plain sight
            _log.exception("the index stays as it is")
        else:
            return True
        return False

    def _refresh(self, name: str, seconds: float = math.inf) -> None:
        with self._writing if name in ("catalogue", "announcements") else self._writing_others, self._timed(name):
            self._parts[name](seconds)
            if name in ("inputs", "ledger"):
                self.inputs.join()

    def _refresh_recent(self) -> None:
        """Copy the catalogue's last months alone: what comes now is listed soon, however many old entries lie there."""
        with self._writing, self._timed("recent"):
            self._take_decisions()
            now = moment.now()
            months = dict.fromkeys((day.year, day.month) for day in (now, now - _RECENT))
            for hazard, month in product(HAZARDS, months):
                self._copy_catalogue(keys.catalog_prefix(hazard, *month))

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        """Note when a round over the catalogue began that came to its end, and why one did not."""
        began = time.time()
        try:
            yield
        except SiagaError as error:
            self.trouble = error.reason()
            raise
        self.trouble = None
        if name in ("catalogue", "recent"):
            with self._connection() as connection:
                connection.execute("insert or replace into round values (?, ?)", [name, began])

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

    def _copy_catalogue(self, prefix: str = keys.CATALOG) -> None:
        self._copy("entry", keys.RESULTS, prefix, lambda body: of_entry(json.loads(body)), self._join)

    def versions(self, event_id: str, version: str = "", hazard: str = "earthquake") -> list[Entry]:
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

    def beside(self, entry: EarthquakeEntry) -> Beside:
        """What stands beside a quake: higher levels of its other maps, and quakes that may be the same one."""
        with self._connection() as connection:
            return beside(connection, entry)

    def counts(self, now: str) -> Counts:
        """The live figure of each tab: alerts of the last day by level, ash falls whose forecast runs, failures.

        now: as times are stored. The floods' is their own (FloodIndex.now).
        """
        with self._connection() as connection:
            alerts = connection.execute(
                """select coalesce(beside.level, alert) as highest, count(*)
                from entry left join beside on beside.event = entry.event
                where hazard = 'earthquake' and place = 1 and drill = 0 and hidden = 0 and highest is not null
                and time > strftime('%Y-%m-%dT%H:%M:%SZ', ?, '-1 day') and time <= ? group by highest""",
                [now, now],
            ).fetchall()
            (ash,) = connection.execute(
                """select count(*) from entry
                where hazard = 'ash' and place = 1 and drill = 0 and hidden = 0 and expires > ?""",
                [now],
            ).fetchone()
        return {"alerts": dict(alerts), "ash": ash, "failed": self.ledger.failed(0)[1]}

    def _copy_events(self) -> None:
        self._take_decisions()
        self._copy_catalogue()
        self.floods.refresh()

    def _take_decisions(self) -> None:
        self.decisions.refresh(_join_said, self._heeded)

    def _heeded(self) -> None:
        self.lists.change()
        self.floods.refresh()  # no list, table or old API shall know the states of an hour that is hidden

    def heed(self) -> None:
        """Let what was just decided count in this process at once; a round that runs now comes to it by itself."""
        if self._writing.acquire(timeout=_MOST_WAIT):
            try:
                self._take_decisions()
                self.floods.refresh()
            finally:
                self._writing.release()

    def _copy(
        self,
        table: str,
        bucket: str,
        prefix: str,
        row: MakeRow,
        after: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        """Bring a table up to date with a bucket; `after` puts the changed table in order, in one step with it."""
        with self._connection() as connection:
            chosen = f"select key, etag from {table} where key >= ? and key < ?"
            known = dict(connection.execute(chosen, [prefix, f"{prefix}\U0010ffff"]).fetchall())
        there = {head.key: head for head in self._store.list(bucket, prefix) if not head.key.startswith(keys.ORDERS)}
        changed = [head for key, head in there.items() if known.get(key) != head.etag]
        changed.sort(key=lambda head: head.key.rpartition("/")[2], reverse=True)  # the newest event first
        gone = [key for key in known if key not in there]
        for begin in range(0, max(len(changed), bool(gone)), _AT_ONCE):
            self.built = (begin, len(changed))
            rows = self._fetched(bucket, changed[begin : begin + _AT_ONCE], row)
            with self._connection() as connection:
                old = [made["key"] for made in rows] + (gone if begin == 0 else [])
                connection.executemany(f"delete from {table} where key = ?", [[key] for key in old])
                for made in rows:
                    marks = ", ".join("?" * len(made))
                    insert = f"insert into {table} ({', '.join(made)}) values ({marks})"
                    connection.execute(insert, list(made.values()))
                # of many the first are shown at once, and the others together: to reckon them is the longer part
                if after is not None and (begin == 0 or begin + _AT_ONCE >= len(changed)):
                    after(connection)
            if after is not None:
                for key, etag in [
                    *((key, known.get(key)) for key in old),
                    *((str(made["key"]), str(made["etag"])) for made in rows),
                ]:
                    self._revision ^= mark(key, etag)
                self.lists.change()

    def _fetched(self, bucket: str, heads: Sequence[Head], row: MakeRow) -> list[Row]:
        pool = ThreadPoolExecutor(_FETCHES)
        try:
            return [made for made in pool.map(lambda head: self._row(bucket, head, row), heads) if made]
        finally:
            pool.shutdown(cancel_futures=True)  # of a store that does not answer nobody asks for the rest

    def _row(self, bucket: str, head: Head, row: MakeRow) -> Row | None:
        try:
            body, got = self._store.get(bucket, head.key)
            told = row(body)
            return {"key": head.key, "etag": got.etag, "body": body.decode(), **told} if told else None
        except NotFound:
            return None  # deleted since it was listed
        except (ValueError, KeyError, TypeError, BadInput):
            _log.warning("%s/%s is not of a known form; it is not shown", bucket, head.key)
            return None

    def _join(self, connection: sqlite3.Connection) -> None:
        """Write beside each entry which event it shows, its place among that event's versions, and the lists."""
        connection.execute(RANKED)
        refresh(connection)
        _join_said(connection)

    @property
    def revision(self) -> str:
        """The same for all that show the same entries of the catalogue, in whatever order they came."""
        return f"{self._revision ^ self.decisions.revision:016x}"

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self._path, timeout=30)
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = off")  # it can be made anew from the bucket
            self._local.connection = connection
        opened: sqlite3.Connection = self._local.connection
        return opened


def _join_said(connection: sqlite3.Connection) -> None:
    """Let what BMKG announced and operators decided count for the events that were touched; write their lists."""
    announced.mark_felt(connection)
    decided.apply(connection)
    lists.refresh(connection)
