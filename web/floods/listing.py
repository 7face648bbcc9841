"""Flood hours as lines: what is known of each, none left out, and never "no flood" where that is not known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict

from siaga import dates, keys
from siaga.impact.flood import CLASSES
from siaga.impact.floodtrend import HOURS_AGO, Trend, trend
from siaga.language import Language
from siaga.report import figures, limits
from siaga.report.classed import flood, tables
from web.asked import CLOCKS
from web.index import floods
from web.index.floods import OLD_FIRST, OLD_STEP, FloodIndex, Hour

TIME_ZONE = "WIB"
KINDS = {  # what an hour counts as, as filters name it
    "data": "Data",
    "same": "As an hour before",
    "empty": "Nothing flooded",
    "gap": "Gap, filled from the archive",
    "suspect": "Source not believed",
}


class Line(TypedDict):
    """An hour of the list, in words and digits. wet: RWs, None if unknown. of: the snapshot whose states hold.

    version: of its entry. own: whether its figures are its own. widths: state and percent, of its bar.
    """

    snapshot: str
    clock: str
    day: str
    clocks: str
    iso: str
    kind: str
    text: str
    silent: bool
    doubt: str
    wet: str | None
    widths: list[tuple[int, float]]
    people: str
    change: str
    published: bool
    of: str | None
    own: bool
    version: str | None


class Gap(TypedDict):
    """Hours of which there is nothing at all. when: from the first to the last."""

    kind: str
    text: str
    when: str
    silent: bool


class Comparison(TypedDict):
    """What changed since `back` hours before; change: "" where those are not known. named: which RWs."""

    back: int
    change: str
    text: str
    trend: NotRequired[Trend]
    named: NotRequired[list[tuple[str, str]]]


class Strip(TypedDict):
    """The newest hour of which the states are known. old: whether it is not the last one. counts: RWs by state."""

    hour: Line
    when: str
    old: bool
    wet: str
    parents: str
    people: str
    displaced: str
    changes: list[Comparison]
    modified: str
    counts: list[tuple[str, str]]
    demonstration: bool


def snapshot(region: str, hour: int) -> str:
    """The id of that hour."""
    return str(keys.Snapshot(floods.moment_of(hour), region))


def moment_text(utc: datetime, _: Language, zone: str = TIME_ZONE) -> str:
    """Clock and day."""
    return f"{dates.clock(utc, zone)}, {dates.short(utc, _.code, zone)}"


def line(hour: Hour, region: str, most: int, _: Language, zone: str = TIME_ZONE) -> Line:
    """An hour of the list. most: RWs of the widest bar. zone: WIB, WITA, WIT or UTC, of clock and day."""
    entry, wet, at = hour.entry, hour.wet, floods.moment_of(hour.hour)
    shown: Line = {
        "snapshot": snapshot(region, hour.hour),
        "clock": dates.clock(at, zone).removesuffix(f" {zone}"),
        "day": dates.short(at, _.code, zone),
        "clocks": " · ".join(dates.clock(at, one) for one in CLOCKS),
        "iso": f"{at:%Y-%m-%dT%H:%MZ}",
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
        "own": hour.kind == "data" and entry is not None,
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


def gap(hours: int, first: int, last: int, _: Language, zone: str = TIME_ZONE) -> Gap:
    """A line for hours of which there is nothing at all, from `first` to `last`."""
    ends = [moment_text(floods.moment_of(hour), _, zone) for hour in (first, last)]
    when = ends[0] if first == last else f"{ends[0]} – {ends[1]}"
    text = (
        _("Gap: nobody asked in this hour")
        if hours == 1
        else _("Gap: nobody asked in {count} hours", count=figures.whole(hours, _.code))
    )
    return {"kind": "gap", "text": text, "when": when, "silent": True}


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of which a list leaves none out, from `first` until before `end`.

    step: from one to the next. zone: of their clocks.
    """

    first: int
    end: int
    step: int
    zone: str

    def last_before(self, hour: int) -> int:
        """The last hour before `hour` that the list may hold."""
        return hour - 1 if self.step == 1 else hour - 1 - (hour - 1 - OLD_FIRST) % OLD_STEP


def lines(
    hours: Sequence[Hour], region: str, span: Span, ends: tuple[bool, bool], whole: bool, _: Language
) -> list[Line | Gap]:
    """Hours in their order; where they are all of a span, newest first, a line for those that have no object, too.

    ends: whether the span's newest and oldest hour are on this page. whole: whether they are all.
    """
    most = max((sum(hour.counts) for hour in hours if hour.counts), default=0)
    if not whole:
        return [line(hour, region, most, _, span.zone) for hour in hours]
    shown: list[Line | Gap] = []
    above = span.last_before(span.end) + span.step if ends[0] else hours[0].hour + span.step if hours else 0
    for hour in hours:
        shown += _silent(hour.hour, above, span, _)
        shown.append(line(hour, region, most, _, span.zone))
        above = hour.hour
    if ends[1] and hours:
        shown += _silent(span.last_before(span.first), above, span, _)
    return shown


def _silent(lower: int, upper: int, span: Span, _: Language) -> list[Gap]:
    """The line between two hours that are listed, if hours are missing between them."""
    missing = (upper - lower) // span.step - 1
    return [gap(missing, lower + span.step, upper - span.step, _, span.zone)] if missing > 0 else []


def strip(index: FloodIndex, region: str, now: int, _: Language) -> Strip | None:
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


def compared(index: FloodIndex, region: str, hour: int, back: int, states: dict[str, int], _: Language) -> Comparison:
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


def chart(listed: Sequence[Hour], last: int, _: Language) -> dict[str, object]:
    """The 24 hours up to `last` as columns: heights per state in percent of the highest, None where not known."""
    by_hour = {listed_hour.hour: listed_hour for listed_hour in listed}
    hours = range(last - 23, last + 1)
    most = max((sum(listed_hour.counts) for listed_hour in listed if listed_hour.counts), default=0) or 1
    columns = []
    for hour in hours:
        counts = by_hour[hour].counts if hour in by_hour else None
        heights = None if counts is None else [round(count / most * 100, 2) for count in counts]
        name = dates.clock(floods.moment_of(hour), TIME_ZONE).removesuffix(f" {TIME_ZONE}")
        wet = _("not known") if counts is None else _("{count} RW", count=sum(counts[1:]))
        columns.append({"clock": name, "heights": heights, "title": f"{name}: {wet}"})
    return {"columns": columns, "most": figures.whole(most, _.code)}


def _people(hour: Hour, _: Language) -> str:
    return _("not known") if hour.people is None else figures.people_cell(hour.people, _.code)


def _widths(counts: tuple[int, ...] | None, most: int) -> list[tuple[int, float]]:
    """State and percent of the widest bar, the deepest first."""
    if not counts or not most:
        return []
    return [(state, round(counts[state - 1] / most * 100, 2)) for state in (4, 3, 2, 1) if counts[state - 1]]
