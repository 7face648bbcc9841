"""A tour of all keys that may be inputs, part by part: recent ones whenever asked, all others in turn."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from siaga import keys
from siaga.errors import SiagaError
from siaga.inputs.listing import listed
from siaga.moment import stamp
from siaga.store import Head, Store

RECENT = timedelta(days=2)  # clocks in keys are WIB, UTC or the sender's own
_PAGE = 1000  # keys, of a listing; a part is never less
_YOUNG_SECONDS, _MOST_YOUNG = 600.0, 200  # a new folder is listed again so long, at most so many of them


class Tour:
    """Lists keys of some prefixes; keeps the place where the next part begins, and nothing of what was listed.

    keys, seconds: of the last tour that saw everything, the time between its parts included. last_full: when the
    last one without rest ended, UTC. hurries: such a one is under way. counted: keys of the last listing.
    """

    def __init__(self, store: Store, prefixes: Sequence[tuple[str, str]]) -> None:
        """prefixes: (bucket, prefix), each listed in turn."""
        self._store, self._prefixes = store, prefixes
        self.keys, self.seconds, self.counted = 0, 0.0, 0
        self.last_full: str | None = None
        self.hurries = False
        self._turn, self._after, self._seen, self._whole = 0, "", 0, True
        self._began = time.monotonic()
        self._folders: dict[tuple[str, str], set[int]] = {}  # hashes of the known ones, by prefix
        self._young: dict[tuple[str, str], float] = {}  # when a folder was first seen

    def begin(self) -> None:
        """Begin anew, and go on without rest until everything was seen."""
        self.hurries = True
        self._restart()

    def recent(self, since: datetime) -> Iterator[tuple[str, Head]]:
        """(bucket, head) of the keys that carry a clock from `since` on.

        Raises SiagaError when a bucket is missing or closed, after the others were listed.
        """
        self.counted = 0
        away: SiagaError | None = None
        for bucket, prefix in self._prefixes:
            try:
                for head in listed(self._store, bucket, prefix, start_after=keys.start_after(prefix, since)):
                    if head.key > f"{prefix}:":  # the sign after the digits: names without a clock begin
                        break
                    self.counted += 1
                    yield bucket, head
            except SiagaError as error:
                away = error
        if away:
            raise away

    def new_folders(self) -> Iterator[tuple[str, Head]]:
        """(bucket, head) of what lies in folders that were not there when this was asked before, or not for long.

        Whatever clock their names carry; to list folders costs a fraction of listing their keys. In the buckets of
        inputs alone. The first time gives nothing: a whole tour finds what was there. Raises SiagaError.
        """
        for bucket, prefix in self._prefixes:
            if bucket not in keys.INPUTS:
                continue
            known = self._folders.get((bucket, prefix))
            there: set[int] = set()
            for folder in self._store.folders(bucket, prefix):
                there.add(hash(folder))
                if known is not None and hash(folder) not in known:
                    self._young[bucket, folder] = time.monotonic()
            self._folders[bucket, prefix] = there
        oldest = time.monotonic() - _YOUNG_SECONDS
        young = [(folder, seen) for folder, seen in self._young.items() if seen > oldest]
        self._young = dict(young[-_MOST_YOUNG:])
        for bucket, folder in self._young:
            for head in listed(self._store, bucket, folder):
                yield bucket, head

    def part(self, seconds: float) -> Iterator[tuple[str, Head]]:
        """(bucket, head) of what comes next, for about so long, or to the end of the tour.

        Raises SiagaError as `recent`, at the end; a tour that missed a bucket is none, and is made again.
        """
        deadline = time.monotonic() + seconds
        away: SiagaError | None = None
        while self._turn < len(self._prefixes):
            try:
                for found in self._rest_of_prefix():
                    yield found
                    if self._seen % _PAGE == 0 and time.monotonic() > deadline:
                        return
            except SiagaError as error:
                away, self._whole = error, False
            self._turn, self._after = self._turn + 1, ""
        if self._whole:
            self.keys, self.seconds = self._seen, round(time.monotonic() - self._began, 2)
            if self.hurries:
                self.last_full, self.hurries = stamp(), False
        self._restart()
        if away:
            raise away

    def _rest_of_prefix(self) -> Iterator[tuple[str, Head]]:
        bucket, prefix = self._prefixes[self._turn]
        for head in listed(self._store, bucket, prefix, start_after=self._after):
            self._after, self._seen = head.key, self._seen + 1
            yield bucket, head

    def _restart(self) -> None:
        self._turn, self._after, self._seen, self._whole = 0, "", 0, True
        self._began = time.monotonic()
