"""The API for programs at /api/v1/, and the document that describes it, made from the code."""

from flask import Flask

from web.api import (
    changes,
    document,
    documents,
    events,
    floods,
    notifications,
    operations,
    places,
    reader,
    standing,
    subscriptions,
    zones,
)
from web.ash.volcanoes import Volcanoes

__all__ = [
    "changes",
    "document",
    "documents",
    "events",
    "floods",
    "install",
    "notifications",
    "operations",
    "places",
    "standing",
    "subscriptions",
    "zones",
]


def install(app: Flask, volcanoes: Volcanoes | None) -> None:
    """Let the app answer it. volcanoes: the installed catalogue, None where this app cannot read it."""
    app.extensions[places.NAME] = volcanoes
    app.register_blueprint(operations.pages)
    app.register_blueprint(reader.pages)
