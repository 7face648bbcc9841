"""A store in memory, for measuring the web's index and its pages alone; and how long one page takes."""

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from siaga import keys
from siaga.errors import NotFound
from siaga.store import Head

_WRITTEN = datetime(2025, 1, 1, tzinfo=UTC)


class Memory:
    """What the index and the pages ask of a store, kept in memory; all of it written at one moment."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, bytes]] = {bucket: {} for bucket in keys.BUCKETS}
        self._heads: dict[tuple[str, str], Head] = {}

    def put(self, bucket: str, key: str, body: bytes) -> str:
        """Keep a body; returns its ETag."""
        self._kept[bucket][key] = body
        self._heads[bucket, key] = Head(key, hashlib.md5(body).hexdigest(), len(body), _WRITTEN)
        return self._heads[bucket, key].etag

    def get(self, bucket: str, key: str) -> tuple[bytes, Head]:
        """A body and its head. Raises NotFound."""
        if key not in self._kept[bucket]:
            raise NotFound("There is no {key}", key=key)
        return self._kept[bucket][key], self._heads[bucket, key]

    def head(self, bucket: str, key: str) -> Head:
        """Its head. Raises NotFound."""
        return self.get(bucket, key)[1]

    def list(self, bucket: str, prefix: str = "", *, start_after: str = "") -> Iterator[Head]:
        """The heads below a prefix, in the order of their keys, from the first key after `start_after`."""
        wanted = (key for key in sorted(self._kept[bucket]) if key.startswith(prefix) and key > start_after)
        return (self._heads[bucket, key] for key in wanted)


def ask(client: Any, path: str) -> float:
    """Milliseconds until the whole answer is there."""
    began = time.perf_counter()
    answer = client.get(path)
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers with {answer.status_code}")
    return took
