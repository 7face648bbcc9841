"""One clock: the present, moments as they are stored (UTC, e.g. 2018-02-20T09:29:28Z), the zones of Indonesia."""

import re
from datetime import UTC, datetime, timedelta, timezone

TIME_ZONES = {"WIB": 7, "WITA": 8, "WIT": 9}  # hours ahead of UTC
_STAMP = re.compile(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z")
_WITA = {"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"}  # BPS codes of provinces


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime | None = None) -> str:
    """A moment, with its zone, as it is stored; without one the present.

    >>> stamp(datetime(2018, 2, 20, 16, 29, 28, tzinfo=timezone(timedelta(hours=7))))
    '2018-02-20T09:29:28Z'
    """
    return f"{(moment or now()).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse(text: str) -> datetime:
    """Read it back, UTC. Raises ValueError."""
    if not text.endswith("Z"):
        raise ValueError(f"{text[:40]!r} is no stored moment")
    return datetime.fromisoformat(text)


def is_stamp(text: str) -> bool:
    """Whether it is a stored moment.

    >>> is_stamp("2018-02-20T09:29:28Z"), is_stamp("2018-02-31T09:29:28Z"), is_stamp("20180220T092928Z")
    (True, False, False)
    """
    try:
        return bool(_STAMP.fullmatch(text) and parse(text))
    except ValueError:
        return False


def local(utc: datetime, time_zone: str) -> datetime:
    """The same moment by the clock of WIB, WITA or WIT; by that of UTC for any other name."""
    return at_offset(utc, TIME_ZONES.get(time_zone, 0))


def at_offset(utc: datetime, hours: float) -> datetime:
    """The same moment by a clock so many hours ahead of UTC."""
    return utc.astimezone(timezone(timedelta(hours=hours)))


def time_zone_of(longitude: float, province: str = "") -> str:
    """WIB, WITA or WIT: of the nearest province (BPS code) where it is known, else by longitude.

    >>> time_zone_of(116.4), time_zone_of(114.3, "51"), time_zone_of(140.7)
    ('WITA', 'WITA', 'WIT')
    """
    if province:
        return "WIT" if province[:1] in "89" else "WITA" if province[:2] in _WITA else "WIB"
    return "WIB" if longitude < 115 else "WITA" if longitude < 125.5 else "WIT"
