"""What the impact.json of hazards with classes of depth or thickness share: floods and ash falls.

by_class always has all classes of its hazard by name.
"""

from collections.abc import Mapping
from typing import TypedDict

from siaga.impact.stored.head import PeopleFacts, Plan, Totals, ZoneName


class ClassedEstimate(Totals):
    """What happens to people by the whole map; planning None where they are not known."""

    planning: Plan | None


class ClassedPeople(PeopleFacts):
    """Everybody in the polygons of the hazard, persons."""

    by_class: Mapping[str, float | None]


class ClassedAmounts(TypedDict):
    """What is said of the people of one place, persons."""

    by_class: Mapping[str, float]
    people: float
    affected: float
    displaced: float


class ClassedZone(ZoneName, Totals):
    """One zone; every figure None where nothing is known of it."""

    by_class: Mapping[str, float | None]
    people: float | None


class CountedZone(ZoneName, ClassedAmounts):
    """One zone of which something is known: the same record, without unknown figures."""


class ClassedTable(TypedDict):
    """The level of zones that tables list. covers: the share of people who live in them; outside: all others."""

    level: str | None
    covers: float | None
    outside: ClassedAmounts
