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
from siaga.report import figures
from siaga.report.classed import flood, tables
from web.index import floods
from web.index.floods import FloodIndex, Hour

ZONE = "WIB"


def snapshot(region: str, hour: int) -> str:
    """The id of that hour."""
    return str(keys.Snapshot(floods.moment_of(hour), region))


def said_moment(utc: datetime, _: Language) -> str:
    """Clock and day, WIB."""
    return f"{figures.clock(utc, ZONE)}, {figures.short_date(utc, _.code, ZONE)}"


def line(one: Hour, region: str, most: int, _: Language) -> dict[str, Any]:
    """An hour of the list. most: RWs of the widest bar."""
    entry, wet = one.entry, one.wet
    shown = {
        "snapshot": snapshot(region, one.hour),
        "clock": figures.clock(floods.moment_of(one.hour), ZONE).removesuffix(f" {ZONE}"),
        "day": figures.short_date(floods.moment_of(one.hour), _.code, ZONE),
        "iso": f"{floods.moment_of(one.hour):%Y-%m-%dT%H:%MZ}",
        "kind": one.kind,
        "said": said(one, _),
        "doubt": _.reason(one.reason),
        "wet": None if wet is None else figures.whole(wet, _.code),
        "widths": _widths(one.counts, most),
        "people": _people(one, _),
        "change": "",
        "published": entry is not None and entry["report"] is not None,
        "of": one.of,
        "version": entry["version"] if entry else None,
    }
    if wet is not None and one.before is not None:
        shown["change"] = change(wet - one.before, _)
    return shown


def change(difference: int, _: Language) -> str:
    """More or fewer RWs, with an arrow."""
    arrow = "↑" if difference > 0 else "↓" if difference < 0 else "="
    return f"{arrow} {figures.whole(abs(difference), _.code)}" if difference else "="


def said(one: Hour, _: Language) -> str:
    """What an hour counts as, in words."""
    if one.kind == "empty":
        return _("Nothing flooded; the source was sound")
    if one.kind == "suspect":
        return _("Not known: the source could not be believed")
    if one.kind == "gap":
        if one.highest is None:
            return _("Gap: not known; the archive has no state of this hour")
        return _("Gap: nobody asked; highest state in the archive: {state}", state=one.highest)
    if one.counts is None:
        return _("Data came; figures are not ready")
    if one.kind == "same":
        since = keys.Snapshot.parse(one.of or "").hour
        return _("As at {when}", when=said_moment(since, _))
    return _("Data") if one.wet else _("Data; no neighbourhood at 10 cm or more")


def gap(hours: int, first: int, last: int, _: Language) -> dict[str, Any]:
    """A line for hours of which there is nothing at all, from `first` to `last`."""
    ends = [said_moment(floods.moment_of(hour), _) for hour in (first, last)]
    when = ends[0] if first == last else f"{ends[0]} – {ends[1]}"
    text = (
        _("Gap: nobody asked in this hour")
        if hours == 1
        else _("Gap: nobody asked in {count} hours", count=figures.whole(hours, _.code))
    )
    return {"kind": "gap", "said": text, "when": when, "silent": True}


def lines(
    found: Sequence[Hour], region: str, first: int, end: int, step: int, ends: tuple[bool, bool], _: Language
) -> list[dict[str, Any]]:
    """Hours, newest first, with a line for each run of hours between them that have no object.

    first, end: of the whole list; ends: whether the list's newest and oldest hour are on this page. step: 1 or 6.
    """
    most = max((sum(one.counts) for one in found if one.counts), default=0)
    made: list[dict[str, Any]] = []
    above = _aligned(end, step) + step if ends[0] else found[0].hour + step if found else 0
    for one in found:
        made += _silent(one.hour, above, step, _)
        made.append(line(one, region, most, _))
        above = one.hour
    if ends[1] and found:
        made += _silent(_aligned(first, step), above, step, _)
    return made


def _aligned(hour: int, step: int) -> int:
    """The last hour before `hour` that the list may hold."""
    return hour - 1 if step == 1 else hour - 1 - (hour - 1 - 5) % 6


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
        "when": said_moment(floods.moment_of(latest.hour), _),
        "old": now - latest.hour > 1,
        "wet": figures.whole(len(wet), _.code),
        "parents": figures.whole(len({names[area][1] for area in wet if area in names}), _.code),
        "people": "0" if latest.kind == "empty" else tables.people_said(entry["affected"] if entry else None, _),
        "displaced": "0" if latest.kind == "empty" else tables.people_said(entry["displaced"] if entry else None, _),
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
        return {"back": back, "change": "", "said": _("not known then")}
    found = trend(before, states)
    sizes = [len(one) for one in (found.newly_flooded, found.receded, found.worse)]
    new, receded, worse = (figures.whole(size, _.code) for size in sizes)
    return {
        "back": back,
        "change": change(sizes[0] - sizes[1], _),
        "said": _("{new} new, {receded} receded, {worse} deeper", new=new, receded=receded, worse=worse),
        "trend": found,
    }


def chart(found: Sequence[Hour], last: int, _: Language) -> dict[str, Any]:
    """The 24 hours up to `last` as columns: heights per state in percent of the highest, None where not known."""
    by_hour = {one.hour: one for one in found}
    hours = range(last - 23, last + 1)
    most = max((sum(one.counts) for one in found if one.counts), default=0) or 1
    columns = []
    for hour in hours:
        counts = by_hour[hour].counts if hour in by_hour else None
        heights = None if counts is None else [round(count / most * 100, 2) for count in counts]
        name = figures.clock(floods.moment_of(hour), ZONE).removesuffix(f" {ZONE}")
        wet = _("not known") if counts is None else _("{count} RW", count=sum(counts[1:]))
        columns.append({"clock": name, "heights": heights, "title": f"{name}: {wet}"})
    return {"columns": columns, "most": figures.whole(most, _.code)}


def table(found: Sequence[Hour], region: str) -> str:
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
    for one in found:
        entry = one.entry or {"affected": None, "displaced": None}
        dry = one.kind == "empty"
        affected, displaced = (0, 0) if dry else (entry["affected"], entry["displaced"])
        time = floods.moment_of(one.hour).astimezone(UTC)
        counts = one.counts or (None,) * 4
        row = (snapshot(region, one.hour), f"{time:%Y-%m-%dT%H:%M:%SZ}", one.kind, one.of, one.highest, *counts)
        writer.writerow([*row, one.wet, affected, displaced])
    return text.getvalue()


def _people(one: Hour, _: Language) -> str:
    if one.kind == "empty":
        return "0"
    affected = one.entry["affected"] if one.entry and one.counts is not None else None
    return _("not known") if affected is None else figures.people_cell(affected, _.code)


def _widths(counts: tuple[int, ...] | None, most: int) -> list[tuple[int, float]]:
    """State and percent of the widest bar, the deepest first."""
    if not counts or not most:
        return []
    return [(state, round(counts[state - 1] / most * 100, 2)) for state in (4, 3, 2, 1) if counts[state - 1]]
