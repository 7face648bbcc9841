"""Versions of one quake: which of them counts, and what one changed. Which maps show one quake: impact.quakes.

A record here is an impact.json or a catalogue entry; both name the same facts. All is a function of the
set of records: in which order they came in does not matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import asin, atan2, cos, degrees, radians, sin, sqrt
from typing import TypedDict, cast

from siaga import keys
from siaga.impact.stored import EarthquakeImpact
from siaga.impact.stored.earthquake import EarthquakeEvent
from siaga.moment import parse

_EARTH_KM = 6371.0
_FLOORS = (6, 7, 8)
_QUANTILES = ("median", "p05", "p25", "p75", "p95")


class _Head(TypedDict):
    event_id: str
    version: str
    source_type: str
    version_number: int
    drill: bool


class _Origin(TypedDict):
    process_time: str | None
    time: str
    longitude: float
    latitude: float
    magnitude: float


@dataclass(frozen=True)
class Revision:
    """One version of one event, by what ranks and joins it.

    number: the NNN that the map itself gives. process_time: UTC as stored, "" where the map names none.
    time: of the quake, UTC. longitude, latitude: degrees, WGS84.
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
    def of(cls, record: Mapping[str, object]) -> "Revision":
        """From an impact.json or a catalogue entry; raises KeyError, ValueError when it is neither."""
        head, event = cast(_Head, record), cast(_Origin, record.get("event", record))
        return cls(
            event_id=head["event_id"],
            version=head["version"],
            source_type=head["source_type"],
            number=head["version_number"],
            process_time=event["process_time"] or "",
            time=parse(event["time"]),
            longitude=event["longitude"],
            latitude=event["latitude"],
            magnitude=event["magnitude"],
            drill=head["drill"],
        )

    @cached_property
    def tie(self) -> tuple[str, str]:
        """What decides between maps of one number and time: sha, then the id."""
        return keys.Version.parse(self.version).sha8, self.event_id


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


def newest_first(revisions: Iterable[Revision]) -> list[Revision]:
    """Versions of one quake: corrected maps, then initial ones; of one source the map with the higher number.

    Unless a map that was made later carries a lower number: a provider's counter began again, and what was made
    later counts. So maps that say when they were made stand by that time, those of one time by number. A map that
    does not say it has its number alone and is taken for one of the last count. Then sha and id decide.
    """
    by_source: dict[int, list[Revision]] = {}
    for one in revisions:
        by_source.setdefault(keys.SOURCE_RANK.get(one.source_type, 0), []).append(one)
    return [one for source in sorted(by_source, reverse=True) for one in reversed(_ascending(by_source[source]))]


def _ascending(maps: list[Revision]) -> list[Revision]:
    """Of one source, the newest last."""
    timed = sorted((one for one in maps if one.process_time), key=lambda one: (one.process_time, one.number, one.tie))
    last_count = max((at for at in range(1, len(timed)) if restarted(timed[at - 1], timed[at])), default=0)
    counted = [*timed[last_count:], *(one for one in maps if not one.process_time)]
    return timed[:last_count] + sorted(counted, key=lambda one: (one.number, one.process_time, one.tie))


def restarted(lower: Revision, higher: Revision) -> bool:
    """Whether the version that ranks higher does so though its number is lower: it was made later."""
    return lower.source_type == higher.source_type and higher.number < lower.number


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
    chances: probability of each level, None where unknown. restarted: whether the second has the lower number and
    was made later. moved_km, moved_deg: how far and to where the epicentre moved. rows: magnitude, depth_km,
    max_mmi, people_mmi6_plus to people_mmi8_plus, deaths_median, _p05, _p25, _p75, _p95.
    """

    events: tuple[EarthquakeEvent, EarthquakeEvent]
    versions: tuple[str, str]
    numbers: tuple[int, int]
    source_types: tuple[str, str]
    levels: tuple[str | None, str | None]
    models: tuple[str, str]
    chances: tuple[Mapping[str, float] | None, Mapping[str, float] | None]
    max_mmi: tuple[float, float]
    restarted: bool
    moved_km: float
    moved_deg: float
    rows: Mapping[str, Row]

    @property
    def changed(self) -> dict[str, Row]:
        """The rows whose number is another one now."""
        return {name: row for name, row in self.rows.items() if row.before != row.after}


def difference(before: EarthquakeImpact, after: EarthquakeImpact) -> Difference:
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
        restarted=restarted(Revision.of(before), Revision.of(after)),
        moved_km=distance_km(points[0], points[1]),
        moved_deg=bearing_deg(points[0], points[1]),
        rows={name: Row(first[name], second[name]) for name in first},
    )


def _numbers(impact: EarthquakeImpact) -> dict[str, float | None]:
    found: dict[str, float | None] = {
        "magnitude": impact["event"]["magnitude"],
        "depth_km": impact["event"]["depth_km"],
        "max_mmi": impact["map"]["max_mmi"],
    }
    by_mmi = impact["people"]["by_mmi"] or {}
    for floor in _FLOORS:
        counts = [by_mmi.get(str(mmi)) for mmi in range(floor, 11)]
        found[f"people_mmi{floor}_plus"] = None if None in counts else sum(float(count) for count in counts if count)
    by_model = impact["fatalities"]
    deaths: Mapping[str, object] = by_model[impact["alert"]["model"]] if by_model else {}
    return found | {f"deaths_{name}": cast(float | None, deaths.get(name)) for name in _QUANTILES}
