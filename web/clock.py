"""Times as a duty officer reads them: how long ago, and what the clocks say."""

from datetime import datetime

from siaga import dates, moment
from siaga.language import Language
from siaga.report import figures

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LATE_HOURS = 100  # from when on a delay says no more than the dates do


def seconds_since(utc: str, at: datetime) -> float:
    """Seconds from a stored time until `at`."""
    return (at - moment.parse(utc)).total_seconds()


def ago(utc: str, at: datetime, _: Language) -> str:
    """How long ago, in one unit; "" from two days on, when a date says more, and for the future."""
    seconds = seconds_since(utc, at)
    if seconds < 0 or seconds >= 2 * _DAY:
        return ""
    if seconds < _MINUTE:
        return _("{count} s ago", count=int(seconds))
    if seconds < _HOUR:
        return _("{count} min ago", count=int(seconds / _MINUTE))
    return _("{count} h ago", count=int(seconds / _HOUR))


def when(utc: str, now: datetime, _: Language) -> str:
    """How long ago a stored time was; its day and clock from two days on, and for the future.

    >>> from datetime import UTC
    >>> from siaga.language import load
    >>> when("2018-08-05T18:00:00Z", datetime(2018, 8, 20, tzinfo=UTC), load("id"))
    '6 Agu 2018, 01:00 WIB'
    """
    return ago(utc, now, _) or dates.dated(moment.parse(utc), _.code)


def lasted(seconds: float, _: Language) -> str:
    """A duration: seconds with one decimal, then minutes, then hours.

    >>> from siaga.language import load
    >>> lasted(2.04, load("en")), lasted(86, load("en")), lasted(7300, load("en"))
    ('2.0 s', '1 min 26 s', '2 h 1 min')
    """
    if seconds < _MINUTE:
        return _("{count} s", count=figures.decimal(seconds, 1, _.code))
    if seconds < _HOUR:
        return _("{minutes} min {seconds} s", minutes=int(seconds // _MINUTE), seconds=int(seconds % _MINUTE))
    return _("{hours} h {minutes} min", hours=int(seconds // _HOUR), minutes=int(seconds % _HOUR // _MINUTE))


def after(since: str, utc: str, _: Language) -> str:
    """How long after another stored time it was, "+…"; "" for before it, and for what came days later."""
    seconds = (moment.parse(utc) - moment.parse(since)).total_seconds()
    return f"+{lasted(seconds, _)}" if 0 <= seconds < _LATE_HOURS * _HOUR else ""


def clocks(at: datetime, _: Language) -> dict[str, str]:
    """What the header shows: WIB large; day, WITA and WIT beside it."""
    others = " · ".join(dates.clock(at, zone) for zone in ("WITA", "WIT"))
    day = moment.local(at, "WIB")
    name = figures.date(at, "WIB", _.code)[:3]
    return {"wib": dates.clock(at, "WIB"), "others": f"{name} {day.day} · {others}"}
