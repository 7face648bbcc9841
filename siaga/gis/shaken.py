"""A ShakeMap laid upon the population grid: who stands in which class, zone by zone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput
from siaga.gis import zonal
from siaga.gis.raster import PopulationGrid
from siaga.hazard.shakemap import ShakeMap
from siaga.impact.earthquake import ZoneExposure
from siaga.impact.mmi import classify


@dataclass(frozen=True, slots=True)
class Shaken:
    """Persons by MMI class I to X, float64, unrounded.

    by_mmi: on the map and inside a zone (of the finest level; without zones all on the map); None when
    the exposure says nothing anywhere under the map.
    unmapped: people of the zones who live off the map; outside_zones: people on the map in no zone;
    None when unknown.
    zones: those with a part on the map, every level.
    """

    by_mmi: NDArray[np.float64] | None
    unmapped: float | None
    outside_zones: float | None
    zones: tuple[ZoneExposure, ...]
    warnings: tuple[dict[str, Any], ...]


def people(shakemap: ShakeMap, population: Path, zones: Path | None, cache: Path) -> Shaken:
    """Count who was shaken how strongly.

    MMI is taken at each cell's centre, bilinear between nodes; the population grid stays as it is.
    """
    grid = PopulationGrid.open(population)
    window = grid.window(shakemap.nodes.edges)
    if window is None:
        return Shaken(None, None, None, (), ())
    count = grid.read(window)
    longitude, latitude = np.meshgrid(grid.longitudes(window), grid.latitudes(window))
    classes = classify(shakemap.at(longitude, latitude))
    known = ~np.isnan(count)
    if not (known & (classes > 0)).any():
        return Shaken(None, None, None, (), ())
    warnings = []
    if (count[known] < 0).any():
        warnings.append(BadInput("The population data have negative counts; they are taken as unknown").reason())
    count = np.where(known & (count > 0), count, 0.0)
    on_map = np.bincount(classes.ravel(), weights=count.ravel(), minlength=11)[1:]
    if zones is None:
        return Shaken(on_map, None, None, (), tuple(warnings))
    shares = zonal.prepare(population, zones, cache)
    tables = [(level, level.people(window, classes, count)) for level in shares.levels]
    finest, table = max(tables, key=lambda pair: len(pair[0].zones))
    by_mmi = table[:, 1:].sum(axis=0)
    inside = float(by_mmi.sum())
    return Shaken(
        by_mmi=by_mmi,
        unmapped=max(0.0, sum(zone.people for zone in finest.zones) - inside),
        outside_zones=max(0.0, float(on_map.sum()) - inside),
        zones=tuple(
            ZoneExposure(zone.code, zone.name, zone.level, zone.parent, row[1:])
            for level, rows in tables
            for zone, row in zip(level.zones, rows, strict=True)
            if row[1:].any()
        ),
        warnings=tuple(warnings),
    )
