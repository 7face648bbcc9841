"""The axis of deaths: logarithmic, from one to a hundred thousand, tinted by level."""

from math import log10

from siaga.impact.stored.earthquake import DeathsRecord

DECADES = 5
BANDS = (("yellow", 0.0, 40.0), ("orange", 40.0, 60.0), ("red", 60.0, 100.0))  # in per cent of the width
TICKS = tuple((10**power, power / DECADES * 100) for power in range(DECADES + 1))


def position(deaths: float) -> float:
    """Where a number of deaths stands, 0 to 100; below one at the left end.

    >>> position(1), position(100), position(10**6)
    (0.0, 40.0, 100.0)
    """
    return round(min(100.0, max(0.0, log10(deaths) / DECADES * 100)), 2) if deaths > 0 else 0.0


def mark(fatalities: DeathsRecord) -> dict[str, float]:
    """A model on the axis: dot (median), block (50 %), line (90 %)."""
    return {name: position(fatalities[name]) for name in ("median", "p05", "p25", "p75", "p95")}
