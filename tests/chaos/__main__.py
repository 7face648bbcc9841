"""`make chaos N=2000 [SEED=…] [MINUTES=15] [FIGURES=1]`: a siege with so many uploads, and the oracle's verdict.

Ends with 1 when the oracle found anything. The seed of a siege is printed and can be given again: the same faults in
the same order, though not to the millisecond. FIGURES=1 leaves reports out. Clocks are not made to jump.
"""

import argparse
import random
import sys

from chaos.course import Course


def main() -> int:
    """One siege."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("uploads", type=int)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument(
        "--minutes", type=float, default=15.0, help="for uploads and faults; what is settled later counts"
    )
    parser.add_argument("--figures", action="store_true")
    chosen = parser.parse_args()
    course = Course(chosen.uploads, chosen.seed, 60 * chosen.minutes, reports=not chosen.figures)
    findings = course.run(lambda line: print(line, flush=True))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
