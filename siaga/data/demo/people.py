"""The population raster: each province's people of the census, spread by a rule over its land."""

from collections.abc import Mapping, Sequence
from math import cos, pi, radians, sqrt

import numpy as np
import shapely

from siaga.data.demo.gazetteer import Town
from siaga.foreign import Array
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
FLOOR = 0.12  # countryside of land far from any town, as a share of that around one town
LEAST_TOWN_SHARE, MOST_TOWN_SHARE = 0.25, 0.6  # of a regency's people
BLUR = 8  # cells; how far the density of one regency passes over into the next


def land_share(dry: Array) -> Array:
    """The share of each cell of GRID that is land, float32 in steps of 1/16."""
    share = np.empty((GRID.rows, GRID.columns), np.float32)
    for top in range(0, GRID.rows, STRIP):
        north = GRID.north - top * GRID.cell
        strip = Grid(GRID.west, north, GRID.cell / FINE, GRID.columns * FINE, STRIP * FINE)
        box = shapely.box(GRID.west, north - STRIP * GRID.cell, GRID.west + GRID.columns * GRID.cell, north)
        near = dry[shapely.intersects(dry, box)]
        near = shapely.clip_by_rect(near, *shapely.bounds(shapely.buffer(box, 0.1)))
        parts = burn(strip, near, [1] * len(near)).reshape(STRIP, FINE, GRID.columns, FINE)
        share[top : top + STRIP] = parts.sum(axis=(1, 3), dtype=np.uint16) / FINE**2
    return share


def spread(
    census: Mapping[int, int],
    province: Array,
    regency: Array,
    wanted: Array,
    land: Array,
    towns: Sequence[Town],
) -> Array:
    """People per cell of GRID, float64 in 64ths of a person; each province's cells add up to its census figure.

    census: province number -> people. province, regency: numbers per cell, 0 where nobody may live.
    wanted: people by regency number, a guess. land: share per cell. Within a regency a part of the people
    lives in towns, the rest in the country around them; regencies pass into one another.
    """
    cities, villages = _kernels(towns)
    cities *= land
    villages *= land
    flat = regency.ravel()
    in_cities = np.bincount(flat, cities.ravel(), len(wanted))
    in_villages = np.bincount(flat, villages.ravel(), len(wanted))
    part = np.clip(in_cities / np.maximum(wanted, 1), LEAST_TOWN_SHARE, MOST_TOWN_SHARE)
    weight = cities * _passing_over((part * wanted / np.maximum(in_cities, 1e-6))[regency], regency > 0)
    weight += villages * _passing_over(((1 - part) * wanted / np.maximum(in_villages, 1e-6))[regency], regency > 0)
    people = np.zeros(province.shape)
    for number, total in census.items():
        here = province == number
        people[here] = _to_the_person(weight[here], total)
    return people


def _to_the_person(weight: Array, total: int) -> Array:
    """Share `total` out by weight in 64ths; the largest remainders get what rounding leaves over."""
    exact = weight / np.bincount(np.zeros(len(weight), np.intp), weight)[0] * (total * UNIT)
    units = np.floor(exact)
    missing = total * UNIT - int(units.sum())
    units[np.argsort(units - exact, kind="stable")[:missing]] += 1
    people: Array = units / UNIT
    return people


def _kernels(towns: Sequence[Town]) -> tuple[Array, Array]:
    """People in towns and the density of countryside around them, per cell, before any scaling."""
    cities = np.zeros((GRID.rows, GRID.columns))
    villages = np.full_like(cities, FLOOR)
    for town in towns:
        people = town.population or TOWN_PEOPLE[town.kind]
        density = min(max(CORE_DENSITY * (people / 50_000) ** (1 / 3), SPARSEST), DENSEST)
        _stamp(cities, town, sqrt(people / (pi * density)), density * (GRID.cell * KM_PER_DEGREE) ** 2)
        _stamp(villages, town, COUNTRYSIDE_KM, 1.0)
    return cities, villages


def _stamp(field: Array, town: Town, radius: float, height: float) -> None:
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


def _passing_over(values: Array, known: Array) -> Array:
    """The mean of the known values within BLUR cells, twice over; 0 where none is known."""
    share = known / np.maximum(_box_sum(known.astype(np.float64)), 1)
    values = values * known
    for _ in range(2):
        values = _box_sum(values) * share
    return values


def _box_sum(values: Array) -> Array:
    for axis in (0, 1):
        total = np.cumsum(np.pad(values, [(BLUR + 1, BLUR) if a == axis else (0, 0) for a in (0, 1)]), axis=axis)
        low, high = [slice(None)] * 2, [slice(None)] * 2
        low[axis], high[axis] = slice(None, -2 * BLUR - 1), slice(2 * BLUR + 1, None)
        values = total[tuple(high)] - total[tuple(low)]
    return values
