"""The file of the job database: made ready before it is opened, put aside when it is damaged."""

import logging
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from siaga.errors import SiagaError

_log = logging.getLogger("gateway")


def prepare(file: Path) -> None:
    """Make the folder, put a damaged file aside, let SQLite write ahead: one sync to disk per commit, not several.

    Raises SiagaError.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.OperationalError as error:  # such as a folder that cannot be written to
        raise SiagaError("The job database {file}: {detail}", file=file, detail=error) from error
    except sqlite3.DatabaseError:
        sound = False
    if not sound:
        _log.error("the job database %s is damaged; it is put aside, the sweep will restore the jobs", file)
        for part in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                file.with_name(file.name + part).replace(file.with_name(f"{file.name}.damaged{part}"))
        prepare(file)
