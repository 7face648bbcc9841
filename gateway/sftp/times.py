"""When a client's files were last changed, as the client says: told back to it, so that a mirror sees what is newer.

An object knows only when it came, and a mirror that compares takes a later change made before that for an old one.
What the client says before the file is whole stands in the object's metadata too; many clients say it afterwards,
when the object can no longer be changed. So it is kept beside the spool, one row per name and content. If the rows
are lost the metadata tell, or else the store's own time, which costs a mirror's client a transfer.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

MODIFIED = "mtime"  # metadata of an object: when its content was changed, as rclone writes it to S3 too
_TABLE = "create table if not exists time (name text primary key, etag text, changed real)"


class Times:
    """Of one user's names; in one thread."""

    def __init__(self, file: Path) -> None:
        try:
            self._connection = _opened(file)
        except sqlite3.DatabaseError:  # broken: begun anew
            file.unlink(missing_ok=True)
            self._connection = _opened(file)

    def keep(self, name: str, etag: str, changed: float | None) -> None:
        """The content that has this ETag ("" while it waits for its rename) was changed then; None is not told."""
        with suppress(sqlite3.Error):  # a full disk must not make a failure of what is stored
            if changed is not None:
                self._connection.execute("insert or replace into time values (?, ?, ?)", [name, etag, changed])

    def changed(self, name: str, etag: str) -> float | None:
        """When that content was changed, seconds since the epoch; None when nobody said it."""
        row = None
        with suppress(sqlite3.Error), closing(self._connection.cursor()) as cursor:
            row = cursor.execute("select changed from time where name = ? and etag = ?", [name, etag]).fetchone()
        return float(row[0]) if row else None


def _opened(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("pragma synchronous = off")  # what is lost is sent again
    connection.execute(_TABLE)
    return connection
