"""The road that an input takes through the function of any hazard: on-shakemap, on-flood, on-ash.

Fetch the content, analyse it, publish what was made, impact.json last, and let the catalogue show the run.
A hazard hands in what is its own: how it is analysed; what a list shows of it stands in siaga.catalog.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from siaga import catalog, hazards, keys
from siaga.analysis import Analysis, ImpactT
from siaga.data import analysis_data
from siaga.data.analysis_data import AnalysisData
from siaga.errors import Reason, reason
from siaga.events import ASKED, Notification
from siaga.function import content, frame
from siaga.impact.stored import event_time, people_hit
from siaga.moment import parse
from siaga.store import Head
from siaga.timing import Timing


@dataclass(frozen=True, slots=True)
class Input:
    """One input, and what it is analysed with. body: its content; head: what the store says of that."""

    notification: Notification
    body: bytes
    head: Head
    context: frame.Context
    exposure: AnalysisData
    timing: Timing


def run_analysis(
    notification: Notification,
    context: frame.Context,
    analyse: Callable[[Input], Analysis[ImpactT]],
    at_most: int,
    roles: Sequence[str],
    arrival_warnings: Callable[[Input, Analysis[ImpactT]], list[Reason]] = lambda _given, _found: [],
    clock_zone: Callable[[ImpactT], str] = lambda _impact: "",
) -> frame.Outcome:
    """Take one input all the way.

    at_most: bytes that the hazard's reader takes. roles: of the analysis data, those that the analysis uses.
    arrival_warnings: stored reasons about how the input came; impact.json, which knows no arrival, leaves them out.
    clock_zone: of impact.json, what a list shows a quake's times in.
    Raises what says what becomes of an input that cannot be analysed: BadInput, NotFound, Superseded, Unavailable.
    """
    timing = Timing()
    body, head = content.read(context.store, notification, at_most)
    timing.step("fetch")
    hazard = hazards.of_bucket(notification.bucket)
    exposure = analysis_data.awaited(context.store, context.settings.cache, roles, hazard)
    timing.step("exposure")
    given = Input(notification, body, head, context, exposure, timing)
    found = analyse(given)
    content.publish(context.store, found.run, found.products)
    written = found.to_bytes()
    time = event_time(found.impact)
    hit = people_hit(found.impact)
    told = {keys.EVENT_TIME: time} | (ASKED if notification.asked else {})
    told |= {} if hit is None else {keys.PEOPLE_HIT: f"{hit:.0f}"}
    context.store.put(keys.RESULTS, found.run.key(keys.IMPACT), written, "application/json", metadata=told)
    timing.step("upload")
    said = [*_other_folder(given, found), *arrival_warnings(given, found)]
    came, zone = content.arrival(notification, head), clock_zone(found.impact)
    entry = catalog.entry(found.impact, found.run, written, came, said, zone)
    key = keys.CatalogEntry.of(found.run, parse(time))
    catalog.switch_to(context.store, str(key), entry)
    timing.step("catalogue")
    analysis_data.thin(context.settings.cache, exposure)
    return frame.Outcome(str(found.run), found.run.event_id, [*found.impact["warnings"], *said], timing.seconds)


def _other_folder(given: Input, found: Analysis[ImpactT]) -> list[Reason]:
    folder = keys.folder_id(given.notification.key)
    hazard, event_id = found.run.hazard, found.run.event_id
    if folder == "" or keys.identity(hazard, folder) == keys.identity(hazard, event_id):
        return []
    return [
        reason(
            "The folder is named {folder}, the event inside {event_id}; the id inside counts",
            folder=folder,
            event_id=event_id,
        )
    ]
