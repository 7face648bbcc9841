"""Layouts of reports: checked, kept in versions, rolled back, part of what names a run, looked at before they hold."""

import base64
import io
import json
import re
from dataclasses import replace

import pytest
from fixtures import accounts, hazards, impacts, installed
from fixtures.pages import opened, text
from PIL import Image, ImageFile

from siaga import analysis, keys
from siaga.accounts.account import ADMIN, ASH_EDITOR, OPERATOR
from siaga.data import analysis_data
from siaga.errors import BadInput, Conflict
from siaga.impact.floodtrend import HOURS_AGO
from siaga.inputs import layouts, logos, texts
from siaga.inputs.layouts import LARGEST_LOGO, LONGEST, SECTIONS, USUAL, Layout
from siaga.inputs.texts import REPORT, Place, Text
from siaga.language import load
from siaga.report import fit as fits
from siaga.report import layout, record
from siaga.report.classed import pages as classed
from siaga.report.classed import paper
from siaga.report.earthquake import fit, pages
from siaga.report.fit import Fit
from siaga.report.paper import Atlas
from siaga.store import Store
from web import UploadAccess, audit
from web.layouts import TITLES

PLACE = Place(REPORT, "earthquake", "id")
ADDRESS = "https://siaga.example"
WHEN = "2026-11-27T00:00:00Z"


def picture(kind="PNG", size=(900, 300), colour=(200, 0, 0)):
    body = io.BytesIO()
    Image.new("RGB", size, colour).save(body, kind)
    return body.getvalue()


def noise():
    body = io.BytesIO()
    Image.effect_noise((800, 200), 90).convert("RGB").save(body, "PNG")
    return body.getvalue()


OURS = Layout(
    logo=logos.drawn(picture()),
    opening="Untuk <b>Pusdalops</b> {{ 7 * 7 }}",
    closing="Hubungi 117.",
    order=("past", "towns"),
    left_out=("models", "standing"),
)


def test_what_is_as_usual_leaves_no_trace():
    for hazard, sections in SECTIONS.items():
        names = [section.name for section in sections]
        order = tuple(section.name for section in sections if not section.alone)
        assert layouts.checked(hazard, Layout(order=order, opening=" \n")) == USUAL
        assert USUAL.printed(hazard) == names
        assert set(TITLES[hazard]) == set(names)
    assert "layout" not in json.loads(Text(PLACE, 1, "", "ani", WHEN).encode())
    assert Text.decode(Text(PLACE, 1, "", "ani", WHEN, layout=OURS).encode()).layout == OURS


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"opening": "x" * (LONGEST + 1)}, "opening"),
        ({"closing": "x" * (LONGEST + 1)}, "closing"),
        ({"left_out": ("preparing",)}, "preparing"),
        ({"left_out": ("level",)}, "level"),
        ({"order": ("towns", "towns")}, "place"),
        ({"logo": base64.b64encode(b"<svg onload='x()'/>").decode()}, "logo"),
        ({"logo": "?"}, "logo"),
    ],
)
def test_a_wrong_layout_is_refused_with_the_name_of_its_field(wrong, said):
    with pytest.raises(BadInput, match=said):
        layouts.checked("earthquake", Layout(**wrong))


def test_a_logo_is_drawn_anew_small_and_nothing_else_is_taken(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint does in every process that loads it
    for kind in ("PNG", "JPEG"):
        small = base64.b64decode(logos.drawn(picture(kind)))
        assert Image.open(io.BytesIO(small)).size == (270, 90)
    assert len(base64.b64decode(logos.drawn(noise()))) <= LARGEST_LOGO
    for wrong, said in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PNG or JPEG"),
        (picture("GIF"), "PNG or JPEG"),
        (picture()[:200], "PNG or JPEG"),
        (picture("JPEG")[:-40], "PNG or JPEG"),
        (picture(size=(5000, 5000)), "5000 × 5000"),
        (b"x" * ((logos.LARGEST_KIB << 10) + 1), "smaller"),
        (b"", "PNG or JPEG"),
    ):
        with pytest.raises(BadInput, match=said):
            logos.drawn(wrong)


