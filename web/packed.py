"""Answers in words go over the wire packed with gzip: a sixth of their size, which counts on a slow line."""

import gzip

from flask import Flask, Response, current_app, request

_LEAST = 1000  # bytes; below that one packet holds it anyway
_MOST = 8 << 20  # bytes of what is read in pieces, a file of an event: beyond that it would fill memory
_LEVEL = 6
_TYPES = (
    "text/",
    "image/svg+xml",
    *(f"application/{name}" for name in ("json", "geo+json", "atom+xml", "xml", "javascript")),
)


def install(app: Flask) -> None:
    """Pack what the app answers, where the reader takes it so. Before all else that changes answers."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    """The answer, packed if that is worth it.

    What goes out in pieces without an end that is known stays as it is, and so does what is said to somebody who is
    logged in: the length of a packed page would tell a stranger what a secret in it looks like (BREACH).
    """
    if not (response.mimetype or "").startswith(_TYPES):
        return response
    response.vary.add("Accept-Encoding")
    own = current_app.config["SESSION_COOKIE_NAME"] in request.cookies or "Set-Cookie" in response.headers
    is_read = request.method == "GET" and (response.content_length or _MOST + 1) <= _MOST  # if it comes in pieces
    whole = response.status_code == 200 and (not response.is_streamed or is_read)
    if own or not whole or "Content-Encoding" in response.headers or not request.accept_encodings.quality("gzip"):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < _LEAST:
        return response
    response.set_data(gzip.compress(body, _LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    tag, _weak = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)  # packed or not it says the same
    return response
