"""The printed reports of floods and ash falls: they add up, they hold their pages, nothing leaves the margins."""

import io
import json
import re

import pytest
import weasyprint
from fixtures import ash as made_ash
from fixtures import hazards
from fixtures.impacts import of_before, overlapping, word_boxes
from openpyxl import load_workbook
from PIL import Image

from siaga import language
from siaga.impact.floodtrend import Trend
from siaga.report import assembly, typeset
from siaga.report.classed import ash, flood, paper, picture, tables, workbook
from siaga.report.paper import Atlas

TRENDS = {1: Trend(("a",) * 12, ("x",), (), ()), 6: Trend((), (), (), ()), 24: None}
UNKNOWN = {1: None, 6: None, 24: None}
ATLAS = Atlas(None, None)
ADDRESS = "https://siaga.example.go.id"
RENDERED = {}


def number(text):
    """A printed Indonesian number back; fewer than 100 count as none, as in the printed sums."""
    return 0 if text.startswith("<") else int(text.replace(".", ""))


def printed(impact, code="id", trends=TRENDS):
    """As the pages have it."""
    _ = language.load(code)
    return flood.printed(impact, trends, _) if impact["hazard"] == "flood" else ash.printed(impact, _)


def rendered(impact, collection, code="id", trends=TRENDS):
    """Its files by name, without a base map; each distinct report is rendered once for all checks."""
    key = json.dumps([impact, collection, code, repr(trends)])
    if key not in RENDERED:
        RENDERED[key] = rendered_anew(impact, collection, code, trends)
    return RENDERED[key]


def rendered_anew(impact, collection, code="id", trends=TRENDS):
    if impact["hazard"] == "flood":
        made = paper.of_flood(impact, collection, trends, ATLAS, ADDRESS, [language.load(code)])
    else:
        made = paper.of_ash(impact, collection, ATLAS, ADDRESS, [language.load(code)])
    return {one.path: one.body for one in made}


def cases(folder):
    """Name, impact, collection, trends, pages."""
    plain = hazards.flood(folder)
    yield "a flood", *plain, TRENDS, 1
    yield "a flood of nobody", *hazards.flood(folder, each=0.0), TRENDS, 1
    yield "a flood off the data", *hazards.flood(folder, left=400), UNKNOWN, 1
    yield "one area", *hazards.flood(folder, states=(4, None, None)), TRENDS, 1
    yield "the worst flood", hazards.worst(plain[0]), plain[1], TRENDS, 2
    falls = hazards.fall(folder)
    yield "ash", *falls, None, 2
    yield "ash on nobody", *hazards.fall(folder, each=0.0), None, 2
    yield "no ash to speak of", *hazards.fall(folder, raster=made_ash.raster(made_ash.cone(peak=0.001))), None, 2
    yield "unknown height", *hazards.fall(folder, elevation_m=None, forecast_days=3), None, 2
    yield "the worst ash", hazards.worst(falls[0]), falls[1], None, 3


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_pages_hold_and_no_word_leaves_the_margins_or_overlaps(code, qgis, tmp_path):
    for name, impact, collection, trends, pages in cases(tmp_path):
        boxes, count = word_boxes(rendered(impact, collection, code, trends)[f"report-{code}.pdf"], tmp_path)
        assert (name, count) == (name, pages)
        out = [box for box in boxes if box[2] < 11.5 or box[4] > 198.5 or box[3] < 3 or box[5] > 294]
        assert (name, out) == (name, [])
        assert (name, list(overlapping(boxes))) == (name, [])


@pytest.mark.parametrize("make", [hazards.flood, hazards.fall])
def test_tables_add_up_to_the_classes_of_page_1(make, qgis, tmp_path):
    for impact in (first := make(tmp_path)[0], hazards.worst(first)):
        shown = printed(impact)
        classes = {row["code"]: number(row["people"]) for row in shown["classes"]}
        table, rows = shown["zones"], shown["zones"]["rows"]
        for place, name in enumerate(table["heads"]):
            column = sum(number(row["cells"][place]) for row in rows)
            assert number(table["total"]["cells"][place]) == classes[name]
            assert abs(column - classes[name]) <= 100 * (len(rows) + 1), "each is rounded by itself"
        counted = [place for place, name in enumerate(table["heads"]) if impact["hazard"] == "ash" or name != "1"]
        for row in (*rows, table["total"]):
            added = sum(number(row["cells"][place]) for place in counted)
            assert abs(number(row["total"]) - added) <= 100 * len(counted)
        total = shown["affected"] if impact["hazard"] == "flood" else shown["total"]
        assert number(total) == number(table["total"]["total"])


