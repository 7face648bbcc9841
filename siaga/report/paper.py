"""The files of a report of any hazard: per language the map, the page, the PDF, and pictures."""

from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siaga.conventions import CONVENTIONS
from siaga.exposure.places import Places
from siaga.gis.map import drawing
from siaga.gis.map.scale import Scale
from siaga.gis.map.sheet import NO_WORDS, MapSheet, Words
from siaga.impact.stored import Impact
from siaga.language import Language
from siaga.product import Product
from siaga.report import fit, picture, template, typesetters
from siaga.report.fit import MAP_MM, Fit, TypesetPages
from siaga.report.words import short


@dataclass(frozen=True, slots=True)
class Atlas:
    """What maps are drawn with; None where it is not installed. zones: (name, geometry) that the map may name."""

    basemap: Path | None
    places: Places | None
    zones: Sequence[tuple[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """What a hazard says in one language, on paper and in a picture for messengers.

    impact: the impact.json that it prints. classes: GeoJSON of the scale's classes. origin: beside the mark of where
    the hazard comes from. guess: of how it fills its pages. picture_map_px: height of the picture's map.
    pages: the HTML of its pages for a fit; it names its map, see template.with_map. picture: likewise, of the picture.
    """

    impact: Impact
    classes: Mapping[str, Any]
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
        return self._map(words(self.language, self.origin), MAP_MM, height_mm, zones=zones)

    def picture_map(self, written: Words) -> MapSheet:
        """The map of the picture. written: what stands on it."""
        mm = 25.4 / picture.MAP_DPI
        return self._map(
            written, picture.WIDTH * mm, self.picture_map_px * mm, zones=(), dpi=picture.MAP_DPI, small=True
        )

    def _map(self, written: Words, width_mm: float, height_mm: float, **more: Any) -> MapSheet:
        event: Mapping[str, Any] = self.impact["event"]
        return MapSheet(
            self.classes,
            event.get("longitude"),
            event.get("latitude"),
            self.atlas.basemap,
            self.atlas.places,
            words=written,
            drill=self.impact["drill"],
            width_mm=width_mm,
            height_mm=height_mm,
            scale=self.scale,
            **more,
        )


def of(papers: Sequence[Paper], meanwhile: Callable[[], list[Product]] = list) -> list[Product]:
    """All products, in the order of the papers, one for each language; then those that `meanwhile` makes.

    The pages are set by other processes, all languages at once, while maps are drawn here and `meanwhile` runs.
    """
    under_way = [_Setting(paper) for paper in papers]
    pictures = [_Picture(paper) for paper in papers]
    try:
        for setting in under_way:
            setting.draw()
        _draw_pictures(pictures)
        _go_on(under_way)
        others = meanwhile()
        while waiting := [setting.answer for setting in under_way if setting.typeset is None]:
            futures.wait(waiting, return_when=futures.FIRST_COMPLETED)
            _go_on(under_way)
        products = [product for setting in under_way for product in setting.pages()]
        products += [product for setting in under_way for product in setting.first_page()]
        return products + [picture.product() for picture in pictures] + others
    finally:
        drawn = [setting.drawn for setting in under_way] + [picture.drawn for picture in pictures]
        for one in drawn:
            one.cancel()  # no typesetter shall wait for a map that does not come


class _Setting:
    """One paper while it is set: tried, mended and tried again until it holds."""

    def __init__(self, paper: Paper) -> None:
        self._paper, self._fit, self._tries = paper, paper.guess, 0
        self.drawn: futures.Future[bytes] = futures.Future()
        self.typeset: TypesetPages | None = None
        self._try()

    def draw(self) -> None:
        """Draw the map, unless it is drawn."""
        if not self.drawn.done():
            self.drawn.set_result(drawing.draw(self._paper.map(self._fit.map_mm)))

    def _try(self) -> None:
        self._tries += 1
        paper = self._paper
        self._page = paper.pages(self._fit)
        name, last = f"{paper.impact['run']}{paper.language.code}", self._tries == fit.TRIES
        self.answer = typesetters.pages(self._page, self._fit, paper.impact["drill"], name, last, self.drawn)

    def go_on(self) -> None:
        """Take the answer: the pages, or what is to be mended."""
        answer = self.answer.result()
        if isinstance(answer, TypesetPages):
            self.typeset = answer
            return
        if answer.map_mm != self._fit.map_mm:
            self.drawn = futures.Future()
        self._fit = answer
        self._try()
        self.draw()

    def pages(self) -> list[Product]:
        """The map, the page and the PDF."""
        code, typeset, drawn = self._paper.language.code, self._whole(), self.drawn.result()
        page = template.with_map(self._page, drawn).encode()
        return [
            Product(f"map-{code}.png", "map", "image/png", drawn, code),
            Product(f"report-{code}.html", "page", "text/html; charset=utf-8", page, code),
            Product(f"report-{code}.pdf", "report", "application/pdf", typeset.pdf, code),
        ]

    def first_page(self) -> list[Product]:
        """The first page as pictures, large and small."""
        code, typeset = self._paper.language.code, self._whole()
        return [
            Product(f"report-{code}.png", "picture", "image/png", typeset.picture, code),
            Product(f"thumbnail-{code}.png", "thumbnail", "image/png", typeset.thumbnail, code),
        ]

    def _whole(self) -> TypesetPages:
        if self.typeset is None:
            raise RuntimeError("not set yet")
        return self.typeset


def _go_on(under_way: Sequence[_Setting]) -> None:
    for setting in under_way:
        if setting.typeset is None and setting.answer.done():
            setting.go_on()


class _Picture:
    """One picture for messengers while it is set."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.drawn: futures.Future[bytes] = futures.Future()
        self._answer = typesetters.picture(paper.picture(), self.drawn)

    def product(self) -> Product:
        """It, once it is set."""
        code = self.paper.language.code
        return Product(f"share-{code}.png", "share", "image/png", self._answer.result(), code)


def _draw_pictures(pictures: Sequence[_Picture]) -> None:
    """Their maps. One without words serves all languages."""
    first = pictures[0].paper
    plain = None if first.impact["drill"] else drawing.draw(first.picture_map(NO_WORDS))
    for one in pictures:
        one.drawn.set_result(plain or drawing.draw(one.paper.picture_map(exercise_alone(one.paper.language))))


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
