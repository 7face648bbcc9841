"""The population raster: each province's people of the census, spread by a rule over its land."""

from collections.abc import Mapping, Sequence
from math import cos, pi, radians, sqrt

import numpy as np
import shapely

from siaga.exposure.demo.gazetteer import Town
from siaga.gis.cells import Grid, burn

GRID = Grid(west=95.0, north=6.1, cell=1 / 120, columns=5532, rows=2064)  # 30 arcsec
UNIT = 64  # people are counted in 64ths: exact in float32 up to 262,144 per cell, so totals are exact
FINE = 4  # the land share of a cell is counted in FINE x FINE parts
STRIP = 258  # rows at a time
KM_PER_DEGREE = 111.2

TOWN_PEOPLE = {"city": 150_000, "regency_seat": 30_000, "district_seat": 6_000, "town": 2_500}  # where unknown
CORE_DENSITY = 3_000.0  # people per km2 in the middle of a town of 50,000; grows with the third root of size
DENSEST, SPARSEST = 9_000.0, 1_200.0
COUNTRYSIDE_KM = 9.0  # how far the villages around a town reach
FLOOR = 0.02  # countryside of land far from any town, as a share of that around one town
LEAST_TOWN_SHARE, MOST_TOWN_SHARE = 0.25, 0.6  # of a province's people


def land_share(dry: np.ndarray) -> np.ndarray:
    """The share of each cell of GRID that is land, float32 in steps of 1/16."""
    share = np.empty((GRID.rows, GRID.columns), np.float32)
    fine = GRID.cell / FINE
    for top in range(0, GRID.rows, STRIP):
        north = GRID.north - top * GRID.cell
        strip = Grid(GRID.west, north, fine, GRID.columns * FINE, STRIP * FINE)
        box = shapely.box(GRID.west, north - STRIP * GRID.cell, GRID.west + GRID.columns * GRID.cell, north)
        near = dry[shapely.intersects(dry, box)]
        near = shapely.clip_by_rect(near, *shapely.bounds(shapely.buffer(box, 0.1)))
        wet = burn(strip, near, [1] * len(near))
        parts = wet.reshape(STRIP, FINE, GRID.columns, FINE)
        share[top : top + STRIP] = parts.sum(axis=(1, 3), dtype=np.uint16) / FINE**2
    return share


def spread(census: Mapping[int, int], owner: np.ndarray, land: np.ndarray, towns: Sequence[Town]) -> np.ndarray:
    """People per cell of GRID, float64 in 64ths of a person; each owner's cells add up to its census figure.

    census: owner number -> people. owner: rows x columns, 0 where nobody may live. land: share per cell.
    Towns and countryside get their part of a province's people, then both follow the kernels around towns.
    """
    cities, villages = _kernels(towns)
    cities *= land
    villages *= land
    people = np.zeros(owner.shape)
    flat, size = owner.ravel(), max(census) + 1
    in_cities = np.bincount(flat, cities.ravel(), size)
    in_villages = np.bincount(flat, villages.ravel(), size)
    for number, total in census.items():
        here = owner == number
        part = min(max(in_cities[number] / total, LEAST_TOWN_SHARE), MOST_TOWN_SHARE)
        weight = part / in_cities[number] * cities[here] + (1 - part) / in_villages[number] * villages[here]
        people[here] = _to_the_person(weight, total)
    return people


def _to_the_person(weight: np.ndarray, total: int) -> np.ndarray:
    """Share `total` out by weight in 64ths; the largest remainders get what rounding leaves over."""
    exact = weight / weight.sum() * (total * UNIT)
    units = np.floor(exact)
    missing = int(total * UNIT - units.sum())
    units[np.argsort(units - exact, kind="stable")[:missing]] += 1
    return units / UNIT


def _kernels(towns: Sequence[Town]) -> tuple[np.ndarray, np.ndarray]:
    """People in towns and the density of countryside around them, per cell, before any scaling."""
    cities = np.zeros((GRID.rows, GRID.columns))
    villages = np.full_like(cities, FLOOR)
    for town in towns:
        people = town.population or TOWN_PEOPLE[town.kind]
        density = min(max(CORE_DENSITY * (people / 50_000) ** (1 / 3), SPARSEST), DENSEST)
        radius = sqrt(people / (pi * density))
        _stamp(cities, town, radius, density * (GRID.cell * KM_PER_DEGREE) ** 2)
        _stamp(villages, town, COUNTRYSIDE_KM, 1.0)
    return cities, villages


def _stamp(field: np.ndarray, town: Town, radius: float, height: float) -> None:
    """Add height / (1 + (d / radius)^2)^2, whose whole mass is pi radius^2 height, out to 8 radii."""
    row = (GRID.north - town.latitude) / GRID.cell - 0.5
    column = (town.longitude - GRID.west) / GRID.cell - 0.5
    tall = GRID.cell * KM_PER_DEGREE / radius
    wide = tall * cos(radians(town.latitude))
    reach = int(8 / wide) + 1
    rows = np.arange(max(int(row) - reach, 0), min(int(row) + reach + 1, GRID.rows))
    columns = np.arange(max(int(column) - reach, 0), min(int(column) + reach + 1, GRID.columns))
    if len(rows) and len(columns):
        squares = ((rows - row) * tall)[:, None] ** 2 + ((columns - column) * wide)[None, :] ** 2
        field[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] += height / (1 + squares) ** 2
