"""Listing a bucket of inputs: all that lies there, also what a listing of the store leaves out."""

from collections.abc import Iterator
from contextlib import suppress

from siaga import keys
from siaga.errors import Forbidden, NotFound
from siaga.store import Head, Store


def listed(store: Store, bucket: str, prefix: str = "", *, start_after: str = "") -> Iterator[Head]:
    """Objects in the order of their keys, each once, from the first key after `start_after`.

    MinIO lists nothing of what lies below an object that is named like a folder. A map has its names there, so it is
    asked for by them: two requests for each object at the top whose name begins with a clock.
    store: with the right to read the bucket. Raises SiagaError as Store.list.
    """
    before = (one for folder in _folders(max(prefix, start_after)) for one in _below(store, bucket, folder))
    below = sorted((one for one in before if one.key > start_after and one.key.startswith(prefix)), key=_key)
    for head in store.list(bucket, prefix, start_after=start_after):
        while below and below[0].key <= head.key:
            one = below.pop(0)
            if one.key < head.key:  # else the store lists it after all
                yield one
        yield head
        if "/" not in head.key:
            below = sorted([*below, *_below(store, bucket, head.key)], key=_key)
    yield from below


def _folders(first: str) -> Iterator[str]:
    """The folders at the top whose name sorts up to that key, and what lies in them behind it."""
    name = first.partition("/")[0]
    yield name
    yield from (name[:place] for place, sign in enumerate(name) if sign < "/")


def _below(store: Store, bucket: str, folder: str) -> Iterator[Head]:
    """The maps in a folder at the top, if its name begins with a clock."""
    if keys.is_timed(folder):
        for key in keys.grids_in(folder):
            with suppress(NotFound, Forbidden):  # not every role may ask
                yield store.head(bucket, key)


def _key(head: Head) -> str:
    return head.key
