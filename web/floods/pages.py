"""Floods: the hours of a source, one hour's page, its map and files."""

from typing import Any

from flask import Blueprint, Response, g, render_template, request

from siaga import keys, moment
from siaga.errors import NotFound, Unavailable
from siaga.impact import flood
from siaga.impact.floodtrend import MOST_DRY_HOURS
from siaga.report import figures, limits
from siaga.report.classed.tables import people_text
from web import bundle, clock, login
from web.floods import listing, tables
from web.floods import map as flood_map
from web.index import Index, episodes, floods
from web.index.floods import Hour
from web.maps import panel
from web.runs import find, run_of
from web.services import services

_PAGE = 24
_MOST = 100_000

pages = Blueprint("floods", __name__)


@pages.get("/floods")
def listed() -> str:
    """The hours of a region, with what is filtered for."""
    index = services().index
    region = chosen_region(index)
    return render_template("floods.html", tab="floods", **_list(index, region), regions=index.floods.regions())


@pages.get("/floods.csv")
def csv() -> Response:
    """The same hours as a table, all of them."""
    index = services().index
    region = chosen_region(index)
    first, end, _month, step, least = _wanted(index, region)
    body = listing.table(index.floods.hours(region, first, end, step, least), region)
    return attached(body, "text/csv; charset=utf-8", f"siaga-floods-{region}.csv")


@pages.get("/floods/<snapshot>")
@pages.get("/floods/<snapshot>/<version>")
def event(snapshot: str, version: str = "") -> str | tuple[str, int]:
    """One hour, whatever is known of it, the newest version where none is named; the same while the store is silent."""
    index = services().index
    asked = keys.Snapshot.parse(snapshot)
    hour = index.floods.hour(asked.region, floods.number(asked.hour))
    if hour is None and not index.versions(snapshot, hazard="flood"):
        return _silent(index, asked)
    of = hour.of if hour and hour.of and not version else snapshot
    if hour and not version and not _is_kept_back(index, of) and (hour.counts is None or hour.kind == "empty"):
        return render_template("floodhour.html", tab="floods", **_of_hour(hour, asked))
    versions, entry = find(index, "flood", of, version)
    same = hour.kind == "same" if hour and not version else False
    try:
        return _page(versions, entry, asked, same)
    except Unavailable as error:
        return _last_known(entry, asked), error.status


def _page(versions: list[dict[str, Any]], entry: dict[str, Any], asked: keys.Snapshot, same: bool) -> str:
    """The page of one version, for the hour that is asked for. Raises Unavailable."""
    runs = services().runs
    return render_template(
        "flood.html",
        tab="floods",
        **tables.shown(services().index.floods, runs.analysis(entry), asked, g.language),
        break_hours=MOST_DRY_HOURS,
        same=same,
        entry=entry,
        newest=versions[0],
        versions=[_version(one, entry) for one in versions],
        published=entry["report"] is not None,
        pictured=f"map-{g.code}.png" in runs.sizes(entry),
        files=runs.files(entry),
        run=str(run_of(entry)),
        map=panel.of_flood(entry["event_id"], entry["version"]),
    )


def _last_known(entry: dict[str, Any], asked: keys.Snapshot) -> str:
    """What the list knows of an hour."""
    _, when, cm = g.language, tables.when(asked, g.language), limits.of(g.language).flood_cm
    wet = sum(entry["areas_by_class"][state] for state in flood.CLASSES[flood.AFFECTED_FROM - 1 :])
    facts = [
        (_("{cm} cm or deeper", cm=cm), f"{figures.whole(wet, _.code)} RW"),
        (_("People in RWs of {cm} cm or more", cm=cm), people_text(entry["affected"], _)),
    ]
    return render_template(
        "last_known.html",
        tab="floods",
        title=_("Flood, {when}", when=when["clock"]),
        when=f"{when['day']}, {when['clock']} ({when['utc']})",
        facts=facts,
        entry=entry,
    )


