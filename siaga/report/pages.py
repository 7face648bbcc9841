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
from siaga.report.districts import MOST_WORST
from siaga.report.fit import MAP_MM, Fit
from siaga.report.printed import printed

_TEMPLATES = Path(__file__).parent / "templates"
_MM_PER_PX = 25.4 / 96
_SHEET = 297.0
_RIGHT, _FOOT = 198.2, _SHEET - 5.0 - 4.4  # mm: the right margin; where the last line begins
_BAND, _ORIGIN = 7.0, 25.0  # mm above it: an exercise's band; the small print
_CHANGED = ("magnitude", "depth_km", "max_mmi", "people_mmi8_plus", "deaths_p25_p75", "chance_100", "level")


def html(
    impact: Mapping[str, Any], map_png: bytes, public_url: str, language: Language, fit: Fit, change: Change | None
) -> str:
    """The whole report as one self-contained page; fonts are the reader's Inter or Open Sans.

    change: against the version below, None for the first one.
    """
    shown = printed(impact, language, fit.rows, 4 if fit.tight else MOST_WORST, fit.towns)
    url = f"{public_url}/earthquakes/{impact['event_id']}"
    rows = len(shown["classes"]["rows"]) if shown["classes"] else 6
    return (
        environment()
        .get_template("report.html")
        .render(
            **shown,
            _=language,
            css=(_TEMPLATES / "report.css").read_text(encoding="utf-8"),
            map=data_uri("image/png", map_png),
            map_mm=(MAP_MM, fit.map_mm),
            class_mm=_class_mm(fit, rows),
            pages=fit.pages,
            tight=fit.tight,
            change=_changed(change, language),
            qr=_qr(url),
            url=url,
            colours=COLOURS,
            levels={name: language(word) for name, word in sentences.LEVELS.items()},
            axis_bands=axis.BANDS,
            axis_ticks=[(figures.whole(value, language.code), left) for value, left in axis.TICKS],
            event_id=impact["event_id"],
            version_id=impact["version"],
            run=impact["run"],
        )
    )


def _class_mm(fit: Fit, rows: int) -> float:
    """Height of a row of the legend, so that it is as high as the map beside it; without bars when all is tight."""
    return round(min(11.3, max(4.9 if fit.tight else 7.1, (fit.map_mm - 7.5) / rows)), 2)


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
        begins, ends = marks[f"start-{number}"][1], marks[f"end-{number}"][1]
        limit = begins + foot
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
        loader=FileSystemLoader(_TEMPLATES),
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


def _changed(change: Change | None, _: Language) -> dict[str, Any] | None:
    """The rows that the report has room for; the web's page has all."""
    if change is None:
        return None
    level = change.row("level")
    return {
        "before": change.before,
        "after": change.after,
        "sentence": change.sentence,
        "level": _(
            "Since {version}: {difference}.",
            version=change.before[:1].lower() + change.before[1:],
            difference=level.difference,
        ),
        "rows": [change.row(code) for code in _CHANGED],
    }


def data_uri(media_type: str, body: bytes) -> str:
    """A file as an address that carries its content."""
    return f"data:{media_type};base64,{base64.b64encode(body).decode()}"