def test_a_layout_is_another_run_and_to_go_back_is_the_former_one(store, tmp_path):
    installed.install(store, tmp_path)

    def made():
        exposure = analysis_data.open(store, tmp_path / "cache", (), "earthquake")
        run = analysis.run_of("earthquake", "20180805194635", "initial", 1, b"a map", exposure)
        return run.run, analysis.head(run, b"a map", exposure)["provenance"]

    bare = made()
    first = texts.write(store, Text(PLACE, 0, "", "ani", WHEN, layout=OURS), 0)
    laid_out = made()
    assert bare[0] != laid_out[0]
    assert (bare[1].get("layout"), laid_out[1]["layout"]) == (
        None,
        {"id": OURS.record("earthquake", 1)},
    )
    assert laid_out[1]["layout"]["id"]["sections"] == ["past", "towns", "preparing"]
    second = texts.write(store, Text(PLACE, 0, "", "ani", WHEN), first.number)
    assert made() == bare
    with pytest.raises(Conflict):
        texts.write(store, Text(PLACE, 0, "", "budi", WHEN, layout=OURS), first.number)
    texts.write(store, replace(first, restores=first.number), second.number)
    assert made() == laid_out


def test_the_run_without_a_layout_is_named_as_it_was():
    exposure = analysis_data.AnalysisData("f" * 64, "", (), {})
    with_none = replace(exposure, stationery={"earthquake": {}})
    named = [analysis.run_of("earthquake", "1", "initial", 1, b"x", one).run for one in (exposure, with_none)]
    assert len(set(named)) == 1


def laid_out(impact, hazard, **more):
    """The impact with that layout in Indonesian."""
    one = layouts.checked(hazard, replace(OURS, **({"order": (), "left_out": ()} | more))).record(hazard, 3)
    return impact | {"provenance": impact["provenance"] | {"layout": {"id": one}}}


def headings(page):
    return [re.sub(r"<[^>]+>|\s+", " ", found).strip() for found in re.findall(r"<h2[^>]*>(.*?)</h2>", page, re.DOTALL)]


def test_sections_of_a_quake_move_and_go_and_no_figure_of_page_1_does():
    usual = impacts.full()[0]
    changed = laid_out(usual, "earthquake", order=("past", "towns"), left_out=("models", "standing"))
    shown = {}
    for name, impact in (("usual", usual), ("changed", changed)):
        for code in ("id", "en"):
            speech = load(code)
            fitted = fit.first(impact, False, speech)
            shown[name, code] = pages.html(impact, ADDRESS, speech, fitted, None)
    assert shown["usual", "en"] == shown["changed", "en"]
    before, after = (headings(shown[name, "id"]) for name in ("usual", "changed"))
    first = before.index("SIAPA: PENDUDUK MENURUT KABUPATEN/KOTA DAN MMI") + 1
    assert after[:first] == before[:first]
    assert [head.split(":")[0] for head in after[first:]] == ["PERNAH TERJADI", "DI MANA", "APA YANG DISIAPKAN"]
    page = shown["changed", "id"]
    assert "Untuk &lt;b&gt;Pusdalops&lt;/b&gt; {{ 7 * 7 }}" in page
    assert page.index("Untuk &lt;b") < page.index("SEBERAPA PARAH")
    assert page.index("Hubungi 117.") > page.index("APA YANG DISIAPKAN")
    assert page.count('class="logo"') == 1
    assert "Tata letak 3." in page
    bare = pages.html(changed, ADDRESS, load("id"), replace(fitted, dressed=False), None)
    assert "Hubungi" not in bare
    assert "layout" not in record.of(usual, [], None)
    assert record.of(changed, [], None)["layout"] == {"id": 3}


