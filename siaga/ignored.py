"""What lies in a bucket of inputs and wakes nothing: by design, or under a name that its sender should change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from siaga import keys
from siaga.store import Head

_NEAR = {keys.FLOODMAPS: "flood_data", keys.ASHMAPS: "request"}  # all other buckets: grid


@dataclass(frozen=True, slots=True)
class Ignored:
    """One file that wakes nothing, or all those of a folder.

    key: of the file, or of the first one. count: files. modified: when the newest came. lacks: what a name ends in
    that wakes a function.
    """

    bucket: str
    key: str
    count: int
    modified: datetime
    lacks: str

    @property
    def shown(self) -> str:
        """The file, or the folder of all of them."""
        return self.key if self.count == 1 else self.key.partition("/")[0] + "/" if "/" in self.key else ""


def lacking(bucket: str, key: str) -> str:
    """What a key in an input bucket should end in to wake a function; "" where it does, or lies there by design.

    >>> lacking("shakemaps", "20180220163351/grid.xml.bak"), lacking("shakemaps", "20180220163351/output/GRID.XML")
    ('grid.xml', '')
    >>> lacking("ashmaps", "candidates/0a.tif"), lacking("floodmaps", "flood_data.json")
    ('', '2…/flood_data.json')
    """
    if keys.woken(bucket, key) or key.endswith("/"):
        return ""
    if bucket == keys.FLOODMAPS:
        return "" if key.startswith((keys.HOURS, keys.SUSPECT, keys.OUTAGES)) else f"2…/{keys.FLOOD_DATA}"
    if bucket == keys.ASHMAPS:
        known = key.startswith(keys.CANDIDATES) or key.endswith(f"/{keys.ASH_RASTER}")
        return "" if known else f"/{keys.ASH_REQUEST}"
    return "" if keys.noticed(key) else keys.GRID


class Folder:
    """Gathers what wakes nothing, one row for each folder at the top of a bucket, whose keys come in order.

    A name that looks like that of an input has a row of its own, so that it is not lost among pictures and lists.
    """

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._open: dict[str, Ignored] = {}  # by folder: the one that is being listed, and "" for the root

    def take(self, head: Head) -> Iterator[Ignored]:
        """The next key; gives the rows that are finished with it."""
        folder = head.key.partition("/")[0] if "/" in head.key else ""
        if folder and folder not in self._open:
            root = self._open.pop("", None)
            yield from self.rest()
            self._open = {"": root} if root else {}
        lacks = lacking(self._bucket, head.key)
        if not lacks:
            return
        one = Ignored(self._bucket, head.key, 1, head.modified, lacks)
        if _NEAR.get(self._bucket, "grid") in head.key.rpartition("/")[2].lower():
            yield one
        elif before := self._open.get(folder):
            newest = max(before.modified, head.modified)
            self._open[folder] = Ignored(self._bucket, before.key, before.count + 1, newest, lacks)
        else:
            self._open[folder] = one

    def rest(self) -> Iterator[Ignored]:
        """The rows that are still being gathered; the bucket's keys are at an end."""
        yield from self._open.values()
        self._open = {}
