"""The frame of every report: one template, which is the HTML report and, through WeasyPrint, the PDF."""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import segno
import weasyprint
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from weasyprint.text.fonts import FontConfiguration

from siaga.language import Language
from siaga.report.fit import MAP_MM, Fit

TEMPLATES = Path(__file__).parent / "templates"
_MM_PER_PX = 25.4 / 96
_SHEET = 297.0
_RIGHT, _FOOT = 198.2, _SHEET - 5.0 - 4.4  # mm: the right margin; where the last line begins
_LOST = 40.0  # mm that a sheet is overrun at least when its last mark is not even set
# WeasyPrint ends a line too early in a paragraph whose text ends with a blank, as the formatter's line breaks make it.
_LAST_BLANK = re.compile(r"\n\s*(?=</(?:p|td|th|li|h[1-6])>)")
_BAND, _ORIGIN = 7.0, 25.0  # mm above it: an exercise's band; the small print


def html(
    sheets: Sequence[str], shown: Mapping[str, Any], map_png: bytes, url: str, fit: Fit, language: Language
) -> str:
    """A whole report as one self-contained page; fonts are the reader's Inter or Open Sans.

    sheets: templates, one per sheet of paper; as many as the fit has pages are set. shown: what they need, and
    what the frame needs: kind, running, title, chip, small, drill, demonstration.
    """
    template = environment().get_template("report.html")
    page = template.render(
        **shown,
        _=language,
        sheets=sheets[: fit.pages],
        css=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        map=data_uri("image/png", map_png),
        map_mm=(MAP_MM, fit.map_mm),
        pages=fit.pages,
        tight=fit.tight,
        qr=_qr(url),
        url=url,
    )
    return _LAST_BLANK.sub("", page)


def typeset(page: str, fit: Fit, drill: bool) -> tuple[weasyprint.Document, dict[str, float]]:
    """The page laid out on A4 paper, and the room left at each mark of the template, in mm, negative if overrun."""
    document = weasyprint.HTML(string=page).render(font_config=fonts())
    marks = {
        name: (x * _MM_PER_PX, y * _MM_PER_PX + number * _SHEET)
        for number, sheet in enumerate(document.pages)
        for name, (x, y, *_size) in sheet.anchors.items()
    }
    foot = _FOOT - 2 - _BAND * drill
    room = {}
    for number in range(1, fit.pages + 1):
        begins = marks[f"start-{number}"][1]
        limit = begins + foot
        ends = marks[f"end-{number}"][1] if f"end-{number}" in marks else limit + _LOST
        if number == fit.pages:
            origin = marks["origin"][1]  # on another sheet when this one overflows
            limit = origin - 3 if begins < origin < limit else limit - _ORIGIN
        room[f"end-{number}"] = limit - ends
    if "edge" in marks:
        room["edge"] = _RIGHT - marks["edge"][0]
    return document, room


def pdf(document: weasyprint.Document, identifier: str) -> bytes:
    """The paper as PDF. identifier: of the run, instead of a random one, so that bytes repeat."""
    return bytes(document.write_pdf(pdf_identifier=identifier.encode()))


@cache
def environment() -> Environment:
    """Where templates come from; the picture for messengers uses it too."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,  # a figure that is missing must not print as nothing
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def fonts() -> FontConfiguration:
    """Fonts, searched once per process."""
    return FontConfiguration()


def _qr(url: str) -> str:
    image = io.BytesIO()
    segno.make(url, error="m").save(image, kind="svg", border=0, xmldecl=False, svgns=True)
    return data_uri("image/svg+xml", image.getvalue())


def data_uri(media_type: str, body: bytes) -> str:
    """A file as an address that carries its content."""
    return f"data:{media_type};base64,{base64.b64encode(body).decode()}"
