"""PetaBencana's answer of one hour has arrived: count who lives under water, and let the catalogue show it.

reads   floodmaps/2*flood_data.json analysis-data/*
writes  results/flood/*/flood.geojson …/zones.csv …/zones.geojson …/flood_data.json
        results/flood/*/impact.json (last: with it the analysis is there), results/catalog/*

An hour in which no area stands under ten centimetres of water or more is recorded, but no report is made of it.
Where an hour was asked more than once, every answer is a version of it, and the one that came last counts.
"""

from siaga.analysis import Analysis
from siaga.analysis.flood import ROLES, of_flood
from siaga.data.analysis_data import AnalysisData
from siaga.events import Notification
from siaga.function import analyse, frame, invented
from siaga.function.rehearsal import Rehearsal
from siaga.hazard import flood
from siaga.impact.stored.flood import FloodImpact
from siaga.keys import Snapshot
from siaga.timing import Timing


def run(notification: Notification, context: frame.Context) -> frame.Outcome:
    """Analyse one answer."""
    return analyse.run_analysis(notification, context, _analyse, flood.MAX_BYTES, ROLES)


def _analyse(given: analyse.Input) -> Analysis[FloodImpact]:
    return of_flood(given.body, Snapshot.parse(given.notification.key), given.exposure, given.timing)


def _rehearse(_context: frame.Context, exposure: AnalysisData, timing: Timing) -> None:
    of_flood(invented.flood(), Snapshot.parse(invented.SNAPSHOT), exposure, timing)


handle = frame.on_object(run)
warm = Rehearsal(ROLES, _rehearse)
