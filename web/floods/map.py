"""Flooded neighbourhoods as an SVG picture: their borders, filled by state.

Longitude and latitude, EPSG:4326, are drawn with the latitude's scale in the middle of the picture; that is
true to a pixel over a city.
"""

import json
from collections.abc import Mapping, Sequence
from math import cos, radians
from typing import cast

from siaga import palette
from siaga.hazard.geojson import Ring, Shape

FILL = {int(state): colour for state, colour in palette.FLOOD.items()} | {1: "url(#unknown)"}
_GROUND = "#f3f2ec"
_WIDTH, _HEIGHT, _MARGIN = 760, 620, 24
_LEAST_DEGREES = 0.02  # of the picture's side, so that one small RW is seen in some surroundings


def draw(states: Mapping[str, int], shapes: Mapping[str, str]) -> str:
    """The picture. states: 1 to 4 by geom_id; shapes: GeoJSON geometries by geom_id; others are drawn dry.

    An RW without a known border is left out.
    """
    rings = {area: _rings(json.loads(shape)) for area, shape in shapes.items()}
    shown = [point for area in (states or rings) for ring in rings.get(area, ()) for point in ring]
    place = _placed(shown)
    dry = "".join(_path(rings[area], place, "none") for area in sorted(rings.keys() - states.keys()))
    wet = "".join(
        _path(rings[area], place, FILL[state])
        for area, state in sorted(states.items(), key=lambda item: (item[1], item[0]))
        if area in rings
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}">'
        '<defs><pattern id="unknown" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="6" height="6" fill="{palette.FLOOD["1"]}"/>'
        f'<rect width="1.6" height="6" fill="{palette.FLOOD_HATCH}"/></pattern></defs>'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{_GROUND}"/>'
        f'<g stroke="#7f8986" stroke-width=".6" stroke-dasharray="3 2">{dry}</g>'
        f'<g stroke="{palette.WATER_EDGE}" stroke-width=".8">{wet}</g>{_bar(place[2])}</svg>'
    )


def _rings(geometry: Shape) -> list[list[tuple[float, float]]]:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    rings = (ring for rings in cast(Sequence[Sequence[Ring]], polygons) for ring in rings)
    return [[(float(x), float(y)) for x, y, *_ in ring] for ring in rings]


def _placed(points: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    """West, north, pixels per degree of latitude, and the part of it that a degree of longitude has."""
    if not points:
        points = [(106.69, -6.37), (106.97, -6.08)]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    middle = ((west + east) / 2, (south + north) / 2)
    narrow = cos(radians(middle[1]))
    wide, high = max(east - west, _LEAST_DEGREES) * narrow, max(north - south, _LEAST_DEGREES)
    scale = min((_WIDTH - 2 * _MARGIN) / wide, (_HEIGHT - 2 * _MARGIN) / high)
    return middle[0] - _WIDTH / 2 / scale / narrow, middle[1] + _HEIGHT / 2 / scale, scale, narrow


def _path(rings: list[list[tuple[float, float]]], place: tuple[float, float, float, float], fill: str) -> str:
    """Rings as one path, to a tenth of a pixel; what falls on the point before is dropped."""
    west, north, scale, narrow = place
    parts = []
    for ring in rings:
        points: list[str] = []
        for x, y in ring:
            point = f"{(x - west) * scale * narrow:.1f} {(north - y) * scale:.1f}"
            if not points or points[-1] != point:
                points.append(point)
        parts.append("M" + "L".join(points) + "Z")
    return f'<path fill="{fill}" fill-rule="evenodd" d="{"".join(parts)}"/>'


def _bar(scale: float) -> str:
    """A scale bar of a round length; 111.2 km to a degree of latitude."""
    pixels = scale / 111.2
    km = next((km for km in (10, 5, 2, 1, 0.5) if km * pixels < _WIDTH / 4), 0.2)
    wide, low = km * pixels, _HEIGHT - 16
    return (
        f'<path d="M16 {low - 6}v6h{wide:.1f}v-6" fill="none" stroke="#16211f" stroke-width="1.4"/>'
        f'<text x="22" y="{low - 4}" font-family="Inter, sans-serif" font-size="12" fill="#16211f">{km:g} km</text>'
    )
