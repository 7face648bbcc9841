"""How things look on a map: QGIS layers with their symbols and labels, bottom to top."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
from qgis.core import (
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
    QgsSingleSymbolRenderer,
    QgsTextBackgroundSettings,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QSizeF, QVariant
from qgis.PyQt.QtGui import QColor, QFont

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


def WGS84() -> QgsCoordinateReferenceSystem:
    """EPSG:4326."""
    return QgsCoordinateReferenceSystem("EPSG:4326")


def layers(
    map_sheet: MapSheet,
    base_map: BaseMap,
    bands: Mapping[int, Any],
    on_land: Mapping[int, Any],
    towns: Sequence[tuple[str, float, float, float]],
    zones: Sequence[tuple[str, float, float]],
    hidden: Any,
) -> list[QgsVectorLayer]:
    """All layers of a map, the lowest first. They live as long as somebody holds the list.

    hidden: where no numeral would be seen.
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
        _zone_names(zones, beside=map_sheet.scale.names_beside),
        _towns(towns),
        _plates(on_land, styles, map_sheet.point, hidden, map_sheet.scale.numerals[map_sheet.small]),
    ]
    if map_sheet.longitude is not None:
        drawn.append(_origin(map_sheet))
    return drawn


def _band(style: ClassStyle, shape: Any, scale: Scale) -> QgsVectorLayer:
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


def _zone_names(zones: Sequence[tuple[str, float, float]], *, beside: bool) -> QgsVectorLayer:
    layer = _points(((x, y, {"label": name.upper()}) for name, x, y in zones), ("label",))
    layer.setRenderer(QgsNullSymbolRenderer())
    if not beside:
        _label(layer, _format(5.6, INK_500, halo=0.45, spacing=0.3), priority=1)
        return layer
    labels = _label(layer, _format(5.6, INK, halo=0.6, weight=QFont.Bold, spacing=0.2), priority=9, apply=False)
    labels.placement = QgsPalLayerSettings.OrderedPositionsAroundPoint
    labels.dist = 1.6
    labels.distUnits = QgsUnitTypes.RenderMillimeters
    layer.setLabeling(QgsVectorLayerSimpleLabeling(labels))
    layer.setLabelsEnabled(True)
    return layer


def _towns(towns: Sequence[tuple[str, float, float, float]]) -> QgsVectorLayer:
    """Circles in four sizes by population; larger names first when space lacks."""
    rows = []
    for name, x, y, people in towns:
        step = sum(people >= limit for limit in (50_000, 100_000, 500_000))
        rows.append((x, y, {"label": name, "people": people, "mm": 1.1 + 0.5 * step, "pt": 6.2 + 0.5 * step}))
    layer = _points(rows, ("label", "people", "mm", "pt"))
    symbol = QgsMarkerSymbol.createSimple(
        {"name": "circle", "color": "#ffffff", "outline_color": INK, "outline_width": "0.28"}
    )
    symbol.setDataDefinedSize(QgsProperty.fromField("mm"))
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    labels = _label(layer, _format(6.6, INK, halo=0.7, weight=QFont.DemiBold), priority=6, apply=False)
    labels.placement = QgsPalLayerSettings.OrderedPositionsAroundPoint
    labels.dist = 0.6
    labels.distUnits = QgsUnitTypes.RenderMillimeters
    properties = labels.dataDefinedProperties()
    properties.setProperty(QgsPalLayerSettings.Size, QgsProperty.fromField("pt"))
    properties.setProperty(
        QgsPalLayerSettings.Priority, QgsProperty.fromExpression('4 + 5 * min(1, sqrt("people") / 1000)')
    )
    labels.setDataDefinedProperties(properties)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(labels))
    layer.setLabelsEnabled(True)
    return layer


def _plates(
    on_land: Mapping[int, Any], styles: Mapping[int, ClassStyle], origin: Any, hidden: Any, most: int
) -> QgsVectorLayer:
    """A numeral on a white plate in each large patch of each class, beside the star rather than on it."""
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
                rows.append((point[0], point[1], {"label": styles[number].numeral}))
    layer = _points(rows, ("label",))
    layer.setRenderer(QgsNullSymbolRenderer())
    text = _format(7.0, INK, weight=QFont.Bold)
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
    labels = _label(layer, text, priority=10, apply=False)
    labels.placement = QgsPalLayerSettings.OverPoint
    labels.displayAll = True
    layer.setLabeling(QgsVectorLayerSimpleLabeling(labels))
    layer.setLabelsEnabled(True)
    return layer


