"""How many people a regency has, as a guess: its province's, by number of districts, towns and land."""

from collections.abc import Mapping, Sequence

import numpy as np

from siaga.foreign import Array

MOST_PER_KM2 = {"KOTA": 20_000.0, "KABUPATEN": 3_000.0}
AROUND_TOWNS = 1.2  # a regency has at least this many times the people known to live in its towns
ROUNDS = 20


def people_by_regency(
    census: Mapping[str, int],
    province: Sequence[str],
    kind: Sequence[str],
    districts: Array,
    in_towns: Array,
    land_km2: Array,
) -> Array:
    """People per regency, all arguments but `census` one value per regency.

    province: its name in the census. kind: KOTA or KABUPATEN. A province's people go by the number of
    districts, but no regency gets less than its towns hold or more than its land carries; the others
    share what that leaves over or takes away.
    """
    guess = np.zeros(len(province))
    most = land_km2 * np.array([MOST_PER_KM2[each] for each in kind])
    for name, total in census.items():
        here = np.array([each == name for each in province])
        share = districts[here] / districts[here].sum() * total
        for _ in range(ROUNDS):
            share = np.minimum(np.maximum(share, AROUND_TOWNS * in_towns[here]), most[here])
            share *= total / share.sum()
        guess[here] = share
    return guess
