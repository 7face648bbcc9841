"""Somebody asks what an ash fall does: count who lives under the ash, and let the catalogue show it.

reads   ashmaps/*/request.json ashmaps/*/ash_fall.tif analysis-data/*
writes  results/ash/*/hazard.tif …/cumulative.tif …/classes.geojson …/zones.csv …/zones.geojson …/request.json
        results/ash/*/impact.json (last: with it the analysis is there), results/catalog/*

A request whose raster has not come yet waits for it; each look is a call that does not count as an attempt.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from siaga import keys
from siaga.analysis import Analysis
from siaga.analysis.ash import ROLES, of_ash
from siaga.data.analysis_data import AnalysisData
from siaga.errors import BadInput, NotFound, Superseded, Unavailable
from siaga.events import Notification
from siaga.function import analyse, frame, invented
from siaga.function.rehearsal import Rehearsal
from siaga.hazard.ash import MAX_BYTES, MAX_REQUEST_BYTES, Eruption, read_request
from siaga.impact.stored.ash import AshImpact
from siaga.inputs import ash_falls
from siaga.timing import Timing

_PATIENCE = timedelta(days=7)


def run(notification: Notification, context: frame.Context) -> frame.Outcome:
    """Analyse one ash fall."""
    return analyse.run_analysis(notification, context, _analyse, MAX_REQUEST_BYTES, ROLES)


def _analyse(given: analyse.Input) -> Analysis[AshImpact]:
    eruption = read_request(given.body)
    raster = _raster(given, eruption)
    earlier = ash_falls.earlier(given.context.store, eruption)
    given.timing.step("fetch")
    return of_ash([raster], given.body, given.exposure, given.timing, earlier)


def _raster(given: analyse.Input, eruption: Eruption) -> bytes:
    """The raster beside the request; raises Unavailable while it is not there, BadInput after a week."""
    notification, store = given.notification, given.context.store
    key = f"{notification.key.rpartition('/')[0]}/{keys.ASH_RASTER}"
    try:
        body = store.get(notification.bucket, key, at_most=MAX_BYTES)[0]
    except NotFound:
        body = b""
    if body and eruption.raster_sha256 in ("", sha256(body).hexdigest()):
        return body
    if notification.etag and store.head(notification.bucket, notification.key).etag != notification.etag:
        raise Superseded("Newer content stands under this key; it is processed instead")
    if datetime.now(UTC) - given.head.modified > _PATIENCE:
        raise BadInput(
            "The raster {key} did not come within {days} days of its request; send both again",
            key=key,
            days=_PATIENCE.days,
        )
    if body:
        raise Unavailable("The raster {key} is another one than the request names; the request waits for it", key=key)
    raise Unavailable("The raster {key} has not come yet; the request waits for it", key=key)


def _rehearse(_context: frame.Context, exposure: AnalysisData, timing: Timing) -> None:
    raster = invented.ash()
    of_ash([raster], invented.ash_request(raster), exposure, timing, {})


handle = frame.on_object(run)
warm = Rehearsal(ROLES, _rehearse)
