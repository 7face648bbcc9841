"""The backups: encrypted snapshots in a repository of restic, a folder or anything else that restic writes to."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from siaga.errors import NotFound, SiagaError, Unavailable
from siaga.settings import Settings

PASSWORD = "backup-password"  # the secret without which no backup can be read
STREAM = "siaga.tar"
_KEYS = {"AWS_ACCESS_KEY_ID": "backup-s3-key", "AWS_SECRET_ACCESS_KEY": "backup-s3-secret"}
_ABSENT = ("Is there a repository at the following location", "unable to open config file")
_LOOK_SECONDS = 120
_TIDY_SECONDS = 3.0  # for restic to take its lock away
_KEPT_WHOLE = "3d"  # all of so long: a bad one of today does not take the place of a sound one


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One backup. name: as `siaga restore` takes it."""

    name: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """A backup that was just made. size: bytes of the stream; added: bytes by which the repository grew."""

    name: str
    size: int
    added: int


class Vault:
    """The repository of one Siaga."""

    def __init__(self, settings: Settings) -> None:
        """Raises SiagaError where no repository is set or restic is missing."""
        if not settings.backup.where:
            raise SiagaError("Say in SIAGA_BACKUP where backups go, such as /mnt/backup/siaga")
        if not shutil.which("restic"):
            raise SiagaError("restic is missing; apt-get install restic")
        self._settings = settings
        self._cache = settings.home / "backup-cache"  # restic makes it when it first opens the repository

    def prepare(self) -> bool:
        """Make password and repository where there are none; returns whether the password is new.

        Raises SiagaError where the repository of backups before is gone, Unavailable where it does not answer.
        """
        is_new, is_there = not (self._settings.secrets / PASSWORD).exists(), self._is_there()
        if is_new and is_there:
            raise SiagaError(
                "{where} holds backups already; put their password into {file}",
                where=self._settings.backup.where,
                file=self._settings.secrets / PASSWORD,
            )
        if not is_there and self._cache.exists():
            raise SiagaError(
                "{where} holds no repository, but backups were made before; is it mounted? Else remove {cache}",
                where=self._settings.backup.where,
                cache=self._cache,
            )
        self._settings.make_secret(PASSWORD)
        if not is_there:
            self._run("init")
        return is_new

    def store(self, write: Callable[[IO[bytes]], object]) -> Stored:
        """One more backup: what `write` writes. Where that fails there is none."""
        self._run("unlock", "--quiet")  # what one that was killed has left; those of processes that live stay
        command = ["backup", "--json", "--stdin", "--stdin-filename", STREAM, "--host", "siaga"]
        with (
            tempfile.TemporaryFile() as lines,
            tempfile.TemporaryFile() as errors,
        ):  # it tells its progress all the time
            process = self._open(command, stdin=subprocess.PIPE, stdout=lines, stderr=errors)
            assert process.stdin is not None
            try:
                write(process.stdin)
            except BrokenPipeError:
                pass  # restic says why
            except BaseException:
                _end(process)  # before its input ends: else half a backup would be kept as a whole
                with suppress(BrokenPipeError):
                    process.stdin.close()
                raise
            with suppress(BrokenPipeError):
                process.stdin.close()
            if process.wait():
                errors.seek(0)
                raise Unavailable("The backup was not kept: {detail}", detail=_last(errors.read()))
            lines.seek(0)
            summary = json.loads(lines.read().splitlines()[-1])
        return Stored(summary["snapshot_id"][:8], summary["total_bytes_processed"], summary["data_added"])

    def thin(self) -> int:
        """Forget what is older than the settings say; returns how many are left."""
        daily, weekly, yearly = (str(count) for count in self._settings.backup.keep)
        keep = ["--keep-within", _KEPT_WHOLE, "--keep-daily", daily, "--keep-weekly", weekly, "--keep-yearly", yearly]
        self._run("forget", "--quiet", "--group-by", "paths", *keep, "--prune")
        return len(self.snapshots())

    def snapshots(self) -> list[Snapshot]:
        """All backups, the oldest first. Raises SiagaError where the repository cannot be read."""
        listed = json.loads(self._run("snapshots", "--json", "--no-lock")) or []
        return sorted((_snapshot(one) for one in listed), key=lambda one: one.time)

    @contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """The stream of a backup; "latest" is the newest. Raises NotFound, and SiagaError where it cannot be read."""
        snapshots = self.snapshots()
        chosen = [one.name for one in snapshots if name in (one.name, "latest")]
        if not chosen:
            raise NotFound("There is no backup {name} in {where}", name=name, where=self._settings.backup.where)
        with self._open(["dump", "--no-lock", chosen[-1], STREAM]) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                yield process.stdout
                while process.stdout.read(1 << 20):  # what a tar has behind its end
                    pass
                if process.wait():
                    raise SiagaError("The backup cannot be read: {detail}", detail=_last(process.stderr.read()))
            finally:
                process.kill()

    def check(self) -> None:
        """Read all that the repository holds and compare it with its hashes. Raises SiagaError."""
        self._run("check", "--read-data")

    def _is_there(self) -> bool:
        asked = self._open(["cat", "config", "--no-lock"], password=(self._settings.secrets / PASSWORD).exists())
        with asked:
            try:
                _config, errors = asked.communicate(timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired as error:
                asked.kill()
                raise Unavailable(
                    "{where} has not answered within {seconds} s",
                    where=self._settings.backup.where,
                    seconds=_LOOK_SECONDS,
                ) from error
        return not any(text.encode() in errors for text in _ABSENT)

    def _run(self, *arguments: str) -> bytes:
        process = self._open(arguments)
        answer, errors = process.communicate()
        if process.returncode:
            raise SiagaError("{where}: {detail}", where=self._settings.backup.where, detail=_last(errors))
        return answer

    def _open(
        self,
        arguments: Sequence[str],
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.PIPE,
        stderr: int | IO[bytes] = subprocess.PIPE,
        password: bool = True,
    ) -> subprocess.Popen[bytes]:
        environment = os.environ | self._environment(password=password)
        return subprocess.Popen(["restic", *arguments], env=environment, stdin=stdin, stdout=stdout, stderr=stderr)

    def _environment(self, *, password: bool) -> Mapping[str, str]:
        secrets = self._settings.secrets
        made = {"RESTIC_REPOSITORY": self._settings.backup.where}
        made["RESTIC_CACHE_DIR"] = str(self._cache)
        if password:
            made["RESTIC_PASSWORD_FILE"] = str(secrets / PASSWORD)
        else:
            made["RESTIC_PASSWORD"] = "none"
        return made | {name: self._settings.secret(file) for name, file in _KEYS.items() if (secrets / file).exists()}


def _snapshot(record: Mapping[str, str]) -> Snapshot:
    text = record["time"]
    fraction = text.find(".")  # nanoseconds, which Python does not read
    seconds, zone = text[:fraction], text[fraction:].lstrip(".0123456789")
    return Snapshot(record["short_id"], datetime.fromisoformat(seconds + zone).astimezone(UTC))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let restic tidy up; who was started in the background ignores SIGINT, as a shell has it, and so does restic."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_TIDY_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()  # the next backup removes its lock
        process.wait()


def _last(errors: bytes) -> str:
    """What restic said last."""
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines() if line.strip()]
    return "; ".join(lines[-2:]) or "restic says nothing"
