"""The time that a tick gives to messages of no event: an alert that comes meanwhile does not wait for all of them."""

import time
from collections.abc import Callable

_SECONDS = 5.0


class Allowance:
    """Of one tick: what is begun within it is ended, and the rest is for the next tick."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """It begins now. `clock` in seconds."""
        self._clock, self._end = clock, clock() + _SECONDS

    def is_left(self) -> bool:
        """Whether one more may be begun."""
        return self._clock() < self._end
