"""`siaga verify` and `siaga replicate`: two stores compared, and a second site kept up to date."""

import argparse
import json
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from siaga import moment
from siaga.commands import Commands
from siaga.errors import SiagaError
from siaga.printable import shown
from siaga.settings import Settings

if TYPE_CHECKING:  # which a command imports when it is called
    from siaga.keeping.replica import Round

_NAMED = 20  # of each kind; --json names all
_CANNOT_LOOK = 2
RECORD = "replication.json"  # in the home: what the last round came to, for who watches


def add_to(commands: Commands) -> None:
    """Add `verify` and `replicate` to the command line's commands."""
    verify = commands.add_parser("verify", help="compare two stores; status 0: nothing missing, nothing different")
    verify.add_argument("a", metavar="A", help="a site of secrets/sites.yml, or here")
    verify.add_argument("b", metavar="B")
    verify.add_argument("--contents", action="store_true", help="read and compare every byte, not sizes and ETags")
    verify.add_argument("--json", action="store_true", help="one JSON object per difference and line, a summary last")
    verify.set_defaults(run=_verify)
    replicate = commands.add_parser("replicate", help="keep a copy of our store at another site, until it is stopped")
    replicate.add_argument("site", metavar="SITE", help="of secrets/sites.yml")
    replicate.add_argument("--once", action="store_true", help="end when nothing is pending; status 0: all is verified")
    replicate.add_argument("--back", action="store_true", help="the other way: from the site to our store")
    replicate.add_argument("--seconds", type=float, default=60.0, metavar="S", help="between two rounds; 60")
    replicate.set_defaults(run=_replicate)


def _verify(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.cli.progress import Progress
    from siaga.keeping import comparison, sites

    counts: Counter[str] = Counter()
    progress = Progress()
    try:
        a, b = sites.opened(settings, chosen.a), sites.opened(settings, chosen.b)
        for pair in comparison.compared(a, b, contents=chosen.contents):
            counts[pair.kind] += 1
            progress.count("compared", counts.total())
            if pair.kind == "same":
                continue
            progress.clear()
            if chosen.json:
                print(json.dumps({"kind": pair.kind, "bucket": pair.bucket, "key": pair.key, "size": pair.size}))
            elif counts[pair.kind] <= _NAMED:
                print(f"{pair.kind:<10} {shown(f'{pair.bucket}/{pair.key}')}")
    except SiagaError as error:
        progress.clear()
        print(f"siaga: cannot look: {error}", file=sys.stderr)
        return _CANNOT_LOOK
    progress.clear()
    whole = not counts["missing"] and not counts["different"]
    if chosen.json:
        print(json.dumps({"whole": whole} | {kind: counts[kind] for kind in ("same", "missing", "different", "extra")}))
    else:
        extra = f"; {counts['extra']:,} only in {chosen.b}" if counts["extra"] else ""
        same = f"{counts['same']:,} the same"
        print(f"{counts['missing']:,} missing, {counts['different']:,} different, {same}{extra}")
    return 0 if whole else 1


def _replicate(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.cli import stop_on_signals
    from siaga.cli.progress import Progress
    from siaga.keeping import sites
    from siaga.keeping.replica import Replica

    progress, stop = Progress(), stop_on_signals()
    pair = sites.opened(settings, sites.HERE), sites.opened(settings, chosen.site)
    source, copy = reversed(pair) if chosen.back else pair
    replica = Replica(source, copy, lambda done, total: progress.bar(done, total, "copied"))
    while True:
        began = time.monotonic()
        try:
            result = replica.round(back=chosen.back)
        except SiagaError as error:
            progress.clear()
            print(f"siaga: {chosen.site}: {error}", file=sys.stderr, flush=True)
            if chosen.once:
                return _CANNOT_LOOK
        else:
            progress.clear()
            _tell(settings, chosen.site, result, time.monotonic() - began)
            if chosen.once and (result.failed or not result.copied):
                return 1 if result.failed else 0
        if stop.wait(0 if chosen.once else chosen.seconds):
            return 130 if chosen.once else 0


def _tell(settings: Settings, site: str, result: "Round", seconds: float) -> None:
    for name, why in list(result.failed.items())[:_NAMED]:
        print(f"failed     {shown(name)}: {shown(why)}", file=sys.stderr)
    extra = f"  extra {result.extra:,}" if result.extra else ""
    print(
        f"{moment.stamp()}  {site}  copied {result.copied:,}  pending {result.pending:,}  "
        f"failed {len(result.failed):,}  verified {result.verified:,}{extra}  {seconds:.1f} s",
        flush=True,
    )
    record = {
        "site": site,
        "at": moment.stamp(),
        "pending": result.pending,
        "failed": len(result.failed),
        "verified": result.verified,
        "seconds": round(seconds, 1),
    }
    path = settings.home / RECORD
    part = path.with_name(f".{path.name}")
    part.write_text(json.dumps(record), encoding="utf-8")
    part.replace(path)
