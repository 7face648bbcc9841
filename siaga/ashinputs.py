"""Ash falls in their bucket: which earlier ones of an eruption lie below a new one."""

from datetime import timedelta
from hashlib import sha256

from siaga import keys
from siaga.errors import BadInput, NotFound
from siaga.hazard.ash import MAX_REQUEST_BYTES, MOST_DAYS_APART, Earlier, Eruption, read_request
from siaga.keys import EruptionId
from siaga.store import Store

_ZONES = timedelta(days=2)  # keys begin with the local clock of any zone


def earlier(store: Store, eruption: Eruption) -> dict[str, Earlier]:
    """The falls of the same volcano that began at most seven days before, by event id.

    Of each the content that the bucket has now; one without its request or its raster is left out, and so is
    one whose raster is not the one that its request names.
    """
    found = {}
    since = eruption.time - timedelta(days=MOST_DAYS_APART)
    for head in store.list(keys.ASHMAPS, start_after=f"{since - _ZONES:%Y%m%d%H%M}"):
        if not head.key.endswith(f"/{keys.ASH_REQUEST}"):
            continue
        try:
            one = EruptionId.parse(head.key)
            if one.time > eruption.time + _ZONES:
                break  # keys ascend by their clock
            if one.volcano == eruption.event_id.volcano and since <= one.time < eruption.event_id.time:
                found[str(one)] = _fall(store, one)
        except (BadInput, NotFound):
            continue
    return found


def _fall(store: Store, one: EruptionId) -> Earlier:
    told = read_request(store.get(keys.ASHMAPS, one.request, at_most=MAX_REQUEST_BYTES)[0])
    body = store.get(keys.ASHMAPS, one.raster)[0]
    if told.raster_sha256 not in ("", sha256(body).hexdigest()):
        raise NotFound("There is no object {key} of that content", key=one.raster)
    return Earlier(body, told)
