"""The ShakeMaps that measurements send: one strong, one weak, of whatever moment."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from siaga.cli import demo
from siaga.data.demo.packages import SHAKEMAP, Packages
from siaga.settings import Settings

_WIB = timedelta(hours=7)
_MADE_AFTER = timedelta(minutes=40)


def strong(settings: Settings, say: Callable[[str], None]) -> bytes:
    """The grid.xml of an exercise, 40 million people on its map; the report has two pages."""
    return demo.exercise(weak(settings, say))


def weak(settings: Settings, say: Callable[[str], None]) -> bytes:
    """The grid.xml of a real quake with a report of one page."""
    packages = Packages(settings.cache / "packages")
    packages.fetch(say, (SHAKEMAP,))
    return packages.read(SHAKEMAP, demo.REAL_GRID)


def event_id(happened: datetime) -> str:
    """As BMKG names a quake: when it was, in WIB."""
    return f"{happened + _WIB:%Y%m%d%H%M%S}"


def at(grid: bytes, happened: datetime) -> bytes:
    """The same map of another moment, made as soon after it."""
    for name, moment in ((b"event", happened), (b"process", happened + _MADE_AFTER)):
        told = f"{moment:%Y-%m-%dT%H:%M:%SZ}".encode()
        grid = re.sub(rb"(" + name + rb'_timestamp=)"[^"]*"', rb'\1"' + told + b'"', grid)
    return grid


def named(grid: bytes, event_id: str) -> bytes:
    """The same map of another event."""
    return re.sub(rb'(\s(?:event_id|shakemap_id)=)"[^"]*"', rb'\1"' + event_id.encode() + b'"', grid)
