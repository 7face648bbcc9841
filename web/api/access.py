"""Who may ask the API, and how often: pages of other hosts by a setting (CORS), everybody up to a number a minute."""

from dataclasses import dataclass
from math import ceil

from flask import Flask, Response, current_app, request

from web.rates import SECONDS, Rates, TooMany

ANYBODY = "*"
_NAME = "siaga-access"
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Access:
    """origins: of pages that may read the answers, such as https://peta.example.id; "*" is all.

    per_minute: questions of one address; 0 is no bound.
    """

    origins: tuple[str, ...] = ()
    per_minute: int = 0


def install(app: Flask, access: Access) -> None:
    """Let the routes that `count` and `allow` guard be answered within these bounds."""
    app.extensions[_NAME] = (access, Rates(access.per_minute))


def count() -> None:
    """Before each request. Raises TooMany."""
    rates: Rates = current_app.extensions[_NAME][1]
    rates.take(request.remote_addr or "")


def allow(response: Response) -> Response:
    """After each request: whether a page of another host may read the answer."""
    access: Access = current_app.extensions[_NAME][0]
    if response.status_code == TooMany.status:
        response.headers["Retry-After"] = str(ceil(SECONDS / (access.per_minute or SECONDS)))
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if not access.origins:
        return response
    anybody, origin = ANYBODY in access.origins, request.headers.get("Origin", "")
    if not anybody:
        response.vary.add("Origin")
    if origin and (anybody or origin in access.origins):
        response.headers["Access-Control-Allow-Origin"] = ANYBODY if anybody else origin
        response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = "If-None-Match"
            response.headers["Access-Control-Max-Age"] = str(_DAY)
    return response
