"""The lead: of the gateways on one job database one works, by a lease in it; the others stand by and pass on to it."""

import logging
import threading
import time
import uuid
from collections.abc import Callable

from prometheus_client import Gauge
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.database import Database
from siaga.errors import SiagaError

_log = logging.getLogger("gateway")

TERM_SECONDS = 8.0  # of the lease, by the database's clock; who was killed is followed within it
_RENEW_SECONDS = 1.0
_LEADS = Gauge("siaga_gateway_leads", "Whether this gateway works; of several on one job database one does")
_TABLE = (
    "SELECT pg_advisory_lock(hashtext('siaga.lead'))",  # two gateways that make it at once; ends with the connection
    "CREATE SCHEMA IF NOT EXISTS siaga",
    "CREATE TABLE IF NOT EXISTS siaga.lead (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),"
    " holder text NOT NULL, address text NOT NULL, until timestamptz NOT NULL)",
    "SELECT pg_advisory_unlock_all()",
)
_TAKE = text(
    "INSERT INTO siaga.lead AS lead (holder, address, until)"
    " VALUES (:holder, :address, clock_timestamp() + :term * interval '1 second')"
    " ON CONFLICT (only_row) DO UPDATE"
    " SET holder = excluded.holder, address = excluded.address, until = excluded.until"
    " WHERE lead.holder = excluded.holder OR lead.until < clock_timestamp() RETURNING 1"
)
_LEADER = text("SELECT address FROM siaga.lead WHERE until > clock_timestamp()")
_RELEASE = text("DELETE FROM siaga.lead WHERE holder = :holder")


class Lead:
    """The lease of one gateway: SQLite's only gateway always has it, of PostgreSQL's the first that comes.

    Who holds it renews it every second; who cannot within its term has lost it, and must end at once: another one
    works by then. `leader` is the address of who led at the last look, "" when nobody did.
    """

    def __init__(self, database: Database, address: str) -> None:
        """`address`: by which the others reach this gateway."""
        self._database, self._address = database, address
        self._holder = str(uuid.uuid4())  # a gateway that starts again is another one
        self._engine: Engine | None = None
        self._stop, self._won = threading.Event(), threading.Event()
        self._until = 0.0
        self.leader = ""

    @property
    def is_held(self) -> bool:
        """Whether this gateway leads."""
        return self._won.is_set()

    def prepare(self) -> None:
        """See that the database answers, and make the row of the lease. Raises SiagaError."""
        if not self._database.is_shared:
            self._win()
            return
        self._engine = self._database.engine()
        self._database.check(self._engine)
        try:
            with self._engine.connect() as connection:
                for statement in _TABLE:
                    connection.execute(text(statement))
        except SQLAlchemyError as error:
            raise SiagaError(
                "The job database {url} keeps no lease for the gateways; its user must own it: {detail}",
                url=self._database,
                detail=str(getattr(error, "orig", None) or error).strip(),
            ) from error

    def stand(self, lost: Callable[[], None]) -> None:
        """Take the lease when it is free, and keep it; `lost` is called when that did not succeed. In a thread."""
        if self._engine is not None:
            threading.Thread(target=self._run, args=(lost,), name="lead", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long for the lead; whether this gateway has it."""
        return self._won.wait(seconds)

    def check(self) -> str:
        """Why nobody works, "" when somebody does."""
        return "" if self.is_held or self.leader else "no gateway leads just now"

    def release(self) -> None:
        """Let the next one lead at once."""
        self._stop.set()
        if self._engine is not None:
            try:
                with self._engine.connect() as connection:
                    connection.execute(_RELEASE, {"holder": self._holder})
            except SQLAlchemyError as error:  # then its term ends by itself
                _log.warning("the lead is not given back: %s", error)
            self._engine.dispose()

    def _run(self, lost: Callable[[], None]) -> None:
        away = ""
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                if self._take():
                    self._until, self.leader = began + TERM_SECONDS, self._address
                    if not self.is_held:
                        _log.info("this gateway leads")
                        self._win()
                        threading.Thread(target=self._watch, args=(lost,), name="lead-term", daemon=True).start()
                else:
                    self._look()
                    if self.is_held:  # somebody else leads
                        self._until = 0.0
                away = ""
            except SQLAlchemyError as error:
                self.leader = self._address if self.is_held else ""
                if not away:
                    _log.warning("the job database does not tell who leads: %s", error)
                away = str(error)
            if self.is_held and time.monotonic() > self._until and not self._stop.is_set():
                lost()
            self._stop.wait(_RENEW_SECONDS)

    def _watch(self, lost: Callable[[], None]) -> None:
        """Call `lost` at the end of a term that was not renewed, also while the statement that renews it hangs."""
        while not self._stop.wait(self._until - time.monotonic()):
            if time.monotonic() > self._until:
                lost()
                return

    def _win(self) -> None:
        _LEADS.set(1)
        self._won.set()

    def _take(self) -> bool:
        assert self._engine is not None
        with self._engine.connect() as connection:
            values = {"holder": self._holder, "address": self._address, "term": TERM_SECONDS}
            return connection.execute(_TAKE, values).first() is not None

    def _look(self) -> None:
        """Learn who leads."""
        assert self._engine is not None
        with self._engine.connect() as connection:
            self.leader = str(connection.execute(_LEADER).scalar() or "")
