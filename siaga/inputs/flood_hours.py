"""The hours of a flood source: what became of each of them, none left out.

In bucket floodmaps an hour has, at most, one object of each kind; what it counts as is the first of
data, same, empty, gap, suspect that is there, so that knowledge only grows within an hour:

    <snapshot>/flood_data.json     data: an answer as it came, with another set of (geom_id, state) than before
    hours/<snapshot>/same.json     the set is that of an earlier hour, which is named
    hours/<snapshot>/empty.json    nothing flooded, proved
    hours/<snapshot>/gap.json      nobody asked, or the source was suspect; the archive's highest state since
    hours/<snapshot>/suspect.json  the source could not be believed, and why
    suspect/<snapshot>/<time>      an answer that could not be believed, as it came
    outages/<snapshot>.json        from the first suspect hour to the first good answer: one alarm
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import Literal, TypedDict

from siaga import keys
from siaga.errors import BadInput, NotFound, Reason, SiagaError
from siaga.hazard.flood import MAX_BYTES, read_flood
from siaga.inputs.petabencana import ARCHIVE_WINDOW_SECONDS, Data, Empty, PetaBencana, Region, Suspect
from siaga.keys import FLOODMAPS, Snapshot
from siaga.moment import stamp
from siaga.store import Store

SCHEMA = "siaga/flood-hour/1"
Kind = Literal["data", "same", "empty", "gap", "suspect"]
KINDS: tuple[Kind, ...] = ("data", "same", "empty", "gap", "suspect")  # the first that an hour has is what it counts as

_HOUR = timedelta(hours=1)
_LOOK_BACK = timedelta(days=30)  # gaps older than this are not filled any more
_MOST_HOURS = ARCHIVE_WINDOW_SECONDS // 3600
_log = logging.getLogger("siaga.function")


class OutageRecord(TypedDict):
    """An outage as it is stored. since, until: UTC; until None while it lasts. reason: why it began."""

    schema: str
    region: str
    since: str
    until: str | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour. kind: one of KINDS; key: the object that says so, "" when nobody asked in that hour (a gap)."""

    snapshot: Snapshot
    kind: str
    key: str


def account(listed: Iterable[str], region: str, start: datetime, end: datetime) -> list[Hour]:
    """Every hour from `start` until before `end`, each with what it counts as.

    listed: keys of bucket floodmaps, any of them. start, end: full hours, UTC.
    """
    best: dict[datetime, tuple[int, str]] = {}
    for key in listed:
        found = _kind(key)
        if found and found[0].region == region:
            hour, rank = found[0].hour, KINDS.index(found[1])
            best[hour] = min((rank, key), best.get(hour, (rank, key)))
    hours = []
    while start < end:
        rank, key = best.get(start, (KINDS.index("gap"), ""))
        hours.append(Hour(Snapshot(start, region), KINDS[rank], key))
        start += _HOUR
    return hours


def _kind(key: str) -> tuple[Snapshot, str] | None:
    folder, _, name = key.rpartition("/")
    kind = "data" if name == keys.FLOOD_DATA and "/" not in folder else name.removesuffix(".json")
    if kind not in KINDS or (kind != "data") != folder.startswith(keys.HOURS):
        return None
    try:
        return Snapshot.parse(key), kind
    except BadInput:
        return None  # put there by somebody else


