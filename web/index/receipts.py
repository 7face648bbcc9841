"""What became of inputs, as receipts of the ledger tell it, and which inputs became no result."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from siaga import keys
from siaga.events import Notification
from siaga.hazards import RENDERER
from siaga.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An input that became no result, and when it came in (UTC). receipt: None while it is under way."""

    key: str
    modified: str
    receipt: Receipt | None


class ReceiptIndex:
    """Reads the tables of receipts and inputs. connect: gives this thread's connection."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect

    def unsettled(self, function: str, bucket: str, name: str, limit: int) -> list[Unsettled]:
        """Inputs of that name that became no result, newest first."""
        rows = "select i.key, i.modified, r.body from input i left join receipt r"
        same = "r.bucket = i.bucket and r.input = i.key and r.input_etag = i.etag and r.function = ?"
        where = "i.bucket = ? and i.key like ? and (r.state is null or r.state in ('refused', 'dead'))"
        with self._connect() as connection:
            found = connection.execute(
                f"{rows} on {same} where {where} order by i.modified desc limit ?",
                [function, bucket, f"%/{name}", limit],
            ).fetchall()
        return [Unsettled(key, modified, Receipt.decode(body) if body else None) for key, modified, body in found]

    def receipts(self, states: Sequence[str], limit: int) -> tuple[list[Receipt], int]:
        """What has been settled in one of those states, newest first, and how many in all."""
        marks = ",".join("?" * len(states))
        with self._connect() as connection:
            total = connection.execute(f"select count(*) from receipt where state in ({marks})", states).fetchone()[0]
            rows = connection.execute(
                f"select body from receipt where state in ({marks}) order by finished desc limit ?", [*states, limit]
            ).fetchall()
        return [Receipt.decode(row[0]) for row in rows], total

    def failed(self, limit: int) -> tuple[list[Receipt], int]:
        """What was refused or given up and still stands under its key, newest first, and how many in all.

        What came into the same folder later and was taken, or another analysis of the same version, mends it.
        """
        base = """from receipt r left join input i on i.bucket = r.bucket and i.key = r.input
            where r.state in ('refused', 'dead') and not exists (select 1 from receipt d where d.bucket = r.bucket
                and d.folder = r.folder and d.function = r.function and d.state = 'done' and d.received > r.received)
            and (r.bucket = ? or i.etag = r.input_etag)"""
        with self._connect() as connection:
            total = connection.execute(f"select count(*) {base}", [keys.RESULTS]).fetchone()[0]
            rows = connection.execute(
                f"select r.body {base} order by r.finished desc limit ?", [keys.RESULTS, limit]
            ).fetchall()
        return [Receipt.decode(row[0]) for row in rows], total

    def receipt_of(self, function: str, notification: Notification) -> Receipt | None:
        """The receipt of one content, or None."""
        with self._connect() as connection:
            row = connection.execute(
                "select body from receipt where bucket = ? and input = ? and input_etag = ? and function = ?",
                [notification.bucket, notification.key, notification.etag, function],
            ).fetchone()
        return Receipt.decode(row[0]) if row else None

    def report_receipt(self, impact_key: str) -> Receipt | None:
        """The receipt of the report on that analysis, or None."""
        with self._connect() as connection:
            row = connection.execute(
                "select body from receipt where bucket = ? and input = ? and function = ? order by finished desc",
                [keys.RESULTS, impact_key, RENDERER],
            ).fetchone()
        return Receipt.decode(row[0]) if row else None
