"""An event stands in the catalogue, or was withdrawn: tell those who are to hear of it, once, and when it changes.

reads   results/catalog/* results/<hazard>/*/impact.json …/share-<language>.png …/report-<language>.pdf
        decisions/* subscriptions/* notifications/*
        floodmaps/outages/* announcements/source.json canary/* for operators
writes  notifications/log/* notifications/messages/* (before and after each message) notifications/held/*
        notifications/failed/* notifications/returned/*
        notifications/asked/* notifications/told/* notifications/matters/* for operators
        none of them wakes anything

A catalogue entry wakes it with the figures, and again once it names the report; so does a trial that is asked for
(notifications/trials/*). Every minute it sends what was held, and tells operators what they are to hear.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cache

from siaga import keys, moment, neighbours
from siaga.alerts import dispatch, facts, held, operators, optin, trial
from siaga.alerts.allowance import Allowance
from siaga.alerts.channels import opened
from siaga.alerts.compose import Event
from siaga.alerts.delay import FOLLOW_UP
from siaga.alerts.directory import Directory, Tokens
from siaga.alerts.dispatch import Office
from siaga.alerts.history import History
from siaga.alerts.naming import Step
from siaga.alerts.trial import Trial
from siaga.catalog import Entry
from siaga.errors import NotFound, Reason, reason
from siaga.events import Notification
from siaga.function import content, frame
from siaga.impact import quakes
from siaga.impact.quakes import Quake
from siaga.impact.versions import Revision
from siaga.inputs.decisions import HIDDEN, Decision
from siaga.store import Store
from siaga.timing import Timing

_DONE = frame.Outcome()


def run(notification: Notification, context: frame.Context) -> frame.Outcome:
    """One version of an event, or what an operator decided of it."""
    now, timing = moment.now(), Timing()
    body, _head = content.read(context.store, notification)
    if notification.bucket == keys.NOTIFICATIONS:
        trial.send(office(context), directory(context.store), Trial.decode(body), now)
        return _DONE
    if notification.bucket == keys.DECISIONS:
        return _decided(Decision.decode(body), context, now, timing)
    entry: Entry = json.loads(body)
    if now - moment.parse(entry["time"]) > FOLLOW_UP:
        return frame.Outcome(event_id=entry["event_id"])
    step = Step(
        moment.parse(entry["arrival"]["received"]),
        entry["hazard"],
        entry["event_id"],
        f"{entry['version']}.{entry['run']}",
    )
    return _tell(entry, notification.key, step, context, now, timing)


def tick(now: datetime, context: frame.Context) -> frame.Outcome:
    """What was held until now; then, for as long as the allowance is, operators' messages and strangers' mails.

    And subscriptions that are new or changed are read before anybody waits for that.
    """
    known = directory(context.store)
    known.all()
    desk, outlets = office(context), context.settings.outlets
    try:
        sent = held.send_held(desk, known, now)
        allowance = Allowance()
        told = operators.tell(desk, outlets, context.settings.canary_minutes, allowance, now)
        asked = optin.send_asked(desk, allowance, now)
    finally:
        for channel in desk.channels.values():
            channel.close()
    return frame.Outcome("", f"{sent + told} sent, {asked} asked", operators.unreachable(desk, outlets))


def _decided(decision: Decision, context: frame.Context, now: datetime, timing: Timing) -> frame.Outcome:
    """An event was hidden or is shown again: those who heard of it hear that, too."""
    if decision.kind != HIDDEN:
        return _DONE
    found = History(context.store, now - FOLLOW_UP).of_event(decision.hazard, decision.identity)
    if found is None or found.drill != decision.drill:
        return _DONE  # nobody heard of it
    entry = _newest(context.store, json.loads(context.store.get(keys.RESULTS, found.entry)[0]))
    word = "hidden" if decision.value is True else "shown"
    version = f"{entry['version']}.{entry['run']}.{word}"
    step = Step(moment.parse(decision.when), entry["hazard"], entry["event_id"], version)
    return _tell(entry, found.entry, step, context, now, timing)


def _newest(store: Store, entry: Entry) -> Entry:
    """The entry of the version that counts, of all of the same event."""
    if entry["hazard"] != "earthquake":
        return entry
    entries = {(one["event_id"], one["version"]): one for one in neighbours.near(store, entry)}
    versions = _quake(entry, map(Revision.of, entries.values())).versions
    return entries.get((versions[0].event_id, versions[0].version), entry)


def _tell(entry: Entry, key: str, step: Step, context: frame.Context, now: datetime, timing: Timing) -> frame.Outcome:
    received = entry["arrival"]["received"]
    active = directory(context.store).active()
    subscriptions = [one for one in active if one.created <= received and entry["hazard"] in one.hazards]
    if not subscriptions:  # nothing more of the event is read then
        timing.step("read")
        return frame.Outcome("", entry["event_id"], [], timing.seconds)
    impact = json.loads(context.store.get(keys.RESULTS, entry["impact"]["key"])[0])
    event = Event(entry, key, facts.of(entry, impact))
    subjects, obsolete = _versions(context.store, event)
    event = replace(event, hidden=_is_hidden(context.store, entry, subjects))
    timing.step("read")
    counts = dispatch.dispatch(office(context), event, step, subjects, subscriptions, obsolete, now)
    timing.step("send")
    sent = {f"messages {state}": float(count) for state, count in sorted(counts.items())}
    return frame.Outcome("", entry["event_id"], [], timing.seconds | sent)


def _versions(store: Store, event: Event) -> tuple[frozenset[str], Reason | None]:
    """By which names the event goes, and why nothing new is said of this version, if another one counts."""
    subject = event.facts.subject
    if event.facts.hazard != "earthquake":
        return frozenset({subject}), None
    quake = _quake(event.entry, map(Revision.of, neighbours.near(store, event.entry)))
    newest = quake.versions[0]
    names = frozenset(quakes.identity(one) for one in quake.versions)
    if newest == Revision.of(event.entry):
        return names, None
    return names, reason("A version that counts more is there: {version}", version=newest.version)


def _quake(entry: Mapping[str, object], revisions: Iterable[Revision]) -> Quake:
    """That of an entry, by what is there of its time."""
    this = Revision.of(entry)
    known = {(one.event_id, one.version): one for one in revisions} | {(this.event_id, this.version): this}
    return next(one for one in quakes.join(known.values()) if this in one.versions)


def _is_hidden(store: Store, entry: Entry, subjects: frozenset[str]) -> bool:
    """By the last decision on any of the names of its quake, as the web has it; of other hazards by its own id."""
    names = subjects if entry["hazard"] == "earthquake" else {entry["event_id"]}
    decisions = []
    for name in names:
        asked = Decision(entry["hazard"], name, entry["drill"], HIDDEN, True, "", "", "")
        with suppress(NotFound):
            decisions.append(Decision.decode(store.get(keys.DECISIONS, asked.key)[0]))
    last = max(decisions, key=lambda one: (moment.parse(one.when), one.key), default=None)
    return last is not None and last.value is True


@cache
def directory(store: Store) -> Directory:
    """One per process, so that each subscription is read once."""
    return Directory(store)


def office(context: frame.Context) -> Office:
    """What messages are sent with."""
    settings = context.settings
    tokens = Tokens(settings.secret("alerts-key"))
    return Office(context.store, opened.channels(settings), tokens, settings.public_url, settings.outlets.hours)


handle = frame.on_both(run, tick)
