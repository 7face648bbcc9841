"""rsync's receiving side: it runs confined in a folder of the spool, and what it leaves there whole is taken up.

The folder shows what is stored already as empty files of the right size and time, so that rsync sends only what
is new. rsync sees this folder and the programs of the machine, nothing else, and no network (bubblewrap).
"""

import asyncio
import os
import shutil
import stat
import subprocess
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import asyncssh
from asyncssh import SFTPError

from gateway.sftp import rsync, spool
from gateway.sftp.delivery import Delivery, Sent
from gateway.sftp.door import Door
from gateway.sftp.shelf import Shelf
from gateway.sftp.viewpath import ViewPath
from siaga.errors import BadInput, NotFound
from siaga.store import Head, Store

MOST_SHOWN = 20_000  # files that the folder shows as stored; more are sent again, which makes no version
MOST_FOLDERS = 1000  # of the folder that is sent to: the last by name
_MOST_LISTED = 100_000
_MOST_AT_ONCE = 4
_LIMITS = {"fsize": spool.MAX_BYTES, "as": 1 << 30, "cpu": 600, "nofile": 256, "core": 0}
_WATCH_SECONDS = 5
_CLOSING_SECONDS = 10
_MOST_TOLD = 50  # sentences
_PARTLY = 23  # rsync's exit status when some files were not transferred


@dataclass(frozen=True, slots=True)
class StandIn:
    """An empty file that stands for an object. changed: seconds since the epoch."""

    inode: int
    etag: str
    changed: float


@dataclass(slots=True)
class Tree:
    """The folder that rsync sees: `tree` to write to, `new` for what is not whole yet. shown: stand-ins by name."""

    folder: Path
    shown: dict[bytes, StandIn] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """What stands for the user's root."""
        return self.folder / "tree"

    def show(self, user_folder: str, heads: Sequence[tuple[Head, float]]) -> None:
        """Stand-ins for what is stored in a user's folder: object, and when it was changed."""
        for head, changed in heads:
            name = f"{user_folder}/{head.key}"
            if {"", ".", ".."} & set(name.split("/")):
                continue
            path = self.root / name
            with suppress(OSError):  # a file below a file, as keys may be
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
                path.chmod(0o644)  # as it is on most machines: then rsync has nothing to change
                os.truncate(path, head.size)
                os.utime(path, (changed, changed))
                self.shown[name.encode()] = StandIn(path.stat().st_ino, head.etag, path.stat().st_mtime)

    def used(self) -> int:
        """Bytes on disk."""
        return sum(status.st_blocks * 512 for _, status in self._files())

    def files(self) -> Iterator[tuple[bytes, Path, os.stat_result]]:
        """All that is there now: name in the user's view without its first slash, path, what lstat says."""
        for path, status in self._files():
            yield os.fsencode(path.relative_to(self.root)), path, status

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for folder, folders, files in os.walk(self.root):
            links = {name for name in folders if (Path(folder) / name).is_symlink()}
            for name in set(folders) - links:
                with suppress(OSError):
                    (Path(folder) / name).chmod(0o700)
            for name in (*files, *links):
                with suppress(FileNotFoundError):  # rsync is at work
                    yield Path(folder) / name, (Path(folder) / name).lstat()


