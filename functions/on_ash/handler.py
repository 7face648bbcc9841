"""Somebody asks what an ash fall does: count who lives under the ash, and let the catalogue show it.

reads   ashmaps/*/request.json ashmaps/*/ash_fall.tif analysis-data/*
writes  results/ash/*/hazard.tif …/cumulative.tif …/classes.geojson …/zones.csv …/request.json
        results/ash/*/impact.json (last: with it the analysis is there), results/catalog/*

A request whose raster has not come yet waits for it; each look is a call that does not count as an attempt.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from siaga import analysis_ash, ashinputs, catalog, faas, keys
from siaga.errors import BadInput, NotFound, Superseded, Unavailable
from siaga.events import ObjectEvent
from siaga.exposure import analysis_data
from siaga.hazard.ash import Eruption, read_request
from siaga.store import Head
from siaga.timing import Timing

_PATIENCE = timedelta(days=7)


def run(event: ObjectEvent, bench: faas.Workbench) -> faas.Outcome:
    """Analyse one ash fall."""
    timing = Timing()
    request, head = faas.content(bench, event)
    eruption = read_request(request)
    raster = _raster(bench, event, head, eruption)
    earlier = ashinputs.earlier(bench.store, eruption)
    timing.step("fetch")
    exposure = analysis_data.open(bench.store, bench.settings.cache)
    timing.step("exposure")
    found = analysis_ash.of_ash([raster], request, exposure, timing, earlier)
    faas.publish(bench.store, found.run, found.products)
    written = found.to_bytes()
    bench.store.put(keys.RESULTS, found.run.key(keys.IMPACT), written, "application/json")
    timing.step("upload")
    arrival, said = faas.arrival(event, head), _said(event, eruption)
    described = catalog.entry(found.impact, found.run, written, exposure.demonstration, arrival, said)
    entry = keys.CatalogEntry(found.run.hazard, eruption.time.astimezone(UTC), found.run.event_id, found.run.version)
    catalog.switch_to(bench.store, str(entry), described | _facts(found.impact))
    timing.step("catalogue")
    return faas.Outcome(str(found.run), found.run.event_id, [*found.impact["warnings"], *said], timing.seconds)


handle = faas.on_object(run)


def _raster(bench: faas.Workbench, event: ObjectEvent, head: Head, eruption: Eruption) -> bytes:
    """The raster beside the request; raises Unavailable while it is not there, BadInput after a week."""
    key = f"{event.key.rpartition('/')[0]}/{keys.ASH_RASTER}"
    try:
        body = bench.store.get(event.bucket, key)[0]
    except NotFound:
        body = b""
    if body and eruption.raster_sha256 in ("", sha256(body).hexdigest()):
        return body
    if event.etag and bench.store.head(event.bucket, event.key).etag != event.etag:
        raise Superseded("Newer content stands under this key; it is processed instead")
    if datetime.now(UTC) - head.modified > _PATIENCE:
        raise BadInput("The raster {key} did not come within seven days of its request; send both again", key=key)
    if body:
        raise Unavailable("The raster {key} is another one than the request names; the request waits for it", key=key)
    raise Unavailable("The raster {key} has not come yet; the request waits for it", key=key)


def _said(event: ObjectEvent, eruption: Eruption) -> list[dict[str, Any]]:
    folder = keys.folder_id(event.key)
    if folder == str(eruption.event_id):
        return []
    return [
        BadInput(
            "The folder is named {folder}, the event inside {event_id}; the id inside counts",
            folder=folder,
            event_id=str(eruption.event_id),
        ).reason()
    ]


def _facts(impact: dict[str, Any]) -> dict[str, Any]:
    """What a list shows of an ash fall."""
    event = impact["event"]
    names = ("time", "utc_offset_hours", "time_zone", "process_time", "longitude", "latitude", "volcano", "alert_level")
    names += ("eruption_height_m", "column_height_m", "forecast_days", "expires")
    return {name: event[name] for name in names} | {
        "description": event["volcano"],
        "place": None,
        "magnitude": None,
        "alert": None,  # that is the level of deaths; PVMBG's level of the volcano is alert_level
        "max_cm": impact["map"]["max_cm"],
        "people": {"total": impact["people"]["total"], "by_class": impact["people"]["by_class"]},
        "affected": impact["affected"],
        "displaced": impact["displaced"],
        "cumulative_events": impact["cumulative"]["events"] if impact["cumulative"] else [],
    }
