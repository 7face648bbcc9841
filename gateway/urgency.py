"""How soon a job is done: what happened lately goes first, the newest before the older; all else is backfill.

It is the event's own time that counts, never the way it came. Until the content is looked at, that is the clock
in its key, and where the key has none, the moment when it was written. A job that is live by that is looked into
before it takes a slot: a map tells its origin time in its first lines, an analysis in its metadata. What somebody
asked for by name is live whatever its age.
"""

import math
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from siaga import keys, moment
from siaga.errors import SiagaError
from siaga.events import Notification
from siaga.hazard import gridhead
from siaga.store import Store

LIVE_AGE = timedelta(days=1)
_BACKFILL = 1 << 30  # the job database knows priorities from 1 to 2^31 - 1; those from here on are backfill
_MAY_WAIT = 1 << 29  # those from here on are live reports of quakes that hit few
LAST = (1 << 31) - 1
_STEP_SECONDS = 10  # of event time, per priority: 170 years fit
_A_SIZE_COUNTS = timedelta(hours=3)  # so much newer a live quake would have to be to go before one a magnitude larger
_LARGEST, _UNKNOWN_SIZE = 10.0, 6.0  # what was not looked into yet, or does not tell, counts as strong
_FEW_PEOPLE = 1000  # where a quake does damage: the report of one that hits fewer may wait for all figures


def priority(happened: datetime, now: datetime, size: float = _UNKNOWN_SIZE) -> int:
    """The place of a job in its queue, the smaller the sooner; `happened` may lie a day ahead, as clocks do.

    size: magnitude, or the logarithm of the people whom a quake hits. It counts among the live alone: in a swarm the
    largest go first, and what is new before what is old.
    """
    live = abs(now - happened) <= LIVE_AGE
    moved = min(max(size, 0.0), _LARGEST) * _A_SIZE_COUNTS if live else timedelta()
    steps = int(min(happened, now).timestamp() + moved.total_seconds()) // _STEP_SECONDS
    width = _MAY_WAIT if live else _BACKFILL
    return (not live) * _BACKFILL + min(max(width - 1 - steps, 1), width - 1)


def backfill(happened: datetime) -> int:
    """The place of a job that shall wait for everything live, however lately its event happened."""
    place = priority(happened, datetime.now(UTC))
    return place + _BACKFILL * is_live(place)


def at_once() -> int:
    """The priority of what somebody asks for now."""
    now = datetime.now(UTC)
    return priority(now, now, _LARGEST)


def rank(place: int) -> int:
    """0: live, 1: live and may wait, 2: backfill. While one of a lower rank is under way none of a higher begins."""
    return (place >= _MAY_WAIT) + (place >= _BACKFILL)


def is_live(place: int) -> bool:
    """Whether a priority goes before all backfill."""
    return place < _BACKFILL


def by_key(notification: Notification, written: datetime) -> int:
    """The priority of an object as far as its name and the moment when it was written tell."""
    if notification.asked:
        return at_once()
    now = datetime.now(UTC)
    told = _clock(notification)
    return priority(told if told and told <= now + LIVE_AGE else written, now)


def _clock(notification: Notification) -> datetime | None:
    if notification.bucket == keys.RESULTS and notification.key.startswith(keys.CATALOG):
        with suppress(SiagaError):
            return keys.CatalogEntry.parse(notification.key).time
    return keys.clock(notification.bucket, notification.key)


def by_content(store: Store, notification: Notification) -> int | None:
    """The priority by what the object itself tells; None when it does not tell, or the store does not answer."""
    happened, size = None, None
    with suppress(SiagaError, ValueError):
        if notification.bucket == keys.RESULTS and notification.key.startswith(keys.CATALOG):
            return None  # its key has told it
        if notification.bucket == keys.RESULTS:
            metadata = store.head(notification.bucket, notification.key).metadata
            happened = moment.parse(metadata.get(keys.EVENT_TIME, ""))
            size = _size_of_report(metadata.get(keys.PEOPLE_HIT, ""))
        elif notification.bucket.startswith((keys.SHAKEMAPS, keys.CANARY)):
            head = store.get_range(notification.bucket, notification.key, 0, gridhead.BYTES - 1)
            happened, size = gridhead.origin_time(head), gridhead.magnitude(head)
    now = datetime.now(UTC)
    if not happened or happened > now + LIVE_AGE:
        return None
    place = priority(happened, now, _UNKNOWN_SIZE if size is None else size)
    few = notification.bucket == keys.RESULTS and size is not None and size < math.log10(_FEW_PEOPLE)
    return place + _MAY_WAIT if few and is_live(place) else place


def _size_of_report(people: str) -> float | None:
    return math.log10(1 + int(people)) if people.isascii() and people.isdigit() else None
