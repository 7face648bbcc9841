"""The place by which people find an epicentre."""

from collections.abc import Sequence

from siaga.impact.stored.earthquake import PlaceRecord

_TOWN = 10_000  # people: a place that a reader in the capital has heard of
_SEATS = ("city", "regency_seat")  # so is the seat of a kabupaten, whatever is known of its people
_FARTHEST_KM = 2000.0  # a place farther away says less than the coordinates do
_FARTHER = 3.0  # times the distance of the nearest place; beyond that the small place says more


def well_known(population: float | None, kind: str) -> bool:
    """Whether a reader elsewhere will have heard of a place. kind: as in the list of places."""
    return kind in _SEATS or (population or 0.0) >= _TOWN


def choose(nearest: PlaceRecord | None, towns: Sequence[PlaceRecord]) -> PlaceRecord | None:
    """The nearest of the well-known towns, unless another place is very much nearer; None where all are far away.

    nearest: of all places. Places are as in impact.json.
    """
    if nearest is None or nearest["distance_km"] > _FARTHEST_KM:
        return None
    town = min(towns, key=lambda place: place["distance_km"], default=None)
    return town if town and town["distance_km"] <= max(30.0, _FARTHER * nearest["distance_km"]) else nearest
