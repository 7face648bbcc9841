"""A store whose silence holds nobody for long: after one call that it did not answer, the next ones fail at once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from siaga.errors import Unavailable
from siaga.store import Store

PATIENCE = 5.0  # seconds in which a store that is well sends something
_REST = 3.0  # seconds until it is asked again


class PatientStore(Store):
    """For pages and the index; connect it with PATIENCE. Many readers of a store that hangs wait for it one by one."""

    _silent_until = 0.0  # on the clock of time.monotonic()

    @contextmanager
    def _asking(self, bucket: str, key: str) -> Iterator[None]:
        if time.monotonic() < self._silent_until:
            raise _silence()
        try:
            with super()._asking(bucket, key):
                yield
        except Unavailable as error:
            self._silent_until = time.monotonic() + _REST
            raise _silence() from error


def _silence() -> Unavailable:
    return Unavailable("The store does not answer just now; try again in a moment")
