"""Matters: what operators are to hear of Siaga itself. Whoever notices one asks; each is told once.

asked/<matter>/<id>.json      not told yet
told/<matter>/<id>            was told, so that it is not asked again
matters/<matter>/<time>.json  one message: what it tells; one for each matter and hour, at most
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass

from siaga import keys
from siaga.alerts import naming
from siaga.errors import BadInput, Conflict, NotFound, Reason
from siaga.store import Store

REFUSED, DEAD, SOURCE, CANARY = KINDS = ("refused", "dead", "source", "canary")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence of a matter.

    kind: an upload was refused, a function gave an input up, a source gives nothing, the canary is late. about: the
    bucket, function or source, as keys may hold it; with the kind it is the matter. id: tells it from others. what: the
    input; "" where it is none. when: UTC as stored. reason: why, where somebody said so.
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


def waiting(store: Store) -> dict[str, list[Occurrence]]:
    """What was not told yet, by matter. store: with the rights of functions."""
    found: dict[str, list[Occurrence]] = {}
    for head in store.list(keys.NOTIFICATIONS, keys.ASKED):
        with suppress(NotFound, BadInput):
            one = Occurrence.decode(store.get(keys.NOTIFICATIONS, head.key, at_most=_MOST_BYTES)[0])
            found.setdefault(one.matter, []).append(one)
    return {matter: sorted(ones, key=lambda one: (one.when, one.id)) for matter, ones in found.items()}


def tick_off(store: Store, occurrences: Iterable[Occurrence]) -> None:
    """They were told: the mark first, so that no crash lets one be asked again."""
    for one in occurrences:
        store.put(keys.NOTIFICATIONS, naming.heard(one.matter, one.id), b"", "text/plain")
        store.delete(keys.NOTIFICATIONS, naming.asked(one.matter, one.id))
