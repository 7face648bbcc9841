"""What a quake may set off besides shaking: tsunami, landslides, liquefaction. None of it is in the figures.

Yes or no by depth, magnitude, coast and intensity; a reason to look, never a forecast. The rules are
Siaga's own, drawn wide, because a check too many costs a minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from siaga.impact.stored.earthquake import CaveatsRecord

# BMKG warns of a tsunami from M 7 at less than 100 km below the sea; tsunami services of the Indian and
# the Pacific Ocean write bulletins from M 6.5 on. Palu in 2018 began on land, 25 km from its bay.
TSUNAMI_MAGNITUDE, TSUNAMI_DEPTH_KM, TSUNAMI_COAST_KM = 6.5, 100.0, 50.0
# Keefer (1984), Landslides caused by earthquakes: slides from about M 4, mostly from MMI VI on; lateral
# spreads and flows, which are liquefaction, from about M 5, mostly from MMI VII on.
LANDSLIDE_MAGNITUDE, LANDSLIDE_MMI = 4.0, 6
LIQUEFACTION_MAGNITUDE, LIQUEFACTION_MMI = 5.0, 7


@dataclass(frozen=True, slots=True)
class Shore:
    """Where an epicentre lies. distance_km: to the nearest coast, from either side of it."""

    offshore: bool
    distance_km: float


def caveats(
    magnitude: float, depth_km: float, by_mmi: Mapping[str, float | None], max_mmi: float, shore: Shore | None
) -> CaveatsRecord:
    """impact.json's caveats.

    by_mmi: people per class "1" to "10"; where they are unknown, the map's max_mmi counts. shore: None
    without a base map, and then a tsunami that depth and magnitude allow is None, unknown.

    >>> quiet = caveats(5.0, 202.0, {"4": 100.0}, 4.2, Shore(True, 20.0))
    >>> quiet["tsunami"], quiet["landslide"], quiet["liquefaction"], quiet["coast_distance_km"]
    (False, False, False, 20.0)
    """
    return {
        "tsunami": _tsunami(magnitude, depth_km, shore),
        "landslide": magnitude >= LANDSLIDE_MAGNITUDE and _reached(LANDSLIDE_MMI, by_mmi, max_mmi),
        "liquefaction": magnitude >= LIQUEFACTION_MAGNITUDE and _reached(LIQUEFACTION_MMI, by_mmi, max_mmi),
        "coast_distance_km": shore.distance_km if shore else None,
        "epicentre_offshore": shore.offshore if shore else None,
    }


def _tsunami(magnitude: float, depth_km: float, shore: Shore | None) -> bool | None:
    if magnitude < TSUNAMI_MAGNITUDE or depth_km >= TSUNAMI_DEPTH_KM:
        return False
    return shore.offshore or shore.distance_km <= TSUNAMI_COAST_KM if shore else None


def _reached(lowest: int, by_mmi: Mapping[str, float | None], max_mmi: float) -> bool:
    """Whether the shaking of that class or a higher one met somebody, or may have."""
    people = [by_mmi.get(str(mmi)) for mmi in range(lowest, 11)]
    if not by_mmi or None in by_mmi.values():
        return max_mmi > lowest - 0.5
    return any((count or 0.0) >= 1 for count in people)
