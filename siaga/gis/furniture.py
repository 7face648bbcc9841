"""What stands around a map's content: frame, ticks, scale bar, north, inset, and the mark of an exercise."""

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import shapely
from qgis.PyQt.QtCore import QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPolygonF

from siaga.gis import basemap
from siaga.gis.basemap import Rectangle

INK, INK_500, INK_300, SEA, PAPER = (QColor(c) for c in ("#14202b", "#5c6b77", "#9aa6af", "#e7ecef", "#ffffff"))
DRILL = "#5b2d8e"
_INSET_BOUNDS = (94.5, -11.5, 141.5, 7.0)
_INSET_MM = (40.0, 15.8)
_STEPS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)  # degrees between ticks


class _Pen:
    """A painter that measures in millimetres and points."""

    def __init__(self, image: QImage, dpi: float) -> None:
        self.painter = QPainter(image)
        self.painter.setRenderHint(QPainter.Antialiasing)
        self.mm = dpi / 25.4
        self.width, self.height = image.width() / self.mm, image.height() / self.mm
        self.painter.scale(self.mm, self.mm)

    def font(self, points: float, weight: int = QFont.Normal) -> QFont:
        font = QFont("Inter")
        # The painter is scaled to millimetres, where a fraction of a pixel is too small for Qt to lay
        # text out; so text is set a hundred times larger and scaled back.
        font.setPixelSize(round(points * 0.3528 * 100))
        font.setWeight(weight)
        return font

    def text(self, x: float, y: float, words: str, font: QFont, colour: QColor, *, right: bool = False) -> None:
        """Base line at x, y; a white halo keeps it readable on any ground."""
        path = QPainterPath()
        path.addText(0, 0, font, words)
        width = QFontMetricsF(font).horizontalAdvance(words) / 100
        self.painter.save()
        self.painter.translate(x - width if right else x, y)
        self.painter.scale(0.01, 0.01)
        self.painter.strokePath(path, QPen(QColor(255, 255, 255, 200), 60, Qt.SolidLine, Qt.RoundCap, Qt.RoundJoin))
        self.painter.fillPath(path, QBrush(colour))
        self.painter.restore()


def paint(image: QImage, sheet: Any, extent: Rectangle) -> None:
    """Draw the furniture over a rendered map."""
    pen = _Pen(image, sheet.dpi)
    if sheet.drill:
        _mark_exercise(pen, sheet.words.exercise)
    _ticks(pen, sheet, extent)
    _scale_bar(pen, extent)
    _north(pen, sheet.words.north)
    if sheet.basemap is not None:
        _inset(pen, sheet.basemap, extent)
    pen.painter.setPen(QPen(INK_300, 0.25))
    pen.painter.setBrush(Qt.NoBrush)
    pen.painter.drawRect(QRectF(0.12, 0.12, pen.width - 0.24, pen.height - 0.24))
    pen.painter.end()


def _mark_exercise(pen: _Pen, word: str) -> None:
    """In each half of the map, so that any crop still says it."""
    colour = QColor(DRILL)
    colour.setAlphaF(0.42)
    font = pen.font(17, QFont.ExtraBold)
    for x, y in ((0.10, 0.30), (0.62, 0.62), (0.12, 0.80)):
        path = QPainterPath()
        path.addText(0, 0, font, word)
        pen.painter.save()
        pen.painter.translate(x * pen.width, y * pen.height)
        pen.painter.scale(0.01, 0.01)
        pen.painter.fillPath(path, QBrush(colour))
        pen.painter.restore()


