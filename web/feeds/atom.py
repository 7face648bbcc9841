"""Atom with GeoRSS: the newest events of a hazard in one language, an entry each, whatever its versions."""

from collections.abc import Sequence
from xml.etree import ElementTree

from flask import Blueprint, Response

from siaga.alerts import brief
from siaga.catalog import Entry
from siaga.errors import NotFound
from siaga.language import LANGUAGES, Language
from web.api import access
from web.feeds import addresses, area, markup
from web.index import Filter
from web.services import services
from web.shell import language_of

MEDIA_TYPE = "application/atom+xml"
_ATOM, _GEORSS = "http://www.w3.org/2005/Atom", "http://www.georss.org/georss"
_MOST = 50
_NEVER = "1970-01-01T00:00:00Z"  # of a feed without entries
_SINCE = "2026"  # of tag addresses (RFC 4151): a year in which whoever runs Siaga had that name

pages = Blueprint("atom", __name__)
pages.before_request(access.count)
pages.after_request(access.allow)
ElementTree.register_namespace("", _ATOM)
ElementTree.register_namespace("georss", _GEORSS)


@pages.get("/feeds/<page>.<code>.atom")
def feed(page: str, code: str) -> Response:
    """The feed of a hazard, by the path of its pages. Raises NotFound."""
    if page not in addresses.PAGES or code not in LANGUAGES:
        raise NotFound("There is no feed {name}", name=f"{page[:40]}.{code[:20]}.atom")
    _, hazard = language_of(code), addresses.PAGES[page]
    entries, _total = services().index.events(hazard, Filter(), _MOST, 0)
    histories = [services().index.versions(one["event_id"], one["version"], hazard) or [one] for one in entries]
    address = addresses.whole(f"/feeds/{page}.{code}.atom")
    root = ElementTree.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": code})
    _add(root, "id", address)
    _add(root, "title", f"Siaga: {_(_TITLES[hazard])}")
    nature = _("Automatic estimates; neither an official warning nor a count of victims. Check before deciding.")
    _add(root, "subtitle", nature, markup.TEXT)
    _add(root, "updated", max((_updated(history) for history in histories), default=_NEVER))
    _add(root, "link", rel="self", href=address, type=MEDIA_TYPE)
    _add(root, "link", rel="alternate", href=addresses.whole(f"/{page}?lang={code}"), type="text/html")
    author = ElementTree.SubElement(root, f"{{{_ATOM}}}author")
    _add(author, "name", "Siaga")
    _add(author, "uri", addresses.whole("/"))
    for entry, history in zip(entries, histories, strict=True):
        root.append(_entry(entry, history, _))
    return markup.answer(root, MEDIA_TYPE)


_TITLES = {"earthquake": "Earthquakes", "flood": "Floods", "ash": "Volcanic ash"}


def _entry(entry: Entry, history: Sequence[Entry], _: Language) -> ElementTree.Element:
    """One event. history: its versions, the newest first."""
    shown = brief.of(entry, _)
    made = ElementTree.Element(f"{{{_ATOM}}}entry")
    _add(made, "id", tag(history))
    _add(made, "title", f"{shown.title}: {shown.level_name}")
    _add(made, "published", min(one["arrival"]["received"] for one in history))
    _add(made, "updated", _updated(history))
    level = shown.level or "unknown"
    _add(made, "category", scheme=f"tag:{addresses.host()},{_SINCE}:level", term=level, label=shown.level_name)
    _add(made, "summary", " ".join(shown.lines), markup.TEXT)
    page = addresses.event(entry)
    _add(made, "link", rel="alternate", href=f"{page}?lang={_.code}", type="text/html", hreflang=_.code)
    _add(made, "link", rel="related", href=addresses.alert(entry), type="application/cap+xml", title="CAP 1.2")
    sizes = services().runs.sizes(entry) if entry["report"] else {}
    report = f"report-{_.code}.pdf"
    if report in sizes:
        size, address = str(sizes[report]), addresses.file(entry, report)
        _add(made, "link", rel="enclosure", href=address, type="application/pdf", length=size, hreflang=_.code)
    _place(made, entry)
    return made


def tag(history: Sequence[Entry]) -> str:
    """The id of an event, the same in whatever version."""
    name = f"{history[0]['hazard']}:{addresses.lasting_id(history)}"
    return f"tag:{addresses.host()},{_SINCE}:{name}{':drill' if history[0]['drill'] else ''}"


def _updated(history: Sequence[Entry]) -> str:
    """When the last of its versions came."""
    return max(str(one["arrival"]["received"]) for one in history)


def _place(made: ElementTree.Element, entry: Entry) -> None:
    """GeoRSS: the epicentre, the volcano; the box of a flood."""
    if entry["hazard"] == "flood":
        box = area.bounds(services().runs, entry)
        if box:
            west, south, east, north = box
            markup.add(made, f"{{{_GEORSS}}}box", f"{south:.4f} {west:.4f} {north:.4f} {east:.4f}")
        return
    point = entry if entry["hazard"] == "earthquake" else entry["volcano"]
    if point["longitude"] is not None:
        markup.add(made, f"{{{_GEORSS}}}point", f"{point['latitude']:.4f} {point['longitude']:.4f}")
    if entry["hazard"] == "earthquake":
        markup.add(made, f"{{{_GEORSS}}}elev", f"{-1000 * entry['depth_km']:.0f}")


def _add(parent: ElementTree.Element, tag: str, text: str = "", most: int = markup.LINE, **attributes: str) -> None:
    markup.add(parent, f"{{{_ATOM}}}{tag}", text, most, **attributes)
