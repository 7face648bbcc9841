"""Operators: lets them hear of each input that was refused or given up; `notify` sends what is asked for here."""

import logging
import threading
from collections import deque

from siaga.alerts import matters
from siaga.alerts.matters import DEAD, REFUSED, Occurrence
from siaga.errors import SiagaError
from siaga.inputs import canary
from siaga.receipt import Receipt
from siaga.store import Store

_log = logging.getLogger("gateway")
_KINDS = {"refused": REFUSED, "dead": DEAD}  # by state of a receipt
_AGAIN_SECONDS = 10.0
_MOST = 1000  # that are kept while the store is away


class Operators:
    """Asks for a message about each such receipt. What the store does not take is asked again until it does."""

    def __init__(self, store: Store, wanted: bool) -> None:
        """`store` with the rights of the gateway. wanted: whether the settings name anybody."""
        self._store, self._wanted = store, wanted
        self._waiting: deque[Occurrence] = deque(maxlen=_MOST)
        self._asking = threading.Lock()

    def hear(self, receipt: Receipt) -> None:
        """A receipt was written."""
        one = occurrence(receipt) if self._wanted else None
        if one:
            self._waiting.append(one)
            self._ask()

    def run(self, stop: threading.Event) -> None:
        """Ask again for what was not taken, until told to stop."""
        while not stop.wait(_AGAIN_SECONDS):
            self._ask()

    def _ask(self) -> None:
        with self._asking:
            while self._waiting:
                try:
                    matters.ask(self._store, self._waiting[0])
                except SiagaError as error:
                    _log.warning("no message to operators yet: %s", error)
                    return
                self._waiting.popleft()


def occurrence(receipt: Receipt) -> Occurrence | None:
    """What operators are to hear of a receipt; nothing of canaries, and of messages that fail, whose log tells it."""
    content, kind = receipt.notification, _KINDS.get(receipt.state)
    if kind is None or receipt.function == "notify" or canary.is_of_one(content):
        return None
    about = content.bucket if kind == REFUSED else receipt.function
    stamp = receipt.finished.replace(":", "").replace("-", "")
    what = f"{content.bucket}/{content.key}"
    return Occurrence(kind, about, f"{stamp}-{content.receipt_id[:32]}", what, receipt.finished, receipt.reason)
