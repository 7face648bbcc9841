"""A ShakeMap has arrived: count who was shaken, and let the catalogue show it.

reads   shakemaps/*grid.xml shakemaps-corrected/*grid.xml shakemaps-bnpb/*grid.xml, and the same packed as
        …grid.xml.zip or …grid.xml.gz; analysis-data/*
writes  results/earthquake/*/hazard.tif …/contours.geojson …/bands.geojson …/zones.csv …/grid.xml
        results/earthquake/*/impact.json (last: with it the analysis is there), results/catalog/*
"""

import re
from datetime import UTC, datetime, timedelta

from siaga import keys
from siaga.analysis import Analysis
from siaga.analysis.earthquake import ROLES, of_earthquake
from siaga.data import prepared_shares
from siaga.data.analysis_data import AnalysisData
from siaga.errors import Reason, reason
from siaga.events import Notification
from siaga.function import analyse, frame, rehearsal
from siaga.function.rehearsal import Rehearsal
from siaga.hazard import gridpack, gridxml
from siaga.impact.stored.earthquake import EarthquakeImpact
from siaga.moment import parse, stamp
from siaga.report import listed
from siaga.report.earthquake import printed
from siaga.timing import Timing

_CLOCKS_DIFFER = timedelta(minutes=5)
_ID_CLOCKS_DIFFER = timedelta(days=1)  # the id's clock is of any zone of Indonesia, or UTC's


def run(notification: Notification, context: frame.Context) -> frame.Outcome:
    """Analyse one ShakeMap."""
    return analyse.run_analysis(
        notification, context, _analyse, gridxml.MAX_BYTES, ROLES, _arrival_warnings, _clock_zone
    )


def _analyse(given: analyse.Input) -> Analysis[EarthquakeImpact]:
    source, body = keys.source_type(given.notification.bucket), gridpack.unpacked(given.body)
    return _counted(body, source, given.context, given.exposure, given.timing)


def _counted(
    body: bytes, source: str, context: frame.Context, exposure: AnalysisData, timing: Timing
) -> Analysis[EarthquakeImpact]:
    prepared_shares.fetch(context.store, exposure, context.settings.cache)
    timing.step("exposure")
    return of_earthquake(body, source, exposure, context.settings.cache, timing)


def _rehearse(context: frame.Context, exposure: AnalysisData, timing: Timing) -> None:
    _counted(rehearsal.shakemap(exposure), "initial", context, exposure, timing)


handle = frame.on_object(run)
warm = Rehearsal(ROLES, _rehearse)


def _arrival_warnings(given: analyse.Input, found: Analysis[EarthquakeImpact]) -> list[Reason]:
    """A quake after its own map, or named for another day; what came in the same zip."""
    said = []
    if others := gridpack.beside(given.body):
        said.append(reason("The zip holds other files too ({count}); only its grid.xml is read", count=others))
    time = parse(found.impact["event"]["time"])
    if time > given.head.modified + _CLOCKS_DIFFER:
        said.append(
            reason(
                "The quake's time, {time}, lies after the arrival of its map, {received}; check the time and its zone",
                time=stamp(time),
                received=stamp(given.head.modified),
            )
        )
    named = _clock_of(event_id := found.run.event_id)
    if named and abs(named - time) > _ID_CLOCKS_DIFFER:
        said.append(
            reason(
                "The event's id, {event_id}, names another day than the quake's time, {time}; "
                "look whether this is another quake's map under this id",
                event_id=event_id,
                time=stamp(time),
            )
        )
    return said


def _clock_of(event_id: str) -> datetime | None:
    """The clock that BMKG's ids begin with; None where an id has none."""
    clock = re.match(r"\d{14}", event_id, re.ASCII)  # strptime would make do with fewer digits
    try:
        return datetime.strptime(clock[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if clock else None
    except ValueError:
        return None


def _clock_zone(impact: EarthquakeImpact) -> str:
    """The zone whose clock the report prints too."""
    return printed.time_zone(impact, listed.counted(impact))
