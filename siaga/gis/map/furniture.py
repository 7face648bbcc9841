"""What stands around a map's content: frame, ticks, scale bar, north, inset, and the mark of an exercise."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import shapely
from qgis.PyQt.QtCore import QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPolygonF

from siaga.foreign import Geometry
from siaga.gis import basemap, turns
from siaga.gis.basemap import Rectangle
from siaga.gis.map.sheet import MapSheet, Words

INK, INK_500, INK_300, SEA, PAPER = (QColor(c) for c in ("#14202b", "#5c6b77", "#9aa6af", "#e7ecef", "#ffffff"))
DRILL = "#5b2d8e"
_INSET_BOUNDS = (94.5, -11.5, 141.5, 7.0)
_INSET_MM = (40.0, 15.8)
_MARK_MM = (31.0, 6.5)  # an exercise's word
_SMALL_MARK = 0.5  # on a small map
_STRIP_MM = 5.0  # along the upper edge, where the degrees stand
_STEPS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)  # degrees between ticks


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the furniture stands, in mm from the upper left corner, and what it hides.

    inset: left and top, None without a base map or far from what it shows. marks: base lines of an exercise's words.
    hidden: rectangles in degrees in which names and numerals would not be seen.
    """

    inset: tuple[float, float] | None
    marks: tuple[tuple[float, float], ...]
    hidden: Geometry


def plan(map_sheet: MapSheet, extent: Rectangle, land: Geometry) -> Plan:
    """Find the corner for the inset and, in each quarter, the spot for an exercise's word with the least land.

    land: what should stay in sight.
    """
    width, height = map_sheet.width_mm, map_sheet.height_mm
    mark = tuple(mm * (_SMALL_MARK if map_sheet.small else 1.0) for mm in _MARK_MM)
    per_mm = (extent[2] - extent[0]) / width

    def degrees_of(left: float, top: float, wide: float, high: float) -> Rectangle:
        west, north = extent[0] + left * per_mm, extent[3] - top * per_mm
        return west, north - high * per_mm, west + wide * per_mm, north

    def covered(box: Rectangle) -> float:
        return float(shapely.clip_by_rect(land, *box).area)

    hidden = [degrees_of(0, 0, width, _STRIP_MM), degrees_of(0, height - 12, 48, 12)]
    inset = None
    if map_sheet.basemap is not None and _in_inset(extent):
        wide, high = _INSET_MM
        right, low = width - wide - 1.5, height - high - 1.5
        corners = [(right, 1.5), (right, low), (1.5, 1.5)]
        inset = min(corners, key=lambda corner: round(covered(degrees_of(corner[0], corner[1], wide, high)), 9))
        hidden.append(degrees_of(inset[0] - 1, inset[1] - 1, wide + 2, high + 2))
    blocked = shapely.union_all([shapely.box(*box) for box in hidden])
    marks = []
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)) if map_sheet.drill else ():
        across = [min(width * (x + i / 4) / 2 + 2, width - mark[0] - 2) for i in range(3)]
        down = [min(height * (y + j / 5) / 2 + mark[1] + 1, height - 2) for j in range(4)]
        spots = [(left, base) for left in across for base in down]
        boxes = [degrees_of(left, base - mark[1], *mark) for left, base in spots]
        cost = [covered(box) + 3 * float(shapely.clip_by_rect(blocked, *box).area) for box in boxes]
        marks.append(spots[cost.index(min(cost))])
    return Plan(inset, tuple(marks), blocked)


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


def paint(image: QImage, map_sheet: MapSheet, extent: Rectangle, planned: Plan) -> None:
    """Draw the furniture over a rendered map; on a small one an exercise's words alone."""
    pen = _Pen(image, map_sheet.dpi)
    _mark_exercise(pen, map_sheet, planned.marks)
    if map_sheet.small:
        pen.painter.end()
        return
    _ticks(pen, map_sheet, extent, planned.inset)
    _scale_bar(pen, extent, map_sheet.words.north)
    if planned.inset is not None and map_sheet.basemap is not None:
        _inset(pen, map_sheet.basemap, extent, planned.inset)
    pen.painter.setPen(QPen(INK_300, 0.25))
    pen.painter.setBrush(Qt.NoBrush)
    pen.painter.drawRect(QRectF(0.12, 0.12, pen.width - 0.24, pen.height - 0.24))
    pen.painter.end()


