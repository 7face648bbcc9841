"""What became of alerts, for programs with a token: each message, and each that was not sent, with why."""

from datetime import datetime, timedelta

from flask import g

from siaga import moment
from siaga.alerts import delivery
from siaga.alerts.delivery import Wanted
from siaga.alerts.record import STATES
from siaga.alerts.subscription import ID
from siaga.errors import BadInput
from siaga.keys import EVENT_ID
from web.api.events import following
from web.api.operations import private
from web.api.parameters import BadParameter, choice, pattern, text, whole
from web.api.parameters import moment as moment_of
from web.notifications import DAYS, installed_store

_ASKED = (
    whole("limit", "How many at most", 1, 500, 50),
    text("cursor", "Where to go on: as `next` of the page before has it", 300),
    moment_of("since", "Of inputs that came from then on; of the last week unless said"),
    moment_of("until", "Of inputs that came before then"),
    pattern("event", "Of this event alone", EVENT_ID.pattern, "20180805194635", "query"),
    pattern("subscription", "To this subscription alone", ID.pattern, "posko-lombok-1f2e3d4c", "query"),
    choice("state", "In this state alone; skipped: nothing was sent, and the reason says why", STATES),
)


@private("/notifications", "Alerts, by token", "Deliveries", "read:alerts", _ASKED)
def notifications(
    limit: int,
    cursor: str | None,
    since: datetime | None,
    until: datetime | None,
    event: str | None,
    subscription: str | None,
    state: str | None,
) -> dict[str, object]:
    """What became of each message of an event to each subscription to its hazard, the newest first

    A message that was held says what became of it since.
    """
    wanted = Wanted(since or g.now - timedelta(days=DAYS), until, event or "", subscription or "", state or "")
    try:
        found, more = delivery.page(installed_store(), wanted, limit, cursor or "")
    except BadInput as error:
        raise BadParameter(error.template, **error.values, field="cursor") from error
    return {"deliveries": [_record(one) for one in found], "next": following(more)}


def _record(one: delivery.Delivery) -> dict[str, object]:
    return {
        "received": moment.stamp(one.step.received),
        "hazard": one.step.hazard,
        "event_id": one.step.event_id,
        "version": one.log["version"],
        "title": one.log["title"].get(g.code, ""),
        "drill": one.log["drill"],
        "subscription": one.subscription,
        "name": one.row["name"],
        "channel": one.row["channel"],
        "kind": one.row["kind"] or None,
        "state": one.row["state"],
        "reason": g.language.reason(one.row["reason"]) or None,
    }