class Receiving:
    """One transfer of one user."""

    def __init__(self, door: Door, shelf: Shelf, delivery: Delivery) -> None:
        """Of one user, both."""
        self._door, self._shelf, self._delivery = door, shelf, delivery

    async def run(self, asked: rsync.Asked, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """Receive, take up, tell the client what was not taken, end. Raises BadInput when it cannot begin."""
        tree = Tree(self._shelf.spool.staging(_MOST_AT_ONCE))
        try:
            await asyncio.to_thread(_check_sandbox, tree.folder)
            await self._show(tree, asked)
            status = await self._receive(tree, asked, process)
            told = ["nothing is removed here, whatever rsync says"] if asked.deletes else []
            if await self._take_up(tree, told):
                status = status or _PARTLY
            with suppress(OSError, TimeoutError):  # the client is gone
                for sentence in [*told[:_MOST_TOLD], *([f"and {len(told)} in all"] if len(told) > _MOST_TOLD else [])]:
                    process.stderr.write(f"siaga: {sentence}\n".encode(errors="replace"))
                process.exit(status)
                await asyncio.wait_for(process.wait_closed(), _CLOSING_SECONDS)
        finally:
            await asyncio.to_thread(shutil.rmtree, tree.folder, ignore_errors=True)

    async def _receive(self, tree: Tree, asked: rsync.Asked, process: asyncssh.SSHServerProcess[bytes]) -> int:
        """Let rsync do its work; returns its exit status."""
        confined = [*_confined(tree.folder), rsync.PROGRAM, "--server", *asked.options]
        command = [*confined, "--munge-links", "--temp-dir=/in/new", ".", _place(asked)]
        child = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        try:
            await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr, send_eof=False)
            await self._watch(tree, child, process)
            for stream in (process.stdout, process.stderr):
                await stream.drain()  # what rsync said last
        finally:
            if child.returncode is None:
                child.kill()
        return abs(child.returncode or 0)

    async def _show(self, tree: Tree, asked: rsync.Asked) -> None:
        """Stand-ins for what is stored where the client sends to."""
        (tree.root / asked.into.strip("/")).parent.mkdir(parents=True, exist_ok=True)
        where = self._shelf.path(asked.into.encode())
        for folder, place in self._shelf.user.folders.items():
            (tree.root / folder).mkdir(exist_ok=True)
            bucket, _, prefix = place.partition("/")
            if where.bucket in ("", bucket) and asked.into.strip("/").partition("/")[0] in ("", folder):
                below = where.key if where.bucket else prefix
                heads = await self._shelf.ask(lambda: _listed(self._door.store, bucket, below))  # noqa: B023
                room = MOST_SHOWN - len(tree.shown)
                above = f"{prefix}/" if prefix else ""
                seen = [replace(head, key=head.key.removeprefix(above)) for head in heads[:room]]
                dated = [(head, self._when(folder, head)) for head in seen]
                await asyncio.to_thread(tree.show, folder, dated)

    def _when(self, folder: str, head: Head) -> float:
        told = self._shelf.times.changed(f"/{folder}/{head.key}", head.etag)
        return head.modified.timestamp() if told is None else told

    async def _watch(self, tree: Tree, child: Process, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """Wait for its end; end it when it takes too much room."""
        while child.returncode is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), _WATCH_SECONDS)
            if child.returncode is None and await asyncio.to_thread(tree.used) > self._shelf.user.quota:
                process.stderr.write(b"siaga: too much is on its way; send it in parts\n")
                child.kill()

    async def _take_up(self, tree: Tree, told: list[str]) -> bool:
        """Store what came, and add to `told` what was not taken; whether there was such."""
        before = len(told)
        came: list[tuple[bool, ViewPath, Path]] = []
        for name, path, status in await asyncio.to_thread(lambda: list(tree.files())):
            stands_for = tree.shown.get(name)
            if stands_for is not None and stands_for.inode == status.st_ino:
                if stands_for.changed != status.st_mtime:
                    self._shelf.times.keep(f"/{name.decode()}", stands_for.etag, status.st_mtime)
            elif not stat.S_ISREG(status.st_mode):
                told.append(f"{name.decode(errors='backslashreplace')}: only files are taken, no links")
            else:
                try:
                    where = self._shelf.path(name, writing=True)
                    came.append((self._door.wakes(where.bucket, where.key), where, path))
                except SFTPError as error:
                    told.append(f"{name.decode(errors='backslashreplace')}: {error.reason}")
        # what wakes a function goes last, so that it finds its neighbours
        for _, where, path in sorted(came, key=lambda one: (one[0], one[1].text)):
            try:
                path.chmod(0o600)
                await self._shelf.check_place(where)
                await self._delivery.take(where, Sent(path, time.monotonic(), path.stat().st_mtime))
            except SFTPError as error:
                told.append(f"{where.text}: {error.reason}")
        return len(told) > before


def _listed(store: Store, bucket: str, key: str) -> Sequence[Head]:
    """Objects of that key and below it, no more than are shown: where there are many, the last by name, the newest."""
    found: list[Head] = []
    if key:
        with suppress(NotFound):
            found.append(store.head(bucket, key))
    prefix = f"{key}/" if key else ""
    folders = sorted(store.children(bucket, prefix)[0])
    after = prefix + folders[-MOST_FOLDERS] if len(folders) > MOST_FOLDERS else ""
    below = islice(store.list(bucket, prefix, start_after=after), _MOST_LISTED)
    return [*found, *deque(below, MOST_SHOWN)]


def _place(asked: rsync.Asked) -> str:
    """Where rsync writes to, seen from the root of the tree."""
    return "." + asked.into.rstrip("/") + ("/" if asked.as_folder else "")


def _confined(folder: Path) -> Sequence[str]:
    """What comes before a program that shall see that folder as /in and the machine's programs, and nothing else."""
    limits = [f"--{name}={value}" for name, value in _LIMITS.items()]
    system = ["--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]
    alone = ["--unshare-all", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--new-session"]
    seen = ["--bind", str(folder), "/in", "--chdir", "/in/tree", "--setenv", "LC_ALL", "C.UTF-8"]
    return ["prlimit", *limits, "bwrap", *alone, "--die-with-parent", *system, *seen, "--"]


def _check_sandbox(folder: Path) -> None:
    """Raises BadInput when this machine cannot run rsync confined."""
    try:
        command = [*_confined(folder), rsync.PROGRAM, "--version"]
        subprocess.run(command, check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        detail = said.decode(errors="replace").strip()[-200:]
        raise BadInput("rsync cannot run confined on this machine, use sftp: {detail}", detail=detail) from error
