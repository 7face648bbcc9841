"""Calibrate Siaga's forecast of deaths and say how far to trust it: `python -m bench.calibration EXPOCAT.csv`.

Prints the constants of siaga/impact/forecast.py and writes docs/calibration.md (--out elsewhere) and
siaga/impact/forecast_scores.json (--scores), which page 1 of every report quotes. Every figure of the page
comes from here; the catalogue itself is no part of the project.
"""

import argparse
import json
import sys
from pathlib import Path

from bench.calibration import page, study
from siaga.impact import forecast
from siaga.settings import REPOSITORY


def main() -> int:
    """Print the constants, write the page."""
    parser = argparse.ArgumentParser(prog="bench.calibration", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "calibration.md")
    parser.add_argument("--scores", type=Path, default=Path(forecast.__file__).with_name("forecast_scores.json"))
    chosen = parser.parse_args()
    found = study.study(chosen.catalogue, print)
    for name, value in study.constants(found.learnt).items():
        print(f"{name} = {value}")
    chosen.scores.write_text(json.dumps(study.scores(found), indent=1) + "\n", encoding="utf-8")
    chosen.out.write_text(page.write(found), encoding="utf-8")
    print(f"{chosen.scores} and {chosen.out} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
