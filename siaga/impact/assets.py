"""What stands and lies on the map besides people: structures, roads, land cover, by kind and MMI class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput, reason
from siaga.exposure.vocabulary import LAND_CLASSES, ROAD_CLASSES, STRUCTURE_TYPES
from siaga.impact.mmi import CLASSES

NOTABLE = ("health", "education", "bridge")  # listed one by one
NOTABLE_FROM = 7  # MMI class
NOTABLE_MOST = 40  # of each of these types; the rest is told as a number


def structures_record(
    counts: NDArray[np.float64], notable: Sequence[Mapping[str, Any]], rest: Mapping[str, int]
) -> dict[str, Any]:
    """impact.json's structures. counts: (STRUCTURE_TYPES, 10) structures per MMI class I to X.

    notable: those that are listed one by one; rest: per type, how many more there are than listed.
    """
    return {
        "by_class": {
            name: {
                "by_mmi": {str(mmi): int(count) for mmi, count in zip(CLASSES, row, strict=True)},
                "total": int(row.sum()),
            }
            for name, row in zip(STRUCTURE_TYPES, counts, strict=True)
            if row.any()
        },
        "total": int(counts.sum()),
        "notable": [dict(one) for one in notable],
        "notable_rest": dict(rest),
        "note": _as_mapped(),
    }


def roads_record(km: NDArray[np.float64]) -> dict[str, Any]:
    """impact.json's roads. km: (ROAD_CLASSES, 10) kilometres per MMI class."""
    return {"by_class": _by_class(ROAD_CLASSES, km, "km"), "total_km": float(km.sum()), "note": _as_mapped()}


def land_cover_record(ha: NDArray[np.float64]) -> dict[str, Any]:
    """impact.json's land cover. ha: (LAND_CLASSES, 10) hectares per MMI class."""
    return {"by_class": _by_class(LAND_CLASSES, ha, "ha"), "total_ha": float(ha.sum()), "note": _as_mapped()}


def not_installed(role: str) -> dict[str, object]:
    """The sentence of an impact that goes without a layer."""
    return {
        "structures": BadInput("No structures are installed; how many buildings were shaken is not known"),
        "roads": BadInput("No roads are installed; how many kilometres were shaken is not known"),
        "land_cover": BadInput("No land cover is installed; how many hectares were shaken is not known"),
    }[role].reason()


def off_the_map(role: str) -> dict[str, object]:
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


def _by_class(names: Sequence[str], table: NDArray[np.float64], unit: str) -> dict[str, Any]:
    return {
        name: {
            "by_mmi": {str(mmi): float(size) for mmi, size in zip(CLASSES, row, strict=True)},
            f"total_{unit}": float(row.sum()),
        }
        for name, row in zip(names, table, strict=True)
        if row.any()
    }


def _as_mapped() -> dict[str, object]:
    return reason("Counted as the data have it; what is not mapped there is missing")
