"""The pages in a real browser: every width, both languages, no foreign request, nothing that breaks."""

import re

import pyotp
import pytest
from fixtures import accounts, ash
from fixtures.grids import make_grid
from playwright.sync_api import sync_playwright
from support import axe, operators
from support.keyboard import focused, leads_by_keys
from support.running import answers, wait_for

from siaga import keys
from siaga.cli import ingest
from siaga.events import Notification

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
BLIND = [*QUIET, "--disable-3d-apis"]  # draws no map, which costs more than all else of a page
EVENT, WEAK = "20180805060000", "20180804060000"
SMALL = {"nlon": 9, "nlat": 9, "spacing": 0.1, "peak": 5.0}  # weak: a report of one page, soon made
PAIR = "20180806184635_70_-08250_116400_20180806184635"
WIDTHS = [360, 390, 768, 1024, 1440, 1920]


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=BLIND)
        yield started
        started.close()


def upload(stack_up, event_id, bucket=keys.SHAKEMAPS, **more):
    body = make_grid(event_id=event_id, **more)
    key = f"{event_id}/grid.xml"
    return Notification(bucket, key, stack_up.store("bmkg").put(bucket, key, body, "application/xml"))


def publish(stack_up, event_id, **more):
    assert ingest.wait(stack_up.settings, upload(stack_up, event_id, **more), 60).state == "published"


@pytest.fixture(scope="module")
def base(stack_up):
    """The address of a web app that shows two events, an exercise, a quake with two maps and a refused file."""
    hour, before = {"time": "2018-08-05T05:30:00"}, {"time": "2018-08-04T05:30:00"}
    later = {"time": "2018-08-06T18:46:35", "description": "Lombok Timur"}
    corrected = {"lon": 116.4, "lat": -8.25, "magnitude": 7.0, "peak": 9.2}
    uploads = [  # all at once: while one is printed the next is counted
        upload(stack_up, EVENT, description="Lombok Utara yang namanya panjang sekali", **hour),
        upload(stack_up, f"{EVENT}_se", **hour, **SMALL),
        upload(stack_up, WEAK, **before, **SMALL),
        upload(stack_up, "20180806194635", **later, **SMALL),
        upload(stack_up, PAIR, keys.SHAKEMAPS_CORRECTED, **corrected, **later),
    ]
    assert {ingest.wait(stack_up.settings, one, 120).state for one in uploads} == {"published"}
    for event in (EVENT, f"{EVENT}_se", WEAK, PAIR):  # the index follows within a second or so
        wait_for(lambda path=f"{stack_up.settings.public_url}/earthquakes/{event}": answers(path), 15, event)
    stack_up.store("bmkg").put(keys.SHAKEMAPS, "no-map/grid.xml", b"<x/>", "application/xml")
    return stack_up.settings.public_url


@pytest.fixture
def watched(browser, base):
    """(page, faults): a page that notes foreign requests, failed ones and errors of scripts."""
    context = browser.new_context()
    page = context.new_page()
    faults = []
    page.on("request", lambda one: one.url.startswith((base, "data:")) or faults.append(f"foreign {one.url}"))
    page.on("response", lambda one: one.status >= 400 and faults.append(f"{one.status} {one.url}"))
    page.on("console", lambda one: one.type == "error" and faults.append(one.text))
    page.on("pageerror", lambda one: faults.append(str(one)))
    yield page, faults
    context.close()


@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize(
    "path", ["/earthquakes", f"/earthquakes/{EVENT}", f"/earthquakes/{EVENT}_se", f"/earthquakes/{PAIR}", "/status"]
)
def test_nothing_scrolls_sideways_or_fails_at_any_width(watched, base, path, lang):
    page, faults = watched
    fits(page, f"{base}{path}?lang={lang}")
    if path in ("/earthquakes", f"/earthquakes/{EVENT}"):
        for width in (WIDTHS[-2], WIDTHS[0]):
            page.set_viewport_size({"width": width, "height": 900})
            assert axe.violations(page) == [], width
    assert faults == []
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_operators_page_fits_every_width_and_shows_before_it_does(watched, base, stack_up, lang):
    page, faults = watched
    accounts.of(stack_up.settings)
    page.goto(f"{base}/login?next=/reprocess")
    page.fill("input[name=name]", "op")
    page.fill("input[name=password]", "a long password")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/reprocess")
    wait_for(lambda: page.goto(f"{base}/reprocess?lang={lang}").ok and page.locator("input[name=why]").count(), 15)
    fits(page, f"{base}/reprocess?lang={lang}")
    page.select_option("select[name=what]", "all")
    page.click("form[action='/reprocess/look'] button")
    page.locator("form[action='/reprocess/order'] button").wait_for()
    assert f"shakemaps/{EVENT}/grid.xml" in page.locator("main").inner_text()
    assert faults == []