def test_unknown_is_a_word_never_nought(qgis, tmp_path):
    off, collection = hazards.flood(tmp_path, left=400)
    shown = printed(off, trends=UNKNOWN)
    assert {row["people"] for row in shown["classes"]} == {"tidak diketahui"}
    assert (shown["affected"], shown["who"], shown["needs"]) == (
        "tidak diketahui",
        "Jumlah penduduk di sana tidak diketahui.",
        None,
    )
    page = rendered(off, collection, trends=UNKNOWN)["report-id.html"].decode()
    assert "di luar data penduduk" in page
    assert page.count("jam itu tidak diketahui") == 3
    assert "Jam-jam sebelumnya tidak diketahui." in page
    assert "Data bangunan belum dipasang" in page


def test_a_flood_tells_hour_states_and_what_changed(qgis, tmp_path):
    shown = printed(hazards.flood(tmp_path)[0])
    assert (shown["title"], shown["when"]) == ("Banjir Jakarta", "Selasa, 21 Februari 2017, 11:00 WIB")
    assert shown["utc"] == "21 Feb 2017, 04:00 UTC"
    assert [row["areas"] for row in shown["classes"]] == ["0", "1", "1", "1"]
    assert shown["how_bad"] == "2 RW tergenang; 1 di antaranya sedalam 71–150 cm."
    assert (shown["where"], shown["trend"]["answer"]) == ("Terdalam di Jelambar Baru.", "Memburuk sejak 1 jam lalu.")
    assert [row["cells"] for row in shown["trend"]["rows"]] == [["12", "1", "0", "0"], ["0"] * 4, None]
    assert (shown["affected"], shown["displaced"]) == ("37.000", "600")  # 3 cells; 1 % of two and 3 % of one


def test_how_bad_speaks_of_one_of_all_and_of_some(qgis, tmp_path):
    said = {
        (4, None, None): "One RW is flooded, > 150 cm deep.",
        (2, 2, 1): "2 RWs are flooded, 10–70 cm deep.",
        (2, 3, 4): "3 RWs are flooded; 1 of them > 150 cm deep.",
        (1, None, None): "No RW is known to be flooded.",  # state 1 is of unknown depth
    }
    for states, sentence in said.items():
        assert printed(hazards.flood(tmp_path, states=states)[0], "en")["how_bad"] == sentence


@pytest.mark.parametrize(
    ("trend", "said"),
    [
        (Trend((), (), (), ()), "Unchanged since 1 hour ago."),
        (Trend(("a",), (), ("b",), ("c",)), "Worse than 1 hour ago."),
        (Trend((), ("a", "b"), ("c",), ()), "Better than 1 hour ago."),
        (Trend(("a",), ("b",), (), ()), "About as 1 hour ago."),
    ],
)
def test_the_sentence_of_change_goes_by_the_latest_known_hour(trend, said):
    assert flood.trend({1: trend, 24: None}, language.load("en"))["answer"] == said
    later = flood.trend({1: None, 6: trend}, language.load("en"))["answer"]
    assert later == said.replace("1 hour", "6 hours")


def test_an_ash_fall_tells_volcano_level_column_and_window(qgis, tmp_path):
    shown = printed(hazards.fall(tmp_path, eruption_height_m=5000, forecast_days=3)[0])
    assert (shown["title"], shown["when"]) == ("Abu vulkanik Merapi", "Selasa, 21 Februari 2017, 19:04 WIB")
    assert (shown["level"]["name"], shown["level"]["rank"]) == ("SIAGA", "tingkat 3 dari 4 (PVMBG)")
    assert shown["column"] == "Kolom 5.000 m di atas kawah, 7.968 m di atas permukaan laut"
    assert shown["window"] == "Prakiraan untuk 3 hari, berlaku sampai 24 Feb 2017, 19:04 WIB"
    assert [row["thickness"] for row in shown["classes"]][:2] == ["> 10 cm", "5–10 cm"]
    assert [row["number"] for row in shown["effects"]] == ["5", "4", "3", "2", "1"]
    assert all(len(row["texts"]) == 6 for row in shown["effects"])


