"""impact.json as it is stored: a typed record for each hazard, held equal to its JSON Schema by a test."""

from typing import cast

from siaga.impact.stored.ash import AshImpact, eruption_of
from siaga.impact.stored.earthquake import EarthquakeImpact
from siaga.impact.stored.flood import FloodImpact

__all__ = [
    "AshImpact",
    "ClassedImpact",
    "EarthquakeImpact",
    "FloodImpact",
    "Impact",
    "eruption_of",
    "event_time",
    "people_hit",
]

_HIT_FROM = 6  # MMI: slight damage

ClassedImpact = FloodImpact | AshImpact
Impact = EarthquakeImpact | ClassedImpact


def event_time(impact: Impact) -> str:
    """When it happened, UTC as stored; "" for ash without a request, which has neither catalogue entry nor report."""
    return impact["event"]["time"] or ""


def people_hit(impact: Impact) -> float | None:
    """Persons at MMI VI and up; None where nobody knows, and for the hazards that know no MMI."""
    if "by_mmi" not in impact["people"] or impact["people"]["total"] is None:
        return None
    by_mmi = cast(EarthquakeImpact, impact)["people"]["by_mmi"]
    return sum(count or 0.0 for mmi, count in by_mmi.items() if int(mmi) >= _HIT_FROM)
