"""What subscriptions are compared with: one version of an event, from its catalogue entry and impact.json."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from siaga import keys
from siaga.catalog import Entry
from siaga.hazard.ash import CLASSES as ASH_CLASSES
from siaga.impact.loss import LEVELS
from siaga.impact.stored import Impact
from siaga.impact.stored.ash import AshDeposit
from siaga.impact.stored.classed import ClassedZone
from siaga.impact.stored.earthquake import EarthquakeZone, Shaking
from siaga.impact.stored.flood import FloodExtent

FELT_FROM = 5  # MMI: felt by nearly everybody; a zone below it is not hit
SEVERITY = {  # rank among LEVELS, as CAP's judgement has it (docs/feeds.md)
    "earthquake": {level: rank for rank, level in enumerate(LEVELS)},
    "flood": {"1": 0, "2": 1, "3": 2, "4": 2},
    "ash": dict(zip(ASH_CLASSES, (0, 0, 1, 2, 3), strict=True)),
}


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """One zone: its people by MMI class or class of the hazard; hit: whether at least one person, None if unknown."""

    by_class: Mapping[str, float | None]
    hit: bool | None


@dataclass(frozen=True, slots=True)
class Facts:
    """One version of an event. time, received: UTC as stored. level: as stored, "" where none is known or all is dry.

    severity: its rank among LEVELS, None where unknown. people: at MMI VI and above, or affected; None if unknown.
    by_mmi: of a quake, people by class. areas: of a flood, RWs by state. has_report: whether it is there.
    bounds: west, south, east, north of the map; None where all is dry.
    longitude, latitude: of epicentre, volcano or the middle of a flood; None where not known.
    """

    hazard: str
    event_id: str
    version: str
    run: str
    drill: bool
    time: str
    received: str
    level: str
    severity: int | None
    people: float | None
    longitude: float | None
    latitude: float | None
    magnitude: float | None
    by_mmi: Mapping[str, float | None]
    areas: Mapping[str, int]
    zones: Mapping[str, ZoneFacts]
    has_report: bool
    bounds: tuple[float, float, float, float] | None

    @property
    def subject(self) -> str:
        """What versions of one event have in common: of a flood its region, whose hours follow each other."""
        if self.hazard == "flood":
            return keys.Snapshot.parse(self.event_id).region
        return keys.identity(self.hazard, self.event_id)

    def people_from(self, mmi: int, codes: Sequence[str] = ()) -> float | None:
        """People at that MMI and above, of all the map or of zones with these codes; None where unknown."""
        if not codes:
            return _sum(people for name, people in self.by_mmi.items() if int(name) >= mmi)
        zones = (self.zones[code].by_class for code in codes if code in self.zones)
        return _sum(people for by_mmi in zones for name, people in by_mmi.items() if int(name) >= mmi)

    def areas_from(self, state: int) -> int:
        """RWs in that state and above."""
        return sum(count for name, count in self.areas.items() if int(name) >= state)


def of(entry: Entry, impact: Impact) -> Facts:
    """Those of an entry of any hazard and the impact.json that it names."""
    hazard, quake = entry["hazard"], entry if entry["hazard"] == "earthquake" else None
    level = (quake["alert"] if quake else entry["highest_class"]) or ""
    known = impact["people"]["total"] is not None
    by_mmi = impact["people"]["by_mmi"] if impact["hazard"] == "earthquake" else {}
    longitude, latitude = _place(entry, impact)
    return Facts(
        hazard=hazard,
        event_id=entry["event_id"],
        version=entry["version"],
        run=entry["run"],
        drill=entry["drill"],
        time=entry["time"],
        received=entry["arrival"]["received"],
        level=level,
        severity=SEVERITY[hazard].get(level),
        people=quake["people"]["mmi6_plus"] if quake else entry["affected"],
        longitude=longitude,
        latitude=latitude,
        magnitude=quake["magnitude"] if quake else None,
        by_mmi={name: people if known else None for name, people in by_mmi.items()},
        areas=entry["areas_by_class"] if entry["hazard"] == "flood" else {},
        zones={zone["code"]: _zone(zone) for zone in impact["zones"]},
        has_report=entry["report"] is not None,
        bounds=_bounds(impact["map"]),
    )


def _place(entry: Entry, impact: Impact) -> tuple[float | None, float | None]:
    if entry["hazard"] == "earthquake":
        return entry["longitude"], entry["latitude"]
    if entry["hazard"] == "ash":
        return entry["volcano"]["longitude"], entry["volcano"]["latitude"]
    bounds = _bounds(impact["map"])
    return ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2) if bounds else (None, None)


def _bounds(sides: Shaking | FloodExtent | AshDeposit) -> tuple[float, float, float, float] | None:
    west, south, east, north = sides["west"], sides["south"], sides["east"], sides["north"]
    if west is None or south is None or east is None or north is None:
        return None
    return west, south, east, north


def _zone(zone: EarthquakeZone | ClassedZone) -> ZoneFacts:
    if "by_mmi" in zone:
        by_mmi = cast(EarthquakeZone, zone)["by_mmi"]
        felt = _sum(people for name, people in by_mmi.items() if int(name) >= FELT_FROM)
        return ZoneFacts(by_mmi, None if felt is None else felt >= 1)
    affected = zone["affected"]
    return ZoneFacts(zone["by_class"], None if affected is None else affected >= 1)


def _sum(counts: Iterable[float | None]) -> float | None:
    listed = list(counts)
    return None if None in listed else sum(count for count in listed if count)
