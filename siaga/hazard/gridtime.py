"""Moments as a grid.xml writes them: a date, a clock and a zone in one attribute.

BMKG writes 2018-02-20T16:29:28WIB, USGS 2018-02-20T09:29:28UTC or with Z; ShakeMap 4 leaves the zone out.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from siaga import moment
from siaga.errors import BadInput

_UTC = {"UTC": 0.0, "GMT": 0.0, "Z": 0.0, "": 0.0}  # none is UTC: ShakeMap 4
TIME_ZONES = _UTC | {name: float(hours) for name, hours in moment.TIME_ZONES.items()}

_LONGEST = 64  # characters; none is longer than half of it, and no pattern sees more
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d*)?)?(.*)")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?")
_YEARS = (1000, 2999)  # scenarios repeat quakes of 1797; keys hold four digits


def read(attribute: str, text: str) -> tuple[datetime, float, str]:
    """UTC, hours ahead of UTC in which it was written, zone as written.

    Second 60 is the next minute's first and hour 24 the next day's, as rounding and leap seconds write them.
    Raises BadInput naming the attribute when it is no moment.
    """
    text = text.strip()
    match = _TIME.fullmatch(text) if len(text) <= _LONGEST else None
    if not match:
        raise BadInput(
            "{attribute} is {value}; write it as 2018-02-20T16:29:28WIB", attribute=attribute, value=repr(text[:60])
        )
    time_zone = match[5].strip()
    hours = _hours(attribute, time_zone)
    hour, minute, second = int(match[2]), int(match[3]), int(match[4] or 0)
    try:
        day = datetime.fromisoformat(match[1]).replace(tzinfo=timezone(timedelta(hours=hours)))
        if not _YEARS[0] <= day.year <= _YEARS[1] or minute > 59 or second > 60 or (hour, minute, second) > (24, 0, 0):
            raise ValueError
        return (day + timedelta(hours=hour, minutes=minute, seconds=second)).astimezone(UTC), hours, time_zone
    except (ValueError, OverflowError) as error:
        raise BadInput(
            "{attribute} is {value}, which is no date", attribute=attribute, value=repr(text[:60])
        ) from error


def _hours(attribute: str, time_zone: str) -> float:
    hours = TIME_ZONES.get(time_zone.upper())
    offset = _OFFSET.fullmatch(time_zone.upper())
    if hours is None and offset:
        hours = int(offset[2]) + int(offset[3] or 0) / 60
        hours = -hours if offset[1] == "-" else hours
    if hours is None or abs(hours) > 14:
        raise BadInput(
            "{attribute} ends in the time zone {zone}, which is not known; write WIB, WITA, WIT, UTC or +07:00",
            attribute=attribute,
            zone=repr(time_zone[:40]),
        )
    return hours