def test_sections_of_floods_and_ash_falls_go_and_their_pages_with_them(qgis, tmp_path):
    speech = load("id")
    flood = hazards.worst(hazards.flood(tmp_path)[0])
    trends = {1: None, 6: None, 24: None}
    turned = laid_out(flood, "flood", order=("structures", "neighbourhoods"))
    assert layout.rows(turned, speech) == [["structures"], ["neighbourhoods"]]
    assert layout.rows(turned, speech, ("structures",)) == [["neighbourhoods"]]
    none = laid_out(flood, "flood", left_out=("neighbourhoods", "structures"))
    fitted = classed.flood_fit(none, speech)
    assert (classed.flood_fit(flood, speech).pages, fitted.pages) == (2, 1)
    assert "Hubungi 117." in classed.of_flood(none, trends, ADDRESS, speech, fitted)
    fall = hazards.worst(hazards.fall(tmp_path)[0])
    less = laid_out(fall, "ash", left_out=("effects", "towns", "standing"))
    fitted = classed.ash_fit(less, speech)
    assert (classed.ash_fit(fall, speech).pages, fitted.pages) == (3, 2)
    page = classed.of_ash(less, ADDRESS, speech, fitted)
    assert "APA YANG DISIAPKAN" in page
    assert "KOTA MANA" not in page


def test_the_agency_s_paragraphs_take_room_from_the_map_alone():
    usual = impacts.full()[0]
    changed = laid_out(usual, "earthquake", opening="x" * LONGEST)
    before, after = (fit.first(one, False, load("id")) for one in (usual, changed))
    assert fits.LOWEST_MM <= after.map_mm <= before.map_mm
    assert after.pages == before.pages


def test_paragraphs_and_logo_give_way_last_of_all_and_only_where_there_are_some():
    least = Fit(1, fits.LOWEST_MM, fits.LEAST_ROWS, fits.LEAST_TOWNS, tight=True, least_mm=fits.LOWEST_MM)
    for room in ({"end-1": -9.0}, {"end-1": 0.0, "end-2": -9.0}, {"end-1": 0.0, "end-3": -9.0}):
        assert fits.mended(least, room) is None
        assert fits.mended(replace(least, dressed=True), room) == least
    assert fits.mended(replace(least, dressed=True), {"end-1": 0.0}) is None
    lower = fits.mended(replace(least, map_mm=60.0, dressed=True), {"end-1": -9.0})
    assert (lower.map_mm, lower.dressed) == (50.5, True)


def test_no_word_of_a_full_flood_is_printed_upon_another(qgis, tmp_path):
    impact, areas = hazards.flood(tmp_path)
    full = laid_out(impact, "flood", opening="kata " * (LONGEST // 5), closing="kata " * (LONGEST // 5))
    atlas = Atlas(None, None)
    made = paper.of_flood(full, areas, dict.fromkeys(HOURS_AGO), atlas, ADDRESS, [load("id")])
    printed = next(one.body for one in made if one.path.endswith(".pdf"))
    boxes, count = impacts.word_boxes(printed, tmp_path)
    assert (count, list(impacts.overlapping(boxes))) == (1, [])


@pytest.fixture
def web(store, minio, tmp_path):
    """(store, client): a browser of an admin."""
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio, "ani"), "a key of the sessions")
    accounts.of(minio, "ani", role=ADMIN)
    store, index, client = opened(store, minio, tmp_path, uploads)
    index.refresh()
    accounts.entered(client, "ani")
    return store, index, client


def send(client, what, **more):
    """The answer to that form, as a browser sends it."""
    named = {"hazard": "earthquake", "of": "id", "token": accounts.token(client, "/account")} | more
    return client.post(f"/layouts/{what}", data=named, content_type="multipart/form-data")


