"""How soon a job is done: what happened lately goes first, the newest before the older; all else is backfill.

It is the event's own time that counts, never the way it came. Until the content is looked at, that is the clock
in its key, and where the key has none, the moment when it was written. A job that is live by that is looked into
before it takes a slot: a map tells its origin time in its first lines, an analysis in its metadata. What somebody
asked for by name is live whatever its age.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from siaga import keys, moment
from siaga.errors import SiagaError
from siaga.events import Notification
from siaga.hazard import gridtime
from siaga.store import Store

LIVE_AGE = timedelta(days=1)
_BACKFILL = 1 << 30  # the job database knows priorities from 1 to 2^31 - 1; those from here on are backfill
_STEP_SECONDS = 10  # of event time, per priority: 340 years fit
_HEAD_BYTES = 1 << 14


def priority(happened: datetime, now: datetime) -> int:
    """The place of a job in its queue, the smaller the sooner; `happened` may lie a day ahead, as clocks do."""
    backfill = abs(now - happened) > LIVE_AGE
    steps = int(min(happened, now).timestamp()) // _STEP_SECONDS
    return backfill * _BACKFILL + min(max(_BACKFILL - 1 - steps, 1), _BACKFILL - 1)


def backfill(happened: datetime) -> int:
    """The place of a job that shall wait for everything live, however lately its event happened."""
    place = priority(happened, datetime.now(UTC))
    return place + _BACKFILL * is_live(place)


def at_once() -> int:
    """The priority of what somebody asks for now."""
    now = datetime.now(UTC)
    return priority(now, now)


def is_live(place: int) -> bool:
    """Whether a priority goes before all backfill."""
    return place < _BACKFILL


def behind(place: int) -> int:
    """The place behind all others of its class, for what has ended a slot."""
    return (_BACKFILL if is_live(place) else 2 * _BACKFILL) - 1


def by_key(notification: Notification, written: datetime) -> int:
    """The priority of an object as far as its name and the moment when it was written tell."""
    if notification.asked:
        return at_once()
    now = datetime.now(UTC)
    told = keys.clock(notification.bucket, notification.key)
    return priority(told if told and told <= now + LIVE_AGE else written, now)


def by_content(store: Store, notification: Notification) -> int | None:
    """The priority by what the object itself tells; None when it does not tell, or the store does not answer."""
    told = None
    with suppress(SiagaError, ValueError):
        if notification.bucket == keys.RESULTS:
            told = moment.parse(store.head(notification.bucket, notification.key).metadata.get(keys.EVENT_TIME, ""))
        elif notification.bucket.startswith(keys.SHAKEMAPS):
            told = gridtime.of_head(store.get_range(notification.bucket, notification.key, 0, _HEAD_BYTES - 1))
    now = datetime.now(UTC)
    return priority(told, now) if told and told <= now + LIVE_AGE else None
