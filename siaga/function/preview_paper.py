"""Paper that is only looked at: across each page stands that it is, and page 1 becomes a picture."""

import ctypes
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2
from PIL import Image
from pypdfium2 import raw

_DPI, _POINTS = 110, 72
_COLOURS = 128
_FONT, _LETTER = b"Helvetica-Bold", 40.0  # every reader of PDFs has it; points, before it is made to fit
_SHARE = 0.8  # of the page's diagonal
_INK = (178, 24, 43, 44)  # red, green, blue, how dense of 255: figures below are still read


def marked(pdf: bytes, mark: str) -> bytes:
    """The PDF with that across each page, from its lower left to its upper right."""
    with _opened(pdf) as document:
        for page in document:
            _write(document, page, mark)
        body = io.BytesIO()
        document.save(body)
        return body.getvalue()


def first_page(pdf: bytes) -> bytes:
    """The first page as PNG."""
    with _opened(pdf) as document:
        drawn: Image.Image = document[0].render(scale=_DPI / _POINTS, rev_byteorder=True).to_pil()
    body = io.BytesIO()
    few = drawn.convert("RGB").quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(body, "PNG")
    return body.getvalue()


@contextmanager
def _opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield document
    finally:
        document.close()


def _write(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, mark: str) -> None:
    signs = mark.encode("utf-16-le") + b"\0\0"
    text = raw.FPDFPageObj_NewTextObj(document, _FONT, _LETTER)
    raw.FPDFText_SetText(text, (ctypes.c_ushort * (len(signs) // 2)).from_buffer_copy(signs))
    raw.FPDFPageObj_SetFillColor(text, *_INK)
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    raw.FPDFPageObj_GetBounds(text, left, bottom, right, top)
    width, height = page.get_size()
    long = max(right.value - left.value, 1.0)
    size = _SHARE * math.hypot(width, height) / long
    turn = math.atan2(height, width)
    along, across = size * math.cos(turn), size * math.sin(turn)
    half, low = long / 2, (top.value - bottom.value) / 2
    raw.FPDFPageObj_Transform(
        text,
        along,
        across,
        -across,
        along,
        width / 2 - along * half + across * low,
        height / 2 - across * half - along * low,
    )
    raw.FPDFPage_InsertObject(page, text)
    raw.FPDFPage_GenerateContent(page)
