"""The files of a report of any hazard: per language the map, the page, the PDF, and pictures."""

from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any, Protocol

from siaga.conventions import CONVENTIONS
from siaga.gis.map import drawing, sheet
from siaga.language import Language
from siaga.product import Product
from siaga.report import fit, typesetters
from siaga.report.fit import Fit, Sheets


class Paper(Protocol):
    """What a hazard says in one language, on paper and in a picture for messengers."""

    @property
    def language(self) -> Language:
        """Of all that is said."""

    @property
    def impact(self) -> Mapping[str, Any]:
        """The impact.json that it prints."""

    def first(self) -> Fit:
        """A guess of how it fills its sheets."""

    def map(self, height_mm: float) -> sheet.MapSheet:
        """The map of page 1."""

    def html(self, map_png: bytes, fitted: Fit) -> str:
        """The pages."""

    def share_map(self, words: sheet.Words) -> sheet.MapSheet:
        """The map of the picture."""

    def share(self, map_png: bytes) -> str:
        """The picture as a page of its own, to be typeset at 96 dpi."""


def of(papers: Sequence[Paper], meanwhile: Callable[[], list[Product]] = list) -> list[Product]:
    """All products, in the order of the papers, one for each language; then those that `meanwhile` makes.

    The pages are set by other processes, all languages at once, while maps are drawn here and `meanwhile` runs.
    """
    under_way = [_Setting(paper) for paper in papers]
    shares = _shares(papers)
    others = meanwhile()
    while waiting := [one for one in under_way if one.sheets is None]:
        futures.wait([one.answer for one in waiting], return_when=futures.FIRST_COMPLETED)
        for one in waiting:
            if one.answer.done():
                one.go_on()
    found = [product for one in under_way for product in one.pages()]
    found += [product for one in under_way for product in one.pictures()]
    found += [Product(f"share-{code}.png", "share", "image/png", answer.result(), code) for code, answer in shares]
    return found + others


class _Setting:
    """One paper while it is set: tried, mended and tried again until it holds."""

    def __init__(self, paper: Paper) -> None:
        self._paper, self._fit, self._tries = paper, paper.first(), 0
        self._map = drawing.draw(paper.map(self._fit.map_mm))
        self.sheets: Sheets | None = None
        self._try()

    def _try(self) -> None:
        self._tries += 1
        paper = self._paper
        self._page = paper.html(self._map, self._fit)
        name = f"{paper.impact['run']}{paper.language.code}"
        self.answer = typesetters.sheets(self._page, self._fit, paper.impact["drill"], name, self._tries == fit.TRIES)

    def go_on(self) -> None:
        """Take the answer: the sheets, or what is to be mended."""
        found = self.answer.result()
        if isinstance(found, Sheets):
            self.sheets = found
            return
        if found.map_mm != self._fit.map_mm:
            self._map = drawing.draw(self._paper.map(found.map_mm))
        self._fit = found
        self._try()

    def pages(self) -> list[Product]:
        """The map, the page and the PDF."""
        code, sheets = self._paper.language.code, self._whole()
        return [
            Product(f"map-{code}.png", "map", "image/png", self._map, code),
            Product(f"report-{code}.html", "page", "text/html; charset=utf-8", self._page.encode(), code),
            Product(f"report-{code}.pdf", "report", "application/pdf", sheets.pdf, code),
        ]

    def pictures(self) -> list[Product]:
        """The first sheet, large and small."""
        code, sheets = self._paper.language.code, self._whole()
        return [
            Product(f"report-{code}.png", "picture", "image/png", sheets.picture, code),
            Product(f"thumbnail-{code}.png", "thumbnail", "image/png", sheets.thumbnail, code),
        ]

    def _whole(self) -> Sheets:
        if self.sheets is None:
            raise RuntimeError("not set yet")
        return self.sheets


def _shares(papers: Sequence[Paper]) -> list[tuple[str, "futures.Future[bytes]"]]:
    """The pictures for messengers, under way. One map without words serves all languages."""
    plain = None if papers[0].impact["drill"] else drawing.draw(papers[0].share_map(sheet.NO_WORDS))
    under_way = []
    for paper in papers:
        picture = plain or drawing.draw(paper.share_map(exercise_alone(paper.language)))
        under_way.append((paper.language.code, typesetters.share(paper.share(picture), paper.impact["run"])))
    return under_way


def words(_: Language, origin: str = "") -> sheet.Words:
    """What is written on a map. origin: beside the mark of where the hazard comes from."""
    convention = CONVENTIONS[_.code]
    return sheet.Words(
        epicentre=origin,
        north=_("N"),
        exercise=_("EXERCISE"),
        east=convention.east,
        west=convention.west,
        south=convention.south,
        north_of_equator=convention.north,
        decimal=convention.decimal,
    )


def exercise_alone(_: Language) -> sheet.Words:
    """The one word of a small map."""
    return sheet.Words("", "", _("EXERCISE"), "", "", "", "")
