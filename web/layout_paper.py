"""A layout on paper before it is in force: ordered of the gateway, whose slot makes it, and shown once it is there."""

import base64
from urllib.parse import urlencode

from flask import Response, g, render_template

from siaga import understood
from siaga.answers import PreviewFacts
from siaga.errors import NotFound, Unavailable
from siaga.inputs.layout_previews import Wanted
from siaga.inputs.texts import Text
from web import layout_preview, login, reprocess
from web.runs import SAFE, run_of
from web.shell import language_of

_PATH = "/siaga/previews"
_OTHER_FORM = "The gateway answers in a form that is not known here; whether it does it is not known"
_SECONDS = 10.0  # for the gateway, which only notes what is ordered
_KINDS = {"png": "image/png", "pdf": "application/pdf"}


def order(text: Text) -> str:
    """The id of the newest report with that version, now on its way. Raises NotFound, and what the gateway says."""
    run = run_of(layout_preview.newest(text.place.hazard))
    _ = language_of(text.place.language)
    body = {"order": Wanted(run, text, _("PREVIEW, NOT IN FORCE")).encode().decode(), "who": login.name()}
    return _known(reprocess.gateway().ask("POST", _PATH, body, _SECONDS))["id"]


def page(name: str) -> str:
    """How far it is; asks again by itself while it is made."""
    facts = _asked(name)
    why = g.language.reason(facts["reason"])
    return render_template("layout_paper.html", tab="layouts", name=name, state=facts["state"], why=why)


def send(name: str, kind: str) -> Response:
    """Page 1 as PNG, or all as PDF. Raises NotFound."""
    body = _read(_asked(name, kind)["file"]) if kind in _KINDS else b""
    if not body:
        raise NotFound("This preview is kept no longer; ask for it again")
    response = Response(body, content_type=_KINDS[kind])
    response.headers["Content-Security-Policy"] = SAFE
    response.headers["Content-Disposition"] = f'inline; filename="siaga-preview.{kind}"'
    return response


def _asked(name: str, file: str = "") -> PreviewFacts:
    asked = urlencode({"id": name, "file": file})
    return _known(reprocess.gateway().ask("GET", f"{_PATH}?{asked}", None, _SECONDS))


def _read(file: str) -> bytes:
    """Raises Unavailable where it is no base64."""
    try:
        return base64.b64decode(file, validate=True)
    except ValueError as error:
        raise Unavailable(_OTHER_FORM) from error


def _known(answer: object) -> PreviewFacts:
    """What it tells of a preview. Raises Unavailable where that is not understood."""
    preview = understood.preview(answer)
    if preview is None:
        raise Unavailable(_OTHER_FORM)
    return preview
