"""`make chaos N=2000 [SEED=…] [MINUTES=15] [FIGURES=1]`: a siege with so many uploads, and the oracle's verdict.

Ends with 1 when the oracle found anything. The seed of a siege is printed and can be given again: the same faults in
the same order, though not to the millisecond. FIGURES=1 leaves reports out. Ctrl-C and SIGTERM end it
and all its parts.
"""

import argparse
import random
import signal
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
    # In the background of a shell, Ctrl-C is ignored from the start; and SIGTERM alone would leave all parts behind.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    course = Course(chosen.uploads, chosen.seed, 60 * chosen.minutes, reports=not chosen.figures)
    findings = course.run(lambda line: print(line, flush=True))
    return 1 if findings else 0


def _end(number: int, _frame: object) -> None:
    """Unwind, so that what was started is stopped; a second one does not disturb that."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
