"""What a flood does to people: figures from persons per depth class and zone.

Classes are PetaBencana's states, "1" to "4"; rates are InaSAFE's (flood_petabencana_hazard_classes).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from siaga.hazard.flood import STATES, FloodMap
from siaga.impact.breakdown import known_share
from siaga.impact.classed import Scale
from siaga.impact.stored.flood import FloodedArea, FloodedRoads, FloodedStructures, FloodedVillage, FloodExtent

CLASSES = tuple(str(state) for state in STATES)
AFFECTED_FROM = 2  # state 1 means "use caution": the depth is not known, nobody is counted as affected

# Centimetres, lowest and highest; None where PetaBencana sets no limit.
DEPTHS_CM: Mapping[str, tuple[int | None, int | None]] = {
    "1": (None, None),
    "2": (10, 70),
    "3": (71, 150),
    "4": (151, None),
}


SCALE = Scale(CLASSES, affected=(False, True, True, True), displaced=(0.0, 0.01, 0.03, 0.05))


def flooding(flood: FloodMap) -> FloodExtent:
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


@dataclass(frozen=True, slots=True)
class AreaExposure:
    """People of one RW, or of several together: persons per class.

    area: its cells, on the population grid or not. counted: those of them for which there is a count.
    """

    by_class: NDArray[np.float64]
    area: float
    counted: float

    def __add__(self, other: "AreaExposure") -> "AreaExposure":
        """Both together."""
        return AreaExposure(self.by_class + other.by_class, self.area + other.area, self.counted + other.counted)

    @property
    def known_share(self) -> float:
        """The share of the ground with a count, 0 to 1."""
        return known_share(self.counted, self.area)


def areas(flood: FloodMap, people: Mapping[str, AreaExposure] | None) -> list[FloodedArea]:
    """impact.json's areas: every RW that is not dry, once, with its highest state; the highest first.

    people: by geom_id; None when nothing is known.
    """
    named = {area.geom_id: area for area in flood.areas}
    return [
        {
            "geom_id": geom_id,
            "name": named[geom_id].area_name,
            "parent": named[geom_id].parent_name,
            "city": named[geom_id].city_name,
            "state": state,
            **_total(people, geom_id),
        }
        for geom_id, state in sorted(flood.states.items(), key=lambda item: (-item[1], item[0]))
    ]


class _Total(TypedDict):
    people: float | None
    known: float | None


def _total(people: Mapping[str, AreaExposure] | None, geom_id: str) -> _Total:
    """People None where nothing is known; known None where that is so of every RW."""
    if people is None or geom_id not in people:
        return {"people": None, "known": None}
    found = people[geom_id]
    return {"people": float(found.by_class.sum()) if found.known_share else None, "known": found.known_share}


def village_code(geom_id: str) -> str:
    """BPS's number of an RW's kelurahan, "" for an id of another kind.

    An RW's sixteen digits begin with the ten of its kelurahan, and those with the seven of its kecamatan
    (BPS: province 2, city 2, kecamatan 3, kelurahan 3, RW 3, and 000).

    >>> village_code("3174040008001000"), village_code("pkey-7")
    ('3174040008', '')
    """
    return geom_id[:10] if len(geom_id) == 16 and geom_id.isdigit() else ""


def villages(flood: FloodMap, people: Mapping[str, AreaExposure] | None) -> list[FloodedVillage]:
    """impact.json's villages: the kelurahan of the RWs that are not dry, by their code; arguments as above.

    RWs of other ids than BPS's have no code and go by the kelurahan's name.
    """
    named = {area.geom_id: area for area in flood.areas}
    parts: dict[tuple[str, str], list[str]] = {}
    for geom_id in sorted(flood.states):
        parts.setdefault((village_code(geom_id), named[geom_id].parent_name), []).append(geom_id)
    return [_village(code, name, ids, flood.states, people) for (code, name), ids in sorted(parts.items())]


def _village(
    code: str, name: str, geom_ids: Sequence[str], states: Mapping[str, int], people: Mapping[str, AreaExposure] | None
) -> FloodedVillage:
    listed = [states[geom_id] for geom_id in geom_ids]
    described: FloodedVillage = {
        "code": code or None,
        "district": code[:7] or None,
        "name": name,
        "areas_by_class": {str(state): listed.count(state) for state in STATES},
        "highest_class": str(max(listed)),
        "by_class": None,
        "people": None,
        "affected": None,
        "displaced": None,
        "known": None,
    }
    found = [people[geom_id] for geom_id in geom_ids if geom_id in people] if people else []
    if not found:
        return described
    whole = sum(found[1:], start=found[0])
    described["known"] = whole.known_share
    return {**described, **SCALE.amounts(whole.by_class)} if whole.known_share else described


def structures_record(types: Sequence[str], counts: NDArray[np.int64], *, whole: bool) -> FloodedStructures:
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


def roads_record(types: Sequence[str], km: NDArray[np.float64], *, whole: bool) -> FloodedRoads:
    """impact.json's roads. km: (types, 5) kilometres that stay dry, then per class; whole: as for structures."""
    wet = km[:, 1:]
    return {
        "by_class": SCALE.by_class(wet.sum(axis=0)),
        "by_type": {kind: SCALE.by_class(row) for kind, row in zip(types, wet, strict=True) if row.any()},
        "total_km": float(wet.sum()),
        "affected_km": float(wet[:, AFFECTED_FROM - 1 :].sum()),
        "dry_km": float(km[:, 0].sum()) if whole else None,
    }


def geojson(flood: FloodMap) -> dict[str, object]:
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
