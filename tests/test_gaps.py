"""When Siaga was off is told by a file that it touches while it runs."""

import json
import threading
from datetime import timedelta

from siaga import gaps
from siaga.moment import now, stamp


def started(home):
    """A gateway that starts and is stopped at once."""
    stop = threading.Event()
    stop.set()
    gaps.watch(home, stop)


def alive(home, ago, **more):
    (home / gaps.FILE).write_text(json.dumps({"alive": stamp(now() - ago), "gaps": []} | more))


def test_an_hour_off_is_a_gap_and_a_start_again_is_none(tmp_path):
    started(tmp_path)
    assert gaps.read(tmp_path) == []
    alive(tmp_path, timedelta(seconds=30))
    started(tmp_path)
    assert gaps.read(tmp_path) == []
    alive(tmp_path, timedelta(hours=1))
    started(tmp_path)
    (gap,) = gaps.read(tmp_path)
    assert timedelta(minutes=59) < gap.until - gap.since < timedelta(minutes=61)
    started(tmp_path)
    assert gaps.read(tmp_path) == [gap]


def test_what_nobody_can_read_or_write_stops_nothing(tmp_path):
    (tmp_path / gaps.FILE).write_text("{broken")
    started(tmp_path)
    assert gaps.read(tmp_path) == []
    started(tmp_path / "not there")
    assert gaps.read(tmp_path / "not there") == []


def test_old_gaps_are_not_shown(tmp_path):
    long_ago = [[stamp(now() - timedelta(days=9)), stamp(now() - timedelta(days=8))]]
    alive(tmp_path, timedelta(0), gaps=long_ago)
    assert gaps.read(tmp_path) == []
