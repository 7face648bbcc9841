"""How far something has come, told on a terminal in one line that is written over; nothing where nobody looks."""

import sys
import time

_LEAST_SECONDS, _BLOCKS = 0.2, 30


class Progress:
    """One line of stderr. Silent unless that is a terminal."""

    def __init__(self) -> None:
        """Nothing is told yet."""
        self._shown = sys.stderr.isatty()
        self._told, self._width = 0.0, 0

    def count(self, what: str, number: int) -> None:
        """So many of something that nobody knows the end of."""
        self.say(f"{what}: {number:,}")

    def say(self, text: str) -> None:
        """What is being done."""
        self._line(text, now=False)

    def bar(self, done: int, total: int, text: str) -> None:
        """A part of a whole."""
        filled = _BLOCKS * done // total if total else _BLOCKS
        self._line(f"[{'#' * filled}{'.' * (_BLOCKS - filled)}] {done:,} of {total:,}  {text}", now=done == total)

    def clear(self) -> None:
        """Take the line away, before something else is printed."""
        if self._width:
            print(f"\r{' ' * self._width}\r", end="", file=sys.stderr, flush=True)
            self._width = 0

    def _line(self, text: str, *, now: bool) -> None:
        if not self._shown or (not now and time.monotonic() < self._told + _LEAST_SECONDS):
            return
        print(f"\r{text:<{self._width}}", end="", file=sys.stderr, flush=True)
        self._told, self._width = time.monotonic(), len(text)
