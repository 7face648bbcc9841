"""The tabs' live figures: one each, so that every page tells what the others hold."""

from datetime import datetime

from siaga.impact.fatality import LEVELS
from siaga.language import Language
from siaga.moment import stamp
from siaga.report import words
from web.index import Index, floods

NAMES = {"earthquake": "Earthquakes", "flood": "Floods", "ash": "Volcanic ash"}  # of the tab of each hazard
_LATE_HOURS = 2


def labels(index: Index, now: datetime, _: Language) -> dict[str, object]:
    """By tab what it says beside its name, "" for nothing; level: of the worst earthquake of the last day."""
    counts = index.counts(stamp(now))
    worst = next((level for level in reversed(LEVELS) if counts["alerts"].get(level)), "")
    level = "" if worst == "green" else worst
    alert = f"{counts['alerts'][level]} {_(words.LEVELS[level]).capitalize()}" if level else ""
    return {
        "level": level,
        "earthquakes": alert,
        "floods": _flood(index, now, _),
        "ash": _("{count} active", count=counts["ash"]) if counts["ash"] else "",
        "status": _("{count} failed", count=counts["failed"]) if counts["failed"] else "",
    }


def _flood(index: Index, now: datetime, _: Language) -> str:
    """RWs under water in the newest hour; "not known" where that hour is unknown or not of late."""
    regions = index.floods.regions()
    if not regions:
        return ""
    newest = index.floods.newest(regions[0])
    late = newest is None or floods.number(now) - newest.hour > _LATE_HOURS
    return _("not known") if newest is None or late or newest.wet is None else _("{count} RW", count=newest.wet)
