"""What lasts and is told once, and its end: a source that gives nothing, a canary without its report."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

from siaga import keys, moment
from siaga.alerts import matters, naming
from siaga.alerts.matters import BACK, CANARY, SOURCE, Occurrence
from siaga.errors import BadInput, NotFound, reason
from siaga.inputs import announcements, canary
from siaga.inputs.announcements import SourceRecord
from siaga.inputs.canary import Standing
from siaga.inputs.flood_hours import OutageRecord
from siaga.store import Store

_SILENT = timedelta(minutes=10)  # without an answer, of a source that is asked every minute
_BMKG, _PETABENCANA, _REPORT = "bmkg", "petabencana-", "report"


def notice(store: Store, canary_minutes: float, now: datetime) -> None:
    """Ask for a message of each that has begun, and of each that was told and is over.

    store: with the rights of functions. canary_minutes: between two canaries, 0 for none.
    """
    last = canary.look(store) if canary_minutes else Standing()
    asked = cast("SourceRecord | None", _read(store, keys.ANNOUNCEMENTS, announcements.SOURCE))
    for one in _begun(store, asked, last, now):
        matters.ask_once(store, one)
    waiting = {naming.of_asked(key) for listed in matters.waiting(store).values() for key in listed}
    for matter, names in matters.lasting(store).items():
        told = (name for name in names if (matter, name) not in waiting)  # else its mark would come back
        over = {name: span for name in told if (span := _span(store, matter, name, asked, last))}
        if over:
            begin, end = min(span[0] for span in over.values()), max(span[1] for span in over.values())
            why = reason("The outage lasted {minutes} min at most", minutes=round((end - begin).total_seconds() / 60))
            matters.ask(store, Occurrence(BACK, matter, min(over), "", moment.stamp(end), why))
            matters.forget(store, matter, sorted(over, reverse=True))  # what names the end goes last


def source_name(about: str) -> str:
    """How people call a source that an occurrence is about.

    >>> source_name("bmkg"), source_name("petabencana-ID-JK")
    ('BMKG', 'PetaBencana (ID-JK)')
    """
    return "BMKG" if about == _BMKG else f"PetaBencana ({about.removeprefix(_PETABENCANA)})"


def _begun(store: Store, asked: SourceRecord | None, last: Standing, now: datetime) -> Iterator[Occurrence]:
    """Sources that are silent, and the canary where it is late."""
    newest: dict[str, str] = {}  # by region: the outage that began last
    for head in store.list(keys.FLOODMAPS, keys.OUTAGES):
        try:
            newest[keys.Snapshot.parse(head.key).region] = head.key
        except BadInput:  # put there by somebody else
            continue
    for region, key in newest.items():
        outage = cast("OutageRecord | None", _read(store, keys.FLOODMAPS, key))
        if outage and outage["until"] is None:
            name = key.rpartition("/")[2].removesuffix(".json")
            yield Occurrence(SOURCE, f"{_PETABENCANA}{region}", name, "", outage["since"], outage["reason"])
    if asked and asked["reason"] and asked["answered"] and now - moment.parse(asked["answered"]) > _SILENT:
        name = naming.clock(moment.parse(asked["answered"]))
        yield Occurrence(SOURCE, _BMKG, name, "", asked["answered"], asked["reason"])
    if last.sent and last.is_late(now):
        yield Occurrence(CANARY, _REPORT, naming.clock(last.sent), "", moment.stamp(last.sent))


def _span(
    store: Store, matter: str, name: str, asked: SourceRecord | None, last: Standing
) -> tuple[datetime, datetime] | None:
    """From when to when one that was told lasted, UTC; None while it lasts or nobody can tell."""
    if matter.startswith(f"{SOURCE}-{_PETABENCANA}"):
        outage = cast("OutageRecord | None", _read(store, keys.FLOODMAPS, f"{keys.OUTAGES}{name}.json"))
        return (moment.parse(outage["since"]), moment.parse(outage["until"])) if outage and outage["until"] else None
    if matter == f"{SOURCE}-{_BMKG}":
        end = moment.parse(asked["answered"]) if asked and asked["answered"] else None
    else:
        end = last.published
    try:
        begun = naming.moment_of(name)
    except ValueError:  # put there by somebody else
        return None
    return (begun, end) if end and end - begun >= timedelta(seconds=1) else None


def _read(store: Store, bucket: str, key: str) -> dict[str, object] | None:
    try:
        stored = json.loads(store.get(bucket, key, at_most=1 << 20)[0])
    except (NotFound, BadInput, ValueError):
        return None
    return stored if isinstance(stored, dict) else None
