"""impact.json of one flooded hour; classes are PetaBencana's states, "1" to "4"."""

from collections.abc import Mapping
from typing import Literal, TypedDict

from siaga.impact.stored.classed import ClassedEstimate, ClassedPeople, ClassedTable, ClassedZone
from siaga.impact.stored.head import Head


class FloodEvent(TypedDict):
    """The hour, UTC; last_updated: of the newest state."""

    time: str
    region: str
    last_updated: str | None


class FloodExtent(TypedDict):
    """The map: bounds in degrees, None when all is dry; RWs by state; states_sha256: of their set.

    depths_cm: lowest and highest of each state, None where PetaBencana sets no limit.
    """

    west: float | None
    south: float | None
    east: float | None
    north: float | None
    areas: int
    areas_by_class: Mapping[str, int]
    highest_class: str | None
    depths_cm: Mapping[str, list[int | None]]
    states_sha256: str


class FloodedArea(TypedDict):
    """One RW that is not dry. people, known: None where nothing is known."""

    geom_id: str
    name: str
    parent: str
    city: str
    state: int
    people: float | None
    known: float | None


class FloodedVillage(TypedDict):
    """One kelurahan; code and that of its kecamatan None where its RWs have ids of another kind."""

    code: str | None
    district: str | None
    name: str
    areas_by_class: Mapping[str, int]
    highest_class: str
    by_class: Mapping[str, float] | None
    people: float | None
    affected: float | None
    displaced: float | None
    known: float | None


class FloodedStructures(TypedDict):
    """Structures in the water. dry: those that stay dry, None where not all were read."""

    by_class: Mapping[str, int]
    by_type: Mapping[str, Mapping[str, int]]
    total: int
    affected: int
    dry: int | None


class FloodedRoads(TypedDict):
    """Kilometres of road in the water; dry_km as for structures."""

    by_class: Mapping[str, float]
    by_type: Mapping[str, Mapping[str, float]]
    total_km: float
    affected_km: float
    dry_km: float | None


class FloodEstimates(ClassedEstimate):
    """What the flood does. structures, roads: None where they are not installed."""

    areas: list[FloodedArea]
    villages: list[FloodedVillage]
    people: ClassedPeople
    zones: list[ClassedZone]
    table: ClassedTable | None
    structures: FloodedStructures | None
    roads: FloodedRoads | None


class FloodImpact(Head, FloodEstimates):
    """All of it. reported: whether a report is made."""

    hazard: Literal["flood"]
    event: FloodEvent
    map: FloodExtent
    reported: bool
