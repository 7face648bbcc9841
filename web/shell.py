"""What all pages share: language, clocks, how old the page is, headers, words for what is not there."""

import logging
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypedDict
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, make_response, render_template, request, send_from_directory
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from siaga import dates, language, moment, palette
from siaga.errors import BadInput, NotFound, Reason, SiagaError
from siaga.hazard.ash import MAX_BYTES
from siaga.report import limits
from web import clock, problem, tabs
from web.index import Index
from web.services import services

_FOLDER = Path(__file__).parent
_CATALOGUES = (language.CORE, _FOLDER / "locale")
_FONTS = _FOLDER / "node_modules" / "@fontsource-variable" / "inter" / "files"
_LATE, _BROKEN = 60, 180  # seconds without a whole round of the index
_YEAR = 365 * 86400
_STATUS_WORDS = {400: "The address is not complete", 404: "Nothing is here", 405: "That cannot be done here"}
_STATUS_WORDS[413] = "That is too large: at most {limit} MiB are taken"
_NO_OPERATION = "There is nothing at this address; the page /api shows all that can be asked"

State = Literal["live", "late", "broken"]

pages = Blueprint("shell", __name__)


def language_of(code: str) -> language.Language:
    """What the web says in that language."""
    return language.load(code, _CATALOGUES)


class Freshness(TypedDict):
    """How old the index is. seconds: None before it was made. reason: why the last round failed.

    built: of how many entries so many are read, None once it is whole.
    """

    state: State
    seconds: int | None
    reason: Reason | None
    built: tuple[int, int] | None


@pages.before_app_request
def choose_language() -> None:
    """That of the address, else that of the cookie, else the first; and one moment for the whole page."""
    asked = request.args.get("lang") or request.cookies.get("lang") or ""
    g.code = asked if asked in language.LANGUAGES else language.LANGUAGES[0]
    g.language = language_of(g.code)
    g.now = moment.now()


@pages.app_context_processor
def shared() -> dict[str, object]:
    """What every template knows."""
    index = services().index
    return {
        "_": g.language,
        "palette": palette.custom_properties(),
        "lang": g.code,
        "languages": {code: _in_language(code) for code in language.LANGUAGES},
        "limits": limits.of(g.language),
        "clocks": clock.clocks(g.now, g.language),
        "fresh": freshness(index),
        "as_of": dates.dated(datetime.fromtimestamp(index.fresh, UTC), g.code, seconds=True) if index.fresh else "",
        "tabs": tabs.labels(index, g.now, g.language),
    }


@pages.after_app_request
def headers(response: Response) -> Response:
    """What every answer says of itself."""
    response.headers.setdefault("Content-Security-Policy", services().others.policy(framed=False))
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not g.get("framed"):
        response.headers["X-Frame-Options"] = "DENY"  # as the policies say, for browsers that do not know them
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-cache")
    response.vary.add("Cookie")
    if request.args.get("lang") in language.LANGUAGES:
        response.set_cookie("lang", g.code, max_age=_YEAR, samesite="Lax", httponly=True)
    return response


@pages.get("/static/<path:name>")
def static(name: str) -> Response:
    """Styles, scripts and fonts; fonts are kept for a year."""
    if name.endswith(".woff2"):
        return send_from_directory(_FONTS, name, mimetype="font/woff2", max_age=_YEAR)
    return send_from_directory(_FOLDER / "static", name, max_age=0)


@pages.app_errorhandler(SiagaError)
def foreseen(error: SiagaError) -> AnyResponse:
    """A page that gives the reason."""
    level = logging.INFO if isinstance(error, (NotFound, BadInput)) or error.status == 429 else logging.ERROR
    current_app.logger.log(level, "%.200r: %s", request.path, error)
    field = {"field": error.values["field"]} if "field" in error.values else {}
    return trouble(error.status if error.status != 422 else 404, g.language.reason(error.reason()), **field)


@pages.app_errorhandler(Exception)
def unforeseen(error: Exception) -> AnyResponse:
    """A page for whatever else goes wrong; the reader is told no more than that it did."""
    if isinstance(error, HTTPException):
        if error.code is None or error.code < 400:
            return error.get_response()  # a redirect
        words = _STATUS_WORDS.get(error.code, _STATUS_WORDS[400])
        if error.code == NotFound.status and problem.is_wanted(request.path):
            words = _NO_OPERATION
        response = trouble(error.code, g.language(words, limit=MAX_BYTES >> 20))
        if isinstance(error, MethodNotAllowed):
            response.allow.update(error.valid_methods or ())
        return response
    current_app.logger.exception("%.200r failed", request.path)
    return trouble(500, g.language("This page failed; the fault is written in the log. Other pages still work."))


def trouble(status: int, sentence: str, **more: object) -> AnyResponse:
    """A page that says what failed and what still holds; for programs a problem. more: what they are told besides."""
    if problem.is_wanted(request.path):
        return problem.answer(status, sentence, **more)
    return make_response(render_template("trouble.html", tab="", sentence=sentence, status=status), status)


def freshness(index: Index) -> Freshness:
    """How old the index is, and whether that is late; built: how much of it, while it is not whole."""
    began = index.fresh
    age = time.time() - began if began else None
    state: State = "broken" if age is None or age > _BROKEN else "late" if age > _LATE else "live"
    return {
        "state": state,
        "seconds": None if age is None else int(age),
        "reason": index.trouble,
        "built": None if index.whole else index.built,
    }


def _in_language(code: str) -> str:
    """The page that is asked for, in that language."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"?{urlencode([*arguments, ('lang', code)])}"
