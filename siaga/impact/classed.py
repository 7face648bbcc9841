"""People by class of a hazard that has classes of depth or thickness: the figures that all such hazards share."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siaga.impact import needs

People = Sequence[float] | NDArray[np.float64]  # persons per class, the slightest class first


@dataclass(frozen=True, slots=True)
class ZoneExposure:
    """People of one zone whom the hazard reaches: persons per class, float64."""

    code: str
    name: str
    level: str | None
    parent: str | None
    by_class: NDArray[np.float64]


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

    def figures(self, people: People | None) -> dict[str, Any]:
        """The part of impact.json that speaks of the whole; None where nothing is known: unknown is not 0."""
        if people is None:
            return {"affected": None, "displaced": None, "planning": None}
        count = self.count_displaced(people)
        return {
            "affected": self.count_affected(people),
            "displaced": count,
            "planning": {"people": count, "needs": needs.needs(count), "groups": needs.groups(count)},
        }

    def people(
        self,
        by_class: NDArray[np.float64] | None,
        outside_zones: float | None,
        note: Mapping[str, Any] | None,
        nodata_cells: int | None,
        beyond_data: float | None,
    ) -> dict[str, Any]:
        """impact.json's people; by_class None, with the note as its reason, where nothing is known."""
        return people_record("by_class", self.names, by_class, outside_zones, note, nodata_cells, beyond_data)

    def zone(self, zone: ZoneExposure) -> dict[str, Any]:
        """One entry of impact.json's zones."""
        return {
            "code": zone.code,
            "name": zone.name,
            "level": zone.level,
            "parent": zone.parent,
        } | self.amounts(zone.by_class)

    def amounts(self, people: People) -> dict[str, Any]:
        """What is said of the people of one place."""
        return {
            "by_class": self.by_class(people),
            "people": float(sum(people)),
            "affected": self.count_affected(people),
            "displaced": self.count_displaced(people),
        }

    def zones_csv(self, zones: Sequence[Mapping[str, Any]]) -> bytes:
        """impact.json's zones as a table, figures unrounded."""
        return zones_csv(zones, "by_class", [f"class_{name}" for name in self.names])


def people_record(
    key: str,
    names: Sequence[str],
    by_class: NDArray[np.float64] | None,
    outside_zones: float | None,
    note: Mapping[str, Any] | None,
    nodata_cells: int | None,
    beyond_data: float | None,
) -> dict[str, Any]:
    """impact.json's people of any hazard. key: by_class or by_mmi; names: of the classes.

    by_class None, with the note as its reason, where nothing is known: unknown is not 0.
    """
    return {
        key: dict.fromkeys(names) if by_class is None else dict(zip(names, by_class.tolist(), strict=True)),
        "total": None if by_class is None else float(by_class.sum()),
        "outside_zones": outside_zones,
        "nodata_cells": nodata_cells,
        "beyond_data": beyond_data,
        "note": None if note is None else dict(note),
    }


def zones_csv(
    zones: Sequence[Mapping[str, Any]],
    key: str,
    columns: Sequence[str],
    more: Mapping[str, Callable[[Mapping[str, Any]], Any]] = MappingProxyType({}),
) -> bytes:
    """The zones of any hazard's impact.json as a table, figures unrounded.

    key: by_class or by_mmi; columns: what its classes are called. more: further columns, and what stands there.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["level", "code", "name", "parent", "people", *columns, "affected", "displaced", *more])
    for zone in zones:
        named = (zone["level"], zone["code"], zone["name"], zone["parent"], zone["people"])
        further = (value(zone) for value in more.values())
        writer.writerow([*named, *zone[key].values(), zone["affected"], zone["displaced"], *further])
    return text.getvalue().encode()
