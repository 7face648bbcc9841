"""Who may try to log in, and how often: bounds for strangers, a ban for those who guess, a number for each user."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol

_OF_ADDRESS, _OF_ALL = 20, 200  # connections that have not logged in
_FAILURES, _WINDOW = 10, 300.0  # connections of one address that failed to log in, within so many seconds
_BAN = 900.0  # seconds
_REMEMBERED = 10_000  # addresses


class Stranger(Protocol):
    """A connection that has not logged in."""

    def end(self, why: str) -> None:
        """Close it."""


class Admission:
    """Counts of one door. Kept in memory: a restart forgets them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._clock = clock
        self._strangers: dict[Stranger, str] = {}  # the oldest first
        self._addresses: Counter[str] = Counter()
        self._failures: dict[str, list[float]] = {}
        self._banned: dict[str, float] = {}
        self._users: Counter[str] = Counter()

    def refuses(self, address: str) -> str:
        """Why nobody from that address may try now; "" where they may."""
        until = self._banned.get(address, 0.0)
        if until > self._clock():
            return f"banned for {until - self._clock():.0f} seconds more: too many log-ins failed"
        if self._addresses[address] >= _OF_ADDRESS:
            return f"more than {_OF_ADDRESS} connections of this address have not logged in"
        return ""

    def came(self, stranger: Stranger, address: str) -> None:
        """A connection came; beyond the most of them it takes the place of the one that has not logged in longest."""
        self._strangers[stranger] = address
        self._addresses[address] += 1
        if len(self._strangers) > _OF_ALL:
            longest = next(iter(self._strangers))
            self.gone(longest)
            longest.end("too many connections have not logged in")

    def gone(self, stranger: Stranger) -> None:
        """It logged in, or ended."""
        address = self._strangers.pop(stranger, None)
        if address is not None:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def failed(self, address: str) -> bool:
        """A connection of that address failed to log in; whether it is banned from now on."""
        now = self._clock()
        recent = [one for one in self._failures.get(address, []) if one > now - _WINDOW]
        self._failures[address] = [*recent, now]
        if len(self._failures) > _REMEMBERED:
            del self._failures[next(iter(self._failures))]
        if len(self._failures[address]) < _FAILURES:
            return False
        del self._failures[address]
        self._banned = {who: until for who, until in self._banned.items() if until > now} | {address: now + _BAN}
        return True

    def succeeded(self, address: str) -> None:
        """Somebody of that address logged in, after what failed at first: a client offers one key after another."""
        self._failures.pop(address, None)

    def enter(self, user: str, most: int) -> bool:
        """Whether the user may have one connection more; then it is counted."""
        if self._users[user] >= most:
            return False
        self._users[user] += 1
        return True

    def leave(self, user: str) -> None:
        """One connection of the user has ended."""
        self._users[user] -= 1
