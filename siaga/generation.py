"""Which generation of Siaga wrote a store. An older Siaga, or any after half a restore, does not start on it.

A generation changes when something is stored that Siaga of before would read wrongly; records have schema versions of
their own, and what is read stays readable for ever.
"""

import json
from dataclasses import asdict, dataclass

from siaga import keys, moment, software
from siaga.errors import BadInput, NotFound, SiagaError, Unavailable
from siaga.store import Store

KEY = "generation.json"  # in bucket results, which gateway and web may read
BACKED_UP = "backup.json"  # beside it: which backup of this store was made last
OWN = KEY, BACKED_UP  # what each store says of itself; no backup or copy holds it
SCHEMA = "siaga/generation/1"
CURRENT = 1
_MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Generation:
    """number: as CURRENT of the newest Siaga that wrote there; software: that one. restoring: since when, or ""."""

    number: int
    software: str
    restoring: str = ""


def check(store: Store) -> None:
    """Raise SiagaError where this Siaga must not work on that store; Unavailable where it does not answer."""
    found = read(store)
    if found is None:
        return
    if found.number > CURRENT:
        raise SiagaError(
            "The store was written by Siaga {software}, generation {number}; this one knows {current} at most: "
            "install that version again, or restore a backup of before it",
            software=found.software,
            number=found.number,
            current=CURRENT,
        )
    if found.restoring:
        raise SiagaError("A restore began at {since} and did not end; call siaga restore again", since=found.restoring)


def read(store: Store) -> Generation | None:
    """What a store says; None for one that says nothing, as those of before."""
    try:
        record = json.loads(store.get(keys.RESULTS, KEY, at_most=_MOST_BYTES)[0])
        return Generation(int(record["number"]), str(record["software"]), str(record["restoring"]))
    except NotFound:
        return None
    except (BadInput, ValueError, KeyError, TypeError) as error:
        raise SiagaError("{key} of bucket results cannot be read; restore it or delete it", key=KEY) from error


def mark(store: Store) -> None:
    """Say that this Siaga writes there; what a newer one has said stays."""
    found = read(store)
    if found is None or found.number < CURRENT:
        _write(store, Generation(CURRENT, software.version(), found.restoring if found else ""))


def begin_restore(store: Store) -> bool:
    """Let nobody work there until `end_restore`; returns whether one had begun before and not ended."""
    try:
        found = read(store)
    except Unavailable:
        raise
    except SiagaError:  # damaged, as much else may be; nothing tells of a restore
        found = None
    _write(store, Generation(CURRENT, software.version(), moment.stamp()))
    return found is not None and bool(found.restoring)


def end_restore(store: Store) -> None:
    """All is there."""
    _write(store, Generation(CURRENT, software.version()))


def _write(store: Store, generation: Generation) -> None:
    body = json.dumps({"schema": SCHEMA} | asdict(generation), indent=1).encode()
    store.put(keys.RESULTS, KEY, body, "application/json")
