"""The frame of every report: one template, which is the HTML report and, typeset, the PDF."""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from siaga import palette
from siaga.impact.stored import Impact
from siaga.language import Language
from siaga.report import layout, limits
from siaga.report.fit import MAP_MM, MAP_URL, Fit

TEMPLATES = Path(__file__).parent / "templates"
_END = re.compile(r"(</(?:p|td|th|li|h[1-6])>)")


def html(
    templates: Sequence[str],
    shown: Mapping[str, object],
    url: str,
    fit: Fit,
    language: Language,
    impact: Impact,
) -> str:
    """A whole report as one page; fonts are the reader's Inter or Open Sans. It names its map, see with_map.

    templates: one per page; as many as the fit has pages are set. shown: what they need, and
    what the frame needs: kind, running, title, chip, small, drill, demonstration. impact: says what is the agency's.
    """
    template = environment().get_template("report.html")
    agency = layout.of(impact, language, fit)
    styles = ("levels.css", "report.css", *(["layout.css"] if agency["named"] else []))
    page = template.render(
        **shown,
        letterhead=impact["provenance"].get("letterhead", {}).get(language.code, []),
        agency=agency,
        _=language,
        limits=limits.of(language),
        templates=templates[: fit.pages],
        css=palette.custom_properties() + "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in styles),
        map=MAP_URL,
        map_mm=(MAP_MM, fit.map_mm),
        pages=fit.pages,
        tight=fit.tight,
        qr=_qr(url),
        url=url,
    )
    *parts, rest = _END.split(page)
    return "".join(map(_without_last_break, parts)) + rest


def with_map(page: str, map_png: bytes) -> str:
    """The page with its map in it, so that it needs nothing else."""
    return page.replace(f'src="{MAP_URL}"', f'src="{data_uri("image/png", map_png)}"')


def _without_last_break(text: str) -> str:
    """Text without the line break that ends it, and the blanks behind.

    WeasyPrint ends a line too early in a paragraph whose text ends so, as the formatter of templates makes it.
    """
    kept = text.rstrip()
    rest = text[len(kept) :]
    return kept + rest[: rest.find("\n")] if "\n" in rest else text


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


@lru_cache(maxsize=1)  # all languages of a report have the same
def _qr(url: str) -> str:
    image = io.BytesIO()
    segno.make(url, error="m").save(image, kind="svg", border=0, xmldecl=False, svgns=True)
    return data_uri("image/svg+xml", image.getvalue())


def data_uri(media_type: str, body: bytes) -> str:
    """A file as an address that carries its content."""
    return f"data:{media_type};base64,{base64.b64encode(body).decode()}"