class FloodHours:
    """The hours of one region as they stand in the store, and how they are written."""

    def __init__(self, store: Store, region: str) -> None:
        """region: ISO 3166-2."""
        self._store, self._region = store, region

    def listed(self, since: datetime) -> Iterator[str]:
        """Keys that say something of the hours from `since` on."""
        after = keys.hours_after(since)
        data = (head.key for head in self._store.list(FLOODMAPS, start_after=after))
        yield from takewhile(lambda key: key[0].isdigit(), data)
        yield from (head.key for head in self._store.list(FLOODMAPS, keys.HOURS, start_after=keys.HOURS + after))

    def account(self, start: datetime, end: datetime) -> list[Hour]:
        """As `account`, of what the store holds now."""
        return account(self.listed(start), self._region, start, end)

    def write(self, now: datetime, answer: Data | Empty | Suspect) -> str:
        """Record what was found at that moment, raise or end the alarm; what the hour counts as afterwards."""
        here = Snapshot.of(now, self._region)
        if isinstance(answer, Suspect):
            return self._doubt(now, here, answer)
        kind = self._flooded(now, here, answer) if isinstance(answer, Data) else self._dry(now, here, answer)
        self._end_outage(now)
        return kind

    def fill(self, now: datetime, source: PetaBencana, region: Region) -> int:
        """Ask the archive about hours before `now` of which nothing good is known; how many it told of."""
        here = Snapshot.of(now, self._region)
        hours = self.account(here.hour - _LOOK_BACK, here.hour)
        known = [number for number, hour in enumerate(hours) if hour.key]
        holes = [hour.snapshot for hour in hours[known[0] :] if not hour.key or hour.kind == "suspect"] if known else []
        filled = 0
        for hole in _runs(holes):
            first, end = hole[0].hour, hole[-1].hour + _HOUR
            try:
                highest = source.archive(region, first, end)
            except SiagaError as error:
                _log.warning(json.dumps({"archive": str(error), "from": stamp(first), "until": stamp(end)}))
                return filled
            record = {
                "from": stamp(first),
                "until": stamp(end),
                "areas": highest,
                "highest_state": max(highest.values(), default=None),  # None: no state was set, which is not "dry"
            }
            for snapshot in hole:
                self._tell(now, snapshot, "gap", record)
            filled += len(hole)
        return filled

    def _flooded(self, now: datetime, here: Snapshot, answer: Data) -> str:
        """Keep the answer if its set is another one than that of the latest hour that was answered."""
        latest = self._latest(here)
        if latest and latest.kind in ("data", "same"):
            first, sha256 = self._set_of(latest)
            if sha256 == answer.flood.sha256:
                if latest.snapshot != here:
                    self._tell(now, here, "same", {"same_as": first, "states_sha256": sha256, "source": answer.url})
                return "same" if latest.snapshot != here else latest.kind
        self._store.put(FLOODMAPS, here.data, answer.body, "application/json", metadata={"source": answer.url})
        return "data"

    def _dry(self, now: datetime, here: Snapshot, answer: Empty) -> str:
        latest = self._latest(here)
        if latest and latest.snapshot == here:
            return latest.kind  # what was flooded for a part of the hour was flooded in that hour
        self._tell(now, here, "empty", {"source": answer.url, "proof": list(answer.proof)})
        return "empty"

    def _doubt(self, now: datetime, here: Snapshot, answer: Suspect) -> str:
        record: dict[str, object] = {"reason": answer.reason, "answer": None}
        if answer.body is not None:
            record["answer"] = here.suspect(now)
            self._store.put(FLOODMAPS, here.suspect(now), answer.body)
        latest = self._latest(here)
        good = latest is not None and latest.snapshot == here
        if not good:
            self._tell(now, here, "suspect", record)
        self._begin_outage(now, here, answer)
        return latest.kind if latest and good else "suspect"

    def _latest(self, here: Snapshot) -> Hour | None:
        """The latest hour up to this one that was answered: data, same or empty."""
        hours = self.account(here.hour - _LOOK_BACK, here.hour + _HOUR)
        return next((hour for hour in reversed(hours) if hour.kind in ("data", "same", "empty")), None)

    def _set_of(self, hour: Hour) -> tuple[str, str]:
        """The snapshot that holds an hour's answer, and the hash of its set."""
        try:
            body, _ = self._store.get(FLOODMAPS, hour.key, at_most=MAX_BYTES)
            if hour.kind == "same":
                record = json.loads(body)
                return record["same_as"], record["states_sha256"]
            return str(hour.snapshot), read_flood(body).sha256
        except BadInput:  # put there by somebody else, and no flood map: nothing is the same as that
            return str(hour.snapshot), ""

    def _tell(self, now: datetime, snapshot: Snapshot, kind: str, record: Mapping[str, object]) -> None:
        common: dict[str, object] = {"schema": SCHEMA, "snapshot": str(snapshot), "region": self._region, "kind": kind}
        self._put(snapshot.record(kind), {**common, "asked": stamp(now), **record})

    def _outage(self) -> tuple[str, OutageRecord] | None:
        """The outage that has not ended."""
        named = [head.key for head in self._store.list(FLOODMAPS, keys.OUTAGES)]
        of_region = [key for key in named if Snapshot.parse(key).region == self._region]
        if not of_region:
            return None
        record: OutageRecord = json.loads(self._store.get(FLOODMAPS, of_region[-1])[0])
        return (of_region[-1], record) if record["until"] is None else None

    def _begin_outage(self, now: datetime, here: Snapshot, answer: Suspect) -> None:
        if self._outage() is not None:
            return  # raised once
        try:
            since = json.loads(self._store.get(FLOODMAPS, here.outage)[0])["since"]  # ended within this hour
        except NotFound:
            since = stamp(now)
            _log.error(json.dumps({"alarm": "flood source suspect", "region": self._region} | answer.reason))
        record: OutageRecord = {
            "schema": SCHEMA,
            "region": self._region,
            "since": since,
            "until": None,
            "reason": answer.reason,
        }
        self._put(here.outage, record)

    def _end_outage(self, now: datetime) -> None:
        open_one = self._outage()
        if open_one is not None:
            key, record = open_one
            self._put(key, {**record, "until": stamp(now)})

    def _put(self, key: str, record: Mapping[str, object]) -> None:
        body = json.dumps(record, sort_keys=True, ensure_ascii=False, indent=1).encode()
        self._store.put(FLOODMAPS, key, body, "application/json")


def _runs(snapshots: list[Snapshot]) -> list[list[Snapshot]]:
    """Hours that follow each other, as long as the archive's window at most."""
    runs: list[list[Snapshot]] = [snapshots[:1]] if snapshots else []
    for before, after in pairwise(snapshots):
        if after.hour - before.hour == _HOUR and len(runs[-1]) < _MOST_HOURS:
            runs[-1].append(after)
        else:
            runs.append([after])
    return runs
