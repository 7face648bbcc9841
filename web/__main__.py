"""The web app as a process: `python -m web`."""

import logging
import os
import threading

from siaga import modes
from siaga.accounts.audit import Audit
from siaga.accounts.directory import Accounts
from siaga.hazard.ash import MAX_BYTES
from siaga.listener import Listener, raise_descriptors
from siaga.settings import Settings
from siaga.store import Store
from web import Access, UploadAccess, create_app, login
from web.index import Index

_THREADS = 16
_IDLE_SECONDS = 30
_MAX_BODY = MAX_BYTES + (1 << 20)  # a raster is the largest thing that is handed in


def main() -> None:
    """Serve until stopped; the index follows the bucket in a thread of its own."""
    os.umask(modes.PRIVATE)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    settings = Settings.load()
    store = Store.connect(settings, "web")
    index = Index(store, settings.home / "web" / "index.sqlite")
    threading.Thread(target=index.follow, name="index", daemon=True).start()
    secure = settings.public_url.startswith("https:")
    of_accounts = Store.connect(settings, "accounts")
    uploads = UploadAccess(
        Store.connect(settings, "ash"),
        Accounts(of_accounts, settings.secrets),
        Audit(of_accounts),
        settings.secret("web-session-key"),
        secure,
        settings.secret("orders-token"),
        settings.second_factor,
    )
    told = settings.public_url, settings.cap_status, Access(settings.api_origins, settings.api_per_minute)
    app = create_app(store, index, settings.gateway_url, uploads, settings.secret("jobs-token"), settings.home, *told)
    proxy = {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": {"x-forwarded-for"}} if settings.web_proxy else {}
    raise_descriptors()
    Listener(
        app,
        settings.web_port,
        login.may_send_much(app),
        threads=_THREADS,
        channel_timeout=_IDLE_SECONDS,
        max_request_body_size=_MAX_BODY,
        clear_untrusted_proxy_headers=True,
        **proxy,
    ).run()


if __name__ == "__main__":
    main()
