"""When the gateway was off: a file that it touches while it runs tells a later start since when nothing was done."""

import json
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from siaga.moment import now, parse, stamp

FILE = "gaps.json"
BEAT_SECONDS = 15.0
_LEAST = timedelta(seconds=60)  # a start again is no gap
_KEPT = 50
_SHOWN_FOR = timedelta(days=7)  # after its end


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nothing was taken up, UTC; what came then was taken up afterwards."""

    since: datetime
    until: datetime


def watch(folder: Path, stop: threading.Event) -> None:
    """Note the gap that ends now, then touch the file until told to stop.

    folder: SIAGA_HOME. A file that cannot be written costs nobody but its readers.
    """
    alive, gaps = _read(folder)
    if alive and now() - alive > _LEAST:
        gaps.append(Gap(alive, now()))
    while True:
        _write(folder, gaps[-_KEPT:])
        if stop.wait(BEAT_SECONDS):
            return


def read(folder: Path) -> list[Gap]:
    """The gaps of the last days, newest first."""
    return [gap for gap in reversed(_read(folder)[1]) if now() - gap.until < _SHOWN_FOR]


def _read(folder: Path) -> tuple[datetime | None, list[Gap]]:
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return parse(told["alive"]), [Gap(parse(since), parse(until)) for since, until in told["gaps"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None, []


def _write(folder: Path, gaps: list[Gap]) -> None:
    part = folder / f".{FILE}"
    told = {"alive": stamp(), "gaps": [[stamp(gap.since), stamp(gap.until)] for gap in gaps]}
    with suppress(OSError):
        part.write_text(json.dumps(told, indent=1), encoding="utf-8")
        part.replace(folder / FILE)
