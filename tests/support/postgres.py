"""A PostgreSQL for a test: Debian's server, a cluster of its own below /tmp, never as root."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from support.running import free_ports, wait_for

PASSWORD = "only for tests"
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "16MB"}


class Postgres:
    """A server that listens on loopback and asks for a password; stopped and removed by `stop`."""

    def __init__(self) -> None:
        """Makes the cluster and starts it."""
        self._programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self._folder = Path(tempfile.mkdtemp(prefix="siaga-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        (self._folder / "password").write_text(PASSWORD)
        (self._folder / "password").chmod(0o644)
        self._data, self.port = self._folder / "data", free_ports(1)
        self._run(
            "initdb", "-A", "scram-sha-256", "-U", "siaga", f"--pwfile={self._folder}/password", "-N", "-E", "UTF8"
        )
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = _QUICK | {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "-w", "-l", f"{self._folder}/log", "-o", options, "start")

    def halt(self) -> None:
        """As when its machine fails."""
        self._run("pg_ctl", "-m", "immediate", "stop")

    def database(self, name: str, encoding: str = "UTF8") -> str:
        """The address of a new database, without the password."""
        self.execute("postgres", f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
        return f"postgresql://siaga@127.0.0.1:{self.port}/{name}"

    def execute(self, name: str, statement: str) -> None:
        """One statement in a database."""
        with psycopg.connect(self._address(name), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """End it and leave nothing."""
        self.halt()
        wait_for(lambda: not (self._data / "postmaster.pid").exists(), 20, "the end of PostgreSQL")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _address(self, name: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=siaga dbname={name} password='{PASSWORD}'"

    def _run(self, program: str, *arguments: str) -> None:
        other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        command = [*other, self._programs / program, "-D", self._data, *arguments]
        with (self._folder / f"{program}.log").open("a") as log:  # a pipe would be held by the server to its end
            done = subprocess.run(command, cwd=self._folder, stdout=log, stderr=log, timeout=60, check=False)
        assert done.returncode == 0, (self._folder / f"{program}.log").read_text()
