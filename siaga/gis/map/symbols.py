"""How things look on a map: QGIS layers with their symbols and labels, bottom to top."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import shapely
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsField,
    QgsFillSymbol,
    QgsGeometry,
    QgsLinePatternFillSymbolLayer,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsNullSymbolRenderer,
    QgsPalLayerSettings,
    QgsProperty,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsTextBackgroundSettings,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QSizeF, QVariant
from qgis.PyQt.QtGui import QColor, QFont, QFontDatabase, QFontInfo

from siaga.foreign import Geometry, QgisObject
from siaga.gis.basemap import BaseMap
from siaga.gis.map.scale import INK, INK_500, ClassStyle, Scale
from siaga.gis.map.sheet import MapSheet

INK_300 = "#9aa6af"
LAND = "#fbfbf9"
SEA = "#e7ecef"
FONT = "Inter"
_LEAST_PLATE = 0.004  # of the map's area: smaller patches of a class carry no numeral
_HATCH_MM = 1.5
_POINTS = QgsUnitTypes.RenderPoints
# How words are set. pt: size; style: of the font; apart: between letters, pt; halo, away: mm; first: 0 to 10, who
# finds room first; plate, always: 1 where it stands on a plate, whatever else is there.
_PLATE = {
    "kind": "",
    "label": "",
    "pt": 7.0,
    "colour": INK,
    "style": QFont.Bold,
    "apart": 0.0,
    "halo": 0.0,
    "away": 0.0,
}
_PLATE |= {"first": 10.0, "plate": 1.0, "always": 1.0, "mm": 0.0}
_ZONE_OVER = _PLATE | {"pt": 5.6, "colour": INK_500, "style": QFont.Normal, "apart": 0.3, "halo": 0.45, "first": 1.0}
_ZONE_OVER |= {"plate": 0.0, "always": 0.0}
_TOWN = _ZONE_OVER | {"kind": "town", "colour": INK, "style": QFont.DemiBold, "apart": 0.0, "halo": 0.7, "away": 0.6}
_ZONE_BESIDE = _TOWN | {
    "kind": "zone",
    "pt": 5.6,
    "style": QFont.Bold,
    "apart": 0.2,
    "halo": 0.6,
    "away": 1.6,
    "first": 9.0,
}
_ORIGIN = _TOWN | {"kind": "origin", "pt": 7.0, "style": QFont.Bold, "halo": 0.8, "away": 2.4, "first": 10.0}
_TEXTS = {"kind", "label", "colour", "style"}
_SAID_BY_FIELDS = {
    "pt": QgsPalLayerSettings.Size,
    "colour": QgsPalLayerSettings.Color,
    "style": QgsPalLayerSettings.FontStyle,
    "apart": QgsPalLayerSettings.FontLetterSpacing,
    "halo": QgsPalLayerSettings.BufferSize,
    "away": QgsPalLayerSettings.LabelDistance,
    "first": QgsPalLayerSettings.Priority,
    "plate": QgsPalLayerSettings.ShapeDraw,
    "always": QgsPalLayerSettings.AlwaysShow,
}


def WGS84() -> QgsCoordinateReferenceSystem:
    """EPSG:4326."""
    return QgsCoordinateReferenceSystem("EPSG:4326")


def layers(
    map_sheet: MapSheet,
    base_map: BaseMap,
    bands: Mapping[int, Geometry],
    on_land: Mapping[int, Geometry],
    towns: Sequence[tuple[str, float, float, float]],
    zones: Sequence[tuple[str, float, float]],
    hidden: Geometry,
) -> list[QgsVectorLayer]:
    """All layers of a map, the lowest first. They live as long as somebody holds the list.

    hidden: where no numeral would be seen. All words stand in two layers: QGIS goes through layers with labels in
    the order of a hash over addresses, which with three or more is now one and now another.
    """
    styles = map_sheet.scale.styles
    edges = [(band, styles[number].sea_mm) for number, band in bands.items() if number in styles]
    drawn = [_line(band.boundary, INK_300, width) for band, width in edges if width]
    drawn.append(_fill([base_map.land], LAND, None))
    drawn += [
        _band(styles[number], shape, map_sheet.scale)
        for number, shape in on_land.items()
        if number in styles and not shape.is_empty
    ]
    drawn += [
        _fill([base_map.lakes], SEA, INK_300),
        _line(base_map.regency_lines, INK_500, 0.12),
        _line(base_map.province_lines, INK_500, 0.3),
        _line(base_map.country_lines, INK, 0.4),
        _line(base_map.coast, INK, 0.2),
        _beside(map_sheet, towns, zones if map_sheet.scale.names_beside else ()),
        _over(
            _numerals(on_land, styles, map_sheet.point, hidden, map_sheet.scale.numerals[map_sheet.small]),
            () if map_sheet.scale.names_beside else zones,
        ),
    ]
    return drawn


def _band(style: ClassStyle, shape: Geometry, scale: Scale) -> QgsVectorLayer:
    """One class."""
    layer = _fill([shape], style.colour, scale.edge, scale.edge_mm)
    symbol = layer.renderer().symbol()
    for angle in style.hatch:
        hatch = QgsLinePatternFillSymbolLayer()
        hatch.setLineAngle(angle)
        hatch.setDistance(_HATCH_MM)
        hatch.subSymbol().setColor(_translucent(INK, 0.42))
        hatch.subSymbol().setWidth(0.13)
        symbol.appendSymbolLayer(hatch)
    return layer


def _beside(
    map_sheet: MapSheet,
    towns: Sequence[tuple[str, float, float, float]],
    zones: Sequence[tuple[str, float, float]],
) -> QgsVectorLayer:
    """Words beside their points: towns, the epicentre or volcano, and names of zones that hide none of a small one.

    Towns are circles in four sizes by population; larger names first when space lacks.
    """
    rows = []
    for name, x, y, people in towns:
        step = sum(people >= limit for limit in (50_000, 100_000, 500_000))
        first = 4 + 5 * min(1.0, people**0.5 / 1000)
        rows.append((x, y, _TOWN | {"label": name, "mm": 1.1 + 0.5 * step, "pt": 6.2 + 0.5 * step, "first": first}))
    rows += [(x, y, _ZONE_BESIDE | {"label": name.upper()}) for name, x, y in zones]
    if map_sheet.longitude is not None:
        point = map_sheet.point
        rows.append((point.x, point.y, _ORIGIN | {"label": map_sheet.words.epicentre}))
    layer = _points(rows, tuple(_ORIGIN))
    circle = QgsMarkerSymbol.createSimple(
        {"name": "circle", "color": "#ffffff", "outline_color": INK, "outline_width": "0.28"}
    )
    circle.setDataDefinedSize(QgsProperty.fromField("mm"))
    mark = {"name": map_sheet.scale.mark, "color": INK, "outline_color": "#ffffff", "outline_width": "0.35"}
    star = QgsMarkerSymbol.createSimple(mark | {"size": "5.2"})
    nothing = QgsMarkerSymbol.createSimple({"size": "0", "color": "0,0,0,0", "outline_style": "no"})  # none: no word
    kinds = {"town": circle, "origin": star, "zone": nothing}
    categories = [QgsRendererCategory(kind, symbol, "") for kind, symbol in kinds.items()]
    layer.setRenderer(QgsCategorizedSymbolRenderer("kind", categories))
    _label(layer, _format(6.6, halo=0.7), QgsPalLayerSettings.OrderedPositionsAroundPoint)
    return layer


def _over(numerals: Sequence[tuple[str, float, float]], zones: Sequence[tuple[str, float, float]]) -> QgsVectorLayer:
    """Words upon their points: numerals on white plates, which always stand, and names of zones."""
    rows = [(x, y, _PLATE | {"label": numeral}) for numeral, x, y in numerals]
    rows += [(x, y, _ZONE_OVER | {"label": name.upper()}) for name, x, y in zones]
    layer = _points(rows, tuple(_PLATE))
    layer.setRenderer(QgsNullSymbolRenderer())
    text = _format(7.0, halo=0.45)
    plate = QgsTextBackgroundSettings()
    plate.setEnabled(True)
    plate.setType(QgsTextBackgroundSettings.ShapeRectangle)
    plate.setSizeType(QgsTextBackgroundSettings.SizeBuffer)
    plate.setSize(QSizeF(0.7, 0.35))
    plate.setSizeUnit(QgsUnitTypes.RenderMillimeters)
    plate.setRadii(QSizeF(0.6, 0.6))
    plate.setFillColor(QColor("#ffffff"))
    plate.setStrokeColor(QColor(INK))
    plate.setStrokeWidth(0.2)
    text.setBackground(plate)
    _label(layer, text, QgsPalLayerSettings.OverPoint)
    return layer


def _numerals(
    on_land: Mapping[int, Geometry], styles: Mapping[int, ClassStyle], origin: Geometry, hidden: Geometry, most: int
) -> list[tuple[str, float, float]]:
    """A numeral in each large patch of each class and where it stands, beside the star rather than on it."""
    total = sum(shape.area for shape in on_land.values()) or 1.0
    air = (total / 60) ** 0.5
    rows = []
    for number, shape in on_land.items():
        if number not in styles:
            continue
        parts = sorted(shapely.get_parts(shape), key=lambda part: -part.area)
        for part in parts[:most]:
            if part.area > total * _LEAST_PLATE or part is parts[0]:
                tries = (shapely.difference(part, shapely.union(origin.buffer(one), hidden)) for one in (air, air / 3))
                free = next((one for one in tries if not one.is_empty), shapely.Polygon())
                if free.is_empty and part is not parts[0]:
                    continue
                point = shapely.maximum_inscribed_circle(part if free.is_empty else free).coords[0]
                rows.append((styles[number].numeral, point[0], point[1]))
    return rows


def _fill(shapes: Iterable[Geometry], colour: str, edge: str | None, edge_mm: float = 0.08) -> QgsVectorLayer:
    style = {"color": colour, "outline_style": "no"}
    if edge:
        style |= {"outline_style": "solid", "outline_color": edge, "outline_width": f"{edge_mm}"}
    return _layer("MultiPolygon", shapes, QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(style)))


def _line(shape: Geometry, colour: str, width_mm: float) -> QgsVectorLayer:
    style = {"color": colour, "width": f"{width_mm}", "capstyle": "round", "joinstyle": "round"}
    return _layer("MultiLineString", [shape], QgsSingleSymbolRenderer(QgsLineSymbol.createSimple(style)))


def _layer(kind: str, shapes: Iterable[Geometry], renderer: QgisObject) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{kind}?crs=EPSG:4326", "", "memory")
    features = []
    for shape in shapes:
        if not shape.is_empty:
            feature = QgsFeature()
            geometry = QgsGeometry()
            geometry.fromWkb(shapely.to_wkb(shape))
            feature.setGeometry(geometry)
            features.append(feature)
    layer.dataProvider().addFeatures(features)
    layer.setRenderer(renderer)
    return layer


def _points(rows: Iterable[tuple[float, float, Mapping[str, object]]], fields: Sequence[str]) -> QgsVectorLayer:
    layer = QgsVectorLayer("Point?crs=EPSG:4326", "", "memory")
    layer.dataProvider().addAttributes(
        [QgsField(name, QVariant.String if name in _TEXTS else QVariant.Double) for name in fields]
    )
    layer.updateFields()
    features = []
    for x, y, attributes in rows:
        feature = QgsFeature(layer.fields())
        geometry = QgsGeometry()
        geometry.fromWkb(shapely.to_wkb(shapely.Point(x, y)))
        feature.setGeometry(geometry)
        for name in fields:
            feature[name] = _style_name(attributes[name]) if name == "style" else attributes[name]
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


@cache
def _style_name(weight: int) -> str:
    """What the font itself calls that weight, or the nearest to it that it has; fonts differ in that."""
    known, family = QFontDatabase(), QFontInfo(QFont(FONT)).family()
    upright = [style for style in known.styles(family) if not known.italic(family, style)]
    return str(min(upright, key=lambda style: (abs(known.weight(family, style) - weight), style), default=""))


def _format(points: float, *, halo: float) -> QgsTextFormat:
    text = QgsTextFormat()
    text.setFont(QFont(FONT))
    text.setSize(points)
    text.setSizeUnit(_POINTS)
    buffer = QgsTextBufferSettings()
    buffer.setEnabled(True)
    buffer.setSize(halo)
    buffer.setColor(QColor(255, 255, 255, 220))
    text.setBuffer(buffer)
    return text


def _label(layer: QgsVectorLayer, text: QgsTextFormat, placement: QgisObject) -> None:
    """Words of the field label, each set as the fields of its feature say."""
    labels = QgsPalLayerSettings()
    labels.fieldName = "label"
    labels.setFormat(text)
    labels.placement = placement
    labels.distUnits = QgsUnitTypes.RenderMillimeters
    properties = labels.dataDefinedProperties()
    for field, kind in _SAID_BY_FIELDS.items():
        properties.setProperty(kind, QgsProperty.fromField(field))
    labels.setDataDefinedProperties(properties)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(labels))
    layer.setLabelsEnabled(True)


def _translucent(colour: str, opacity: float) -> QColor:
    made = QColor(colour)
    made.setAlphaF(opacity)
    return made