def _ticks(pen: _Pen, sheet: Any, extent: Rectangle) -> None:
    west, south, east, north = extent
    step = next((step for step in _STEPS if (east - west) / step <= 6), 10.0)
    font, words = pen.font(5.6), sheet.words
    pen.painter.setPen(QPen(INK_500, 0.2))
    for number in range(math.ceil(west / step), math.floor(east / step) + 1):
        x = (number * step - west) / (east - west) * pen.width
        pen.painter.drawLine(QPointF(x, 0), QPointF(x, 1.4))
        if 8 < x < pen.width - 56:
            pen.text(x - 3, 3.6, f"{_degrees(number * step, words)}° {words.east}", font, INK_500)
    for number in range(math.ceil(south / step), math.floor(north / step) + 1):
        y = (north - number * step) / (north - south) * pen.height
        pen.painter.drawLine(QPointF(0, y), QPointF(1.4, y))
        if 8 < y < pen.height - 14:
            side = words.north_of_equator if number > 0 else words.south if number else ""
            pen.text(2.0, y + 0.7, f"{_degrees(abs(number * step), words)}° {side}".rstrip(), font, INK_500)


def _degrees(value: float, words: Any) -> str:
    return f"{value:g}".replace(".", words.decimal)


def _scale_bar(pen: _Pen, extent: Rectangle) -> None:
    west, south, east, north = extent
    km_per_mm = (east - west) / pen.width * 111.32 * math.cos(math.radians((south + north) / 2))
    km = max(one for one in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000) if one / km_per_mm <= 30 or one == 1)
    long = km / km_per_mm
    x, y = 4.0, pen.height - 4.0
    for index, colour in enumerate((INK, PAPER)):
        pen.painter.setPen(QPen(INK, 0.18))
        pen.painter.setBrush(QBrush(colour))
        pen.painter.drawRect(QRectF(x + index * long / 2, y, long / 2, 0.9))
    font = pen.font(5.8)
    pen.text(x - 0.4, y - 0.9, "0", font, INK)
    pen.text(x + long - 1.5, y - 0.9, f"{km} km", font, INK)


def _north(pen: _Pen, letter: str) -> None:
    x, y = 46.0, pen.height - 6.6
    pen.painter.setPen(Qt.NoPen)
    pen.painter.setBrush(QBrush(INK))
    pen.painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x + 1.1, y + 3.4), QPointF(x, y + 2.5)]))
    pen.painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x - 1.1, y + 3.4), QPointF(x, y + 2.5)]))
    pen.text(x + 1.6, y + 3.3, letter, pen.font(6.2, QFont.DemiBold), INK)


def _inset(pen: _Pen, path: Path, extent: Rectangle) -> None:
    """Indonesia, and where in it this map lies."""
    width, height = _INSET_MM
    left, top = pen.width - width - 1.5, 1.5
    pen.painter.setPen(QPen(INK_300, 0.2))
    pen.painter.setBrush(QBrush(SEA))
    frame = QRectF(left, top, width, height)
    pen.painter.drawRect(frame)
    west, south, east, north = _INSET_BOUNDS
    pen.painter.save()
    pen.painter.setClipRect(frame)
    pen.painter.translate(left, top)
    pen.painter.scale(width / (east - west), height / (north - south))
    pen.painter.translate(-west, north)
    pen.painter.scale(1, -1)
    pen.painter.setPen(Qt.NoPen)
    pen.painter.setBrush(QBrush(QColor("#b9c2c9")))
    pen.painter.drawPath(_outline(path))
    pen.painter.restore()
    scale_x, scale_y = width / (east - west), height / (north - south)
    x, y = left + (extent[0] - west) * scale_x, top + (north - extent[3]) * scale_y
    box = QRectF(x, y, max(1.6, (extent[2] - extent[0]) * scale_x), max(1.6, (extent[3] - extent[1]) * scale_y))
    pen.painter.setPen(QPen(INK, 0.35))
    pen.painter.setBrush(QBrush(QColor(20, 32, 43, 70)))
    pen.painter.save()
    pen.painter.setClipRect(frame)
    pen.painter.drawRect(box)
    pen.painter.restore()


@lru_cache(maxsize=2)
def _outline(path: Path) -> QPainterPath:
    drawn = QPainterPath()
    for part in shapely.get_parts(basemap.overview(path)):
        drawn.addPolygon(QPolygonF([QPointF(x, y) for x, y in part.exterior.coords]))
        drawn.closeSubpath()
    return drawn
