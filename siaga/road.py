"""The road that an input takes through the function of any hazard: on-shakemap, on-flood, on-ash.

Fetch the content, analyse it, publish what was made, impact.json last, and let the catalogue show the run.
A hazard hands in what is its own: how it is analysed, and what a list shows of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from siaga import catalog, faas, keys
from siaga.analysis import Analysis
from siaga.data import analysis_data
from siaga.data.analysis_data import AnalysisData
from siaga.errors import reason
from siaga.events import ASKED, ObjectEvent
from siaga.moment import parse
from siaga.store import Head
from siaga.timing import Timing

Listed = Callable[[Mapping[str, Any]], dict[str, Any]]  # impact.json to the hazard's own part of a catalogue entry


@dataclass(frozen=True, slots=True)
class Arrived:
    """One input, and what it is analysed with. body: its content; head: what the store says of that."""

    event: ObjectEvent
    body: bytes
    head: Head
    bench: faas.Workbench
    exposure: AnalysisData
    timing: Timing


def walk(
    event: ObjectEvent,
    bench: faas.Workbench,
    analyse: Callable[[Arrived], Analysis],
    listed: Listed,
    at_most: int,
    odd: Callable[[Arrived, Analysis], list[dict[str, Any]]] = lambda _arrived, _found: [],
) -> faas.Outcome:
    """Take one input all the way.

    at_most: bytes that the hazard's reader takes.
    odd: stored reasons about how the input came; impact.json, which knows no arrival, leaves them out.
    Raises what says what becomes of an input that cannot be analysed: BadInput, NotFound, Superseded, Unavailable.
    """
    timing = Timing()
    body, head = faas.content(bench, event, at_most)
    timing.step("fetch")
    exposure = analysis_data.open(bench.store, bench.settings.cache)
    timing.step("exposure")
    arrived = Arrived(event, body, head, bench, exposure, timing)
    found = analyse(arrived)
    faas.publish(bench.store, found.run, found.products)
    written = found.to_bytes()
    told = {keys.EVENT_TIME: found.impact["event"]["time"]} | (ASKED if event.asked else {})
    bench.store.put(keys.RESULTS, found.run.key(keys.IMPACT), written, "application/json", metadata=told)
    timing.step("upload")
    said = [*_other_folder(arrived, found), *odd(arrived, found)]
    entry = catalog.entry(found.impact, found.run, written, exposure.demonstration, faas.arrival(event, head), said)
    key = keys.CatalogEntry.of(found.run, parse(found.impact["event"]["time"]))
    catalog.switch_to(bench.store, str(key), entry | listed(found.impact))
    timing.step("catalogue")
    return faas.Outcome(str(found.run), found.run.event_id, [*found.impact["warnings"], *said], timing.seconds)


def _other_folder(arrived: Arrived, found: Analysis) -> list[dict[str, Any]]:
    folder = keys.folder_id(arrived.event.key)
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
