"""`siaga dead`: what was refused or given up, with its reason, out of the receipts alone."""

import argparse
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from siaga import keys
from siaga.commands import Commands
from siaga.errors import BadInput, NotFound
from siaga.printable import shown
from siaga.settings import Settings

if TYPE_CHECKING:  # which a command imports when it is called
    from siaga.receipt import Receipt
    from siaga.store import Store

_READERS, _AT_ONCE = 16, 256


def add_to(commands: Commands) -> None:
    """Add `dead` to the command line's commands."""
    dead = commands.add_parser("dead", help="what was refused or given up, and why")
    dead.add_argument("--dropped", action="store_true", help="what was dropped, by whom and why")
    dead.set_defaults(run=_dead)


def _dead(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.store import Store

    states = ("dropped",) if chosen.dropped else ("dead", "refused")
    store, found = Store.connect(settings, "web"), 0
    for receipt in _receipts(store, Store.connect(settings, "functions"), states):
        found += 1
        content = receipt.notification
        name, ended = shown(f"{content.bucket}/{content.key}"), receipt.finished[:19].replace("T", " ")
        print(f"{receipt.state:<10} {ended}  {name}")
        said = shown(receipt.reason["text"]) if receipt.reason else ""
        print(f"{'':<10} {receipt.function}, {receipt.attempts} tries: {said}")
    if not found:
        print("none")
    elif not chosen.dropped:
        print(f"{found:,}: `siaga reprocess` with a line or a key tries again, `siaga drop … --why WORDS` gives it up")
    return 0


def _receipts(store: "Store", inputs: "Store", states: Collection[str]) -> "Iterator[Receipt]":
    """Those in one of these states, whose content still is what stands under its key.

    store: with the rights of role web; inputs: of role functions, which may read both inputs and analyses.
    """
    from siaga.receipt import Receipt

    def read(name: str) -> Receipt | None:
        try:
            receipt = Receipt.decode(store.get(keys.LEDGER, name)[0])
        except (NotFound, BadInput):
            return None
        return receipt if receipt.state in states and _is_newest(inputs, receipt) else None

    names = (head.key for head in store.list(keys.LEDGER) if not head.key.startswith(keys.ORDERS))
    with ThreadPoolExecutor(_READERS) as readers:
        while part := list(islice(names, _AT_ONCE)):
            yield from (receipt for receipt in readers.map(read, part) if receipt)


def _is_newest(store: "Store", receipt: "Receipt") -> bool:
    """Whether its content still is what stands under its key; a newer one has a receipt of its own."""
    content = receipt.notification
    try:
        return store.head(content.bucket, content.key).etag == content.etag
    except (NotFound, BadInput):
        return False
