"""A second site: a store of 2,000 quakes, or BENCH_EVENTS, is copied, compared, switched over to and back from.

Two stores of one machine, so the network between two sites is not in it. Printed: seconds and memory of the first
round, of one in which nothing had changed, of both comparisons, and how long from the fire at the first site until
the second one shows the page of a quake and has published a new one.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import command, quake, road, stock
from siaga.keeping import sites
from siaga.settings import Settings

_EVENTS = int(os.environ.get("BENCH_EVENTS", "2000"))


def run(say: Callable[[str], None]) -> None:
    """Fill the first, copy, compare; the first is gone, the second works, and what it did comes back."""
    with tempfile.TemporaryDirectory(prefix="siaga-site-") as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        one = stock.original(first)
        here = Settings.load(os.environ)
        shutil.copytree(here.secrets, second / "secrets")  # as `siaga restore --secrets` brings them
        with stock.alone(here) as store:
            objects = stock.fill(store, one, _EVENTS)
            os.environ |= road.environment(second)
            there = Settings.load(os.environ)
            say(f"{_EVENTS:,} quakes, {objects:,} objects; {os.cpu_count()} processors")
            with stock.alone(there):
                name(here, there)
                _copied(here, say)
        _switched(here, there, say)


def name(here: Settings, there: Settings) -> None:
    """Tell the first site how to reach the second."""
    key, secret = (there.secret(f"store-root-{half}") for half in ("key", "secret"))
    told = {"sites": {"second": {"url": there.store_url, "key": key, "secret": secret}}}
    (here.secrets / sites.FILE).write_text(json.dumps(told))


def _copied(here: Settings, say: Callable[[str], None]) -> None:
    for what, words in (
        ("the first round and a look", ("replicate", "second", "--once")),
        ("a round without changes", ("replicate", "second", "--once")),
        ("compared by size and hash", ("verify", "here", "second")),
        ("compared byte by byte", ("verify", "here", "second", "--contents")),
    ):
        done = command.run(*words, **_of(here))
        say(f"{what:30} {done}   {done.text.splitlines()[-1]}")


def _switched(here: Settings, there: Settings, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    with road.started(there):
        stock.read(there, _EVENTS)
        say(f"{'switched over: a page is read':30} {time.monotonic() - began:7.1f} s")
        happened = datetime.now(UTC)
        road.upload(there, quake.at(quake.weak(there, lambda _: None), happened), quake.event_id(happened))
        say(f"{'and a new quake published':30} {time.monotonic() - began:7.1f} s")
        with stock.alone(here):
            for what, words in (
                ("what it did comes back", ("replicate", "second", "--once", "--back")),
                ("compared", ("verify", "second", "here")),
            ):
                done = command.run(*words, **_of(here))
                say(f"{what:30} {done}   {done.text.splitlines()[-1]}")


def _of(settings: Settings) -> dict[str, str]:
    """Home and store of a site, for a command; the rest is nobody's in particular."""
    return {"SIAGA_HOME": str(settings.home), "SIAGA_STORE_PORT": str(settings.store_port)}
