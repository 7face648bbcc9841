"""Who gets the next slot: live jobs before those that may wait, and these a small share, whatever goes before."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from gateway.urgency import LAST, is_live, rank

_SHARE_SECONDS = 30.0  # a class that waited this long begins one job: of a second or two, so a twentieth of the machine
_BACKFILL = 2  # the rank of what goes last
_SUSPECTS = 3  # the class of what has ended a slot, beside those of the ranks


@dataclass(frozen=True, slots=True)
class Call:
    """A call for a job.

    job: its id. priority: as gateway.urgency gives it. about_object: it is about an object, and no tick or plain call.
    suspect: it has ended a slot before; last: it is the job's last attempt. holds_back: what may wait waits for it.
    """

    function: str
    job: str
    priority: int
    method: str
    target: str
    headers: Iterable[tuple[str, str]]
    body: bytes
    about_object: bool
    suspect: bool = False
    last: bool = False
    holds_back: bool = True

    @property
    def is_backfill(self) -> bool:
        """Whether everything live goes before it, on the processor too."""
        return rank(self.priority) == _BACKFILL


def backfill_at_once(slots: int) -> int:
    """How many of a function's slots backfill may hold."""
    return max(1, slots - 1)


class _Ticket(NamedTuple):
    """One who waits; the lowest place is first. share: the class whose share it may claim, 0 for none.

    kept: slots that stay free for others until it claims that. since: when it came.
    """

    place: int
    number: int
    rank: int
    share: int
    kept: int
    since: float


class Leases:
    """The slots of all functions, who has which, and who waits. Shared by all threads."""

    def __init__(self, urls: dict[str, list[str]]) -> None:
        """`urls`: those of each function's slots; the first is kept for what is live where there are several.

        `replace` changes them in place.
        """
        self._urls = urls
        self._free = {name: list(of_function) for name, of_function in urls.items()}
        self._waiting: dict[str, list[_Ticket]] = {name: [] for name in urls}
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._holding: dict[str, tuple[Call, str]] = {}  # by job
        self._before = [0, 0, 0]  # calls about an object that are under way or waiting, of all functions, by rank
        self._began: dict[tuple[str, int], float] = {}  # when a job of that function and rank last did

    def replace(self, function: str, urls: list[str]) -> None:
        """A function has these slots from now on; one that is gone and held is not given back."""
        with self._changed:
            self._urls[function][:] = urls
            self._set_free(function)

    def live_waiting(self, function: str) -> int:
        """How many live jobs of that function wait for a slot."""
        with self._changed:
            return sum(is_live(ticket.place) for ticket in self._waiting[function])

    def under_way(self) -> set[str]:
        """The ids of the jobs that hold a slot now."""
        with self._changed:
            return set(self._holding)

    def held_up(self, call: Call) -> list[str]:
        """The slots whose backfill a live call has to wait for, since its function has no other."""
        with self._changed:
            if call.is_backfill or call.suspect or self._free[call.function]:
                return []
            same = (held for held in self._holding.values() if held[0].function == call.function)
            return [url for other, url in same if other.is_backfill]

    def by_freedom(self, function: str) -> list[str]:
        """All slots of a function, the free ones first."""
        with self._changed:
            free = list(self._free[function])
        return free + [url for url in self._urls[function] if url not in free]

    @contextmanager
    def lease(self, call: Call) -> Iterator[str]:
        """Wait for a slot and hold it; its URL.

        While a live job about an object is under way, of whatever function, no backfill begins and no report of a
        quake that hits few: the machine is its own. But a class that has waited for half a minute begins one job of
        each function, so that no flow of live ones, however long, keeps it out for ever. A tick holds none back, nor
        does a function beside the road (stack.yml: siaga.beside): they wait for somebody outside more than they work;
        nor does a suspect, which goes behind all others and leaves one of several slots free. Where there are several,
        suspects have their share as well, one at a time: what ended a slot may be a map of now that another has killed,
        and a backfill takes hours. Backfill leaves one of several to what comes now.
        """
        own, function = rank(call.priority), call.function
        several = len(self._urls[function]) > 1
        share = _SUSPECTS * several if call.suspect else own
        place = LAST if call.suspect else call.priority
        ticket = _Ticket(place, next(self._number), own, share, int(call.suspect and several), time.monotonic())
        holds = call.about_object and call.holds_back and not call.suspect
        free = self._free[function]
        with self._changed:
            self._waiting[function].append(ticket)
            self._before[own] += holds
            self._changed.notify_all()  # whoever has waited long enough comes before it
            while not free or not self._is_next(function, ticket):
                self._changed.wait(self._seconds_to_share(function, share) if share else None)
            self._waiting[function].remove(ticket)
            self._began[function, share or own] = time.monotonic()
            url = (max if call.is_backfill else min)(free, key=self._urls[function].index)
            free.remove(url)
            self._holding[call.job] = call, url
            self._changed.notify_all()
        try:
            yield url
        finally:
            with self._changed:
                del self._holding[call.job]
                self._before[own] -= holds
                self._set_free(function)

    def _set_free(self, function: str) -> None:
        """All slots of a function but those that are held; whoever waits may look."""
        held = Counter(url for call, url in self._holding.values() if call.function == function)
        self._free[function][:] = (Counter(self._urls[function]) - held).elements()
        self._changed.notify_all()

    def _is_next(self, function: str, ticket: _Ticket) -> bool:
        """Whether one free slot is for that one."""
        waiting = self._waiting[function]
        classes = {one.share for one in waiting if one.share and self._has_room(function, one.share)}
        if overdue := [share for share in classes if self._seconds_to_share(function, share) is None]:
            return ticket == min(one for one in waiting if one.share == max(overdue))
        is_first = ticket == min(waiting) and not any(self._before[: ticket.rank])
        return is_first and len(self._free[function]) > ticket.kept and self._has_room(function, ticket.rank)

    def _has_room(self, function: str, share: int) -> bool:
        """Whether one more of that class may hold a slot; suspects take no room but each other's."""
        held = [call for call, _url in self._holding.values() if call.function == function]
        if share == _SUSPECTS:
            return not any(call.suspect for call in held)
        backfill = sum(call.is_backfill and not call.suspect for call in held)
        return share < _BACKFILL or backfill < backfill_at_once(len(self._urls[function]))

    def _seconds_to_share(self, function: str, share: int) -> float | None:
        """Until a class that waits has its share; None once it has: then a slot is all that it still waits for."""
        oldest = min(one.since for one in self._waiting[function] if one.share == share)
        left = max(oldest, self._began.get((function, share), 0.0)) + _SHARE_SECONDS - time.monotonic()
        return left if left > 0 else None