def _mark_exercise(pen: _Pen, map_sheet: MapSheet, marks: Iterable[tuple[float, float]]) -> None:
    """In each quarter of the map, so that any crop still says it."""
    colour = QColor(DRILL)
    colour.setAlphaF(0.42)
    font = pen.font(17 * (_SMALL_MARK if map_sheet.small else 1.0), QFont.ExtraBold)
    for x, y in marks:
        path = QPainterPath()
        path.addText(0, 0, font, map_sheet.words.exercise)
        pen.painter.save()
        pen.painter.translate(x, y)
        pen.painter.scale(0.01, 0.01)
        pen.painter.fillPath(path, QBrush(colour))
        pen.painter.restore()


def _ticks(pen: _Pen, map_sheet: MapSheet, extent: Rectangle, inset: tuple[float, float] | None) -> None:
    west, south, east, north = extent
    step = next((step for step in _STEPS if (east - west) / step <= 6), 10.0)
    font, words = pen.font(5.6), map_sheet.words
    pen.painter.setPen(QPen(INK_500, 0.2))
    for number in range(math.ceil(west / step), math.floor(east / step) + 1):
        x = (number * step - west) / (east - west) * pen.width
        pen.painter.drawLine(QPointF(x, 0), QPointF(x, 1.4))
        if 8 < x < pen.width - 8 and not (inset and inset[1] < 5 and inset[0] - 8 < x < inset[0] + _INSET_MM[0] + 8):
            longitude = float(turns.near(number * step, 0.0))
            side = "" if abs(longitude) in (0, 180) else words.east if longitude > 0 else words.west
            pen.text(x - 3, 3.6, f"{_degrees(abs(longitude), words)}° {side}".rstrip(), font, INK_500)
    for number in range(math.ceil(south / step), math.floor(north / step) + 1):
        y = (north - number * step) / (north - south) * pen.height
        pen.painter.drawLine(QPointF(0, y), QPointF(1.4, y))
        if 8 < y < pen.height - 14 and not (inset and inset[0] < 5 and y < inset[1] + _INSET_MM[1] + 2):
            side = words.north_of_equator if number > 0 else words.south if number else ""
            pen.text(2.0, y + 0.7, f"{_degrees(abs(number * step), words)}° {side}".rstrip(), font, INK_500)


def _degrees(value: float, words: Words) -> str:
    return f"{value:g}".replace(".", words.decimal)


def _scale_bar(pen: _Pen, extent: Rectangle, north_letter: str) -> None:
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
    _north(pen, x + long + 9, north_letter)


def _north(pen: _Pen, x: float, letter: str) -> None:
    y = pen.height - 6.6
    pen.painter.setPen(Qt.NoPen)
    pen.painter.setBrush(QBrush(INK))
    pen.painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x + 1.1, y + 3.4), QPointF(x, y + 2.5)]))
    pen.painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x - 1.1, y + 3.4), QPointF(x, y + 2.5)]))
    pen.text(x + 1.6, y + 3.3, letter, pen.font(6.2, QFont.DemiBold), INK)


def _inset(pen: _Pen, path: Path, extent: Rectangle, corner: tuple[float, float]) -> None:
    """Indonesia, and where in it this map lies."""
    width, height = _INSET_MM
    left, top = corner
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


def _in_inset(extent: Rectangle) -> bool:
    """Whether a map lies, if only in part, where the inset can show it."""
    return bool(shapely.intersects(shapely.box(*extent), shapely.box(*_INSET_BOUNDS)))


@lru_cache(maxsize=2)
def _outline(path: Path) -> QPainterPath:
    drawn = QPainterPath()
    for part in shapely.get_parts(basemap.overview(path)):
        drawn.addPolygon(QPolygonF([QPointF(x, y) for x, y in part.exterior.coords]))
        drawn.closeSubpath()
    return drawn
