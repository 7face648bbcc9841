"""The tabs of floods and ash in a real browser: every width, both languages, nothing that breaks."""

import threading

import pytest
import waitress
from fixtures import ashfalls, floodhours
from playwright.sync_api import sync_playwright
from test_browser import QUIET, WIDTHS

from siaga.store import Store
from web import create_app
from web.index import Index

LONG = dict.fromkeys(floodhours.RWS, ("RW 0123 yang namanya panjang sekali", "KELAPA GADING TIMUR RAYA BARU"))
HOUR = floodhours.snapshot(8)
REASON = {"text": "x", "template": "The server answered with {status}", "values": {"status": 500}}
PATHS = ["/floods", "/floods?every=6", f"/floods/{HOUR}", f"/floods/{floodhours.snapshot(2)}", "/floods/frequency"]
PATHS += ["/ash", f"/ash/{ashfalls.EVENT}", "/status"]


@pytest.fixture
def base(store, minio, tmp_path):
    """The address of an app that shows flood hours of all kinds, an outage that lasts and an ash fall."""
    states = dict(zip(floodhours.RWS, (2, 3, 4), strict=True))
    for number in (0, 7, 8):
        floodhours.put_data(store, number, states, names=LONG, report=False)
    floodhours.put_told(store, 1, "same", same_as=str(floodhours.snapshot(0)))
    floodhours.put_told(store, 2, "suspect", reason=REASON)
    floodhours.put_told(store, 5, "gap", highest_state=4)
    floodhours.put_told(store, 6, "empty", proof=[])
    floodhours.put_outage(store, 9)
    ashfalls.put(store, report=None)
    index = Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")
    index.refresh()
    app = create_app(Store.connect(minio, "web"), index, "http://127.0.0.1:9")
    server = waitress.create_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


def test_nothing_scrolls_sideways_or_fails_at_any_width(base):
    faults = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        page = browser.new_page()
        page.on("request", lambda one: one.url.startswith((base, "data:")) or faults.append(f"foreign {one.url}"))
        page.on("response", lambda one: one.status >= 400 and faults.append(f"{one.status} {one.url}"))
        page.on("console", lambda one: one.type == "error" and faults.append(one.text))
        for path in PATHS:
            for lang in ("id", "en"):
                page.goto(f"{base}{path}{'&' if '?' in path else '?'}lang={lang}")
                page.wait_for_load_state("load")
                assert page.locator("h1").count() == 1, path
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 900})
                    room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
                    assert room[0] <= room[1], (path, lang, width, room)
                broken = page.evaluate("[...document.images].filter(one => !one.naturalWidth).map(one => one.src)")
                assert broken == [], path
        browser.close()
    assert faults == []
