"""The style of maps in the browser, as MapLibre's style specification has it: paper, so that what is drawn on it leads.

Letters are those of the page's typeface, which MapLibre draws itself where a style names no address of glyphs.
"""

from html import escape
from typing import NotRequired, TypeAlias, TypedDict

from siaga.data.map_tiles import MapTiles
from siaga.others import Others

Expression: TypeAlias = list["Expression | str | float"]  # of MapLibre: an operator and its operands

Layer = TypedDict(
    "Layer",
    {
        "id": str,
        "type": str,
        "source": NotRequired[str],
        "source-layer": NotRequired[str],
        "paint": NotRequired[dict[str, object]],
        "layout": NotRequired[dict[str, object]],
        "minzoom": NotRequired[float],
        "maxzoom": NotRequired[float],
        "filter": NotRequired[Expression],
    },
)

SEA, LAND, COAST, BORDER, INK, WATER_INK = "#cdd6d7", "#f3f2ec", "#3d4846", "#7f8986", "#47534f", "#4a626b"
_FONT = ["Inter"]
_INDONESIA = {"center": [118.0, -2.4], "zoom": 3.4}  # where nothing is shown that a view could be fitted to
# layer of the tiles: colour, width in pixels, first zoom, dashes
_LINES = {
    "rivers": ("#9fb4ba", 0.8, 7, None),
    "roads": ("#c9b99a", 1.0, 7, None),
    "regency_lines": ("#b4bab5", 0.6, 7, [3, 2]),
    "province_lines": (BORDER, 0.7, 4, [4, 2]),
    "country_lines": (COAST, 1.0, 3, [5, 2, 1, 2]),
}
# kind of name: first and last zoom, size in pixels, colour, spacing of letters in em
_NAMES: tuple[tuple[str, float, float, float, str, float], ...] = (
    ("country", 2.5, 6, 12, INK, 0.15),
    ("sea", 4.2, 9, 12, WATER_INK, 0.1),
    ("island", 4.6, 7, 12, INK, 0.08),
    ("province", 6, 9, 12, INK, 0.12),
)
_RANKS = ((1, 5.2, 13), (2, 7.0, 12), (3, 8.4, 12), (4, 9.4, 12))  # of places: first zoom and size


def of(tiles: MapTiles | None, language: str, root: str = "", others: Others | None = None) -> dict[str, object]:
    """The style. tiles: without them the map is plain. language: of the names, as far as they have one in it.

    root: the path under which the app stands, such as /siaga. others: with raster tiles of another server these take
    the place of land, lines and names; what pages draw lies on them as on ours.
    """
    layers: list[Layer] = [{"id": "sea", "type": "background", "paint": {"background-color": SEA}}]
    sources: dict[str, object] = {}
    if others and others.tiles:
        sources["other"] = {
            "type": "raster",
            "tiles": [others.tiles],
            "tileSize": 256,
            "maxzoom": 18,
            "attribution": escape(others.credit),
        }
        layers.append({"id": "other", "type": "raster", "source": "other"})
        tiles = None
    if tiles:
        sources["base"] = {
            "type": "vector",
            "url": f"pmtiles://{root}/map/{tiles.sha256}.pmtiles",
            "attribution": escape(tiles.credit),
        }
        layers += _land() + [_line(name, *drawn) for name, drawn in _LINES.items()] + _labels(language)
    return {"version": 8, "name": "Siaga", "sources": sources, "layers": layers} | _INDONESIA


def _land() -> list[Layer]:
    return [
        _layer("land", "fill", "land", {"fill-color": LAND}),
        # pages draw what counts on land alone below this; squares of sea that are smoothed would show their seams
        _layer("offshore", "fill", "sea", {"fill-color": SEA, "fill-antialias": False}),
        _layer("coast", "line", "land", {"line-color": COAST, "line-width": _by_zoom(0.4, 0.9)}),
        _layer("lakes", "fill", "lakes", {"fill-color": SEA, "fill-outline-color": BORDER}),
    ]


def _line(name: str, colour: str, width: float, first: float, dashes: list[int] | None) -> Layer:
    paint: dict[str, object] = {"line-color": colour, "line-width": width}
    return _layer(name, "line", name, paint | ({"line-dasharray": dashes} if dashes else {})) | {"minzoom": first}


def _labels(language: str) -> list[Layer]:
    text: Expression = ["coalesce", ["get", f"name:{language}"], ["get", "name:en"]]
    names = [
        _text(f"name-{kind}", "names", text, size, colour)
        | {"minzoom": first, "maxzoom": last, "filter": ["==", ["get", "kind"], kind]}
        for kind, first, last, size, colour, _spacing in _NAMES
    ]
    for one, (*_rest, spacing) in zip(names, _NAMES, strict=True):
        one["layout"] |= {"text-letter-spacing": spacing, "text-max-width": 7}
        if one["id"] == "name-sea":
            one["paint"]["text-halo-color"] = SEA
    towns = [
        _text(f"place-{rank}", "places", ["get", "name"], size, "#16211f")
        | {"minzoom": first, "filter": ["==", ["get", "rank"], rank]}
        for rank, first, size in _RANKS
    ]
    for one in towns:
        one["layout"] |= {"symbol-sort-key": ["-", 0, ["get", "people"]], "text-padding": 6}
    return [*reversed(towns), *names]  # where two collide the later layer's name stays


def _text(name: str, source: str, text: Expression, size: float, colour: str) -> Layer:
    paint: dict[str, object] = {"text-color": colour, "text-halo-color": LAND, "text-halo-width": 1.2}
    layout: dict[str, object] = {"text-field": text, "text-font": _FONT, "text-size": size}
    return _layer(name, "symbol", source, paint) | {"layout": layout}


def _layer(name: str, kind: str, source: str, paint: dict[str, object]) -> Layer:
    return {"id": name, "type": kind, "source": "base", "source-layer": source, "paint": paint}


def _by_zoom(far: float, near: float) -> Expression:
    return ["interpolate", ["linear"], ["zoom"], 3, far, 8, near]
