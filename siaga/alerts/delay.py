"""When a message goes out: at once, later (quiet hours, one a day), with others of a swarm, or never."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from siaga import moment
from siaga.alerts.facts import Facts
from siaga.alerts.subscription import Subscription
from siaga.errors import Reason, reason
from siaga.impact.loss import LEVELS

FOLLOW_UP = timedelta(days=3)  # after an event, in which those who heard of it hear of its changes
SWARM_HOURS = 1
_SWARM = 5  # events that somebody hears of one by one in that time; what follows is gathered
_GATHERED = timedelta(minutes=30)  # in one message
_NEVER_GATHERED = LEVELS.index("orange")
_DIGEST_CLOCK = "07:00"


@dataclass(frozen=True, slots=True)
class Delay:
    """Until when a message is held, UTC, and why."""

    until: datetime
    reason: Reason


def too_old(facts: Facts, now: datetime, hours: float, heard: bool) -> Reason | None:
    """Why nobody is woken by this event any more; None while it is news.

    hours: of age at its arrival, and since. heard: whether this subscriber heard of the event before.
    """
    happened, received = moment.parse(facts.time), moment.parse(facts.received)
    if heard:
        return None if now - happened <= FOLLOW_UP else reason("The event is too long ago for a correction")
    if received - happened > timedelta(hours=hours):
        return reason("The event was older than {hours} hours when its map came", hours=f"{hours:g}")
    if now - received > timedelta(hours=hours):
        return reason("The map came more than {hours} hours ago", hours=f"{hours:g}")
    return None


def hold(subscription: Subscription, facts: Facts, now: datetime, lately: int) -> Delay | None:
    """Whether and until when a message is held. lately: events of the last SWARM_HOURS that they heard of."""
    if subscription.digest:
        return Delay(_next(_DIGEST_CLOCK, subscription, now), reason("The subscription wants one message a day"))
    severity = 0 if facts.severity is None else facts.severity
    if severity < LEVELS.index(subscription.quiet_level) and is_quiet(subscription, now):
        return Delay(
            _next(subscription.quiet_until, subscription, now), reason("It is a quiet hour of the subscription")
        )
    if lately >= _SWARM and severity < _NEVER_GATHERED:
        half_hours = now.timestamp() // _GATHERED.total_seconds() + 1
        due = datetime.fromtimestamp(half_hours * _GATHERED.total_seconds(), now.tzinfo)
        return Delay(due, reason("More than {count} events in an hour are gathered in one message", count=_SWARM))
    return None


def is_quiet(subscription: Subscription, now: datetime) -> bool:
    """Whether it is a quiet hour by the clock of the subscription; the time may go over midnight."""
    begin, end = subscription.quiet_from, subscription.quiet_until
    if not begin:
        return False
    clock = f"{moment.local(now, subscription.time_zone):%H:%M}"
    return begin <= clock < end if begin <= end else clock >= begin or clock < end


def _next(clock: str, subscription: Subscription, now: datetime) -> datetime:
    """The next moment, UTC, at which that clock strikes."""
    there = moment.local(now, subscription.time_zone)
    hour, minute = map(int, clock.split(":"))
    due = there.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (due if due > there else due + timedelta(days=1)).astimezone(now.tzinfo)
