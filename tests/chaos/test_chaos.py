"""The short form of the siege: every fault once, figures alone, two poisons; under three minutes."""

import pytest

from chaos.course import Course


@pytest.mark.timeout(420)  # a machine that does other work besides needs longer than the three minutes
def test_nothing_is_lost_half_or_doubled_whatever_happens(capsys):
    course = Course(40, 20260806, 45, reports=False, poison=("spins", "swells"), patience=120)
    lines = []
    found = course.run(lines.append)
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert found == []
    assert sum(course.faults.values()) >= 6