def _is_kept_back(index: Index, snapshot: str) -> bool:
    """Whether an operator asks for what is hidden from readers."""
    versions = index.versions(snapshot, hazard="flood") if login.sees_hidden() else []
    return bool(versions) and index.decisions.is_hidden(versions[0])


@pages.get("/floods/<snapshot>/<version>/map.svg")
def picture(snapshot: str, version: str) -> Response:
    """The map of one hour."""
    index = services().index
    find(index, "flood", snapshot, version)
    response = Response(_draw(index, keys.Snapshot.parse(snapshot)), mimetype="image/svg+xml")
    response.add_etag()
    response.make_conditional(request)  # the same response, shortened where the reader has it already
    return response


@pages.get("/floods/<snapshot>/<version>/all.zip")
def whole(snapshot: str, version: str) -> Response:
    """All files of a version as one ZIP."""
    return bundle.send(services().runs, find(services().index, "flood", snapshot, version)[1])


@pages.get("/floods/<snapshot>/<version>/files/<path:path>")
def file(snapshot: str, version: str, path: str) -> Response:
    """One file of a version."""
    return services().runs.send(find(services().index, "flood", snapshot, version)[1], path)


def chosen_region(index: Index) -> str:
    """The region that is asked for, else the one with the newest hour; raises NotFound."""
    asked, known = request.args.get("region", ""), index.floods.regions()
    if asked and asked not in known:
        raise NotFound("No hours of {region} are known", region=asked[:20])
    return asked or (known[0] if known else keys.JAKARTA)


