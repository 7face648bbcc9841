"""A trial: one message to one subscription that says first that it is one. It counts as no message of any event."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from siaga import keys, moment
from siaga.alerts import compose, facts, naming, record
from siaga.alerts.change import FIRST
from siaga.alerts.channel import Message, Rejected
from siaga.alerts.compose import Event, Files
from siaga.alerts.directory import Directory
from siaga.alerts.dispatch import Office
from siaga.alerts.facts import Facts
from siaga.alerts.record import TRIAL, Record
from siaga.alerts.subscription import Subscription
from siaga.catalog import SCHEMA, EarthquakeEntry, Entry
from siaga.errors import BadInput, Conflict, NotFound, Unavailable
from siaga.impact.stored import Impact
from siaga.language import load
from siaga.store import Store

UNTRIED = "cap"  # the channel whose messages are those of the feed, of real versions
_MOST_BYTES = 1 << 12
_RUN = "earthquake/trial/initial-v001-00000000/00000000"  # of no event


@dataclass(frozen=True, slots=True)
class Trial:
    """What is asked for. subscription: its id. name: of this trial; the same asked for twice is one. entry: the key of
    the catalogue entry of the event to tell, "" for one that is made up. asked: UTC as stored; by: an account.
    """

    subscription: str
    name: str
    entry: str
    asked: str
    by: str

    @property
    def key(self) -> str:
        """Where it lies in bucket notifications, and wakes notify."""
        return naming.trial(self.subscription, self.name)

    @property
    def message(self) -> str:
        """The record of its message."""
        return naming.of_trial(self.subscription, self.name)

    @classmethod
    def decode(cls, body: bytes) -> "Trial":
        """Read it back. Raises BadInput."""
        try:
            stored = json.loads(body)
            return cls(**{name: str(stored[name]) for name in cls.__dataclass_fields__})
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput("What is asked for a trial cannot be read: {detail}", detail=str(error)) from error


def ask(store: Store, wanted: Trial) -> Trial:
    """Ask for it; what was asked for under that name before stays, and is returned."""
    try:
        body = json.dumps(asdict(wanted), indent=1).encode()
        store.put(keys.NOTIFICATIONS, wanted.key, body, "application/json", if_absent=True)
    except Conflict:
        return asked(store, wanted.subscription, wanted.name)
    return wanted


def asked(store: Store, subscription_id: str, name: str) -> Trial:
    """What was asked for. Raises NotFound."""
    try:
        key = naming.trial(subscription_id, name)
        return Trial.decode(store.get(keys.NOTIFICATIONS, key, at_most=_MOST_BYTES)[0])
    except NotFound as error:
        raise NotFound("There is no trial {name}", name=name) from error


def outcome(store: Store, wanted: Trial) -> Record | None:
    """What became of it; None before it was taken up."""
    stored = record.load(store, wanted.message)
    return stored[0] if stored else None


def send(office: Office, directory: Directory, wanted: Trial, now: datetime) -> str:
    """Send it unless that was done; the state of its message, "" where the subscription is gone.

    It is tried once: who asks for it sees at once why it failed. Raises Unavailable while another process is at it.
    """
    try:
        subscription = directory.get(wanted.subscription)
    except NotFound:
        return ""
    event = _event(office.store, wanted, now)
    channel = office.channels.get(subscription.channel)

    def hand_over() -> str:
        if channel is None:
            raise Rejected("There is no server for channel {channel}", channel=subscription.channel)
        try:
            return channel.send(subscription, _message(office, event, subscription, wanted))
        except Unavailable as error:
            raise Rejected(error.template, **error.values) from error

    one = record.deliver(office.store, _record(event, subscription, wanted), hand_over, repeatable=False, now=now)
    if channel is not None:
        channel.close()
    if not one.is_final:
        raise Unavailable("Another process sends this trial")
    return one.state


def _message(office: Office, event: Event, subscription: Subscription, wanted: Trial) -> Message:
    _ = load(subscription.language)
    sentence = (
        _("This is a trial that shows how messages look. The event in it is one of before.")
        if event.key
        else _("This is a trial that shows how messages look. The event in it is made up: nothing has happened.")
    )
    stop = office.tokens.address(office.public_url, "stop", subscription.id)
    files = Files(office.store, event.entry)
    return compose.of_event(
        event, subscription, FIRST, None, files, office.public_url, stop, compose.Trial(wanted.name, sentence)
    )


def _record(event: Event, subscription: Subscription, wanted: Trial) -> Record:
    return Record(
        key=wanted.message,
        subscription=subscription.id,
        name=subscription.name,
        channel=subscription.channel,
        hazard=event.facts.hazard,
        event_id=event.facts.event_id,
        version=event.facts.version,
        kind=TRIAL,
        title=compose.title(event, subscription.language),
        heard={},
    )


def _event(store: Store, wanted: Trial, now: datetime) -> Event:
    """The one that is named, while it is there."""
    try:
        if wanted.entry:
            entry: Entry = json.loads(store.get(keys.RESULTS, wanted.entry)[0])
            impact: Impact = json.loads(store.get(keys.RESULTS, entry["impact"]["key"])[0])
            return Event(entry, wanted.entry, facts.of(entry, impact))
    except NotFound:
        pass
    made_up = _made_up(moment.stamp(now))
    return Event(made_up, "", _facts(made_up))


def _facts(entry: EarthquakeEntry) -> Facts:
    """What its impact.json would say besides."""
    return Facts(
        hazard=entry["hazard"],
        event_id=entry["event_id"],
        version=entry["version"],
        run=entry["run"],
        drill=entry["drill"],
        time=entry["time"],
        received=entry["arrival"]["received"],
        level=entry["alert"] or "",
        severity=facts.SEVERITY[entry["hazard"]].get(entry["alert"] or ""),
        people=entry["people"]["mmi6_plus"],
        longitude=entry["longitude"],
        latitude=entry["latitude"],
        magnitude=entry["magnitude"],
        by_mmi={"5": 900_000.0, "6": 110_000.0, "7": 10_000.0},
        areas={},
        zones={},
        has_report=False,
        bounds=(115.5, -9.3, 117.5, -7.3),
    )


def _made_up(now: str) -> EarthquakeEntry:
    """An entry of a quake that nobody felt, with what messages tell of one."""
    return {
        "schema": SCHEMA,
        "source_type": "initial",
        "version_number": 1,
        "affected": 120_000.0,
        "displaced": None,
        "highest_class": "7",
        "warnings": [],
        "utc_offset_hours": 8.0,
        "time_zone": "WITA",
        "process_time": now,
        "max_mmi": 7.0,
        "people_max_mmi": 7,
        "alert_probability": None,
        "hazard": "earthquake",
        "event_id": "trial",
        "version": "initial-v001-00000000",
        "run": "00000000",
        "drill": True,
        "demonstration": False,
        "time": now,
        "arrival": {"bucket": "", "key": "", "etag": "", "version_id": "", "folder_id": "", "received": now},
        "clock_zone": "WITA",
        "magnitude": 6.5,
        "depth_km": 15.0,
        "longitude": 116.5,
        "latitude": -8.3,
        "description": "Lombok",
        "place": None,
        "alert": "orange",
        "people": {"total": 1_020_000.0, "mmi6_plus": 120_000.0, "mmi7_plus": 10_000.0, "mmi8_plus": 0.0},
        "fatalities": {"median": 12.0, "p05": 0.0, "p25": 3.0, "p75": 40.0, "p95": 150.0},
        "impact": {"key": f"{_RUN}/{keys.IMPACT}", "sha256": ""},
        "report": None,
    }
