"""The files of a report of any hazard: per language the map, the page, the PDF, and pictures."""

import io
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import weasyprint
from PIL import Image

from siaga.gis.map import drawing, sheet
from siaga.language import Language
from siaga.product import Product
from siaga.report import fit, typeset
from siaga.report.fit import Fit

_PNG_DPI = 150
_SHARE_DPI = 96
_SHARE_COLOURS = 96
_THUMBNAIL = (320, 460)


class Paper(Protocol):
    """What a hazard says in one language, on paper and in a picture for messengers."""

    @property
    def language(self) -> Language:
        """Of all that is said."""

    @property
    def run(self) -> str:
        """The run's eight hex digits."""

    @property
    def drill(self) -> bool:
        """Whether it is an exercise."""

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


def of(papers: Sequence[Paper]) -> list[Product]:
    """All products, in the order of the papers, one for each language.

    The pictures are made by another process while the next language is typeset.
    """
    found: list[Product] = []
    pictures: list[tuple[str, _Picture]] = []
    for paper in papers:
        code = paper.language.code
        page, png, document = _set(paper)
        pdf = typeset.pdf(document, f"{paper.run}{code}")
        pictures.append((code, _Picture(pdf)))
        found += [
            Product(f"map-{code}.png", "map", "image/png", png, code),
            Product(f"report-{code}.html", "page", "text/html; charset=utf-8", page.encode(), code),
            Product(f"report-{code}.pdf", "report", "application/pdf", pdf, code),
        ]
    shares = _shares(papers)
    for code, picture in pictures:
        png = picture.png()
        found += [
            Product(f"report-{code}.png", "picture", "image/png", png, code),
            Product(f"thumbnail-{code}.png", "thumbnail", "image/png", _thumbnail(png), code),
        ]
    found += [
        Product(f"share-{code}.png", "share", "image/png", _few_colours(picture.png()), code)
        for code, picture in shares
    ]
    return found


def _set(paper: Paper) -> tuple[str, bytes, weasyprint.Document]:
    """The page, its map, and the sheets of paper, mended until they hold."""
    fitted = paper.first()
    png = drawing.draw(paper.map(fitted.map_mm))
    for _try in range(fit.TRIES):
        page = paper.html(png, fitted)
        document, room = typeset.typeset(page, fitted, paper.drill)
        better = fit.mended(fitted, room)
        if better is None:
            break
        if better.map_mm != fitted.map_mm:
            png = drawing.draw(paper.map(better.map_mm))
        fitted = better
    return page, png, document


def _shares(papers: Sequence[Paper]) -> list[tuple[str, "_Picture"]]:
    """The pictures for messengers, still being made. One map without words serves all languages."""
    made: list[tuple[str, _Picture]] = []
    plain = None if papers[0].drill else drawing.draw(papers[0].share_map(sheet.NO_WORDS))
    for paper in papers:
        picture = plain or drawing.draw(paper.share_map(exercise_alone(paper.language)))
        document = weasyprint.HTML(string=paper.share(picture)).render(font_config=typeset.fonts())
        made.append((paper.language.code, _Picture(typeset.pdf(document, paper.run), _SHARE_DPI)))
    return made


class _Picture:
    """The first page of a PDF as PNG, made by pdftoppm in a process of its own."""

    def __init__(self, pdf: bytes, dpi: int = _PNG_DPI) -> None:
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "report.pdf"
        path.write_bytes(pdf)
        command = ["pdftoppm", "-r", str(dpi), "-f", "1", "-l", "1", "-singlefile", "-png", str(path), "page"]
        self._process = subprocess.Popen(command, cwd=self._folder.name, stderr=subprocess.PIPE)

    def png(self) -> bytes:
        """Wait for it. Raises CalledProcessError when pdftoppm fails."""
        _, said = self._process.communicate(timeout=60)
        if self._process.returncode:
            raise subprocess.CalledProcessError(self._process.returncode, "pdftoppm", stderr=said)
        with self._folder:
            return (Path(self._folder.name) / "page.png").read_bytes()


def _thumbnail(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png)) as image:
        image.thumbnail(_THUMBNAIL)
        small = io.BytesIO()
        image.convert("P", palette=Image.Palette.ADAPTIVE).save(small, "PNG", optimize=True)
    return small.getvalue()


def _few_colours(png: bytes) -> bytes:
    """The same picture in a third of the bytes; messengers send it over thin lines."""
    with Image.open(io.BytesIO(png)) as image:
        small = io.BytesIO()
        image.convert("RGB").quantize(_SHARE_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            small, "PNG", compress_level=6
        )
    return small.getvalue()


def words(_: Language, origin: str = "") -> sheet.Words:
    """What is written on a map. origin: beside the mark of where the hazard comes from."""
    return sheet.Words(
        epicentre=origin,
        north=_("N"),
        exercise=_("EXERCISE"),
        east="BT" if _.code == "id" else "E",
        west="BB" if _.code == "id" else "W",
        south="LS" if _.code == "id" else "S",
        north_of_equator="LU" if _.code == "id" else "N",
        decimal="," if _.code == "id" else ".",
    )


def exercise_alone(_: Language) -> sheet.Words:
    """The one word of a small map."""
    return sheet.Words("", "", _("EXERCISE"), "", "", "", "")
