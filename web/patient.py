"""A store whose silence holds nobody for long: after one call that it did not answer, the next ones fail at once."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from siaga.errors import Unavailable
from siaga.store import Head, Store

_log = logging.getLogger(__name__)
PATIENCE = 5.0  # seconds in which a store that is well sends something
_REST = 3.0  # seconds until it is asked again


class PatientStore(Store):
    """For pages and the index; connect it with PATIENCE. Many readers of a store that hangs wait for it one by one."""

    _silent_until = 0.0  # on the clock of time.monotonic()

    def get(self, *args: Any, **named: Any) -> tuple[bytes, Head]:
        """As Store's."""
        with self._asking():
            return super().get(*args, **named)

    def head(self, *args: Any, **named: Any) -> Head:
        """As Store's."""
        with self._asking():
            return super().head(*args, **named)

    def stream(self, *args: Any, **named: Any) -> tuple[Head, Iterator[bytes]]:
        """As Store's."""
        with self._asking():
            return super().stream(*args, **named)

    def list(self, *args: Any, **named: Any) -> Iterator[Head]:
        """As Store's."""
        with self._asking():
            yield from super().list(*args, **named)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        if time.monotonic() < self._silent_until:
            raise _silence()
        try:
            yield
        except Unavailable as error:  # its address and whatever a library says are for the log
            _log.warning("%s", error)
            self._silent_until = time.monotonic() + _REST
            raise _silence() from error


def _silence() -> Unavailable:
    return Unavailable("The store does not answer just now; try again in a moment")
