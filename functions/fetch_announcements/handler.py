"""Every minute BMKG's public lists are asked which quakes there were, long before a map of one comes.

reads   announcements/*
writes  announcements/<time of the quake>.json, announcements/source.json; neither wakes anything
"""

import time
from datetime import datetime

import siaga
from siaga.errors import BadInput, Unavailable
from siaga.function import frame
from siaga.inputs import announcements
from siaga.inputs.announcements import Announcement, Announcements
from siaga.inputs.asking import Asker
from siaga.timing import Timing

_SECONDS = 40.0  # for all lists; the next tick is a minute away


def run(now: datetime, context: frame.Context) -> frame.Outcome:
    """Ask for each list; one that fails takes nothing from the others."""
    settings, timing = context.settings, Timing()
    if not settings.bmkg_url:
        return frame.Outcome()
    asker = Asker(f"Siaga/{siaga.__version__} (+{settings.public_url})")
    stored, warnings = Announcements(context.store), []
    quakes: list[Announcement] = []
    deadline, failed = time.monotonic() + _SECONDS, 0
    for name in announcements.LISTS:
        try:
            found, reasons = announcements.read(asker.get(f"{settings.bmkg_url}/{name}.json", deadline).body)
        except (BadInput, Unavailable) as error:
            failed, reasons, found = failed + 1, [error.reason()], []
        warnings += reasons
        quakes += found
        timing.step(f"ask {name}")
    written = stored.write(quakes)
    timing.step("write")
    stored.note(now, warnings[0] if failed == len(announcements.LISTS) else None)
    return frame.Outcome("", f"{written} written", warnings, timing.seconds)


handle = frame.on_tick(run)
