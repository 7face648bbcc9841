"""Operators hear of Siaga itself: what was refused or given up, which source is silent or back, likewise the canary.

One message for each matter and hour at most, to all that SIAGA_OPERATORS names; what happens meanwhile is in the next.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from siaga import dates, keys, moment
from siaga.alerts import compose, matters, naming, outages, record
from siaga.alerts.allowance import Allowance
from siaga.alerts.channel import Message
from siaga.alerts.dispatch import Office
from siaga.alerts.matters import BACK, CANARY, DEAD, REFUSED, SOURCE, Occurrence
from siaga.alerts.record import RETRY, SENDING, Record
from siaga.alerts.subscription import NONE, Subscription
from siaga.errors import Conflict, Reason, reason
from siaga.language import Language, load
from siaga.outlets import Outlets
from siaga.printable import shown
from siaga.store import Store

_APART = timedelta(hours=1)  # two messages of one matter
_SHOWN = 20  # occurrences that a message names
_CLOCK = "WIB"  # by which operators read, beside UTC


@dataclass(frozen=True, slots=True)
class Plan:
    """One message. key: its own. occurrences: what it names. counted: keys of all that it tells. done: everybody
    has it, or will not get it.
    """

    key: str
    occurrences: tuple[Occurrence, ...]
    counted: tuple[str, ...]
    done: bool

    def encode(self) -> bytes:
        """The stored form."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def decode(cls, key: str, body: bytes) -> "Plan":
        """Read it back. Raises ValueError, KeyError, TypeError."""
        stored = json.loads(body)
        named = tuple(Occurrence(**one) for one in stored["occurrences"])
        return cls(key, named, tuple(stored["counted"]), stored["done"])


def tell(office: Office, outlets: Outlets, canary_minutes: float, allowance: Allowance, now: datetime) -> int:
    """Notice what is silent or late, or is no more, and send what waits; how many messages are out or given up.

    What fails for now, or finds no time, is for the next call. canary_minutes: between two canaries, 0 for none.
    """
    people = [_subscriber(*one, outlets.operators_language) for one in outlets.operators if one[0] in office.channels]
    if not people:
        return 0
    outages.notice(office.store, canary_minutes, now)
    waiting, broken, ended = matters.waiting(office.store), set[str](), 0
    for matter in sorted(waiting):
        plan = _plan(office.store, matter, waiting[matter], now) if allowance.is_left() else None
        if plan is None or not _deliver_all(office, people, plan, broken, allowance, now):
            continue
        there = set(waiting[matter])
        if matters.tick_off(office.store, [key for key in plan.counted if key in there], allowance):
            done = replace(plan, done=True).encode()
            office.store.put(keys.NOTIFICATIONS, plan.key, done, "application/json")
            ended += len(people)
    return ended


def unreachable(office: Office, outlets: Outlets) -> list[Reason]:
    """Whom no message reaches, since there is no server for their channel."""
    missing = {channel for channel, _address in outlets.operators if channel not in office.channels}
    return [
        reason("SIAGA_OPERATORS names {channel}, for which there is no server", channel=channel)
        for channel in sorted(missing)
    ]


def _subscriber(channel: str, address: str, language: str) -> Subscription:
    """An operator as one who subscribed to nothing, of whom nothing is stored."""
    name = f"operator-{sha256(f'{channel}:{address}'.encode()).hexdigest()[:8]}"
    return Subscription("Siaga", channel, address, language, (NONE,), id=name)


def _plan(store: Store, matter: str, waiting: Sequence[str], now: datetime) -> Plan | None:
    """The message that is under way, else a new one; None where one of the last hour is out already.

    waiting: keys, of which the first are read and the others counted.
    """
    newest = max((head.key for head in store.list(keys.NOTIFICATIONS, naming.matter(matter))), default="")
    key = naming.matter(matter, now)
    plan = _stored(store, newest) if newest else None
    if plan and not plan.done:
        return plan
    if newest > naming.matter(matter, now - _APART):
        return None
    named = matters.load(store, waiting[:_SHOWN])
    if not named:
        return None
    plan = Plan(key, tuple(named.values()), (*named, *waiting[_SHOWN:]), done=False)
    try:
        store.put(keys.NOTIFICATIONS, key, plan.encode(), "application/json", if_absent=True)
    except Conflict:  # another process was faster
        return None
    return plan


