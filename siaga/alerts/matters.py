"""Matters: what operators are to hear of Siaga itself. Whoever notices one asks; each is told once.

asked/<matter>/<id>.json      not told yet
told/<matter>/<id>            was told and lasts, so that it is not asked again; goes once its end is asked
matters/<matter>/<time>.json  one message: what it tells; one for each matter and hour, at most
"""

import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass

from siaga import keys
from siaga.alerts import naming
from siaga.alerts.allowance import Allowance
from siaga.errors import BadInput, Conflict, NotFound, Reason
from siaga.store import Store

REFUSED, DEAD, SOURCE, CANARY, BACK = ("refused", "dead", "source", "canary", "back")
_LASTING = (SOURCE, CANARY)  # kinds of which one occurrence is noticed each minute
_MOST_BYTES = 1 << 20

_log = logging.getLogger("siaga.alerts")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence of a matter.

    kind: an upload was refused, a function gave an input up, a source gives nothing, the canary is late, one of these
    two is over. about: the bucket, function, source or the matter that is over, as keys may hold it; with the kind it
    is the matter. id: tells it from others. what: the input; "" where it is none. when: UTC as stored. reason: why,
    where somebody said so.
    """

    kind: str
    about: str
    id: str
    what: str
    when: str
    reason: Reason | None = None

    @property
    def matter(self) -> str:
        """What it is an occurrence of."""
        return f"{self.kind}-{self.about}"

    def encode(self) -> bytes:
        """The stored form."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def decode(cls, body: bytes) -> "Occurrence":
        """Read it back. Raises BadInput."""
        try:
            stored = json.loads(body)
            return cls(**{name: stored[name] for name in cls.__dataclass_fields__})
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput("What operators are to hear cannot be read: {detail}", detail=str(error)) from error


def ask(store: Store, occurrence: Occurrence) -> None:
    """Let operators hear of it. store: with the rights of the gateway or of functions. Raises Unavailable."""
    key = naming.asked(occurrence.matter, occurrence.id)
    with suppress(Conflict):  # somebody asked before
        store.put(keys.NOTIFICATIONS, key, occurrence.encode(), "application/json", if_absent=True)


def ask_once(store: Store, occurrence: Occurrence) -> None:
    """The same for what lasts and is noticed again and again. store: with the rights of functions."""
    if not store.exists(keys.NOTIFICATIONS, naming.heard(occurrence.matter, occurrence.id)):
        ask(store, occurrence)


def lasting(store: Store) -> dict[str, list[str]]:
    """The ids of what was told and was not over yet, by matter. store: with the rights of functions."""
    found: dict[str, list[str]] = {}
    for head in store.list(keys.NOTIFICATIONS, naming.TOLD):
        matter, name = naming.of_heard(head.key)
        found.setdefault(matter, []).append(name)
    return found


def forget(store: Store, matter: str, ids: Iterable[str]) -> None:
    """These are over, and that is asked."""
    for name in ids:
        store.delete(keys.NOTIFICATIONS, naming.heard(matter, name))


def waiting(store: Store) -> dict[str, list[str]]:
    """The keys of what was not told yet, by matter, the oldest first. store: with the rights of functions."""
    found: dict[str, list[str]] = {}
    for head in store.list(keys.NOTIFICATIONS, keys.ASKED):
        found.setdefault(naming.of_asked(head.key)[0], []).append(head.key)
    return found


def load(store: Store, asked: Iterable[str]) -> dict[str, Occurrence]:
    """What lies under those keys. What cannot be read is forgotten, and the log says so."""
    found = {}
    for key in asked:
        try:
            found[key] = Occurrence.decode(store.get(keys.NOTIFICATIONS, key, at_most=_MOST_BYTES)[0])
        except NotFound:  # another process told it
            continue
        except BadInput as error:
            _log.warning("%s is forgotten: %s", key, error)
            store.delete(keys.NOTIFICATIONS, key)
    return found


def tick_off(store: Store, listed: Iterable[str], allowance: Allowance) -> bool:
    """Those keys were told; whether there was time for all of them.

    What lasts is noticed again: its mark comes first, so that no crash lets it be asked again.
    """
    for key in listed:
        if not allowance.is_left():
            return False
        matter, name = naming.of_asked(key)
        if matter.partition("-")[0] in _LASTING:
            store.put(keys.NOTIFICATIONS, naming.heard(matter, name), b"", "text/plain")
        store.delete(keys.NOTIFICATIONS, key)
    return True
