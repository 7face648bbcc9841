"""A version of an event goes out: who is to hear of it is written down first, then each message is claimed and sent.

The log of the version has a row for each subscription: what it is to hear, or why nothing, and what became of that. The
records of messages decide; a log that a crash left behind is made again from them.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from siaga import keys, moment
from siaga.alerts import change, compose, delay, history, naming, record
from siaga.alerts.change import Heard
from siaga.alerts.channel import Channel
from siaga.alerts.compose import Event, Files
from siaga.alerts.delay import SWARM_HOURS
from siaga.alerts.directory import Tokens
from siaga.alerts.history import History, LogRecord, Row
from siaga.alerts.naming import Step
from siaga.alerts.record import FAILED, HELD, RETRY, SENDING, SENT, SKIPPED, UNSURE, Record
from siaga.alerts.subscription import Subscription
from siaga.errors import Reason, Unavailable, reason
from siaga.language import LANGUAGES
from siaga.store import Store

SCHEMA = "siaga/alerts/1"
_AT_ONCE = 8  # messages that are under way
_SETTLED = (SENT, FAILED, UNSURE)  # of a row: nothing more comes of its message, and its record need not be asked


@dataclass(frozen=True, slots=True)
class Office:
    """What messages are sent with. hours: as SIAGA_ALERT_HOURS. public_url: of the web app."""

    store: Store
    channels: Mapping[str, Channel]
    tokens: Tokens
    public_url: str
    hours: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What one subscription is to hear: kind "" and why nothing; last: what it heard before; hold: until when.

    settled: its row of the log, where nothing more is to be done.
    """

    subscription: Subscription
    kind: str
    reason: Reason | None = None
    last: Heard | None = None
    hold: delay.Delay | None = None
    settled: Row | None = None


def dispatch(
    office: Office,
    event: Event,
    step: Step,
    subjects: frozenset[str],
    subscriptions: Sequence[Subscription],
    obsolete: Reason | None,
    now: datetime,
) -> Counter[str]:
    """Send what is to be sent of one version; how many messages are in which state.

    subjects: by which its event may be named. obsolete: why nothing new goes out of this version any more.
    Raises Unavailable while messages wait to be tried again, once all others are out.
    """
    since = min(moment.parse(event.facts.time), now - timedelta(hours=SWARM_HOURS))
    earlier, log = History(office.store, since), history.load(office.store, step)
    begun = log["messages"] if log else {}

    def plan(one: Subscription) -> Plan:
        return _plan(office, event, step, subjects, one, obsolete, earlier, begun.get(one.id), now)

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        plans = list(pool.map(plan, subscriptions))
        rows = {plan.subscription.id: _row(plan) for plan in plans}
        due = [plan for plan in plans if plan.kind and not plan.settled]
        if due or not begun.items() >= rows.items():
            _write_log(office.store, event, step, rows, begun)
        files = Files(office.store, event.entry)
        sent = list(pool.map(lambda plan: _deliver(office, event, step, plan, files, now), due))
    for channel in office.channels.values():
        channel.close()
    for one in sent:
        rows[one.subscription] |= {"state": one.state, "reason": one.reason, "title": one.title}
    if sent:
        _write_log(office.store, event, step, rows, begun)
    waiting = [one for one in sent if one.state in (RETRY, SENDING)]
    if waiting:
        why = waiting[0].reason or reason("another process is at it")
        raise Unavailable(
            "{count} of {all} messages wait to be tried again: {detail}",
            count=len(waiting),
            all=len(due),
            detail=why["text"],
        )
    return Counter(row["state"] for row in rows.values())


