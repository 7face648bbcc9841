"""Versions of one quake: which of them counts, which maps show the same quake, what one changed.

A record here is an impact.json or a catalogue entry; both name the same facts. All is a function of the
set of records: in which order they came in does not matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import asin, atan2, cos, degrees, radians, sin, sqrt
from typing import Any

from siaga import keys

MOST_SECONDS, MOST_KM, MOST_MAGNITUDE = 60.0, 100.0, 1.0  # two maps of one quake differ by no more; design.md 2
_EARTH_KM = 6371.0
_MOST_DEGREES = 1.0  # of latitude; more is beyond MOST_KM
_FLOORS = (6, 7, 8)
_QUANTILES = ("median", "p05", "p25", "p75", "p95")


@dataclass(frozen=True)
class Revision:
    """One version of one event, by what ranks and joins it.

    number: the NNN that the map itself gives. process_time: UTC as stored, "" where the map names none.
    time: of the quake, UTC without its zone. longitude, latitude: degrees, WGS84.
    """

    event_id: str
    version: str
    source_type: str
    number: int
    process_time: str
    time: datetime
    longitude: float
    latitude: float
    magnitude: float
    drill: bool

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Revision":
        """From an impact.json or a catalogue entry; raises KeyError, ValueError when it is neither."""
        event = record.get("event", record)
        return cls(
            event_id=record["event_id"],
            version=record["version"],
            source_type=record["source_type"],
            number=record["version_number"],
            process_time=event["process_time"] or "",
            time=datetime.fromisoformat(event["time"].removesuffix("Z")),
            longitude=event["longitude"],
            latitude=event["latitude"],
            magnitude=event["magnitude"],
            drill=record["drill"],
        )

    @cached_property
    def rank(self) -> tuple[int, int, str, str, str]:
        """The newest version has the highest: source, number, process time, sha; the id where all are equal."""
        sha8 = keys.Version.parse(self.version).sha8
        return keys.SOURCE_RANK.get(self.source_type, 0), self.number, self.process_time, sha8, self.event_id


def distance_km(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Along a great circle of a sphere of 6371 km; points are (longitude, latitude) in degrees.

    >>> round(distance_km((124.42, 1.34), (124.45, 1.40)), 2)
    7.46
    """
    west, south, east, north = (radians(value) for value in (*first, *second))
    chord = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin((east - west) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))


def bearing_deg(first: tuple[float, float], second: tuple[float, float]) -> float:
    """The direction from the first point to the second, clockwise from north, 0 to 360.

    >>> round(bearing_deg((124.42, 1.34), (124.45, 1.40)))
    27
    """
    west, south, east, north = (radians(value) for value in (*first, *second))
    across = sin(east - west) * cos(north)
    along = cos(south) * sin(north) - sin(south) * cos(north) * cos(east - west)
    return degrees(atan2(across, along)) % 360


def apart(first: Revision, second: Revision) -> float:
    """How far two maps are from being of one quake: the largest share of a limit; 1 is the limit itself."""
    seconds = abs((first.time - second.time).total_seconds())
    km = distance_km((first.longitude, first.latitude), (second.longitude, second.latitude))
    # 6.9 - 5.9 is a little more than 1 in binary; magnitudes are given to a tenth or a hundredth
    magnitude = round(abs(first.magnitude - second.magnitude), 6)
    return max(seconds / MOST_SECONDS, km / MOST_KM, magnitude / MOST_MAGNITUDE)


def same_quake(first: Revision, second: Revision) -> bool:
    """Whether two maps show one quake. One id is one quake; an exercise and a real event never are."""
    if first.drill != second.drill:
        return False
    return first.event_id == second.event_id or apart(first, second) <= 1


def join(revisions: Iterable[Revision]) -> list[list[Revision]]:
    """Quakes, newest quake first, each as its versions, newest version first.

    An id stands for all its versions, and its newest version says when and where it was. Ids are joined
    the nearest pair first, and only where each pair of the joined ids keeps the rule: a row of quakes,
    each within a minute of the next, does not become one quake. The same set gives the same quakes.
    """
    by_id: dict[tuple[str, bool], list[Revision]] = {}
    for revision in revisions:
        by_id.setdefault((revision.event_id, revision.drill), []).append(revision)
    events = [sorted(group, key=lambda one: one.rank, reverse=True) for group in by_id.values()]
    events.sort(key=lambda event: (event[0].time, event[0].event_id, event[0].drill))
    quakes: list[list[Revision]] = []
    near: list[list[Revision]] = []
    for event in events:
        if near and (event[0].time - near[-1][0].time).total_seconds() > MOST_SECONDS:
            quakes += _linked(near)
            near = []
        near.append(event)
    quakes += _linked(near)
    return sorted(quakes, key=lambda quake: (quake[0].time, quake[0].event_id, quake[0].drill), reverse=True)


