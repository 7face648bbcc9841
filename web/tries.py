"""Wrong passwords of the last minutes, so that guessing is slow and shuts nobody out but who guesses."""

import ipaddress
import threading
import time
from collections.abc import Callable

from siaga.errors import SiagaError

_TRIES, _WINDOW = 5, 300.0  # wrong passwords of one address within so many seconds
_TRIES_NEAR = 20  # of a neighbourhood: who has one address often has the others of its network too
_REMEMBERED = 10_000  # networks


class TooOften(SiagaError):
    """Too many wrong passwords; later it may go on."""

    status = 429


class Tries:
    """Wrong passwords of the last minutes, by address and by its network. Kept in memory: a restart forgets them.

    Nobody is shut out by what others do: guesses from everywhere at once are slowed, one being checked at a time.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._clock, self._lock = clock, threading.Lock()
        self._wrong: dict[str, list[tuple[str, float]]] = {}  # by network: address and when

    def check(self, address: str) -> None:
        """Raises TooOften when this address, or its network, has tried too often."""
        with self._lock:
            near = self._recent(_network(address))
        if len(near) >= _TRIES_NEAR or sum(who == address for who, _when in near) >= _TRIES:
            raise TooOften("Too many wrong passwords; try again in {minutes} minutes", minutes=round(_WINDOW / 60))

    def wrong(self, address: str) -> None:
        """Remember one."""
        network = _network(address)
        with self._lock:
            recent = self._recent(network)
            self._wrong.pop(network, None)  # those who tried last stand last
            self._wrong[network] = [*recent, (address, self._clock())]
            if len(self._wrong) > _REMEMBERED:
                del self._wrong[next(iter(self._wrong))]

    def _recent(self, network: str) -> list[tuple[str, float]]:
        oldest = self._clock() - _WINDOW
        return [one for one in self._wrong.get(network, []) if one[1] > oldest]


def _network(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one; loopback's addresses are each for itself."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.is_loopback:
        return address
    return str(ipaddress.ip_network(f"{known}/{24 if known.version == 4 else 48}", strict=False))
