"""What readers see: lists, event pages, files and status, from the bucket alone.

The bucket is the truth; the index beside it is a cache that may be deleted at any time.
"""

from pathlib import Path

from flask import Flask

from siaga.store import Store
from web import earthquakes, shell, status
from web.index import Index


def create_app(store: Store, index: Index, gateway_url: str) -> Flask:
    """The app. store: with the rights of role web. gateway_url: where it asks what is under way."""
    app = Flask(__name__, static_folder=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    shell.install(app, index, Path(__file__).parent)
    app.register_blueprint(earthquakes.blueprint(store, index))
    app.register_blueprint(status.blueprint(index, gateway_url))
    return app
