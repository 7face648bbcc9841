"""The queues of the job database: of which jobs how many are taken up at once, and how often each is looked at."""

import threading
from collections.abc import Mapping

from dbos import DBOS, Queue

from gateway.leases import backfill_at_once

BACKFILL = "|backfill"  # ends the name of a queue; no function's name can hold it
SUSPECTS = "|suspects"  # the queue of what has ended a slot, of all functions; nobody waits behind it
LOOKED_INTO = 8  # live jobs at a time, per function
BUSY_POLL, _IDLE_POLL = 0.05, 1.0  # seconds, per queue; the first live jobs do not wait for it
_BACKFILL_POLL = 0.25  # of a busy queue of backfill, whose next job is at hand already; a look takes 3 ms of processor


class Queues:
    """Two for each function, so that backfill that was taken up and waits for its slot keeps no live job out.

    More are taken up than there are slots: of the live ones some turn out to be old, of backfill the next is at hand.
    """

    def __init__(self) -> None:
        """None is open yet."""
        self._open: dict[str, Queue] = {}
        self._pace = threading.Lock()
        self._busy: set[str] = set()  # queues that are polled quickly

    def __contains__(self, name: str) -> bool:
        """Whether a queue of that name is looked at."""
        return name in self._open

    def open(self, slots: Mapping[str, int]) -> None:
        """Open them; `slots` of each function."""
        at_once = {SUSPECTS: max(1, len(slots))}
        for function, count in slots.items():
            at_once |= _at_once(function, count)
        for name, most in at_once.items():
            interval = _busy_poll(name)
            self._open[name] = DBOS.register_queue(name, global_concurrency=most, polling_interval_sec=interval)
            self._busy.add(name)

    def resize(self, function: str, slots: int) -> None:
        """A function has another number of slots from now on."""
        for name, most in _at_once(function, slots).items():
            self._open[name].set_global_concurrency(most)

    def hurry(self, name: str) -> None:
        """Something came into a queue."""
        with self._pace:
            if name not in self._busy:
                self._open[name].set_polling_interval_sec(_busy_poll(name))
                self._busy.add(name)

    def relax(self) -> None:
        """Look less often at the queues that have run empty; it is what an idle gateway spends its time on."""
        for name in list(self._busy):
            with self._pace:
                if not DBOS.list_workflows(
                    queue_name=name, status=["ENQUEUED", "PENDING"], limit=1, load_input=False, load_output=False
                ):
                    self._open[name].set_polling_interval_sec(_IDLE_POLL)
                    self._busy.discard(name)


def _at_once(function: str, slots: int) -> dict[str, int]:
    return {function: slots + LOOKED_INTO, f"{function}{BACKFILL}": backfill_at_once(slots) + 1}


def _busy_poll(name: str) -> float:
    return _BACKFILL_POLL if name.endswith(BACKFILL) else BUSY_POLL
