"""What readers see: lists, event pages, files and status, from the bucket alone; and the operator's uploads.

The bucket is the truth; the index beside it is a cache that may be deleted at any time.
"""

from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from siaga.accounts import passwords
from siaga.accounts.audit import Audit
from siaga.accounts.directory import Accounts
from siaga.inputs.ash_uploads import Uploads
from siaga.openid import OpenId
from siaga.others import Others
from siaga.store import Store
from siaga.vitals import Check
from web import (
    account,
    api,
    audit,
    bearer,
    datasets,
    decisions,
    drills,
    explained,
    join,
    layouts,
    live,
    login,
    metrics,
    notifications,
    openid,
    packed,
    realtime,
    reprocess,
    services,
    shell,
    status,
    subscriptions,
    texts,
    tokens,
    trials,
    users,
)
from web.api import access, changes
from web.api.access import Access
from web.ash import pages as ash
from web.ash import upload
from web.ash.volcanoes import Volcanoes
from web.earthquakes import pages as earthquakes
from web.embed import pages as embed
from web.feeds import atom, cap, ogc, stac
from web.floods import history as flood_history
from web.floods import pages as floods
from web.index import Index
from web.latest import pages as latest
from web.map_archive import MapArchive
from web.maps import pages as maps
from web.outlook import Outlook
from web.runs import Runs
from web.services import Services

__all__ = ["Access", "UploadAccess", "create_app"]

_READ = embed, shell, earthquakes, floods, flood_history, ash, latest, explained, status, maps  # pages of readers


@dataclass(frozen=True, slots=True)
class UploadAccess:
    """What those who log in need. store: with the rights of role ash. accounts: who may. audit: where it is noted.
    operators: with the rights of that role.

    session_key: signs sessions. secure: whether readers come by https. orders_token: opens the gateway for orders.
    second_factor: whether who may change something must have one. alerts_key: of tokens that end a subscription.
    openid: the provider by which people log in besides, openid_secret that of this client of it.
    is_open: whether strangers may subscribe. has_mail: whether there is a server for mails.
    """

    store: Store
    accounts: Accounts
    audit: Audit
    operators: Store
    session_key: str
    secure: bool = False
    orders_token: str = ""
    second_factor: bool = False
    alerts_key: str = field(default_factory=passwords.new_password)
    openid: OpenId = field(default_factory=OpenId)
    openid_secret: str = ""
    is_open: bool = False
    has_mail: bool = False


def create_app(
    store: Store,
    index: Index,
    gateway_url: str,
    uploads: UploadAccess | None = None,
    jobs_token: str = "",
    home: Path | None = None,
    public_url: str = "http://localhost",
    cap_status: str = "Test",
    api_access: Access | None = None,
    streams: int = 0,
    metrics_token: str = "",
    store_check: Check | None = None,
    others: Others | None = None,
) -> Flask:
    """The app. store: with the rights of role web. gateway_url: where it asks what is under way, with jobs_token.

    uploads: for them; without it the app only shows. home: of the supervisor on this machine, where there is one.
    public_url: what feeds call this app. cap_status: what their CAP messages of real events say they are.
    api_access: who may ask the API, and how often; without it all of this host, without a bound.
    streams: how many readers are told of changes at once, each by a thread of the server; others ask.
    metrics_token: opens the figures at /metrics; "": nobody. store_check: why the store is of no use, for /readyz.
    others: whose pages may hold /embed in a frame, and whose tiles lie below maps; without it nobody's.
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # else "//x" is sent on to an address made of whatever Host was sent
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    packed.install(app)
    reached = home, public_url, cap_status, others or Others()
    services.install(app, Services(index, Runs(store), gateway_url, jobs_token, MapArchive(store), *reached))
    for module in (*_READ, atom, cap, ogc, stac):
        app.register_blueprint(module.pages)
    outlook = Outlook(uploads.operators) if uploads else None
    metrics.install(app, index, metrics_token, home, store_check, outlook)
    status.install(app, outlook)
    access.install(app, api_access or Access())
    api.install(app, Volcanoes(uploads.store) if uploads else None)
    live.install(app, streams)
    realtime.install(app)
    if uploads:
        admission = login.Login(uploads.accounts, uploads.second_factor)
        login.install(app, admission, uploads.session_key, uploads.secure)
        audit.install(app, uploads.audit)
        openid.install(app, uploads.openid, uploads.openid_secret)
        app.register_blueprint(account.pages)
        app.register_blueprint(users.pages)
        app.register_blueprint(tokens.pages)
        bearer.install(app, uploads.accounts.tokens())
        gateway = reprocess.Gateway(gateway_url, uploads.orders_token)
        changes.install(app, changes.Doors(Uploads(uploads.store), uploads.operators, gateway))
        upload.install(app, uploads.store)
        reprocess.install(app, gateway_url, uploads.orders_token)
        drills.install(app, uploads.operators)
        _install_alerts(app, uploads)
    texts.install(app, uploads.operators if uploads else None)
    layouts.install(app, uploads.operators if uploads else None)
    decisions.install(app, uploads.operators if uploads else None)
    datasets.install(app, uploads.operators if uploads else None)
    return app


def _install_alerts(app: Flask, uploads: UploadAccess) -> None:
    subscriptions.install(app, uploads.operators, uploads.alerts_key)
    trials.install(app, uploads.operators)
    if uploads.is_open:
        join.install(app, uploads.operators, uploads.has_mail)
    notifications.install(app, uploads.operators)