def _linked(events: list[list[Revision]]) -> list[list[Revision]]:
    """Quakes of events that may belong together; each event newest version first."""
    at: dict[tuple[Any, ...], list[list[Revision]]] = {}  # events of one and the same origin are one from the start
    for event in events:
        one = event[0]
        at.setdefault((one.time, one.longitude, one.latitude, one.magnitude, one.drill), []).append(event)
    origins = list(at.values())
    pairs = _near_pairs([origin[0][0] for origin in origins])
    member = [{number} for number in range(len(origins))]  # the same set for all members of one quake
    common = [{number} for number in range(len(origins))]  # whom the rule joins with every member of its quake
    for _share, a, b in pairs:
        common[a].add(b)
        common[b].add(a)
    for _share, a, b in pairs:
        if b not in member[a] and member[b] <= common[a]:
            member[a] |= member[b]
            common[a] &= common[b]
            for number in member[b]:
                member[number], common[number] = member[a], common[a]
    quakes = {id(group): group for group in member}.values()
    joined = ([one for number in group for event in origins[number] for one in event] for group in quakes)
    return [sorted(quake, key=lambda one: one.rank, reverse=True) for quake in joined]


def _near_pairs(stand_ins: list[Revision]) -> list[tuple[float, int, int]]:
    """(share of the limit, number, number) of those that the rule joins, the nearest first."""
    found = []
    by_latitude = sorted(range(len(stand_ins)), key=lambda number: stand_ins[number].latitude)
    for place, first in enumerate(by_latitude):
        for second in by_latitude[place + 1 :]:
            one, other = stand_ins[first], stand_ins[second]
            if other.latitude - one.latitude > _MOST_DEGREES:
                break
            if abs(one.magnitude - other.magnitude) < 1.1 * MOST_MAGNITUDE and same_quake(one, other):
                found.append((apart(one, other), min(first, second), max(first, second)))
    return sorted(found)


def below(shown: Mapping[str, Any], records: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of the records, the version of the same quake that ranks just below the shown one; None if it is the lowest.

    records: any number of entries; those of other quakes, and the shown one itself, may be among them.
    """
    this = Revision.of(shown)
    found = {(one.event_id, one.version): record for record in records for one in [Revision.of(record)]}
    found[this.event_id, this.version] = shown
    for quake in join(Revision.of(record) for record in found.values()):
        if this in quake:
            lower = quake[quake.index(this) + 1 :]
            return found[lower[0].event_id, lower[0].version] if lower else None
    return None


@dataclass(frozen=True, slots=True)
class Row:
    """One number of two versions, unrounded; None where a version does not know it."""

    before: float | None
    after: float | None

    @property
    def difference(self) -> float | None:
        """After minus before; None when one of them is unknown."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class Difference:
    """What a version changed.

    Pairs are (before, after). levels: alert levels or None. models: the fatality model that set each.
    chances: probability of each level, None where unknown. moved_km, moved_deg: how far and to where the
    epicentre moved. rows: magnitude, depth_km, max_mmi, people_mmi6_plus to people_mmi8_plus,
    deaths_median, _p05, _p25, _p75, _p95.
    """

    events: tuple[Mapping[str, Any], Mapping[str, Any]]
    versions: tuple[str, str]
    numbers: tuple[int, int]
    source_types: tuple[str, str]
    levels: tuple[str | None, str | None]
    models: tuple[str, str]
    chances: tuple[Mapping[str, float] | None, Mapping[str, float] | None]
    max_mmi: tuple[float, float]
    moved_km: float
    moved_deg: float
    rows: Mapping[str, Row]

    @property
    def changed(self) -> dict[str, Row]:
        """The rows whose number is another one now."""
        return {name: row for name, row in self.rows.items() if row.before != row.after}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """What changed from one impact.json to another. Deaths are by the model that sets the level of each."""
    both = (before, after)
    points = [(one["event"]["longitude"], one["event"]["latitude"]) for one in both]
    first, second = (_numbers(one) for one in both)
    return Difference(
        events=(before["event"], after["event"]),
        versions=(before["version"], after["version"]),
        numbers=(before["version_number"], after["version_number"]),
        source_types=(before["source_type"], after["source_type"]),
        levels=(before["alert"]["level"], after["alert"]["level"]),
        models=(before["alert"]["model"], after["alert"]["model"]),
        chances=(before["alert"]["probability"], after["alert"]["probability"]),
        max_mmi=(before["map"]["max_mmi"], after["map"]["max_mmi"]),
        moved_km=distance_km(points[0], points[1]),
        moved_deg=bearing_deg(points[0], points[1]),
        rows={name: Row(first[name], second[name]) for name in first},
    )


def _numbers(impact: Mapping[str, Any]) -> dict[str, float | None]:
    found: dict[str, float | None] = {
        "magnitude": impact["event"]["magnitude"],
        "depth_km": impact["event"]["depth_km"],
        "max_mmi": impact["map"]["max_mmi"],
    }
    by_mmi = impact["people"]["by_mmi"] or {}
    for floor in _FLOORS:
        counts = [by_mmi.get(str(mmi)) for mmi in range(floor, 11)]
        found[f"people_mmi{floor}_plus"] = None if None in counts else sum(float(count) for count in counts if count)
    deaths = impact["fatalities"][impact["alert"]["model"]] if impact["fatalities"] else {}
    return found | {f"deaths_{name}": deaths.get(name) for name in _QUANTILES}
