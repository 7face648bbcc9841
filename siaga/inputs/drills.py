"""Exercises (LATIHAN): a map that was analysed once, sent in again as a scenario that happens now."""

import re
from datetime import datetime

from siaga import keys, moment
from siaga.errors import BadInput
from siaga.store import Store

WORD = "LATIHAN"
_SUFFIX = "_se"  # ends the ids of BMKG's exercises, too
EVENT_ID = re.compile(rf"\d{{14}}{_SUFFIX}")
_DATA = b"<grid_data"
_LONGEST = 1 << 16  # bytes before the data that are looked at
_ATTRIBUTE = r"""(\s{name}\s{{0,9}}=\s{{0,9}})("[^"<>]{{0,200}}"|'[^'<>]{{0,200}}')"""


def event_id(now: datetime) -> str:
    """The id of an exercise that begins then: BMKG's clock, and what marks an exercise."""
    return f"{moment.local(now, 'WIB'):%Y%m%d%H%M%S}{_SUFFIX}"


def exercise(grid: bytes, now: datetime) -> bytes:
    """That grid.xml as a scenario of now, under an id of its own; the shaking stays what it was.

    Raises BadInput when its head does not name what has to be another.
    """
    head, data, rest = grid[:_LONGEST].partition(_DATA)
    text = head.decode("utf-8", "surrogateescape")
    clock = f"{moment.local(now, 'WIB'):%Y-%m-%dT%H:%M:%SWIB}"
    for name, value, needed in (
        ("event_id", event_id(now), True),
        ("shakemap_id", event_id(now), False),
        ("shakemap_event_type", "SCENARIO", True),
        ("process_timestamp", clock, False),
        ("event_timestamp", clock, True),
    ):
        text, count = re.subn(_ATTRIBUTE.format(name=name), rf'\g<1>"{value}"', text, count=1)
        if needed and not (count and data):
            raise BadInput("The map names no {field}; it cannot be made an exercise", field=name)
    return _named(text).encode("utf-8", "surrogateescape") + data + rest + grid[_LONGEST:]


def start(store: Store, grid: bytes, now: datetime) -> str:
    """Send it in as an exercise; returns its event's id. store: with the rights of role operators.

    Raises BadInput, and Conflict when another began in the same second.
    """
    name = event_id(now)
    body = exercise(grid, now)
    store.put(keys.SHAKEMAPS, f"{name}/grid.xml", body, "application/xml", if_absent=True)
    return name


def _named(text: str) -> str:
    """Its description begins with the word, so that whoever reads no id sees it, too."""

    def begun(match: re.Match[str]) -> str:
        described = match[2][1:-1]
        word = "" if described.startswith(WORD) else f"{WORD} "
        return f"{match[1]}{match[2][0]}{word}{described}{match[2][0]}"

    return re.sub(_ATTRIBUTE.format(name="event_description"), begun, text, count=1)
