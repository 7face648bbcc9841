"""Pages laid out by WeasyPrint: on A4, as PDF, and drawn as pictures. Only typesetters come here."""

import copy
import gc
import io
import re
from collections.abc import Callable
from functools import cache, lru_cache

import pydyf
import pypdfium2
import weasyprint
from PIL import Image
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from siaga.report import fit, pdffile
from siaga.report.fit import MAP_URL, Fit, TypesetPages
from siaga.report.laterimage import LaterImage

_MM_PER_PX = 25.4 / 96
_PAGE = 297.0
_RIGHT, _FOOT = 198.2, _PAGE - 5.0 - 4.4  # mm: the right margin; where the last line begins
_LOST = 40.0  # mm that a page is overrun at least when its last mark is not even set
_BAND, _ORIGIN = 7.0, 25.0  # mm above it: an exercise's band; the small print
_VARIANT = "pdf/ua-1"
_POINTS = 72  # of an inch; what a PDF measures in
_PNG_DPI = 150
_PICTURE_DPI = 96
_PICTURE_COLOURS = 96
_THUMBNAIL = (320, 460)
_COLOURS = 256  # of the picture of a page, which is packed in a third of the time and room that all colours take
_PACKING = 4  # zlib's level; 6 takes twice as long for a thirtieth less
_NEARLY = 1.5  # how far a page is brought down by whole steps, before it is made small with care
_PSEUDO = 3  # of a rule as cssselect2 keeps it: to which part of an element it applies, None for the element
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def pages(
    wanted: Callable[[], bytes], page: str, fitted: Fit, drill: bool, identifier: str, last: bool
) -> Fit | TypesetPages:
    """Set a report on A4. The fit to try next; the pages where this one holds or is the last try.

    wanted: the map as PNG, asked for once the page holds. identifier: of the run, instead of a random one, so that
    bytes repeat.
    """
    image = LaterImage()
    document, room = typeset(page, fitted, drill, image)
    better = None if last else fit.mended(fitted, room)
    if better is not None:
        return better
    image.png = wanted()
    body = pdf(document, identifier)
    with first_page(body, _PNG_DPI) as first:
        return TypesetPages(body, _png(_few(first, _COLOURS)), thumbnail(first))


def picture(wanted: Callable[[], bytes], page: str) -> bytes:
    """The picture for messengers, PNG, of a page to be set at 96 dpi. In few colours: it goes over thin lines."""
    image = LaterImage()
    document = _document(page, image)
    image.png = wanted()
    with first_page(bytes(document.write_pdf(uncompressed_pdf=True)), _PICTURE_DPI) as whole:
        return _png(_few(whole, _PICTURE_COLOURS))


def warm(_wanted: Callable[[], bytes]) -> None:
    """Find the fonts, before the first page wants them; what stays for good is looked through for garbage no more."""
    pdf(_document("<p style='font-family: Inter, Open Sans'>Siaga", LaterImage()), "")
    gc.freeze()


def typeset(page: str, fit: Fit, drill: bool, image: LaterImage) -> tuple[weasyprint.Document, dict[str, float]]:
    """The page laid out on A4 paper, and the room left at each mark of the template, in mm, negative if overrun."""
    document = _document(page, image)
    marks = {
        name: (x * _MM_PER_PX, y * _MM_PER_PX + number * _PAGE)
        for number, set_page in enumerate(document.pages)
        for name, (x, y, *_size) in set_page.anchors.items()
    }
    foot = _FOOT - 2 - _BAND * drill
    room = {}
    for number in range(1, fit.pages + 1):
        begins = marks[f"start-{number}"][1]
        limit = begins + foot
        ends = marks[f"end-{number}"][1] if f"end-{number}" in marks else limit + _LOST
        if number == fit.pages:
            origin = marks["origin"][1]  # on another page when this one overflows
            limit = origin - 3 if begins < origin < limit else limit - _ORIGIN
        room[f"end-{number}"] = limit - ends
    if "edge" in marks:
        room["edge"] = _RIGHT - marks["edge"][0]
    return document, room


def pdf(document: weasyprint.Document, identifier: str) -> bytes:
    """The paper as tagged PDF (PDF/UA-1, ISO 14289-1), which screen readers follow.

    identifier: of the run, instead of a random one, so that bytes repeat.
    """
    return bytes(document.write_pdf(pdf_identifier=identifier.encode(), pdf_variant=_VARIANT, finisher=_finish))


def _finish(_document: weasyprint.Document, whole: pydyf.PDF) -> None:
    pdffile.take_over(whole)


def _document(page: str, image: LaterImage) -> weasyprint.Document:
    """Laid out, with the image as its map. A page carries all else that it shows; no address in it is asked.

    Its styles, which many pages share, are read once; only what stands in single elements comes above them.
    """
    itself = URLFetcher(allowed_protocols=("data",))
    style = _STYLE.search(page)
    bare = _Page(string=_STYLE.sub("", page, count=1), url_fetcher=itself)
    return bare.render(
        font_config=fonts(), stylesheets=[_stylesheet(style[1])] if style else [], cache={MAP_URL: image}
    )


class _Page(weasyprint.HTML):  # type: ignore[misc]  # WeasyPrint has no types
    """HTML without footnotes, notes and marks of lists; WeasyPrint would style six of them for every element."""

    def _ua_stylesheets(self, forms: bool = False) -> list[weasyprint.CSS]:
        """WeasyPrint's own, but for the rules that every element's would-be notes and marks have."""
        return [_plain(rules) for rules in super()._ua_stylesheets(forms)]


@cache
def _plain(rules: weasyprint.CSS) -> weasyprint.CSS:
    plain = copy.copy(rules)
    plain.matcher = copy.copy(rules.matcher)
    plain.matcher.other_selectors = [rule for rule in rules.matcher.other_selectors if rule[_PSEUDO] is None]
    return plain


@lru_cache(maxsize=8)
def _stylesheet(styles: str) -> weasyprint.CSS:
    return weasyprint.CSS(string=styles, font_config=fonts(), url_fetcher=URLFetcher(allowed_protocols=("data",)))


@cache
def fonts() -> FontConfiguration:
    """Fonts, searched once per process."""
    return FontConfiguration()


def first_page(body: bytes, dpi: int) -> Image.Image:
    """The first page of a PDF, RGB."""
    document = pypdfium2.PdfDocument(body)
    try:
        drawn: Image.Image = document[0].render(scale=dpi / _POINTS, rev_byteorder=True).to_pil()
        return drawn.convert("RGB")
    finally:
        document.close()


def thumbnail(first: Image.Image) -> bytes:
    """The first page as a small PNG, for lists."""
    scale = min(most / pixels for most, pixels in zip(_THUMBNAIL, first.size, strict=True))
    size = round(scale * first.width), round(scale * first.height)
    return _png(_few(first.resize(size, Image.Resampling.BICUBIC, reducing_gap=_NEARLY), _COLOURS))


def _few(image: Image.Image, colours: int) -> Image.Image:
    """The image in so many colours of its own, without dots in between: what is one tint stays one."""
    return image.quantize(colours, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _png(image: Image.Image) -> bytes:
    body = io.BytesIO()
    image.save(body, "PNG", compress_level=_PACKING)
    return body.getvalue()
