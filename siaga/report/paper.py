"""The files of a report of any hazard: per language the map, the page, the PDF, and pictures."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from siaga.conventions import CONVENTIONS
from siaga.exposure.places import Places
from siaga.foreign import Geometry
from siaga.gis.map import drawing
from siaga.gis.map.scale import Scale
from siaga.gis.map.sheet import NO_WORDS, MapSheet, Words
from siaga.impact.stored import Impact
from siaga.language import Language
from siaga.product import Product
from siaga.report import fit, picture, template, typesetters
from siaga.report.fit import MAP_MM, Fit, TypesetPages
from siaga.report.words import short

_log = logging.getLogger(__name__)
HandOver = Callable[[Sequence[Product]], None]
_PAGES = 3  # of a language's products, those that come first: map, page, PDF


@dataclass(frozen=True, slots=True)
class Atlas:
    """What maps are drawn with; None where it is not installed. zones: (name, geometry) that the map may name."""

    basemap: Path | None
    places: Places | None
    zones: Sequence[tuple[str, Geometry]] = ()


def nobody(_products: Sequence[Product]) -> None:
    """Where products are handed over when all are awaited together."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes on while pages are set.

    make: makes the products that need no page. hand_over: is handed each product as soon as it is whole, so that it
    is stored while others are still made.
    """

    make: Callable[[], list[Product]]
    hand_over: HandOver = nobody


ALONE = Beside(list)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a hazard says in one language, on paper and in a picture for messengers.

    impact: the impact.json that it prints. classes: shapes of the scale's classes by their number. origin: beside the
    mark of where the hazard comes from. guess: of how it fills its pages. picture_map_px: height of the picture's map.
    pages: the HTML of its pages for a fit; it names its map, see template.with_map. picture: likewise, of the picture.
    """

    impact: Impact
    classes: Mapping[int, Geometry]
    atlas: Atlas
    language: Language
    scale: Scale
    origin: str
    guess: Fit
    picture_map_px: int
    pages: Callable[[Fit], str]
    picture: Callable[[], str]

    def map(self, height_mm: float) -> MapSheet:
        """The map of page 1."""
        zones = [(short(name), shape) for name, shape in self.atlas.zones]
        return replace(self._map(words(self.language, self.origin), MAP_MM, height_mm), zones=zones)

    def picture_map(self, written: Words) -> MapSheet:
        """The map of the picture. written: what stands on it."""
        mm = 25.4 / picture.MAP_DPI
        plain = self._map(written, picture.WIDTH * mm, self.picture_map_px * mm)
        return replace(plain, dpi=picture.MAP_DPI, small=True)

    def _map(self, written: Words, width_mm: float, height_mm: float) -> MapSheet:
        impact = self.impact
        return MapSheet(
            self.classes,
            None if impact["hazard"] == "flood" else impact["event"]["longitude"],
            None if impact["hazard"] == "flood" else impact["event"]["latitude"],
            self.atlas.basemap,
            self.atlas.places,
            zones=(),
            words=written,
            drill=self.impact["drill"],
            width_mm=width_mm,
            height_mm=height_mm,
            scale=self.scale,
        )


def of(papers: Sequence[Paper], beside: Beside = ALONE) -> list[Product]:
    """All products, in the order of the papers, one for each language; then those that are made beside.

    The pages are set by other processes, all languages at once, while maps are drawn here and the others are made.
    """
    settings = [_Setting(paper) for paper in papers]
    pictures = [_Picture(paper) for paper in papers]
    under_way: list[_Setting | _Picture] = [*settings, *pictures]
    try:
        for setting in settings:
            setting.draw()
        _draw_pictures(pictures)
        waiting = _go_on(under_way, beside)
        others = beside.make()
        beside.hand_over(others)
        while waiting := _go_on(waiting, beside):
            answers: list[futures.Future[Any]] = [one.answer for one in waiting]
            futures.wait(answers, return_when=futures.FIRST_COMPLETED)
        products = [product for setting in settings for product in setting.products[:_PAGES]]
        products += [product for setting in settings for product in setting.products[_PAGES:]]
        return products + [product for picture in pictures for product in picture.products] + others
    finally:
        for one in under_way:
            one.drawn.cancel()  # no typesetter shall wait for a map that does not come


