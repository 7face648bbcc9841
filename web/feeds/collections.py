"""The collections of OGC API Features: events of each hazard, and of single events the areas and districts."""

from dataclasses import dataclass, replace
from datetime import timedelta

from siaga import moment
from siaga.alerts import brief
from siaga.catalog import Entry
from siaga.errors import BadInput, NotFound
from siaga.language import Language
from siaga.product import PACKAGE
from web.api.events import point
from web.api.records import Point, Polygon
from web.feeds import addresses, area, facts, layers
from web.feeds.query import Query
from web.index import Filter
from web.runs import find
from web.services import services

_NEWEST = 10  # events of each hazard whose areas are listed; those of all others answer as well
_KINDS = {"zones": "earthquake", "bands": "earthquake", "areas": "flood", "classes": "ash"}  # hazard, by what is asked
_WORLD = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class Collection:
    """One of them. kind: "" for events, else a word of _KINDS; entry: then the version it is of."""

    name: str
    title: str
    hazard: str
    kind: str = ""
    entry: Entry | None = None

    def _bounds(self) -> area.Bounds | None:
        """Of all its features, as far as that is known without reading each: districts reach beyond the map."""
        if self.entry is None:
            return None
        if self.kind == "zones":
            return layers.zones_bounds(services().runs, self.entry)
        return area.bounds(services().runs, self.entry)

    def described(self) -> dict[str, object]:
        """As a list of collections tells it, with its links."""
        where = addresses.whole(f"/ogc/collections/{self.name}")
        bounds = self._bounds() or _WORLD
        time = self.entry["time"] if self.entry else None
        return {
            "id": self.name,
            "title": self.title,
            "itemType": "feature",
            "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
            "extent": {"spatial": {"bbox": [bounds]}, "temporal": {"interval": [[time, time]]}},
            "links": [
                {"rel": "self", "type": "application/json", "href": where},
                {"rel": "items", "type": "application/geo+json", "href": f"{where}/items", "title": self.title},
            ],
        }


def listed(_: Language) -> list[Collection]:
    """Events of each hazard, and the areas of the newest of each."""
    found = [Collection(page, _(_TITLES[hazard]), hazard) for page, hazard in addresses.PAGES.items()]
    for hazard in addresses.PAGES.values():
        for entry in services().index.events(hazard, Filter(), _NEWEST, 0)[0]:
            found += [_of_event(kind, entry, _) for kind in _KINDS if _has(kind, entry)]
    return found


_TITLES = {"earthquake": "Earthquakes", "flood": "Floods", "ash": "Volcanic ash"}


def named(name: str, _: Language) -> Collection:
    """That of a name: earthquakes, or zones.20180805194635; exercises have none. Raises NotFound."""
    if name in addresses.PAGES:
        hazard = addresses.PAGES[name]
        return Collection(name, _(_TITLES[hazard]), hazard)
    kind, _dot, event_id = name.partition(".")
    if kind not in _KINDS or not event_id:
        raise NotFound("There is no collection {name}", name=name[:80])
    try:
        entry = find(services().index, _KINDS[kind], event_id, "")[1]
    except BadInput as error:
        raise NotFound("There is no collection {name}", name=name[:80]) from error
    if entry["drill"] or not _has(kind, entry):
        raise NotFound("There is no collection {name}", name=name[:80])
    return replace(_of_event(kind, entry, _), name=name)


def _has(kind: str, entry: Entry) -> bool:
    """Whether a version has it: zones come with the report of a quake."""
    if entry["hazard"] != _KINDS[kind]:
        return False
    return kind != "zones" or (entry["report"] is not None and PACKAGE in services().runs.sizes(entry))


def _of_event(kind: str, entry: Entry, _: Language) -> Collection:
    words = {"zones": _("districts"), "bands": _("MMI classes"), "areas": _("flooded RWs"), "classes": _("ash classes")}
    title = f"{brief.of(entry, _).title}, {entry['time']}: {words[kind]}"
    return Collection(f"{kind}.{entry['event_id']}", title, entry["hazard"], kind, entry)


def items(collection: Collection, query: Query, _: Language) -> tuple[list[dict[str, object]], str, int | None]:
    """Features, the cursor of what follows ("" at the end), and how many there are in all, where that is known."""
    if collection.entry is None:
        return _events(collection.hazard, query, _)
    start = int(query.cursor) if query.cursor.isascii() and query.cursor.isdecimal() else 0
    matched = (
        _layer(collection, collection.entry).within(query.box) if _overlaps(collection.entry["time"], query) else []
    )
    end = start + query.limit
    return matched[start:end], str(end) if end < len(matched) else "", len(matched)


def item(collection: Collection, name: str, _: Language) -> dict[str, object]:
    """One feature. Raises NotFound."""
    if collection.entry is None:
        missing = NotFound("There is no event {event_id}", event_id=name[:80])
        try:
            entry = find(services().index, collection.hazard, name, "")[1]
        except BadInput as error:
            raise missing from error
        if entry["drill"]:
            raise missing
        return feature(entry, _)
    for one in _layer(collection, collection.entry).features:
        if one["id"] == name:
            return one
    raise NotFound("There is no feature {name} in {collection}", name=name[:80], collection=collection.name)


def _layer(collection: Collection, entry: Entry) -> layers.Layer:
    made = layers.zones if collection.kind == "zones" else layers.areas
    return made(services().runs, entry)


def _overlaps(utc: str, query: Query) -> bool:
    time = moment.parse(utc)
    return (query.since is None or query.since <= time) and (query.until is None or time <= query.until)


def _events(hazard: str, query: Query, _: Language) -> tuple[list[dict[str, object]], str, int | None]:
    """Events by the version that counts, the newest first."""
    until = query.until + timedelta(seconds=1) if query.until else None
    wanted = Filter(since=query.since, until=until, box=None if hazard == "flood" else query.box)
    entries, after = services().index.page(hazard, wanted, query.limit, query.cursor)
    features = [feature(entry, _) for entry in entries]
    if hazard == "flood" and query.box:  # the index knows no place of a flood
        boxes = {one["id"]: area.bounds(services().runs, entry) for one, entry in zip(features, entries, strict=True)}
        features = [one for one in features if (box := boxes[one["id"]]) and layers.meet(box, query.box)]
    return features, after, None


def feature(entry: Entry, _: Language) -> dict[str, object]:
    """An event: the epicentre, the volcano, or the box of a flood."""
    shown = brief.of(entry, _)
    report = f"report-{_.code}.pdf"
    return {
        "type": "Feature",
        "id": entry["event_id"],
        "geometry": geometry(entry),
        "properties": {
            "title": shown.title,
            "time": entry["time"],
            "updated": entry["arrival"]["received"],
            "event_id": entry["event_id"],
            "version": entry["version"],
            "source_type": entry["source_type"],
            "level": shown.level or None,
            "level_name": shown.level_name,
            **facts.of(entry),
            "demonstration": entry["demonstration"],
            "page": addresses.event(entry),
            "report": addresses.file(entry, report) if entry["report"] else None,
            "cap": addresses.alert(entry),
        },
    }


def geometry(entry: Entry) -> Point | Polygon | None:
    """Where an event is, as GeoJSON; None for a dry hour."""
    return box(area.bounds(services().runs, entry)) if entry["hazard"] == "flood" else point(entry)


def box(bounds: area.Bounds | None) -> Polygon | None:
    """Bounds as a polygon, counter-clockwise; None for none."""
    if bounds is None:
        return None
    west, south, east, north = bounds
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
