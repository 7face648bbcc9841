"""`siaga ledger verify`: whether buckets, ledger, catalogue and results agree, and mending what does not."""

import argparse
import getpass
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from siaga.commands import Commands
from siaga.errors import SiagaError, Unavailable
from siaga.printable import shown
from siaga.settings import Settings

if TYPE_CHECKING:  # which a command imports when it is called
    from siaga.inspection.findings import Content, Finding
    from siaga.inspection.mending import Mending
    from siaga.store import Store

_NAMED = 20  # of each kind; --json names all
_WHOLE, _FINDINGS, _CANNOT_LOOK = 0, 1, 2


def add_to(commands: Commands) -> None:
    """Add `ledger` to the command line's commands."""
    ledger = commands.add_parser("ledger", help="whether buckets, ledger, catalogue and results agree")
    what = ledger.add_subparsers(required=True, metavar="WHAT")
    verify = what.add_parser("verify", help="compare them all; status 0: they agree, 1: findings, 2: cannot look")
    verify.add_argument("--mend", action="store_true", help="mend what can be derived from what is there")
    verify.add_argument("--quick", action="store_true", help="compare the sizes of files, do not read them for hashes")
    verify.add_argument("--json", action="store_true", help="one JSON object per finding and line, a summary last")
    verify.set_defaults(run=_verify)


def _verify(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga import stack
    from siaga.cli.progress import Progress
    from siaga.inspection.comparison import Comparison
    from siaga.store import Store

    progress = Progress()
    try:
        store = Store.connect(settings, "web")
        mending = _mending(settings, store) if chosen.mend else None
        functions = stack.load(settings.stack)
        inputs = Store.connect(settings, "functions")
        compared = Comparison(store, inputs, functions, _pending(settings), not chosen.quick, progress.count)
        report = _Report(chosen.json)
        for finding in compared.findings():
            report.add(finding, mending.mend(finding) if mending and finding.is_fault else "")
        if mending:
            mending.close()
    except SiagaError as error:
        progress.clear()
        print(f"siaga: cannot look: {error}", file=sys.stderr)
        return _CANNOT_LOOK
    progress.clear()
    report.close(mended=chosen.mend)
    return _FINDINGS if report.faults else _WHOLE


class _Report:
    """What was found: told at once as JSON, or in the end by kind."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._counts: Counter[str] = Counter()
        self._named: defaultdict[str, list[str]] = defaultdict(list)
        self.faults = 0

    def add(self, finding: "Finding", mended: str) -> None:
        self._counts[finding.kind] += 1
        self.faults += finding.is_fault
        if self._as_json:
            print(json.dumps(asdict(finding) | {"fault": finding.is_fault, "mended": mended}, ensure_ascii=False))
        elif len(self._named[finding.kind]) < _NAMED:
            said = shown("  ".join(part for part in (finding.name, finding.detail) if part))
            self._named[finding.kind].append(f"     {said}" + (f"\n       -> {shown(mended)}" if mended else ""))

    def close(self, *, mended: bool) -> None:
        from siaga.inspection.findings import KINDS

        if self._as_json:
            print(json.dumps({"whole": not self.faults, "counts": dict(self._counts)}))
            return
        for name in sorted(self._named, key=lambda name: not KINDS[name].fault):
            kind, count = KINDS[name], self._counts[name]
            todo = "" if mended and kind.fault else kind.todo
            print(f"{count:>4} × {kind.text}" + (f": {todo}" if todo else ""))
            print("\n".join(self._named[name]) + (f"\n     … and {count - _NAMED:,} more" if count > _NAMED else ""))
        print("findings: see above" if self.faults else "whole: buckets, ledger, catalogue and results agree")


def _pending(settings: Settings) -> Callable[[], set[str]]:
    """The jobs that the gateway has; none when only the store runs."""
    from siaga.cli.gateway import Gateway

    gateway = Gateway.of(settings)
    away: list[Unavailable] = []

    def pending() -> set[str]:
        try:
            return set() if away else gateway.pending()
        except Unavailable as error:
            print(f"siaga: {error}: which inputs are under way is not known", file=sys.stderr)
            away.append(error)
            return set()

    return pending


def _mending(settings: Settings, store: "Store") -> "Mending":
    from siaga.cli.gateway import Gateway
    from siaga.inspection.mending import Mending
    from siaga.store import Store

    gateway = Gateway.of(settings)

    def ask(contents: "Sequence[Content]") -> None:
        inputs = [asdict(content) for content in contents]
        gateway.post("/siaga/reprocess", {"inputs": inputs, "who": getpass.getuser()})

    try:
        gateway.pending()
    except SiagaError:
        return Mending(store, Store.connect(settings, "functions"), None)
    return Mending(store, Store.connect(settings, "functions"), ask)
