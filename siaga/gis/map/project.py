"""A QGIS project with styles, as bytes that depend on nothing but its layers."""

import io
import re
import tempfile
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsProject,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor

from siaga import palette
from siaga.exposure.vocabulary import STRUCTURE_TYPES
from siaga.foreign import FeatureLayer, QgisObject
from siaga.gis.map import symbols
from siaga.gis.map.scale import INK, INK_500
from siaga.impact.mmi import ROMAN

_UUID = re.compile(r"\{?[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}\}?")
_NOT_OURS = ("creation", "dates", "author", "individual-layer-settings")  # times, users, in a random order
_TYPE_COLOURS = {"health": "#c2185b", "education": "#1565c0", "bridge": "#4e342e", "evacuation centre": "#2e7d32"}
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Styled:
    """One layer of the project: a table of the GeoPackage, its name for readers, a filter, whether it is seen."""

    table: str
    name: str
    where: str = ""
    shown: bool = True


def make(gpkg: Path, file_name: str, drawn: Sequence[Styled], title: str) -> bytes:
    """A .qgz whose layers, bottom to top, lie in a file of that name beside whoever opens it.

    gpkg: the file as it is now, with its layers written.
    """
    made = QgsProject()
    made.setTitle(title)
    made.setCrs(symbols.WGS84())
    ids = {}
    for number, one in enumerate(drawn):
        source = f"{gpkg}|layername={one.table}" + (f"|subset={one.where}" if one.where else "")
        layer = QgsVectorLayer(source, one.name, "ogr")
        ids[layer.id()] = f"siaga_{number}_{one.table}"
        _STYLES[one.table](layer)
        made.addMapLayer(layer, False)
        made.layerTreeRoot().insertLayer(0, layer).setItemVisibilityChecked(one.shown)
    with tempfile.TemporaryDirectory(dir=gpkg.parent) as folder:
        path = gpkg.parent / f"{Path(folder).name}.qgs"  # beside the GeoPackage, so that paths come out relative
        made.write(str(path))
        written = path.read_text(encoding="utf-8")
        path.unlink()
    made.clear()
    for old, new in ids.items():
        written = written.replace(old, new)
    written = written.replace(f"./{gpkg.name}", f"./{file_name}")
    return _packed(_canonical(written))


def _canonical(written: str) -> bytes:
    """Without time, user and random numbers, attributes in one order: QGIS writes them in a random one."""
    numbered: dict[str, str] = {}
    written = _UUID.sub(lambda met: numbered.setdefault(met[0], f"siaga-{len(numbered)}"), written)
    root = ElementTree.fromstring(written)
    for name in ("saveUser", "saveUserFull", "saveDateTime"):
        root.attrib.pop(name, None)
    for parent in list(root.iter()):
        for child in [one for one in parent if one.tag in _NOT_OURS]:
            parent.remove(child)
        for name, value in parent.attrib.items():
            if value.startswith("<symbol"):  # XML within an attribute
                parent.attrib[name] = ElementTree.canonicalize(value)
        ordered = sorted(parent.attrib.items())
        parent.attrib.clear()
        parent.attrib.update(ordered)
    layers = root.find("projectlayers")
    if layers is not None:  # QGIS sorts them by its random ids
        layers[:] = sorted(layers, key=lambda layer: layer.findtext("id") or "")
    return ElementTree.tostring(root, encoding="unicode").encode()


def _packed(document: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        entry = zipfile.ZipInfo("siaga.qgs", _ZIP_DATE)
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, document)
    return body.getvalue()


def _bands(layer: FeatureLayer) -> None:
    categories = []
    for mmi, colour in palette.MMI.items():
        symbol = QgsFillSymbol.createSimple({"color": colour, "outline_style": "no"})
        categories.append(QgsRendererCategory(mmi, symbol, f"MMI {ROMAN[mmi]}"))
    layer.setRenderer(QgsCategorizedSymbolRenderer("mmi", categories))
    layer.setOpacity(0.8)


def _zones(layer: FeatureLayer) -> None:
    symbol = QgsFillSymbol.createSimple({"style": "no", "outline_color": INK_500, "outline_width": "0.2"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
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


_STYLES = {
    "bands": _bands,
    "zones": _zones,
    "contours": _contours,
    "structures": _structures,
    "places": _places,
    "epicentre": _epicentre,
}
