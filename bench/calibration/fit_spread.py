"""Fit the spread of ITB's two models on past quakes: `python -m bench.calibration.fit_spread EXPOCAT.csv`.

The spread is the root mean square of ln(deaths / expected) over the quakes that killed ten or more by
shaking: about the model's own median, so that its bias counts, and where chance alone does not rule.
"""

import sys
from collections.abc import Sequence
from math import log, sqrt
from pathlib import Path

from siaga.exposure import expocat
from siaga.impact import fatality

LEAST_DEATHS = 10


def fit(model: fatality.FatalityModel, quakes: Sequence[expocat.Quake]) -> tuple[float, int]:
    """Spread, and of how many quakes."""
    logs = [
        log(quake.shaking_deaths / fatality.expected(model, quake.by_mmi))
        for quake in quakes
        if quake.shaking_deaths is not None and quake.shaking_deaths >= LEAST_DEATHS
    ]
    return sqrt(sum(one**2 for one in logs) / len(logs)), len(logs)


def main() -> int:
    """Print the spreads; PAGER's own G stands beside what the same rule would give it."""
    quakes = expocat.read(Path(sys.argv[1]))
    for model in fatality.MODELS:
        spread, count = fit(model, quakes)
        print(f"{model.name:14} {spread:.6f} from {count} quakes; in use {model.spread:.6f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
