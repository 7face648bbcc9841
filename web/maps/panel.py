"""What a page says of its map to the code that draws it."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g, request, url_for

from siaga import palette
from siaga.impact.mmi import ROMAN

_LEAST, _FOCUS = 3, 5  # MMI classes: the weakest that is drawn, and the weakest that the first view is fitted to


def of_quake(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The map of one version: classes and contours of MMI, borders and towns."""
    _ = g.language

    def file(path: str) -> str:
        return url_for("earthquakes.file", event_id=entry["event_id"], version=entry["version"], path=path)

    layers = [
        (_("Classes of MMI"), "bands"),
        (_("Contours"), "contours"),
        (_("Borders"), "country_lines province_lines regency_lines name-province"),
        (_("Towns"), "place-"),
    ]
    strongest = entry["people_max_mmi"] or _FOCUS
    key = [(ROMAN[mmi], palette.MMI[mmi]) for mmi in range(_LEAST, max(strongest, _LEAST) + 1)]
    return _panel(
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


def of_list(tab: str, box: tuple[float, float, float, float] | None, levels: Sequence[str]) -> dict[str, Any]:
    """The map beside the list of that tab. box: the rectangle that the list is filtered by: west, south, east, north.

    levels: names of the glyphs that stand for its levels, the lowest first.
    """
    _ = g.language
    found = _panel("map-list.js", data=url_for(f"{tab}.on_map"), pages=url_for(f"{tab}.listed"), box=box)
    found["told"] |= {"ranks": levels, "map": _("Show on the map")}
    return found | {"rectangle": True, "chosen": box is not None}


def _panel(
    script: str, layers: Sequence[tuple[str, str]] = (), key: Sequence[tuple[str, str]] = (), **told: Any
) -> dict[str, Any]:
    """What map.html shows. script: what draws it, with `told` as JSON.

    layers: what can be switched: its name, and with what the names of its layers begin, parted by spaces.
    key: MMI classes and their colours.
    """
    common = {"style": url_for("maps.looks", lang=g.code), "levels": palette.LEVEL, "locale": _locale()}
    folded = request.cookies.get("map") == "folded"
    return {"script": script, "layers": layers, "key": key, "folded": folded, "rectangle": False, "told": common | told}


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
