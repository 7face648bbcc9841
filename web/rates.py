"""How often who asks may ask: so much each minute, which comes back evenly."""

import threading
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from siaga.errors import SiagaError

SECONDS = 60.0
_REMEMBERED = 10_000  # addresses


class TooMany(SiagaError):
    """More questions than are answered; later it may go on."""

    status = 429


class Rates:
    """How much each address has left; it comes back evenly. Kept in memory by each process: a restart forgets it."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._most, self._clock, self._lock = per_minute, clock, threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}  # by address: questions, and when that was so

    def take(self, address: str) -> None:
        """Count one question of an address. Raises TooMany."""
        if not self._most:
            return
        name, now = _network(address), self._clock()
        with self._lock:
            left, since = self._left.pop(name, (float(self._most), now))
            left = min(self._most, left + (now - since) * self._most / SECONDS)
            self._left[name] = (max(0.0, left - 1), now)  # those who asked last stand last
            if len(self._left) > _REMEMBERED:
                del self._left[next(iter(self._left))]
        if left < 1:
            raise TooMany("More than {count} questions in a minute; wait a moment, then go on", count=self._most)


def _network(address: str) -> str:
    """The address; of one of version 6 the 64 bits that one customer has."""
    try:
        one = ip_address(address)
    except ValueError:
        return address
    return one.exploded[:19] if isinstance(one, IPv6Address) else address
