"""Earthquakes: the list, one event's page, its files."""

from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import palette
from siaga.errors import Unavailable
from siaga.impact.fatality import LEVELS
from siaga.impact.quakes import surely_one
from siaga.impact.stored.earthquake import EarthquakeImpact
from siaga.impact.versions import Revision
from siaga.report import figures, words
from siaga.report.earthquake import axis, message, sentences
from siaga.report.earthquake.printed import printed
from web import bundle, clock
from web.earthquakes import listing, revisions, timeline, zones
from web.index import LARGE, Filter
from web.maps import panel
from web.runs import find, run_of
from web.services import services

_PAGE = 50

pages = Blueprint("earthquakes", __name__)


@pages.get("/")
def root() -> AnyResponse:
    """The list of earthquakes is the first page."""
    return redirect(url_for("earthquakes.listed"))


@pages.get("/earthquakes")
def listed() -> str:
    """The list, with what is searched and filtered for."""
    index = services().index
    kind, level = request.args.get("kind", ""), request.args.get("level", "")
    wanted = Filter(
        kind if kind in ("large", "small", "drill") else "",
        level if level in (*LEVELS, "none") else "",
        request.args.get("q", "")[:100],
    )
    page = max(1, min(100_000, request.args.get("page", 1, type=int)))
    entries, total = index.events("earthquake", wanted, _PAGE, (page - 1) * _PAGE)
    rows = [listing.row(entry, g.language, index.beside(entry)) for entry in entries]
    return render_template(
        "earthquakes.html",
        tab="earthquakes",
        rows=rows,
        total=total,
        first=(page - 1) * _PAGE + 1,
        page=page,
        pages=max(1, -(-total // _PAGE)),
        wanted=wanted,
        large=LARGE,
        drills=index.events("earthquake", Filter("drill"), 0, 0)[1],
        band=max((row for row in rows if row["strong"]), key=lambda row: row["loudest_rank"], default=None),
        level_names=words.LEVELS,
        colours=palette.MMI,
        demonstration=any(entry["demonstration"] for entry in entries),
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


def _page(versions: list[dict[str, Any]], entry: dict[str, Any]) -> str:
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
        map=panel.of_quake(entry),
        message=message.lines(shown, url_for(".event", event_id=entry["event_id"], _external=True), g.language),
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
        title=sentences.title(impact, g.language),
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
