"""The zones that tables list: which they are, who lives in none of them, and of which nothing is known."""

from collections.abc import Mapping, Sequence
from typing import TypeVar, cast, overload

from siaga.impact.stored import ClassedImpact, EarthquakeImpact, Impact
from siaga.impact.stored.classed import ClassedAmounts, ClassedTable, ClassedZone, CountedZone
from siaga.impact.stored.earthquake import (
    CountedEarthquakeZone,
    EarthquakeAmounts,
    EarthquakeTable,
    EarthquakeZone,
)
from siaga.impact.stored.head import ZoneName
from siaga.language import Language

OUTSIDE = "outside the zones listed"
_WHOLE = 0.995  # of a zone's ground; what lacks less than that needs no word

_Zone = TypeVar("_Zone", EarthquakeZone, ClassedZone)


@overload
def all_of(impact: EarthquakeImpact) -> list[EarthquakeZone]: ...
@overload
def all_of(impact: ClassedImpact) -> list[ClassedZone]: ...
def all_of(impact: Impact) -> list[EarthquakeZone] | list[ClassedZone]:
    """The zones that tables list.

    They are of the level that impact.json's table names; of a record that is older than that, of the level
    that has most of them.
    """
    if impact["hazard"] == "earthquake":
        return _of_table(impact["zones"], impact.get("table"))
    return _of_table(impact["zones"], impact.get("table"))


def _of_table(zones: Sequence[_Zone], table: EarthquakeTable | ClassedTable | None) -> list[_Zone]:
    by_level: dict[str | None, list[_Zone]] = {}
    for zone in zones:
        by_level.setdefault(zone["level"], []).append(zone)
    return by_level.get(table["level"], []) if table else max(by_level.values(), key=len, default=[])


@overload
def counted(impact: EarthquakeImpact) -> list[CountedEarthquakeZone]: ...
@overload
def counted(impact: ClassedImpact) -> list[CountedZone]: ...
def counted(impact: Impact) -> list[CountedEarthquakeZone] | list[CountedZone]:
    """The zones that tables list, as far as anything is known of their people."""
    if impact["hazard"] == "earthquake":
        return [cast(CountedEarthquakeZone, zone) for zone in all_of(impact) if zone["people"] is not None]
    return [cast(CountedZone, zone) for zone in all_of(impact) if zone["people"] is not None]


@overload
def outside(impact: EarthquakeImpact) -> EarthquakeAmounts | None: ...
@overload
def outside(impact: ClassedImpact) -> ClassedAmounts | None: ...
def outside(impact: Impact) -> EarthquakeAmounts | ClassedAmounts | None:
    """The people who live in none of the zones that tables list; None where nobody does.

    A record that is older than impact.json's table says nothing of them.
    """
    table = impact.get("table")
    return table["outside"] if table and table["outside"]["people"] > 0 else None


def parent_name(parent: str | None, names: Mapping[str, str]) -> str:
    """What the zone above another is called, "" where the impact does not name it: a code tells readers nothing.

    parent: its code. names: of the impact's zones by their codes.
    """
    return names.get(parent or "", "")


def unknown(impact: Impact) -> Sequence[ZoneName]:
    """The zones that tables list of whose people nothing is known."""
    return [zone for zone in all_of(impact) if zone["people"] is None]


def unknown_name(zones: Sequence[ZoneName], _: Language) -> str:
    """What the row of zones without any count is called: the zone itself where it is the only one."""
    return zones[0]["name"] if len(zones) == 1 else _("{count} without population data", count=len(zones))


def named(name: str, zone: ZoneName, _: Language) -> str:
    """A zone's name; with the share of its ground that has a count where that is not all of it."""
    known = zone.get("known")
    if known is None or known >= _WHOLE:
        return name
    return _("{name} ({percent} % known)", name=name, percent=max(1, int(100 * known)))
