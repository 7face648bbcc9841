"""CAP 1.2: a message for each version of an event, that refers to those of the versions below it."""

from collections.abc import Sequence
from datetime import timedelta
from xml.etree import ElementTree

from flask import Blueprint, Response

from siaga import keys, moment
from siaga.alerts import brief
from siaga.catalog import Entry
from siaga.errors import NotFound
from siaga.exposure.codes import p_code
from siaga.impact.stored import Impact
from siaga.inputs.decisions import HIDDEN, Decision
from siaga.language import LANGUAGES, Language
from siaga.report.classed import tables
from web import downloads
from web.api import access
from web.feeds import addresses, area, judgement, markup, withdrawn
from web.runs import find
from web.services import services
from web.shell import language_of

MEDIA_TYPE = "application/cap+xml"
_CAP = "urn:oasis:names:tc:emergency:cap:1.2"
_MOST_REFERENCES = 50
_EMPTY_KM = 5  # around a volcano where no ash falls; a circle of none is refused by readers of CAP
_CLOCK = 7  # hours ahead of UTC: WIB; CAP wants an offset and no "Z"

pages = Blueprint("cap", __name__)
pages.before_request(access.count)
pages.after_request(access.allow)


@pages.app_context_processor
def _linked() -> dict[str, object]:
    """What the head of every page needs to name the message of its event."""
    return {"alert_path": addresses.alert_path}


@pages.get("/feeds/cap/<page>/<event_id>.xml")
@pages.get("/feeds/cap/<page>/<event_id>/<version>.xml")
def message(page: str, event_id: str, version: str = "") -> Response:
    """That of one version; of the newest where none is named. Raises NotFound, Damaged."""
    if page not in addresses.PAGES:
        raise NotFound("There is no feed {name}", name=f"cap/{page[:40]}")
    versions, entry = find(services().index, addresses.PAGES[page], event_id, version, kept_back=True)
    decided = services().index.decisions
    if decided.is_hidden(entry):
        return _withdrawn(versions, decided.of(entry)[HIDDEN])
    below, shown = versions[versions.index(entry) + 1 :], decided.shown(entry)
    root = ElementTree.Element("alert", {"xmlns": _CAP})
    kind, references = judgement.message_type(entry, below), [_reference(one, shown) for one in below]
    if _is_again(entry, shown):
        kind = "Update" if kind == "Alert" else kind
        references.insert(0, _reference(entry, None))
    markup.add(root, "identifier", identifier(entry, shown))
    markup.add(root, "sender", sender())
    markup.add(root, "sent", _clock(_sent(entry, shown)))
    markup.add(root, "status", judgement.status(entry, services().cap_status))
    markup.add(root, "msgType", kind)
    markup.add(root, "source", f"Siaga, {entry['arrival']['bucket']}")
    markup.add(root, "scope", "Restricted")
    markup.add(root, "restriction", judgement.RESTRICTION)
    if references:
        markup.add(root, "references", " ".join(references[:_MOST_REFERENCES]), 100 * markup.LINE)
    markup.add(root, "incidents", addresses.lasting_id(versions))
    for code in LANGUAGES:
        _info(ElementTree.SubElement(root, "info"), entry, kind, _sent(entry, shown), language_of(code))
    return markup.answer(root, MEDIA_TYPE)


def _withdrawn(versions: Sequence[Entry], decision: Decision) -> Response:
    """What takes back all messages of an event. decision: by which readers do not see it."""
    root = ElementTree.Element("alert", {"xmlns": _CAP})
    markup.add(root, "identifier", f"siaga.{decision.hazard}.{versions[0]['event_id']}.hidden.{decision.when}")
    markup.add(root, "sender", sender())
    markup.add(root, "sent", _clock(decision.when))
    markup.add(root, "status", judgement.status(versions[0], services().cap_status))
    withdrawn.fill(root, versions[0], decision, [_reference(one, None) for one in versions[:_MOST_REFERENCES]])
    return markup.answer(root, MEDIA_TYPE)


def identifier(entry: Entry, shown: Decision | None) -> str:
    """Of the message of a version: it names the run too, so that one identifier never has two contents.

    shown: by which its event is shown again; what was taken back is another message then.
    """
    name = ".".join(("siaga", entry["hazard"], entry["event_id"], entry["version"], entry["run"]))
    return f"{name}.shown.{shown.when}" if shown and _is_again(entry, shown) else name


def sender() -> str:
    """Who sends them."""
    return f"siaga@{addresses.host()}"


def _reference(entry: Entry, shown: Decision | None) -> str:
    return f"{sender()},{identifier(entry, shown)},{_clock(_sent(entry, shown))}"


def _is_again(entry: Entry, shown: Decision | None) -> bool:
    """Whether a version was there before its event was hidden and shown again."""
    return shown is not None and moment.parse(shown.when) > moment.parse(entry["arrival"]["received"])


def _sent(entry: Entry, shown: Decision | None) -> str:
    """When its message went out, UTC as stored."""
    return shown.when if shown and _is_again(entry, shown) else str(entry["arrival"]["received"])