def fits(page, url):
    """Fail where a page scrolls sideways at any width, lacks a picture or its letters."""
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto(url)
    page.wait_for_load_state("load")
    never_scrolls_sideways(page)
    broken = page.evaluate("[...document.images].filter(image => !image.naturalWidth).map(image => image.src)")
    assert broken == []
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('14px Inter'))")


def never_scrolls_sideways(page):
    """At any width, of a page that is open: no script asks for its width while it loads."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert room[0] <= room[1], (width, room)


def test_the_first_page_is_small(browser, base):
    context = browser.new_context()
    page = context.new_page()
    sizes = []
    own = re.compile(rf"{re.escape(base)}/(?!map/)")  # the map's code and tiles come after the page's own content
    page.on("requestfinished", lambda one: own.match(one.url) and sizes.append(one.sizes()["responseBodySize"]))
    page.goto(f"{base}/earthquakes")
    page.wait_for_load_state("load")
    context.close()
    assert sum(sizes) < 150_000


def always_shows_where_it_is(page):
    """From key to key what has the focus is in view, and has our ring; until the page's end."""
    ring = """() => {
        const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
        const seen = box.width && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
        return one === document.body ? null : [style.outlineStyle, style.outlineWidth, !!seen, one.outerHTML];
    }"""
    for _ in range(200):
        page.keyboard.press("Tab")
        found = page.evaluate(ring)
        if found is None:
            return
        assert found[:3] == ["solid", "3px", True], found
    raise AssertionError("the focus never leaves the page")


