"""The tabs of floods and ash in a real browser: every width, both languages, nothing that breaks."""

import threading

import pytest
import waitress
from fixtures import ashfalls, floodhours
from playwright.sync_api import sync_playwright
from support import axe
from support.keyboard import leads_by_keys
from test_browser import BLIND, WIDTHS, never_scrolls_sideways
from test_browser_map import DRAWING

from siaga.store import Store
from web import create_app
from web.index import Index

LONG = dict.fromkeys(floodhours.RWS, ("RW 0123 yang namanya panjang sekali", "KELAPA GADING TIMUR RAYA BARU"))
HOUR = floodhours.snapshot(8)
REASON = {"text": "x", "template": "The server answered with {status}", "values": {"status": 500}}
PATHS = [
    "/ash",
    "/floods",
    "/floods?every=6",
    "/floods?order=people&q=kelapa",
    f"/floods/{HOUR}",
    f"/floods/{floodhours.snapshot(2)}",
]
KEYS = {"/ash": ".list", "/floods": ".hours"}
PATHS += ["/floods/frequency", f"/ash/{ashfalls.EVENT}", "/status", "/levels"]


@pytest.fixture
def index(store, minio, tmp_path):
    """Of flood hours of all kinds, an outage that lasts and an ash fall."""
    states = dict(zip(floodhours.RWS, (2, 3, 4), strict=True))
    for number in (0, 7):
        floodhours.put_data(store, number, states, names=LONG, report=False)
    floodhours.put_data(store, 8, states, names=LONG, report=False, around=(106.6, -6.2, 106.85, -6.0))
    floodhours.put_told(store, 1, "same", same_as=str(floodhours.snapshot(0)))
    floodhours.put_told(store, 2, "suspect", reason=REASON)
    floodhours.put_told(store, 5, "gap", highest_state=4)
    floodhours.put_told(store, 6, "empty", proof=[])
    floodhours.put_outage(store, 9)
    ashfalls.put(store, report=None, demonstration=True)
    return Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")


@pytest.fixture
def base(index, minio):
    """The address of an app that shows them."""
    index.refresh()
    app = create_app(Store.connect(minio, "web"), index, "http://127.0.0.1:9")
    server = waitress.create_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


def test_pages_fit_every_width_hold_for_all_readers_and_their_maps_do_what_they_say(base, index):
    faults = []
    with sync_playwright() as playwright:
        page = watched(playwright, BLIND, base, faults)  # a map that is drawn costs more than the rest of a page
        for lang in ("id", "en"):
            for path in PATHS:
                index.refresh()  # or pages say, after a while, that the store does not answer
                fits(page, base, path, lang)
                if lang == "en" and path in KEYS:
                    leads_by_keys(page, KEYS[path])
        page.context.browser.close()
        page = watched(playwright, DRAWING, base, faults)
        for lang in ("id", "en"):
            leads(page, base, lang)
        page.context.browser.close()
    assert faults == []


def watched(playwright, arguments, base, faults):
    """A page of a browser of its own that notes foreign requests, failed ones and errors of scripts."""
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
    page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")  # maps draw no way there
    page.on("request", lambda one: one.url.startswith((base, "data:")) or faults.append(f"foreign {one.url}"))
    page.on("response", lambda one: one.status >= 400 and faults.append(f"{one.status} {one.url}"))
    page.on("console", lambda one: one.type == "error" and faults.append(one.text))
    page.on("pageerror", lambda one: faults.append(str(one)))
    return page


def fits(page, base, path, lang):
    """Fail where a page scrolls sideways at a width, lacks a picture, or keeps somebody out."""
    page.goto(f"{base}{path}{'&' if '?' in path else '?'}lang={lang}")
    page.wait_for_load_state("load")
    assert page.locator("h1").count() == 1, path
    for width in reversed(WIDTHS):
        page.set_viewport_size({"width": width, "height": 900})
        room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert room[0] <= room[1], (path, lang, width, room)
    broken = page.evaluate("[...document.images].filter(one => !one.naturalWidth).map(one => one.src)")
    assert broken == [], path
    header = page.locator("header")
    assert header.locator(".tongue").bounding_box()["y"] < header.locator("nav").bounding_box()["y"], (path, lang)
    assert header.locator(".tongue").bounding_box()["y"] < 24, "the languages stand in the first line on a phone, too"
    assert axe.violations(page) == [], (path, lang)


