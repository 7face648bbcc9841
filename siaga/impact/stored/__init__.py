"""impact.json as it is stored: a typed record for each hazard, held equal to its JSON Schema by a test."""

from siaga.impact.stored.ash import AshImpact
from siaga.impact.stored.earthquake import EarthquakeImpact
from siaga.impact.stored.flood import FloodImpact

__all__ = ["AshImpact", "EarthquakeImpact", "FloodImpact", "Impact", "event_time"]

Impact = EarthquakeImpact | FloodImpact | AshImpact


def event_time(impact: Impact) -> str:
    """When it happened, UTC as stored; "" for ash without a request, which has neither catalogue entry nor report."""
    return impact["event"]["time"] or ""
