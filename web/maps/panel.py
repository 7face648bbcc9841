"""What a page says of its map to the code that draws it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NotRequired, TypedDict

from flask import g, request, url_for

from siaga import palette
from siaga.catalog import AshEntry, EarthquakeEntry, Entry, FloodEntry
from siaga.hazard.ash import CLASSES as ASH_CLASSES
from siaga.hazards import HAZARDS
from siaga.impact.flood import CLASSES as FLOOD_CLASSES
from siaga.impact.mmi import ROMAN
from siaga.report import figures, words
from siaga.report.classed import flood
from web.index.lists import Box

_LEAST, _FOCUS = 3, 5  # MMI classes: the weakest that is drawn, and the weakest that the first view is fitted to

# people of a zone from which on it has that colour: violet, which no class of a hazard has
_PEOPLE = ((1, "#e6e2f2"), (1_000, "#c4bfe0"), (10_000, "#9c93c8"), (100_000, "#7460ab"), (1_000_000, "#4a2a83"))


class Panel(TypedDict):
    """What map.html shows. data: for the code that draws it, as JSON. layers: what can be switched.

    key, swatches, people: names and colours of what it is drawn by. people_name: of the choice to colour zones by
    people. chosen: whether a rectangle filters the list.
    """

    script: str
    folded: bool
    data: dict[str, object]
    layers: Sequence[tuple[str, str]]
    key: Sequence[tuple[str, str]]
    swatches: Sequence[tuple[str, str]]
    people: Sequence[tuple[str, str]]
    people_name: str
    caption: str
    rectangle: bool
    chosen: NotRequired[bool]


def of_quake(entry: EarthquakeEntry, level: str | None) -> Panel:
    """The map of one version: classes and contours of MMI, borders and towns; zones of that level where there are any.

    Borders of zones come with the report.
    """
    _ = g.language

    def file(path: str) -> str:
        return url_for("earthquakes.file", event_id=entry["event_id"], version=entry["version"], path=path)

    layers = [(_("Classes of MMI"), "bands"), (_("Contours"), "contours"), *_below()]
    strongest = entry["people_max_mmi"] or _FOCUS
    key = [(ROMAN[mmi], palette.MMI[mmi]) for mmi in range(_LEAST, max(strongest, _LEAST) + 1)]
    found = _panel(
        "map-event.js",
        layers,
        key,
        bands=file("bands.geojson"),
        contours=file("contours.geojson"),
        epicentre=[entry["longitude"], entry["latitude"]],
        colours=palette.MMI,
        roman=ROMAN,
        least=_LEAST,
        focus=min(_FOCUS, strongest),
    )
    return _with_zones(found, entry, level if entry["report"] else None, _("People at MMI ≥ VI by district"))


def _below() -> list[tuple[str, str]]:
    """What every event's map can show of the base map."""
    _ = g.language
    borders = "country_lines province_lines regency_lines name-province"
    return [(_("Borders"), borders), (_("Towns"), "place-")]


def _with_zones(found: Panel, entry: Entry, level: str | None, name: str) -> Panel:
    """The same with zones of that level to choose, coloured by their people; None: without. name: of the choice."""
    if level:
        steps = _steps()
        zones = url_for(
            "api.zones_geojson",
            level=level,
            hazard=HAZARDS[entry["hazard"]].page,
            event_id=entry["event_id"],
            version=entry["version"],
        )
        found["data"] |= {"zones": zones, "steps": steps, "map": g.language("Show on the map")}
        found |= {"people": [step[1:] for step in steps], "people_name": name}
    return found


def _steps() -> list[tuple[int, str, str]]:
    """From how many people on a zone has which colour, and what that step is called."""
    ends = [figures.whole(least, g.code) for least, _colour in _PEOPLE]
    names = [f"{first}–{last}" for first, last in pairwise(ends)] + [f"≥ {ends[-1]}"]
    return [(least, colour, name) for (least, colour), name in zip(_PEOPLE, names, strict=True)]


