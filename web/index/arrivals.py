"""When maps came, how long Siaga took for them, and receipts by the names of their inputs."""

import sqlite3
from collections.abc import Callable

from siaga import keys
from siaga.hazards import EARTHQUAKE, HAZARDS
from siaga.receipt import Receipt


class ArrivalIndex:
    """Reads the tables of entries and receipts. connect: gives this thread's connection."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect

    def since(self, since: str, limit: int = 200) -> list[str]:
        """When ShakeMaps came, UTC as stored, from that moment on, the newest first; exercises aside."""
        with self._connect() as connection:
            rows = connection.execute(
                """select received from entry where hazard = 'earthquake' and drill = 0 and received >= ?
                order by received desc limit ?""",
                [since, limit],
            )
            return [received for (received,) in rows.fetchall()]

    def latencies(self, since: str, limit: int = 200) -> list[tuple[str, str | None, str | None]]:
        """When maps of live quakes came from that moment on, when their figures were there, and their reports."""
        with self._connect() as connection:
            return connection.execute(
                """select e.received, f.finished, max(r.finished) from entry e
                left join receipt f on f.bucket = json_extract(e.body, '$.arrival.bucket') and f.function = ?
                    and f.input = json_extract(e.body, '$.arrival.key')
                    and f.input_etag = json_extract(e.body, '$.arrival.etag')
                left join receipt r on r.bucket = ? and r.function = 'render-report'
                    and r.input = json_extract(e.body, '$.impact.key')
                where e.hazard = 'earthquake' and e.drill = 0 and e.received >= ?
                    and julianday(e.received) - julianday(e.time) between 0 and 1
                group by e.key order by e.received desc limit ?""",
                [EARTHQUAKE.function, keys.RESULTS, since, limit],
            ).fetchall()

    def without_entry(self, since: str, until: str) -> int:
        """How many receipts of inputs settled between these moments name a run whose version the catalogue lacks."""
        with self._connect() as connection:
            rows = connection.execute(
                """select distinct json_extract(body, '$.run') from receipt
                where state = 'done' and bucket != ? and finished between ? and ?""",
                [keys.RESULTS, since, until],
            ).fetchall()
            runs = [keys.Run.parse(run) for (run,) in rows if run]
            there = "select count(*) from entry where hazard = ? and identity = ? and version = ?"
            return sum(
                connection.execute(
                    there, [run.hazard, keys.identity(run.hazard, run.event_id), str(run.version)]
                ).fetchone()[0]
                == 0
                for run in runs
            )

    def without_report(self, since: str, until: str) -> int:
        """How many entries of inputs that came between these moments have no report."""
        with self._connect() as connection:
            (count,) = connection.execute(
                "select count(*) from entry where published = 0 and received between ? and ? and hazard in (?, ?, ?)",
                [since, until, *HAZARDS],
            ).fetchone()
            return int(count)

    def receipts(self, text: str, limit: int) -> list[Receipt]:
        """Receipts whose input's key has that text in it, in letters of any case; the newest first."""
        wanted = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        with self._connect() as connection:
            rows = connection.execute(
                "select body from receipt where input like ? escape '!' order by finished desc limit ?",
                [f"%{wanted}%", limit],
            ).fetchall()
        return [Receipt.decode(row[0]) for row in rows]
