"""A store of our own as a process, its users lent by the first one.

To make the eight users of a store costs two processor seconds, by design of how their secrets travel. What MinIO keeps
of them are files like any other, so a later store of this process has those of the first.
"""

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from siaga import stack
from siaga.errors import Unavailable
from siaga.machine import minio
from siaga.settings import Settings
from support.running import wait_for

_USERS = Path(".minio.sys", "config", "iam")
_SECRETS = [f"store-{role}-{part}" for role in minio.ROLES for part in ("key", "secret")]


@cache
def _lender() -> Path:
    """A folder for the users of the first store and their secrets."""
    folder = Path(tempfile.mkdtemp(prefix="siaga-users-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def lend_users(settings: Settings) -> None:
    """Give a store its users before it starts for the first time, when there are any to lend."""
    users = _lender() / "iam"
    if not users.is_dir() or (settings.home / "store").exists():
        return
    shutil.copytree(users, settings.home / "store" / _USERS)
    for name in _SECRETS:
        settings.make_secret(name, (_lender() / name).read_text(encoding="utf-8"))


def keep_users(settings: Settings) -> None:
    """The users of a store that is set up are lent from now on, when it is the first."""
    if (_lender() / "iam").is_dir():
        return
    for name in _SECRETS:
        (_lender() / name).write_text(settings.secret(name), encoding="utf-8")
    shutil.copytree(settings.home / "store" / _USERS, _lender() / "iam")


def started_store(settings: Settings) -> subprocess.Popen:
    """Our own store as a process, ready."""
    lend_users(settings)
    process = subprocess.Popen(
        minio.command(settings),
        env=os.environ | dict(minio.environment(settings)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: minio.ready(settings), 60, "the store")
    return process


def set_up(settings: Settings) -> None:
    """Put into a store what stands there before the first upload."""
    wait_for(lambda: _is_set_up(settings), 60, "the store to be set up")
    keep_users(settings)


def _is_set_up(settings: Settings) -> bool:
    """Whether it could be; a busy store says that it is ready before it is."""
    try:
        minio.configure(settings, stack.load(settings.stack))
    except Unavailable:
        return False
    return True
