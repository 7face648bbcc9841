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
    return made_at(_stamped(grid, b"event", happened), happened + _MADE_AFTER)


def made_at(grid: bytes, moment: datetime) -> bytes:
    """The same map, made at another moment."""
    return _stamped(grid, b"process", moment)


def _stamped(grid: bytes, name: bytes, moment: datetime) -> bytes:
    told = f"{moment:%Y-%m-%dT%H:%M:%SZ}".encode()
    return re.sub(rb"(" + name + rb'_timestamp=)"[^"]*"', rb'\1"' + told + b'"', grid)


def named(grid: bytes, event_id: str) -> bytes:
    """The same map of another event."""
    return re.sub(rb'(\s(?:event_id|shakemap_id)=)"[^"]*"', rb'\1"' + event_id.encode() + b'"', grid)
