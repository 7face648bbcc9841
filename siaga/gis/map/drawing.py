"""The map of a report: classes of a hazard over land, towns, where the hazard comes from, drawn by QGIS.

It fits the land that is hit hardest. Bands are filled over land only; over the sea their edges are
thin lines. Numerals stand on white plates, so that no one has to read a colour. Across 180° the map is in one
piece: whatever is drawn comes onto the hazard's side of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from qgis.core import QgsMapRendererCustomPainterJob, QgsMapSettings, QgsRectangle
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QSize
from qgis.PyQt.QtGui import QColor, QImage, QPainter

from siaga.foreign import Geometry
from siaga.gis import basemap, turns
from siaga.gis.basemap import BaseMap, Rectangle
from siaga.gis.map import furniture, symbols
from siaga.gis.map.scale import Scale
from siaga.gis.map.sheet import MapSheet, Words

SEA = "#e7ecef"
_AIR = 0.08  # of the extent, on each side
_EDGE = 0.06
_MM_PER_INCH = 25.4
_POLYGON = 3  # shapely's number of the type
_PLATE_MM = 2.5  # half of a numeral's plate, which is kept off the towns


def draw(map_sheet: MapSheet) -> bytes:
    """The map as PNG."""
    return draw_each(map_sheet, [map_sheet.words])[0]


def draw_each(map_sheet: MapSheet, worded: Sequence[Words]) -> list[bytes]:
    """The map as PNG with each of these words; they may differ in what stands around its content alone."""
    image, map_sheet, extent, planned = _content(map_sheet)
    drawn = []
    for words in worded:
        one = QImage(image)
        furniture.paint(one, replace(map_sheet, words=words), extent, planned)
        drawn.append(_png(one))
    return drawn


def _content(map_sheet: MapSheet) -> tuple[QImage, MapSheet, Rectangle, furniture.Plan]:
    """The map without its furniture; the map_sheet on the right side of 180°, its extent, where furniture goes."""
    bands = map_sheet.bands
    whole = shapely.total_bounds(list(bands.values()) or [map_sheet.point])
    map_sheet = _beside(map_sheet, (whole[0] + whole[2]) / 2)
    extent = _extent(map_sheet, bands, tuple(whole))
    per_mm = (extent[2] - extent[0]) / map_sheet.width_mm
    pixel = per_mm * _MM_PER_INCH / map_sheet.dpi
    base_map = _base_map(map_sheet, extent, pixel)
    clipped = map_sheet.scale.clipped
    on_land = {number: _on_land(band, base_map.land) if clipped else band for number, band in sorted(bands.items())}
    kept_free = base_map.land if clipped else shapely.union_all(list(bands.values()))
    planned = furniture.plan(map_sheet, extent, kept_free)
    hidden = shapely.Polygon() if map_sheet.small else planned.hidden
    settings = _settings(map_sheet, extent)
    towns = _towns(map_sheet, extent, hidden)
    beside = shapely.buffer(shapely.points([town[1:3] for town in towns] or np.empty((0, 2))), _PLATE_MM * per_mm)
    drawn = symbols.layers(
        map_sheet,
        base_map,
        bands,
        on_land,
        towns,
        _zone_points(map_sheet, extent, base_map, hidden),
        shapely.union_all([hidden, *beside]),
    )
    settings.setLayers(list(reversed(drawn)))
    return _render(settings), map_sheet, extent, planned


def shapes(classes: Mapping[str, Geometry], scale: Scale) -> dict[int, Geometry]:
    """Shapes by number of their class, for all maps of a report; those of one class stand side by side, undissolved.

    classes: GeoJSON of the scale's classes.
    """
    found: dict[int, list[Geometry]] = {}
    for feature in classes["features"]:
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        found.setdefault(scale.number(feature["properties"]), []).append(shape)
    merged = {
        number: parts[0] if len(parts) == 1 else shapely.multipolygons(shapely.get_parts(parts))
        for number, parts in found.items()
    }
    return _in_one_piece(merged)


def _in_one_piece(bands: dict[int, Geometry]) -> dict[int, Geometry]:
    """Shapes of which some lie just west and some just east of 180° side by side; any others as they are."""
    west, _south, east, _north = shapely.total_bounds(list(bands.values())) if bands else (0.0,) * 4
    if east - west <= 180:
        return bands
    brought = {}
    for number, band in bands.items():
        parts = [turns.moved(part, 360.0 if part.bounds[2] <= 0 else 0.0) for part in shapely.get_parts(band)]
        brought[number] = shapely.union_all(parts)  # no seam stays where it was split
    left, _south, right, _north = shapely.total_bounds(list(brought.values()))
    return brought if right - left < east - west else bands


def _beside(map_sheet: MapSheet, middle: float) -> MapSheet:
    """The map_sheet with epicentre, towns and zones in the turn around a longitude."""
    longitude = None if map_sheet.longitude is None else float(turns.near(map_sheet.longitude, middle))
    places = map_sheet.places and replace(map_sheet.places, longitude=turns.near(map_sheet.places.longitude, middle))
    shapes = turns.onto(np.array([shape for _name, shape in map_sheet.zones], dtype=object), middle - 180, middle + 180)
    zones = [(name, shape) for (name, _shape), shape in zip(map_sheet.zones, shapes, strict=True)]
    return replace(map_sheet, longitude=longitude, places=places, zones=zones)


def _base_map(map_sheet: MapSheet, extent: Rectangle, pixel: float) -> BaseMap:
    if map_sheet.basemap is None:
        return basemap.unknown(extent)
    return basemap.within(map_sheet.basemap, extent, pixel)


def _extent(map_sheet: MapSheet, bands: Mapping[int, Geometry], whole: Rectangle) -> Rectangle:
    """All land that the scale wants shown (shaking: MMI VI or more) with some air, in the map_sheet's proportions;
    else, and on a small map of a scale that says so, the highest two classes.
    """
    hardest, scale = max(bands, default=0), map_sheet.scale
    lowest = scale.shown if hardest >= scale.shown else max(1, hardest - 1)
    if map_sheet.small and scale.closer:
        lowest = max(lowest, hardest - 1)
    shown = [band for number, band in bands.items() if number >= lowest]
    wanted = shown
    if map_sheet.basemap is not None and scale.clipped and shown:
        coarse = (whole[2] - whole[0]) / 200
        land = basemap.within(map_sheet.basemap, whole, coarse).land
        reached = [_on_land(band, land) for band in shown]
        wanted = shown if shapely.is_empty(reached).all() else reached
    west, south, east, north = shapely.total_bounds([*wanted, map_sheet.point])
    width, height = max(east - west, scale.least_degrees), max(north - south, scale.least_degrees)
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    width, height = width * (1 + 2 * _AIR), height * (1 + 2 * _AIR)
    proportion = map_sheet.width_mm / map_sheet.height_mm
    width, height = max(width, height * proportion), max(height, width / proportion)
    return middle_x - width / 2, middle_y - height / 2, middle_x + width / 2, middle_y + height / 2


def _towns(map_sheet: MapSheet, extent: Rectangle, hidden: Geometry) -> list[tuple[str, float, float, float]]:
    """Name, longitude, latitude, population: the largest in view, then seats without a known population."""
    places = map_sheet.places
    if places is None:
        return []
    margin = _EDGE * (extent[3] - extent[1])  # a town at the edge would collide with the degrees there
    west, south, east, north = extent[0] + margin, extent[1] + margin, extent[2] - margin, extent[3] - margin
    seen = (places.longitude > west) & (places.longitude < east) & (places.latitude > south) & (places.latitude < north)
    seen &= ~shapely.contains_xy(hidden, places.longitude, places.latitude)
    people = np.nan_to_num(np.asarray(places.population, dtype=float), nan=0.0)
    rank = {"city": 3, "regency_seat": 2, "town": 1}
    kind = np.array([rank.get(str(one), 0) for one in places.kind])
    order = sorted(np.flatnonzero(seen), key=lambda index: (-people[index], -kind[index], str(places.name[index])))
    return [
        (str(places.name[index]), float(places.longitude[index]), float(places.latitude[index]), float(people[index]))
        for index in order[: map_sheet.scale.towns[map_sheet.small]]
    ]


def _zone_points(
    map_sheet: MapSheet, extent: Rectangle, base_map: BaseMap, hidden: Geometry
) -> list[tuple[str, float, float]]:
    """Where a zone's name stands: inside its part on the map, if that is large enough to be named."""
    frame = shapely.box(*extent)
    least = frame.area * map_sheet.scale.least_named
    points = []
    for name, geometry in map_sheet.zones:
        seen = shapely.clip_by_rect(geometry, *extent)
        if map_sheet.scale.clipped:
            seen = shapely.intersection(seen, base_map.land)
        seen = shapely.difference(seen, hidden)
        if not seen.is_empty and seen.area >= least:
            largest = max(shapely.get_parts(seen), key=lambda part: part.area)
            point = shapely.point_on_surface(largest)
            points.append((name, point.x, point.y))
    return points


