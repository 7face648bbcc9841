"""What stands and lies on the map besides people: structures, roads, land cover, by kind and MMI class."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput, Reason, reason
from siaga.exposure.vocabulary import LAND_CLASSES, ROAD_CLASSES, STRUCTURE_TYPES
from siaga.impact.mmi import CLASSES
from siaga.impact.stored.earthquake import (
    NotableStructure,
    ShakenLand,
    ShakenLandClass,
    ShakenRoadClass,
    ShakenRoads,
    ShakenStructures,
)

NOTABLE = ("health", "education", "bridge")  # listed one by one
NOTABLE_FROM = 7  # MMI class
NOTABLE_MOST = 40  # of each of these types; the rest is told as a number


def structures_record(
    counts: NDArray[np.float64], notable: Sequence[NotableStructure], rest: Mapping[str, int]
) -> ShakenStructures:
    """impact.json's structures. counts: (STRUCTURE_TYPES, 10) structures per MMI class I to X.

    notable: those that are listed one by one; rest: per type, how many more there are than listed.
    """
    return {
        "by_class": {
            name: {
                "by_mmi": {str(mmi): int(count) for mmi, count in zip(CLASSES, row, strict=True)},
                "total": int(row.sum()),
            }
            for name, row in _present(STRUCTURE_TYPES, counts)
        },
        "total": int(counts.sum()),
        "notable": list(notable),
        "notable_rest": dict(rest),
        "note": _as_mapped(),
    }


def roads_record(km: NDArray[np.float64]) -> ShakenRoads:
    """impact.json's roads. km: (ROAD_CLASSES, 10) kilometres per MMI class."""
    by_class: dict[str, ShakenRoadClass] = {
        name: {"by_mmi": _by_mmi(row), "total_km": float(row.sum())} for name, row in _present(ROAD_CLASSES, km)
    }
    return {"by_class": by_class, "total_km": float(km.sum()), "note": _as_mapped()}


def land_cover_record(ha: NDArray[np.float64]) -> ShakenLand:
    """impact.json's land cover. ha: (LAND_CLASSES, 10) hectares per MMI class."""
    by_class: dict[str, ShakenLandClass] = {
        name: {"by_mmi": _by_mmi(row), "total_ha": float(row.sum())} for name, row in _present(LAND_CLASSES, ha)
    }
    return {"by_class": by_class, "total_ha": float(ha.sum()), "note": _as_mapped()}


def not_installed(role: str) -> Reason:
    """The sentence of an impact that goes without a layer."""
    return {
        "structures": BadInput("No structures are installed; how many buildings were shaken is not known"),
        "roads": BadInput("No roads are installed; how many kilometres were shaken is not known"),
        "land_cover": BadInput("No land cover is installed; how many hectares were shaken is not known"),
    }[role].reason()


def off_the_map(role: str) -> Reason:
    """The sentence of a layer that has nothing where the map is."""
    return {
        "structures": BadInput(
            "The structures data have nothing on the map; how many buildings were shaken is not known"
        ),
        "roads": BadInput("The roads data have nothing on the map; how many kilometres were shaken is not known"),
        "land_cover": BadInput(
            "The land cover data have nothing on the map; how many hectares were shaken is not known"
        ),
    }[role].reason()


def _present(names: Sequence[str], table: NDArray[np.float64]) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """The rows of kinds that there are."""
    return ((name, row) for name, row in zip(names, table, strict=True) if row.any())


def _by_mmi(row: NDArray[np.float64]) -> dict[str, float]:
    return {str(mmi): float(size) for mmi, size in zip(CLASSES, row, strict=True)}


def _as_mapped() -> Reason:
    return reason("Counted as the data have it; what is not mapped there is missing")
