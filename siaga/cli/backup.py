"""`siaga backup` and `siaga restore`: all buckets and secrets into an encrypted repository, and back."""

import argparse
import json
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from siaga import keys, moment
from siaga.commands import Commands
from siaga.errors import SiagaError
from siaga.settings import Settings

if TYPE_CHECKING:  # which a command imports when it is called
    from siaga.keeping.restoring import Restored, Restoring
    from siaga.keeping.vault import Vault
    from siaga.store import Store

_LATE = timedelta(hours=26)  # a nightly backup that is older is late
_AGAIN_SECONDS = 900.0  # after one that failed
_LONGEST_WAIT = 60.0  # then the clock is read again, which may have been set
_NAMED = 20


def add_to(commands: Commands) -> None:
    """Add `backup` and `restore` to the command line's commands."""
    backup = commands.add_parser("backup", help="all buckets and secrets into the encrypted repository SIAGA_BACKUP")
    how = backup.add_mutually_exclusive_group()
    how.add_argument("--list", action="store_true", help="which backups there are")
    how.add_argument("--late", action="store_true", help="status 1 where the newest is older than 26 hours")
    how.add_argument("--check", action="store_true", help="read the whole repository, and the newest backup to its end")
    how.add_argument("--nightly", action="store_true", help="one every night at SIAGA_BACKUP_AT, until it is stopped")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="put a backup back; the gateway must not run")
    restore.add_argument("backup", nargs="?", default="latest", metavar="BACKUP", help="of `siaga backup --list`")
    restore.add_argument("--secrets", action="store_true", help="the secrets alone, where the store runs apart")
    restore.add_argument("--over", action="store_true", help="also over what is there with another content")
    restore.add_argument("--password-file", type=Path, help="holds the repository's password; default: the secret's")
    restore.set_defaults(run=_restore)


def _backup(settings: Settings, chosen: argparse.Namespace) -> int:
    if chosen.nightly:
        return _nightly(settings)
    if chosen.list or chosen.late:
        return _listed(settings, only_late=chosen.late)
    if chosen.check:
        return _checked(settings)
    _once(settings)
    return 0


def _once(settings: Settings) -> None:
    from siaga import generation
    from siaga.cli.progress import Progress
    from siaga.keeping import archive, vault
    from siaga.store import Store

    began, kept, progress = time.monotonic(), vault.Vault(settings), Progress()
    store = Store.connect(settings, "root")
    if kept.prepare():
        password = settings.secrets / vault.PASSWORD
        print(f"password {password} is new: keep a copy elsewhere, no backup is read without it", flush=True)
    written: list[archive.Totals] = []
    stored = kept.store(lambda stream: written.append(archive.write(settings, store, stream, progress.count)))
    progress.clear()
    (totals,) = written
    record = {"backup": stored.name, "made": moment.stamp(), "size": stored.size}
    store.put(keys.RESULTS, generation.BACKED_UP, json.dumps(record).encode(), "application/json")
    print(f"backup   {stored.name} in {settings.backup.where}")
    print(f"holds    {sum(totals.objects.values()):,} objects and {totals.secrets} secrets, {_size(stored.size)}")
    print(f"grown by {_size(stored.added)} in {time.monotonic() - began:.1f} s")
    print(f"backups  {kept.thin()} are kept", flush=True)


def _nightly(settings: Settings) -> int:
    from siaga.cli import stop_on_signals
    from siaga.keeping.vault import Vault

    Vault(settings)  # what is wrong with the settings is told now, not at night
    stop = stop_on_signals()
    due = _next(settings, moment.now())
    while not _wait_until(due, stop):
        try:
            _once(settings)
            due = _next(settings, moment.now())
        except (SiagaError, OSError) as error:
            print(f"siaga: the backup failed and is tried again: {error}", file=sys.stderr, flush=True)
            due = moment.now() + timedelta(seconds=_AGAIN_SECONDS)
    return 0


