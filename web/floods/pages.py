"""Floods: the hours of a source, one hour's page, its map and files."""

from flask import Blueprint, Response, g, render_template, request

from siaga import dates, keys, moment
from siaga.catalog import FloodEntry
from siaga.errors import NotFound, Unavailable
from siaga.hazards import FLOOD
from siaga.impact import flood
from siaga.impact.floodtrend import MOST_DRY_HOURS
from siaga.inputs.flood_hours import KINDS
from siaga.report import figures, limits
from siaga.report.classed import flood as flood_words
from siaga.report.classed import message
from siaga.report.classed.tables import people_text
from web import archive, asked, bundle, clock, login, spreadsheet
from web.feeds import addresses, link_preview
from web.floods import listing, panels, table
from web.floods import map as flood_map
from web.index import Filter, Index, floods
from web.index.floods import Hour
from web.index.lists import Box
from web.levels import drawn_level
from web.maps import panel
from web.runs import find, run_of
from web.services import services

pages = Blueprint("floods", __name__)
pages.add_app_template_filter(flood_words.region_name)


@pages.get("/floods")
def listed() -> str:
    """The hours of a region, with what is filtered for."""
    index = services().index
    region = chosen_region(index)
    return render_template("floods.html", tab="floods", **_list(index, region))


@pages.get("/floods.csv")
def csv() -> Response:
    """The same hours as a table, all of them."""
    index = services().index
    region = chosen_region(index)
    hours = index.floods.hours(region, asked.read(request.args, g.now, "flood").wanted)
    return spreadsheet.send(table.COLUMNS, [[table.row(region, hour) for hour in hours]], f"floods-{region}")


@pages.get("/floods/<snapshot>")
@pages.get("/floods/<snapshot>/<version>")
def event(snapshot: str, version: str = "") -> str | tuple[str, int]:
    """One hour, whatever is known of it, the newest version where none is named; the same while the store is silent."""
    index = services().index
    named = keys.Snapshot.parse(snapshot)
    hour = index.floods.hour(named.region, floods.number(named.hour))
    if hour is None and not index.versions(snapshot, hazard="flood"):
        return _silent(index, named)
    of = hour.of if hour and hour.of and not version else snapshot
    if hour and not version and not _is_kept_back(index, of) and (hour.counts is None or hour.kind == "empty"):
        return render_template("floodhour.html", tab="floods", **_of_hour(hour, named))
    versions, entry = find(index, "flood", of, version)
    same = hour.kind == "same" if hour and not version else False
    try:
        return _page(versions, entry, named, same)
    except Unavailable as error:
        return _last_known(entry, named), error.status


def _page(versions: list[FloodEntry], entry: FloodEntry, named: keys.Snapshot, same: bool) -> str:
    """The page of one version, for the hour that is asked for. Raises Unavailable."""
    runs = services().runs
    impact = runs.analysis(entry)
    when = panels.when(named, g.language)
    page = addresses.whole(f"/{FLOOD.page}/{named}")
    return render_template(
        "flood.html",
        tab="floods",
        **panels.shown(services().index.floods, impact, named, g.language),
        message="\n".join(message.of_flood(impact, entry, f"{when['day']}, {when['clock']}", page, g.language)),
        break_hours=MOST_DRY_HOURS,
        same=same,
        entry=entry,
        newest=versions[0],
        versions=[_version(one, entry) for one in versions],
        published=entry["report"] is not None,
        pictured=f"map-{g.code}.png" in runs.sizes(entry),
        files=runs.files(entry),
        run=str(run_of(entry)),
        link=link_preview.of(entry),
        map=panel.of_flood(entry, drawn_level(impact, runs.sizes(entry))),
    )


def _last_known(entry: FloodEntry, named: keys.Snapshot) -> str:
    """What the list knows of an hour."""
    _, when, cm = g.language, panels.when(named, g.language), limits.of(g.language).flood_cm
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
    region, known = request.args.get("region", ""), index.floods.regions()
    if region and region not in known:
        raise NotFound("No hours of {region} are known", region=region[:20])
    return region or (known[0] if known else keys.JAKARTA)


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


