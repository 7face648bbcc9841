"""Two stores compared: what one has and the other lacks, and what stands under the same name with another content.

Both listings are read side by side, so that a million objects take no more memory than a thousand.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Literal

from siaga import generation, keys
from siaga.errors import NotFound
from siaga.inputs.listing import listed
from siaga.store import Head, Store

Kind = Literal["same", "missing", "different", "extra"]


@dataclass(frozen=True, slots=True)
class Pair:
    """An object of two stores A and B.

    kind: missing at B, extra at B, different, or same. size: at A; at B where A has none.
    """

    kind: Kind
    bucket: str
    key: str
    size: int


def compared(a: Store, b: Store, buckets: Sequence[str] = keys.BUCKETS, *, contents: bool = False) -> Iterator[Pair]:
    """Every object of both, bucket by bucket, in the order of their keys.

    contents: every byte is read and compared; else size and ETag, which is the MD5 of what came in one piece.
    Raises Unavailable, NotFound where a bucket is missing.
    """
    for bucket in buckets:
        both = heapq.merge(_marked(0, a, bucket), _marked(1, b, bucket), key=lambda one: one[0])
        for key, group in groupby(both, key=lambda one: one[0]):
            found = {side: head for _key, side, head in group}
            kind = _kind(a, b, bucket, found.get(0), found.get(1), contents=contents)
            yield Pair(kind, bucket, key, next(iter(found.values())).size)


def _marked(side: int, store: Store, bucket: str) -> Iterator[tuple[str, int, Head]]:
    return ((head.key, side, head) for head in heads(store, bucket) if head.key not in generation.OWN)


def heads(store: Store, bucket: str) -> Iterator[Head]:
    """All objects of a bucket as they show, in the order of Python's strings."""
    return listed(store, bucket) if bucket in keys.INPUTS else store.list(bucket)


def _kind(a: Store, b: Store, bucket: str, at_a: Head | None, at_b: Head | None, *, contents: bool) -> Kind:
    if at_b is None:
        return "missing"
    if at_a is None:
        return "extra"
    if at_a.size != at_b.size:
        return "different"
    in_pieces = "-" in at_a.etag or "-" in at_b.etag  # such an ETag tells how the pieces were cut, too
    if not contents and not in_pieces:
        return "same" if at_a.etag == at_b.etag else "different"
    try:
        return "same" if _hash(a, bucket, at_a.key) == _hash(b, bucket, at_b.key) else "different"
    except NotFound:  # gone since it was listed
        return "different"


def _hash(store: Store, bucket: str, key: str) -> str:
    digest = sha256()
    for piece in store.stream(bucket, key)[1]:
        digest.update(piece)
    return digest.hexdigest()
