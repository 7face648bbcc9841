"""What a machine keeps: never removed while used, however many look; removed when nobody needs it."""

import fcntl
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from siaga import diskcache, stack
from siaga.settings import Settings

DAY = 86_400


def entry(cache, name, days=0.0, size=10, folder=diskcache.ANALYSIS_DATA):
    """An entry that was last used so many days ago."""
    path = cache / folder / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "file").write_bytes(b"x" * size)
    used(path, days)
    return path


def used(path, days):
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def names(cache):
    return sorted(path.name for path in cache.glob("*/*") if path.name != ".lock")


def evict(cache, *needed):
    """At once, though it was done a moment ago."""
    (cache / ".evicted").unlink(missing_ok=True)
    diskcache.evict(cache, needed)


def test_what_nobody_needs_goes_a_month_after_its_last_use(tmp_path):
    for name, days in (("new", 0), ("old", 29), ("older", 31), ("needed", 400)):
        entry(tmp_path, name, days)
    entry(tmp_path, "shares", 31, folder=diskcache.SHARES)
    evict(tmp_path, "needed")
    assert names(tmp_path) == ["needed", "new", "old"]


def test_a_use_is_remembered(tmp_path):
    assert diskcache.lease(entry(tmp_path, "old", 31))
    assert not diskcache.lease(tmp_path / diskcache.ANALYSIS_DATA / "nothing")
    assert not diskcache.lease(tmp_path / "no folder" / "nothing")
    evict(tmp_path)
    assert names(tmp_path) == ["old"]


def test_of_too_many_bytes_those_go_that_were_unused_longest(tmp_path, monkeypatch):
    monkeypatch.setattr(diskcache, "MOST_BYTES", 25)
    for name, days in (("a", 4), ("b", 2), ("c", 3), ("d", 5), ("needed", 6)):
        entry(tmp_path, name, days)
    evict(tmp_path, "needed")
    assert names(tmp_path) == ["b", "c", "needed"]
    monkeypatch.setattr(diskcache, "MOST_BYTES", 0)
    used(tmp_path / diskcache.ANALYSIS_DATA / "b", 0.5)
    evict(tmp_path, "needed")
    assert names(tmp_path) == ["b", "needed"]  # its lease still runs


def test_a_lease_is_longer_than_any_call():
    assert all(one.timeout_seconds < diskcache.LEASE_SECONDS / 10 for one in stack.load(Settings.load({}).stack))


def test_what_a_killed_process_left_half_made_goes(tmp_path):
    folder = entry(tmp_path, "whole").parent
    (folder / ".77-aa.part").write_bytes(b"x")
    (folder / ".77-bb").mkdir()
    (folder / ".77-bb" / "spans.bin").write_bytes(b"x")
    (folder / ".88-cc").write_bytes(b"being made")
    used(folder / ".77-aa.part", 2)
    used(folder / ".77-bb", 2)
    evict(tmp_path)
    assert names(tmp_path) == [".88-cc", "whole"]


def test_it_is_looked_through_once_a_day(tmp_path):
    evict(tmp_path)
    entry(tmp_path, "old", 31)
    diskcache.evict(tmp_path, ())
    assert names(tmp_path) == ["old"]
    used(tmp_path / ".evicted", 1.1)
    diskcache.evict(tmp_path, ())
    assert names(tmp_path) == []


def test_a_cache_that_cannot_be_looked_through_undoes_no_work(tmp_path, caplog):
    (tmp_path / "file").write_bytes(b"")
    diskcache.evict(tmp_path / "file", ())
    assert "cannot be thinned" in caplog.text


def test_an_entry_is_made_once_whole_or_not_at_all(tmp_path):
    place, made = tmp_path / "shares" / "one", []

    def make(folder):
        made.append(folder)
        (folder / "a").write_text("a")
        if len(made) == 1:
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        diskcache.keep(place, make)
    assert names(tmp_path) == []
    for _time in range(2):
        diskcache.keep(place, make)
    assert (len(made), (place / "a").read_text()) == (2, "a")

    def second(folder):
        diskcache.keep(tmp_path / "shares" / "two", lambda other: (other / "a").write_text("first"))
        (folder / "a").write_text("second")

    diskcache.keep(tmp_path / "shares" / "two", second)
    assert (tmp_path / "shares" / "two" / "a").read_text() == "first"
    assert names(tmp_path) == ["one", "two"]


def test_nobody_leases_what_is_being_set_aside(tmp_path):
    old = entry(tmp_path, "old", 31)
    used_again = entry(tmp_path, "used again", 31)
    with ThreadPoolExecutor() as others, (old.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as while an entry is looked at and set aside
        lease = others.submit(diskcache.lease, old)
        with pytest.raises(TimeoutError):
            lease.result(0.2)
        old.rename(tmp_path / "aside")
        fcntl.flock(lock, fcntl.LOCK_SH)  # as while an entry is leased
        assert lease.result(20) is False
        evicting = others.submit(evict, tmp_path)
        with pytest.raises(TimeoutError):
            evicting.result(0.2)
        assert diskcache.lease(used_again)
        fcntl.flock(lock, fcntl.LOCK_UN)
        evicting.result(20)
    assert used_again.exists()


USER = """
import random, sys, time
from pathlib import Path
from siaga import diskcache
cache, seed, deadline = Path(sys.argv[1]), random.Random(sys.argv[2]), time.monotonic() + float(sys.argv[3])
uses = 0
while time.monotonic() < deadline:
    entry = cache / diskcache.SHARES / str(seed.randrange(800))
    diskcache.keep(entry, lambda folder: [(folder / name).write_text(name) for name in "abc"])
    for name in "abc":  # as an analysis does, which opens them one after another
        time.sleep(seed.random() / 1000)
        assert (entry / name).read_text() == name
    uses += 1
print(uses)
"""


def test_many_processes_use_what_others_evict(tmp_path, monkeypatch):
    """Entries go as soon as their lease of a second is over, while three processes use them for some milliseconds."""
    monkeypatch.setattr(diskcache, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(diskcache, "KEEP_SECONDS", 1.0)
    users = [
        subprocess.Popen([sys.executable, "-c", USER, tmp_path, str(number), "4"], stdout=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    deadline, evicted = time.monotonic() + 30, 0
    while any(user.poll() is None for user in users) and time.monotonic() < deadline:
        before = set(names(tmp_path))
        evict(tmp_path)
        evicted += len(before - set(names(tmp_path)))
    uses = [int(user.communicate(timeout=30)[0] or 0) for user in users]
    assert [user.returncode for user in users] == [0, 0, 0]
    assert min(uses) > 20
    assert evicted > 20