def attached(body: str, media_type: str, name: str) -> Response:
    """A file that is saved, not shown."""
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def month_name(month: int) -> str:
    """A month in words."""
    return figures.month(month // 12, month % 12 + 1, g.code)


def month_of_text(text: str) -> int | None:
    """2017-02 as a number; None for what is none."""
    year, _, month = text.partition("-")
    if len(text) == 7 and year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12 and 1970 <= int(year) < 9999:
        return int(year) * 12 + int(month) - 1
    return None


def _wanted(index: Index, region: str) -> tuple[int, int, int | None, int, int]:
    """What is asked for: first hour, end, month or None, step of hours, least number of RWs."""
    now = floods.number(g.now)
    first, last = index.floods.bounds(region) or (now, now - 1)
    end = max(last + 1, now)
    month = month_of_text(request.args.get("month", ""))
    if month is not None:
        first = max(first, episodes.first_hour(month))
        end = min(end, episodes.first_hour(month + 1))
    step = floods.OLD_STEP if request.args.get("every") == str(floods.OLD_STEP) else 1
    least = max(0, min(_MOST, request.args.get("least", 0, type=int)))
    return first, max(first, end), month, step, least


def _list(index: Index, region: str) -> dict[str, Any]:
    hours, now = index.floods, floods.number(g.now)
    first, end, month, step, least = _wanted(index, region)
    total = hours.count(region, first, end, step, least)
    page = max(1, min(request.args.get("page", 1, type=int), -(-total // _PAGE) or 1))
    # the hour above the first of a page belongs to it as well: what is missing between them stands here
    extra = int(page > 1 and not least)
    found = hours.hours(region, first, end, step, least, _PAGE + extra, (page - 1) * _PAGE - extra)
    pages = -(-total // _PAGE) or 1
    ends = (page == 1, page == pages) if not least else (False, False)
    rows = listing.lines(found, region, first, end, step, ends, g.language) if found else []
    if least:
        rows = [row for row in rows if not row["silent"]]
    strip = listing.strip(hours, region, now, g.language)
    around = found[extra].hour if found else now
    chart = hours.hours(region, around - 23, around + 1)
    months = hours.months(region)
    return {
        "region": region,
        "rows": rows[extra:],
        "total": total,
        "first": (page - 1) * _PAGE + 1,
        "last": (page - 1) * _PAGE + len(found) - extra,
        "page": page,
        "pages": pages,
        "month": None if month is None else f"{month // 12:04d}-{month % 12 + 1:02d}",
        "months": [(f"{one // 12:04d}-{one % 12 + 1:02d}", month_name(one)) for one in months],
        "every": step,
        "old_step": floods.OLD_STEP,
        "old_hours": ", ".join(
            f"{hour:02d}"
            for hour in range(24)
            if (hour - int(moment.TIME_ZONES[listing.TIME_ZONE])) % floods.OLD_STEP == floods.OLD_FIRST
        ),
        "least": least,
        "strip": strip,
        "chart": listing.chart(chart, around, g.language) if found else None,
        "source": _source(index, region, strip),
        "depths": listing.depths(g.language),
        "map": _map(strip),
    }


def _map(strip: dict[str, Any] | None) -> dict[str, Any]:
    """Of the newest hour that is known; rows bring others."""
    if strip is None:
        return panel.of_flood("", "", "–")
    return panel.of_flood(strip["hour"]["of"] or "", strip["hour"]["version"] or "", strip["when"])


def _source(index: Index, region: str, strip: dict[str, Any] | None) -> dict[str, Any]:
    """How old the last good answer is, and the outage that lasts, if one does."""
    outage = next((one for one in index.floods.outages() if one["region"] == region and one["until"] is None), None)
    since = moment.parse(outage["since"]) if outage else None
    return {
        "ago": (clock.ago(strip["modified"], g.now, g.language) if strip else "")
        or (figures.short_date(moment.parse(strip["modified"]), g.code, "WIB") if strip else ""),
        "reason": g.language.reason(outage["reason"]) if outage else "",
        "since": f"{figures.clock(since, 'WIB')}, {figures.short_date(since, g.code, 'WIB')}" if since else "",
    }


def _of_hour(hour: Hour, asked: keys.Snapshot) -> dict[str, Any]:
    """An hour without figures of its own."""
    return {
        "asked": str(asked),
        "when": tables.when(asked, g.language),
        "sentence": listing.hour_text(hour, g.language),
        "doubt": g.language.reason(hour.reason),
        "kind": hour.kind,
        "key": f"{keys.FLOODMAPS}/{hour.key}",
    }


def _silent(index: Index, asked: keys.Snapshot) -> str:
    """An hour between others of which there is nothing; raises NotFound for one before or after them."""
    bounds, hour = index.floods.bounds(asked.region), floods.number(asked.hour)
    if bounds is None or not bounds[0] < hour < max(bounds[1], floods.number(g.now)):
        raise NotFound("There is no event {event_id}", event_id=str(asked))
    told = listing.gap(1, hour, hour, g.language)
    return render_template(
        "floodhour.html",
        tab="floods",
        asked=str(asked),
        when=tables.when(asked, g.language),
        sentence=told["text"],
        doubt="",
        kind="gap",
        key="",
    )


def _version(one: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    received = moment.parse(one["arrival"]["received"])
    return {
        "event_id": one["event_id"],
        "version": one["version"],
        "number": one["version_number"],
        "received": f"{figures.short_date(received, g.code, 'WIB')}, {figures.clock(received, 'WIB', seconds=True)}",
        "shown": one is shown,
        "published": one["report"] is not None,
    }


def _draw(index: Index, asked: keys.Snapshot) -> str:
    """What is under water in that hour, and in outline what was so a day ago and no longer is."""
    number = floods.number(asked.hour)
    states, before = (
        index.floods.states(index.floods.hour(asked.region, hour)) or {} for hour in (number, number - 24)
    )
    receded = {area for area, state in before.items() if state >= flood.AFFECTED_FROM} - states.keys()
    shapes = index.floods.shapes(asked.region)
    return flood_map.draw(states, {area: shape for area, shape in shapes.items() if area in states or area in receded})
