"""Entries of the catalogue that may show one quake, whatever their ids: found by time among those of its months."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, timedelta
from functools import lru_cache
from typing import cast

from siaga import keys
from siaga.catalog import MOST_BYTES, EarthquakeEntry
from siaga.errors import BadInput, NotFound
from siaga.impact import quakes
from siaga.impact.stored import EarthquakeImpact
from siaga.impact.versions import Revision
from siaga.store import Store

_NEAR = timedelta(seconds=quakes.WIDE[0])


def version_below(store: Store, impact: EarthquakeImpact) -> EarthquakeEntry | None:
    """The entry of the version that ranks just below an earthquake's impact, among all maps of that quake.

    The maps may carry other ids. Read from the catalogue's months around the quake, as they are now; None
    when no version ranks lower. A function of the catalogue and the impact alone.
    """
    return cast(EarthquakeEntry | None, quakes.below(impact, near(store, impact)))  # never the impact itself


def near(store: Store, record: Mapping[str, object]) -> list[EarthquakeEntry]:
    """Entries that may show the quake of an impact.json or an entry, as the catalogue has them now."""
    shown = Revision.of(record)
    etags = _months(store, "earthquake", shown)
    found: list[EarthquakeEntry] = []
    for entry in _near(etags, shown):
        with suppress(NotFound, BadInput, ValueError, KeyError, TypeError):  # deleted since, or of no known form
            found.append(_read(store, str(entry), etags[entry]))
    return found


@lru_cache(maxsize=2048)  # a few kilobytes each
def _read(store: Store, key: str, _etag: str) -> EarthquakeEntry:
    """The entry; once as long as it stays the same, since in a swarm each report asks for all of the swarm's."""
    one: EarthquakeEntry = json.loads(store.get(keys.RESULTS, key, at_most=MOST_BYTES)[0])
    Revision.of(one)
    return one


def _months(store: Store, hazard: str, shown: Revision) -> dict[keys.CatalogEntry, str]:
    """The entries of the month before to the month after the quake, by time, and their ETags."""
    first, last = shown.time.replace(day=1) - timedelta(days=1), shown.time.replace(day=28) + timedelta(days=4)
    found = {}
    for month in dict.fromkeys((moment.year, moment.month) for moment in (first, shown.time, last)):
        for head in store.list(keys.RESULTS, keys.catalog_prefix(hazard, *month)):
            with suppress(BadInput):
                found[keys.CatalogEntry.parse(head.key)] = head.etag
    return dict(sorted(found.items(), key=lambda one: (one[0].time, str(one[0]))))


def _near(entries: Iterable[keys.CatalogEntry], shown: Revision) -> list[keys.CatalogEntry]:
    """Of entries by time, those that could be joined with the shown one, if through others, and all of their ids."""
    groups: list[list[keys.CatalogEntry]] = []
    for entry in entries:
        if not groups or entry.time - groups[-1][-1].time > _NEAR:
            groups.append([])
        groups[-1].append(entry)
    time = shown.time.replace(tzinfo=UTC)
    ids = {quakes.identity(shown)}
    for group in groups:
        if group[0].time - _NEAR <= time <= group[-1].time + _NEAR:
            ids |= {keys.identity(entry.hazard, entry.event_id) for entry in group}
    return [one for group in groups for one in group if keys.identity(one.hazard, one.event_id) in ids]
