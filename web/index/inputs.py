"""What lies in the buckets of inputs: contents that wake a function, and what wakes none, folded by folder."""

import sqlite3
from collections.abc import Callable, Iterator

from siaga import keys
from siaga.events import Notification
from siaga.ignored import Folder, Ignored
from siaga.moment import parse, stamp
from siaga.store import Store

TABLES = """
create table input (bucket text, key text, etag text, modified text, function text, primary key (bucket, key));
create index input_modified on input (modified) where function != '';
create table ignored (bucket text, key text, count integer, modified text, lacks text);
create index ignored_modified on ignored (modified);
create table waiting (bucket text, key text, etag text, function text, modified text);
"""
_MOST_WAITING = 10_000  # rows that are kept; more never reach a page
_WAITING = """insert into waiting
    select i.bucket, i.key, i.etag, i.function, i.modified from input i left join receipt r
    on r.bucket = i.bucket and r.input = i.key and r.input_etag = i.etag and r.function = i.function
    where r.key is null and i.function != '' order by i.modified desc limit ?"""


class InputIndex:
    """The tables of inputs. Files that wake nothing cost a row for each folder, not one each."""

    def __init__(self, store: Store, connection: Callable[[], sqlite3.Connection]) -> None:
        self._store, self._connection = store, connection
        self._known: set[int] | None = None  # hashes of the rows, so that a round compares without reading them

    def refresh(self) -> None:
        """One round over all buckets of inputs. Raises SiagaError."""
        with self._connection() as connection:
            if self._known is None:
                self._known = set(map(hash, connection.execute("select * from input")))
        gone = set(self._known)
        new: list[tuple[str, ...]] = []
        ignored: list[Ignored] = []
        for bucket in keys.INPUTS:
            folders = Folder(bucket)
            for head in self._store.list(bucket):
                ignored.extend(folders.take(head))
                function = keys.woken(bucket, head.key)
                if function or bucket == keys.FLOODMAPS:  # whose hours are told by objects that wake nothing
                    row = (bucket, head.key, head.etag, stamp(head.modified), function)
                    if hash(row) in self._known:
                        gone.discard(hash(row))
                    else:
                        new.append(row)
            ignored.extend(folders.rest())
        self._write(gone, new, ignored)
        self._known = (self._known - gone) | set(map(hash, new))

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

    def _write(self, gone: set[int], new: list[tuple[str, ...]], ignored: list[Ignored]) -> None:
        now = {(one.bucket, one.key, one.count, stamp(one.modified), one.lacks) for one in ignored}
        with self._connection() as connection:
            if gone:
                rows = connection.execute("select * from input").fetchall()
                connection.executemany(
                    "delete from input where bucket = ? and key = ?", [row[:2] for row in rows if hash(row) in gone]
                )
            connection.executemany("insert or replace into input values (?, ?, ?, ?, ?)", new)
            if now != set(connection.execute("select * from ignored")):
                connection.execute("delete from ignored")
                connection.executemany("insert into ignored values (?, ?, ?, ?, ?)", sorted(now))
