"""The job database: where it is, by which password it opens, and whether it answers before anything works with it."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from siaga.errors import SiagaError
from siaga.settings import Settings

_log = logging.getLogger("gateway")

PASSWORD = "postgres-password"  # the secret; what the address itself says goes before
_EXAMPLE = "postgresql://siaga@db.example.id/siaga"
_WAIT_SECONDS = 30.0  # for a server that starts beside the gateway
_AGAIN_SECONDS = 1.0
_PATIENCE_MS = 3000  # for one statement, and for what was sent to be acknowledged
_COMES_BACK = ("starting up", "shutting down", "in recovery mode", "too many clients")  # a server that says so


@dataclass(frozen=True, slots=True)
class Database:
    """SQLite on one machine; PostgreSQL where several gateways share it."""

    url: URL

    @classmethod
    def of(cls, settings: Settings) -> "Database":
        """The one that the settings name. Raises SiagaError for an address that is none.

        What is said is UTF-8 whatever the database's own encoding is: one made where no language was set says its texts
        as bytes else, which neither SQLAlchemy nor DBOS reads.
        """
        try:
            url = make_url(settings.job_database)
        except ArgumentError as error:
            raise SiagaError(
                "SIAGA_JOB_DATABASE is no address; write one such as {example}", example=_EXAMPLE
            ) from error
        if url.get_backend_name() == "sqlite":
            return cls(url)
        if url.get_backend_name() != "postgresql" or not url.database:
            raise SiagaError(
                "SIAGA_JOB_DATABASE is {url}: the queue stands in SQLite or in PostgreSQL; write an address such as "
                "{example}, with the name of the database at its end",
                url=url.render_as_string(),
                example=_EXAMPLE,
            )
        password = settings.secrets / PASSWORD
        if url.password is None and password.is_file():
            url = url.set(password=settings.secret(PASSWORD))
        return cls(url.set(drivername="postgresql+psycopg").update_query_dict({"client_encoding": "utf8"}))

    @property
    def file(self) -> Path | None:
        """Of SQLite; None where it is a server."""
        return Path(self.url.database) if self.url.get_backend_name() == "sqlite" and self.url.database else None

    @property
    def is_shared(self) -> bool:
        """Whether other gateways may work on it."""
        return self.file is None

    @property
    def address(self) -> str:
        """With the password, for whoever opens it."""
        return self.url.render_as_string(hide_password=False)

    def __str__(self) -> str:
        """Without the password, and without what is added for every database."""
        return self.url.difference_update_query(["client_encoding"]).render_as_string()

    def engine(self) -> Engine:
        """One connection to a server, each statement a transaction; what does not answer is given up within seconds."""
        given_up_soon = {
            "connect_timeout": _PATIENCE_MS // 1000,
            "tcp_user_timeout": _PATIENCE_MS,
            "options": f"-c statement_timeout={_PATIENCE_MS}",
        }
        return create_engine(
            self.url, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True, connect_args=given_up_soon
        )

    def check(self, engine: Engine, seconds: float = _WAIT_SECONDS) -> None:
        """Wait that long for the server. Raises SiagaError: it does not answer, or refuses this user or database."""
        deadline, told = time.monotonic() + seconds, False
        while True:
            try:
                with engine.connect() as connection:
                    connection.execute(text("SELECT 1"))
                return
            except SQLAlchemyError as error:
                detail = str(getattr(error, "orig", None) or error).strip()
            refused = "FATAL" in detail and not any(word in detail for word in _COMES_BACK)
            if refused:
                raise SiagaError(
                    "The job database {url} does not let the gateway in; SIAGA_JOB_DATABASE says where it is, the "
                    "secret {secret} its password: {detail}",
                    url=self,
                    secret=PASSWORD,
                    detail=detail,
                )
            if time.monotonic() > deadline:
                raise SiagaError(
                    "The job database {url} does not answer; SIAGA_JOB_DATABASE says where it is: {detail}",
                    url=self,
                    detail=detail,
                )
            if not told:
                _log.warning("waiting for the job database %s: %s", self, detail)
                told = True
            time.sleep(_AGAIN_SECONDS)
