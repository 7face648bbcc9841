"""Ash falls in their bucket: which earlier ones of an eruption lie below a new one."""

from datetime import datetime, timedelta
from hashlib import sha256

from siaga import keys
from siaga.errors import BadInput, NotFound
from siaga.hazard.ash import MAX_REQUEST_BYTES, MOST_DAYS_APART, Earlier, Eruption, read_request
from siaga.keys import EruptionId
from siaga.store import Store

_TIME_ZONES = timedelta(days=2)  # keys begin with the local clock of any zone


def earlier(store: Store, eruption: Eruption) -> dict[str, Earlier]:
    """The falls of the same volcano that began at most seven days before, by event id.

    Of each the content that the bucket has now; one without its request or its raster is left out, and so is
    one whose raster is not the one that its request names. A fall is a volcano and an instant: of requests that
    write one instant in several zones, or lie in folders of other names, the one that was sent last counts.
    """
    found: dict[str, tuple[tuple[datetime, str], Earlier]] = {}
    this = eruption.event_id
    since = eruption.time - timedelta(days=MOST_DAYS_APART)
    for head in store.list(keys.ASHMAPS, start_after=f"{since - _TIME_ZONES:%Y%m%d%H%M}"):
        if not head.key.endswith(f"/{keys.ASH_REQUEST}"):
            continue
        try:
            folder = EruptionId.parse(head.key)
            if folder.time > eruption.time + _TIME_ZONES:
                break  # keys ascend by their clock
            fall = _fall(store, folder)
        except (BadInput, NotFound):
            continue
        one, sent = fall.eruption.event_id, (head.modified, head.key)
        if one.volcano.casefold() != this.volcano.casefold() or not since <= one.time < this.time:
            continue
        if one.identity not in found or sent > found[one.identity][0]:
            found[one.identity] = sent, fall
    return {str(fall.eruption.event_id): fall for _sent, fall in found.values()}


def _fall(store: Store, folder: EruptionId) -> Earlier:
    """The request in a folder, and the raster beside it."""
    told = read_request(store.get(keys.ASHMAPS, folder.request, at_most=MAX_REQUEST_BYTES)[0])
    body = store.get(keys.ASHMAPS, folder.raster)[0]
    if told.raster_sha256 not in ("", sha256(body).hexdigest()):
        raise NotFound("There is no object {key} of that content", key=folder.raster)
    return Earlier(body, told)
