"""Work in several threads at once, in its order for each key: what is written last under a key stands there."""

import threading
import zlib
from collections.abc import Callable
from queue import Queue
from types import TracebackType

_AHEAD = 4  # pieces of work that wait for a lane


class Lanes:
    """Threads, each with a queue of its own. The first error ends all, and is raised by who hands work over."""

    def __init__(self, count: int = 8) -> None:
        """`count` threads."""
        self._queues: list[Queue[Callable[[], None] | None]] = [Queue(_AHEAD) for _ in range(count)]
        self._threads = [threading.Thread(target=self._work, args=[queue], daemon=True) for queue in self._queues]
        self._error: Exception | None = None
        for thread in self._threads:
            thread.start()

    def hand_over(self, key: str, work: Callable[[], None]) -> None:
        """Let it be done after all that was handed over under that key. Raises what other work raised."""
        if self._error:
            raise self._error
        self._queues[zlib.crc32(key.encode()) % len(self._queues)].put(work)

    def __enter__(self) -> "Lanes":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Wait for all. Raises what work raised."""
        for queue in self._queues:
            queue.put(None)
        for thread in self._threads:
            thread.join()
        if self._error and error is None:
            raise self._error

    def _work(self, queue: Queue[Callable[[], None] | None]) -> None:
        while work := queue.get():
            try:
                if not self._error:
                    work()
            except Exception as error:
                self._error = self._error or error
