"""Moments as they are stored: UTC, whole seconds, e.g. 2018-02-20T09:29:28Z."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """A moment, with its zone, as it is stored.

    >>> from datetime import timedelta, timezone
    >>> stamp(datetime(2018, 2, 20, 16, 29, 28, tzinfo=timezone(timedelta(hours=7))))
    '2018-02-20T09:29:28Z'
    """
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse(text: str) -> datetime:
    """Read it back, UTC. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
