"""What operators decided of events: which of them readers do not see, and which somebody felt.

A decision names one id of an event and holds for all maps that show the same event; of several the last one counts.
Column hidden of table entry says whether readers see the event of an entry, column felt whether somebody felt it.
"""

import logging
import sqlite3
from collections.abc import Callable
from functools import reduce
from operator import xor

from siaga import keys
from siaga.catalog import Entry
from siaga.errors import BadInput, NotFound
from siaga.inputs.decisions import HIDDEN, KINDS, Decision
from siaga.store import Store
from web.index.rows import FELT_FROM, mark

TABLES = """
create table decision (key text primary key, etag text, hazard text, identity text, drill integer, kind text,
    value integer, moment text, body text);
"""
_log = logging.getLogger(__name__)
_LARGEST = 1 << 14  # bytes of a decision
_EVENTS = "(select event from touched where event is not null)"
_SAME = """decision as d join entry as e
    on e.hazard = d.hazard and e.identity = d.identity and e.drill = d.drill"""


class DecisionIndex:
    """Reads and writes that table. connect: gives this thread's connection."""

    def __init__(self, store: Store, connect: Callable[[], sqlite3.Connection]) -> None:
        self._store, self._connect = store, connect

    def refresh(self, join: Callable[[sqlite3.Connection], None], change: Callable[[], None]) -> None:
        """Copy what is another than before. Raises SiagaError.

        join: writes anew what is shown of the events that were touched. change: is told that it did.
        """
        with self._connect() as connection:
            known = dict(connection.execute("select key, etag from decision").fetchall())
        heads = {head.key: head.etag for head in self._store.list(keys.DECISIONS)}
        changed = [key for key, etag in heads.items() if known.get(key) != etag]
        gone = [key for key in known if key not in heads]
        if not changed and not gone:
            return
        rows = [row for row in map(self._row, changed) if row]
        with self._connect() as connection:
            _touch(connection, [*gone, *changed])
            connection.executemany("delete from decision where key = ?", [[key] for key in gone])
            connection.executemany("insert or replace into decision values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            _touch(connection, [row[0] for row in rows])
            connection.execute(
                f"update entry set felt = (mmi >= ?) where hazard = 'earthquake' and event in {_EVENTS}", [FELT_FROM]
            )
            join(connection)
        change()

    @property
    def revision(self) -> int:
        """The same for all that show the same decisions."""
        with self._connect() as connection:
            rows = connection.execute("select key, etag from decision").fetchall()
        return reduce(xor, (mark(key, etag) for key, etag in rows), 0)

    def of(self, entry: Entry) -> dict[str, Decision]:
        """The decisions that hold for the event of a catalogue entry, by their kind; what was taken back is none."""
        return {kind: one for kind, one in self._last(entry).items() if one.value is not None}

    def shown(self, entry: Entry) -> Decision | None:
        """By what an event that was hidden is shown again; None where it is hidden, or never was."""
        last = self._last(entry).get(HIDDEN)
        return last if last and last.value is not True else None

    def _last(self, entry: Entry) -> dict[str, Decision]:
        with self._connect() as connection:
            rows = connection.execute(
                f"""select d.body from {_SAME} where e.event = (select event from entry where hazard = ?
                and identity = ? and version = ? and drill = ?) group by d.key order by d.moment""",
                _named(entry),
            ).fetchall()
        return {one.kind: one for one in (Decision.decode(body.encode()) for (body,) in rows)}

    def is_hidden(self, entry: Entry) -> bool:
        """Whether readers do not see the event of a catalogue entry."""
        with self._connect() as connection:
            row = connection.execute(
                "select hidden from entry where hazard = ? and identity = ? and version = ? and drill = ?",
                _named(entry),
            ).fetchone()
        return bool(row and row[0])

    def hidden(self, limit: int) -> tuple[list[Decision], int]:
        """By what events are hidden, the last ones first, and how many decisions that are in all."""
        where = f"from decision where kind = '{HIDDEN}' and value = 1"
        with self._connect() as connection:
            total = connection.execute(f"select count(*) {where}").fetchone()[0]
            rows = connection.execute(f"select body {where} order by moment desc limit ?", [limit]).fetchall()
        return [Decision.decode(body.encode()) for (body,) in rows], total

    def _row(self, key: str) -> tuple[str, *tuple[str | int | None, ...]] | None:
        try:
            body, head = self._store.get(keys.DECISIONS, key, at_most=_LARGEST)
            one = Decision.decode(body)
        except NotFound:
            return None  # removed since it was listed
        except BadInput as error:
            _log.warning("%s/%s is not of a known form; it does not count: %s", keys.DECISIONS, key, error)
            return None
        return key, head.etag, one.hazard, one.identity, int(one.drill), one.kind, one.value, one.when, body.decode()


def apply(connection: sqlite3.Connection) -> None:
    """Let decisions count for the events that were touched, over what their maps and BMKG say."""
    connection.execute(f"update entry set hidden = 0 where hidden = 1 and event in {_EVENTS}")
    rows = connection.execute(
        f"select e.event, d.kind, d.value from {_SAME} where e.event in {_EVENTS} order by d.moment"
    ).fetchall()
    last = {(event, kind): value for event, kind, value in rows if kind in KINDS}
    for (event, kind), value in last.items():
        if value is not None:
            connection.execute(f"update entry set {kind} = ? where event = ?", [value, event])


def _touch(connection: sqlite3.Connection, names: list[str]) -> None:
    """Note the events of decisions as touched."""
    connection.executemany(
        f"""insert into touched (event, hazard, identity, time) select event, hazard, identity, time from entry
        where event in (select e.event from {_SAME} where d.key = ?)""",
        [[name] for name in names],
    )


def _named(entry: Entry) -> list[str | int]:
    named = keys.identity(entry["hazard"], entry["event_id"])
    return [entry["hazard"], named, entry["version"], int(entry["drill"])]
