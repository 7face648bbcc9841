"""What was held goes out once its time has come: one message for each subscriber, with a line for each event."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from siaga import keys
from siaga.alerts import compose, naming, record
from siaga.alerts.directory import Directory
from siaga.alerts.dispatch import Office
from siaga.alerts.record import HELD, RETRY, SENDING, SKIPPED, Record
from siaga.alerts.subscription import ACTIVE, Subscription
from siaga.errors import NotFound, Unavailable, reason


def send_held(office: Office, directory: Directory, now: datetime) -> int:
    """Send all that is due; how many messages there were. What fails for now is tried at the next call.

    The office's channels stay open.
    """
    due = [head.key for head in office.store.list(keys.NOTIFICATIONS, naming.HELD)]
    due = [key for key in due if naming.of_held(key)[0] <= naming.clock(now)]
    count = 0
    for (until, subscription_id), marks in groupby(due, lambda key: naming.of_held(key)[:2]):
        count += _send(office, directory, until, subscription_id, list(marks), now)
    return count


def _send(
    office: Office, directory: Directory, until: str, subscription_id: str, marks: Sequence[str], now: datetime
) -> int:
    try:
        subscription = directory.get(subscription_id)
    except NotFound:
        subscription = None
    held = _held(office, marks)
    if held:
        if subscription is not None and subscription.standing == ACTIVE:
            sent = _deliver(office, subscription, naming.gathered(until, subscription_id), held, now)
        else:
            sent = replace(held[0][0], key="", state=SKIPPED, reason=reason("The subscription was stopped meanwhile"))
        if sent.state in (SENDING, RETRY):
            return 0
        for one, etag in held:
            record.keep(office.store, replace(one, state=sent.state, reason=sent.reason, answer=sent.key), etag)
    for mark in marks:
        office.store.delete(keys.NOTIFICATIONS, mark)
    return int(bool(held))


def _held(office: Office, marks: Sequence[str]) -> list[tuple[Record, str]]:
    """The records that still wait, the newest first."""
    loaded = (record.load(office.store, naming.of_held(mark)[2]) for mark in sorted(marks, reverse=True))
    return [one for one in loaded if one and one[0].state == HELD]


def _deliver(
    office: Office, subscription: Subscription, key: str, held: Sequence[tuple[Record, str]], now: datetime
) -> Record:
    newest = {(one.hazard, keys.identity(one.hazard, one.event_id)): one for one, _etag in reversed(held)}
    records = list(newest.values())[::-1]
    wanted = replace(records[0], key=key, kind="gathered", state=SENDING, reason=None, due="", heard={})
    channel = office.channels.get(subscription.channel)

    def send() -> str:
        stop = office.tokens.address(office.public_url, "stop", subscription.id)
        message = compose.of_held(records, subscription, key, office.public_url, stop)
        if channel is None:
            raise Unavailable("There is no server for channel {channel}", channel=subscription.channel)
        return channel.send(subscription, message)

    return record.deliver(office.store, wanted, send, channel is not None and channel.repeatable, now)
