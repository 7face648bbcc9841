"""What lies in the buckets of inputs: contents that wake a function, and what wakes none, folded by folder."""

import math
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import takewhile

from siaga import keys, moment
from siaga.events import Notification
from siaga.ignored import Folder, Ignored
from siaga.inputs.listing import listed
from siaga.moment import parse, stamp
from siaga.store import Head, Store

TABLES = """
create table input (bucket text, key text, etag text, modified text, function text, primary key (bucket, key));
create index input_modified on input (modified) where function != '';
create table ignored (bucket text, key text, count integer, modified text, lacks text);
create index ignored_modified on ignored (modified);
create table waiting (bucket text, key text, etag text, function text, modified text);
"""
PART_SECONDS = 2.0  # of a tour, between which the others of its thread have their turn
_PAGE = 1000  # keys, of a listing; a part is never less
_RECENT = timedelta(days=2)  # clocks in keys are WIB, UTC or the sender's own
_CLOCKS_END, _END = ":", "\U0010ffff"  # behind all keys that begin with a digit; behind all
_MOST_WAITING = 10_000  # rows that are kept; more never reach a page
_WAITING = """insert into waiting
    select i.bucket, i.key, i.etag, i.function, i.modified from input i left join receipt r
    on r.bucket = i.bucket and r.input = i.key and r.input_etag = i.etag and r.function = i.function
    where r.key is null and i.function != '' order by i.modified desc limit ?"""


class InputIndex:
    """The tables of inputs. Files that wake nothing cost a row for each folder, not one each.

    All buckets are toured part by part: with a quarter of a million folders one look at everything takes half a
    minute, and what came lately must not wait for it.
    """

    def __init__(self, store: Store, connection: Callable[[], sqlite3.Connection]) -> None:
        self._store, self._connection = store, connection
        self._restart()

    def _restart(self) -> None:
        self._turn, self._after = 0, ""  # of which bucket, behind which key the next part begins
        self._folders = Folder(keys.INPUTS[0])
        self._ignored: list[Ignored] = []

    def refresh(self, seconds: float = math.inf) -> None:
        """Go on with the tour for about so long, or to its end; where that is not reached, look at what is recent.

        Raises SiagaError.
        """
        deadline = time.monotonic() + seconds
        while self._turn < len(keys.INPUTS):
            bucket = keys.INPUTS[self._turn]
            if self._part(bucket, deadline):
                self._recent()
                return
            self._ignored.extend(self._folders.rest())
            self._turn, self._after = self._turn + 1, ""
            self._folders = Folder(keys.INPUTS[self._turn % len(keys.INPUTS)])
        self._write_ignored()
        self._restart()

    def _part(self, bucket: str, deadline: float) -> bool:
        """Some more of that bucket; whether there is a rest of it."""
        after, last = self._after, ""
        rows: set[tuple[str, ...]] = set()
        for number, head in enumerate(listed(self._store, bucket, start_after=after), 1):
            self._ignored.extend(self._folders.take(head))
            rows |= _rows(bucket, head)
            if number % _PAGE == 0 and time.monotonic() > deadline:
                last = head.key
                break
        self._write(bucket, after, last or _END, rows)
        self._after = last
        return bool(last)

    def _recent(self) -> None:
        """What carries a clock of the last days, wherever the tour is."""
        since = keys.start_after("", moment.now() - _RECENT)
        for bucket in keys.INPUTS:
            heads = takewhile(lambda head: head.key <= _CLOCKS_END, listed(self._store, bucket, start_after=since))
            rows = {row for head in heads for row in _rows(bucket, head)}
            self._write(bucket, since, _CLOCKS_END, rows)

    def join(self) -> None:
        """Note which inputs have no receipt: inputs or receipts have changed."""
        with self._connection() as connection:
            connection.execute("delete from waiting")
            connection.execute(_WAITING, [_MOST_WAITING])

    def waiting(self, limit: int) -> Iterator[tuple[Notification, str, str]]:
        """Inputs without a receipt, the newest first: (content, function, when it came in, UTC)."""
        with self._connection() as connection:
            rows = connection.execute("select * from waiting order by modified desc limit ?", [limit]).fetchall()
        for bucket, key, etag, function, modified in rows:
            yield Notification(bucket, key, etag), function, modified

    def ignored(self, limit: int) -> tuple[list[Ignored], int]:
        """What wakes nothing, the newest first, and how many files in all."""
        with self._connection() as connection:
            (files,) = connection.execute("select coalesce(sum(count), 0) from ignored").fetchone()
            rows = connection.execute("select * from ignored order by modified desc limit ?", [limit]).fetchall()
        return [
            Ignored(bucket, key, count, parse(modified), lacks) for bucket, key, count, modified, lacks in rows
        ], files

    def _write(self, bucket: str, after: str, last: str, rows: set[tuple[str, ...]]) -> None:
        """These are all rows of the keys from behind `after` to `last`."""
        with self._connection() as connection:
            asked = "select * from input where bucket = ? and key > ? and key <= ?"
            known = set(connection.execute(asked, [bucket, after, last]))
            gone = [row[:2] for row in known - rows]
            connection.executemany("delete from input where bucket = ? and key = ?", gone)
            connection.executemany("insert into input values (?, ?, ?, ?, ?)", rows - known)

    def _write_ignored(self) -> None:
        now = {(one.bucket, one.key, one.count, stamp(one.modified), one.lacks) for one in self._ignored}
        with self._connection() as connection:
            if now != set(connection.execute("select * from ignored")):
                connection.execute("delete from ignored")
                connection.executemany("insert into ignored values (?, ?, ?, ?, ?)", sorted(now))


def _rows(bucket: str, head: Head) -> set[tuple[str, ...]]:
    """The row of a key, if it has one."""
    function = keys.woken(bucket, head.key)
    if function or bucket == keys.FLOODMAPS:  # whose hours are told by objects that wake nothing
        return {(bucket, head.key, head.etag, stamp(head.modified), function)}
    return set()
