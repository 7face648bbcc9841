"""STAC items by IFRC's Monty extension: an event, its hazard as one version maps it, and what a model says it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from siaga import moment
from siaga.alerts import brief
from siaga.catalog import Entry
from siaga.impact.stored import Impact
from siaga.language import Language
from web.api.records import Point, Polygon
from web.feeds import addresses, area, collections
from web.services import services

STAC_VERSION = "1.1.0"
MONTY = "https://ifrcgo.org/monty-stac-extension/v1.3.0/schema.json"
EARTHQUAKE = "https://stac-extensions.github.io/earthquake/v1.0.0/schema.json"
FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
# UNDRR-ISC 2025, GLIDE, EM-DAT: the three that Monty asks for, in its order
CODES = {
    "earthquake": ["GH0101", "EQ", "nat-geo-ear-gro"],
    "flood": ["MH0600", "FL", "nat-hyd-flo-flo"],
    "ash": ["GH0202", "VO", "nat-geo-vol-ash"],
}
COUNTRY = "IDN"
ROLES = {"events": ["event", "source"], "hazards": ["hazard"], "impacts": ["impact"]}
_EPISODE = 1  # versions are revisions of one episode
_NO_BLOCK = 0  # Monty's block of the earth, which its own library too sets to 0 where it has no table of blocks


@dataclass(frozen=True, slots=True)
class Subject:
    """What items are about: a version, and the id that its event keeps."""

    entry: Entry
    impact: Impact
    event_id: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """Something that an impact item tells. kind: Monty's impact type. value: unrounded."""

    name: str
    kind: str
    value: float
    description: str


def event(subject: Subject, _: Language) -> dict[str, object]:
    """The item of an event."""
    shown, shape = brief.of(subject.entry, _), collections.geometry(subject.entry)
    return _item(subject, "events", "", shape, (shown.title, " ".join(shown.lines)))


def hazard(subject: Subject, _: Language) -> dict[str, object]:
    """The item of a version's map: how strong, deep or thick at most, and over which ground."""
    shown, (value, unit, estimated) = brief.of(subject.entry, _), _severity(subject.entry)
    text = (shown.title, f"{shown.title}: {unit} {value:g}")
    detail = {"severity_value": value, "severity_unit": unit, "estimate_type": estimated}
    return _item(subject, "hazards", "", _bounds(subject.entry), text, {"monty:hazard_detail": detail})


def impact(subject: Subject, estimate: Estimate, _: Language) -> dict[str, object]:
    """The item of one figure of a version."""
    title = f"{brief.of(subject.entry, _).title}: {estimate.name}"
    detail = {
        "category": "people",
        "type": estimate.kind,
        "value": estimate.value,
        "unit": "people",
        "estimate_type": "modelled",
        "description": estimate.description,
    }
    text, shape = (title, estimate.description), _bounds(subject.entry)
    return _item(subject, "impacts", estimate.name, shape, text, {"monty:impact_detail": detail})


def estimates(entry: Entry) -> list[Estimate]:
    """What is known of people and deaths; what is not known has no item."""
    found = []
    if entry["hazard"] == "earthquake" and (deaths := entry["fatalities"]):
        spread = f"5 % to 95 %: {deaths['p05']:.4g} to {deaths['p95']:.4g}"
        found.append(Estimate("deaths", "death", deaths["median"], f"Median of the deaths by shaking; {spread}"))
    if entry["affected"] is not None:
        where = {"earthquake": "at MMI VI and above", "flood": "in flooded RWs", "ash": "under ash"}[entry["hazard"]]
        found.append(Estimate("affected", "potentially_affected", entry["affected"], f"People {where}"))
    if entry["displaced"] is not None:
        planning = "Planning figure by InaSAFE's rates, no forecast"
        found.append(Estimate("displaced", "displaced_total", entry["displaced"], planning))
    return found


def name(entry: Entry, kind: str, event_id: str, estimate: str = "") -> str:
    """The id of an item, which is also its path below its collection, without its ending. event_id: that it keeps."""
    parts = [event_id] if kind == "events" else [entry["event_id"], entry["version"]]
    return ".".join([entry["hazard"], *parts, *([estimate] if estimate else [])])


def correlation(entry: Entry, countries: list[str]) -> str:
    """Monty's id for events that other sources tell as well: day, country, block, hazard, episode."""
    day = f"{moment.parse(entry['time']):%Y%m%d}"
    return f"{day}-{next(iter(countries), 'UNK')}-{_NO_BLOCK}-{CODES[entry['hazard']][0]}-{_EPISODE}-GCDB"


def _item(
    subject: Subject,
    kind: str,
    estimate: str,
    shape: Point | Polygon | None,
    text: tuple[str, str],
    detail: Mapping[str, object] = MappingProxyType({}),
) -> dict[str, object]:
    """What all items have. text: title and description. detail: the properties that its kind alone has."""
    entry, found = subject.entry, subject.impact
    countries = [COUNTRY] if found["zones"] else []
    properties: dict[str, object] = {
        "datetime": entry["time"],
        "updated": entry["arrival"]["received"],
        "title": text[0],
        "description": f"{text[1]} (demonstration data)" if entry["demonstration"] else text[1],
        "roles": ROLES[kind],
        "monty:src_event_id": subject.event_id,
        "monty:episode_number": _EPISODE,
        "monty:country_codes": countries,
        "monty:hazard_codes": CODES[entry["hazard"]],
        "monty:corr_id": correlation(entry, countries),
    }
    if found["hazard"] == "earthquake" and entry["hazard"] == "earthquake":
        source = found["event"]["originator"] or "BMKG"
        properties |= {
            "eq:magnitude": entry["magnitude"],
            "eq:depth": entry["depth_km"],
            "eq:sources": [{"name": source, "code": source.lower(), "catalog": entry["event_id"]}],
        }
    properties |= detail
    made: dict[str, object] = {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": [MONTY, FILE, *([EARTHQUAKE] if found["hazard"] == "earthquake" else [])],
        "id": name(entry, kind, subject.event_id, estimate),
        "collection": f"siaga-{kind}",
        "geometry": shape,
        "properties": properties,
    }
    return made | ({"bbox": _bbox(entry, shape)} if shape else {})


def _bbox(entry: Entry, shape: Point | Polygon) -> list[float]:
    if shape["type"] == "Point":
        return [*shape["coordinates"], *shape["coordinates"]]
    return list(area.bounds(services().runs, entry) or ())


def _bounds(entry: Entry) -> Polygon | None:
    """The bounds of the map as a polygon; None where all is dry."""
    return collections.box(area.bounds(services().runs, entry))


def _severity(entry: Entry) -> tuple[float, str, str]:
    """The most that the map shows, its unit, and who says so: floods are reported, the others modelled."""
    if entry["hazard"] == "earthquake":
        return entry["max_mmi"], "MMI", "modelled"
    if entry["hazard"] == "flood":
        return float(entry["highest_state"]), "PetaBencana state", "primary"
    return entry["max_thickness_cm"], "cm", "modelled"


def address(kind: str, item_name: str = "") -> str:
    """Of a collection, or of an item in it."""
    return addresses.whole(f"/stac/siaga-{kind}/{item_name or 'collection'}.json")
