"""Every hour PetaBencana is asked what is flooded; its answer is kept, and what became of the hour.

reads   floodmaps/*
writes  floodmaps/<snapshot>/flood_data.json (wakes on-flood) when the flood is another one than before,
        else floodmaps/hours/*, floodmaps/suspect/*, floodmaps/outages/*, which wake nothing
"""

from datetime import datetime

import siaga
from siaga.function import frame
from siaga.function.rehearsal import Rehearsal
from siaga.inputs.flood_hours import FloodHours
from siaga.inputs.petabencana import PetaBencana, Region, Suspect
from siaga.keys import Snapshot
from siaga.timing import Timing


def run(now: datetime, context: frame.Context) -> frame.Outcome:
    """Ask for each region that is watched."""
    settings, timing, said, hours_told = context.settings, Timing(), [], []
    if not settings.petabencana_urls:
        return frame.Outcome()
    agent = f"Siaga/{siaga.__version__} (+{settings.public_url})"
    source = PetaBencana(settings.petabencana_urls, agent, settings.petabencana_seconds)
    for region in (Region(*region) for region in settings.petabencana_regions):
        hours = FloodHours(context.store, region.admin)
        found = source.floods(region)
        timing.step(f"ask {region.admin}")
        hours_told.append(f"{Snapshot.of(now, region.admin)} {hours.write(now, found)}")
        if isinstance(found, Suspect):
            said.append(found.reason)
        else:
            hours.fill(now, source, region)
        timing.step(f"write {region.admin}")
    return frame.Outcome("", ", ".join(hours_told), said, timing.seconds)


handle = frame.on_tick(run)
warm = Rehearsal((), lambda _context, _exposure, _timing: None)  # the store is at hand then
