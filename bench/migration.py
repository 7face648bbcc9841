"""An old server's tree of 20,000 folders, or BENCH_FOLDERS, goes into the buckets: seconds, memory.

Each folder is a quake with its grid.xml (41 × 41 nodes) in `shakemaps` and two old reports in `shakemaps-extracted`.
Printed: a dry run, the migration, and the same once more, when all is there.
"""

import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import command, quake, road, stock
from siaga.inputs import canary, invented_quake
from siaga.settings import Settings

_FOLDERS = int(os.environ.get("BENCH_FOLDERS", "20000"))
_FIRST = datetime(2012, 1, 1, tzinfo=UTC)
_APART = timedelta(hours=5)
_REPORT_BYTES = 40_000


def run(say: Callable[[str], None]) -> None:
    """Write the tree (not counted), and take it over."""
    with tempfile.TemporaryDirectory(prefix="siaga-migration-") as folder:
        tree = Path(folder) / "old"
        size = _write(tree)
        os.environ |= road.environment(Path(folder) / "home")
        settings = Settings.load(os.environ)
        settings.home.mkdir()
        say(f"{_FOLDERS:,} folders, {3 * _FOLDERS:,} files, {size / 1e6:,.0f} MB; {os.cpu_count()} processors")
        with stock.alone(settings):
            for what, more in (("dry run", ["--dry-run"]), ("migrated", []), ("once more", [])):
                done = command.run("migrate", "tree", str(tree), *more)
                figures = " ".join(done.text.splitlines()[-1 if more else -3].split())
                say(f"{what:12} {done}   {figures}")


def _write(tree: Path) -> int:
    """All folders; returns how many bytes they hold."""
    grid = invented_quake.shakemap(*canary.PLACE)
    size = 0
    for number in range(_FOLDERS):
        happened = _FIRST + _APART * number
        event_id = quake.event_id(happened)
        maps, reports = tree / "shakemaps" / event_id, tree / "shakemaps-extracted" / event_id
        maps.mkdir(parents=True)
        reports.mkdir(parents=True)
        size += (maps / "grid.xml").write_bytes(quake.named(quake.at(grid, happened), event_id))
        for language in ("id", "en"):
            size += (reports / f"{event_id}-{language}.pdf").write_bytes(event_id.encode().ljust(_REPORT_BYTES, b"%"))
    return size
