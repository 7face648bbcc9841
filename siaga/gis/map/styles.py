"""How QGIS draws the layers of the event GeoPackage, as bytes that depend on nothing but what is drawn."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsExpression,
    QgsFillSymbol,
    QgsLineSymbol,
    QgsMapLayer,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsReadWriteContext,
    QgsRendererCategory,
    QgsRuleBasedRenderer,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtXml import QDomDocument

from siaga import palette
from siaga.exposure.vocabulary import STRUCTURE_TYPES
from siaga.foreign import FeatureLayer, QgisObject
from siaga.gis.map.scale import INK, INK_500
from siaga.impact.mmi import ROMAN

_UUID = re.compile(r"\{?[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}\}?")
_DRAWN = QgsMapLayer.Symbology | QgsMapLayer.Labeling
_TYPE_COLOURS = {"health": "#c2185b", "education": "#1565c0", "bridge": "#4e342e", "evacuation centre": "#2e7d32"}
_ZONES_LINE = {"style": "no", "outline_color": INK_500, "outline_width": "0.2"}


@lru_cache(maxsize=64)  # all events of an installation have the same few, and each costs as much as its layer
def of(table: str, geometry: str, levels: tuple[str | None, ...] = (), seen: str | None = None) -> str:
    """The style of one table of the GeoPackage, as QGIS's XML (QML); it depends on no feature, so an empty layer does.

    geometry: MultiPolygon, Point … as the table has it. levels: of zones, each a rule of its own that QGIS's list of
    layers switches; seen: the one that is switched on.
    """
    layer = QgsVectorLayer(f"{geometry}?crs=EPSG:4326", table, "memory")
    if table == "zones":
        _zones(layer, levels, seen)
    else:
        _STYLES[table](layer)
    document = QDomDocument()
    layer.exportNamedStyle(document, QgsReadWriteContext(), _DRAWN)
    return _canonical(document.toString())


def _canonical(written: str) -> str:
    """Without random numbers, attributes in one order: QGIS writes them in a random one."""
    numbered: dict[str, str] = {}
    written = _UUID.sub(lambda met: numbered.setdefault(met[0], f"siaga-{len(numbered)}"), written)
    root = ElementTree.fromstring(written)
    for element in root.iter():
        for name, value in element.attrib.items():
            if value.startswith("<symbol"):  # XML within an attribute
                element.attrib[name] = ElementTree.canonicalize(value)
        ordered = sorted(element.attrib.items())
        element.attrib.clear()
        element.attrib.update(ordered)
    return ElementTree.tostring(root, encoding="unicode")


def _bands(layer: FeatureLayer) -> None:
    categories = []
    for mmi, colour in palette.MMI.items():
        symbol = QgsFillSymbol.createSimple({"color": colour, "outline_style": "no"})
        categories.append(QgsRendererCategory(mmi, symbol, f"MMI {ROMAN[mmi]}"))
    layer.setRenderer(QgsCategorizedSymbolRenderer("mmi", categories))
    layer.setOpacity(0.8)


def _zones(layer: FeatureLayer, levels: Sequence[str | None], seen: str | None) -> None:
    """One table holds zones of all levels: drawn at once, provinces would lie above their districts' names."""
    rules = QgsRuleBasedRenderer.Rule(None)
    for level in levels:
        chosen = QgsExpression.createFieldEqualityExpression("level", level)
        rule = QgsRuleBasedRenderer.Rule(QgsFillSymbol.createSimple(_ZONES_LINE), 0, 0, chosen, level or "")
        rule.setActive(level == seen)
        rules.appendChild(rule)
    layer.setRenderer(QgsRuleBasedRenderer(rules))
    _label(layer, "name", 7, INK_500)


def _contours(layer: FeatureLayer) -> None:
    symbol = QgsLineSymbol.createSimple({"line_color": INK, "line_width": "0.25"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    _label(layer, "roman", 8, INK, QgsPalLayerSettings.Line)


def _structures(layer: FeatureLayer) -> None:
    categories = []
    for name in STRUCTURE_TYPES:
        colour = _TYPE_COLOURS.get(name, INK_500)
        options = {"name": "square", "color": colour, "outline_color": "#ffffff", "size": "1.6"}
        categories.append(QgsRendererCategory(name, QgsMarkerSymbol.createSimple(options), name))
    layer.setRenderer(QgsCategorizedSymbolRenderer("type", categories))


def _places(layer: FeatureLayer) -> None:
    options = {"name": "circle", "color": "#ffffff", "outline_color": INK, "size": "2"}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(options)))
    _label(layer, "name", 8, INK, QgsPalLayerSettings.OrderedPositionsAroundPoint)


def _epicentre(layer: FeatureLayer) -> None:
    options = {"name": "star", "color": "#c80000", "outline_color": "#ffffff", "size": "6"}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(options)))


def _label(layer: FeatureLayer, field: str, points: float, colour: str, placement: QgisObject = None) -> None:
    text = QgsTextFormat()
    text.setSize(points)
    text.setColor(QColor(colour))
    halo = QgsTextBufferSettings()
    halo.setEnabled(True)
    halo.setSize(0.7)
    text.setBuffer(halo)
    labels = QgsPalLayerSettings()
    labels.fieldName = field
    labels.setFormat(text)
    if placement is not None:
        labels.placement = placement
    layer.setLabeling(QgsVectorLayerSimpleLabeling(labels))
    layer.setLabelsEnabled(True)


_STYLES: Mapping[str, Callable[[FeatureLayer], None]] = {
    "bands": _bands,
    "contours": _contours,
    "structures": _structures,
    "places": _places,
    "epicentre": _epicentre,
}
