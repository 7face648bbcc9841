"""What may be forgotten of the results: runs that no page shows and no receipt names, once they are old enough.

Each time that an input is done again with other data, software or texts, its catalogue entry is switched to the new
run, and the one before it stays. Inputs are not touched: a life-cycle rule of the store removes what was overwritten.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from siaga import keys
from siaga.errors import BadInput, NotFound, SiagaError
from siaga.hazards import HAZARDS
from siaga.receipt import Receipt
from siaga.store import Head, Store

_READERS = 16
_ENDS = (keys.REPORT, keys.IMPACT)  # go first: a run without them is none, if this is cut off


@dataclass(frozen=True, slots=True)
class OldRun:
    """A run that may go. folder: in bucket results; files: its keys, in the order in which they go."""

    folder: str
    files: tuple[str, ...]
    size: int


def forgettable(store: Store, before: datetime) -> Iterator[OldRun]:
    """Runs that nothing names, of which nothing was written since. store: with the rights of root.

    An entry that cannot be read keeps all runs of its version. Raises Unavailable; SiagaError for a receipt that cannot
    be read, which may name any run.
    """
    named, versions = _named(store)
    for hazard in HAZARDS:
        runs = groupby(store.list(keys.RESULTS, f"{hazard}/"), key=lambda head: "/".join(head.key.split("/")[:4]))
        for folder, group in runs:
            heads = list(group)
            version = folder.rpartition("/")[0]
            if folder not in named and version in versions and max(head.modified for head in heads) < before:
                yield OldRun(folder, tuple(_in_order(heads)), sum(head.size for head in heads))


def forget(store: Store, run: OldRun) -> bool:
    """Remove a run, unless an entry names it meanwhile; whether it went. Raises Unavailable."""
    hazard, event_id, version, name = run.folder.split("/")
    for head in store.list(keys.RESULTS, keys.catalog_prefix(hazard)):
        if head.key.endswith(f"_{event_id}_{version}.json") and _run(store, head.key) in (name, ""):
            return False
    for key in run.files:
        store.delete(keys.RESULTS, key)
    return True


def _named(store: Store) -> tuple[set[str], set[str]]:
    """Folders of runs that an entry or a receipt names; and versions that have an entry which can be read."""
    named: set[str] = set()
    versions: set[str] = set()
    with ThreadPoolExecutor(_READERS) as readers:
        entries = [head.key for head in store.list(keys.RESULTS, keys.CATALOG)]
        for key, run in zip(entries, readers.map(lambda key: _run(store, key), entries), strict=True):
            try:
                entry = keys.CatalogEntry.parse(key)
            except BadInput:
                continue
            version = f"{entry.hazard}/{entry.event_id}/{entry.version}"
            if run:
                versions.add(version)
                named.add(f"{version}/{run}")
        receipts = [head.key for head in store.list(keys.LEDGER) if not head.key.startswith(keys.ORDERS)]
        named.update(readers.map(lambda key: _of_receipt(store, key), receipts))
    return named, versions


def _run(store: Store, key: str) -> str:
    """The run that an entry names; "" where it cannot be read."""
    try:
        return str(json.loads(store.get(keys.RESULTS, key)[0])["run"])
    except (NotFound, BadInput, ValueError, KeyError, TypeError):
        return ""


def _of_receipt(store: Store, key: str) -> str:
    try:
        return Receipt.decode(store.get(keys.LEDGER, key)[0]).run
    except NotFound:  # taken back since it was listed
        return ""
    except BadInput as error:
        raise SiagaError("{key} cannot be read, so nothing is thinned", key=f"{keys.LEDGER}/{key}") from error


def _in_order(heads: list[Head]) -> list[str]:
    return sorted((head.key for head in heads), key=lambda key: (not key.endswith(_ENDS), key))
