"""A look at a layout before it is put in force: the newest report of its hazard, in a tab of its own.

The page of a report is what is typeset for its PDF, and the web app can make it; the typesetter it cannot. So the page
is shown by its rules for screens: by those for paper nothing would bring heights down, and lines could lie upon each
other.
"""

from flask import Response, g
from markupsafe import escape

from siaga import language
from siaga.catalog import Entry
from siaga.errors import NotFound
from siaga.impact.floodtrend import HOURS_AGO
from siaga.impact.stored import Impact
from siaga.inputs import texts
from siaga.inputs.texts import Text
from siaga.language import Language
from siaga.report import template
from siaga.report.classed import pages as classed
from siaga.report.earthquake import fit, pages
from web.index import Filter
from web.runs import SAFE
from web.services import services

_LOOKED_AT = 20  # newest events among which one has a report
_MARK = (
    '<p style="position:sticky;top:0;z-index:1;margin:0;padding:6px 16px;background:#14202b;color:#fff;'
    'font:600 15px/1.4 Inter,Open Sans,sans-serif" lang="{code}">{said}</p>'
)


def send(text: Text) -> Response:
    """It as a page. Raises NotFound where there is no report of that hazard yet."""
    entry = newest(text.place.hazard)
    runs, speech = services().runs, language.load(text.place.language)
    page = _html(texts.tried(runs.analysis(entry), text), services().public_url, speech)
    page = template.with_map(page, runs.content(entry, f"map-{speech.code}.png"))
    mark = _MARK.format(code=g.code, said=escape(_said(text)))
    page = page.replace("<main>", f"{mark}<main>", 1)
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = SAFE
    return response


def crowded() -> str:
    """What paper of one page does with a layout that is full; only the preview on paper shows it."""
    said: str = g.language(
        "A flood on a single page rarely has room for both paragraphs and the logo; where it has none, they are all "
        "left out. Shorter paragraphs, or fewer, may fit."
    )
    return said


def _said(text: Text) -> str:
    said: str = g.language(
        "Preview, not in force: the newest report with this layout, as it is read on a screen. What changed since "
        "earlier is not told here, and whether paper has room for all the preview on paper shows."
    )
    full = text.layout.logo and text.layout.opening and text.layout.closing
    return f"{said} {crowded()}" if full and text.place.hazard == "flood" else said


def newest(hazard: str) -> Entry:
    """The newest event that readers see and that has a report; of exercises only where there is no other.

    Raises NotFound.
    """
    index = services().index
    for wanted in (Filter(), Filter(kind="drill")):
        for entry in index.events(hazard, wanted, _LOOKED_AT, 0)[0]:
            found = index.versions(entry["event_id"], entry["version"], hazard)
            if found and found[0]["report"] is not None:
                return found[0]
    raise NotFound("There is no report of this hazard yet on which the layout could be shown")


def _html(one: Impact, public_url: str, speech: Language) -> str:
    if one["hazard"] == "earthquake":
        return pages.html(one, public_url, speech, fit.first(one, False, speech), None)
    if one["hazard"] == "flood":
        unknown = dict.fromkeys(HOURS_AGO)
        return classed.of_flood(one, unknown, public_url, speech, classed.flood_fit(one, speech))
    return classed.of_ash(one, public_url, speech, classed.ash_fit(one, speech))
