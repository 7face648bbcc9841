"""Days and clocks as they are printed: the day in few letters, the time of day in a zone of Indonesia."""

from datetime import datetime

from siaga.conventions import CONVENTIONS
from siaga.moment import local


def dated(utc: datetime, language: str, time_zone: str = "WIB", *, seconds: bool = False) -> str:
    """The day and the clock there; in the west of the country, where those who read it sit, if no zone is named.

    >>> from datetime import UTC
    >>> dated(datetime(2018, 8, 5, 18, 0, tzinfo=UTC), "id")
    '6 Agu 2018, 01:00 WIB'
    """
    return f"{short(utc, language, time_zone)}, {clock(utc, time_zone, seconds=seconds)}"


def short(utc: datetime, language: str, time_zone: str) -> str:
    """The day there in few letters.

    >>> from datetime import UTC
    >>> short(datetime(2018, 8, 5, 18, 0, tzinfo=UTC), "id", "WITA")
    '6 Agu 2018'
    """
    there = local(utc, time_zone)
    return f"{there.day} {CONVENTIONS[language].months[there.month - 1][:3]} {there.year}"


def clock(utc: datetime, time_zone: str, *, seconds: bool = False) -> str:
    """Time of day in WIB, WITA, WIT or UTC.

    >>> from datetime import UTC
    >>> clock(datetime(2018, 8, 5, 11, 46, 35, tzinfo=UTC), "WITA", seconds=True)
    '19:46:35 WITA'
    """
    return f"{local(utc, time_zone):{'%H:%M:%S' if seconds else '%H:%M'}} {time_zone}"
