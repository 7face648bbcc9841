"""2,000 quakes, or BENCH_EVENTS, destroyed with their home and brought back from the backup alone: seconds, memory.

Printed: the first backup, one on the next day, the restoration, and how long from the fire until a page of a quake is
read again, with the home, the store and all parts made anew. Then the ledger is compared, to the last object.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import command, road, stock
from siaga.keeping.vault import PASSWORD
from siaga.settings import Settings

_EVENTS = int(os.environ.get("BENCH_EVENTS", "2000"))


def run(say: Callable[[str], None]) -> None:
    """Fill, back up, destroy, restore, start, read, compare."""
    with tempfile.TemporaryDirectory(prefix="siaga-backup-") as folder:
        home, paper = Path(folder) / "home", Path(folder) / "on-paper"
        os.environ["SIAGA_BACKUP"] = str(Path(folder) / "vault")
        try:
            one = stock.original(home)
            settings = Settings.load(os.environ)
            with stock.alone(settings) as store:
                objects = stock.fill(store, one, _EVENTS)
                say(f"{_EVENTS:,} quakes, {objects:,} objects; {os.cpu_count()} processors")
                for what in ("first backup", "the next one"):
                    done = command.run("backup")
                    grown = next(line for line in done.text.splitlines() if line.startswith("grown"))
                    say(f"{what:30} {done}   {grown}")
            shutil.copy(settings.secrets / PASSWORD, paper)
            shutil.rmtree(home)
            began = time.monotonic()
            say(f"{'restored':30} {command.run('restore', '--password-file', str(paper))}")
            with road.started(settings):
                stock.read(settings, _EVENTS)
                say(f"{'a page of the last quake':30} {time.monotonic() - began:7.1f} s after the fire")
                say(f"{'ledger verified':30} {command.run('ledger', 'verify', '--quick')}")
        finally:
            del os.environ["SIAGA_BACKUP"]
