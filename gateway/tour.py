"""A tour of all keys that may be inputs, part by part: recent ones whenever asked, all others in turn."""

import heapq
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from siaga import keys
from siaga.errors import SiagaError
from siaga.inputs.listing import listed
from siaga.moment import stamp
from siaga.store import Head, Store

RECENT = timedelta(days=2)  # clocks in keys are WIB, UTC or the sender's own
_PAGE = 1000  # keys, of a listing; a part is never less
_MOST_TOUCHED = 1000  # folders into which something came lately that are kept in mind, at the least


class Tour:
    """Lists keys of some prefixes; keeps the place where the next part begins, and little of what was listed.

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
        self._walk: Iterator[tuple[str, str]] | None = None  # through their names
        self._touched: dict[tuple[str, str], datetime] = {}  # when something came into a folder, as far as was seen

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

    def new_folders(self, seconds: float) -> Iterator[tuple[str, Head]]:
        """(bucket, head) of what lies in folders that were not there when their names were listed before.

        Whatever clock their names carry; to list names of folders costs a fraction of listing their keys. In the
        buckets of inputs alone; goes on for about so long where it was before. The first time through gives nothing:
        a whole tour finds what was there. Raises SiagaError, and begins anew.
        """
        deadline = time.monotonic() + seconds
        walk, self._walk = self._walk or self._names(), None
        for number, (bucket, folder) in enumerate(walk, 1):
            if folder:
                self._touched[bucket, folder] = datetime.now(UTC)
                for head in listed(self._store, bucket, folder):
                    yield bucket, head
            if number % _PAGE == 0 and time.monotonic() > deadline:
                self._walk = walk
                return

    def _names(self) -> Iterator[tuple[str, str]]:
        """(bucket, folder) of every folder, "" in place of those that are known."""
        for bucket, prefix in self._prefixes:
            if bucket not in keys.INPUTS:
                continue
            known = self._folders.get((bucket, prefix))
            there: set[int] = set()
            for folder in self._store.folders(bucket, prefix):
                there.add(hash(folder))
                yield bucket, "" if known is None or hash(folder) in known else folder
            self._folders[bucket, prefix] = there

    def touched(self, seconds: float) -> Iterator[tuple[str, Head]]:
        """(bucket, head) of what lies in folders that something came into lately, for about so long.

        Those that were looked at longest ago come first. They are known from what the other looks saw, and are where
        a new version of a map, or a map that follows its companions, is to be expected. Raises SiagaError.
        """
        deadline, oldest = time.monotonic() + seconds, datetime.now(UTC) - RECENT
        for place, when in list(self._touched.items()):
            del self._touched[place]
            if when < oldest:
                continue
            self._touched[place] = when  # behind all others
            bucket, folder = place
            for head in listed(self._store, bucket, folder):
                self._touched[place] = max(self._touched[place], head.modified)
                yield bucket, head
            if time.monotonic() > deadline:
                return

    def part(self, seconds: float) -> Iterator[tuple[str, Head]]:
        """(bucket, head) of what comes next, for about so long, or to the end of the tour.

        Raises SiagaError as `recent`, at the end; a tour that missed a bucket is none, and is made again.
        """
        deadline, since = time.monotonic() + seconds, datetime.now(UTC) - RECENT
        away: SiagaError | None = None
        while self._turn < len(self._prefixes):
            try:
                for found in self._rest_of_prefix():
                    if found[1].modified > since:
                        self._touch(*found, since)
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

    def _touch(self, bucket: str, head: Head, since: datetime) -> None:
        """Something came lately: its folder is worth a look, unless its clock puts it among the recent ones."""
        prefix = self._prefixes[self._turn][1]
        folder = head.key[: head.key.find("/", len(prefix)) + 1]
        if not folder or bucket not in keys.INPUTS or keys.start_after(prefix, since) < folder < f"{prefix}:":
            return
        place = bucket, folder
        self._touched[place] = max(head.modified, self._touched.get(place, head.modified))
        if len(self._touched) > 2 * _MOST_TOUCHED:
            newest = heapq.nlargest(_MOST_TOUCHED, self._touched, key=self._touched.__getitem__)
            self._touched = {one: self._touched[one] for one in newest}

    def _restart(self) -> None:
        self._turn, self._after, self._seen, self._whole = 0, "", 0, True
        self._began = time.monotonic()