def _settings(map_sheet: MapSheet, extent: Rectangle) -> QgsMapSettings:
    settings = QgsMapSettings()
    settings.setOutputSize(
        QSize(*(round(mm / _MM_PER_INCH * map_sheet.dpi) for mm in (map_sheet.width_mm, map_sheet.height_mm)))
    )
    settings.setOutputDpi(map_sheet.dpi)
    settings.setExtent(QgsRectangle(*extent))
    settings.setDestinationCrs(symbols.WGS84())
    settings.setBackgroundColor(QColor(SEA))
    settings.setFlag(QgsMapSettings.Antialiasing, True)
    settings.setFlag(QgsMapSettings.UseRenderingOptimization, False)
    labels = settings.labelingEngineSettings()
    labels.setFlag(labels.UsePartialCandidates, False)  # else names are cut at the edge
    settings.setLabelingEngineSettings(labels)
    return settings


def _render(settings: QgsMapSettings) -> QImage:
    image = QImage(settings.outputSize(), QImage.Format_ARGB32_Premultiplied)
    dots = round(settings.outputDpi() / _MM_PER_INCH * 1000)
    image.setDotsPerMeterX(dots)
    image.setDotsPerMeterY(dots)
    image.fill(QColor(SEA))
    painter = QPainter(image)
    job = QgsMapRendererCustomPainterJob(settings, painter)
    job.renderSynchronously()
    painter.end()
    return image


def _png(image: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.WriteOnly)
    image.convertToFormat(QImage.Format_RGB888).save(buffer, "PNG", 60)
    return bytes(data)


def _on_land(band: Geometry, land: Geometry) -> Geometry:
    """A band's polygons as far as they are on land, side by side as they were.

    Only those are cut that are not wholly on it, and none are dissolved: a particle model's plume has tens of
    thousands, whose overlay as one shape takes minutes.
    """
    parts = shapely.get_parts(band)
    shapely.prepare(land)
    whole = shapely.covers(land, parts)
    cut = shapely.get_parts(shapely.intersection(parts[~whole], land))
    polygons = cut[(shapely.get_type_id(cut) == _POLYGON) & ~shapely.is_empty(cut)]  # no lines and points
    return shapely.multipolygons(np.concatenate([parts[whole], polygons]))
