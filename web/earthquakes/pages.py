"""Earthquakes: the list, one event's page, its files."""

from datetime import timedelta

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import palette
from siaga.catalog import EarthquakeEntry
from siaga.errors import Unavailable
from siaga.impact.fatality import LEVELS
from siaga.impact.quakes import surely_one
from siaga.impact.stored.earthquake import EarthquakeImpact
from siaga.impact.versions import Revision
from siaga.report import figures, words
from siaga.report.earthquake import axis, message, sentences
from siaga.report.earthquake.printed import printed
from web import archive, asked, bundle, clock, spreadsheet
from web.earthquakes import listing, revisions, table, timeline, zones
from web.feeds import addresses, link_preview
from web.index import Filter
from web.maps import panel, points
from web.runs import find, run_of
from web.services import services

_STRONG = 50  # quakes of a day that the band looks at, the highest levels first

pages = Blueprint("earthquakes", __name__)


@pages.get("/")
def root() -> AnyResponse:
    """The list of earthquakes is the first page."""
    return redirect(url_for("earthquakes.listed"))


@pages.get("/earthquakes")
def listed() -> str:
    """The list, with what is searched and filtered for; above it what was strong in the last day, whatever is asked."""
    index = services().index
    asked_ = asked.read(request.args, g.now)
    offset = (asked_.page - 1) * asked_.size
    entries, total = index.events("earthquake", asked_.wanted, asked_.size, offset)
    rows = [listing.row(entry, g.language, index.beside(entry), asked_.clock) for entry in entries]
    lately = Filter(since=g.now - timedelta(hours=listing.BAND_HOURS), until=g.now, order="level")
    loud = [
        listing.row(one, g.language, index.beside(one)) for one in index.events("earthquake", lately, _STRONG, 0)[0]
    ]
    strong = [row for row in loud if row["strong"]]
    return render_template(
        "earthquakes.html",
        tab="earthquakes",
        rows=rows,
        total=asked.total_text(total, g.language) if total else "",
        first=offset + 1,
        pages=asked_.pages(total, len(rows)),
        asked=asked_,
        sizes=asked.SIZES,
        of_sizes=[(one, one) for one in asked.SIZES],
        of_clocks=[(one, one) for one in asked.CLOCKS],
        days=asked.RECENT_DAYS,
        months=archive.months(index.lists.months("earthquake"), g.language),
        drills=index.events("earthquake", Filter("drill"), 0, 0)[1],
        band=strong[0] if strong else None,
        others=strong[1:],
        level_names=words.LEVELS,
        colours=palette.MMI,
        demonstration=any(entry["demonstration"] for entry in entries),
        map=panel.of_list("earthquakes", asked_.wanted.box, LEVELS),
    )


@pages.get("/earthquakes/map.json")
def on_map() -> Response:
    """Where the quakes of the list are."""
    return points.answer("earthquake")


@pages.get("/earthquakes/<event_id>/<version>/popup")
def popup(event_id: str, version: str) -> str:
    """What a map tells of a quake that is chosen on it."""
    index = services().index
    entry = find(index, "earthquake", event_id, version)[1]
    row = listing.row(entry, g.language, index.beside(entry))
    return render_template("popup.html", row=row, colours=palette.MMI)


@pages.get("/earthquakes.csv")
def csv() -> Response:
    """The same list as a table, all of it."""
    index, wanted = services().index, asked.read(request.args, g.now).wanted
    return spreadsheet.answer(
        lambda cursor: index.page("earthquake", wanted, spreadsheet.AT_ONCE, cursor),
        table.COLUMNS,
        table.row,
        "earthquakes",
    )


@pages.get("/earthquakes/<event_id>")
@pages.get("/earthquakes/<event_id>/<version>")
def event(event_id: str, version: str = "") -> str | tuple[str, int]:
    """One version of an event, the newest where none is named; what the list knows of it while the store is silent."""
    versions, entry = find(services().index, "earthquake", event_id, version)
    try:
        return _page(versions, entry)
    except Unavailable as error:
        row = listing.row(entry, g.language)
        return render_template(
            "silent.html", tab="earthquakes", row=row, entry=entry, colours=palette.MMI
        ), error.status


def _page(versions: list[EarthquakeEntry], entry: EarthquakeEntry) -> str:
    """The page of one version. Raises Unavailable."""
    index, runs = services().index, services().runs
    impact = runs.analysis(entry)
    shown = printed(impact, g.language)
    return render_template(
        "earthquake.html",
        tab="earthquakes",
        **shown,
        entry=entry,
        said=entry["description"],
        published=entry["report"] is not None,
        newest=versions[0],
        unsure=not surely_one(Revision.of(entry), Revision.of(versions[0])),
        announced=index.announced.of(entry),
        beside=listing.beside_page(versions[0], entry, index.beside(versions[0]), g.language),
        revisions=revisions.panel(versions, entry, runs.analysis, g.language),
        ago=clock.ago(entry["time"], g.now, g.language),
        timeline=timeline.steps(index, entry, shown["source"], shown["time"]["clock_zone"], g.language),
        files=runs.files(entry),
        arrival_warnings=[g.language.reason(one) for one in entry["warnings"]],
        levels={name: g.language(word) for name, word in words.LEVELS.items()},
        colours=palette.MMI,
        axis_bands=axis.BANDS,
        axis_ticks=[(figures.whole(value, g.code), left) for value, left in axis.TICKS],
        run=str(run_of(entry)),
        map=panel.of_quake(entry, impact["table"]["level"] if impact["table"] else None),
        link=link_preview.of(entry),
        message="\n".join(message.lines(shown, addresses.event(entry), g.language)),
        several_levels=len(zones.levels(impact)) > 1,
    )


@pages.get("/earthquakes/<event_id>/<version>/zones")
def all_zones(event_id: str, version: str) -> str:
    """All zones of a version, of the level, in the order and with the name that is asked for."""
    entry = find(services().index, "earthquake", event_id, version)[1]
    impact: EarthquakeImpact = services().runs.analysis(entry)
    sort = request.args.get("sort", "")
    wanted = zones.Wanted(
        request.args.get("level", "")[:40],
        request.args.get("q", "")[:100],
        sort if sort in zones.SORTS else zones.SORTS[0],
    )
    return render_template(
        "zones.html",
        tab="earthquakes",
        entry=entry,
        title=sentences.title(impact["event"], impact["places"]["landmark"], g.language),
        wanted=wanted,
        table=zones.table(impact, wanted, g.language),
        files=[one for one in services().runs.files(entry) if one["path"].startswith("zones.")],
        drill=entry["drill"],
        demonstration=entry["demonstration"],
    )


@pages.get("/earthquakes/<event_id>/<version>/all.zip")
def whole(event_id: str, version: str) -> Response:
    """All files of a version as one ZIP."""
    return bundle.send(services().runs, find(services().index, "earthquake", event_id, version)[1])


@pages.get("/earthquakes/<event_id>/<version>/files/<path:path>")
def file(event_id: str, version: str, path: str) -> Response:
    """One file of a version."""
    return services().runs.send(find(services().index, "earthquake", event_id, version)[1], path)
