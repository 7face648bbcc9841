"""Flood hours as lines: what is known of each, none left out, and never "no flood" where that is not known."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from siaga import keys
from siaga.impact.flood import CLASSES
from siaga.impact.floodtrend import HOURS_AGO, trend
from siaga.language import Language
from siaga.report import figures, limits
from siaga.report.classed import flood, tables
from web.index import floods
from web.index.floods import OLD_FIRST, OLD_STEP, FloodIndex, Hour

TIME_ZONE = "WIB"


def snapshot(region: str, hour: int) -> str:
    """The id of that hour."""
    return str(keys.Snapshot(floods.moment_of(hour), region))


def moment_text(utc: datetime, _: Language) -> str:
    """Clock and day, WIB."""
    return f"{figures.clock(utc, TIME_ZONE)}, {figures.short_date(utc, _.code, TIME_ZONE)}"


def line(hour: Hour, region: str, most: int, _: Language) -> dict[str, Any]:
    """An hour of the list. most: RWs of the widest bar."""
    entry, wet = hour.entry, hour.wet
    shown = {
        "snapshot": snapshot(region, hour.hour),
        "clock": figures.clock(floods.moment_of(hour.hour), TIME_ZONE).removesuffix(f" {TIME_ZONE}"),
        "day": figures.short_date(floods.moment_of(hour.hour), _.code, TIME_ZONE),
        "iso": f"{floods.moment_of(hour.hour):%Y-%m-%dT%H:%MZ}",
        "kind": hour.kind,
        "text": hour_text(hour, _),
        "silent": False,
        "doubt": _.reason(hour.reason),
        "wet": None if wet is None else figures.whole(wet, _.code),
        "widths": _widths(hour.counts, most),
        "people": _people(hour, _),
        "change": "",
        "published": entry is not None and entry["report"] is not None,
        "of": hour.of,
        "version": entry["version"] if entry else None,
    }
    if wet is not None and hour.before is not None:
        shown["change"] = change(wet - hour.before, _)
    return shown


def change(difference: int, _: Language) -> str:
    """More or fewer RWs, with an arrow."""
    arrow = "↑" if difference > 0 else "↓" if difference < 0 else "="
    return f"{arrow} {figures.whole(abs(difference), _.code)}" if difference else "="


def hour_text(hour: Hour, _: Language) -> str:
    """What an hour counts as, in words."""
    if hour.kind == "empty":
        return _("Nothing flooded; the source was sound")
    if hour.kind == "suspect":
        return _("Not known: the source could not be believed")
    if hour.kind == "gap":
        if hour.highest is None:
            return _("Gap: not known; the archive has no state of this hour")
        return _("Gap: nobody asked; highest state in the archive: {state}", state=hour.highest)
    if hour.hidden:
        return _("An operator keeps the figures of this hour from readers")
    if hour.counts is None:
        return _("Data came; figures are not ready")
    if hour.kind == "same":
        since = keys.Snapshot.parse(hour.of or "").hour
        return _("As at {when}", when=moment_text(since, _))
    return _("Data") if hour.wet else _("Data; no neighbourhood at {cm} cm or more", cm=limits.of(_).flood_cm)


def gap(hours: int, first: int, last: int, _: Language) -> dict[str, Any]:
    """A line for hours of which there is nothing at all, from `first` to `last`."""
    ends = [moment_text(floods.moment_of(hour), _) for hour in (first, last)]
    when = ends[0] if first == last else f"{ends[0]} – {ends[1]}"
    text = (
        _("Gap: nobody asked in this hour")
        if hours == 1
        else _("Gap: nobody asked in {count} hours", count=figures.whole(hours, _.code))
    )
    return {"kind": "gap", "text": text, "when": when, "silent": True}


def lines(
    hours: Sequence[Hour], region: str, first: int, end: int, step: int, ends: tuple[bool, bool], _: Language
) -> list[dict[str, Any]]:
    """Hours, newest first, with a line for each run of hours between them that have no object.

    first, end: of the whole list; ends: whether the list's newest and oldest hour are on this page. step: as for hours.
    """
    most = max((sum(hour.counts) for hour in hours if hour.counts), default=0)
    shown: list[dict[str, Any]] = []
    above = _aligned(end, step) + step if ends[0] else hours[0].hour + step if hours else 0
    for hour in hours:
        shown += _silent(hour.hour, above, step, _)
        shown.append(line(hour, region, most, _))
        above = hour.hour
    if ends[1] and hours:
        shown += _silent(_aligned(first, step), above, step, _)
    return shown


def _aligned(hour: int, step: int) -> int:
    """The last hour before `hour` that the list may hold."""
    return hour - 1 if step == 1 else hour - 1 - (hour - 1 - OLD_FIRST) % OLD_STEP


def _silent(lower: int, upper: int, step: int, _: Language) -> list[dict[str, Any]]:
    """The line between two hours that are listed, if hours are missing between them."""
    missing = (upper - lower) // step - 1
    return [gap(missing, lower + step, upper - step, _)] if missing > 0 else []


def strip(index: FloodIndex, region: str, now: int, _: Language) -> dict[str, Any] | None:
    """The newest hour of which the states are known, compared with those before; None when there is none.

    now: the present hour.
    """
    latest = index.latest_known(region)
    if latest is None:
        return None
    states = index.states(latest) or {}
    names, entry = index.names(region), latest.entry
    wet = [area for area, state in states.items() if state >= 2]
    return {
        "hour": line(latest, region, 1, _),
        "when": moment_text(floods.moment_of(latest.hour), _),
        "old": now - latest.hour > 1,
        "wet": figures.whole(len(wet), _.code),
        "parents": figures.whole(len({names[area][1] for area in wet if area in names}), _.code),
        "people": "0" if latest.kind == "empty" else tables.people_text(entry["affected"] if entry else None, _),
        "displaced": "0" if latest.kind == "empty" else tables.people_text(entry["displaced"] if entry else None, _),
        "changes": [compared(index, region, latest.hour, back, states, _) for back in HOURS_AGO],
        "modified": latest.modified,
        "counts": [
            (name, figures.whole(count, _.code))
            for name, count in zip("4321", reversed(latest.counts or ()), strict=False)
        ],
        "demonstration": bool(entry and entry["demonstration"]),
    }


def depths(_: Language) -> dict[str, str]:
    """How deep the water is, per state."""
    return {name: flood.depth(name, _) for name in CLASSES}


def compared(
    index: FloodIndex, region: str, hour: int, back: int, states: dict[str, int], _: Language
) -> dict[str, Any]:
    """What changed since some hours before; "change" is "" where those are not known."""
    before = index.states(index.hour(region, hour - back))
    if before is None:
        return {"back": back, "change": "", "text": _("not known then")}
    change_since = trend(before, states)
    sizes = [len(one) for one in (change_since.newly_flooded, change_since.receded, change_since.worse)]
    new, receded, worse = (figures.whole(size, _.code) for size in sizes)
    return {
        "back": back,
        "change": change(sizes[0] - sizes[1], _),
        "text": _("{new} new, {receded} receded, {worse} deeper", new=new, receded=receded, worse=worse),
        "trend": change_since,
    }


def chart(listed: Sequence[Hour], last: int, _: Language) -> dict[str, Any]:
    """The 24 hours up to `last` as columns: heights per state in percent of the highest, None where not known."""
    by_hour = {listed_hour.hour: listed_hour for listed_hour in listed}
    hours = range(last - 23, last + 1)
    most = max((sum(listed_hour.counts) for listed_hour in listed if listed_hour.counts), default=0) or 1
    columns = []
    for hour in hours:
        counts = by_hour[hour].counts if hour in by_hour else None
        heights = None if counts is None else [round(count / most * 100, 2) for count in counts]
        name = figures.clock(floods.moment_of(hour), TIME_ZONE).removesuffix(f" {TIME_ZONE}")
        wet = _("not known") if counts is None else _("{count} RW", count=sum(counts[1:]))
        columns.append({"clock": name, "heights": heights, "title": f"{name}: {wet}"})
    return {"columns": columns, "most": figures.whole(most, _.code)}


def table(hours: Sequence[Hour], region: str) -> str:
    """The list as CSV, UTC, unrounded; empty cells are unknown."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = [
        "snapshot",
        "time",
        "kind",
        "states_of",
        "archive_highest_state",
        "state_1",
        "state_2",
        "state_3",
        "state_4",
    ]
    writer.writerow([*head, "rw_flooded", "people_affected", "displaced"])
    for hour in hours:
        entry = hour.entry or {"affected": None, "displaced": None}
        dry = hour.kind == "empty"
        affected, displaced = (0, 0) if dry else (entry["affected"], entry["displaced"])
        time = floods.moment_of(hour.hour).astimezone(UTC)
        counts = hour.counts or (None,) * 4
        row = (snapshot(region, hour.hour), f"{time:%Y-%m-%dT%H:%M:%SZ}", hour.kind, hour.of, hour.highest, *counts)
        writer.writerow([*row, hour.wet, affected, displaced])
    return text.getvalue()


def _people(hour: Hour, _: Language) -> str:
    if hour.kind == "empty":
        return "0"
    affected = hour.entry["affected"] if hour.entry and hour.counts is not None else None
    return _("not known") if affected is None else figures.people_cell(affected, _.code)


def _widths(counts: tuple[int, ...] | None, most: int) -> list[tuple[int, float]]:
    """State and percent of the widest bar, the deepest first."""
    if not counts or not most:
        return []
    return [(state, round(counts[state - 1] / most * 100, 2)) for state in (4, 3, 2, 1) if counts[state - 1]]