def test_an_admin_writes_a_layout_and_rolls_it_back(web):
    store, _index, client = web
    logo = {"logo": (io.BytesIO(picture()), "logo.png")}
    chosen = {"place-past": "1", "place-towns": "2", "place-preparing": "3", "place-models": "0"}
    said = {"head": "BPBD NTB", "foot": "Telp. 117", "opening": "Pembuka"}
    assert send(client, "save", seen="0", **said, **chosen, **logo).status_code == 302
    one = texts.versions(store, PLACE)[0]
    assert (one.text, one.layout.opening, one.layout.order) == (
        "BPBD NTB\nTelp. 117",
        "Pembuka",
        ("past", "towns", "preparing"),
    )
    assert one.layout.left_out == ("models",)
    assert one.layout.logo
    assert send(client, "save", seen="0", head="Terlambat").status_code == 409
    assert send(client, "save", seen="1", head="Salah", **{"without-logo": "on"}).status_code == 302
    assert texts.versions(store, PLACE)[0].layout == USUAL
    assert send(client, "restore", number="1").status_code == 302
    assert send(client, "restore", number="2").status_code == 302
    assert send(client, "restore", number="3").status_code == 302
    assert [found.restores for found in texts.versions(store, PLACE)] == [1, 2, 1, 0, 0]
    assert texts.versions(store, PLACE)[0].layout == one.layout
    assert send(client, "restore", number="9").status_code == 404
    page = text(client, "/layouts?hazard=earthquake&of=id&lang=en")[1]
    assert "restores 1" in page
    assert 'value="BPBD NTB"' in page
    trail = text(client, "/audit?lang=en")[1]
    for name in ("layouts.save", "layouts.restore"):
        assert audit.ACTIONS[name] in trail
    assert f"{PLACE} 5 = 1" in trail


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"place-past": "2", "place-towns": "2"}, "both have place 2"),
        ({"place-past": "99"}, "Similar quakes"),
        ({"place-preparing": "0"}, "preparing"),
        ({"foot": "117"}, "foot"),
        ({"head": "x" * 81}, "80"),
        ({"opening": "x" * 300}, "opening"),
        ({"logo": (io.BytesIO(b"<svg/>"), "logo.svg")}, "PNG or JPEG"),
    ],
)
def test_a_wrong_form_is_shown_again_with_the_reason(web, wrong, said):
    store, _index, client = web
    text(client, "/layouts?lang=en")
    answer = send(client, "save", closing="Tetap ada", **wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in re.search(r'role="alert">(.*?)</p>', page, re.DOTALL)[1]
    assert "Tetap ada" in page
    assert list(store.list(keys.TEXTS)) == []


def test_operators_look_and_do_not_write_and_others_see_nothing(web, minio):
    store, _index, client = web
    stranger = client.application.test_client()
    assert stranger.get("/layouts").status_code in (302, 401)
    accounts.of(minio, "op", role=OPERATOR)
    accounts.entered(client, "op")
    assert client.get("/layouts").status_code == 200
    assert send(client, "save", head="x").status_code == 403
    assert send(client, "restore", number="1").status_code == 403
    assert send(client, "look", token="another").status_code == 403
    accounts.of(minio, "abu", role=ASH_EDITOR)
    accounts.entered(client, "abu")
    assert client.get("/layouts").status_code == 403
    assert list(store.list(keys.TEXTS)) == []


def test_old_addresses_of_the_lines_of_reports_lead_to_layouts(web):
    answer = web[2].get("/texts?kind=report&hazard=flood&of=en")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/layouts?hazard=flood&of=en")


def test_without_a_report_there_is_nothing_to_look_at(web):
    answer = send(web[2], "look", opening="x")
    assert answer.status_code == 404
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_a_full_layout_of_floods_is_said_to_find_no_room_on_one_page(web):
    said = "rarely has room for both paragraphs and the logo"
    assert said in text(web[2], "/layouts?hazard=flood&of=id&lang=en")[1]
    assert said not in text(web[2], "/layouts?hazard=earthquake&of=id&lang=en")[1]
