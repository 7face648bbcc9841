"""Maps in a real browser that draws them, and in one that cannot: nothing foreign, nothing that breaks."""

import io
import re
from functools import cache, partial

import pytest
import shapely
from fixtures import exposure
from PIL import Image, ImageColor
from playwright.sync_api import sync_playwright
from support import axe
from support.running import wait_for
from test_browser import BLIND, EVENT, QUIET, never_scrolls_sideways, publish

from siaga import palette
from siaga.gis import tiles
from web.maps.style import LAND, SEA

DRAWING = [one for one in QUIET if one != "--disable-gpu"]
DRAWING += ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
STAR = (165, 15, 26)


@pytest.fixture(scope="module")
def base(stack_up):
    """The address of a web app that shows a quake off Lombok whose report stands."""
    publish(stack_up, EVENT, description="Lombok Utara yang namanya panjang sekali", time="2018-08-05T05:30:00")
    return stack_up.settings.public_url


@pytest.fixture(scope="module")
def browsers():
    """What gives the browser that was started with some arguments, each started once."""
    with sync_playwright() as playwright:

        @cache
        def started(*arguments):
            return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(arguments))

        yield started


@pytest.fixture(params=[DRAWING], ids=["drawing"])
def watched(request, browsers, base):
    """(page, faults, paths): a page that notes foreign requests, failed ones and errors of scripts, and all paths."""
    faults, paths = [], []
    context = browsers(*request.param).new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.on("request", lambda one: paths.append(one.url.removeprefix(base)))
    page.on("request", lambda one: one.url.startswith((base, "data:")) or faults.append(f"foreign {one.url}"))
    page.on("response", lambda one: one.status >= 400 and faults.append(f"{one.status} {one.url}"))
    page.on("console", lambda one: one.type == "error" and faults.append(one.text))
    page.on("pageerror", lambda one: faults.append(str(one)))
    yield page, faults, paths
    context.close()


def shown(page, url, wanted="html"):
    """Open a page that the index may not know yet, or not its report, and wait until its map is drawn."""
    wait_for(lambda: page.goto(url).ok and page.locator(wanted).count(), 15, url)
    page.locator(".mapbox[data-ready]").wait_for(timeout=60_000)


def colours(page):
    """The colours that the map's picture has in more than ten places."""
    picture = Image.open(io.BytesIO(page.locator(".mapbox .stage").screenshot())).convert("RGB")
    return {colour for count, colour in picture.getcolors(1 << 22) if count > 10}


def is_yellow(colour):
    """As VI and VII are, over land and sea."""
    red, green, blue = colour
    return red > 200 and green > 160 and blue < 140


def tinted(page, land):
    """Whether classes of MMI are seen upon land of that colour, which they hide by 7 parts of 10."""
    drawn, under = colours(page), ImageColor.getrgb(land)
    tints = [ImageColor.getrgb(one) for mmi, one in palette.MMI.items() if 5 <= mmi <= 7]
    mixed = [[0.7 * a + 0.3 * b for a, b in zip(tint, under, strict=True)] for tint in tints]
    return any(all(abs(a - b) < 1.5 for a, b in zip(one, want, strict=True)) for one in drawn for want in mixed)


@pytest.fixture(scope="module")
def tiles_of_before(tmp_path_factory):
    """An archive as an older Siaga drew it: Lombok, without the sea."""
    folder = tmp_path_factory.mktemp("tiles")
    base = exposure.basemap(folder / "basemap.gpkg", [shapely.box(116.0, -8.9, 116.7, -8.25)])
    with pytest.MonkeyPatch.context() as before:
        before.setattr(tiles, "_sea", lambda *_: {})
        tiles.write(folder / "made.pmtiles", base, None)
    return (folder / "made.pmtiles").read_bytes()


def give_part(archive, route):
    """Answer a request for a part of an archive of tiles."""
    first, last = map(int, re.findall(r"\d+", route.request.headers["range"]))
    part = archive[first : last + 1]
    said = f"bytes {first}-{first + len(part) - 1}/{len(archive)}"
    route.fulfill(status=206, body=part, headers={"Content-Range": said, "Content-Type": "application/vnd.pmtiles"})


