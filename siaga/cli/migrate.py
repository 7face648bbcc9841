"""`siaga migrate tree`: the folders of an old server into buckets, and `siaga sftp import`: its SSH identity."""

import argparse
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from siaga import keys
from siaga.commands import Commands
from siaga.errors import SiagaError
from siaga.printable import shown
from siaga.settings import Settings

if TYPE_CHECKING:  # which a command imports when it is called
    from siaga.keeping.oldtree import OldFile, Outcome

_NAMED = 20


def add_to(commands: Commands) -> None:
    """Add `migrate` and `sftp` to the command line's commands."""
    what = commands.add_parser("migrate", help="take over an old server's data").add_subparsers(
        required=True, metavar="WHAT"
    )
    tree = what.add_parser("tree", help="a folder of the old volumes: shakemaps, floodmaps, ashmaps …")
    tree.add_argument("folder", type=Path, metavar="DIR")
    tree.add_argument("--volume", action="append", default=[], metavar="FOLDER=VOLUME", help="of another name")
    tree.add_argument("--dry-run", action="store_true", help="say what would be put where, and put nothing")
    tree.set_defaults(run=_tree)
    door = commands.add_parser("sftp", help="the SFTP door").add_subparsers(required=True, metavar="WHAT")
    take = door.add_parser("import", help="take over an old server's host key and authorized_keys")
    take.add_argument("--host-key", type=Path, action="append", default=[], metavar="FILE", help="private, one or more")
    take.add_argument("--authorized-keys", type=Path, metavar="FILE")
    take.add_argument("--user", default="bmkg", metavar="NAME", help="who logs in with them; bmkg")
    take.add_argument("--dry-run", action="store_true", help="check, and change nothing")
    take.set_defaults(run=_sftp)


def _tree(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.cli.progress import Progress
    from siaga.keeping import oldtree
    from siaga.store import Store

    began, progress, outcome = time.monotonic(), Progress(), oldtree.Outcome()
    names = dict(_named(text) for text in chosen.volume)
    found = oldtree.volumes(chosen.folder.resolve(), names)
    files = oldtree.planned(found, outcome, progress.count)
    progress.clear()
    places = Counter((volume, _place(file)) for volume, file in files)
    sizes = Counter[str]()
    for volume, file in files:
        sizes[volume] += file.size
    for (volume, place), count in sorted(places.items()):
        print(f"{volume:<30} -> {place:<26} {count:>9,} files")
    if not chosen.dry_run:
        total = len(files)
        putting = oldtree.Putting(
            Store.connect(settings, "root"), outcome, lambda done: progress.bar(done, total, "settled")
        )
        putting.put(files)
        progress.clear()
    return _report(outcome, sum(sizes.values()), time.monotonic() - began, dry=chosen.dry_run)


def _report(outcome: "Outcome", size: int, seconds: float, *, dry: bool) -> int:
    for path, why in list(outcome.failed.items())[:_NAMED]:
        print(f"left     {shown(path)}: {shown(why)}")
    for name in outcome.differing[:_NAMED]:
        print(f"stays    another content is there: {shown(name)}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if dry:
        print(f"dry run  {size / 1e6:,.1f} MB would be read; {len(outcome.failed):,} files cannot be put")
        return 1 if outcome.failed else 0
    put, same = outcome.put.total(), outcome.same.total()
    print(f"done     {put:,} put and verified ({outcome.size / 1e6:,.1f} MB), {same:,} were there")
    print(f"         {len(outcome.differing):,} differ and stay, {len(outcome.failed):,} left")
    print(f"         {seconds:.1f} s, {memory:.0f} MB of memory; what is an input waits behind everything live")
    return 1 if outcome.failed or outcome.differing else 0


def _place(file: "OldFile") -> str:
    if file.bucket != keys.RESULTS:
        return str(file.bucket)
    return f"{keys.RESULTS}/{'/'.join(file.key.split('/')[:2])}"


def _named(text: str) -> tuple[str, str]:
    folder, sign, volume = text.partition("=")
    if not sign:
        raise SiagaError("{text} is not FOLDER=VOLUME, as in archive2016=shakemaps", text=text)
    return folder, volume


def _sftp(_: Settings, chosen: argparse.Namespace) -> int:
    """The door's own module does it, which knows keys; a process of its own, as the door is."""
    command = [sys.executable, "-m", "gateway.sftp.takeover", "--user", chosen.user]
    command += [word for path in chosen.host_key for word in ("--host-key", str(path.resolve()))]
    if chosen.authorized_keys:
        command += ["--authorized-keys", str(chosen.authorized_keys.resolve())]
    return subprocess.run([*command, *["--dry-run"] * chosen.dry_run], check=False).returncode
