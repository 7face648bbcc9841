"""The web app as a process: `python -m web`; `python -m web rebuild` makes its index anew from the bucket."""

import logging
import os
import sys
import time

from siaga import keys, modes, vitals
from siaga.accounts.audit import Audit
from siaga.accounts.directory import Accounts
from siaga.errors import SiagaError
from siaga.hazard.ash import MAX_BYTES
from siaga.hazards import HAZARDS
from siaga.listener import Listener, raise_descriptors
from siaga.settings import Settings
from siaga.store import Store
from web import Access, UploadAccess, bearer, create_app, hops, openid, prefix
from web.index import Filter, Index
from web.patient import PATIENCE, PatientStore

_THREADS, _STREAMS = 16, 32  # for pages, and for readers who are told of changes; these threads sleep
_IDLE_SECONDS = 30
_MAX_BODY = MAX_BYTES + (1 << 20)  # a raster is the largest thing that is handed in


def _rebuild(index: Index) -> None:
    """Throw away what the index holds and read all of it again, also under a running app. Raises SiagaError."""
    began = time.perf_counter()
    index.forget()
    index.refresh()
    events = {hazard: index.events(hazard, Filter(), 0, 0)[1] for hazard in HAZARDS}
    told = ", ".join(f"{count:,} of hazard {hazard}" for hazard, count in events.items())
    print(f"read anew in {time.perf_counter() - began:.1f} s: {told}")


def main() -> int:
    """Serve until stopped. Ends with 1 where a setting is wrong, a secret missing or the port taken, and says which."""
    os.umask(modes.PRIVATE)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    try:
        _serve(Settings.load())
    except (SiagaError, OSError) as error:
        print(f"the web app cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(settings: Settings) -> None:
    """The index follows the bucket in threads of its own."""
    if sys.argv[1:] == ["rebuild"]:
        _rebuild(Index(Store.connect(settings, "web"), settings.home / "web" / "index.sqlite"))
        return
    store = PatientStore.connect(settings, "web", PATIENCE)
    # a store of its own: what a page could not read does not keep the index from asking, nor the other way round
    index = Index(PatientStore.connect(settings, "web", PATIENCE), settings.home / "web" / "index.sqlite")
    index.start()
    secure = settings.public_url.startswith("https:")
    of_accounts = PatientStore.connect(settings, "accounts", PATIENCE)
    uploads = UploadAccess(
        Store.connect(settings, "ash"),
        Accounts(of_accounts, settings.secrets),
        Audit(of_accounts),
        PatientStore.connect(settings, "operators", PATIENCE),  # strangers cause calls, too: see join
        settings.secret("web-session-key"),
        secure,
        settings.secret("orders-token"),
        settings.second_factor,
        settings.secret("alerts-key"),
        settings.openid,
        openid.secret_of(settings),
        settings.outlets.is_open,
        bool(settings.outlets.mail_url),
    )
    access = Access(settings.api_origins, settings.api_per_minute)
    own = Store.connect(settings, "web")  # what it is asked here keeps no page waiting, nor the other way round
    look = vitals.watched(lambda: own.exists(keys.RESULTS, vitals.NOTHING))
    watchers = settings.secret(vitals.TOKEN), look.check
    told = settings.home, settings.public_url, settings.cap_status, access, _STREAMS, *watchers, settings.others
    app = create_app(store, index, settings.gateway_url, uploads, settings.secret("jobs-token"), *told)
    prefix.install(app, settings.web_path)
    raise_descriptors()
    Listener(
        hops.behind(app, settings.web_proxies),
        settings.web_host,
        settings.web_port,
        prefix.taken_off(settings.web_path, bearer.may_send_much(app)),
        threads=_THREADS + _STREAMS,
        channel_timeout=_IDLE_SECONDS,
        max_request_body_size=_MAX_BODY,
        clear_untrusted_proxy_headers=False,  # hops reads the one that counts, and nothing reads another
        url_prefix=settings.web_path,
    ).run()


if __name__ == "__main__":
    sys.exit(main())
