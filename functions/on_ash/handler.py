"""Somebody asks what an ash fall does: count who lives under the ash, and let the catalogue show it.

reads   ashmaps/*/request.json ashmaps/*/ash_fall.tif analysis-data/*
writes  results/ash/*/hazard.tif …/cumulative.tif …/classes.geojson …/zones.csv …/request.json
        results/ash/*/impact.json (last: with it the analysis is there), results/catalog/*

A request whose raster has not come yet waits for it; each look is a call that does not count as an attempt.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from siaga import keys
from siaga.analysis import Analysis
from siaga.analysis.ash import of_ash
from siaga.errors import BadInput, NotFound, Superseded, Unavailable
from siaga.events import Notification
from siaga.function import analyse, frame
from siaga.hazard.ash import MAX_BYTES, MAX_REQUEST_BYTES, Eruption, read_request
from siaga.inputs import ash_falls

_PATIENCE = timedelta(days=7)


def run(event: Notification, context: frame.Context) -> frame.Outcome:
    """Analyse one ash fall."""
    return analyse.run_analysis(event, context, _analyse, _catalog_facts, MAX_REQUEST_BYTES)


handle = frame.on_object(run)


def _analyse(given: analyse.Input) -> Analysis:
    eruption = read_request(given.body)
    raster = _raster(given, eruption)
    earlier = ash_falls.earlier(given.context.store, eruption)
    given.timing.step("fetch")
    return of_ash([raster], given.body, given.exposure, given.timing, earlier)


def _raster(given: analyse.Input, eruption: Eruption) -> bytes:
    """The raster beside the request; raises Unavailable while it is not there, BadInput after a week."""
    event, store = given.event, given.context.store
    key = f"{event.key.rpartition('/')[0]}/{keys.ASH_RASTER}"
    try:
        body = store.get(event.bucket, key, at_most=MAX_BYTES)[0]
    except NotFound:
        body = b""
    if body and eruption.raster_sha256 in ("", sha256(body).hexdigest()):
        return body
    if event.etag and store.head(event.bucket, event.key).etag != event.etag:
        raise Superseded("Newer content stands under this key; it is processed instead")
    if datetime.now(UTC) - given.head.modified > _PATIENCE:
        raise BadInput("The raster {key} did not come within seven days of its request; send both again", key=key)
    if body:
        raise Unavailable("The raster {key} is another one than the request names; the request waits for it", key=key)
    raise Unavailable("The raster {key} has not come yet; the request waits for it", key=key)


def _catalog_facts(impact: Mapping[str, Any]) -> dict[str, Any]:
    """What a list shows of an ash fall."""
    event, by_class = impact["event"], impact["people"]["by_class"]
    names = ("utc_offset_hours", "time_zone", "process_time", "alert_level", "eruption_height_m", "column_height_m")
    reached = [name for name, people in by_class.items() if people is not None and people >= 1]
    return {name: event[name] for name in (*names, "forecast_days", "expires")} | {
        "volcano": {
            "name": event["volcano"],
            "longitude": event["longitude"],
            "latitude": event["latitude"],
            "elevation_m": event["elevation_m"],
        },
        "max_thickness_cm": impact["map"]["max_cm"],
        "people": {"total": impact["people"]["total"], "by_class": by_class},
        "highest_class": reached[-1] if reached else None,
        "cumulative_events": impact["cumulative"]["events"] if impact["cumulative"] else [],
    }