def leads(page, base, lang):
    """The lists and their maps lead to each other, and pages of one event show its classes."""
    show, close = ("Tampilkan di peta", "Buka") if lang == "id" else ("Show on the map", "Open")
    drawn(page, f"{base}/ash?lang={lang}")
    page.locator(".list").get_by_role("button", name=show).first.press("Enter")
    link = page.locator(".maplibregl-popup").get_by_role("link", name=close)
    assert link.get_attribute("href") == f"/ash/{ashfalls.EVENT}"
    fold(page, base)
    page.locator(".list thead a").nth(5).click()
    page.wait_for_url("**order=people*")
    assert page.locator("th[aria-sort=descending]").count() == 1
    page.locator(".filters .set").get_by_role("link", name="Merapi").click()
    page.wait_for_url("**q=Merapi*")
    assert "Merapi" in page.request.get(page.locator("a[href^='/ash.csv']").evaluate("one => one.href")).text()
    page.context.clear_cookies()
    drawn(page, f"{base}/floods?lang={lang}")
    row = page.locator("tr[data-areas]").nth(1)
    row.get_by_role("button", name=show).press("Enter")
    page.wait_for_function(
        "one => document.querySelector('.caption').textContent === one", arg=row.get_attribute("data-when")
    )
    if lang == "en":  # lists are narrowed and pages of one event drawn by the same steps in any language
        assert page.get_by_role("button", name="Only what the map shows").is_visible()
        return
    holds(page)
    narrows(page, base)
    page.context.clear_cookies()
    for path, deep in (
        (f"/floods/{HOUR}", "71–150 cm"),
        (f"/ash/{ashfalls.EVENT}", "Tinggi"),
    ):
        drawn(page, f"{base}{path}?lang={lang}")
        page.locator(".mapbox .canvas").click()  # once: a second click soon after it would be a double click, and zoom
        assert deep in page.locator(".maplibregl-popup").inner_text()
        if path.startswith("/floods"):
            tells_water_above_zones(page, deep)
        holds(page)


def tells_water_above_zones(page, deep):
    """Where zones are chosen, water is still what is seen and told of first, and land beside it tells its zone."""
    page.keyboard.press("Escape")
    page.locator("input[data-zones]").check()
    page.locator(".mapbox[data-zones='1']").wait_for(timeout=15_000)
    popup, stage = page.locator(".maplibregl-popup"), page.locator(".mapbox .canvas")
    stage.click(delay=1)
    assert [deep in text for text in popup.all_inner_texts()] == [True]
    page.keyboard.press("Escape")
    stage.click(position={"x": stage.bounding_box()["width"] / 2, "y": 12})
    assert "Jakarta Barat" in popup.inner_text()


def fold(page, base):
    """Pages to come draw no map, until cookies are cleared."""
    page.context.add_cookies([{"name": "map", "value": "folded", "url": base}])


def narrows(page, base):
    """The list of hours is sorted, searched, filtered and kept to what its map shows; its table holds the same."""
    fold(page, base)
    page.locator(".hours thead a").nth(2).click()
    page.wait_for_url("**order=areas*")
    page.locator("[name=q]").fill("kelapa gading")
    page.locator("[name=q]").press("Enter")
    page.wait_for_url("**q=kelapa*")
    page.context.clear_cookies()
    page.locator("[name=level]").select_option("4")
    page.locator("details.more button").click()
    page.wait_for_url("**level=4*")
    page.locator(".mapbox[data-ready]").wait_for(timeout=60_000)
    page.get_by_role("button", name="Hanya yang tampak di peta").click()
    page.wait_for_url("**box=*")
    assert page.locator(".hours tbody tr").count() == 4
    page.locator(".hours .menu summary").first.click()
    assert page.locator(".hours .menu[open] a").count() >= 3
    table = page.request.get(page.locator("a[href^='/floods.csv']").evaluate("one => one.href")).text()
    assert len(table.splitlines()) == 5
    page.locator(".mapbox[data-ready]").wait_for(timeout=60_000)
    fold(page, base)
    page.locator("[data-act=free]").click()
    page.wait_for_function("!location.search.includes('box=')")


def drawn(page, url):
    """Open a page and wait until its map is drawn."""
    page.goto(url)
    page.locator(".mapbox[data-ready]").wait_for(timeout=60_000)


def holds(page):
    """With its map drawn a page fits every width, and the map keeps nobody out."""
    never_scrolls_sideways(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    assert axe.violations(page, ".mapbox") == [], page.url
