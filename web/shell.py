"""What all pages share: language, clocks, how old the page is, headers, words for what is not there."""

import mimetypes
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, render_template, request, send_from_directory
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from siaga import language, moment
from siaga.errors import BadInput, NotFound, SiagaError
from siaga.hazard.ash import MAX_BYTES
from web import clock, tabs
from web.index import Index

_LATE, _BROKEN = 60, 180  # seconds without a whole round of the index
_YEAR = 365 * 86400
_POLICY = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_STATUS_WORDS = {400: "The address is not complete", 404: "Nothing is here", 405: "That cannot be done here"}
_STATUS_WORDS[413] = "That is too large: at most {limit} MiB are taken"


def install(app: Flask, index: Index, folder: Path) -> None:
    """Give the app its language, headers, static files and error pages."""
    catalogues = (language.CORE, folder / "locale")
    fonts = folder / "node_modules" / "@fontsource-variable" / "inter" / "files"
    mimetypes.add_type("font/woff2", ".woff2")

    @app.before_request
    def choose_language() -> None:
        asked = request.args.get("lang") or request.cookies.get("lang") or ""
        g.code = asked if asked in language.LANGUAGES else language.LANGUAGES[0]
        g.language = language.load(g.code, catalogues)
        g.now = moment.now()

    @app.context_processor
    def shared() -> dict[str, Any]:
        return {
            "_": g.language,
            "lang": g.code,
            "languages": {code: _in_language(code) for code in language.LANGUAGES},
            "clocks": clock.clocks(g.now, g.language),
            "fresh": freshness(index),
            "tabs": tabs.figures(index, g.now, g.language),
        }

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", "no-cache")
        response.vary.add("Cookie")
        if request.args.get("lang") in language.LANGUAGES:
            response.set_cookie("lang", g.code, max_age=_YEAR, samesite="Lax", httponly=True)
        return response

    @app.get("/static/<path:name>")
    def static(name: str) -> Response:
        there = fonts if name.endswith(".woff2") else folder / "static"
        return send_from_directory(there, name, max_age=_YEAR if name.endswith(".woff2") else 0)

    @app.errorhandler(SiagaError)
    def foreseen(error: SiagaError) -> tuple[str, int]:
        app.logger.log(20 if isinstance(error, (NotFound, BadInput)) else 40, "%.200r: %s", request.path, error)
        return trouble(error.status if error.status != 422 else 404, g.language.reason(error.reason()))

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> tuple[str, int] | AnyResponse:
        if isinstance(error, HTTPException):
            if error.code is None or error.code < 400:
                return error.get_response()  # a redirect
            said = _STATUS_WORDS.get(error.code, _STATUS_WORDS[400])
            return trouble(error.code, g.language(said, limit=MAX_BYTES >> 20))
        app.logger.exception("%.200r failed", request.path)
        return trouble(500, g.language("This page failed; the fault is written in the log. Other pages still work."))


def trouble(status: int, said: str) -> tuple[str, int]:
    """A page that says what failed and what still holds."""
    return render_template("trouble.html", said=said, status=status), status


def freshness(index: Index) -> dict[str, Any]:
    """How old the index is, and whether that is late."""
    age = time.time() - index.fresh if index.fresh else None
    state = "broken" if age is None or age > _BROKEN else "late" if age > _LATE else "live"
    return {"state": state, "seconds": None if age is None else int(age), "reason": index.trouble}


def _in_language(code: str) -> str:
    """The page that is asked for, in that language."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"?{urlencode([*arguments, ('lang', code)])}"