def test_the_list_leads_to_the_event_and_its_pdf_by_keyboard_alone(watched, base):
    page, _faults = watched
    page.goto(f"{base}/earthquakes?lang=en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    always_shows_where_it_is(page)
    leads_by_keys(page, ".list")
    menu = page.locator(".menu summary").first
    menu.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    link = page.locator(".menu[open] a").first
    page.keyboard.press("ArrowDown")
    assert focused(link), "who reads the menu of a row stays there"
    page.keyboard.press("Escape")
    assert page.locator(".menu[open]").count() == 0
    assert focused(menu)
    page.locator(f'a[href="/earthquakes/{EVENT}"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/earthquakes/{EVENT}")
    always_shows_where_it_is(page)
    pdf = page.locator("a.primary")
    assert pdf.inner_text() == "PDF report"
    answer = page.request.get(base + pdf.get_attribute("href"))
    assert answer.body().startswith(b"%PDF")


def test_without_script_all_is_there(browser, base):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base}/earthquakes/{EVENT}?lang=en")
    assert page.locator("table.zones").count() == 1
    context.close()


def test_something_new_announces_itself_and_moves_nothing(watched, base, stack_up):
    page, _faults = watched
    page.goto(f"{base}/earthquakes?lang=en")
    before = page.locator("table.list a").all_inner_texts()  # a drawn map adds its buttons to the rows
    publish(stack_up, "20180807060001", time="2018-08-07T18:46:35", **SMALL)
    page.locator("#new").wait_for(state="visible", timeout=30_000)
    assert page.locator("table.list a").all_inner_texts() == before
    page.locator("#new a").click()
    page.wait_for_load_state("load")
    assert page.locator('a[href="/earthquakes/20180807060001"]').count() == 1


def test_a_page_without_its_network_says_so_and_how_old_it_is(watched, base):
    page, _faults = watched
    page.goto(f"{base}/status?lang=en")
    wait_for(lambda: page.locator("#live").inner_text().startswith("Live"), 30)
    page.context.set_offline(True)
    cut = page.locator("#cut")
    cut.wait_for(state="visible")
    assert re.search(r"since \d\d:\d\d:\d\d WIB: what is shown may be old", cut.inner_text())
    assert page.locator("#live").inner_text().startswith("Cut off")
    page.context.set_offline(False)
    cut.wait_for(state="hidden")


def test_the_html_report_reads_on_a_phone(watched, base):
    page, _faults = watched
    page.goto(f"{base}/earthquakes/{EVENT}?lang=id")
    address = page.locator(".acts a").first.get_attribute("href")
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(base + address)
        room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert room[0] <= room[1], (width, room)


def enter(page, base, role, after):
    """Log in by the form, to the page that was asked for."""
    page.goto(f"{base}/login?next={after}&lang=en")
    page.fill("input[name=name]", role)
    page.fill("input[name=password]", accounts.PASSWORD)
    page.keyboard.press("Enter")


def send_ash(page):
    page.fill("[name=volcano]", "Merapi")
    page.select_option("[name=alert_level]", "siaga")
    page.fill("[name=eruption_height_m]", "3000")
    page.fill("[name=time]", "2017-02-22T19:04")
    page.set_input_files("input[type=file]", {"name": "a.tif", "mimeType": "image/tiff", "buffer": ash.raster()})
    page.click("form[action='/ash/upload'] button.primary")
    page.click("form[action='/ash/submit'] button.primary")
    page.wait_for_url("**/status?sent=*")


def write_and_restore(page, base):
    """A layout of reports, a wrong one after it, a look at the first, on paper too, and back."""
    for written, models in (("BPBD Provinsi NTB", "4"), ("Salah tulis", "0")):
        page.goto(f"{base}/layouts?hazard=earthquake&of=id")
        page.fill("[name=head]", written)
        page.select_option("[name=place-models]", models)
        page.click("form[action='/layouts/save'] button.primary")
        page.wait_for_url("**/layouts?*")
    with page.context.expect_page() as opened:
        page.locator("form[action='/layouts/look'][target] button:not([formaction])").last.click()
    preview = opened.value
    assert "BPBD Provinsi NTB" in preview.locator("main").inner_text()
    preview.close()
    with page.context.expect_page() as opened:
        page.locator("form[action='/layouts/look'][target] button[formaction]").last.click()
    paper = opened.value
    drawn = paper.locator("img.map")
    drawn.wait_for(timeout=60_000)
    assert drawn.evaluate("one => one.decode().then(() => one.naturalWidth)") > 500
    pdf = paper.request.get(base + paper.locator("a.primary").get_attribute("href"))
    assert pdf.body().startswith(b"%PDF")
    paper.close()
    page.click("form[action='/layouts/restore'] button")
    page.wait_for_load_state("load")
    assert page.locator("[name=head]").input_value() == "BPBD Provinsi NTB"


DONE = (  # as the audit names it
    "Start an exercise",
    "Try again",
    "Do again",
    "Upload of an ash fall",
    "Code to log in",
    "Older layout of reports in force again",
    "Drop",
    "Hide an event",
    "Show an event again",
    "Say whether an event was felt",
    "Token revoked",
    "New user",
    "User disabled",
    "User enabled",
    "Subscription",
    "Subscription stopped or going on",
)


def test_the_whole_round_of_an_operator_ends_in_the_audit(watched, base, stack_up):
    page, faults = watched
    everyone = accounts.of(stack_up.settings, "ani", role="admin")
    enter(page, base, "ani", "/account/second-factor")
    secret = page.locator("main code").inner_text().replace(" ", "")
    page.fill("input[name=code]", pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    code = page.locator(".codes code").first.inner_text()
    page.goto(f"{base}/account")
    page.click("form[action='/logout'] button")
    enter(page, base, "ani", "/ash/upload")
    page.fill("input[name=code]", code)  # the app's own was used a moment ago
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/ash/upload")
    send_ash(page)
    page.goto(f"{base}/reprocess")
    page.select_option("select[name=what]", "named")
    page.fill("input[name=name]", WEAK)
    page.click("form[action='/reprocess/look'] button")
    page.click("form[action='/reprocess/order'] button")
    page.wait_for_url("**/status")
    wait_for(lambda: page.goto(f"{base}/reprocess").ok and page.locator("input[name=why]").count(), 15)
    page.locator("form[action='/reprocess/retry'] button").first.click()
    page.wait_for_url("**/reprocess")
    page.goto(f"{base}/earthquakes/{WEAK}")
    page.click("details:has(form[action='/drills/start']) summary")
    page.click("form[action='/drills/start'] button")
    page.wait_for_url("**/status?sent=*_se")
    drill = page.url.rpartition("=")[2]
    wait_for(lambda: page.request.get(f"{base}/earthquakes/{drill}").ok, 120, "the exercise")
    faults.clear()  # it was asked for before it was there
    page.goto(f"{base}/earthquakes/{drill}")
    assert "LATIHAN" in page.locator("main").inner_text()
    write_and_restore(page, base)
    operators.orders(page, base, "2018-08-04", "2018-08-05")  # of one weak quake
    operators.gives_up(page, base, "no-map/grid.xml")
    operators.decides(page, base, WEAK)
    operators.makes_a_token(page, base)
    operators.adds_a_user(page, base)
    operators.subscribes(page, base)
    operators.sound(page, base)
    page.goto(f"{base}/audit?who=ani&lang=en")
    done = page.locator("table.inputs").inner_text()
    for said in (drill, *DONE):
        assert said in done, said
    fits(page, f"{base}/audit?who=ani")
    fits(page, f"{base}/users")
    assert faults == []
    assert everyone.get("ani").last_step > 0
