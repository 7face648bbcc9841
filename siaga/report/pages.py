"""The report's page: one template, which is the HTML report and, through WeasyPrint, the PDF."""

import base64
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import segno
import weasyprint
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from weasyprint.text.fonts import FontConfiguration

from siaga.impact.mmi import COLOURS
from siaga.language import Language
from siaga.report import axis, figures, sentences
from siaga.report.changes import Change
from siaga.report.printed import printed

_TEMPLATES = Path(__file__).parent / "templates"
_MAP_WIDTH_MM, _MAP_MOST_MM, _MAP_LEAST_MM = 122.0, 86.0, 52.0
_BAND_MM, _WARNING_MM = 6.5, 7.0
_SQUEEZE_MM, _MAP_SQUEEZED_MM = 12.0, 40.0
_MM_PER_PX = 25.4 / 96
_ROOM = {"end-1": (210.0, 289.9), "end-2": (210.0, 264.0), "edge": (198.3, 297.0)}  # marks in the template, in mm
SQUEEZES = 4


def map_mm(impact: Mapping[str, Any], squeeze: int = 0) -> tuple[float, float]:
    """Width and height of the map on paper: bands and warnings take their room from it, so that page 1 holds.

    squeeze: how many times the pages have turned out too full already.
    """
    demonstration = any(file["demonstration"] for file in impact["provenance"]["analysis_data"]["files"])
    taken = _BAND_MM * (demonstration + impact["drill"]) + _WARNING_MM * len(impact["warnings"])
    height = max(_MAP_LEAST_MM, _MAP_MOST_MM - taken)
    return _MAP_WIDTH_MM, max(_MAP_SQUEEZED_MM, height - _SQUEEZE_MM * squeeze)


def html(
    impact: Mapping[str, Any],
    map_png: bytes,
    public_url: str,
    language: Language,
    squeeze: int = 0,
    changes: Change | None = None,
) -> str:
    """The whole report as one self-contained page; fonts are the reader's Inter or Open Sans.

    squeeze: from 2 on tables are set smaller too. changes: against the version below; None for the first.
    """
    shown = printed(impact, language)
    url = f"{public_url}/earthquakes/{impact['event_id']}"
    return (
        _environment()
        .get_template("report.html")
        .render(
            **shown,
            _=language,
            css=(_TEMPLATES / "report.css").read_text(encoding="utf-8"),
            map=_data_uri("image/png", map_png),
            map_mm=map_mm(impact, squeeze),
            squeeze=squeeze,
            qr=_qr(url),
            url=url,
            colours=COLOURS,
            levels={name: language(word) for name, word in sentences.LEVELS.items()},
            leaning=sentences.leaning(impact, language) if impact["fatalities"] else "",
            axis_bands=axis.BANDS,
            axis_ticks=[(figures.whole(value, language.code), left) for value, left in axis.TICKS],
            event_id=impact["event_id"],
            version_id=impact["version"],
            run=impact["run"],
            changes=changes,
        )
    )


def typeset(page: str) -> tuple[weasyprint.Document, bool]:
    """The page laid out on A4 paper, and whether each of its sections kept to one sheet."""
    document = weasyprint.HTML(string=page).render(font_config=_fonts())
    ends = {name: (x, y) for sheet in document.pages for name, (x, y, *_) in sheet.anchors.items() if name in _ROOM}
    inside = all(x <= _ROOM[name][0] / _MM_PER_PX and y <= _ROOM[name][1] / _MM_PER_PX for name, (x, y) in ends.items())
    return document, inside and len(document.pages) <= page.count('<section class="page')


def pdf(document: weasyprint.Document, identifier: str) -> bytes:
    """The paper as PDF. identifier: of the run, instead of a random one, so that bytes repeat."""
    return bytes(document.write_pdf(pdf_identifier=identifier.encode()))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,  # a figure that is missing must not print as nothing
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _fonts() -> FontConfiguration:
    return FontConfiguration()


def _qr(url: str) -> str:
    image = io.BytesIO()
    segno.make(url, error="m").save(image, kind="svg", border=0, xmldecl=False, svgns=True)
    return _data_uri("image/svg+xml", image.getvalue())


def _data_uri(media_type: str, body: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(body).decode()}"