def _stored(store: Store, key: str) -> Plan | None:
    try:
        return Plan.decode(key, store.get(keys.NOTIFICATIONS, key)[0])
    except (ValueError, KeyError, TypeError):
        return None


def _deliver_all(
    office: Office, people: Sequence[Subscription], plan: Plan, broken: set[str], allowance: Allowance, now: datetime
) -> bool:
    """Whether all have it or will not get it. broken: channels that failed in this tick and are left alone."""
    complete = True
    for person in people:
        if person.channel in broken or not allowance.is_left():
            complete = False
            continue
        one = _deliver(office, person, plan, now)
        complete = complete and one.is_final
        if one.state == RETRY and one.claimed == moment.stamp(now):
            broken.add(person.channel)
    return complete


def _deliver(office: Office, person: Subscription, plan: Plan, now: datetime) -> Record:
    channel = office.channels[person.channel]
    message = _message(person, plan, office.public_url)
    wanted = Record(
        key=naming.matter_message(person.id, plan.key),
        subscription=person.id,
        name=person.name,
        channel=person.channel,
        hazard="",
        event_id="",
        version="",
        kind="matter",
        title=message.subject,
        heard={},
        state=SENDING,
    )
    return record.deliver(office.store, wanted, lambda: channel.send(person, message), channel.repeatable, now)


def _message(person: Subscription, plan: Plan, public_url: str) -> Message:
    _, named = load(person.language), plan.occurrences
    head = shown(_head(named[0], len(plan.counted), _))
    lines = [shown(_line(one, _)) for one in named]
    if more := len(plan.counted) - len(named):
        lines.append(_("{count} more of the same kind", count=more))
    page = f"{public_url}/status?lang={_.code}"
    values = {"language": _.code, "title": head, "lines": lines, "page": page, "label": _("Status page")}
    values |= {"foot": _("You are named in SIAGA_OPERATORS. Of each matter you hear once an hour at the most.")}
    return Message(
        id=plan.key.removesuffix(".json").replace("/", "."),
        kind="matter",
        language=_.code,
        subject=f"Siaga: {head}",
        text=compose.rendered("note.txt", values, _),
        html=compose.rendered("note.html", values, _),
        short="\n".join([f"*{head}*", *lines, page]),
        page=page,
        stop="",
        picture=None,
        report=None,
        report_name="",
        facts={
            "schema": "siaga/alert/1",
            "kind": "matter",
            "page": page,
            "told": [asdict(one) for one in named],
            "more": more,
        },
    )


def _head(first: Occurrence, count: int, _: Language) -> str:
    if first.kind == REFUSED:
        if count == 1:
            return _("One upload to {bucket} was refused", bucket=first.about)
        return _("{count} uploads to {bucket} were refused", count=count, bucket=first.about)
    if first.kind == DEAD:
        if count == 1:
            return _("{function} gave up one input", function=first.about)
        return _("{function} gave up {count} inputs", count=count, function=first.about)
    if first.kind == SOURCE:
        return _("{source} sends no data", source=outages.source_name(first.about))
    if first.kind == CANARY:
        return _("The trial map has no report in time")
    kind, _dash, about = first.about.partition("-")
    if kind == CANARY:
        return _("The trial map has its report again")
    return _("{source} sends data again", source=outages.source_name(about))


def _line(one: Occurrence, _: Language) -> str:
    when = moment.parse(one.when)
    day, clocks = dates.short(when, _.code, _CLOCK), [dates.clock(when, zone) for zone in (_CLOCK, "UTC")]
    clock = f"{day}, {clocks[0]} ({clocks[1]})"
    if one.kind == CANARY:
        return _("{time}: came in and has no report yet; a real map would be as late.", time=clock)
    why = _.reason(one.reason) if one.reason else ""
    if one.kind in (SOURCE, BACK):
        return f"{_('Since {time}', time=clock)}. {why}."
    return f"{clock}: {one.what}: {why}"
