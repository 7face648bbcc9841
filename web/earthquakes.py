"""Earthquakes: the list, one event's page, its files."""

import json
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from siaga import keys
from siaga.errors import NotFound
from siaga.impact.fatality import LEVELS
from siaga.impact.mmi import COLOURS
from siaga.language import LANGUAGES
from siaga.report import axis, figures, sentences
from siaga.report.printed import printed
from siaga.store import Store
from web import clock, downloads, listing, revisions, timeline
from web.index import Filter, Index

_PAGE = 50
_CACHED = 64  # analyses; they never change, so they are read once
_SAFE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"


def blueprint(store: Store, index: Index) -> Blueprint:
    """/, /earthquakes and what lies below."""
    pages = Blueprint("earthquakes", __name__)

    @lru_cache(maxsize=_CACHED)
    def analysis(key: str, _sha256: str) -> dict[str, Any]:
        return dict(json.loads(store.get(keys.RESULTS, key)[0]))

    @lru_cache(maxsize=_CACHED)
    def sizes(run: str, _published: bool) -> dict[str, int]:
        return {head.key.rpartition("/")[2]: head.size for head in store.list(keys.RESULTS, f"{run}/")}

    @pages.get("/")
    def root() -> Response:
        return redirect(url_for("earthquakes.listed"))  # type: ignore[return-value]

    @pages.get("/earthquakes")
    def listed() -> str:
        kind, level = request.args.get("kind", ""), request.args.get("level", "")
        wanted = Filter(
            kind if kind in ("large", "small", "drill") else "",
            level if level in (*LEVELS, "none") else "",
            request.args.get("q", "")[:100],
        )
        page = max(1, min(100_000, request.args.get("page", 1, type=int)))
        entries, total = index.events("earthquake", wanted, _PAGE, (page - 1) * _PAGE)
        rows = [listing.row(entry, g.language) for entry in entries]
        return render_template(
            "earthquakes.html",
            tab="earthquakes",
            rows=rows,
            total=total,
            first=(page - 1) * _PAGE + 1,
            page=page,
            pages=max(1, -(-total // _PAGE)),
            wanted=wanted,
            drills=index.events("earthquake", Filter("drill"), 0, 0)[1],
            band=next((row for row in rows if row["strong"]), None),
            level_names=sentences.LEVELS,
            colours=COLOURS,
            demonstration=any(entry["demonstration"] for entry in entries),
        )

    @pages.get("/earthquakes/<event_id>")
    @pages.get("/earthquakes/<event_id>/<version>")
    def event(event_id: str, version: str = "") -> str:
        versions, entry = _find(index, event_id, version)
        impact = analysis(entry["impact"]["key"], entry["impact"]["sha256"])
        shown = printed(impact, g.language)
        run = keys.Run(entry["hazard"], entry["event_id"], keys.Version.parse(entry["version"]), entry["run"])
        return render_template(
            "earthquake.html",
            tab="earthquakes",
            **shown,
            entry=entry,
            published=entry["report"] is not None,
            newest=versions[0],
            revisions=revisions.panel(versions, entry, analysis, g.language),
            ago=clock.ago(entry["time"], g.now, g.language),
            timeline=timeline.steps(index, entry, shown["source"], shown["time"]["zone"], g.language),
            files=downloads.listed(sizes(str(run), entry["report"] is not None), g.language),
            arrival_warnings=[g.language.reason(one) for one in entry["warnings"]],
            levels={name: g.language(word) for name, word in sentences.LEVELS.items()},
            colours=COLOURS,
            axis_bands=axis.BANDS,
            axis_ticks=[(figures.whole(value, g.code), left) for value, left in axis.TICKS],
            run=str(run),
        )

    @pages.get("/earthquakes/<event_id>/<version>/files/<path:path>")
    def file(event_id: str, version: str, path: str) -> Response:
        _versions, entry = _find(index, event_id, version)
        run = keys.Run(entry["hazard"], entry["event_id"], keys.Version.parse(entry["version"]), entry["run"])
        if path not in downloads.FILES and path not in {f"thumbnail-{code}.png" for code in LANGUAGES}:
            raise NotFound("This event has no file {path}", path=path)
        head, body = store.stream(keys.RESULTS, run.key(path))
        ending = path.rpartition(".")[2]
        response = Response(body, content_type=downloads.MEDIA_TYPES[ending])
        response.content_length = head.size
        response.set_etag(head.etag)
        response.headers["Content-Security-Policy"] = _SAFE
        how = "inline" if ending in downloads.SHOWN_INLINE else "attachment"
        name = keys.download_name(entry["event_id"], entry["version"], path)
        response.headers["Content-Disposition"] = f'{how}; filename="{name}"'
        return response.make_conditional(request)

    return pages


def _find(index: Index, event_id: str, version: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All versions of a quake and the one that was asked for; raises NotFound with a sentence.

    An id alone means the newest version, which may carry another id: the one of a corrected map.
    """
    versions = index.versions(keys.check_event_id(event_id), version)
    if not versions and not (version and index.versions(event_id)):
        raise NotFound("There is no event {event_id}", event_id=event_id)
    for entry in versions:
        if not version or (entry["event_id"], entry["version"]) == (event_id, version):
            return versions, entry
    raise NotFound("Event {event_id} has no version {version}", event_id=event_id, version=version[:80])
