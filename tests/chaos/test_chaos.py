"""The short form of the siege: every fault once, in quick succession, figures alone, two poisons; a minute or so."""

import pytest

from chaos.course import Course
from chaos.siege import Pace


@pytest.mark.timeout(420)  # a machine that does other work besides needs longer
def test_nothing_is_lost_half_or_doubled_whatever_happens(capsys):
    quick = Pace(between=(0.2, 1.0), lasting=(0.5, 1.5), timeout=8)
    course = Course(32, 20260806, 40, reports=False, poison=("spins", "swells"), patience=120, pace=quick)
    lines = []
    found = course.run(lines.append)
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert found == []
    assert sum(course.faults.values()) >= 6