class _Setting:
    """One paper while it is set: tried, mended and tried again until it holds."""

    def __init__(self, paper: Paper) -> None:
        self._paper, self._fit, self._tries = paper, paper.guess, 0
        self.drawn: futures.Future[bytes] = futures.Future()
        self.products: list[Product] = []
        self._try()

    def draw(self) -> None:
        """Draw the map, unless it is drawn."""
        if not self.drawn.done():
            self.drawn.set_result(drawing.draw(self._paper.map(self._fit.map_mm)))

    def _try(self) -> None:
        self._tries += 1
        paper = self._paper
        name, last = f"{paper.impact['run']}{paper.language.code}", self._tries == fit.TRIES
        if last:
            self._fit = replace(self._fit, dressed=False)
        if not self._fit.dressed and paper.guess.dressed:
            _log.warning("%s: no room for the agency's paragraphs and logo beside the figures", name)
        self._page = paper.pages(self._fit)
        self.answer = typesetters.pages(self._page, self._fit, paper.impact["drill"], name, last, self.drawn)

    def go_on(self) -> None:
        """Take the answer: the pages, or what is to be mended."""
        answer = self.answer.result()
        if isinstance(answer, TypesetPages):
            self.products = [*self._pages(answer), *self._first_page(answer)]
            return
        if answer.map_mm != self._fit.map_mm:
            self.drawn = futures.Future()
        self._fit = answer
        self._try()
        self.draw()

    def _pages(self, typeset: TypesetPages) -> list[Product]:
        """The map, the page and the PDF."""
        code, drawn = self._paper.language.code, self.drawn.result()
        page = template.with_map(self._page, drawn).encode()
        return [
            Product(f"map-{code}.png", "map", "image/png", drawn, code),
            Product(f"report-{code}.html", "page", "text/html; charset=utf-8", page, code),
            Product(f"report-{code}.pdf", "report", "application/pdf", typeset.pdf, code),
        ]

    def _first_page(self, typeset: TypesetPages) -> list[Product]:
        """The first page as pictures, large and small."""
        code = self._paper.language.code
        return [
            Product(f"report-{code}.png", "picture", "image/png", typeset.picture, code),
            Product(f"thumbnail-{code}.png", "thumbnail", "image/png", typeset.thumbnail, code),
        ]


class _Picture:
    """One picture for messengers while it is set."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.drawn: futures.Future[bytes] = futures.Future()
        self.products: list[Product] = []
        self.answer = typesetters.picture(paper.picture(), self.drawn)

    def go_on(self) -> None:
        """Take the answer, which is the picture."""
        code = self.paper.language.code
        self.products = [Product(f"share-{code}.png", "share", "image/png", self.answer.result(), code)]


def _go_on(under_way: Iterable[_Setting | _Picture], beside: Beside) -> list[_Setting | _Picture]:
    """Take the answers that are there, hand over what is whole; those that are not."""
    waiting = []
    for one in under_way:
        if one.answer.done():
            one.go_on()
            beside.hand_over(one.products)
        if not one.products:
            waiting.append(one)
    return waiting


def _draw_pictures(pictures: Sequence[_Picture]) -> None:
    """Their maps: one that serves all languages, but for the one word of an exercise, which goes onto copies."""
    first = pictures[0].paper
    worded = [exercise_alone(one.paper.language) if first.impact["drill"] else NO_WORDS for one in pictures]
    different = dict.fromkeys(worded)
    drawn = dict(zip(different, drawing.draw_each(first.picture_map(worded[0]), list(different)), strict=True))
    for one, written in zip(pictures, worded, strict=True):
        one.drawn.set_result(drawn[written])


def words(_: Language, origin: str = "") -> Words:
    """What is written on a map. origin: beside the mark of where the hazard comes from."""
    convention = CONVENTIONS[_.code]
    return Words(
        epicentre=origin,
        north=_("N"),
        exercise=_("EXERCISE"),
        east=convention.east,
        west=convention.west,
        south=convention.south,
        north_of_equator=convention.north,
        decimal=convention.decimal,
    )


def exercise_alone(_: Language) -> Words:
    """The one word of a small map."""
    return Words("", "", _("EXERCISE"), "", "", "", "")
