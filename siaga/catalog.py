"""The catalogue: one small object per version of an event, saying which run of it is shown.

on-<hazard> switches an entry to its run, render-report adds the report if the entry still names that
run. Both write conditionally, so that neither undoes what the other did in the meantime.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, timedelta
from hashlib import sha256
from typing import Any

from siaga import keys
from siaga.errors import BadInput, Conflict, NotFound, Unavailable
from siaga.impact import quakes
from siaga.impact.versions import Revision
from siaga.store import Store

SCHEMA = "siaga/catalog/1"
_MOST_BYTES = 1 << 20  # of an entry
_TRIES = 20
_NEAR = timedelta(seconds=quakes.WIDE[0])


def entry(
    impact: Mapping[str, Any],
    run: keys.Run,
    written: bytes,
    demonstration: bool,
    arrival: Mapping[str, Any],
    said: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """What the entries of all hazards say; each adds its own, and more of `people`.

    highest_class, which each says for itself: the key of the highest class that at least one person or
    area is in, None if unknown or none.

    impact: the record, written: its bytes as they are stored. demonstration: whether any figure has to say so.
    arrival: as faas.arrival gives it. said: stored reasons about the arrival, beside the impact's own warnings.
    """
    names = ("hazard", "event_id", "version", "run", "source_type", "version_number", "drill")
    return {
        "schema": SCHEMA,
        **{name: impact[name] for name in names},
        "time": impact["event"]["time"],
        "people": {"total": impact["people"]["total"]},
        "affected": impact["affected"],
        "displaced": impact["displaced"],
        "highest_class": None,
        "demonstration": demonstration,
        "warnings": [*impact["warnings"], *said],
        "arrival": dict(arrival),
        "impact": {"key": run.key(keys.IMPACT), "sha256": sha256(written).hexdigest()},
        "report": None,
    }


def switch_to(store: Store, key: str, entry: dict[str, Any]) -> None:
    """Let the version be shown by this entry's run; an entry that names the run already stays as it is."""

    def change(now: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if now is not None and now["run"] == entry["run"] else entry

    _change(store, key, change)


def add_report(store: Store, key: str, run: str, report: dict[str, Any]) -> bool:
    """Add what the report holds if the entry names that run; whether it does.

    run: its eight hex digits. The entry's other facts stay.
    """
    named = False

    def change(now: dict[str, Any] | None) -> dict[str, Any] | None:
        nonlocal named
        named = now is not None and now["run"] == run
        return now | {"report": report} if now is not None and named and now.get("report") != report else None

    _change(store, key, change)
    return named


def version_below(store: Store, impact: Mapping[str, Any]) -> dict[str, Any] | None:
    """The entry of the version that ranks just below an earthquake's impact, among all maps of that quake.

    The maps may carry other ids. Read from the catalogue's months around the quake, as they are now; None
    when no version ranks lower. A function of the catalogue and the impact alone.
    """
    shown = Revision.of(impact)
    found = []
    for entry in _near(_months(store, impact["hazard"], shown), shown):
        try:
            one = json.loads(store.get(keys.RESULTS, str(entry), at_most=_MOST_BYTES)[0])
            Revision.of(one)
            found.append(one)
        except (NotFound, BadInput, ValueError, KeyError, TypeError):
            continue  # deleted since it was listed, or not of a known form
    below = quakes.below(impact, found)
    return dict(below) if below is not None else None


def _months(store: Store, hazard: str, shown: Revision) -> list[keys.CatalogEntry]:
    """The entries of the month before to the month after the quake, by time."""
    first = shown.time.replace(day=1) - timedelta(days=1)
    last = shown.time.replace(day=28) + timedelta(days=4)
    found = []
    for month in dict.fromkeys((moment.year, moment.month) for moment in (first, shown.time, last)):
        for head in store.list(keys.RESULTS, keys.catalog_prefix(hazard, *month)):
            try:
                found.append(keys.CatalogEntry.parse(head.key))
            except BadInput:
                continue
    return sorted(found, key=lambda entry: (entry.time, str(entry)))


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


def _change(store: Store, key: str, change: Callable[[dict[str, Any] | None], dict[str, Any] | None]) -> None:
    for _ in range(_TRIES):
        try:
            body, head = store.get(keys.RESULTS, key, at_most=_MOST_BYTES)
            now: dict[str, Any] | None = json.loads(body)
            condition: dict[str, Any] = {"if_match": head.etag}
        except NotFound:
            now, condition = None, {"if_absent": True}
        after = change(now)
        if after is None:
            return
        written = json.dumps(after, sort_keys=True, ensure_ascii=False, indent=1).encode()
        try:
            store.put(keys.RESULTS, key, written, "application/json", **condition)
            return
        except Conflict:
            continue  # somebody else was faster; look again
    raise Unavailable("{key}: too many write this catalogue entry at once", key=key)
