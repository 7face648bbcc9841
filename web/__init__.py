"""What readers see: lists, event pages, files and status, from the bucket alone; and the operator's uploads.

The bucket is the truth; the index beside it is a cache that may be deleted at any time.
"""

from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from siaga.inputs.ash_uploads import Uploads
from siaga.store import Store
from web import login, shell, status
from web.ash import pages as ash
from web.ash import upload
from web.ash.volcanoes import Volcanoes
from web.earthquakes import pages as earthquakes
from web.floods import history as flood_history
from web.floods import pages as floods
from web.index import Index
from web.runs import Runs


@dataclass(frozen=True, slots=True)
class UploadAccess:
    """What uploads need. store: with the rights of role ash. secrets: the folder with the operator's account.

    session_key: signs sessions. secure: whether readers come by https.
    """

    store: Store
    secrets: Path
    session_key: str
    secure: bool = False


def create_app(
    store: Store, index: Index, gateway_url: str, uploads: UploadAccess | None = None, jobs_token: str = ""
) -> Flask:
    """The app. store: with the rights of role web. gateway_url: where it asks what is under way, with jobs_token.

    uploads: for them; without it the app only shows.
    """
    app = Flask(__name__, static_folder=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    shell.install(app, index, Path(__file__).parent)
    runs = Runs(store)
    app.register_blueprint(earthquakes.blueprint(runs, index))
    app.register_blueprint(floods.blueprint(runs, index))
    app.register_blueprint(flood_history.blueprint(index))
    app.register_blueprint(ash.blueprint(runs, index))
    app.register_blueprint(status.blueprint(index, gateway_url, jobs_token))
    if uploads:
        operator = login.Login(uploads.secrets)
        login.install(app, operator, uploads.session_key, uploads.secure)
        app.register_blueprint(upload.blueprint(Uploads(uploads.store), Volcanoes(uploads.store), operator))
    return app
