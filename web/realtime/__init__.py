"""The reads of InaSAFE Realtime, the system before: paths, fields, filters under /realtime/, and its public links."""

from flask import Flask

from web.realtime import earthquakes, floods, links, paging

__all__ = ["earthquakes", "floods", "install", "links"]


def install(app: Flask) -> None:
    """Let the app, which answers the API, answer them."""
    app.register_blueprint(paging.pages)
    app.register_blueprint(links.pages)
