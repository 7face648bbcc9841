"""The web app as a process: `python -m web`."""

import logging
import threading

import waitress

from siaga.settings import Settings
from siaga.store import Store
from web import create_app
from web.index import Index

_THREADS = 8


def main() -> None:
    """Serve until stopped; the index follows the bucket in a thread of its own."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    settings = Settings.load()
    store = Store.connect(settings, "web")
    index = Index(store, settings.home / "web" / "index.sqlite")
    threading.Thread(target=index.follow, name="index", daemon=True).start()
    app = create_app(store, index, settings.gateway_url)
    waitress.serve(app, host="127.0.0.1", port=settings.web_port, threads=_THREADS, ident=None)


if __name__ == "__main__":
    main()