def _next(settings: Settings, now: datetime) -> datetime:
    hour, minute = settings.backup.at
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _wait_until(due: datetime, stop: threading.Event) -> bool:
    """Whether it was stopped meanwhile."""
    print(f"next     {moment.stamp(due)}", flush=True)
    while (left := (due - moment.now()).total_seconds()) > 0:
        if stop.wait(min(left, _LONGEST_WAIT)):
            return True
    return stop.is_set()


def _listed(settings: Settings, *, only_late: bool) -> int:
    from siaga.keeping.vault import Vault

    snapshots = Vault(settings).snapshots()
    for one in [] if only_late else snapshots:
        print(f"{one.name}  {moment.stamp(one.time)}")
    if not snapshots:
        print("none")
        return 1
    age = moment.now() - snapshots[-1].time
    print(f"newest   {snapshots[-1].name}, {age.total_seconds() / 3600:.1f} hours old")
    return 1 if only_late and age > _LATE else 0


def _checked(settings: Settings) -> int:
    from siaga.keeping import archive
    from siaga.keeping.vault import Vault

    kept = Vault(settings)
    kept.check()
    with kept.opened("latest") as stream:
        members = sum(1 for _member in archive.read(stream))
    print(f"sound: {len(kept.snapshots())} backups; the newest was read to its end, {members:,} parts")
    return 0


def _restore(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga import machine
    from siaga.cli.progress import Progress
    from siaga.keeping.restoring import Restoring
    from siaga.keeping.vault import PASSWORD, Vault

    began, progress, kept = time.monotonic(), Progress(), Vault(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    if chosen.password_file:
        settings.make_secret(PASSWORD, chosen.password_file.read_text(encoding="utf-8").strip())
    settings.secret(PASSWORD)
    with machine.only_one(settings):
        if machine.gateway_runs(settings):
            raise SiagaError("Something answers at {url}; stop the gateway first", url=settings.gateway_url)
        restoring = Restoring(settings, chosen.over, progress.count)
        with kept.opened(chosen.backup) as stream:
            if chosen.secrets:
                restoring.secrets(stream)
                print(f"secrets  {restoring.result.secrets} written to {settings.secrets}")
                return 0
        _put_back(settings, restoring, kept, chosen.backup)
        progress.clear()
    return _report(settings, restoring.result, time.monotonic() - began)


def _put_back(settings: Settings, restoring: "Restoring", kept: "Vault", name: str) -> None:
    from siaga import generation, machine, stack
    from siaga.machine import minio
    from siaga.machine.supervisor import Supervisor
    from siaga.store import Store

    supervisor = Supervisor(settings.home / "logs", quiet=True)
    functions = stack.load(settings.stack)

    def begin() -> "Store":
        if minio.ready(settings):  # it runs as a part of its own
            minio.configure(settings, functions)
        else:
            machine.start_store(settings, supervisor, functions, lambda _: None)
        minio.hush(settings)
        store = Store.connect(settings, "root")
        if generation.begin_restore(store):
            restoring.go_on()
        return store

    try:
        with kept.opened(name) as stream:
            restoring.everything(stream, begin)
        minio.configure(settings, functions)  # what is put from now on is announced
        generation.end_restore(Store.connect(settings, "root"))
    finally:
        supervisor.stop()


def _report(settings: Settings, result: "Restored", seconds: float) -> int:
    for bucket in keys.BUCKETS:
        if count := result.put[bucket] + result.same[bucket]:
            print(f"{bucket:<20} {result.put[bucket]:>8,} put back, {count - result.put[bucket]:,} were there")
    for name in result.differing[:_NAMED]:
        print(f"stays as it is, with another content: {name}")
    print(f"secrets  {result.secrets} written to {settings.secrets}")
    print(f"done     {_size(result.size)} in {seconds:.1f} s; `siaga ledger verify` compares, `siaga up` starts")
    if result.differing:
        print(f"{len(result.differing):,} differ and stayed; --over replaces them")
    return 1 if result.differing else 0


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
