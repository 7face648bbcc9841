"""Earthquakes: the list, one event's page, its files."""

import json
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from siaga import keys
from siaga.errors import NotFound
from siaga.impact.fatality import LEVELS
from siaga.impact.mmi import COLOURS, ROMAN
from siaga.language import LANGUAGES, Language
from siaga.report import axis, figures, sentences
from siaga.report.printed import printed
from siaga.store import Store
from web import clock
from web.index import Filter, Index

_PAGE = 50
_BAND_HOURS = 24
_CACHED = 64  # analyses; they never change, so they are read once
_SAFE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"
_FILES = {
    "report-id.pdf": "PDF report, Indonesian",
    "report-en.pdf": "PDF report, English",
    "report-id.html": "HTML report, Indonesian",
    "report-en.html": "HTML report, English",
    "report-id.png": "Page 1 as a picture, Indonesian",
    "report-en.png": "Page 1 as a picture, English",
    "map-id.png": "Map, Indonesian",
    "map-en.png": "Map, English",
    "zones.csv": "Table of districts (CSV)",
    "contours.geojson": "MMI contours (GeoJSON)",
    "bands.geojson": "MMI classes (GeoJSON)",
    "hazard.tif": "MMI (GeoTIFF)",
    "grid.xml": "ShakeMap (grid.xml)",
    "impact.json": "All figures (impact.json)",
}
_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "tif": "image/tiff",
    "xml": "application/xml",
    "json": "application/json",
}
_SHOWN_INLINE = ("pdf", "html", "png")


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
        rows = [_row(entry, g.language) for entry in entries]
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
            newest=versions[0]["version"],
            versions=[_row(one, g.language) for one in versions],
            ago=clock.ago(entry["time"], g.now, g.language),
            timeline=_timeline(index, entry, shown["source"], shown["time"]["zone"], g.language),
            files=_downloads(sizes(str(run), entry["report"] is not None), g.language),
            arrival_warnings=[g.language.reason(one) for one in entry["warnings"]],
            leaning=sentences.leaning(impact, g.language) if impact["fatalities"] else "",
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
        if path not in _FILES and path not in {f"thumbnail-{code}.png" for code in LANGUAGES}:
            raise NotFound("This event has no file {path}", path=path)
        head, body = store.stream(keys.RESULTS, run.key(path))
        stem, _dot, ending = path.rpartition(".")
        response = Response(body, content_type=_MEDIA_TYPES[ending])
        response.content_length = head.size
        response.set_etag(head.etag)
        response.headers["Content-Security-Policy"] = _SAFE
        how = "inline" if ending in _SHOWN_INLINE else "attachment"
        name = f"siaga-{entry['event_id']}-{entry['version']}-{stem}.{ending}"
        response.headers["Content-Disposition"] = f'{how}; filename="{name}"'
        return response.make_conditional(request)

    return pages


def _find(index: Index, event_id: str, version: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All versions of an event and the one that was asked for; raises NotFound with a sentence."""
    versions = index.versions(keys.check_event_id(event_id))
    if not versions:
        raise NotFound("There is no event {event_id}", event_id=event_id)
    for entry in versions:
        if version in ("", entry["version"]):
            return versions, entry
    raise NotFound("Event {event_id} has no version {version}", event_id=event_id, version=version[:80])


def _row(entry: dict[str, Any], _: Language) -> dict[str, Any]:
    """One event in the list."""
    told = {"event": entry, "places": {"landmark": entry["place"]}}
    zone = entry["clock_zone"]
    utc = figures.parse_utc(entry["time"])
    mmi = entry["people_max_mmi"]
    strong_people = entry["people"]["mmi6_plus"]
    deaths = entry["fatalities"]
    exact = entry["alert_probability"]
    return {
        "event_id": entry["event_id"],
        "version": entry["version"],
        "level": entry["alert"] or "none",
        "level_name": _(sentences.LEVELS[entry["alert"]]) if entry["alert"] else _("Not known"),
        "rank": LEVELS.index(entry["alert"]) + 1 if entry["alert"] else 0,
        "magnitude": figures.decimal(entry["magnitude"], 1, _.code),
        "depth": f"{figures.whole(entry['depth_km'], _.code)} km",
        "title": sentences.title(told, _),
        "location": sentences.location(told, _),
        "name": entry["place"]["name"] if entry["place"] else entry["description"],
        "day": figures.date(utc, zone, _.code),
        "short_day": figures.date(utc, zone, _.code, weekday=False),
        "clock": figures.clock(utc, zone),
        "ago": clock.ago(entry["time"], g.now, _),
        "iso": entry["time"],
        "mmi": {"roman": ROMAN[mmi], "value": mmi} if mmi else None,
        "people": _("outside the data") if strong_people is None else figures.people_cell(strong_people, _.code),
        "likely": figures.deaths_range(deaths["p25"], deaths["p75"], _.code) if deaths else "",
        "chance": figures.percent(figures.percentages(exact)[entry["alert"]], exact[entry["alert"]], _.code)
        if exact
        else "",
        "published": entry["report"] is not None,
        "number": entry["version_number"],
        "kind": _("corrected") if entry["source_type"] == "corrected" else _("initial"),
        "drill": entry["drill"],
        "warnings": len(entry["warnings"]),
        "strong": entry["alert"] not in (None, "green")
        and not entry["drill"]
        and 0 <= clock.seconds_since(entry["time"], g.now) < _BAND_HOURS * 3600,
        "received": entry["arrival"]["received"],
    }


def _timeline(index: Index, entry: dict[str, Any], source: str, zone: str, _: Language) -> list[dict[str, str]]:
    """From quake to report: what happened when, and how long after the quake or after its map came."""
    arrival = entry["arrival"]
    figured = index.receipt_of("on-shakemap", arrival["bucket"], arrival["key"], arrival["etag"])
    printed_ = index.report_receipt(entry["impact"]["key"])
    steps = [
        (_("Quake"), entry["time"], None),
        (_("Map made by {who}", who=source), entry["process_time"], entry["time"]),
        (_("Map received"), arrival["received"], entry["time"]),
        (_("Figures ready"), figured["finished"] if figured else None, arrival["received"]),
        (_("Report published"), printed_["finished"] if printed_ else None, arrival["received"]),
    ]
    made = []
    for name, utc, since in steps:
        if utc is None:
            made.append({"name": name, "when": _("not yet"), "after": "", "known": ""})
            continue
        moment = figures.parse_utc(utc)
        seconds = (moment - figures.parse_utc(since)).total_seconds() if since else None
        after = ""
        if seconds is not None and 0 <= seconds < 100 * 3600:
            after = "+" + clock.lasted(seconds, _)
        day = figures.date(moment, zone, _.code, weekday=False)
        made.append(
            {"name": name, "when": f"{day}, {figures.clock(moment, zone, seconds=True)}", "after": after, "known": "1"}
        )
    return made


def _downloads(sizes: dict[str, int], _: Language) -> list[dict[str, str]]:
    return [
        {"path": path, "name": _(name), "size": _size(sizes[path], _)} for path, name in _FILES.items() if path in sizes
    ]


def _size(size: int, _: Language) -> str:
    if size >= 1_000_000:
        return f"{figures.decimal(size / 1e6, 1, _.code)} MB"
    return f"{figures.whole(max(1, size / 1000), _.code)} kB"