def flies_in_one_language(page, lang):
    """In the other one a map stands at once where it is led: all frames of its way are drawn by the processor here."""
    if lang == "id":
        page.emulate_media(reduced_motion="reduce")


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_map_of_a_quake_has_its_shaking_and_can_be_switched(watched, base, lang, tiles_of_before):
    page, faults, paths = watched
    flies_in_one_language(page, lang)
    if lang == "en":  # after an update, before `siaga data basemap`: tints lie over the sea, and nothing breaks
        page.route("**/*.pmtiles", partial(give_part, tiles_of_before))
    shown(page, f"{base}/earthquakes/{EVENT}?lang={lang}", "input[data-zones]")
    assert not page.locator(".mapbox .picture img").is_visible()
    assert any(f"style.json?lang={lang}" in path for path in paths)
    wait_for(lambda: any(path.endswith(".pmtiles") for path in paths), 15, "tiles")
    wait_for(lambda: STAR in colours(page), 15, "the epicentre")
    wait_for(lambda: any(map(is_yellow, colours(page))), 15, "classes of MMI")
    wait_for(lambda: tinted(page, LAND), 15, "classes of MMI on land")
    assert tinted(page, SEA) == (lang == "en"), "tints end at the coast where the tiles hold the sea"
    page.get_by_label("Kelas MMI" if lang == "id" else "Classes of MMI").uncheck()
    wait_for(lambda: not any(map(is_yellow, colours(page))), 15, "a map without classes")
    assert STAR in colours(page)
    page.locator("input[data-zones]").check()
    wait_for(lambda: int(page.locator(".mapbox").get_attribute("data-zones") or 0) > 0, 30, "borders of districts")
    assert "10.000–100.000" in page.locator(".key.people").inner_text().replace(",", ".")
    page.locator("tr[data-zone] .to-map").first.press("Enter")
    name = page.locator("tr[data-zone]").first.get_attribute("data-name")
    assert name.split(" (")[0] in page.locator(".maplibregl-popup").inner_text()
    page.keyboard.press("Escape")
    page.locator(".maplibregl-canvas").focus()
    scale = page.locator(".maplibregl-ctrl-scale").inner_text()
    page.keyboard.press("+")
    wait_for(lambda: page.locator(".maplibregl-ctrl-scale").inner_text() != scale, 15, "a closer view")
    page.get_by_role("button", name="Tampilkan semua" if lang == "id" else "Show all").click()
    assert axe.violations(page, ".mapbox") == []
    never_scrolls_sideways(page)
    assert faults == []


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_map_beside_the_list_and_its_rows_lead_to_each_other(watched, base, lang):
    page, faults, _paths = watched
    flies_in_one_language(page, lang)
    shown(page, f"{base}/earthquakes?lang={lang}")
    never_scrolls_sideways(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    row = page.locator(".list tr").filter(has=page.locator(f'a[href="/earthquakes/{EVENT}"]'))
    row.get_by_role("button", name="Tampilkan di peta" if lang == "id" else "Show on the map").press("Enter")
    popup = page.locator(".maplibregl-popup")
    popup.get_by_role("link", name="PDF").wait_for(timeout=15_000)
    assert popup.get_by_role("link", name="Buka" if lang == "id" else "Open").get_attribute("href").endswith(EVENT)
    assert "on-map" in row.get_attribute("class")
    assert axe.violations(page, ".mapbox") == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Pilih area" if lang == "id" else "Choose an area").click()
    stage = page.locator(".mapbox .canvas").bounding_box()
    page.mouse.move(stage["x"] + 60, stage["y"] + 60)
    page.mouse.down()
    page.mouse.move(stage["x"] + 300, stage["y"] + 380)
    with page.expect_navigation():
        page.mouse.up()
    assert "box=" in page.url
    page.locator(".mapbox[data-ready]").wait_for(timeout=60_000)
    with page.expect_navigation():
        page.get_by_role("button", name="Semua wilayah" if lang == "id" else "All areas").click()
    assert "box=" not in page.url
    page.locator(".mapbox > summary").click()
    wait_for(lambda: "map=folded" in page.evaluate("document.cookie"), 15, "the fold to be kept")
    page.reload()
    assert page.locator(".mapbox").get_attribute("open") is None, "what was folded stays folded"
    assert faults == []


@pytest.mark.parametrize("watched", [BLIND], indirect=True, ids=["not drawing"])
def test_where_no_map_can_be_drawn_the_picture_stands_and_nothing_is_fetched(watched, base):
    page, faults, paths = watched
    wait_for(lambda: page.goto(f"{base}/earthquakes/{EVENT}").ok, 15, EVENT)
    page.locator(".mapbox.unable").wait_for(timeout=15_000)
    assert page.locator(".mapbox .picture img").is_visible()
    assert not any(path.startswith("/map/") for path in paths)
    assert faults == []
