"""The tiles' archive in the bucket: which one counts, and parts of it."""

import re
import time
from contextlib import suppress
from functools import lru_cache

from siaga import keys
from siaga.data import map_tiles
from siaga.data.map_tiles import MapTiles
from siaga.errors import NotFound, SiagaError
from siaga.store import Store

_LOOK_SECONDS = 30  # between two looks at which archive counts
_KEPT = 512  # parts that were read lately: those of the whole country are asked for all the time
_SMALL = 1 << 18  # bytes of a part that is kept
_DIGEST = re.compile(r"[0-9a-f]{64}")


class MapArchive:
    """Reads it with the rights of role web."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: MapTiles | None = None
        self._looked = float("-inf")
        self._part = lru_cache(_KEPT)(self._read)
        self._sized = lru_cache(_KEPT)(self._head)

    def current(self) -> MapTiles | None:
        """The archive that maps are drawn from; the last that was known while the store does not answer."""
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            self._looked = time.monotonic()
            with suppress(SiagaError):
                self._found = map_tiles.current(self._store)
        return self._found

    def size(self, sha256: str) -> int | None:
        """Bytes of the archive of that hash; None where there is none. Raises Unavailable."""
        try:
            return self._sized(sha256) if _DIGEST.fullmatch(sha256) else None
        except NotFound:
            return None

    def read(self, sha256: str, first: int, end: int) -> bytes:
        """Bytes of that archive from `first` up to `end`, that one not among them. Raises NotFound, Unavailable."""
        return (self._part if end - first <= _SMALL else self._read)(sha256, first, end)

    def _head(self, sha256: str) -> int:
        head = self._store.head(keys.ANALYSIS_DATA, keys.tiles(sha256))
        if head.metadata.get("sha256") != sha256:
            raise NotFound("Nothing is here")
        return head.size

    def _read(self, sha256: str, first: int, end: int) -> bytes:
        return self._store.get_range(keys.ANALYSIS_DATA, keys.tiles(sha256), first, end - 1)
