"""A copy of a store at another site, kept up to date in rounds that each end with what is pending, failed, verified.

A round compares first and copies then, from what is pointed at to what points there: inputs, runs, catalogue, receipts.
So the copy never holds a receipt or an entry whose run is not there yet. Only what shows is copied, no older contents.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import md5
from threading import Lock
from typing import BinaryIO, cast

from siaga import keys
from siaga.errors import NotFound, SiagaError
from siaga.keeping.comparison import Pair, compared
from siaga.keeping.lanes import Lanes
from siaga.store import Head, Store

# What points comes before what it points at; copied in the opposite order.
_ORDER = tuple(dict.fromkeys((keys.LEDGER, keys.RESULTS, *keys.BUCKETS)))
_WHOLE_BYTES = 8 << 20  # larger contents wait on disk


@dataclass
class Round:
    """What one round came to.

    verified: objects that are the same at both sites at its end. pending: those still to be copied. failed: why, by
    name. extra: those that only the copy has. copied, removed: what was done; size: bytes copied.
    """

    verified: int = 0
    pending: int = 0
    copied: int = 0
    removed: int = 0
    extra: int = 0
    size: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class Replica:
    """Copies one store to another, with the rights of root of both."""

    def __init__(self, source: Store, copy: Store, say: Callable[[int, int], None]) -> None:
        """say: how many of how many are copied, in each round."""
        self._source, self._copy, self._say = source, copy, say
        self._lock = Lock()
        self._done = 0

    def round(self, *, back: bool = False) -> Round:
        """Compare, and copy what is missing or different; remove receipts and notices that were taken back.

        back: from a site that worked to one that had worked before it. Raises Unavailable where a site does not
        answer; SiagaError where the source is empty and the copy is not, and where the copy has worked by itself.
        """
        result = Round()
        wanted: list[Pair] = []
        taken_back: list[Pair] = []
        alone = ""
        for pair in compared(self._source, self._copy, _ORDER):
            if pair.kind == "same":
                result.verified += 1
            elif pair.kind != "extra":
                wanted.append(pair)
            elif pair.bucket == keys.LEDGER or keys.noticed(pair.key):
                taken_back.append(pair)
            else:
                result.extra += 1
                if _only_added(pair):
                    alone = alone or f"{pair.bucket}/{pair.key}"
        if not result.verified and not wanted and (taken_back or result.extra):
            raise SiagaError("The source is empty and the copy is not: is it the right way round?")
        if alone and not back:
            raise SiagaError(
                "{where} is at the copy alone: it has worked by itself; bring that here first (--back)", where=alone
            )
        result.pending, self._done = len(wanted), 0
        for group in _pointed_at_first(wanted):
            self._copy_all(group, result)
        self._remove(taken_back, result)
        return result

    def _copy_all(self, pairs: Sequence[Pair], result: Round) -> None:
        with Lanes() as lanes:
            for pair in pairs:
                lanes.hand_over(f"{pair.bucket}/{pair.key}", partial(self._copy_one, pair, result))

    def _copy_one(self, pair: Pair, result: Round) -> None:
        try:
            head = self._carry(pair)
        except NotFound:  # gone at the source since it was listed
            head = None
        except SiagaError as error:
            with self._lock:
                result.failed[f"{pair.bucket}/{pair.key}"] = str(error)
            return
        with self._lock:
            self._done += 1
            result.pending -= 1
            if head is not None:
                result.copied += 1
                result.verified += 1
                result.size += head.size
            done, total = self._done, self._done + result.pending
        self._say(done, total)

    def _carry(self, pair: Pair) -> Head:
        """Copy it; what the store over there says that it holds must be what was read here."""
        if pair.size <= _WHOLE_BYTES:
            body, head = self._source.get(pair.bucket, pair.key)
            digest = md5(body, usedforsecurity=False)
            etag = self._put(pair, head, body)
        else:
            head, pieces = self._source.stream(pair.bucket, pair.key)
            digest = md5(usedforsecurity=False)
            with tempfile.TemporaryFile() as file:
                for piece in pieces:
                    digest.update(piece)
                    file.write(piece)
                file.seek(0)
                etag = self._put(pair, head, cast(BinaryIO, file))
        if "-" not in etag and etag != digest.hexdigest():  # else its pieces count too; the next round reads both
            raise SiagaError("The other site holds something else than was sent: {etag}", etag=etag)
        return head

    def _put(self, pair: Pair, head: Head, body: bytes | BinaryIO) -> str:
        return self._copy.put(pair.bucket, pair.key, body, head.media_type, metadata=head.metadata)

    def _remove(self, pairs: Sequence[Pair], result: Round) -> None:
        """What the gateway has taken back here must not settle an input over there."""
        for pair in pairs:
            if not self._source.exists(pair.bucket, pair.key):
                self._copy.delete(pair.bucket, pair.key)
                result.removed += 1


def _only_added(pair: Pair) -> bool:
    """Whether it is of what Siaga never removes, so that the source had it if it came from there."""
    return pair.bucket == keys.AUDIT or (pair.bucket in keys.INPUTS and not pair.key.startswith(keys.CANDIDATES))


def _pointed_at_first(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Groups, each to be copied before the next one begins."""
    groups: dict[int, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(_rank(pair), []).append(pair)
    return [groups[rank] for rank in sorted(groups)]


def _rank(pair: Pair) -> int:
    if pair.bucket == keys.LEDGER:
        return 3
    if (pair.bucket, pair.key) == (keys.ANALYSIS_DATA, keys.MANIFEST) or pair.key.startswith(keys.CATALOG):
        return 2
    return 1 if pair.key.endswith((f"/{keys.IMPACT}", f"/{keys.REPORT}")) else 0  # which list the files beside them
