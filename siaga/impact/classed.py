"""People by class of a hazard that has classes of depth or thickness: the figures that all such hazards share."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from siaga.errors import Reason
from siaga.impact import needs
from siaga.impact.breakdown import Breakdown, ZoneExposure
from siaga.impact.stored.classed import ClassedAmounts, ClassedEstimate, ClassedPeople, ClassedTable, ClassedZone
from siaga.impact.stored.head import PeopleFacts, ZoneName

OUTSIDE = "outside these zones"  # who lives in no zone of the level that tables list, in tables for machines
People = Sequence[float] | NDArray[np.float64]  # persons per class, the slightest class first


class Counted(Protocol):
    """What laying a hazard upon a population grid found, as far as all hazards have it: see gis.shaken, gis.classed."""

    @property
    def table(self) -> Breakdown | None: ...  # noqa: D102
    @property
    def nodata_cells(self) -> int | None: ...  # noqa: D102
    @property
    def unknown_share(self) -> float | None: ...  # noqa: D102
    @property
    def beyond_data(self) -> float | None: ...  # noqa: D102
    @property
    def note(self) -> Reason | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Scale:
    """The classes of a hazard, the slightest first, and what each means for people.

    affected: whether people of a class count as affected. displaced: the part of them, 0 to 1, who are
    likely to leave their homes.
    """

    names: tuple[str, ...]
    affected: tuple[bool, ...]
    displaced: tuple[float, ...]

    def by_class(self, people: People) -> dict[str, float]:
        """Always all classes by name."""
        return {name: float(count) for name, count in zip(self.names, people, strict=True)}

    def count_affected(self, people: People) -> float:
        """How many are affected."""
        return float(sum(count for count, counts in zip(people, self.affected, strict=True) if counts))

    def count_displaced(self, people: People) -> float:
        """How many are likely to leave their homes."""
        return float(sum(count * rate for count, rate in zip(people, self.displaced, strict=True)))

    def estimate(self, people: People | None) -> ClassedEstimate:
        """The part of impact.json that speaks of the whole; None where nothing is known: unknown is not 0."""
        if people is None:
            return {"affected": None, "displaced": None, "planning": None}
        count = self.count_displaced(people)
        return {
            "affected": self.count_affected(people),
            "displaced": count,
            "planning": {"people": count, "needs": needs.needs(count), "groups": needs.groups(count)},
        }

    def people(self, by_class: NDArray[np.float64] | None, counted: Counted) -> ClassedPeople:
        """impact.json's people; by_class None, with the note as its reason, where nothing is known."""
        return {**people_facts(by_class, counted), "by_class": by_name(self.names, by_class)}

    def zone(self, zone: ZoneExposure) -> ClassedZone:
        """One entry of impact.json's zones; every figure None where nothing is known of the zone."""
        if zone.known_share:
            return {**named(zone), **self.amounts(zone.by_class)}
        unknown = dict.fromkeys(self.names)
        return {**named(zone), "by_class": unknown, "people": None, "affected": None, "displaced": None}

    def table(self, table: Breakdown | None) -> ClassedTable | None:
        """impact.json's table: the level of zones that tables list, and a last row that makes them add up."""
        if table is None:
            return None
        return {"level": table.level, "covers": table.covers, "outside": self.amounts(table.outside)}

    def amounts(self, people: People) -> ClassedAmounts:
        """What is said of the people of one place."""
        return {
            "by_class": self.by_class(people),
            "people": float(sum(people)),
            "affected": self.count_affected(people),
            "displaced": self.count_displaced(people),
        }

    def zones_csv(self, zones: Sequence[Mapping[str, object]], table: Mapping[str, object] | None) -> bytes:
        """impact.json's zones as a table, figures unrounded."""
        return zones_csv(zones, table, "by_class", [f"class_{name}" for name in self.names])


def by_name(names: Sequence[str], by_class: NDArray[np.float64] | None) -> Mapping[str, float | None]:
    """Persons of each class by its name; None where nothing is known: unknown is not 0."""
    return dict.fromkeys(names) if by_class is None else dict(zip(names, by_class.tolist(), strict=True))


def people_facts(by_class: NDArray[np.float64] | None, counted: Counted) -> PeopleFacts:
    """What impact.json's people of any hazard say besides their classes.

    by_class: everybody on the map who has a count; None, with the note as its reason, where nothing is known.
    """
    return {
        "total": None if by_class is None else float(by_class.sum()),
        "outside_zones": None if counted.table is None else float(counted.table.outside.sum()),
        "nodata_cells": counted.nodata_cells,
        "unknown_share": counted.unknown_share,
        "beyond_data": counted.beyond_data,
        "note": counted.note,
    }


def named(zone: ZoneExposure) -> ZoneName:
    """What every hazard's entry of impact.json's zones begins with."""
    return {"code": zone.code, "name": zone.name, "level": zone.level, "parent": zone.parent, "known": zone.known_share}


def _cell(text: str | None) -> str | None:
    """What somebody else named a zone, as text for a spreadsheet too: before a formula's sign stands a quote."""
    return f"'{text}" if text and text[0] in "=+-@\t\r" else text


def zones_csv(
    zones: Sequence[Mapping[str, object]],
    table: Mapping[str, object] | None,
    key: str,
    columns: Sequence[str],
    more: Mapping[str, Callable[[Mapping[str, object]], object]] = MappingProxyType({}),
) -> bytes:
    """The zones of any hazard's impact.json as a table, figures unrounded; blank where they are not known.

    table: impact.json's; people in no zone of its level stand in a last row without a code. key: by_class or
    by_mmi; columns: what its classes are called. more: further columns, and what stands there.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["level", "code", "name", "parent", "people", *columns, "affected", "displaced", *more, "known"])
    rows = list(zones)
    outside = cast(Mapping[str, object], table["outside"]) if table else {}
    if table is not None and outside["people"]:
        unnamed = {"level": table["level"], "code": "", "name": OUTSIDE, "parent": "", "known": ""}
        rows.append({**unnamed, **outside})
    for zone in rows:
        place = (
            zone["level"],
            *(_cell(cast(str | None, zone[name])) for name in ("code", "name", "parent")),
            zone["people"],
        )
        further = (value(zone) for value in more.values())
        writer.writerow(
            [
                *place,
                *cast(Mapping[str, float | None], zone[key]).values(),
                zone["affected"],
                zone["displaced"],
                *further,
                zone["known"],
            ]
        )
    return text.getvalue().encode()
