"""Receipts: what became of each input. Written by the gateway alone, one object each."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from siaga import keys
from siaga.errors import BadInput, Conflict, NotFound
from siaga.events import Notification
from siaga.receipt import Receipt
from siaga.store import Store

_READERS, _AT_ONCE = 16, 256
_DOORS = 32  # locks for all names, so that one slow write holds up few others
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """What lay under the key of a receipt when somebody looked.

    receipt: None where there was none, or none of ours. etag: of whatever lay there; "" for nothing.
    """

    receipt: Receipt | None = None
    etag: str = ""


class Ledger:
    """Bucket ledger, and in memory the names that it is known to hold. Shared by all threads."""

    def __init__(self, store: Store) -> None:
        """`store` with the rights of the gateway."""
        self._store = store
        self._lock = threading.Lock()
        self._doors = tuple(threading.Lock() for _ in range(_DOORS))
        self._listing = threading.Lock()  # one listing at a time, or the second would forget what the first missed
        self._names: set[str] = set()
        self._added: set[str] = set()  # while a listing is under way
        self._removed: set[str] = set()
        self._hearers: list[Callable[[Receipt], None]] = []

    def hear(self, hearer: Callable[[Receipt], None]) -> None:
        """Let `hearer` know of each receipt once it is written; it must not raise."""
        self._hearers.append(hearer)

    def refresh(self) -> None:
        """Learn all names anew. Raises Unavailable."""
        with self._listing:
            with self._lock:
                self._added.clear()
                self._removed.clear()
            listed = {head.key for head in self._store.list(keys.LEDGER) if not head.key.startswith(keys.ORDERS)}
            with self._lock:
                self._names = (listed | self._added) - self._removed

    def knows(self, function: str, notification: Notification) -> bool:
        """Whether a receipt is known, without asking the store."""
        return keys.receipt(function, notification.receipt_id) in self._names

    def settled(self, function: str, notification: Notification) -> bool:
        """Whether there is a receipt. Raises Unavailable."""
        name = keys.receipt(function, notification.receipt_id)
        if name in self._names:
            return True
        if not self._store.exists(keys.LEDGER, name):
            return False
        self._add(name)
        return True

    def write(self, receipt: Receipt) -> None:
        """Write a receipt. Raises Unavailable."""
        with self._door(receipt.name):
            self._store.put(keys.LEDGER, receipt.name, receipt.encode(), "application/json")
        self._add(receipt.name)
        for hearer in self._hearers:
            hearer(receipt)

    def remove(self, function: str, notification: Notification, etag: str) -> bool:
        """Remove the receipt that was looked at; none there is fine.

        Returns False, and leaves it, when another one was written since: that tells of work done after the look.
        The lock makes sure of that where a store knows no conditional DELETE, as MinIO; this process alone writes here.
        Raises Unavailable.
        """
        name = keys.receipt(function, notification.receipt_id)
        with self._door(name):
            try:
                if self._store.head(keys.LEDGER, name).etag != etag:
                    return False
                self._store.delete(keys.LEDGER, name, if_match=etag)
            except Conflict:
                return False
            except NotFound:
                pass
        with self._lock:
            self._names.discard(name)
            self._added.discard(name)
            self._removed.add(name)
        return True

    def beside(self, contents: Iterable[T], name: Callable[[T], str]) -> Iterator[tuple[T, Seen]]:
        """Each content and what was seen of its receipt; a few hundred at a time are read from the store.

        name: the key of the receipt of a content. Raises Unavailable.
        """
        rest = iter(contents)
        with ThreadPoolExecutor(_READERS) as readers:
            while part := list(islice(rest, _AT_ONCE)):
                yield from zip(part, readers.map(self.look, map(name, part)), strict=True)

    def read(self, name: str) -> Receipt | None:
        """The receipt of that key; None where there is none, or none of ours. Raises Unavailable."""
        return self.look(name).receipt

    def look(self, name: str) -> Seen:
        """What lies under the key of a receipt. Raises Unavailable."""
        try:
            body, head = self._store.get(keys.LEDGER, name)
        except (NotFound, BadInput):  # larger than anything of ours
            return Seen()
        try:
            return Seen(Receipt.decode(body), head.etag)
        except BadInput:
            return Seen(None, head.etag)

    def _door(self, name: str) -> threading.Lock:
        return self._doors[hash(name) % _DOORS]

    def _add(self, name: str) -> None:
        with self._lock:
            self._names.add(name)
            self._added.add(name)
            self._removed.discard(name)
