"""The place by which people find an epicentre."""

from collections.abc import Mapping, Sequence
from typing import Any

_TOWN = 10_000  # people: a place that a reader in the capital has heard of
_FARTHER = 3.0  # times the distance of the nearest place; beyond that the small place says more


def choose(nearest: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The nearest town, unless a smaller place is very much nearer; None where there is none.

    nearest: by distance; others: more candidates. Places are as in impact.json.
    """
    if not nearest:
        return None
    first = nearest[0]
    towns = [place for place in (*nearest, *others) if (place["population"] or 0) >= _TOWN]
    town = min(towns, key=lambda place: float(place["distance_km"]), default=None)
    return town if town and town["distance_km"] <= max(30.0, _FARTHER * first["distance_km"]) else first
