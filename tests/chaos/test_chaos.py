"""The short form of the siege: every fault once, in quick succession, figures alone, two poisons; a minute or so."""

from chaos.course import Course
from chaos.siege import Pace


def test_nothing_is_lost_half_or_doubled_whatever_happens(capsys):
    quick = Pace(between=(0.1, 0.4), lasting=(0.4, 1.0), timeout=6, sweep=1)
    poison = ("hangs", "swells")
    course = Course(32, 20260806, 25, reports=False, poison=poison, patience=300, pace=quick, punctual=False)
    lines = []
    found = course.run(lines.append)
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert found == []
    assert len(course.faults) >= 17  # kinds; four more where a disk fills and a clock can be set
