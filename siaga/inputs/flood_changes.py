"""What a flood was at earlier hours, out of the store: what changed since."""

import json
from datetime import timedelta

from siaga import keys, moment
from siaga.errors import BadInput, NotFound
from siaga.impact import floodtrend
from siaga.impact.floodtrend import HOURS_AGO, Trend
from siaga.impact.stored.flood import FloodImpact
from siaga.inputs.flood_hours import FloodHours, Hour
from siaga.keys import Snapshot
from siaga.store import Store


def trends(store: Store, impact: FloodImpact) -> dict[int, Trend | None]:
    """What changed since 1, 6 and 24 hours before a flood's impact; None where nothing is known of that hour.

    Read from what the hours count as, and from the catalogue, as both are now.
    """
    now, region = moment.parse(impact["event"]["time"]), str(impact["event"]["region"])
    hours = FloodHours(store, region).account(now - timedelta(hours=max(HOURS_AGO)), now)
    by_hour = {hour.snapshot.hour: hour for hour in hours}
    here = _states(impact)
    found = {}
    for ago in HOURS_AGO:
        before = _before(store, by_hour[now - timedelta(hours=ago)])
        found[ago] = None if before is None else floodtrend.trend(before, here)
    return found


def _before(store: Store, hour: Hour) -> dict[str, int] | None:
    """States by geom_id in that hour; none flooded where that is proved, None where it is not known."""
    if hour.kind == "empty":
        return {}
    if hour.kind not in ("data", "same"):
        return None
    snapshot = hour.snapshot
    if hour.kind == "same":
        snapshot = Snapshot.parse(json.loads(store.get(keys.FLOODMAPS, hour.key)[0])["same_as"])
    impact = _analysed(store, snapshot)
    return None if impact is None else _states(impact)


def _analysed(store: Store, snapshot: Snapshot) -> FloodImpact | None:
    """impact.json of the answer that stands under that snapshot now; None while it is not analysed."""
    try:
        etag = store.head(keys.FLOODMAPS, snapshot.data).etag
    except NotFound:
        return None
    for head in store.list(keys.RESULTS, keys.catalog_prefix("flood", snapshot.hour.year, snapshot.hour.month)):
        try:
            if keys.CatalogEntry.parse(head.key).event_id != str(snapshot):
                continue
            entry = json.loads(store.get(keys.RESULTS, head.key)[0])
            if entry["arrival"]["etag"] == etag:
                found: FloodImpact = json.loads(store.get(keys.RESULTS, entry["impact"]["key"])[0])
                return found
        except (BadInput, NotFound):
            continue  # not of a known form, or deleted since it was listed
    return None


def _states(impact: FloodImpact) -> dict[str, int]:
    return {area["geom_id"]: int(area["state"]) for area in impact["areas"]}
