"""Pages laid out by WeasyPrint: on A4, as PDF, and drawn as pictures. Only typesetters come here."""

import gc
import io
from functools import cache

import pypdfium2
import weasyprint
from PIL import Image
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from siaga.report import fit
from siaga.report.fit import Fit, TypesetPages

_MM_PER_PX = 25.4 / 96
_PAGE = 297.0
_RIGHT, _FOOT = 198.2, _PAGE - 5.0 - 4.4  # mm: the right margin; where the last line begins
_LOST = 40.0  # mm that a page is overrun at least when its last mark is not even set
_BAND, _ORIGIN = 7.0, 25.0  # mm above it: an exercise's band; the small print
_POINTS = 72  # of an inch; what a PDF measures in
_PNG_DPI = 150
_PICTURE_DPI = 96
_PICTURE_COLOURS = 96
_THUMBNAIL = (320, 460)
_COMPRESSION = 6  # zlib's


def pages(page: str, fitted: Fit, drill: bool, identifier: str, last: bool) -> Fit | TypesetPages:
    """Set a report on A4. The fit to try next; the pages where this one holds or is the last try.

    identifier: of the run, instead of a random one, so that bytes repeat.
    """
    document, room = typeset(page, fitted, drill)
    better = None if last else fit.mended(fitted, room)
    if better is not None:
        return better
    body = pdf(document, identifier)
    with first_page(body, _PNG_DPI) as first:
        return TypesetPages(body, _png(first), thumbnail(first))


def picture(page: str, identifier: str) -> bytes:
    """The picture for messengers, PNG, of a page to be set at 96 dpi. In few colours: it goes over thin lines."""
    document = _document(page)
    with first_page(pdf(document, identifier, compressed=False), _PICTURE_DPI) as whole:
        return _png(whole.quantize(_PICTURE_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))


def warm() -> None:
    """Find the fonts, before the first page wants them; what stays for good is looked through for garbage no more."""
    pdf(_document("<p style='font-family: Inter, Open Sans'>Siaga"), "")
    gc.freeze()


def typeset(page: str, fit: Fit, drill: bool) -> tuple[weasyprint.Document, dict[str, float]]:
    """The page laid out on A4 paper, and the room left at each mark of the template, in mm, negative if overrun."""
    document = _document(page)
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


def pdf(document: weasyprint.Document, identifier: str, compressed: bool = True) -> bytes:
    """The paper as PDF. identifier: of the run, instead of a random one, so that bytes repeat.

    compressed: False where nobody keeps it, which takes half the time.
    """
    return bytes(document.write_pdf(pdf_identifier=identifier.encode(), uncompressed_pdf=not compressed))


def _document(page: str) -> weasyprint.Document:
    """Laid out. A page carries all that it shows; whatever address stands in it is not asked."""
    itself = URLFetcher(allowed_protocols=("data",))
    return weasyprint.HTML(string=page, url_fetcher=itself).render(font_config=fonts())


@cache
def fonts() -> FontConfiguration:
    """Fonts, searched once per process."""
    return FontConfiguration()


def first_page(body: bytes, dpi: int) -> Image.Image:
    """The first page of a PDF, RGB."""
    document = pypdfium2.PdfDocument(body)
    try:
        drawn: Image.Image = document[0].render(scale=dpi / _POINTS).to_pil()
        return drawn.convert("RGB")
    finally:
        document.close()


def thumbnail(first: Image.Image) -> bytes:
    """The first page as a small PNG, for lists."""
    small = first.copy()
    small.thumbnail(_THUMBNAIL)
    return _png(small.convert("P", palette=Image.Palette.ADAPTIVE))


def _png(image: Image.Image) -> bytes:
    body = io.BytesIO()
    image.save(body, "PNG", compress_level=_COMPRESSION)
    return body.getvalue()