def of_ash(entry: AshEntry, level: str | None) -> Panel:
    """The map of one version of an ash fall: its classes of thickness, and the volcano; level: as of_quake has it."""
    _ = g.language
    found = _panel(
        "map-areas.js",
        [(_("Classes of ash"), "areas"), *_below()],
        areas=url_for("ashfalls.file", event_id=entry["event_id"], version=entry["version"], path="classes.geojson"),
        vent=[entry["volcano"]["longitude"], entry["volcano"]["latitude"]],
        colours=palette.ASH,
        names={name: _(word) for name, word in words.ASH_CLASSES.items()},
        opacity=0.75,
        below="offshore",
        hatched="",
        hatch=palette.FLOOD_HATCH,
        edge=palette.WATER_EDGE,
    )
    found["swatches"] = [(palette.ASH[name], _(words.ASH_CLASSES[name])) for name in ASH_CLASSES]
    return _with_zones(found, entry, level, _("People under ash by district"))


def of_flood(entry: FloodEntry, level: str | None) -> Panel:
    """The map of one version of a flooded hour: its neighbourhoods by state; level: as of_quake has it."""
    _ = g.language
    layers = [(_("Neighbourhoods under water"), "areas"), *_below()]
    found = _neighbourhoods(entry["event_id"], entry["version"], layers)
    return _with_zones(found, entry, level, _("People affected by district"))


def _neighbourhoods(snapshot: str, version: str, layers: Sequence[tuple[str, str]] = ()) -> Panel:
    """An hour's neighbourhoods by state, "" where none is shown at first."""
    _ = g.language
    areas = url_for("floods.file", snapshot=snapshot, version=version, path="flood.geojson") if version else ""
    return _panel(
        "map-areas.js",
        layers,
        areas=areas,
        colours=palette.FLOOD,
        names={state: flood.depth(state, _) for state in FLOOD_CLASSES},
        opacity=0.85,
        below="place-",
        above=True,
        hatched="1",
        hatch=palette.FLOOD_HATCH,
        edge=palette.WATER_EDGE,
        map=_("Show on the map"),
    )


def of_flood_list(snapshot: str, version: str, caption: str, box: Box | None) -> Panel:
    """The map beside the hours of a source: of one hour; rows bring others.

    snapshot, version: "" where none is shown at first. caption: which hour that is. box: as of_list.
    """
    found = _neighbourhoods(snapshot, version)
    found["data"] |= {"box": box}
    return found | {"caption": caption, "rectangle": True, "chosen": box is not None}


def of_list(tab: str, box: Box | None, levels: Sequence[str]) -> Panel:
    """The map beside the list of that tab. box: the rectangle that the list is filtered by: west, south, east, north.

    levels: names of the glyphs that stand for its levels, the lowest first.
    """
    _ = g.language
    found = _panel(
        "map-list.js",
        data=url_for(f"{tab}.on_map"),
        pages=url_for(f"{tab}.listed"),
        box=box,
        ranks=levels,
        map=_("Show on the map"),
    )
    return found | {"rectangle": True, "chosen": box is not None}


def _panel(
    script: str, layers: Sequence[tuple[str, str]] = (), key: Sequence[tuple[str, str]] = (), **told: object
) -> Panel:
    """What map.html shows. script: what draws it, with `told` as JSON.

    layers: what can be switched: its name, and with what the names of its layers begin, parted by spaces.
    key: MMI classes and their colours.
    """
    common: dict[str, object] = {
        "style": url_for("maps.looks", lang=g.code),
        "levels": palette.LEVEL,
        "locale": _locale(),
    }
    folded = request.cookies.get("map") == "folded"
    return {
        "script": script,
        "folded": folded,
        "data": common | told,
        "layers": layers,
        "key": key,
        "swatches": (),
        "people": (),
        "people_name": "",
        "caption": "",
        "rectangle": False,
    }


def _locale() -> dict[str, str]:
    """The words of MapLibre's own controls."""
    _ = g.language
    return {
        "Map.Title": _("Map"),
        "NavigationControl.ZoomIn": _("Zoom in"),
        "NavigationControl.ZoomOut": _("Zoom out"),
        "AttributionControl.ToggleAttribution": _("Sources of the map"),
        "Popup.Close": _("Close"),
        "CooperativeGesturesHandler.MobileHelpText": _("Move the map with several fingers"),
    }