def _clock(utc: str) -> str:
    return moment.at_offset(moment.parse(utc), _CLOCK).isoformat(timespec="seconds")


def _info(info: ElementTree.Element, entry: Entry, kind: str, sent: str, _: Language) -> None:
    """What one language says, in the order of the schema. sent: as `_sent` has it."""
    impact, shown = services().runs.analysis(entry), brief.of(entry, _)
    judged = judgement.of(entry, kind)
    markup.add(info, "language", _.code)
    markup.add(info, "category", judged.category)
    markup.add(info, "event", shown.title, markup.NAME)
    markup.add(info, "responseType", judged.response)
    markup.add(info, "urgency", judged.urgency)
    markup.add(info, "severity", judged.severity)
    markup.add(info, "certainty", judged.certainty)
    for name, code in judgement.CODES[entry["hazard"]].items():
        _pair(info, "eventCode", name, code)
    markup.add(info, "effective", _clock(sent))
    markup.add(info, "onset", _clock(entry["time"]))
    markup.add(info, "expires", _clock(_expires(entry, sent)))
    markup.add(info, "senderName", f"Siaga, {addresses.host()}")
    markup.add(info, "headline", f"{shown.title}: {shown.level_name}", 160)  # the standard's advice
    said = [*shown.lines, *(tables.ended(_.reason(one)) for one in entry["warnings"])]
    if kind == "Cancel":
        said.insert(0, _("This map shows nothing that does damage; earlier messages of this event no longer hold."))
    markup.add(info, "description", " ".join(said), markup.TEXT)
    markup.add(info, "instruction", _("An automatic estimate; check in the field before deciding."))
    markup.add(info, "web", f"{addresses.version(entry)}?lang={_.code}", markup.TEXT)
    for name, value in judgement.parameters(entry).items():
        _pair(info, "parameter", name, value)
    _resources(info, entry, _)
    _area(info, entry, impact, shown, _)


def _expires(entry: Entry, sent: str) -> str:
    """When the message is stale: at the end of an ash forecast, else so many hours after it was sent."""
    if entry["hazard"] == "ash":
        return str(max(entry["expires"], sent))
    return moment.stamp(moment.parse(sent) + timedelta(hours=judgement.EXPIRES_HOURS[entry["hazard"]]))


def _resources(info: ElementTree.Element, entry: Entry, _: Language) -> None:
    """The report and the picture in that language, and the figures; sizes in bytes, digests SHA-1 as CAP wants."""
    runs = services().runs
    wanted = (f"report-{_.code}.pdf", f"share-{_.code}.png", "zones.csv", area.AREAS[entry["hazard"]], keys.IMPACT)
    sizes = runs.sizes(entry)
    there = {path: sizes[path] for path in wanted if path in sizes}
    for listed in downloads.listed(entry["hazard"], there, {}, _):
        path = listed["path"]
        resource = ElementTree.SubElement(info, "resource")
        markup.add(resource, "resourceDesc", listed["name"])
        markup.add(resource, "mimeType", downloads.MEDIA_TYPES[path.rpartition(".")[2]].partition(";")[0])
        markup.add(resource, "size", sizes[path])
        markup.add(resource, "uri", addresses.file(entry, path), markup.TEXT)
        markup.add(resource, "digest", runs.sha1(entry, path))


def _area(info: ElementTree.Element, entry: Entry, impact: Impact, shown: brief.Brief, _: Language) -> None:
    """What is hit: an outline, districts by their codes; the volcano's surroundings where there is no ash."""
    place = ElementTree.SubElement(info, "area")
    markup.add(place, "areaDesc", _place_name(entry, shown, _))
    ring = area.outline(services().runs, entry)
    if ring:
        markup.add(place, "polygon", _positions(ring), 100 * markup.LINE)
    elif entry["hazard"] == "ash":
        volcano = entry["volcano"]
        markup.add(place, "circle", f"{volcano['latitude']:.4f},{volcano['longitude']:.4f} {_EMPTY_KM}")
    for code in area.district_codes(impact):
        _pair(place, "geocode", "BPS", code)
        _pair(place, "geocode", "P-code", p_code(code))


def _place_name(entry: Entry, shown: brief.Brief, _: Language) -> str:
    """Where, in words: the sentence of place of a quake's list, else the title."""
    if entry["hazard"] == "earthquake" and entry["place"]:
        return f"{entry['place']['name']}, {entry['place']['zone']}"
    return shown.title


def _positions(ring: Sequence[tuple[float, float]]) -> str:
    """A ring as CAP writes it: latitude first, within ±180 degrees."""
    turn = 360 * round(sum(x for x, _y in ring) / len(ring) / 360)
    return " ".join(f"{y:.4f},{x - turn:.4f}" for x, y in ring)


def _pair(parent: ElementTree.Element, tag: str, name: str, value: object) -> None:
    pair = ElementTree.SubElement(parent, tag)
    markup.add(pair, "valueName", name)
    markup.add(pair, "value", value)
