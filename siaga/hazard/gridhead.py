"""What the first kilobytes of a grid.xml tell before anybody reads it whole: when the quake was, and how strong."""

import re
from datetime import datetime

from siaga.errors import BadInput
from siaga.hazard import gridtime

BYTES = 1 << 14
_TIME = re.compile(rb"""\sevent_timestamp\s{0,9}=\s{0,9}["']([^"'<>]{1,60})["']""")
_MAGNITUDE = re.compile(rb"""\smagnitude\s{0,9}=\s{0,9}["']\s{0,9}(\d{1,2}(?:\.\d{1,9})?)\s{0,9}["']""")


def origin_time(head: bytes) -> datetime | None:
    """UTC; None when it is not told."""
    match = _TIME.search(head)
    try:
        return gridtime.read("event_timestamp", match[1].decode("ascii", "replace"))[0] if match else None
    except BadInput:
        return None


def magnitude(head: bytes) -> float | None:
    """None when it is not told."""
    match = _MAGNITUDE.search(head)
    return float(match[1]) if match else None
