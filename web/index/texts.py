"""Texts that an agency wrote: the newest version of each, so that pages show them while the store is silent."""

import logging
import sqlite3
from collections.abc import Callable

from siaga import keys
from siaga.errors import BadInput, NotFound
from siaga.inputs.texts import Place, Text
from siaga.store import Store

TABLES = """
create table wording (key text primary key, etag text, place text, number integer, body text);
"""
_log = logging.getLogger(__name__)


class TextIndex:
    """Reads and writes that table. connect: gives this thread's connection."""

    def __init__(self, store: Store, connect: Callable[[], sqlite3.Connection]) -> None:
        self._store, self._connect = store, connect

    def refresh(self) -> None:
        """Copy what is another than before. Raises SiagaError."""
        with self._connect() as connection:
            known = dict(connection.execute("select key, etag from wording").fetchall())
        heads = {head.key: head.etag for head in self._store.list(keys.TEXTS)}
        rows = [self._row(key) for key, etag in heads.items() if known.get(key) != etag]
        gone = [[key] for key in known if key not in heads]
        if rows or gone:
            with self._connect() as connection:
                connection.executemany("delete from wording where key = ?", gone)
                connection.executemany(
                    "insert or replace into wording values (?, ?, ?, ?, ?)", [row for row in rows if row]
                )

    def newest(self, place: Place) -> Text | None:
        """The version that holds, None where none was written."""
        with self._connect() as connection:
            row = connection.execute(
                "select body from wording where place = ? order by number desc limit 1", [str(place)]
            ).fetchone()
        return Text.decode(row[0].encode()) if row else None

    def _row(self, key: str) -> tuple[str, str, str, int, str] | None:
        try:
            body, head = self._store.get(keys.TEXTS, key)
            one = Text.decode(body)
            if one.key != key:
                raise BadInput("A text cannot be read: {detail}", detail=f"it is {one.key}")
            return key, head.etag, str(one.place), one.number, body.decode()
        except NotFound:
            return None  # removed since it was listed
        except (BadInput, ValueError) as error:
            _log.warning("%s/%s is not of a known form; it is not shown: %s", keys.TEXTS, key, error)
            return None
