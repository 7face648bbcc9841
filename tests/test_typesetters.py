"""Typesetters: processes that set pages, die, and are replaced."""

import os
import signal
import subprocess
import sys

import psutil
import pytest
from running import wait_for

from siaga.errors import SiagaError
from siaga.report import typesetters

PAGE = '<link rel="icon" href="data:,"><style>@page { size: 1080px 1350px; margin: 0 }</style><p>Siaga'
ASKING = """
import sys
from siaga.report import typesetters
made = typesetters.picture({page!r}, "12345678").result()
assert made.startswith(b"\\x89PNG"), made[:20]
print("weasyprint" in sys.modules, flush=True)
sys.stdin.read()
"""


def processes(parent=None):
    """The typesetters of a process."""
    return [
        child
        for child in psutil.Process(parent).children()
        if child.status() != psutil.STATUS_ZOMBIE and "siaga.report.typesetters" in child.cmdline()
    ]


def test_a_typesetter_that_was_killed_is_replaced_and_the_page_is_the_same():
    first = typesetters.picture(PAGE, "12345678").result(60)
    for process in processes():
        process.kill()
    assert typesetters.picture(PAGE, "12345678").result(60) == first


def test_a_page_that_kills_typesetters_fails_with_a_sentence_and_the_next_one_is_set(monkeypatch):
    monkeypatch.setattr(typesetters._Typesetter, "ask", lambda *_: (_ for _ in ()).throw(EOFError))
    with pytest.raises(SiagaError, match="broke off in the middle of this, twice"):
        typesetters.picture(PAGE, "12345678").result(60)
    monkeypatch.undo()
    assert typesetters.picture(PAGE, "12345678").result(60)


def test_what_goes_wrong_with_a_page_is_told_and_the_typesetter_lives():
    before = typesetters.picture(PAGE, "12345678").result(60)
    with pytest.raises(AttributeError):
        typesetters.pages(PAGE, None, False, "x", True).result(60)
    assert typesetters.picture(PAGE, "12345678").result(60) == before


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_typesetters_end_with_whoever_asked_and_that_one_has_no_weasyprint(ending):
    asking = subprocess.Popen(
        [sys.executable, "-c", ASKING.format(page=PAGE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    try:
        assert asking.stdout.readline() == b"False\n"
        started = processes(asking.pid)
        assert started
    finally:
        asking.send_signal(ending)
        asking.communicate(timeout=20)
    wait_for(lambda: not any(one.is_running() for one in started), 20, "the typesetters to end")
