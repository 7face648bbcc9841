"""How Siaga stands, for programs: how old the lists are, what failed, what each flood source last told."""

from flask import g

from siaga import moment
from siaga.impact.fatality import LEVELS
from web import shell
from web.api.operations import operation
from web.api.records import FloodSource, Status
from web.index import Index, floods
from web.services import services


@operation("/status", "Status", "Status")
def status() -> Status:
    """How old the lists are, what failed, what the flood sources last told"""
    index = services().index
    counts = index.counts(moment.stamp(g.now))
    fresh = shell.freshness(index)
    outages = {one["region"]: one["since"] for one in index.floods.outages() if one["until"] is None}
    return {
        "time": moment.stamp(g.now),
        "index": {"state": fresh["state"], "age_seconds": fresh["seconds"]},
        "failed_inputs": counts["failed"],
        "done_inputs": index.ledger.receipts(("done",), 0)[1],
        "earthquakes_last_day": {level: counts["alerts"].get(level, 0) for level in LEVELS},
        "ash_falls_active": counts["ash"],
        "floods": [_source(index, region, outages.get(region)) for region in index.floods.regions()],
    }


def _source(index: Index, region: str, outage: str | None) -> FloodSource:
    newest, known = index.floods.newest(region), index.floods.latest_known(region)
    return {
        "region": region,
        "newest_hour": moment.stamp(floods.moment_of(newest.hour)) if newest else None,
        "newest_known_hour": moment.stamp(floods.moment_of(known.hour)) if known else None,
        "areas_flooded": known.wet if known else None,
        "outage_since": outage,
    }