def _origin(map_sheet: MapSheet) -> QgsVectorLayer:
    """The epicentre or the volcano, with its word."""
    x, y = map_sheet.point.x, map_sheet.point.y
    layer = _points([(x, y, {"label": map_sheet.words.epicentre})], ("label",))
    name = map_sheet.scale.mark
    star = {"name": name, "color": INK, "size": "5.2", "outline_color": "#ffffff", "outline_width": "0.35"}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(star)))
    labels = _label(layer, _format(7.0, INK, halo=0.8, weight=QFont.Bold), priority=10, apply=False)
    labels.placement = QgsPalLayerSettings.OrderedPositionsAroundPoint
    labels.dist = 2.4
    labels.distUnits = QgsUnitTypes.RenderMillimeters
    layer.setLabeling(QgsVectorLayerSimpleLabeling(labels))
    layer.setLabelsEnabled(True)
    return layer


def _fill(shapes: Iterable[Any], colour: str, edge: str | None, edge_mm: float = 0.08) -> QgsVectorLayer:
    style = {"color": colour, "outline_style": "no"}
    if edge:
        style |= {"outline_style": "solid", "outline_color": edge, "outline_width": f"{edge_mm}"}
    return _layer("MultiPolygon", shapes, QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(style)))


def _line(shape: Any, colour: str, width_mm: float) -> QgsVectorLayer:
    style = {"color": colour, "width": f"{width_mm}", "capstyle": "round", "joinstyle": "round"}
    return _layer("MultiLineString", [shape], QgsSingleSymbolRenderer(QgsLineSymbol.createSimple(style)))


def _layer(kind: str, shapes: Iterable[Any], renderer: Any) -> QgsVectorLayer:
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


def _points(rows: Iterable[tuple[float, float, Mapping[str, Any]]], fields: Sequence[str]) -> QgsVectorLayer:
    layer = QgsVectorLayer("Point?crs=EPSG:4326", "", "memory")
    layer.dataProvider().addAttributes(
        [QgsField(name, QVariant.String if name == "label" else QVariant.Double) for name in fields]
    )
    layer.updateFields()
    features = []
    for x, y, attributes in rows:
        feature = QgsFeature(layer.fields())
        geometry = QgsGeometry()
        geometry.fromWkb(shapely.to_wkb(shapely.Point(x, y)))
        feature.setGeometry(geometry)
        for name in fields:
            feature[name] = attributes[name]
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def _format(
    points: float, colour: str, *, halo: float = 0.0, weight: int = QFont.Normal, spacing: float = 0.0
) -> QgsTextFormat:
    font = QFont(FONT)
    font.setWeight(weight)
    if spacing:
        font.setLetterSpacing(QFont.AbsoluteSpacing, spacing)
    text = QgsTextFormat()
    text.setFont(font)
    text.setSize(points)
    text.setSizeUnit(_POINTS)
    text.setColor(QColor(colour))
    if halo:
        buffer = QgsTextBufferSettings()
        buffer.setEnabled(True)
        buffer.setSize(halo)
        buffer.setColor(QColor(255, 255, 255, 220))
        text.setBuffer(buffer)
    return text


def _label(layer: QgsVectorLayer, text: QgsTextFormat, priority: int, *, apply: bool = True) -> QgsPalLayerSettings:
    labels = QgsPalLayerSettings()
    labels.fieldName = "label"
    labels.setFormat(text)
    labels.priority = priority
    labels.placement = QgsPalLayerSettings.OverPoint
    if apply:
        layer.setLabeling(QgsVectorLayerSimpleLabeling(labels))
        layer.setLabelsEnabled(True)
    return labels


def _translucent(colour: str, opacity: float) -> QColor:
    made = QColor(colour)
    made.setAlphaF(opacity)
    return made
