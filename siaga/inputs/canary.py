"""The canary: an invented ShakeMap that goes the whole way now and then, is shown to nobody, and is thinned.

It comes into a bucket of its own, and what is made of it says so in the name of its version; so no upload can pass for
one and be hidden, and no canary for a real map. Its entry lies beside the catalogue, where no list, feed or message
looks. What is left of the last ones tells how long the way takes today, to whoever asks and after every restart.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from siaga import keys, moment
from siaga.errors import BadInput, NotFound
from siaga.events import Notification
from siaga.hazards import EARTHQUAKE, RENDERER
from siaga.inputs import drills, invented_quake
from siaga.store import Store

PLACE = (110.37, -7.8)  # degrees, EPSG:4326: Yogyakarta, a land with people in whatever data of Indonesia
_MAGNITUDE, _STRONGEST = 3.0, 4.4  # too weak to go before anything real, or to hurt anybody
LATE = timedelta(seconds=90)  # after its upload, without a report
_KEPT = 3  # of each: the newest
_GIVEN_UP = timedelta(hours=1)  # so long no other is sent while one is on its way


@dataclass(frozen=True, slots=True)
class Standing:
    """sent: when the newest came in. published: when the report of the newest that has one was there.

    seconds: from upload to report of that one. None where there is none yet.
    """

    sent: datetime | None = None
    published: datetime | None = None
    seconds: float | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether the newest has no report yet."""
        return self.sent is not None and (self.published is None or self.sent > self.published)

    def is_late(self, now: datetime) -> bool:
        """Whether it should have one."""
        return self.sent is not None and self.is_under_way and now - self.sent > LATE


def is_of_one(notification: Notification) -> bool:
    """Whether a content is a canary, or was made of one."""
    if notification.bucket != keys.RESULTS:
        return notification.bucket == keys.CANARY
    try:
        return keys.Run.parse(notification.key).version.source_type == keys.CANARY
    except BadInput:
        return False


def look(store: Store) -> Standing:
    """How the last ones fared. store: may list and read bucket canary and results. Raises SiagaError."""
    inputs = [head.modified for head in store.list(keys.CANARY)]
    sent = max(inputs, default=None)
    for head in sorted(store.list(keys.RESULTS, keys.CANARIES), key=lambda head: head.key, reverse=True):
        try:
            body, got = store.get(keys.RESULTS, head.key)
            entry = json.loads(body)
        except NotFound:  # thinned meanwhile
            continue
        if entry["report"]:
            came = moment.parse(entry["arrival"]["received"])
            there = head if head.etag == got.etag else got  # whose report came after the listing
            return Standing(sent, there.modified, (there.modified - came).total_seconds())
    return Standing(sent)


def send(store: Store, now: datetime) -> None:
    """Put one in, unless one is on its way. Raises SiagaError; Conflict where another sends it this second."""
    newest = look(store)
    if newest.is_under_way and newest.sent and now - newest.sent < _GIVEN_UP:
        return
    grid = drills.exercise(invented_quake.shakemap(*PLACE, _MAGNITUDE, _STRONGEST), now)
    key = keys.grids_in(drills.event_id(now))[0]
    store.put(keys.CANARY, key, grid, "application/xml", if_absent=True)


def thin(store: Store, forget: Callable[[str, Notification], object]) -> int:
    """Remove all but the newest few and what was made of them; returns how many inputs went. Raises SiagaError.

    forget: removes the receipt of a function and a content.
    """
    old = sorted(store.list(keys.CANARY), key=lambda head: head.key)[:-_KEPT]
    for head in old:
        folder = keys.folder_id(head.key)
        for made in store.list(keys.RESULTS, keys.canary_runs(folder)):
            if made.key.endswith(keys.IMPACT):
                forget(RENDERER, Notification(keys.RESULTS, made.key, made.etag))
            store.delete(keys.RESULTS, made.key)
        for entry in store.list(keys.RESULTS, keys.CANARIES):
            if f"_{folder}_" in entry.key:
                store.delete(keys.RESULTS, entry.key)
        forget(EARTHQUAKE.function, Notification(keys.CANARY, head.key, head.etag))
        store.delete(keys.CANARY, head.key)  # last, so that what is cut off is gone on with
    return len(old)
