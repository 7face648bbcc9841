"""How the report of an earthquake fills its sheets: the first guess."""

from collections.abc import Mapping
from typing import Any

from siaga.report import fit
from siaga.report.earthquake.sentences import known
from siaga.report.fit import Fit


def first(impact: Mapping[str, Any], change: bool) -> Fit:
    """A guess from what is known beforehand; it holds for most quakes."""
    pages = _pages(impact)
    demonstration = any(file["demonstration"] for file in impact["provenance"]["analysis_data"]["files"])
    bands = 6.8 * demonstration + 13.2 * impact["drill"]
    caveats = impact["caveats"]
    boxed = 4.0 * len(impact["warnings"]) + 4.0 * (bool(caveats["tsunami"]) + bool(caveats["landslide"]))
    height = 87.5 - bands - boxed - (27.0 + 13.0 * change if pages == 1 else 0.0)
    rows = 12 - round(bands / fit.ROW_MM) - (3 + 5 * change if pages == 2 else 0)
    towns = fit.LEAST_TOWNS if pages == 2 and (change or bands > 10) else fit.MOST_TOWNS
    return Fit(
        pages, min(fit.HIGHEST_MM, max(fit.LOWEST_MM, height)), min(fit.MOST_ROWS, max(fit.LEAST_ROWS, rows)), towns
    )


def _pages(impact: Mapping[str, Any]) -> int:
    """A green quake has one page, others two, and a third where structures were met."""
    lived_in = known(impact) and impact["people"]["total"] > 0
    if impact["alert"]["level"] in (None, "green") or not lived_in:
        return 1
    layers = (impact.get(name) for name in ("structures", "roads", "land_cover"))
    return 3 if any(layer is not None for layer in layers) else 2
