"""Where the time of one call goes."""

import time


class Timing:
    """A stopwatch with laps: seconds per named step, for the log and `make bench`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def step(self, name: str) -> None:
        """The time since the last step belongs to `name`."""
        now = time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._last, 4)
        self._last = now
