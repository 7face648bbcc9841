"""The old public links: reports by language and id, grid.xml, flood and ash maps, the newest report, the old pages."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from siaga import archived
from siaga.catalog import Entry
from siaga.errors import BadInput, NotFound
from web.index.maps import OldMap
from web.realtime import ash, earthquakes, floods
from web.realtime.paging import LANGUAGES, answer
from web.services import services

_FILES = {"pdf": "report-{}.pdf", "png": "report-{}.png", "thumbnail": "thumbnail-{}.png"}
_PAGES = {"": "/earthquakes", "shake": "/earthquakes", "flood": "/floods", "ash": "/ash"}

pages = Blueprint("oldlinks", __name__)


@pages.get("/realtime/")
@pages.get("/realtime/<any(shake, flood, ash):tab>/")
@pages.get("/realtime/<any(shake, flood, ash):tab>")
def page(tab: str = "") -> AnyResponse:
    """An old page: the one that took its place."""
    return redirect(_PAGES[tab])


@pages.get("/<any(id, en):lang>/<shake_id>-<any(id, en):language>.pdf")
@pages.get("/<any(id, en):lang>/<any(initial, corrected):source_type>/<shake_id>-<any(id, en):language>.pdf")
def pdf(lang: str, shake_id: str, language: str, source_type: str = "") -> Response:
    """A report."""
    return _report("pdf", lang, shake_id, language, source_type)


@pages.get("/<any(id, en):lang>/<shake_id>-<any(id, en):language>.png")
@pages.get("/<any(id, en):lang>/<any(initial, corrected):source_type>/<shake_id>-<any(id, en):language>.png")
def png(lang: str, shake_id: str, language: str, source_type: str = "") -> Response:
    """Its first page as a picture, small where the name says thumb."""
    kind = "thumbnail" if shake_id.endswith("-thumb") else "png"
    return _report(kind, lang, shake_id.removesuffix("-thumb"), language, source_type)


@pages.get("/realtime/archive/<path:name>")
def archive(name: str) -> Response:
    """A file of the old server under its old place: volume and path, or reports and name. Raises NotFound."""
    if any(part.startswith(".") or _is_hidden(part.partition("-")[0]) for part in name.split("/")):
        raise NotFound("This event has no file {path}", path=name)
    return services().runs.send_archived(f"{archived.PREFIX}{name}")


@pages.get("/realtime/latest_report/<any(pdf, png, thumbnail):kind>/<any(id, en):language>")
@pages.get("/realtime/latest_report/<any(pdf, png, thumbnail):kind>/<any(id, en):language>/")
def latest(kind: str, language: str) -> AnyResponse:
    """The newest report: sent on to its own address. Raises NotFound."""
    entry = services().index.maps.newest_report(language)
    if entry is None:
        raise NotFound("No report is published yet")
    path = _FILES[kind].format(language)
    return redirect(f"/earthquakes/{entry['event_id']}/{entry['version']}/files/{path}")


@pages.get("/realtime/shake/grid/<shake_id>")
@pages.get("/realtime/shake/grid/<shake_id>/")
@pages.get("/realtime/shake/grid/<shake_id>/<any(initial, corrected):source_type>")
@pages.get("/realtime/shake/grid/<shake_id>/<any(initial, corrected):source_type>/")
def grid(shake_id: str, source_type: str = "initial") -> Response:
    """grid.xml; where there is none, what the old server said."""
    try:
        entry = earthquakes.entry_of(shake_id, source_type)
        return _sent(entry, "grid.xml", earthquakes.grid_name(entry), attached=True)
    except NotFound:
        return answer({"success": False})


@pages.get("/realtime/shake-corrected/<shake_id>/")
def corrected(shake_id: str) -> Response:
    """The corrected map of the quake of that id."""
    return answer(earthquakes.record(_corrected(shake_id)))


@pages.get("/realtime/shake-corrected-report/<shake_id>/<any(id, en):language>/")
def corrected_report(shake_id: str, language: str) -> Response:
    """The report on it."""
    return answer(earthquakes.report_of(_corrected(shake_id), language))


@pages.get("/realtime/flood/impact-report/<event_id>/<any(id, en):language>/")
@pages.get("/realtime/flood/impact-map/<event_id>/<any(id, en):language>/")
def flood_report(event_id: str, language: str) -> Response:
    """The report on an hour, which holds the map. Raises NotFound."""
    hour = floods.hour_of(event_id)
    if hour.entry is None or hour.entry["report"] is None:
        raise NotFound("Event {event_id} has no report in that language", event_id=event_id)
    return _sent(hour.entry, f"report-{language}.pdf", f"{event_id}_{language}.pdf")


@pages.get("/realtime/flood/flood-data/<event_id>/")
def flood_data(event_id: str) -> Response:
    """The neighbourhoods of an hour as GeoJSON. Raises NotFound."""
    hour = floods.hour_of(event_id)
    if hour.entry is None:
        raise NotFound("Nothing was under water in {event_id}; there is no file of areas", event_id=event_id)
    return _sent(hour.entry, "flood.geojson", f"{event_id}-flood.geojson", attached=True)


@pages.get("/realtime/ash/report-map/<volcano>/<event_time>/<any(id, en):language>/")
def ash_report(volcano: str, event_time: str, language: str) -> Response:
    """The report on an ash fall."""
    entry = ash.entry_of(volcano, event_time)
    return _sent(entry, f"report-{language}.pdf", f"{entry['event_id']}_{language}.pdf")


def _report(kind: str, lang: str, shake_id: str, language: str, source_type: str) -> Response:
    """A file of the report of that map; of the version that counts where no kind is named. Raises NotFound."""
    wanted = {"shake_id": shake_id} | ({"source_type": source_type} if source_type else {})
    found, _total = services().index.maps.maps(wanted, [("source_type", False)], len(LANGUAGES))
    named = [entry for entry in found if entry["report"] is not None]
    if lang == language and not named and not _is_hidden(shake_id):
        return _archived(kind, shake_id, language, source_type)
    if lang != language or not named:
        raise NotFound("Event {event_id} has no report in that language", event_id=shake_id[:80])
    return _sent(named[-1], _FILES[kind].format(language), "")


def _archived(kind: str, shake_id: str, language: str, source_type: str) -> Response:
    """The old server's own report, where Siaga has made none. Raises NotFound."""
    ending = "pdf" if kind == "pdf" else "png"
    name = f"{shake_id}{'-thumb' * (kind == 'thumbnail')}-{language}.{ending}"
    try:
        return services().runs.send_archived(archived.report(name, source_type == "corrected"))
    except (NotFound, BadInput) as error:
        raise NotFound("Event {event_id} has no report in that language", event_id=shake_id[:80]) from error


def _is_hidden(shake_id: str) -> bool:
    index = services().index
    return any(index.decisions.is_hidden(one) for one in index.versions(shake_id))


def _corrected(shake_id: str) -> OldMap:
    """The corrected map of the quake of that id, whatever id that map carries. Raises NotFound."""
    index = services().index
    versions = [one for one in index.versions(shake_id) if not index.decisions.is_hidden(one)]
    twin = next((entry for entry in versions if entry["source_type"] == "corrected"), None)
    if twin is None:
        raise NotFound("Event {event_id} has no corrected map", event_id=shake_id[:80])
    return earthquakes.entry_of(twin["event_id"], "corrected")


def _sent(entry: Entry, path: str, name: str, attached: bool = False) -> Response:
    """A file of a run under its old name."""
    response = services().runs.send(entry, path)
    if name and request.method == "GET":
        response.headers["Content-Disposition"] = f'{"attachment" if attached else "inline"}; filename="{name}"'
    return response