def test_earlier_falls_are_told(qgis, tmp_path):
    impact = hazards.fall(tmp_path)[0]
    assert printed(impact)["cumulative"] == ""
    impact["cumulative"] = {"events": ["a", "b"], "displaced": 1e6}
    said = "With 2 earlier falls: 1.00\u00a0million people under more than 5 cm."
    assert printed(impact, "en")["cumulative"] == said


@pytest.mark.parametrize(("make", "colour"), [(hazards.flood, (0x4A, 0x8C, 0xC7)), (hazards.fall, (0x7F, 0, 0))])
def test_pictures_are_whole(make, colour, qgis, tmp_path):
    made = rendered(*make(tmp_path))
    picture = Image.open(io.BytesIO(made["map-id.png"])).convert("RGB")
    assert colour in {one for _count, one in picture.getcolors(1 << 20)}  # as in the legend
    assert Image.open(io.BytesIO(made["share-id.png"])).size == (1080, 1350)
    assert len(made["share-id.png"]) <= 200_000
    assert len(made["thumbnail-id.png"]) < 100_000


@pytest.mark.parametrize("make", [hazards.flood, hazards.fall])
def test_no_word_leaves_the_picture_for_messengers(make, qgis, tmp_path):
    impact = make(tmp_path, each=12_345.0)[0]
    for code in language.LANGUAGES:
        spoken = language.load(code)
        facts = picture.of_flood if impact["hazard"] == "flood" else picture.of_ash
        page = picture.html(impact, facts(impact, printed(impact, code), spoken), spoken)
        document = weasyprint.HTML(string=page).render(font_config=typeset.fonts())
        boxes, _count = word_boxes(typeset.pdf(document, "x"), tmp_path)
        assert [box for box in boxes if box[4] > 283] == []  # of 285.75 mm
        assert list(overlapping(boxes)) == []


@pytest.mark.parametrize("make", [hazards.flood, hazards.fall])
def test_only_an_exercise_says_so_and_on_every_page(make, qgis, tmp_path):
    impact, collection = make(tmp_path)
    for drill in (False, True):
        made = rendered(impact | {"drill": drill}, collection)
        boxes, count = word_boxes(made["report-id.pdf"], tmp_path)
        told = {page for page, word, *_ in boxes if word == "LATIHAN"}
        assert told == (set(range(1, count + 1)) if drill else set())


@pytest.mark.parametrize("make", [hazards.flood, hazards.fall])
def test_the_same_impact_gives_the_same_bytes(make, qgis, tmp_path):
    impact, collection = make(tmp_path)
    assert rendered(impact, collection) == rendered_anew(impact, collection)


@pytest.mark.parametrize("make", [hazards.flood, hazards.fall])
def test_the_workbook_has_the_unrounded_figures(make, qgis, tmp_path):
    impact = make(tmp_path)[0]
    book = load_workbook(io.BytesIO(workbook.make(impact, [language.load(code) for code in language.LANGUAGES])))
    zones = list(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    assert [row[1] for row in zones] == [zone["name"] for zone in impact["zones"]]
    assert [row[-1] for row in zones] == pytest.approx([zone["displaced"] for zone in impact["zones"]])
    listed = "RW" if impact["hazard"] == "flood" else "Sumber, Sources"
    assert listed in book.sheetnames


def test_no_sentence_of_a_page_has_an_open_place(qgis, tmp_path):
    for code in language.LANGUAGES:
        for make in (hazards.flood, hazards.fall):
            page = rendered(*make(tmp_path), code)[f"report-{code}.html"].decode()
            assert not re.search(r">[^<]*\{\w+\}", page.split("</style>")[1])


def test_the_record_lists_every_file(qgis, tmp_path):
    impact, collection = hazards.flood(tmp_path)
    exposure = hazards.data(tmp_path, hazards.np.ones((2, 2)), 106.7, -6.1, 0.1, (106.6, -6.6, 107.4, -5.9))
    made, record = assembly.of_flood(impact, collection, TRENDS, exposure, None, ADDRESS)
    assert record.path == "report.json"
    assert {one.path for one in made} >= {"zones.xlsx", "share-id.png", "report-en.pdf", "map-en.png"}


@pytest.mark.parametrize("make", [hazards.flood, hazards.fall])
def test_a_result_of_before_is_still_printed_and_listed(make, qgis, tmp_path):
    impact = of_before(make(tmp_path)[0])
    english = language.load("en")
    names = list(impact["people"]["by_class"])
    assert printed(impact, "en")["zones"]["rows"]
    assert tables.listing(impact, names, 10, english)["rows"]
    assert workbook.make(impact, [english])
