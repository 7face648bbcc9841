"""What a flood does to people: figures from persons per depth class and zone.

Classes are PetaBencana's states, "1" to "4"; rates are InaSAFE's (flood_petabencana_hazard_classes).
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siaga.hazard.flood import STATES, FloodMap
from siaga.impact import needs

CLASSES = tuple(str(state) for state in STATES)
AFFECTED_FROM = 2  # state 1 means "use caution": the depth is not known, nobody is counted as affected
DISPLACED = {"1": 0.0, "2": 0.01, "3": 0.03, "4": 0.05}  # of the people in each class

# Centimetres, lowest and highest; None where PetaBencana sets no limit.
DEPTHS_CM: Mapping[str, tuple[int | None, int | None]] = {
    "1": (None, None),
    "2": (10, 70),
    "3": (71, 150),
    "4": (151, None),
}


@dataclass(frozen=True, slots=True)
class ZoneExposure:
    """People of one zone who live under water: persons per class "1" to "4", float64."""

    code: str
    name: str
    level: str | None
    parent: str | None
    by_class: NDArray[np.float64]


def figures(by_class: NDArray[np.float64] | None) -> dict[str, Any]:
    """The part of impact.json that speaks of the whole flood.

    by_class: persons per class; None when nothing is known under the flood: unknown is not 0.
    """
    if by_class is None:
        return {"affected": None, "displaced": None, "planning": None}
    count = displaced(by_class)
    return {
        "affected": affected(by_class),
        "displaced": count,
        "planning": {"people": count, "needs": needs.needs(count), "groups": needs.groups(count)},
    }


def affected(by_class: Sequence[float] | NDArray[np.float64]) -> float:
    """People in classes 2 to 4.

    >>> affected([10.0, 100.0, 20.0, 0.0])
    120.0
    """
    return float(sum(by_class[AFFECTED_FROM - 1 :]))


def displaced(by_class: Sequence[float] | NDArray[np.float64]) -> float:
    """People who are likely to leave their homes: 1, 3 and 5 % of classes 2, 3 and 4.

    >>> round(displaced([10.0, 100.0, 20.0, 10.0]), 9)
    2.1
    """
    return float(sum(count * rate for count, rate in zip(by_class, DISPLACED.values(), strict=True)))


def by_class_record(by_class: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    """Always four keys, "1" to "4"."""
    return {name: float(count) for name, count in zip(CLASSES, by_class, strict=True)}


def zone_record(zone: ZoneExposure) -> dict[str, Any]:
    """One entry of impact.json's zones."""
    return {
        "code": zone.code,
        "name": zone.name,
        "level": zone.level,
        "parent": zone.parent,
        "by_class": by_class_record(zone.by_class),
        "people": float(zone.by_class.sum()),
        "affected": affected(zone.by_class),
        "displaced": displaced(zone.by_class),
    }


def flooding(flood: FloodMap) -> dict[str, Any]:
    """impact.json's map: bounds in degrees (None when all is dry), RWs per state, the hash of their set."""
    west, south, east, north = flood.bounds or (None,) * 4
    return {
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "areas": len(flood.states),
        "areas_by_class": flood.count_by_state,
        "highest_class": str(flood.highest) if flood.highest else None,
        "depths_cm": {name: list(limits) for name, limits in DEPTHS_CM.items()},
        "states_sha256": flood.sha256,
    }


def is_reported(flood: FloodMap) -> bool:
    """Whether a report is made: somewhere the water stands ten centimetres or higher."""
    return flood.highest >= AFFECTED_FROM


def areas(flood: FloodMap) -> list[dict[str, Any]]:
    """impact.json's areas: every RW that is not dry, once, with its highest state; the highest first."""
    named = {area.geom_id: area for area in flood.areas}
    return [
        {"geom_id": geom_id, "name": named[geom_id].area_name, "parent": named[geom_id].parent_name, "state": state}
        for geom_id, state in sorted(flood.states.items(), key=lambda item: (-item[1], item[0]))
    ]


def people(
    by_class: NDArray[np.float64] | None,
    outside_zones: float | None,
    note: Mapping[str, Any] | None,
    nodata_cells: int | None,
    beyond_data: float | None,
) -> dict[str, Any]:
    """impact.json's people: who lives under water; all None with the note as its reason where nothing is known."""
    return {
        "by_class": None if by_class is None else by_class_record(by_class),
        "total": None if by_class is None else float(by_class.sum()),
        "outside_zones": outside_zones,
        "nodata_cells": nodata_cells,
        "beyond_data": beyond_data,
        "note": None if note is None else dict(note),
    }


def structures_record(types: Sequence[str], counts: NDArray[np.int64], *, whole: bool) -> dict[str, Any]:
    """impact.json's structures. counts: (types, 5) structures that stay dry, then per class.

    whole: whether all that there are were read; else how many stay dry is not known.
    """
    wet = counts[:, 1:]
    return {
        "by_class": {name: int(count) for name, count in zip(CLASSES, wet.sum(axis=0), strict=True)},
        "by_type": {
            kind: {name: int(count) for name, count in zip(CLASSES, row, strict=True)}
            for kind, row in zip(types, wet, strict=True)
            if row.any()
        },
        "total": int(wet.sum()),
        "affected": int(wet[:, AFFECTED_FROM - 1 :].sum()),
        "dry": int(counts[:, 0].sum()) if whole else None,
    }


def roads_record(types: Sequence[str], km: NDArray[np.float64], *, whole: bool) -> dict[str, Any]:
    """impact.json's roads. km: (types, 5) kilometres that stay dry, then per class; whole: as for structures."""
    wet = km[:, 1:]
    return {
        "by_class": by_class_record(wet.sum(axis=0)),
        "by_type": {kind: by_class_record(row) for kind, row in zip(types, wet, strict=True) if row.any()},
        "total_km": float(wet.sum()),
        "affected_km": float(wet[:, AFFECTED_FROM - 1 :].sum()),
        "dry_km": float(km[:, 0].sum()) if whole else None,
    }


def geojson(flood: FloodMap) -> dict[str, Any]:
    """The flooded RWs as a FeatureCollection, the highest state first."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "geom_id": area.geom_id,
                    "name": area.area_name,
                    "parent": area.parent_name,
                    "city": area.city_name,
                    "class": str(area.state),
                    "last_updated": area.last_updated.isoformat() if area.last_updated else None,
                },
                "geometry": {
                    "type": "MultiPolygon",
                    "coordinates": [[ring.tolist() for ring in rings] for rings in area.polygons],
                },
            }
            for area in sorted(flood.areas, key=lambda area: (-area.state, area.geom_id))
        ],
    }


def zones_csv(zones: Sequence[Mapping[str, Any]]) -> bytes:
    """The zones as a table, figures unrounded."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = [
        "level",
        "code",
        "name",
        "parent",
        "people",
        *(f"class_{name}" for name in CLASSES),
        "affected",
        "displaced",
    ]
    writer.writerow(head)
    for zone in zones:
        named = (zone["level"], zone["code"], zone["name"], zone["parent"], zone["people"])
        writer.writerow([*named, *zone["by_class"].values(), zone["affected"], zone["displaced"]])
    return text.getvalue().encode()