def _plan(
    office: Office,
    event: Event,
    step: Step,
    subjects: frozenset[str],
    subscription: Subscription,
    obsolete: Reason | None,
    earlier: History,
    row: Row | None,
    now: datetime,
) -> Plan:
    """What one subscription is to hear; what was begun before goes on as it was begun. row: of the log, if it was."""
    facts = event.facts
    begun = row if row and row["kind"] else None
    if begun and begun["state"] in _SETTLED:
        return Plan(subscription, begun["kind"], settled=begun)
    stored = record.load(office.store, step.message(subscription.id)) if begun else None
    if stored and (stored[0].is_final or obsolete is None):
        return Plan(subscription, stored[0].kind, None, earlier.last(subjects, subscription.id, step))
    if obsolete:
        return Plan(subscription, "", obsolete)
    last = earlier.last(subjects, subscription.id, step)
    if old := delay.too_old(facts, now, office.hours, last is not None):
        return Plan(subscription, "", old)
    judgement = change.judge(subscription, facts, last, event.hidden)
    if not judgement.kind:
        return Plan(subscription, "", judgement.reason)
    if subscription.channel not in office.channels:
        return Plan(subscription, "", reason("There is no server for channel {channel}", channel=subscription.channel))
    if subscription.after_report and not facts.has_report and judgement.kind in (change.FIRST, change.UPDATE):
        return Plan(subscription, "", reason("The subscription waits for the report"))
    lately = earlier.lately(subscription.id, now - timedelta(hours=SWARM_HOURS), subjects)
    hold = None if subscription.channel == "cap" else delay.hold(subscription, facts, now, lately)  # a message an event
    return Plan(subscription, judgement.kind, judgement.reason, last, hold)


def _deliver(office: Office, event: Event, step: Step, plan: Plan, files: Files, now: datetime) -> Record:
    subscription, channel = plan.subscription, office.channels.get(plan.subscription.channel)
    wanted = Record(
        key=step.message(subscription.id),
        subscription=subscription.id,
        name=subscription.name,
        channel=subscription.channel,
        hazard=event.facts.hazard,
        event_id=event.facts.event_id,
        version=event.facts.version,
        kind=plan.kind,
        title=compose.title(event, subscription.language),
        heard=Heard.of(event.facts, plan.kind, plan.last).stored,
    )
    if plan.hold:
        return _hold(office.store, wanted, plan.hold)

    def send() -> str:
        stop = office.tokens.address(office.public_url, "stop", subscription.id)
        message = compose.of_event(event, subscription, plan.kind, plan.last, files, office.public_url, stop)
        if channel is None:
            raise Unavailable("There is no server for channel {channel}", channel=subscription.channel)
        return channel.send(subscription, message)

    return record.deliver(office.store, wanted, send, channel is not None and channel.repeatable, now)


def _hold(store: Store, wanted: Record, hold: delay.Delay) -> Record:
    """Keep it until its time comes: the mark first, so that no crash loses it."""
    stored = record.load(store, wanted.key)
    if stored:
        return stored[0]
    held = replace(wanted, state=HELD, reason=hold.reason, due=moment.stamp(hold.until))
    store.put(keys.NOTIFICATIONS, naming.held(hold.until, held.key), held.key.encode(), "text/plain")
    record.keep(store, held)
    return held


def _row(plan: Plan) -> Row:
    if plan.settled:
        return plan.settled.copy()
    return {
        "name": plan.subscription.name,
        "channel": plan.subscription.channel,
        "kind": plan.kind,
        "state": SENDING if plan.kind else SKIPPED,
        "reason": plan.reason,
    }


def _write_log(store: Store, event: Event, step: Step, rows: Mapping[str, Row], begun: Mapping[str, Row]) -> None:
    """Write it. begun: rows that stand there; those of messages stay, whoever subscribes or stops meanwhile."""
    former = {name: row for name, row in begun.items() if row["kind"]}
    log: LogRecord = {
        "schema": SCHEMA,
        "subject": event.facts.subject,
        "entry": event.key,
        "hazard": event.facts.hazard,
        "event_id": event.facts.event_id,
        "version": event.facts.version,
        "time": event.facts.time,
        "title": {code: compose.title(event, code) for code in LANGUAGES},
        "drill": event.facts.drill,
        "hidden": event.hidden,
        "messages": {**former, **rows},
    }
    body = json.dumps(log, ensure_ascii=False, indent=1, sort_keys=True).encode()
    store.put(keys.NOTIFICATIONS, step.log, body, "application/json")