def _list(index: Index, region: str) -> dict[str, object]:
    hours, now, asked_ = index.floods, floods.number(g.now), asked.read(request.args, g.now, "flood")
    wanted, size = asked_.wanted, asked_.size
    total = hours.count(region, wanted)
    pages = -(-total // size) or 1
    page = min(asked_.page, pages)
    # where none is left out, the hour above the first of a page belongs to it as well: what is missing between them
    whole = wanted == Filter(since=wanted.since, until=wanted.until, every=wanted.every)
    extra = int(page > 1 and whole)
    found = hours.hours(region, wanted, size + extra, (page - 1) * size - extra)
    span = _span(index, region, wanted, asked_.clock or listing.TIME_ZONE)
    rows = listing.lines(found, region, span, (page == 1, page == pages), whole, g.language) if found else []
    strip = listing.strip(hours, region, now, g.language)
    around = found[extra].hour if found else now
    return {
        "region": region,
        "rows": rows[extra:],
        "total": figures.whole(total, g.code),
        "first": (page - 1) * size + 1,
        "last": (page - 1) * size + len(found) - extra,
        "page": page,
        "pages": pages,
        "asked": asked_,
        "zone": span.zone,
        "whole": whole,
        "strip": strip,
        "chart": listing.chart(hours.between(region, around - 23, around + 1), around, g.language) if found else None,
        "source": _source(index, region, strip),
        "depths": listing.depths(g.language),
        "map": listed_map(strip, wanted.box),
        **_choices(index, region),
    }


def listed_map(strip: listing.Strip | None, box: Box | None) -> panel.Panel:
    """The map beside the list: of the newest hour that is known. box: as panel.of_flood_list."""
    if strip is None:
        return panel.of_flood_list("", "", "–", box)
    return panel.of_flood_list(strip["hour"]["of"] or "", strip["hour"]["version"] or "", strip["when"], box)


def _span(index: Index, region: str, wanted: Filter, zone: str) -> listing.Span:
    """The hours that lie between the ends of the list, with an object or without."""
    now = floods.number(g.now)
    first, last = index.floods.bounds(region) or (now, now - 1)
    end = max(last + 1, now)
    if wanted.since:
        first = max(first, -(-int(wanted.since.timestamp()) // 3600))
    if wanted.until:
        end = min(end, floods.number(wanted.until))
    return listing.Span(first, max(first, end), wanted.every, zone)


def _choices(index: Index, region: str) -> dict[str, object]:
    """What the filters of the list offer."""
    _ = g.language
    ashore = int(moment.TIME_ZONES[listing.TIME_ZONE])
    old = [hour for hour in range(24) if (hour - ashore) % floods.OLD_STEP == floods.OLD_FIRST]
    return {
        "regions": index.floods.regions(),
        "of_sizes": [(one, one) for one in asked.HOURS],
        "of_clocks": [(one, one) for one in asked.CLOCKS],
        "of_levels": [
            *((state, flood_words.depth(state, _)) for state in reversed(flood.CLASSES)),
            ("0", _("Nothing flooded")),
            ("none", _("Not known")),
        ],
        "of_states": [(kind, _(listing.KINDS[kind])) for kind in KINDS],
        "days": asked.RECENT_DAYS,
        "old_step": floods.OLD_STEP,
        "old_hours": ", ".join(f"{hour:02d}" for hour in old),
        "months": archive.months(index.floods.months(region), _),
    }


def _source(index: Index, region: str, strip: listing.Strip | None) -> dict[str, object]:
    """How old the last good answer is, and the outage that lasts, if one does."""
    outage = next((one for one in index.floods.outages() if one["region"] == region and one["until"] is None), None)
    since = moment.parse(outage["since"]) if outage else None
    return {
        "ago": (clock.ago(strip["modified"], g.now, g.language) if strip else "")
        or (dates.short(moment.parse(strip["modified"]), g.code, "WIB") if strip else ""),
        "reason": g.language.reason(outage["reason"]) if outage else "",
        "since": dates.dated(since, g.code) if since else "",
    }


def _of_hour(hour: Hour, named: keys.Snapshot) -> dict[str, object]:
    """An hour without figures of its own."""
    return {
        "asked": str(named),
        "when": panels.when(named, g.language),
        "sentence": listing.hour_text(hour, g.language),
        "doubt": g.language.reason(hour.reason),
        "kind": hour.kind,
        "key": f"{keys.FLOODMAPS}/{hour.key}",
    }


def _silent(index: Index, named: keys.Snapshot) -> str:
    """An hour between others of which there is nothing; raises NotFound for one before or after them."""
    bounds, hour = index.floods.bounds(named.region), floods.number(named.hour)
    if bounds is None or not bounds[0] < hour < max(bounds[1], floods.number(g.now)):
        raise NotFound("There is no event {event_id}", event_id=str(named))
    told = listing.gap(1, hour, hour, g.language)
    return render_template(
        "floodhour.html",
        tab="floods",
        asked=str(named),
        when=panels.when(named, g.language),
        sentence=told["text"],
        doubt="",
        kind="gap",
        key="",
    )


def _version(one: FloodEntry, shown: FloodEntry) -> dict[str, object]:
    received = moment.parse(one["arrival"]["received"])
    return {
        "event_id": one["event_id"],
        "version": one["version"],
        "number": one["version_number"],
        "received": dates.dated(received, g.code, seconds=True),
        "shown": one is shown,
        "published": one["report"] is not None,
    }


def _draw(index: Index, named: keys.Snapshot) -> str:
    """What is under water in that hour, and in outline what was so a day ago and no longer is."""
    number = floods.number(named.hour)
    states, before = (
        index.floods.states(index.floods.hour(named.region, hour)) or {} for hour in (number, number - 24)
    )
    receded = {area for area, state in before.items() if state >= flood.AFFECTED_FROM} - states.keys()
    shapes = index.floods.shapes(named.region)
    return flood_map.draw(states, {area: shape for area, shape in shapes.items() if area in states or area in receded})
